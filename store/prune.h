/*
 * Pruning: what is old is kept with less detail, and at last not at all.
 *
 * Hours older than `minutes` give up their minutes, and with them go the identities of their events:
 * the store's horizon moves there, and an event older than it is not counted any more, since nobody
 * could say whether it was. Hours older than `hours` become days: a day is a row at its first hour,
 * without minutes (store/hour.h), whose first and last event are those of the day. What is older
 * than `days` goes, with the series, programs and containers that have nothing else.
 *
 * Where the retention says so, all three lie at the beginning of a day (UTC); where the size of the
 * store does (store/keep.h), at that of an hour, but for `hours`. A pass is made of steps, each a transaction of its
 * own that takes a fraction of a second, so that a watch writes in between; one that was cut short
 * is made good by the next. Internal to store/.
 */
#ifndef SCLOG_STORE_PRUNE_H
#define SCLOG_STORE_PRUNE_H

#include "store/sql.h"
#include "store/store.h"

#include <stdint.h>

struct prune;

/* Where each kind of detail ends, in hours since the epoch. `hours` is the first of a day. */
struct prune_cuts {
	int64_t minutes, hours, days;
};
#define PRUNE_NEVER ((int64_t)INT32_MIN)

struct prune_cuts prune_cuts_of(const struct store_retention *retention, int64_t now_ms);

/* What is dropped has no hours, and what is a day has no minutes, whatever the cuts say. */
struct prune *prune_new(const struct prune_cuts *cuts);
void prune_free(struct prune *prune);

/* One transaction, of about that many milliseconds. Returns 1 if there is more to do, 0 at the end
 * of the pass, or -errno: nothing of the step is left then, and it can be tried again. */
int prune_step(struct prune *prune, struct sql *sql, unsigned budget_ms, struct err *err);

/* What the steps did; the counts are complete at the end. */
const struct prune_counts *prune_done(const struct prune *prune);

/* What a pass would do, without doing it. */
int prune_look(struct sql *sql, const struct prune_cuts *cuts, struct prune_counts *ret_counts,
	       struct err *err);

#endif
