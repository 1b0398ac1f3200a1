/*
 * Pairs: one event that came twice.
 *
 * journald keeps each audit record by two transports, and as text it shows both: "audit[7]: SECCOMP
 * ..." without a serial number, and "kernel: audit: type=1326 audit(...)" with it; with auditd, the
 * latter is in audit.log. The former is the latter again if node, process, call, instruction and
 * second are the same. The one with the serial counts; in each log it is the other of one only.
 *
 * Who follows a log knows the last records with a serial (pairs_note()). Whoever reads logs to their end
 * lets those without one wait (pairs_hold()), and then looks through the logs for their others
 * (pairs_find()), however far away they are.
 */
#ifndef SCLOG_LIVE_PAIRS_H
#define SCLOG_LIVE_PAIRS_H

#include "ingest/framing.h"
#include "ingest/record.h"

/* So many records with a serial are known at a time. */
#define PAIRS_NOTED 512

/* So many without one wait; what is beyond counts by itself. */
#define PAIRS_HELD_MAX 65536

struct pairs_held {
	struct framed framed; /* its text, node and fields are in bytes */
	uint64_t line;
	size_t input; /* intake.h: number, from 1 */
	char *bytes;
};

struct pairs;

struct pairs *pairs_new(void);
void pairs_free(struct pairs *pairs);

/* A record without one. True if its other was noted. */
bool pairs_take(struct pairs *pairs, struct str node, const struct record *record);

/* Keeps it to wait. False: there is no more room. */
bool pairs_hold(struct pairs *pairs, struct str node, const struct record *record,
		const struct pairs_held *held);

/* True if some wait. */
bool pairs_wait(const struct pairs *pairs);

/* True if one of that second may wait: most records need no closer look. */
bool pairs_wait_in(const struct pairs *pairs, int64_t second);

/* A record with a serial, found in a log. Returns of how many that waited it is the
 * other: one of each log. They are gone. */
unsigned pairs_find(struct pairs *pairs, struct str node, const struct record *record);

/* The same of a log that will not be looked through. */
unsigned pairs_note(struct pairs *pairs, struct str node, const struct record *record);

/* The next one that still waits, in the order in which they came. False if there is none. Its bytes
 * are the caller's, to be freed. */
bool pairs_next(struct pairs *pairs, struct pairs_held *ret_held);

#endif
