#include "store/merge.h"

#include "base/mem.h"
#include "store/hour.h"
#include "store/revision.h"
#include "store/statements.h"

#include <errno.h>
#include <stdlib.h>

enum merge_relation merge_relation_of(const struct merged_minute *minute)
{
	if (minute->fresh == 0)
		return MERGE_KNOWN;
	if (minute->unsure)
		return MERGE_OVERLAP;
	if (minute->fresh == minute->theirs)
		return MERGE_DISJOINT;
	return minute->theirs - minute->fresh == minute->ours ? MERGE_WIDER : MERGE_OVERLAP;
}

static int compare_minutes(const void *left, const void *right)
{
	const struct merged_minute *a = left, *b = right;

	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	return a->minute < b->minute ? -1 : a->minute > b->minute;
}

struct merged_minute *merge_find_minute(const struct merge *merge, int64_t node, int64_t minute)
{
	struct merged_minute key = {.node = node, .minute = minute};

	return merge->sorted
		       ? bsearch(&key, merge->minutes, merge->sorted, sizeof(key), compare_minutes)
		       : NULL;
}

static void sort_minutes(struct merge *merge)
{
	if (merge->count)
		qsort(merge->minutes, merge->count, sizeof(*merge->minutes), compare_minutes);
	merge->sorted = merge->count;
}

/* The minute at the end of the list, which rows come for in order; added if it is another. */
static struct merged_minute *minute_at_hand(struct merge *merge, int64_t node, int64_t minute)
{
	struct merged_minute *last = merge->count ? &merge->minutes[merge->count - 1] : NULL;

	if (last && last->node == node && last->minute == minute)
		return last;
	merge->minutes = mem_more(merge->minutes, merge->count, sizeof(*merge->minutes));
	last = &merge->minutes[merge->count++];
	*last = (struct merged_minute){.node = node, .minute = minute};
	return last;
}

static void count_one(uint32_t serial_low, uint32_t minute_ms, void *context)
{
	(void)serial_low;
	(void)minute_ms;
	++*(uint64_t *)context;
}

static int count_serials(struct sql *sql, struct merged_minute *minute, struct err *err)
{
	sqlite3_stmt *rows =
		SQL_PREPARE(sql, "SELECT serials FROM seen WHERE node = ?1 AND minute = ?2", err,
			    sql_int(minute->node), sql_int(minute->minute));
	int result;

	while ((result = sql_step(sql, rows, err)) > 0)
		if (!seen_unpack(sql_column_bytes(rows, 0), count_one, &minute->ours))
			err_set(err, EUCLEAN, "store '%s': identities are damaged", sql->path);
	sqlite3_finalize(rows);
	return result < 0 ? result : -err->code;
}

static int count_texts(struct sql *sql, struct merged_minute *minute, struct err *err)
{
	sqlite3_stmt *find =
		SQL_GET(sql, SEEN_TEXT_FIND, err, sql_int(minute->node), sql_int(minute->minute));
	int result = sql_step(sql, find, err);

	if (result > 0)
		minute->our_texts = seen_text_count(sql_column_bytes(find, 0));
	sqlite3_reset(find);
	minute->ours += minute->our_texts;
	return result < 0 ? result : 0;
}

/* How many events of the minute are counted here; what is not written yet is written first. */
static int count_ours(struct merge *merge, struct merged_minute *minute, struct err *err)
{
	struct sql *sql = &merge->store->sql;
	int result = seen_flush(merge->store->seen, sql, err);

	if (result == 0)
		result = count_serials(sql, minute, err);
	return result == 0 ? count_texts(sql, minute, err) : result;
}

struct add_identities {
	struct merge *merge;
	struct merged_minute *minute;
	uint32_t block;
	struct err *err;
};

