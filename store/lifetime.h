/*
 * Which process was in which container, for a restart and for logs that are read late.
 *
 * What is put waits for the commit, which writes a row for each container: the lifetimes in it,
 * packed. In order of their start each is the milliseconds since the start before (zigzag), the
 * pid less the one before (zigzag), and twice the duration in milliseconds plus one, or zero for
 * one that ran still, plus one if it was brought in by exec. All are varints (store/varint.h).
 * One that ran still and ended later stands in two rows; the later one is right.
 * Internal to store/.
 */
#ifndef SCLOG_STORE_LIFETIME_H
#define SCLOG_STORE_LIFETIME_H

#include "store/sql.h"
#include "store/store.h"

struct lifetimes;

struct lifetimes *lifetimes_new(void);
void lifetimes_free(struct lifetimes *lifetimes);

/* container: the store's number, 0 for none. A later one of the same process replaces it. */
void lifetimes_add(struct lifetimes *lifetimes, int64_t node, int64_t container,
		   const struct store_lifetime *lifetime);

/* True when memory is nearly used: commit. */
bool lifetimes_full(const struct lifetimes *lifetimes);

/* Writes them, and drops the rows that are too old; a transaction must be open. */
int lifetimes_flush(struct lifetimes *lifetimes, struct sql *sql, struct err *err);

/* Forgets what was not written. */
void lifetimes_reset(struct lifetimes *lifetimes);

/* Those on file of a node, each once, in the order in which they were written; of very many the
 * latest. */
int lifetimes_load(struct sql *sql, int64_t node, store_lifetime_fn *each, void *context,
		   struct err *err);

#endif
