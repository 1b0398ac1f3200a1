/*
 * Pairs: one event that a log holds twice.
 *
 * journald keeps each audit record by two transports, and as text it shows both: "audit[7]: SECCOMP
 * ..." without a serial number, and "kernel: audit: type=1326 audit(...)" with it, in either order.
 * The former is the latter again if process, call, instruction and second are the same. It waits
 * here for a while, since the other may come behind it.
 */
#ifndef SCLOG_LIVE_PAIRS_H
#define SCLOG_LIVE_PAIRS_H

#include "ingest/framing.h"
#include "ingest/record.h"

/* So many of each sort are looked at; what is beyond counts by itself. */
#define PAIRS_MAX 512

/* What one that waits holds of itself. */
struct pairs_held {
	struct framed framed; /* its text, node and fields are in bytes */
	uint64_t line;
	char *bytes;
};

struct pairs;

struct pairs *pairs_new(void);
void pairs_free(struct pairs *pairs);

/* A record with a serial. True if one that waited was the same, and is gone. */
bool pairs_take_serial(struct pairs *pairs, struct str node, const struct record *record);

/* A record without one. True if it is one that came with a serial. */
bool pairs_take(struct pairs *pairs, struct str node, const struct record *record);

/* Keeps it to wait. */
void pairs_hold(struct pairs *pairs, struct str node, const struct record *record,
		const struct framed *framed, uint64_t line);

/* One that waited long enough, before this time of the log, or because there is no more room;
 * INT64_MAX: all of them. False if there is none. Its bytes are the caller's, to be freed. */
bool pairs_next(struct pairs *pairs, int64_t ms, struct pairs_held *ret_held);

#endif
