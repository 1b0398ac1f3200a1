#include "store/internal.h"

#include "base/clock.h"
#include "store/minutes.h"
#include "store/tally.h"
#include "store/writer.h"

#include <poll.h>

#define HOURS_OF_DAY 24

/* What a step may take of a command, and of a watch's thread, which is to write meanwhile: more where
 * the store is larger than it may be. */
#define STEP_MS   100
#define LITTLE_MS 30
#define MUCH_MS   300

/* Between two steps, for others that wait to write. */
#define PAUSE_MS 20

int store_prune(struct store *store, const struct store_retention *retention, int64_t now_ms,
		bool dry_run, struct prune_counts *ret_counts, struct err *err)
{
	const struct prune_cuts cuts = prune_cuts_of(retention, now_ms);

	if (dry_run)
		return prune_look(&store->sql, &cuts, ret_counts, err);
	struct prune *prune = prune_new(&cuts);
	int result;

	while ((result = prune_step(prune, &store->sql, STEP_MS, err)) > 0)
		poll(NULL, 0, PAUSE_MS);
	*ret_counts = *prune_done(prune);
	prune_free(prune);
	writer_forget(store); /* it may know rows that are gone */
	store_set_max_size(store, retention->max_bytes);
	if (result == 0)
		result = keep_a_little(store, err);
	ret_counts->records += store->keep.dropped;
	if (store->keep.horizon_ms)
		ret_counts->horizon_ms = store->keep.horizon_ms;
	return result;
}

void store_set_retention(struct store *store, const struct store_retention *retention,
			 int64_t after_ms)
{
	store->keep.retention = *retention;
	store->keep.prune_from_ms = clock_ms(CLOCK_MONOTONIC) + after_ms;
	store->keep.prunes = true;
	store_set_max_size(store, retention->max_bytes);
}

void store_set_max_size(struct store *store, int64_t bytes)
{
	store->keep.max_bytes = bytes;
}

struct store_shrunk store_shrunk(const struct store *store)
{
	return (struct store_shrunk){
		.horizon_ms = __atomic_load_n(&store->keep.horizon_ms, __ATOMIC_RELAXED),
		.dropped = __atomic_load_n(&store->keep.dropped, __ATOMIC_RELAXED),
	};
}

void keep_release(struct keep *keep)
{
	prune_free(keep->prune);
	keep->prune = NULL;
}

/* A step of the pass at hand: 1 if there is more of it. */
static int step(struct store *store, struct err *err)
{
	struct keep *keep = &store->keep;
	uint64_t before = prune_done(keep->prune)->records;
	int result = prune_step(keep->prune, &store->sql, LITTLE_MS, err);

	tally_reset(store->tally); /* they may know rows that are gone */
	seen_reset(store->seen);
	if (result < 0)
		return result;
	store->horizon_ms = prune_done(keep->prune)->horizon_ms;
	if (keep->shrinking) {
		__atomic_store_n(&keep->horizon_ms, store->horizon_ms, __ATOMIC_RELAXED);
		__atomic_fetch_add(&keep->dropped, prune_done(keep->prune)->records - before,
				   __ATOMIC_RELAXED);
	}
	if (result == 0)
		keep_release(keep);
	return result;
}

/* --- the retention */

static int begin_daily(struct keep *keep, struct err *err)
{
	int64_t now_ms;

	if (!keep->prunes || clock_ms(CLOCK_MONOTONIC) < keep->prune_from_ms)
		return 0;
	int result = clock_now_ms(&now_ms, err);

	if (result < 0 || now_ms / STORE_DAY_MS == keep->pruned_day)
		return result;
	const struct prune_cuts cuts = prune_cuts_of(&keep->retention, now_ms);

	keep->pruned_day = now_ms / STORE_DAY_MS;
	keep->prune = prune_new(&cuts);
	return 0;
}

/* --- the size */

