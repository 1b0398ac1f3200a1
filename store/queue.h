/*
 * The queue between whoever puts and the store's thread, which does the counting and the
 * writing: parsing and counting each have a core, and a commit stalls nobody until the queue is
 * full. What is put is packed into batches (store/batch.h); a full batch changes hands.
 *
 * A patient queue keeps what was put until it is committed, and puts it again itself when a commit
 * failed: the database lost it, the batches still have it. Internal to store/.
 */
#ifndef SCLOG_STORE_QUEUE_H
#define SCLOG_STORE_QUEUE_H

#include "store/batch.h"

struct queue;

/* Starts the thread. It takes the store over until queue_commit(), queue_settle() or queue_free()
 * returns. Patient as the store is now. */
struct queue *queue_new(struct store *store);

/* Drops what is not committed and ends the thread. */
void queue_free(struct queue *queue);

/*
 * Makes room for so many bytes more in the batch that is being filled. Returns 0; the error that
 * the thread met; or, if the queue is patient, -EAGAIN with an empty err when all batches wait
 * for a commit.
 */
int queue_room(struct queue *queue, size_t size, struct pack **ret_pack, struct err *err);

/* True if so many bytes more can be put without waiting and without -EAGAIN. */
bool queue_has_room(struct queue *queue, size_t size);

/* Waits until everything is taken and committed, or until a commit failed. The store is the
 * caller's then, until something is put again. */
int queue_commit(struct queue *queue, struct err *err);

/* Asks for a commit of what was put, and does not wait. Returns the thread's error if it has
 * given up. */
int queue_commit_soon(struct queue *queue, struct err *err);

/* Waits until everything is taken. The store is the caller's then, as above. */
int queue_settle(struct queue *queue, struct err *err);

/* As of what was taken. */
struct put_counts queue_counts(struct queue *queue);

/* Why nothing can be committed at present, copied; false if it can. Patient queues only. */
bool queue_trouble(struct queue *queue, char *to, size_t size);

/* Bytes of the batches that hold something. */
size_t queue_waiting(struct queue *queue);

#endif
