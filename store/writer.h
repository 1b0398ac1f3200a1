/*
 * The writing end of the store: what is put reaches the tally, the identities and the evidence,
 * and a commit brings all of it to disk. Runs in the writer's thread (store/queue.h).
 * Internal to store/.
 */
#ifndef SCLOG_STORE_WRITER_H
#define SCLOG_STORE_WRITER_H

#include "store/internal.h"

/* Begins a write transaction unless one is open; waits for another writer for some seconds. */
int writer_begin(struct store *store, struct err *err);

/* Counts the event and its repeats, unless they were counted before. */
int writer_put(struct store *store, const struct event *event, uint64_t text_mark, struct err *err);

/* Counts events of kinds that were said, from the one at `from` on, and behind the last notes the
 * serials; returns where the store was full or an error ended it, or how many there are. */
size_t writer_put_events(struct store *store, const struct store_events *events, size_t from,
			 struct err *err);

int writer_note_serial(struct store *store, struct str node, int64_t ms, uint32_t serial,
		       enum trust trust, bool is_seccomp, struct err *err);

int writer_put_loss(struct store *store, const struct loss_note *note, uint64_t mark,
		    struct err *err);

/* Takes evidence back. */
int writer_settle_loss(struct store *store, enum loss_kind kind, uint64_t mark, struct err *err);

int writer_put_cursor(struct store *store, struct str source, struct str place, struct err *err);

int writer_put_container(struct store *store, struct str node, const struct container *container,
			 struct err *err);

int writer_put_ended(struct store *store, struct str node_name, struct str container, int64_t ms,
		     struct err *err);
int writer_put_in_force(struct store *store, const struct store_in_force *in_force,
			struct err *err);
int writer_put_lifetime(struct store *store, struct str node, const struct store_lifetime *lifetime,
			struct err *err);

/* What comes from now on is of that slot's input. */
void writer_select(struct store *store, unsigned slot);

/* Another input begins in the slot at hand: what the one before leaves is written. */
int writer_input_begin(struct store *store, const struct store_input *input, struct err *err);
void writer_input_at(struct store *store, uint64_t offset, uint64_t lines);
void writer_input_head(struct store *store, uint64_t head);

/* True when the bounded memory for uncommitted work is nearly used. */
bool writer_full(const struct store *store);

/* Where only the identities fill it, they are written, and the transaction goes on: the minutes of a
 * series are then merged into its row once. Returns 1, 0 if it is for a commit, or -errno. */
int writer_write_seen(struct store *store, struct err *err);

int writer_commit(struct store *store, struct err *err);

/* Forgets what is not committed. */
void writer_forget(struct store *store);

/*
 * For who puts again what a failed commit has lost: after a good commit, _keep() notes what the
 * writer knows beside the database (slots, inputs, counts); after writer_forget(), _restore()
 * makes it as it was then.
 */
void writer_keep(struct store *store);
void writer_restore(struct store *store);

#endif
