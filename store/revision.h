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
	bool same;         /* it is the store that the other side knows */
	int64_t number;    /* of what changed until now; later changes have a larger one */
	int64_t from;      /* who has less than this needs everything anew */
	int64_t first_day; /* since the epoch: what is older, the store may have pruned */
};

/* Reads it, and moves the store's revision on. Where the other side knows more of this store than it
 * has, it is a copy of before, and gets another uuid. One write transaction of its own. */
int revision_next(struct sql *sql, const char *known_uuid, int64_t known,
		  struct revision *ret_revision, struct err *err);

/* The store's uuid; empty if it was never sent on. */
int revision_uuid(struct sql *sql, char uuid[REVISION_UUID_SIZE], struct err *err);

/* The number below a key of the table meta; 0 if there is none. */
int revision_meta(struct sql *sql, const char *key, int64_t *ret_number, struct err *err);
int revision_put_meta(struct sql *sql, const char *key, int64_t number, struct err *err);

/* Series are gone: everything is to be sent anew. Inside a write transaction. */
int revision_send_all(struct sql *sql, struct err *err);

/* Pruning dropped the days before that one. Inside a write transaction. */
int revision_first_day(struct sql *sql, int64_t day, struct err *err);

#endif
