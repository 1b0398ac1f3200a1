#include "store/internal.h"
#include "store/match.h"
#include "store/minutes.h"
#include "store/query.h"
#include "store/row.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

/* The rows that the window cuts. */
static const char hours_sql[] = "SELECT count, first, last, minutes, hour FROM hour"
				" WHERE series = ?1 AND hour BETWEEN ?2 AND ?3"
				" AND (first < ?4 OR last > ?5) ORDER BY hour";

/* All of a series that the window touches. */
static const char series_hours_sql[] = "SELECT count, first, last, minutes, hour FROM hour"
				       " WHERE series = ?1 AND last >= ?2 AND first <= ?3"
				       " ORDER BY hour";

/* What of a series lies inside the window. */
struct inside {
	int64_t since_ms, until_ms;
	uint64_t count;
	bool exact;
	int64_t first_ms, last_ms;
};

static void inside_add(struct inside *inside, uint64_t count, int64_t first_ms, int64_t last_ms)
{
	if (inside->count == 0 || first_ms < inside->first_ms)
		inside->first_ms = first_ms;
	if (inside->count == 0 || last_ms > inside->last_ms)
		inside->last_ms = last_ms;
	inside->count += count;
}

/*
 * Takes events of which the number, the first and the last are known. Where the window cuts
 * them, what is known to lie outside is taken off, and what remains is an upper bound unless
 * only one event is left.
 */
static void inside_take(struct inside *inside, uint64_t count, int64_t first_ms, int64_t last_ms)
{
	bool first_in = first_ms >= inside->since_ms && first_ms <= inside->until_ms;
	bool last_in = last_ms >= inside->since_ms && last_ms <= inside->until_ms;

	if (count == 0 || last_ms < inside->since_ms || first_ms > inside->until_ms)
		return;
	if (first_in && last_in) {
		inside_add(inside, count, first_ms, last_ms);
		return;
	}
	count -= (first_in ? 0 : 1) + (last_in ? 0 : 1);
	if (count == 0)
		return; /* two events, both outside */
	if (count > 1 || (!first_in && !last_in))
		inside->exact = false;
	inside_add(inside, count,
		   first_in  ? first_ms
		   : last_in ? last_ms
			     : inside->since_ms,
		   last_in    ? last_ms
		   : first_in ? first_ms
			      : inside->until_ms);
}

/* An hour's row that the window cuts: by its minutes, unless these were given up. */
static bool inside_take_hour(struct inside *inside, sqlite3_stmt *row)
{
	int64_t hour = sqlite3_column_int64(row, 4);
	struct minutes minutes = {0};

	if (sqlite3_column_type(row, 3) == SQLITE_NULL) {
		inside_take(inside, (uint64_t)sqlite3_column_int64(row, 0), sql_column_ms(row, 1),
			    sql_column_ms(row, 2));
		return true;
	}
	if (!minutes_unpack(sql_column_bytes(row, 3), &minutes))
		return false;
	for (int i = 0; i < 60; i++) {
		int64_t base = hour * HOUR_MS + i * MINUTE_MS;

		inside_take(inside, minutes.minute[i].count, base + minutes.minute[i].first,
			    base + minutes.minute[i].last);
	}
	return true;
}

static int look_at_hours(struct sql *sql, sqlite3_stmt *hours, int64_t from, int64_t to,
			 struct inside *inside, struct err *err)
{
	int result;

	sqlite3_reset(hours);
	SQL_BIND(hours, 2, sql_int(from), sql_int(to));
	while ((result = sql_step(sql, hours, err)) > 0)
		if (!inside_take_hour(inside, hours))
			return err_set(err, EUCLEAN, "store '%s': minutes are damaged", sql->path);
	return result;
}

/* The rows that the window cuts begin in the day of one of its ends: one that was rolled up is a
 * row at its beginning. */
static int look_inside(struct sql *sql, sqlite3_stmt *hours, int64_t series, struct inside *inside,
		       struct err *err)
{
	int64_t since = inside->since_ms / HOUR_MS, until = inside->until_ms / HOUR_MS;
	int64_t until_day = until / 24 * 24;