/* Pages that hold something: what was dropped makes room in the file. */
static int used_bytes(struct sql *sql, int64_t *ret_bytes, struct err *err)
{
	int64_t pages = 0, unused = 0, size = 0;
	int result = sql_number(sql, "PRAGMA page_count", &pages, err);

	if (result == 0)
		result = sql_number(sql, "PRAGMA freelist_count", &unused, err);
	if (result == 0)
		result = sql_number(sql, "PRAGMA page_size", &size, err);
	*ret_bytes = (pages - unused) * size;
	return result;
}

/* The hour before the newest one, but for times to come: what is before it can be given up. */
static int find_limit(struct sql *sql, int64_t *ret_hour, struct err *err)
{
	int64_t newest = 0, now_ms = 0;
	int result = sql_number(sql, "SELECT max(hour) FROM hour", &newest, err);

	if (result == 0)
		result = clock_now_ms(&now_ms, err);
	*ret_hour = (newest < now_ms / HOUR_MS ? newest : now_ms / HOUR_MS) - 1;
	return result;
}

/* The oldest hour that has a detail, in the order in which they are given up. */
enum detail {
	DETAIL_MINUTES,
	DETAIL_HOURS,
	DETAIL_RECORDS,
	DETAIL_COUNT,
};

static const char *const oldest_texts[DETAIL_COUNT] = {
	[DETAIL_MINUTES] = "SELECT min(oldest) FROM (SELECT min(hour) AS oldest FROM hour"
			   " WHERE minutes NOT NULL UNION ALL SELECT min(minute) / 60 FROM seen"
			   " UNION ALL SELECT min(minute) / 60 FROM seen_text)",
	[DETAIL_HOURS] = "SELECT min(hour) / 24 * 24 FROM hour WHERE hour % 24 <> 0",
	[DETAIL_RECORDS] = "SELECT min(hour) FROM hour",
};

/* Where to give up that detail next: a quarter of what there is before the limit; 0: none is left. */
static int64_t next_cut(enum detail detail, int64_t oldest, int64_t limit)
{
	int64_t unit = detail == DETAIL_HOURS ? HOURS_OF_DAY : 1;

	limit -= limit % unit;
	if (oldest >= limit)
		return 0;
	int64_t part = (limit - oldest) / 4 / unit * unit;

	return oldest + (part > unit ? part : unit);
}

static int note_dropped(struct sql *sql, int64_t hour, struct err *err)
{
	BUF_AUTO text = {0};

	/* all that was dropped up to now, as one entry of a node, at the time from which on there
	 * are records */
	buf_format(&text,
		   "BEGIN IMMEDIATE; INSERT INTO loss (node, kind, at, mark, count, detail)"
		   " SELECT id, %d, %lld, 0, total, '' FROM (SELECT n.id, coalesce((SELECT"
		   " sum(h.count) FROM series s JOIN hour h ON h.series = s.id WHERE s.node = n.id"
		   " AND h.hour < %lld), 0) + coalesce((SELECT sum(count) FROM loss WHERE"
		   " node = n.id AND kind = %d), 0) AS total FROM node n) WHERE total > 0"
		   " ON CONFLICT DO UPDATE SET count = excluded.count;"
		   "DELETE FROM loss WHERE kind = %d AND at <> %lld; COMMIT",
		   LOSS_SIZE, (long long)hour * HOUR_MS, (long long)hour, LOSS_SIZE, LOSS_SIZE,
		   (long long)hour * HOUR_MS);
	int result = sql_run(sql, text.p, err);

	if (result < 0 && !sqlite3_get_autocommit(sql->db))
		sqlite3_exec(sql->db, "ROLLBACK", NULL, NULL, NULL);
	return result;
}

