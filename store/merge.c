#include "store/in_force.h"
#include "store/internal.h"
#include "store/hour.h"
#include "store/queue.h"
#include "store/revision.h"
#include "store/row.h"
#include "store/schema.h"
#include "store/writer.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

/*
 * A store has counts by minute and, apart from them, the identities of the events counted. So
 * two stores are merged a minute of a node at a time: what their identities have in common says
 * what is to be done with the counts.
 */
enum relation {
	RELATION_DISJOINT, /* no event in common: counts add up */
	RELATION_KNOWN,    /* theirs are all here: nothing to do */
	RELATION_WIDER,    /* ours are all there: their counts replace ours */
	RELATION_OVERLAP,  /* parts of each: the larger count of each series is a minimum */
};

struct merged_minute {
	int64_t node, minute; /* node: our number */
	uint64_t ours, theirs, fresh;
	uint64_t our_texts; /* of ours, those without a serial */
	bool unsure; /* texts of both, which may be the same events: marked under two keys, or
			a text's in one and the kernel's in the other */
};

struct merge {
	struct store *store;
	struct sql from;
	struct merged_minute *minutes; /* sorted by node and minute once all are there */
	size_t count, size;
	size_t sorted; /* of the minutes, those that can be looked up */
	bool same_key; /* texts are marked alike */
	struct merge_result *result;
};

static enum relation relation_of(const struct merged_minute *minute)
{
	if (minute->fresh == 0)
		return RELATION_KNOWN;
	if (minute->unsure)
		return RELATION_OVERLAP;
	if (minute->fresh == minute->theirs)
		return RELATION_DISJOINT;
	return minute->theirs - minute->fresh == minute->ours ? RELATION_WIDER : RELATION_OVERLAP;
}

static int compare_minutes(const void *left, const void *right)
{
	const struct merged_minute *a = left, *b = right;

	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	return a->minute < b->minute ? -1 : a->minute > b->minute;
}

static struct merged_minute *find_minute(const struct merge *merge, int64_t node, int64_t minute)
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
	if (merge->count == merge->size) {
		merge->size = merge->size ? merge->size * 2 : 256;
		merge->minutes = mem_resize(merge->minutes, merge->size * sizeof(*merge->minutes));
	}
	last = &merge->minutes[merge->count++];
	*last = (struct merged_minute){.node = node, .minute = minute};
	return last;
}

/* Their file may be anybody's: what is no minute of the store's would overflow further on. */
static int check_minute(const struct merge *merge, int64_t minute, struct err *err)
{
	return minute >= 0 && minute <= UINT32_MAX
		       ? 0
		       : err_set(err, EUCLEAN, "store '%s': a time in it is none",
				 merge->from.path);
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
		sql_prepare(sql, "SELECT serials FROM seen WHERE node = ?1 AND minute = ?2", err);
	int result;

	if (!rows)
		return -err->code;
	sqlite3_bind_int64(rows, 1, minute->node);
	sqlite3_bind_int64(rows, 2, minute->minute);
	while ((result = sql_step(sql, rows, err)) > 0)
		if (!seen_unpack(sql_column_bytes(rows, 0), count_one, &minute->ours))
			err_set(err, EUCLEAN, "store '%s': identities are damaged", sql->path);
	sqlite3_finalize(rows);
	return result < 0 ? result : -err->code;
}

static int count_texts(struct sql *sql, struct merged_minute *minute, struct err *err)
{
	sqlite3_stmt *find = sql_get(sql, SQL_SEEN_TEXT_FIND, err);

	if (!find)
		return -err->code;
	sqlite3_bind_int64(find, 1, minute->node);
	sqlite3_bind_int64(find, 2, minute->minute);
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
	enum trust trust = add->block & SEEN_TEXT_BLOCK ? TRUST_TEXT : TRUST_KERNEL;
	struct merged_minute *minute = add->minute;
	int result = seen_add(store->seen, &store->sql, minute->node, ms, serial, trust, add->err);

	minute->theirs++;
	minute->fresh += result == SEEN_NEW;
	if (result != SEEN_NEW || minute->ours == 0)
		return;
	/* what the kernel says in one and a text in the other may be counted on both sides */
	minute->unsure |= trust == TRUST_KERNEL
				  ? seen_in_text(store->seen, ms, serial)
				  : seen_kernel(store->seen, &store->sql, minute->node, ms, serial,
						add->err) != SEEN_KERNEL_NOT;
}

