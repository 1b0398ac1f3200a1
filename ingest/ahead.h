/*
 * Text that is made ahead, in a thread of its own, of whoever reads it: decompressing takes as long as
 * all that is done with the text. How far it is ahead is bounded.
 */
#ifndef SCLOG_INGEST_AHEAD_H
#define SCLOG_INGEST_AHEAD_H

#include "base/err.h"

#include <sys/types.h>

struct ahead;

/* Makes up to so many bytes of text. Returns how many, 0 at the end, or -errno. */
typedef ssize_t ahead_fn(void *context, char *to, size_t size, struct err *err);

/* Starts the thread. NULL if there can be none. */
struct ahead *ahead_new(ahead_fn *make, void *context);

/* Ends the thread; waits for the make() that is under way. */
void ahead_free(struct ahead *ahead);

/* As make(): the same bytes, in the same order. Not to be called again after 0 or an error. */
ssize_t ahead_read(struct ahead *ahead, char *to, size_t size, struct err *err);

#endif
