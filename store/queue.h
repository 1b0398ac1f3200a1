/*
 * The queue between whoever puts and the store's thread, which does the counting and the
 * writing: parsing and counting each have a core, and a commit stalls nobody until the queue is
 * full. What is put is packed into batches; a full batch changes hands. Internal to store/.
 */
#ifndef SCLOG_STORE_QUEUE_H
#define SCLOG_STORE_QUEUE_H

#include "store/internal.h"

struct queue;

/* Starts the thread. It takes the store over until queue_wait() or queue_free() returns. */
struct queue *queue_new(struct store *store);

/* Drops what is not committed and ends the thread. */
void queue_free(struct queue *queue);

int queue_put(struct queue *queue, const struct event *event, uint64_t text_mark, struct err *err);
int queue_note_serial(struct queue *queue, struct str node, int64_t ms, uint32_t serial,
		      bool is_seccomp, struct err *err);
int queue_put_loss(struct queue *queue, const struct loss_note *note, uint64_t mark,
		   struct err *err);
int queue_input_begin(struct queue *queue, const struct store_input *input, struct err *err);
int queue_input_at(struct queue *queue, uint64_t offset, uint64_t lines, struct err *err);
int queue_input_whole(struct queue *queue, uint64_t mark, struct err *err);
int queue_input_head(struct queue *queue, uint64_t head, struct err *err);

/* Waits until everything is taken and, with commit, committed. The store is the caller's then,
 * until something is put again. */
int queue_wait(struct queue *queue, bool commit, struct err *err);

#endif