/* A row of their identities: node label, minute, block, serials. */
static int merge_identities(struct merge *merge, sqlite3_stmt *row, struct err *err)
{
	struct store *store = merge->store;
	int64_t node;
	int result = tally_node(store->tally, &store->sql, sql_column_name(row, 0), &node, err);

	if (result == 0)
		result = check_minute(merge, sqlite3_column_int64(row, 1), err);
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

typedef int merge_row_fn(struct merge *merge, sqlite3_stmt *row, struct err *err);

/* Takes each row of a statement on their store. */
static int take_rows(struct merge *merge, sqlite3_stmt *rows, merge_row_fn *take, struct err *err)
{
	int result;

	if (!rows)
		return -err->code;
	while ((result = sql_step(&merge->from, rows, err)) > 0) {
		result = take(merge, rows, err);
		if (result < 0)
			break;
	}
	sqlite3_finalize(rows);
	return result;
}

/* Runs a query on their store and takes each row. */
static int each_row(struct merge *merge, const char *text, merge_row_fn *take, struct err *err)
{
	return take_rows(merge, sql_prepare(&merge->from, text, err), take, err);
}

/* The minute of a row of texts: each has one such row, so that those which are added here, behind
 * the sorted ones, are not asked for again. */
static int text_minute(struct merge *merge, int64_t node, int64_t minute,
		       struct merged_minute **ret_minute, struct err *err)
{
	*ret_minute = find_minute(merge, node, minute);
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
		result = check_minute(merge, sqlite3_column_int64(row, 1), err);
	if (result == 0)
		result = text_minute(merge, node, sqlite3_column_int64(row, 1), &minute, err);
	if (result == 0)
		result = seen_text_merge(store->seen_text, &store->sql, node, minute->minute,
					 sql_column_bytes(row, 2), &theirs, &fresh, err);
	if (result < 0)
		return result;
	minute->theirs += theirs;
	minute->fresh += fresh;
	minute->unsure |= !merge->same_key && minute->our_texts && fresh;
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
	sqlite3_stmt *rows = sql_prepare(sql, hour_rows_sql, err);
	int64_t *series = NULL;
	size_t count = 0;
	int result = rows ? 0 : -err->code;

	if (result < 0)
		return result;
	sqlite3_bind_int64(rows, 1, dropped->node);
	sqlite3_bind_int64(rows, 2, dropped->hour);
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

		if (relation_of(minute) != RELATION_WIDER)
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
	sqlite3_stmt *forget = result == 0
				       ? sql_prepare(&store->sql,
						     "UPDATE seen SET open = NULL WHERE node = ?1"
						     " AND minute = ?2 AND open NOT NULL",
						     err)
				       : NULL;

	if (!forget)
		return -err->code;
	sqlite3_bind_int64(forget, 1, minute->node);
	sqlite3_bind_int64(forget, 2, minute->minute);
	result = sql_done(&store->sql, forget, err);
	sqlite3_finalize(forget);
	return result;
}

static int settle_minute(struct merge *merge, const struct merged_minute *minute, struct err *err)
{
	struct store *store = merge->store;
	enum relation relation = relation_of(minute);

	merge->result->records += minute->theirs;
	/* which of ours waited for a container says nothing of theirs */
	if (relation == RELATION_WIDER || relation == RELATION_OVERLAP) {
		int result = forget_open(store, minute, err);

		if (result < 0)
			return result;
	}
	if (relation != RELATION_OVERLAP) {
		merge->result->added += minute->fresh;
		return 0;
	}
	sqlite3_stmt *put = sql_get(&store->sql, SQL_LOSS_PUT, err);

	if (!put)
		return -err->code;
	sqlite3_bind_int64(put, 1, minute->node);
	sqlite3_bind_int(put, 2, LOSS_OVERLAP);
	sqlite3_bind_int64(put, 3, minute->minute * MINUTE_MS);
	sqlite3_bind_int64(put, 4, 0);
	sqlite3_bind_int64(put, 5, 0);
	sqlite3_bind_text(put, 6, merge->from.path, -1, SQLITE_STATIC);
	return sql_done(&store->sql, put, err);
}

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
		.attribution = observation->attribution,
		.reason = observation->reason,
		.phase = observation->phase,
		.source = observation->source,
		.trust = observation->trust,
		.coverage = observation->container_row ? COVERAGE_UNKNOWN
						       : observation->container.coverage,
		.node = observation->node,
	};
}

static int add_minute(struct merge *merge, const struct event *event, int64_t node, int64_t minute,
		      const struct minute *counted, struct err *err)
{
	struct store *store = merge->store;
	const struct merged_minute *merged = find_minute(merge, node, minute);
	/* a minute without identities was pruned there: nothing says that it is here */
	enum relation relation = merged ? relation_of(merged) : RELATION_OVERLAP;
	int64_t base = minute * MINUTE_MS;
	struct tally_batch batch = {counted->count, base + counted->first, base + counted->last};
	uint64_t ours = 0, moved;

	if (!merged)
		merge->result->records += counted->count;
	if (relation == RELATION_KNOWN)
		return 0;
	int result = relation == RELATION_OVERLAP
			     ? tally_minute_count(store->tally, &store->sql, event, node, minute,
						  &ours, err)
			     : 0;

	if (result == 0 && ours < batch.count) {
		batch.count -= ours;
		if (relation == RELATION_OVERLAP)
			merge->result->added += batch.count;
		result = tally_count_batch(store->tally, &store->sql, event, node, &batch, err);
	}
	/* asking for a count may have made a series as well */
	if (result == 0 && tally_full(store->tally))
		result = tally_flush(store->tally, &store->sql, &moved, err);
	return result;
}

