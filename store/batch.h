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

/* A profile is not cut: what is longer than this is not known. */
#define PROFILE_MAX (1u << 20)

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

/* What can be put, but for events. */
enum put_kind {
	PUT_SERIAL,
	PUT_LOSS,
	PUT_SETTLE,
	PUT_INPUT,
	PUT_AT,
	PUT_HEAD,
	PUT_SELECT,
	PUT_CURSOR,
	PUT_KNOWN, /* a container that events and lifetimes in the batch point to */
	PUT_CONTAINER,
	PUT_ENDED,
	PUT_LIFETIME,
	PUT_IN_FORCE,
	PUT_KIND_COUNT,
};

/* Plain data: pack.c has a table of the strings in it, which a batch copies. */
struct put {
	enum put_kind kind;
	struct str node; /* where the kind has one */
	union {
		struct {
			int64_t ms;
			uint32_t serial;
			enum trust trust;
			bool is_seccomp;
		} serial;
		struct {
			struct loss_note note; /* its node and text are not looked at */
			uint64_t mark;         /* of the text */
		} loss;
		struct {
			enum loss_kind kind;
			uint64_t mark;
		} settle;
		struct str input; /* the bytes of a struct store_input */
		struct {
			uint64_t offset, lines;
		} at;
		uint64_t head;
		unsigned slot;
		struct {
			struct str source, place;
		} cursor;
		struct container container;
		struct {
			struct str container;
			int64_t ms;
		} ended;
		struct store_lifetime lifetime;
		struct store_in_force in_force; /* its node is not looked at */
	};
};

/*
 * Each adds an item and copies what it is given, or returns what queue_room() does: nothing was
 * taken then. An event's container is packed without its profile.
 */
struct queue;
int pack_put(struct queue *queue, const struct put *put, struct err *err);
int pack_event(struct queue *queue, const struct event *event, uint64_t text_mark, struct err *err);
int pack_kind(struct queue *queue, uint32_t number, const struct event *event, struct err *err);
int pack_events(struct queue *queue, const struct store_events *events, struct err *err);

/* The taking end's own. All zero before the first item. */
struct taker {
	struct record record;
	size_t events_taken; /* of the item at hand */
};

/* Takes the item at that offset of the batch and returns the next one's; the same again if the store
 * is full in the middle of it: commit, and go on. */
size_t take_item(struct store *store, struct taker *taker, const struct batch *batch, size_t at,
		 struct err *err);

#endif
