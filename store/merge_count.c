#include "store/merge.h"

#include "base/mem.h"
#include "store/minutes.h"
#include "store/row.h"

#include <errno.h>
#include <stdlib.h>

#define WORD_OF_OBSERVATION(field, type, last) event->field = observation->field;

/* A series of theirs as an event whose record carries what the series is keyed by. */
static void event_from(const struct observation *observation, struct record *record,
		       struct event *event)
{
	record->has_arch = observation->has_arch;
	record->arch = observation->arch;
	record->nr = observation->nr;
	record->code = observation->code;
	record->pid = observation->pid;
	record->ip = observation->ip;
	record->comm = observation->comm;
	record->exe = observation->exe;
	record->comm_null = observation->comm_null;
	record->exe_null = observation->exe_null;
	*event = (struct event){
		.record = record,
		.container = observation->container_row ? &observation->container : NULL,
		.node = observation->node,
	};
	EVENT_WORDS(WORD_OF_OBSERVATION)
}

/* The series may have no room left for another one in memory. */
static int make_room(struct merge *merge, struct err *err)
{
	struct store *store = merge->store;
	uint64_t moved;

	return tally_full(store->tally) ? tally_flush(store->tally, &store->sql, &moved, err) : 0;
}

static int add_minute(struct merge *merge, const struct event *event, int64_t node, int64_t minute,
		      const struct minute *counted, struct err *err)
{
	struct store *store = merge->store;
	const struct merged_minute *merged = merge_find_minute(merge, node, minute);
	/* a minute without identities was pruned there: nothing says that it is here */
	enum merge_relation relation = merged ? merge_relation_of(merged) : MERGE_OVERLAP;
	int64_t base = minute * MINUTE_MS;
	struct tally_batch batch = {counted->count, base + counted->first, base + counted->last};
	uint64_t ours = 0;

	if (!merged)
		merge->result->records += counted->count;
	if (relation == MERGE_KNOWN)
		return 0;
	int result = relation == MERGE_OVERLAP ? tally_minute_count(store->tally, &store->sql,
								    event, node, minute, &ours, err)
					       : 0;

	if (result == 0 && ours < batch.count) {
		batch.count -= ours;
		if (relation == MERGE_OVERLAP)
			merge->result->added += batch.count;
		result = tally_count_batch(store->tally, &store->sql, event, node, &batch, err);
	}
	/* asking for a count may have made a series as well */
	return result == 0 ? make_room(merge, err) : result;
}

/* The day of old rows that was gathered is complete. */
static int finish_old_day(struct merge *merge, const struct event *event, int64_t node,
			  struct err *err)
{
	struct store *store = merge->store;
	const struct old_day *day = &merge->old;
	uint64_t added;
	uint32_t minima;
	int64_t series;

	if (day->count == 0)
		return 0;
	int result = tally_series_row(store->tally, &store->sql, event, node, &series, err);

	if (result == 0)
		result = old_day_merge(&store->sql, series, day, &added, &minima, err);
	if (result < 0)
		return result;
	for (size_t i = 0; i < day->count; i++)
		merge->result->records += day->rows[i].count;
	merge->result->added += added;
	/* at the end of each: where a window begins says more than where it ends */
	for (int64_t i = 0; i < OLD_ROWS && result == 0; i++)
		if (minima >> i & 1)
			result = merge_note_minima(
				merge, node, (day->day * OLD_ROWS + i + 1) * HOUR_MS - 1, err);
	merge->old.count = 0;
	return result == 0 ? make_room(merge, err) : result;
}

static int merge_old_hour(struct merge *merge, sqlite3_stmt *row, const struct event *event,
			  int64_t node, struct err *err)
{
	int64_t day = sqlite3_column_int64(row, 4) / OLD_ROWS;
	int result = day == merge->old.day ? 0 : finish_old_day(merge, event, node, err);

	if (result < 0)
		return result;
	merge->old.day = day;
	return old_day_add(&merge->old, row)
		       ? 0
		       : err_set(err, EUCLEAN, "store '%s': it contains an invalid number",
				 merge->from.path);
}

static int merge_hour(struct merge *merge, sqlite3_stmt *hours, const struct event *event,
		      int64_t node, struct err *err)
{
	struct minutes minutes = {0};
	int64_t hour = sqlite3_column_int64(hours, 4);
	int result = hour < 0 || hour > UINT32_MAX / 60 ? merge_check_minute(merge, -1, err) : 0;

	if (result < 0)
		return result;
	if (hour * HOUR_MS < merge->horizon_ms)
		return merge_old_hour(merge, hours, event, node, err);
	if (sqlite3_column_type(hours, 3) == SQLITE_NULL ||
	    !minutes_unpack(sql_column_bytes(hours, 3), &minutes))
		return err_set(err, EUCLEAN, "store '%s': minutes are damaged", merge->from.path);
	for (int i = 0; i < 60 && result == 0; i++)
		if (minutes.minute[i].count)
			result = add_minute(merge, event, node, hour * 60 + i, &minutes.minute[i],
					    err);
	return result;
}

static int merge_series(struct merge *merge, sqlite3_stmt *row, sqlite3_stmt *hours,
			struct record *record, struct err *err)
{
	struct observation observation;
	struct event event;
	int64_t node;

	row_observation(row, &observation);
	observation.trust = merge_trust(merge, observation.trust);
	if (merge->foreign)
		observation.coverage = observation.container.coverage = COVERAGE_UNKNOWN;
	event_from(&observation, record, &event);
	int result =
		tally_node(merge->store->tally, &merge->store->sql, observation.node, &node, err);

	sqlite3_reset(hours);
	SQL_BIND(hours, 1, sql_int(sqlite3_column_int64(row, 0)));
	while (result == 0 && (result = sql_step(&merge->from, hours, err)) > 0)
		result = merge_hour(merge, hours, &event, node, err);
	return result < 0 ? result : finish_old_day(merge, &event, node, err);
}

int merge_counts(struct merge *merge, struct err *err)
{
	sqlite3_stmt *rows = row_observations(&merge->from, INT64_MIN, INT64_MAX, err);
	sqlite3_stmt *hours = sql_prepare(&merge->from,
					  "SELECT count, first, last, minutes, hour FROM hour"
					  " WHERE series = ?1 ORDER BY hour",
					  err);
	struct record *record = mem_new(1, sizeof(*record));
	int result = rows && hours ? 0 : -err->code;
	int bound = sql_bound_rows(&merge->from, SQL_ROW_MAX);

	while (result == 0 && (result = sql_step(&merge->from, rows, err)) > 0)
		result = merge_series(merge, rows, hours, record, err);
	sql_bound_rows(&merge->from, bound);
	sqlite3_finalize(rows);
	sqlite3_finalize(hours);
	free(record);
	return result;
}