/* The next pass that makes the store smaller; without one, nothing is left to give up. */
static int begin_shrinking(struct store *store, struct err *err)
{
	struct prune_cuts cuts = {PRUNE_NEVER, PRUNE_NEVER, PRUNE_NEVER};
	int64_t *const places[] = {&cuts.minutes, &cuts.hours, &cuts.days};
	int64_t limit, oldest = 0, cut = 0;
	int result = find_limit(&store->sql, &limit, err);
	int detail;

	for (detail = 0; detail < DETAIL_COUNT && result == 0 && !cut; detail++) {
		result = sql_number(&store->sql, oldest_texts[detail], &oldest, err);
		cut = result == 0 && oldest ? next_cut((enum detail)detail, oldest, limit) : 0;
	}
	if (result < 0)
		return result;
	if (!cut) {
		store->keep.spent_hour = limit + 1;
		tally_set_spent(store->tally, true);
		return 0;
	}
	*places[detail - 1] = cut;
	if (detail == DETAIL_COUNT)
		result = note_dropped(&store->sql, cut, err);
	if (result == 0)
		store->keep.prune = prune_new(&cuts);
	return result;
}

/* Room that is kept for what one transaction may add. */
#define SLACK_MIN ((int64_t)4 << 20)

static int64_t slack_of(int64_t max_bytes)
{
	int64_t slack = max_bytes / 16 > SLACK_MIN ? max_bytes / 16 : SLACK_MIN;

	return slack < max_bytes / 3 ? slack : max_bytes / 3;
}

static int begin_for_size(struct store *store, struct err *err)
{
	struct keep *keep = &store->keep;
	int64_t used, limit, slack = slack_of(keep->max_bytes);
	int result = used_bytes(&store->sql, &used, err);

	if (result < 0)
		return result;
	if (used <= keep->max_bytes - 2 * slack) {
		keep->shrinking = false;
		keep->spent_hour = 0;
		tally_set_spent(store->tally, false);
	} else if (used > keep->max_bytes - slack) {
		keep->shrinking = true;
	}
	if (!keep->shrinking)
		return 0;
	if (keep->spent_hour) {
		result = find_limit(&store->sql, &limit, err);
		if (result < 0 || limit < keep->spent_hour)
			return result;
	}
	return begin_shrinking(store, err);
}

static int begin(struct store *store, struct err *err)
{
	int result = store->keep.shrinking ? 0 : begin_daily(&store->keep, err);

	return result == 0 && !store->keep.prune && store->keep.max_bytes
		       ? begin_for_size(store, err)
		       : result;
}

/* What a record takes at most: of its own series and minute, and of one that is there. With a path of
 * thousands of bytes it is more. */
#define NEW_BYTES   768
#define AGAIN_BYTES 64

/* So much is committed at once in any case; giving up detail needs some room, too. */
#define ROOM_MIN ((int64_t)16 << 10)

bool keep_is_due(const struct store *store)
{
	const struct keep *keep = &store->keep;
	uint64_t fresh = store->counts.fresh - keep->fresh;
	uint64_t bytes = tally_begun(store->tally) * NEW_BYTES + fresh * AGAIN_BYTES;

	/* with nothing left to give up, what is new takes no room (tally_set_spent()) */
	return keep->max_bytes && !keep->spent_hour && store->counts.fresh > keep->fresh &&
	       bytes > (uint64_t)(keep->room > ROOM_MIN ? keep->room : ROOM_MIN);
}

/* How much may come until the next look. */
static int look_for_room(struct store *store, struct err *err)
{
	struct keep *keep = &store->keep;
	int64_t used;

	keep->fresh = store->counts.fresh;
	if (!keep->max_bytes)
		return 0;
	int result = used_bytes(&store->sql, &used, err);

	if (result == 0)
		keep->room = keep->max_bytes - used - slack_of(keep->max_bytes) / 4;
	return result;
}

int keep_a_little(struct store *store, struct err *err)
{
	struct keep *keep = &store->keep;
	int64_t begun_ms = clock_ms(CLOCK_MONOTONIC);
	int result = 0;

	if (!store->sql.db || store->writing)
		return 0;
	do {
		if (!keep->prune)
			result = begin(store, err);
		if (result < 0 || !keep->prune)
			break;
		result = step(store, err);
	} while (result >= 0 &&
		 (!store->patient ||
		  clock_ms(CLOCK_MONOTONIC) - begun_ms < (keep->shrinking ? MUCH_MS : LITTLE_MS)));
	return result < 0 ? result : look_for_room(store, err);
}
