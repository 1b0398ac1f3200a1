/*
 * What of a store changed since it was last sent: to a fleet's database, or as a bundle.
 *
 * A store has a uuid and a revision, both from the first time that it is sent on. Whatever changes
 * a series' hours notes the revision of that moment for the day (hour_write()), and each sending
 * begins by moving the revision on: what has a larger one than the last that was acknowledged is
 * what the other side does not have. That is exact however often a sending is repeated, and costs
 * the writer one look at a key. Pruning is no change: what was sent in detail is not sent again
 * with less of it.
 *
 * Where whole series go (forget, relabel, another store's wider minutes) no day is left to say so:
 * then everything is sent anew from that revision on, and what the other side has of before goes.
 * Internal to store/.
 */
#ifndef SCLOG_STORE_REVISION_H
#define SCLOG_STORE_REVISION_H

#include "store/sql.h"

#define REVISION_UUID_SIZE 37

struct revision {
	char uuid[REVISION_UUID_SIZE];
	int64_t number;    /* of what changed until now; later changes have a larger one */
	int64_t from;      /* who has less than this needs everything anew */
	int64_t first_day; /* since the epoch: what is older, the store may have pruned */
};

/* Reads it, and moves the store's revision on; above `least`, if the other side knows that much: the
 * store is a copy from before. One write transaction of its own. */
int revision_next(struct sql *sql, int64_t least, struct revision *ret_revision, struct err *err);

/* Series are gone: everything is to be sent anew. Inside a write transaction. */
int revision_send_all(struct sql *sql, struct err *err);

/* Pruning dropped the days before that one. Inside a write transaction. */
int revision_first_day(struct sql *sql, int64_t day, struct err *err);

#endif
