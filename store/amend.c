#include "store/amend.h"

#include "base/mem.h"
#include "store/match.h"
#include "store/revision.h"
#include "store/row.h"

#include <stdlib.h>

/* Hours of a series that are looked at before any of them is changed. */
#define HOURS_AT_ONCE 256

void amend_release(struct amend *amend)
{
	free(amend->all);
	*amend = (struct amend){0};
}

static int64_t floor_minute(int64_t ms)
{
	return ms / MINUTE_MS - (ms % MINUTE_MS < 0);
}

void amend_add(struct amend *amend, const struct amended *one)
{
	amend->all = mem_more(amend->all, amend->count, sizeof(*amend->all));
	amend->all[amend->count++] = *one;
}

/* Series with events in the window, those of a container together. */
static const char series_sql[] =
	"SELECT s.id, s.node, n.name, s.attribution, s.arch, s.nr, s.code, p.comm, p.exe, c.id,"
	" " ROW_CONTAINER
	" FROM series s JOIN node n ON n.id = s.node JOIN program p ON p.id = s.program"
	" LEFT JOIN container c ON c.id = s.container WHERE EXISTS (SELECT 1 FROM hour"
	" WHERE hour.series = s.id AND hour.last >= ?1 AND hour.first <= ?2)"
	" ORDER BY s.container, s.id";

/* What of a row a selection can ask for. */
static void read_row(sqlite3_stmt *row, struct observation *observation)
{
	int64_t attribution = sqlite3_column_int64(row, 3);

	*observation = (struct observation){
		.node = sql_column_name(row, 2),
		.attribution = attribution >= 0 && attribution <= ATTRIBUTION_UNATTRIBUTED
				       ? (enum attribution)attribution
				       : ATTRIBUTION_UNATTRIBUTED,
		.has_arch = sqlite3_column_type(row, 4) != SQLITE_NULL,
		.arch = (uint32_t)sqlite3_column_int64(row, 4),
		.nr = sqlite3_column_int(row, 5),
		.code = (uint32_t)sqlite3_column_int64(row, 6),
		.comm = sql_column_name(row, 7),
		.exe = sql_column_name(row, 8),
		.container_row = sqlite3_column_int64(row, 9),
	};
	if (observation->container_row)
		row_container(row, 10, &observation->container);
}

/* Containers that have no records: a selection of containers alone means them, too. */
static int list_silent(struct amend *amend, struct err *err)
{
	static const char text[] =
		"SELECT c.id, c.node, n.name, " ROW_CONTAINER " FROM container c JOIN node n"
		" ON n.id = c.node WHERE NOT EXISTS (SELECT 1 FROM series WHERE container = c.id)"
		" ORDER BY c.id";
	sqlite3_stmt *rows = sql_prepare(amend->sql, text, err);
	struct container container;
	int result;

	while ((result = sql_step(amend->sql, rows, err)) > 0) {
		container = (struct container){.id = {NULL, 0}};
		row_container(rows, 3, &container);
		if (match_container(amend->selection, &container, sql_column_name(rows, 2)))
			amend_add(amend, &(struct amended){0, sqlite3_column_int64(rows, 1),
							   sqlite3_column_int64(rows, 0)});
	}
	sqlite3_finalize(rows);
	return result;
}

/* Whether it asks for nothing that only records have. */
static bool is_of_containers(const struct selection *selection)
{
	bool named = selection->container.count || selection->image.count || selection->pod.count ||
		     selection->namespace.count || selection->workload.count;

	return named && !selection->comm.count && !selection->exe.count &&
	       !selection->syscall.count && !selection->arch.count && !selection->action.count &&
	       !selection->has_since && !selection->has_until;
}

int amend_list(struct amend *amend, struct sql *sql, const struct selection *selection,
	       struct err *err)
{
	*amend = (struct amend){
		.sql = sql,
		.selection = selection,
		.since_minute =
			selection->has_since ? floor_minute(selection->since_ms) : INT32_MIN,
		.until_minute = selection->has_until ? floor_minute(selection->until_ms)
						     : INT64_MAX / MINUTE_MS - 1,
	};
	sqlite3_stmt *rows =
		SQL_PREPARE(sql, series_sql, err, sql_int(amend->since_minute * MINUTE_MS),
			    sql_int(amend->until_minute * MINUTE_MS + MINUTE_MS - 1));
	struct observation observation;
	int result;

	while ((result = sql_step(sql, rows, err)) > 0) {
		read_row(rows, &observation);
		if (match_observation(selection, &observation))
			amend_add(amend, &(struct amended){sqlite3_column_int64(rows, 0),
							   sqlite3_column_int64(rows, 1),
							   observation.container_row});
	}
	sqlite3_finalize(rows);
	return result == 0 && is_of_containers(selection) ? list_silent(amend, err) : result;
}

