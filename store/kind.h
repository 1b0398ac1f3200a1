/*
 * Kinds of events: what many of them have in common, all but time, serial, pid and ip, by the
 * number that the caller gave it (store_put_kind()), and the series they are counted to at present.
 * Internal to store/.
 */
#ifndef SCLOG_STORE_KIND_H
#define SCLOG_STORE_KIND_H

#include "correlate/event.h"
#include "store/store.h"
#include "store/tally.h"

/* What counting an event looks at: half a cache line. */
struct kind {
	struct tally_series *series;
	struct kind_whole *whole; /* the event; kind_event() gives it */
	uint32_t generation;      /* of the tally's keys; of another one the series is void, */
	uint32_t hour;            /* and so it is in another hour */
	uint8_t trust;            /* enum trust */
	bool has_container;
};

_Static_assert(sizeof(struct kind) <= 32, "half a cache line");

struct kinds;

struct kinds *kinds_new(void);
void kinds_free(struct kinds *kinds);

/* Copies the event, and all that it points to but the profile. Numbers are given from 0 on; with 0 all
 * kinds before are forgotten. */
void kinds_put(struct kinds *kinds, uint32_t number, const struct event *event);

/* One that was put. */
struct kind *kinds_get(struct kinds *kinds, uint32_t number);

/* Asks for the memory of one that comes soon, and for the series of one that comes sooner; the
 * numbers may be any. */
void kinds_prefetch(struct kinds *kinds, uint32_t sooner, uint32_t soon);

/* The kind's event with what is this one's own. Lives until the next call, or kinds_put(). */
const struct event *kind_event(struct kind *kind, const struct store_event *event);

#endif