static int merge_hour(struct merge *merge, sqlite3_stmt *hours, const struct event *event,
		      int64_t node, struct err *err)
{
	struct minutes minutes = {0};
	int64_t hour = sqlite3_column_int64(hours, 4);
	int result = hour < 0 || hour > UINT32_MAX / 60 ? check_minute(merge, -1, err) : 0;

	if (result < 0)
		return result;
	if (sqlite3_column_type(hours, 3) == SQLITE_NULL)
		return err_set(err, EINVAL,
			       "store '%s': its old hours are rolled up, which cannot be merged:"
			       " nothing was changed",
			       merge->from.path);
	if (!minutes_unpack(sql_column_bytes(hours, 3), &minutes))
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
	event_from(&observation, record, &event);
	int result =
		tally_node(merge->store->tally, &merge->store->sql, observation.node, &node, err);

	sqlite3_reset(hours);
	sqlite3_bind_int64(hours, 1, sqlite3_column_int64(row, 0));
	while (result == 0 && (result = sql_step(&merge->from, hours, err)) > 0)
		result = merge_hour(merge, hours, &event, node, err);
	return result;
}

static int merge_counts(struct merge *merge, struct err *err)
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

/* A container of theirs, with records or without, as row_containers() gives it. */
static int merge_container(struct merge *merge, sqlite3_stmt *row, struct err *err)
{
	struct store *store = merge->store;
	struct container container;
	int64_t node;
	int result = tally_node(store->tally, &store->sql, sql_column_name(row, 1), &node, err);

	row_container(row, 2, &container);
	row_profile(row, 11, &container);
	return result < 0 ? result
			  : tally_describe(store->tally, &store->sql, node, &container, err);
}

/* A loss of theirs: node label, kind, at, mark, count, detail. */
static int merge_loss(struct merge *merge, sqlite3_stmt *row, struct err *err)
{
	struct store *store = merge->store;
	struct loss_note note = {
		.kind = (enum loss_kind)sqlite3_column_int(row, 1),
		.ms = sqlite3_column_int64(row, 2),
		.count = (uint64_t)sqlite3_column_int64(row, 4),
		.node = sql_column_name(row, 0),
		.detail = sql_column_name(row, 5),
	};

	return writer_put_loss(store, &note, (uint64_t)sqlite3_column_int64(row, 3), err);
}

/* A profile that was in force: node, container, profile, source, actions, since, until. */
static int merge_in_force(struct merge *merge, sqlite3_stmt *row, struct err *err)
{
	struct store *store = merge->store;
	struct str cid = sql_column_bytes(row, 1);
	const struct container named = {.id = cid};
	const struct store_in_force in_force = {
		.source = sql_column_bytes(row, 3),
		.has_actions = sqlite3_column_type(row, 4) != SQLITE_NULL,
		.actions = (unsigned)sqlite3_column_int(row, 4),
		.since_ms = sqlite3_column_int64(row, 5),
		.is_open = sqlite3_column_type(row, 6) == SQLITE_NULL,
		.until_ms = sqlite3_column_int64(row, 6),
	};
	int64_t node, container = 0, profile;
	int result = tally_node(store->tally, &store->sql, sql_column_bytes(row, 0), &node, err);

	if (result == 0 && cid.n)
		result = tally_container(store->tally, &store->sql, node, &named, &container, err);
	if (result == 0)
		result = tally_profile(store->tally, &store->sql, sql_column_bytes(row, 2),
				       &profile, err);
	return result < 0 ? result
			  : in_force_merge(&store->sql, node, container, profile, &in_force, err);
}

/* Of an older schema the last profile of each container is known. */
static const char *in_force_of(int schema)
{
	if (schema >= 3)
		return "SELECT n.name, c.cid, p.json, i.source, i.actions, i.since, i.until"
		       " FROM in_force i JOIN node n ON n.id = i.node JOIN profile p"
		       " ON p.id = i.profile LEFT JOIN container c ON c.id = i.container"
		       " ORDER BY i.id";
	return "SELECT n.name, c.cid, p.json, '" STORE_IN_FORCE_WATCHED "', NULL, 0, NULL"
	       " FROM container c JOIN node n ON n.id = c.node JOIN profile p ON p.id = c.profile";
}

