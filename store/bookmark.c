#include "store/bookmark.h"

#include "base/mem.h"
#include "store/internal.h"

#include <errno.h>
#include <stdlib.h>

void bookmark_release(struct bookmark *mark)
{
	free(mark->series);
	*mark = (struct bookmark){0};
}

static void add(struct bookmark *mark, sqlite3_stmt *row)
{
	mark->series = mem_more(mark->series, mark->count, sizeof(*mark->series));
	mark->series[mark->count++] = (struct bookmark_series){
		.series = sqlite3_column_int64(row, 0),
		.count = (uint64_t)sqlite3_column_int64(row, 1),
		.last_ms = sql_column_ms(row, 2),
	};
}

static int add_all(struct sql *sql, sqlite3_stmt *rows, struct bookmark *mark, struct err *err)
{
	int result;

	while ((result = sql_step(sql, rows, err)) > 0)
		add(mark, rows);
	return result;
}

int bookmark_take(struct store *store, int64_t now_ms, struct bookmark *ret_mark, struct err *err)
{
	struct sql *sql = &store->sql;
	int result = sql_run(sql, "BEGIN", err);
	sqlite3_stmt *rows = result < 0
				     ? NULL
				     : sql_prepare(sql,
						   "SELECT series, sum(count), max(last) FROM hour"
						   " GROUP BY series ORDER BY series",
						   err);

	*ret_mark = (struct bookmark){.at_ms = now_ms};
	if (!rows)
		return -err->code;
	result = add_all(sql, rows, ret_mark, err);
	sqlite3_finalize(rows);
	return result;
}

static int find_time(struct sql *sql, const char *name, int64_t *ret_ms, struct err *err)
{
	sqlite3_stmt *find = sql_prepare(sql, "SELECT at FROM bookmark WHERE name = ?1", err);

	if (!find)
		return -err->code;
	sql_bind_bytes(find, 1, str_from(name));
	int result = sql_step(sql, find, err);

	*ret_ms = result > 0 ? sql_column_ms(find, 0) : 0;
	sqlite3_finalize(find);
	return result;
}

int bookmark_find(struct store *store, const char *name, struct bookmark *ret_mark, struct err *err)
{
	struct sql *sql = &store->sql;
	int64_t at_ms = 0;
	int result = sql->schema < 3 ? 0 : find_time(sql, name, &at_ms, err);

	*ret_mark = (struct bookmark){.at_ms = at_ms};
	if (result <= 0)
		return result;
	sqlite3_stmt *rows = sql_prepare(sql,
					 "SELECT series, count, last FROM bookmark_series WHERE"
					 " name = ?1 ORDER BY series",
					 err);

	if (!rows)
		return -err->code;
	sql_bind_bytes(rows, 1, str_from(name));
	result = add_all(sql, rows, ret_mark, err);
	sqlite3_finalize(rows);
	return result < 0 ? result : 1;
}

static int put_series(struct sql *sql, const char *name, const struct bookmark *mark,
		      struct err *err)
{
	sqlite3_stmt *put = sql_prepare(sql,
					"INSERT INTO bookmark_series (name, series, count, last)"
					" VALUES (?1, ?2, ?3, ?4)",
					err);
	int result = put ? 0 : -err->code;

	for (size_t i = 0; i < mark->count && result == 0; i++) {
		sqlite3_reset(put);
		sql_bind_bytes(put, 1, str_from(name));
		sqlite3_bind_int64(put, 2, mark->series[i].series);
		sqlite3_bind_int64(put, 3, (int64_t)mark->series[i].count);
		sqlite3_bind_int64(put, 4, mark->series[i].last_ms);
		result = sql_done(sql, put, err);
	}
	sqlite3_finalize(put);
	return result;
}

/* One statement whose ?1 is the name, ?2 the time if it has one. */
static int run_named(struct sql *sql, const char *text, const char *name,
		     const struct bookmark *mark, struct err *err)
{
	sqlite3_stmt *run = sql_prepare(sql, text, err);

	if (!run)
		return -err->code;
	sql_bind_bytes(run, 1, str_from(name));
	if (sqlite3_bind_parameter_count(run) > 1)
		sqlite3_bind_int64(run, 2, mark->at_ms);
	int result = sql_done(sql, run, err);

	sqlite3_finalize(run);
	return result;
}

int bookmark_put(struct store *store, const char *name, const struct bookmark *mark,
		 struct err *err)
{
	struct sql *sql = &store->sql;
	int result = sql_run(sql, "BEGIN IMMEDIATE", err);

	if (result < 0)
		return result;
	result = run_named(sql, "INSERT OR REPLACE INTO bookmark (name, at) VALUES (?1, ?2)", name,
			   mark, err);
	if (result == 0)
		result = run_named(sql, "DELETE FROM bookmark_series WHERE name = ?1", name, mark,
				   err);
	if (result == 0)
		result = put_series(sql, name, mark, err);
	if (result == 0)
		return sql_run(sql, "COMMIT", err);
	sqlite3_exec(sql->db, "ROLLBACK", NULL, NULL, NULL);
	return result;
}

static int compare_series(const void *key, const void *member)
{
	int64_t series = *(const int64_t *)key;
	const struct bookmark_series *at = member;

	return series < at->series ? -1 : series > at->series;
}

uint64_t bookmark_before(const struct bookmark *mark, const struct observation *observation)
{
	const struct bookmark_series *found =
		mark->count ? bsearch(&observation->series, mark->series, mark->count,
				      sizeof(*mark->series), compare_series)
			    : NULL;

	/* A number may be given again once a series was dropped: then it begins after the mark. */
	if (!found || found->count > observation->count || observation->first_ms > found->last_ms)
		return 0;
	return found->count;
}