	sqlite3_reset(hours);
	SQL_BIND(hours, 1, sql_int(series));
	SQL_BIND(hours, 4, sql_int(inside->since_ms), sql_int(inside->until_ms));
	int result = look_at_hours(sql, hours, since / 24 * 24, since, inside, err);

	if (result < 0 || until == since)
		return result;
	return look_at_hours(sql, hours, until_day > since ? until_day : since + 1, until, inside,
			     err);
}

struct observation_query {
	struct sql *sql;
	const struct selection *selection;
	int64_t since_ms, until_ms;
	sqlite3_stmt *rows, *hours;
	query_observation_fn *each;
	void *context;
};

static int give_row(struct observation_query *query, struct err *err)
{
	struct observation observation;
	struct inside inside = {
		.since_ms = query->since_ms, .until_ms = query->until_ms, .exact = true};

	row_observation(query->rows, &observation);
	if (!match_observation(query->selection, &observation))
		return 0;
	if (observation.count)
		inside_add(&inside, observation.count, observation.first_ms, observation.last_ms);
	int result = row_cut(query->rows)
			     ? look_inside(query->sql, query->hours,
					   sqlite3_column_int64(query->rows, 0), &inside, err)
			     : 0;

	if (result < 0 || inside.count == 0)
		return result;
	observation.count = inside.count;
	observation.count_exact = inside.exact;
	observation.first_ms = inside.first_ms;
	observation.last_ms = inside.last_ms;
	return query->each(&observation, query->context);
}

static int query_part(struct store *store, const struct selection *selection,
		      query_observation_fn *each, void *context, struct err *err)
{
	struct sql *sql = store_asking(store, err);

	if (!sql)
		return -err->code;
	struct observation_query query = {
		.sql = sql,
		.selection = selection,
		.since_ms = selection->has_since ? selection->since_ms : INT64_MIN / 2,
		.until_ms = selection->has_until ? selection->until_ms : INT64_MAX / 2,
		.hours = sql_prepare(sql, hours_sql, err),
		.each = each,
		.context = context,
	};
	query.rows = row_observations(sql, query.since_ms, query.until_ms, err);
	int result = query.rows && query.hours ? 0 : -err->code;

	if (result == 0) {
		int bound = sql_bound_rows(sql, SQL_ROW_MAX);

		while ((result = sql_step(sql, query.rows, err)) > 0) {
			result = give_row(&query, err);
			if (result < 0)
				break;
		}
		sql_bound_rows(sql, bound);
	}
	sqlite3_finalize(query.rows);
	sqlite3_finalize(query.hours);
	return result;
}

int query_observations_by_part(struct store *store, const struct selection *selection,
			       query_observation_fn *each, query_part_end_fn *part_end,
			       void *context, struct err *err)
{
	const struct store_parts *parts = &store->parts;
	int result = parts->next ? parts->next(parts->context, err) : 1;

	while (result > 0) {
		result = query_part(store, selection, each, context, err);
		if (result >= 0 && part_end)
			result = part_end(context);
		if (result < 0 || !parts->next)
			break;
		result = parts->next(parts->context, err);
	}
	return result;
}

int query_observations(struct store *store, const struct selection *selection,
		       query_observation_fn *each, void *context, struct err *err)
{
	return query_observations_by_part(store, selection, each, NULL, context, err);
}

struct hour_query {
	struct sql *sql;
	int64_t since_ms, until_ms;
	sqlite3_stmt *rows;
	query_hour_fn *each;
	void *context;
};

static int give_hours(struct hour_query *query, size_t i, int64_t series, struct err *err)
{
	int result;

	sqlite3_reset(query->rows);
	SQL_BIND(query->rows, 1, sql_int(series));
	while ((result = sql_step(query->sql, query->rows, err)) > 0) {
		struct inside inside = {.since_ms = query->since_ms, .until_ms = query->until_ms};

		if (!inside_take_hour(&inside, query->rows))
			return err_set(err, EUCLEAN, "store '%s': minutes are damaged",
				       query->sql->path);
		result = inside.count ? query->each(i, sqlite3_column_int64(query->rows, 4),
						    query->context)
				      : 0;
		if (result < 0)
			break;
	}
	return result;
}

