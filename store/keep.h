/*
 * What a store gives up by itself while it is written: detail that is older than its retention, once a
 * day, and the oldest detail as soon as it reaches its largest size.
 *
 * For its size it gives up minutes first (with the identities before them: the horizon moves), then
 * hours, which become days, then the oldest records, of which the evidence says how many they were.
 * The newest hour and the one before keep all they have: where even that is too much, new programs
 * and syscalls are counted together, as beyond the budget of series. A file does not shrink: what is
 * given up makes room in it; so no transaction is larger than the room that is left. Internal to
 * store/.
 */
#ifndef SCLOG_STORE_KEEP_H
#define SCLOG_STORE_KEEP_H

#include "store/prune.h"

struct keep {
	struct store_retention retention;
	bool prunes;           /* by itself, once a day */
	int64_t prune_from_ms; /* CLOCK_MONOTONIC */
	int64_t pruned_day;    /* since the epoch, of the last pass; 0: none yet */
	int64_t max_bytes;     /* 0: without bound */
	int64_t room;          /* bytes up to max_bytes, at the last look */
	uint64_t fresh;        /* records that were counted when it was */
	bool shrinking;        /* the store had reached its size, and has not given up enough yet */
	int64_t spent_hour;    /* the newest one when nothing was left to give up; 0: not so */
	struct prune *prune;   /* the pass at hand; NULL: none */
	/* the store's thread writes, others look */
	uint64_t dropped;
	int64_t horizon_ms; /* where its size moved it to; 0: nowhere yet */
};

/* What is due of both, between two transactions: all of it, or a part where the store is patient.
 * What fails is tried again after a later commit. */
int keep_a_little(struct store *store, struct err *err);
void keep_release(struct keep *keep);

/* May what waits for a commit take all the room that is left? Then it is committed, and older detail
 * given up first. */
bool keep_is_due(const struct store *store);

#endif
