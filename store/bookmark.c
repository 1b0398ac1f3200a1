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
	sqlite3_reset(rows);
	return result;
}

int bookmark_take(struct store *store, int64_t now_ms, struct bookmark *ret_mark, struct err *err)
{
	struct sql *sql = &store->sql;
	int result = sql_run(sql, "BEGIN", err);

	*ret_mark = (struct bookmark){.at_ms = now_ms};
	if (result < 0)
		return result;
	return add_all(sql,
		       sql_get(sql,
			       "SELECT series, sum(count), max(last) FROM hour"
			       " GROUP BY series ORDER BY series",
			       err),
		       ret_mark, err);
}

static int find_time(struct sql *sql, const char *name, int64_t *ret_ms, struct err *err)
{
	sqlite3_stmt *find = SQL_PREPARE(sql, "SELECT at FROM bookmark WHERE name = ?1", err,
					 sql_bytes(str_from(name)));
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
	result = add_all(sql,
			 SQL_GET(sql,
				 "SELECT series, count, last FROM bookmark_series WHERE"
				 " name = ?1 ORDER BY series",
				 err, sql_bytes(str_from(name))),
			 ret_mark, err);
	return result < 0 ? result : 1;
}

static int put_series(struct sql *sql, const char *name, const struct bookmark *mark,
		      struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < mark->count && result == 0; i++)
		result = SQL_DO(sql,
				"INSERT INTO bookmark_series (name, series, count, last)"
				" VALUES (?1, ?2, ?3, ?4)",
				err, sql_bytes(str_from(name)), sql_int(mark->series[i].series),
				sql_int(mark->series[i].count), sql_int(mark->series[i].last_ms));
	return result;
}

/* One statement whose ?1 is the name, ?2 the time if it has one. */
static int run_named(struct sql *sql, const char *text, const char *name,
		     const struct bookmark *mark, struct err *err)
{
	return SQL_DO(sql, text, err, sql_bytes(str_from(name)), sql_int(mark->at_ms));
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