int query_hours(struct store *store, const struct selection *selection, const int64_t *series,
		size_t count, query_hour_fn *each, void *context, struct err *err)
{
	struct sql *sql = store_asking(store, err);

	if (!sql)
		return -err->code;
	struct hour_query query = {
		.sql = sql,
		.since_ms = selection->has_since ? selection->since_ms : INT64_MIN / 2,
		.until_ms = selection->has_until ? selection->until_ms : INT64_MAX / 2,
		.rows = sql_prepare(sql, series_hours_sql, err),
		.each = each,
		.context = context,
	};
	int result = query.rows ? 0 : -err->code;

	SQL_BIND(query.rows, 2, sql_int(query.since_ms), sql_int(query.until_ms));
	for (size_t i = 0; i < count && result == 0; i++)
		result = give_hours(&query, i, series[i], err);
	sqlite3_finalize(query.rows);
	return result;
}

/*
 * The index on hours has no counts: a row that it finds costs as much as eight that are read in the order
 * of the table. So it is left out for a span that is more than an eighth of the store's.
 */
static int is_wide(struct sql *sql, int64_t hours, struct err *err)
{
	sqlite3_stmt *span = sql_prepare(
		sql, "SELECT (SELECT max(hour) FROM hour) - (SELECT min(hour) FROM hour)", err);
	int result = span ? sql_step(sql, span, err) : -err->code;

	if (result > 0)
		result = hours > sqlite3_column_int64(span, 0) / 8;
	sqlite3_finalize(span);
	return result;
}

int query_every_hour(struct store *store, int64_t since_ms, int64_t until_ms,
		     query_every_hour_fn *each, void *context, struct err *err)
{
	int64_t first = since_ms / HOUR_MS / 24 * 24 - (since_ms < 0 ? 24 : 0);
	int64_t last = until_ms / HOUR_MS;
	struct sql *sql = store_asking(store, err);
	int result = sql ? is_wide(sql, last - first, err) : -err->code;

	if (result < 0)
		return result;
	sqlite3_stmt *rows =
		SQL_PREPARE(sql,
			    result ? "SELECT series, hour, count, first, last FROM hour"
				     " WHERE +hour BETWEEN ?1 AND ?2"
				   : "SELECT series, hour, count, first, last FROM hour"
				     " WHERE hour BETWEEN ?1 AND ?2",
			    err, sql_int(first), sql_int(last));

	while ((result = sql_step(sql, rows, err)) > 0) {
		const struct series_hour hour = {
			.series = sqlite3_column_int64(rows, 0),
			.hour = sqlite3_column_int64(rows, 1),
			.count = (uint64_t)sqlite3_column_int64(rows, 2),
			.first_ms = sql_column_ms(rows, 3),
			.last_ms = sql_column_ms(rows, 4),
		};

		result = each(&hour, context);
		if (result < 0)
			break;
	}
	sqlite3_finalize(rows);
	return result;
}

/* A syscall that a container made. */
struct used {
	uint32_t arch;
	bool has_arch;
	int32_t nr;
};

struct sums {
	int64_t container;
	uint64_t records, syscalls;
	int64_t first_ms, last_ms;
};

/* Rows come ordered by container: the last one is at hand. */
struct summary_query {
	struct used *used; /* of the last one */
	size_t used_count;
	struct sums *sums;
	size_t sums_count;
};

static int compare_used(const void *left, const void *right)
{
	const struct used *a = left, *b = right;

	if (a->has_arch != b->has_arch)
		return a->has_arch ? 1 : -1;
	if (a->arch != b->arch)
		return a->arch < b->arch ? -1 : 1;
	return a->nr < b->nr ? -1 : a->nr > b->nr;
}