uint64_t amend_minutes(const struct amend *amend, int64_t hour)
{
	uint64_t minutes = 0;

	for (int64_t i = 0; i < 60; i++)
		if (hour * 60 + i >= amend->since_minute && hour * 60 + i <= amend->until_minute)
			minutes |= (uint64_t)1 << i;
	return minutes;
}

bool amend_holds(const struct amend *amend, const struct hour *hour)
{
	return floor_minute(hour->first_ms) >= amend->since_minute &&
	       floor_minute(hour->last_ms) <= amend->until_minute;
}

static int list_hours(const struct amend *amend, int64_t series, int64_t from,
		      int64_t hours[HOURS_AT_ONCE], size_t *ret_count, struct err *err)
{
	sqlite3_stmt *list = SQL_PREPARE(amend->sql,
					 "SELECT hour FROM hour WHERE series = ?1 AND hour >= ?2"
					 " AND hour <= ?3 ORDER BY hour LIMIT ?4",
					 err, sql_int(series), sql_int(from),
					 sql_int(amend->until_minute / 60), sql_int(HOURS_AT_ONCE));
	size_t count = 0;
	int result;

	while ((result = sql_step(amend->sql, list, err)) > 0)
		hours[count++] = sqlite3_column_int64(list, 0);
	sqlite3_finalize(list);
	*ret_count = count;
	return result;
}

int amend_hours(const struct amend *amend, int64_t series, amend_hour_fn *each, void *context,
		struct err *err)
{
	/* from the beginning of its day on: a day that was rolled up is a row there */
	int64_t from = amend->since_minute / (24 * 60) * 24, hours[HOURS_AT_ONCE];
	struct hour hour;
	size_t count;
	int result;

	do {
		result = list_hours(amend, series, from, hours, &count, err);
		for (size_t i = 0; i < count && result == 0; i++) {
			result = hour_load(amend->sql, series, hours[i], &hour, err);
			if (result == 0)
				result = each(context, hours[i], &hour, err);
			from = hours[i] + 1;
		}
	} while (result == 0 && count == HOURS_AT_ONCE);
	return result;
}

/* Runs a statement with a number; adds how many rows it changed. */
static int change(struct sql *sql, const char *text, int64_t number, uint64_t *changed,
		  struct err *err)
{
	sqlite3_stmt *statement = SQL_PREPARE(sql, text, err, sql_int(number));
	int result = sql_done(sql, statement, err);

	sqlite3_finalize(statement);
	if (result == 0)
		*changed += (uint64_t)sqlite3_changes(sql->db);
	return result;
}

int amend_drop_empty(struct amend *amend, uint64_t *ret_series, uint64_t *ret_containers,
		     struct err *err)
{
	static const char drop_series[] = "DELETE FROM series WHERE id = ?1 AND NOT EXISTS"
					  " (SELECT 1 FROM hour WHERE series = ?1)";
	static const char drop_container[] = "DELETE FROM container WHERE id = ?1 AND NOT EXISTS"
					     " (SELECT 1 FROM series WHERE container = ?1)";
	static const char drop_in_force[] =
		"DELETE FROM in_force WHERE container = ?1 AND NOT EXISTS"
		" (SELECT 1 FROM container WHERE id = ?1)";
	static const char drop_lifetime[] = "UPDATE lifetime SET container = NULL WHERE"
					    " container = ?1 AND NOT EXISTS"
					    " (SELECT 1 FROM container WHERE id = ?1)";
	uint64_t other = 0;
	int result = 0;

	*ret_series = *ret_containers = 0;
	for (size_t i = 0; i < amend->count && result == 0; i++)
		result = change(amend->sql, drop_series, amend->all[i].series, ret_series, err);
	for (size_t i = 0; i < amend->count && result == 0; i++) {
		int64_t container = amend->all[i].container;

		if (!container || (i > 0 && container == amend->all[i - 1].container))
			continue;
		result = change(amend->sql, drop_container, container, ret_containers, err);
		if (result == 0)
			result = change(amend->sql, drop_in_force, container, &other, err);
		if (result == 0)
			result = change(amend->sql, drop_lifetime, container, &other, err);
	}
	if (result == 0 && *ret_series)
		result = revision_send_all(amend->sql, err);
	if (result == 0 && *ret_series)
		result = sql_run(amend->sql,
				 "DELETE FROM program WHERE NOT EXISTS"
				 " (SELECT 1 FROM series WHERE series.program = program.id)",
				 err);
	return result;
}
