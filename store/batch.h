/*
 * What is put, packed: a batch is items one after the other, on their way from whoever puts to
 * the store's thread (store/queue.h). A batch owns all of its bytes and says everything itself:
 * names that repeat are in it once, and nothing in it points outside of it, so that it can be
 * taken again after a commit that failed. Internal to store/.
 */
#ifndef SCLOG_STORE_BATCH_H
#define SCLOG_STORE_BATCH_H

#include "store/internal.h"

/* A batch holds about 2,000 events: changing hands costs little beside them, and the batches that
 * go round while nothing stands still fit the second-level cache. */
#define BATCH_SIZE 262144

struct batch {
	size_t n, size; /* size: BATCH_SIZE, or what its only item needs */
	char *bytes;
};

struct batch *batch_new(size_t size);
void batch_free(struct batch *batch);

/* Containers that a batch holds are looked for in a table this large. */
#define PACKED_CONTAINERS 64

/* The putting end: the batch that is being filled, and what is in it already. */
struct pack {
	struct batch *batch;
	struct str last_node; /* p is NULL: none yet */
	struct {
		const struct container *given, *packed;
	} containers[PACKED_CONTAINERS];
};

/* Begins with an empty batch. */
void pack_begin(struct pack *pack, struct batch *batch);

/*
 * Each adds an item and copies what it is given, or returns what queue_room() does: nothing was
 * taken then. An event's container is packed without its profile.
 */
struct queue;
int pack_event(struct queue *queue, const struct event *event, uint64_t text_mark, struct err *err);
int pack_kind(struct queue *queue, uint32_t number, const struct event *event, struct err *err);
int pack_events(struct queue *queue, struct str node, const struct store_event *events,
		size_t count, struct err *err);
int pack_serial(struct queue *queue, struct str node, int64_t ms, uint32_t serial, enum trust trust,
		bool is_seccomp, struct err *err);
int pack_loss(struct queue *queue, const struct loss_note *note, uint64_t mark, struct err *err);
int pack_input(struct queue *queue, const struct store_input *input, struct err *err);
int pack_input_at(struct queue *queue, uint64_t offset, uint64_t lines, struct err *err);
int pack_settle(struct queue *queue, enum loss_kind kind, uint64_t mark, struct err *err);
int pack_input_head(struct queue *queue, uint64_t head, struct err *err);
int pack_select(struct queue *queue, unsigned slot, struct err *err);
int pack_cursor(struct queue *queue, struct str source, struct str place, struct err *err);
int pack_container(struct queue *queue, struct str node, const struct container *container,
		   struct err *err);
int pack_lifetime(struct queue *queue, struct str node, const struct store_lifetime *lifetime,
		  struct err *err);
int pack_in_force(struct queue *queue, const struct store_in_force *in_force, struct err *err);

/* The taking end: what an item may refer to. All zero before the first item of a batch. */
struct taker {
	struct str node; /* of the last item that named one */
	struct record record;
	size_t events_taken; /* of the item at hand */
};

/* Takes the item at that offset of the batch and returns the next one's; the same again if the store
 * is full in the middle of it: commit, and go on. */
size_t take_item(struct store *store, struct taker *taker, const struct batch *batch, size_t at,
		 struct err *err);

#endif