/* Counts each syscall of the last container once. */
static void count_used(struct summary_query *query)
{
	if (query->used_count == 0)
		return;
	struct sums *sums = &query->sums[query->sums_count - 1];

	qsort(query->used, query->used_count, sizeof(*query->used), compare_used);
	for (size_t i = 0; i < query->used_count; i++)
		sums->syscalls += i == 0 || compare_used(&query->used[i - 1], &query->used[i]) != 0;
	query->used_count = 0;
}

static int add_to_summary(const struct observation *observation, void *context)
{
	struct summary_query *query = context;

	if (!observation->container_row)
		return 0;
	struct sums *sums = query->sums_count ? &query->sums[query->sums_count - 1] : NULL;

	if (!sums || sums->container != observation->container_row) {
		count_used(query);
		query->sums = mem_more(query->sums, query->sums_count, sizeof(*sums));
		sums = &query->sums[query->sums_count++];
		*sums = (struct sums){.container = observation->container_row,
				      .first_ms = observation->first_ms,
				      .last_ms = observation->last_ms};
	}
	sums->records += observation->count;
	if (observation->first_ms < sums->first_ms)
		sums->first_ms = observation->first_ms;
	if (observation->last_ms > sums->last_ms)
		sums->last_ms = observation->last_ms;
	query->used = mem_more(query->used, query->used_count, sizeof(*query->used));
	query->used[query->used_count++] =
		(struct used){observation->arch, observation->has_arch, observation->nr};
	return 0;
}

static int compare_sums(const void *left, const void *right)
{
	const struct sums *a = left, *b = right;

	return (a->container > b->container) - (a->container < b->container);
}

static void fill_summary(const struct summary_query *query, struct container_summary *summary)
{
	const struct sums key = {.container = summary->container_row};
	const struct sums *sums = query->sums_count ? bsearch(&key, query->sums, query->sums_count,
							      sizeof(key), compare_sums)
						    : NULL;

	if (!sums)
		return;
	summary->has_records = true;
	summary->records = sums->records;
	summary->first_ms = sums->first_ms;
	summary->last_ms = sums->last_ms;
	summary->syscalls = sums->syscalls;
}

static int give_containers(struct store *store, const struct selection *selection,
			   const struct summary_query *query, query_container_fn *each,
			   void *context, struct err *err)
{
	struct sql *sql = store_asking(store, err);

	if (!sql)
		return -err->code;
	/* where the counts are there in parts, services without any were left out */
	bool every_service = match_names_containers(selection) || store->parts.next;
	sqlite3_stmt *rows = row_containers(sql, every_service, err);
	int result;

	while ((result = sql_step(sql, rows, err)) > 0) {
		struct container_summary summary = {
			.container_row = sqlite3_column_int64(rows, 0),
			.node = sql_column_name(rows, 1),
			.ended_ms = sql_column_ms(rows, 3 + ROW_CONTAINER_COLUMNS),
		};

		row_container(rows, 2, &summary.container);
		row_profile(rows, 2 + ROW_CONTAINER_COLUMNS, &summary.container);
		if (!match_container(selection, &summary.container, summary.node))
			continue;
		fill_summary(query, &summary);
		result = each(&summary, context);
		if (result < 0)
			break;
	}
	sqlite3_finalize(rows);
	return result;
}

int query_known_containers(struct store *store, const struct selection *selection,
			   query_container_fn *each, void *context, struct err *err)
{
	const struct summary_query none = {0};

	return give_containers(store, selection, &none, each, context, err);
}

int query_containers(struct store *store, const struct selection *selection,
		     query_container_fn *each, void *context, struct err *err)
{
	struct summary_query query = {0};
	int result = query_observations(store, selection, add_to_summary, &query, err);

	count_used(&query);
	if (query.sums_count)
		qsort(query.sums, query.sums_count, sizeof(*query.sums), compare_sums);
	if (result == 0)
		result = give_containers(store, selection, &query, each, context, err);
	free(query.used);
	free(query.sums);
	return result;
}
