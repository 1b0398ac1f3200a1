#include "store/internal.h"
#include "store/match.h"
#include "store/minutes.h"
#include "store/query.h"
#include "store/row.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

static const char hours_sql[] = "SELECT count, first, last, minutes, hour FROM hour"
				" WHERE series = ?1 AND hour BETWEEN ?2 AND ?3 ORDER BY hour";

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

/* An hour's row: as a whole where the window holds it, else by its minutes. */
static bool inside_take_hour(struct inside *inside, sqlite3_stmt *row)
{
	int64_t first = sql_column_ms(row, 1), last = sql_column_ms(row, 2);
	int64_t hour = sqlite3_column_int64(row, 4);
	struct minutes minutes = {0};

	if (sqlite3_column_type(row, 3) == SQLITE_NULL ||
	    (first >= inside->since_ms && last <= inside->until_ms)) {
		inside_take(inside, (uint64_t)sqlite3_column_int64(row, 0), first, last);
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

static int look_inside(struct sql *sql, sqlite3_stmt *hours, int64_t series, struct inside *inside,
		       struct err *err)
{
	int result;

	sqlite3_reset(hours);
	sqlite3_bind_int64(hours, 1, series);
	/* from the beginning of its day on: a day that was rolled up is a row there */
	sqlite3_bind_int64(hours, 2, inside->since_ms / HOUR_MS / 24 * 24);
	sqlite3_bind_int64(hours, 3, inside->until_ms / HOUR_MS);
	while ((result = sql_step(sql, hours, err)) > 0)
		if (!inside_take_hour(inside, hours))
			return err_set(err, EUCLEAN, "store '%s': minutes are damaged", sql->path);
	return result;
}

struct observation_query {
	struct sql *sql;
	const struct selection *selection;
	int64_t since_ms, until_ms;
	sqlite3_stmt *rows, *hours;
	query_observation_fn *each;
	void *context;
};

static bool holds_all(const struct observation_query *query, const struct observation *observation)
{
	return observation->first_ms >= query->since_ms && observation->last_ms <= query->until_ms;
}

static int give_row(struct observation_query *query, struct err *err)
{
	struct observation observation;
	struct inside inside = {
		.since_ms = query->since_ms, .until_ms = query->until_ms, .exact = true};

	row_observation(query->rows, &observation);
	if (observation.count == 0 || !match_observation(query->selection, &observation))
		return 0;
	if (holds_all(query, &observation))
		return query->each(&observation, query->context);
	int result = look_inside(query->sql, query->hours, sqlite3_column_int64(query->rows, 0),
				 &inside, err);

	if (result < 0 || inside.count == 0)
		return result;
	observation.count = inside.count;
	observation.count_exact = inside.exact;
	observation.first_ms = inside.first_ms;
	observation.last_ms = inside.last_ms;
	return query->each(&observation, query->context);
}

int query_observations(struct store *store, const struct selection *selection,
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
		.rows = row_observations(sql, err),
		.hours = sql_prepare(sql, hours_sql, err),
		.each = each,
		.context = context,
	};
	int result = query.rows && query.hours ? 0 : -err->code;

	if (result == 0) {
		sqlite3_bind_int64(query.rows, 1, query.since_ms);
		sqlite3_bind_int64(query.rows, 2, query.until_ms);
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

/* A syscall that a container made; sorted and counted once each. */
struct used {
	int64_t container;
	uint32_t arch;
	bool has_arch;
	int32_t nr;
};

struct sums {
	int64_t container;
	uint64_t records;
	int64_t first_ms, last_ms;
};

struct summary_query {
	struct used *used;
	size_t used_count, used_size;
	struct sums *sums; /* rows come ordered by container: the last one is at hand */
	size_t sums_count;
};

static int add_to_summary(const struct observation *observation, void *context)
{
	struct summary_query *query = context;

	if (!observation->container_row)
		return 0;
	if (query->used_count == query->used_size) {
		query->used_size = query->used_size ? query->used_size * 2 : 256;
		query->used = mem_resize(query->used, query->used_size * sizeof(*query->used));
	}
	query->used[query->used_count++] =
		(struct used){observation->container_row, observation->arch, observation->has_arch,
			      observation->nr};
	struct sums *sums = query->sums_count ? &query->sums[query->sums_count - 1] : NULL;

	if (!sums || sums->container != observation->container_row) {
		query->sums =
			mem_resize(query->sums, (query->sums_count + 1) * sizeof(*query->sums));
		sums = &query->sums[query->sums_count++];
		*sums = (struct sums){observation->container_row, 0, observation->first_ms,
				      observation->last_ms};
	}
	sums->records += observation->count;
	if (observation->first_ms < sums->first_ms)
		sums->first_ms = observation->first_ms;
	if (observation->last_ms > sums->last_ms)
		sums->last_ms = observation->last_ms;
	return 0;
}

static int compare_used(const void *left, const void *right)
{
	const struct used *a = left, *b = right;

	if (a->container != b->container)
		return a->container < b->container ? -1 : 1;
	if (a->has_arch != b->has_arch)
		return a->has_arch ? 1 : -1;
	if (a->arch != b->arch)
		return a->arch < b->arch ? -1 : 1;
	return a->nr < b->nr ? -1 : a->nr > b->nr;
}

static uint64_t count_syscalls(const struct summary_query *query, int64_t container)
{
	uint64_t count = 0;

	for (size_t i = 0; i < query->used_count; i++)
		if (query->used[i].container == container &&
		    (i == 0 || compare_used(&query->used[i - 1], &query->used[i]) != 0))
			count++;
	return count;
}

static void fill_summary(const struct summary_query *query, struct container_summary *summary)
{
	for (size_t i = 0; i < query->sums_count; i++) {
		const struct sums *sums = &query->sums[i];

		if (sums->container != summary->container_row)
			continue;
		summary->has_records = true;
		summary->records = sums->records;
		summary->first_ms = sums->first_ms;
		summary->last_ms = sums->last_ms;
		summary->syscalls = count_syscalls(query, sums->container);
		return;
	}
}

static int give_containers(struct sql *sql, const struct selection *selection,
			   const struct summary_query *query, query_container_fn *each,
			   void *context, struct err *err)
{
	sqlite3_stmt *rows = row_containers(sql, err);
	int result;

	if (!rows)
		return -err->code;
	while ((result = sql_step(sql, rows, err)) > 0) {
		struct container_summary summary = {
			.container_row = sqlite3_column_int64(rows, 0),
			.node = sql_column_name(rows, 1),
		};

		row_container(rows, 2, &summary.container);
		row_profile(rows, 11, &summary.container);
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

int query_containers(struct store *store, const struct selection *selection,
		     query_container_fn *each, void *context, struct err *err)
{
	struct summary_query query = {0};
	int result = query_observations(store, selection, add_to_summary, &query, err);

	if (query.used_count)
		qsort(query.used, query.used_count, sizeof(*query.used), compare_used);
	struct sql *sql = result == 0 ? store_asking(store, err) : NULL;

	if (result == 0)
		result = sql ? give_containers(sql, selection, &query, each, context, err)
			     : -err->code;
	free(query.used);
	free(query.sums);
	return result;
}
