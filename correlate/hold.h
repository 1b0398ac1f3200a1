/*
 * Events that wait for better evidence of whose they are: a few, for about a second.
 *
 * Bounded: when it is full, nothing more is held. Owns copies of what it holds.
 */
#ifndef SCLOG_CORRELATE_HOLD_H
#define SCLOG_CORRELATE_HOLD_H

#include "correlate/event.h"

#define HOLD_MAX   8192
#define HOLD_SLOTS 8

struct hold;

struct hold *hold_new(void);
void hold_free(struct hold *hold);

/*
 * Holds a copy of the event, its record and the text it came in. slot says which input it is from.
 * Returns false if there is no room.
 */
bool hold_add(struct hold *hold, const struct event *event, struct str text, unsigned slot,
	      int64_t until_ns);

/* An event that waited. Returns 1 if it is done with, 0 to go on holding it, or -errno. Its
 * strings live until the callback returns. */
typedef int hold_fn(void *context, struct event *event, struct str text, unsigned slot, bool final);

/* Tries all that is held, the oldest first; final for those whose time is up (now_ns). Returns 0
 * or the callback's error. */
int hold_retry(struct hold *hold, int64_t now_ns, hold_fn *try, void *context);

size_t hold_count(const struct hold *hold);

/* How many of that input. */
size_t hold_count_of(const struct hold *hold, unsigned slot);

#endif