static void add_identity(uint32_t serial_low, uint32_t minute_ms, void *context)
{
	struct add_identities *add = context;
	struct store *store = add->merge->store;
	int64_t ms = add->minute->minute * MINUTE_MS + minute_ms;

	if (add->err->code)
		return;
	uint32_t serial = add->block << 16 | serial_low;
	enum trust trust =
		merge_trust(add->merge, add->block & SEEN_TEXT_BLOCK ? TRUST_TEXT : TRUST_KERNEL);
	struct merged_minute *minute = add->minute;
	int result = seen_add(store->seen, &store->sql, minute->node, ms, serial, trust, false,
			      add->err);

	minute->theirs++;
	minute->fresh += result == SEEN_NEW;
	if (result != SEEN_NEW || minute->ours == 0)
		return;
	/* what the kernel says in one and a text in the other may be counted on both sides; and
	 * ours are never taken away for those of a store that is not believed */
	minute->unsure |= add->merge->foreign;
	minute->unsure |= trust == TRUST_KERNEL
				  ? seen_in_text(store->seen, ms, serial)
				  : seen_kernel(store->seen, &store->sql, minute->node, ms, serial,
						add->err) != SEEN_KERNEL_NOT;
}

/* A row of their identities: node label, minute, block, serials. */
static int merge_serials(struct merge *merge, sqlite3_stmt *row, struct err *err)
{
	struct store *store = merge->store;
	int64_t node;
	int result = tally_node(store->tally, &store->sql, sql_column_name(row, 0), &node, err);

	if (result == 0)
		result = merge_check_minute(merge, sqlite3_column_int64(row, 1), err);
	if (result < 0)
		return result;
	size_t before = merge->count;
	struct merged_minute *minute = minute_at_hand(merge, node, sqlite3_column_int64(row, 1));

	if (merge->count != before)
		result = count_ours(merge, minute, err);
	struct add_identities add = {merge, minute, (uint32_t)sqlite3_column_int64(row, 2), err};

	if (result == 0 && !seen_unpack(sql_column_bytes(row, 3), add_identity, &add))
		result = err_set(err, EUCLEAN, "store '%s': identities are damaged",
				 merge->from.path);
	if (err->code)
		return -err->code;
	return seen_full(store->seen) ? seen_flush(store->seen, &store->sql, err) : result;
}

/* The minute of a row of texts: each has one such row, so that those which are added here, behind
 * the sorted ones, are not asked for again. */
static int text_minute(struct merge *merge, int64_t node, int64_t minute,
		       struct merged_minute **ret_minute, struct err *err)
{
	*ret_minute = merge_find_minute(merge, node, minute);
	if (*ret_minute)
		return 0;
	*ret_minute = minute_at_hand(merge, node, minute);
	return count_ours(merge, *ret_minute, err);
}

/* A row of their texts without serial: node label, minute, marks. */
static int merge_texts(struct merge *merge, sqlite3_stmt *row, struct err *err)
{
	struct store *store = merge->store;
	struct merged_minute *minute = NULL;
	uint64_t theirs, fresh;
	int64_t node;
	int result = tally_node(store->tally, &store->sql, sql_column_name(row, 0), &node, err);

	if (result == 0)
		result = merge_check_minute(merge, sqlite3_column_int64(row, 1), err);
	if (result == 0)
		result = text_minute(merge, node, sqlite3_column_int64(row, 1), &minute, err);
	if (result == 0)
		result = seen_text_merge(store->seen_text, &store->sql, node, minute->minute,
					 sql_column_bytes(row, 2), &theirs, &fresh, err);
	if (result < 0)
		return result;
	minute->theirs += theirs;
	minute->fresh += fresh;
	minute->unsure |= (!merge->same_key || merge->foreign) && minute->our_texts && fresh;
	return seen_text_full(store->seen_text)
		       ? seen_text_flush(store->seen_text, &store->sql, err)
		       : 0;
}

static const char hour_rows_sql[] = "SELECT h.series FROM hour h JOIN series s ON s.id = h.series"
				    " WHERE s.node = ?1 AND h.hour = ?2 AND h.minutes IS NOT NULL";

/* After hours were dropped: series without any go. */
static const char drop_empty_sql[] = "DELETE FROM series WHERE NOT EXISTS"
				     " (SELECT 1 FROM hour WHERE hour.series = series.id)";

/* The minutes of an hour of ours that theirs replace: bit N is minute N. */
struct dropped_hour {
	int64_t node, hour;
	uint64_t minutes;
};

static int drop_minutes(struct sql *sql, int64_t series, const struct dropped_hour *dropped,
			struct err *err)
{
	struct hour hour;
	BUF_AUTO packed = {0};
	uint64_t had = 0;
	int result = hour_load(sql, series, dropped->hour, &hour, err);

