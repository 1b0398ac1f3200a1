#include "store/hour.h"

#include "store/revision.h"
#include "store/statements.h"

#include <errno.h>

#define HOUR_COLUMNS 6

static void total_add(struct hour *hour, uint64_t count, int64_t first_ms, int64_t last_ms)
{
	if (hour->count == 0 || first_ms < hour->first_ms)
		hour->first_ms = first_ms;
	if (hour->count == 0 || last_ms > hour->last_ms)
		hour->last_ms = last_ms;
	hour->count += count;
}

int hour_load(struct sql *sql, int64_t series, int64_t number, struct hour *hour, struct err *err)
{
	sqlite3_stmt *find = SQL_GET(sql, HOUR_FIND, err, sql_int(series), sql_int(number));

	*hour = (struct hour){.count = 0};
	int result = sql_step(sql, find, err);

	if (result > 0) {
		hour->on_file = true;
		hour->rolled_up = sqlite3_column_type(find, 0) == SQLITE_NULL;
		hour->count = (uint64_t)sqlite3_column_int64(find, 1);
		hour->first_ms = sql_column_ms(find, 2);
		hour->last_ms = sql_column_ms(find, 3);
		if (!hour->rolled_up && !minutes_unpack(sql_column_bytes(find, 0), &hour->minutes))
			result =
				err_set(err, EUCLEAN, "store '%s': minutes are damaged", sql->path);
	}
	sqlite3_reset(find);
	return result < 0 ? result : 0;
}

void hour_add(struct hour *hour, int64_t minute, uint64_t count, uint32_t first, uint32_t last)
{
	int64_t base = minute * MINUTE_MS;

	minute_add(&hour->minutes.minute[minute % 60], count, first, last);
	total_add(hour, count, base + first, base + last);
}

uint64_t hour_take(struct hour *hour, int64_t number, unsigned minute, uint64_t most)
{
	struct minute *from = &hour->minutes.minute[minute];
	uint64_t taken = from->count < most ? from->count : most;

	if (hour->rolled_up || taken == 0)
		return 0;
	from->count -= taken;
	hour->count = 0;
	for (int i = 0; i < 60; i++) {
		const struct minute *left = &hour->minutes.minute[i];
		int64_t base = number * HOUR_MS + i * MINUTE_MS;

		if (left->count)
			total_add(hour, left->count, base + left->first, base + left->last);
	}
	return taken;
}

int hour_is_noted(struct sql *sql, struct err *err)
{
	int64_t revision;
	int result = revision_meta(sql, "revision", &revision, err);

	return result < 0 ? result : revision != 0;
}

int hour_note(struct sql *sql, int64_t series, int64_t number, struct err *err)
{
	return SQL_DO(sql, /* nothing in a store that was never sent anywhere: it has no revision */
		      "INSERT INTO changed (series, day, revision)"
		      " SELECT ?1, ?2, value FROM meta WHERE key = 'revision'"
		      " ON CONFLICT (series, day) DO UPDATE SET revision = excluded.revision"
		      " WHERE revision <> excluded.revision",
		      err, sql_int(series), sql_int(number / 24));
}

static int hour_drop(struct sql *sql, int64_t series, int64_t number, struct err *err)
{
	return SQL_DO(sql, "DELETE FROM hour WHERE series = ?1 AND hour = ?2", err, sql_int(series),
		      sql_int(number));
}

void hour_row(int64_t series, int64_t number, const struct hour *hour, struct buf *packed,
	      struct sql_value row[ROWS_COLUMNS])
{
	row[0] = sql_int(series);
	row[1] = sql_int(number);
	row[2] = sql_int((int64_t)hour->count);
	row[3] = sql_int(hour->first_ms);
	row[4] = sql_int(hour->last_ms);
	row[5] = (struct sql_value){.type = SQL_NULL};
	if (hour->rolled_up)
		return;
	buf_clear(packed);
	minutes_pack(&hour->minutes, packed);
	row[5] = sql_blob(buf_str(packed));
}

int hour_put(struct sql *sql, const struct sql_value row[ROWS_COLUMNS], struct err *err)
{
	return sql_done(
		sql,
		sql_bind(
			sql_get(sql, /* no REPLACE: that would write the index on hours anew */
				"INSERT INTO hour (series, hour, count, first, last, minutes)"
				" VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (series, hour) DO UPDATE SET"
				" count = excluded.count, first = excluded.first, last = excluded.last,"
				" minutes = excluded.minutes",
				err),
			1, row, HOUR_COLUMNS),
		err);
}

int hour_write(struct sql *sql, int64_t series, int64_t number, const struct hour *hour,
	       struct buf *packed, struct err *err)
{
	struct sql_value row[ROWS_COLUMNS];
	int result = hour_note(sql, series, number, err);

	if (result < 0 || hour->count == 0)
		return result < 0 ? result : hour_drop(sql, series, number, err);
	hour_row(series, number, hour, packed, row);
	return hour_put(sql, row, err);
}