static int merge_acknowledged(struct merge *merge, sqlite3_stmt *row, struct err *err)
{
	struct sql *sql = &merge->store->sql;
	sqlite3_stmt *put = sql_prepare(sql,
					"INSERT OR IGNORE INTO acknowledged (id, at, reason, text)"
					" VALUES (?1, ?2, ?3, ?4)",
					err);

	if (!put)
		return -err->code;
	for (int i = 0; i < 4; i++)
		sqlite3_bind_value(put, i + 1, sqlite3_column_value(row, i));
	int result = sql_done(sql, put, err);

	sqlite3_finalize(put);
	return result;
}

static int merge_spans(struct merge *merge, sqlite3_stmt *row, struct err *err)
{
	struct store *store = merge->store;
	int64_t node;
	int result = tally_node(store->tally, &store->sql, sql_column_name(row, 0), &node, err);

	return result < 0 ? result
			  : stream_merge(&merge->from, sqlite3_column_int64(row, 1), &store->sql,
					 node, err);
}

static int merge_all(struct merge *merge, struct err *err)
{
	int result = each_row(merge,
			      "SELECT n.name, s.minute, s.block, s.serials FROM seen s"
			      " JOIN node n ON n.id = s.node ORDER BY s.node, s.minute, s.block",
			      merge_identities, err);

	sort_minutes(merge);
	if (result == 0)
		result = each_row(merge,
				  "SELECT n.name, s.minute, s.marks FROM seen_text s"
				  " JOIN node n ON n.id = s.node ORDER BY s.node, s.minute",
				  merge_texts, err);
	sort_minutes(merge);
	if (result == 0)
		result = drop_wider(merge, err);
	for (size_t i = 0; i < merge->count && result == 0; i++)
		result = settle_minute(merge, &merge->minutes[i], err);
	if (result == 0)
		result = merge_counts(merge, err);
	if (result == 0)
		result = take_rows(merge, row_containers(&merge->from, err), merge_container, err);
	if (result == 0 && merge->from.schema >= 2)
		result = each_row(merge, in_force_of(merge->from.schema), merge_in_force, err);
	if (result == 0)
		result = each_row(merge,
				  "SELECT n.name, l.kind, l.at, l.mark, l.count, l.detail"
				  " FROM loss l JOIN node n ON n.id = l.node",
				  merge_loss, err);
	if (result == 0 && merge->from.schema >= 3)
		result = each_row(
			merge,
			"SELECT CAST(substr(id, 1, 12) AS TEXT), at,"
			" substr(reason, 1, 4096), substr(text, 1, 4096) FROM acknowledged",
			merge_acknowledged, err);
	if (result == 0)
		result = each_row(merge, "SELECT name, id FROM node", merge_spans, err);
	return result;
}

static int check_other(const struct store *store, const char *path, struct err *err)
{
	struct stat ours, theirs;

	if (store->mode != STORE_MEMORY && stat(store->sql.path, &ours) == 0 &&
	    stat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
	    ours.st_ino == theirs.st_ino)
		return err_set(err, EINVAL, "store '%s': cannot be merged into itself", path);
	return 0;
}

/* Each store marks texts under a key of its own: those of one say nothing to another. */
static int compare_keys(struct merge *merge, struct err *err)
{
	int64_t key;
	int result = sql_number(&merge->from, "SELECT value FROM meta WHERE key = 'text_key'", &key,
				err);

	merge->same_key = (uint64_t)key == merge->store->text_key;
	return result;
}

int store_merge(struct store *store, const char *path, struct merge_result *ret_result,
		struct err *err)
{
	struct merge merge = {.store = store, .result = ret_result};
	/* First of all: what was put before is kept, whatever becomes of the merge. */
	int result = store_commit(store, err);

	*ret_result = (struct merge_result){0};
	if (result == 0)
		result = check_other(store, path, err);
	if (result == 0)
		result = store_open_reading(&merge.from, path, err);
	if (result == 0)
		result = schema_ensure(&merge.from, false, err);
	if (result == 0)
		store_bound_reading(&merge.from);
	if (result == 0)
		result = sql_run(&merge.from, "BEGIN", err); /* one state of it, while it lives */
	if (result == 0)
		result = compare_keys(&merge, err);
	if (result == 0)
		result = writer_begin(store, err);
	if (result == 0)
		result = merge_all(&merge, err);
	if (result == 0)
		result = writer_commit(store, err);
	if (result < 0)
		writer_forget(store);
	else if (store->patient)
		writer_keep(store);
	ret_result->duplicates = ret_result->records - ret_result->added;
	free(merge.minutes);
	sql_close(&merge.from);
	return result;
}