	for (unsigned i = 0; i < 60 && result == 0; i++)
		if (dropped->minutes >> i & 1)
			had += hour_take(&hour, dropped->hour, i, UINT64_MAX);
	return result == 0 && had ? hour_write(sql, series, dropped->hour, &hour, &packed, err)
				  : result;
}

/* Takes our counts of those minutes away: theirs hold the same events and more. */
static int drop_hour(struct sql *sql, const struct dropped_hour *dropped, struct err *err)
{
	sqlite3_stmt *rows = SQL_PREPARE(sql, hour_rows_sql, err, sql_int(dropped->node),
					 sql_int(dropped->hour));
	int64_t *series = NULL;
	size_t count = 0;
	int result;

	/* first all, since rows are dropped then */
	while ((result = sql_step(sql, rows, err)) > 0) {
		series = mem_resize(series, (count + 1) * sizeof(*series));
		series[count++] = sqlite3_column_int64(rows, 0);
	}
	sqlite3_finalize(rows);
	for (size_t i = 0; i < count && result == 0; i++)
		result = drop_minutes(sql, series[i], dropped, err);
	free(series);
	return result;
}

/* Drops what theirs replace, an hour at a time. */
static int drop_wider(struct merge *merge, struct err *err)
{
	struct sql *sql = &merge->store->sql;
	struct dropped_hour dropped = {0};
	bool any = false;
	int result = 0;

	for (size_t i = 0; i < merge->count && result == 0; i++) {
		const struct merged_minute *minute = &merge->minutes[i];
		int64_t hour = minute->minute / 60;

		if (merge_relation_of(minute) != MERGE_WIDER)
			continue;
		if (any && (dropped.node != minute->node || dropped.hour != hour)) {
			result = drop_hour(sql, &dropped, err);
			dropped.minutes = 0;
		}
		dropped.node = minute->node;
		dropped.hour = hour;
		dropped.minutes |= (uint64_t)1 << minute->minute % 60;
		any = true;
	}
	if (!any || result < 0)
		return result;
	result = drop_hour(sql, &dropped, err);
	if (result == 0)
		result = sql_run(sql, drop_empty_sql, err);
	if (result == 0 && sqlite3_changes(sql->db))
		result = revision_send_all(sql, err);
	tally_reset(merge->store->tally); /* it may know series that are gone */
	return result;
}

static int forget_open(struct store *store, const struct merged_minute *minute, struct err *err)
{
	int result = seen_flush(store->seen, &store->sql, err);

	seen_reset(store->seen);
	return result < 0 ? result
			  : SQL_ONCE(&store->sql,
				     "UPDATE seen SET open = NULL WHERE node = ?1 AND minute = ?2"
				     " AND open NOT NULL",
				     err, sql_int(minute->node), sql_int(minute->minute));
}

static int settle_minute(struct merge *merge, const struct merged_minute *minute, struct err *err)
{
	struct store *store = merge->store;
	enum merge_relation relation = merge_relation_of(minute);

	merge->result->records += minute->theirs;
	/* which of ours waited for a container says nothing of theirs */
	if (relation == MERGE_WIDER || relation == MERGE_OVERLAP) {
		int result = forget_open(store, minute, err);

		if (result < 0)
			return result;
	}
	if (relation != MERGE_OVERLAP) {
		merge->result->added += minute->fresh;
		return 0;
	}
	return merge_note_minima(merge, minute->node, minute->minute * MINUTE_MS, err);
}

int merge_identities(struct merge *merge, struct err *err)
{
	int result = merge_each_row(merge,
				    "SELECT n.name, s.minute, s.block, s.serials FROM seen s"
				    " JOIN node n ON n.id = s.node WHERE s.minute >= ?1"
				    " ORDER BY s.node, s.minute, s.block",
				    merge_serials, err);

	sort_minutes(merge);
	if (result == 0)
		result = merge_each_row(merge,
					"SELECT n.name, s.minute, s.marks FROM seen_text s"
					" JOIN node n ON n.id = s.node WHERE s.minute >= ?1"
					" ORDER BY s.node, s.minute",
					merge_texts, err);
	sort_minutes(merge);
	if (result == 0)
		result = drop_wider(merge, err);
	for (size_t i = 0; i < merge->count && result == 0; i++)
		result = settle_minute(merge, &merge->minutes[i], err);
	return result;
}
