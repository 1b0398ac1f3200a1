#include "store/received.h"

#include "base/buf.h"
#include "store/day.h"
#include "store/hour.h"
#include "store/internal.h"

#include <errno.h>

int share_bad(struct err *err, const char *what)
{
	return err_set(err, EUCLEAN, "damaged or forged: %s", what);
}

/* Whether it goes on from what is known of the sender. */
static int follow(struct received *received, bool same, int64_t generation, int64_t revision,
		  struct err *err)
{
	const struct share_head *head = received->head;

	received->knows = same && head->revision <= revision;
	received->goes_on = same;
	received->generation = same ? generation : generation + 1;
	if (received->knows || head->since == 0 || (same && head->since <= revision))
		return 0;
	return err_set(err, ESTALE, SHARE_STALE, head->name, head->since, "the store",
		       same ? revision : 0);
}

/* Whoever is not believed is not the sender that it says it is. */
static void name_sender(const struct received *received, struct buf *name)
{
	buf_format(name, "%s%s", received->foreign ? "text:" : "", received->head->name);
}

int received_find_sender(struct received *received, struct err *err)
{
	BUF_AUTO name = {0};

	name_sender(received, &name);
	sqlite3_stmt *find = SQL_GET(
		received->sql, "SELECT uuid, generation, revision FROM sender WHERE name = ?1", err,
		sql_text(buf_str(&name)));
	int result = sql_step(received->sql, find, err);

	if (result >= 0)
		result = follow(received,
				result > 0 && str_eq(sql_column_bytes(find, 0),
						     str_from(received->head->uuid)),
				result > 0 ? sqlite3_column_int64(find, 1) : 0,
				result > 0 ? sqlite3_column_int64(find, 2) : 0, err);
	sqlite3_reset(find);
	return result;
}

int received_put_sender(struct received *received, struct err *err)
{
	BUF_AUTO name = {0};

	name_sender(received, &name);
	int result = sql_find(
		received->sql,
		SQL_GET(received->sql,
			"INSERT INTO sender (name, uuid, generation, revision)"
			" VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO UPDATE SET"
			" uuid = excluded.uuid, generation = excluded.generation,"
			" revision = excluded.revision RETURNING id",
			err, sql_text(buf_str(&name)), sql_text(str_from(received->head->uuid)),
			sql_int(received->generation), sql_int(received->head->revision)),
		&received->sender, err);

	return result < 0 ? result : 0;
}

/* An hour row's of that day. */
#define OF_DAY "series = ?1 AND hour >= ?2 * 24 AND hour < ?2 * 24 + 24"

static int drop_hours(struct received *received, const struct received_day *day, struct err *err)
{
	return SQL_DO(received->sql, "DELETE FROM hour WHERE " OF_DAY, err, sql_int(day->series),
		      sql_int(day->day));
}

static int note_overlap(struct received *received, const struct received_day *day, struct err *err)
{
	const struct loss_note note = {.kind = LOSS_OVERLAP,
				       .ms = day->day * STORE_DAY_MS,
				       .detail = str_from(received->head->name)};
	int64_t node = 0;
	int result = sql_find(received->sql,
			      SQL_GET(received->sql, "SELECT node FROM series WHERE id = ?1", err,
				      sql_int(day->series)),
			      &node, err);

	return result < 0 ? result : loss_put(received->sql, node, &note, 0, err);
}

/* Was what is here of the day received, and of the same store? */
static int comes_from(struct received *received, const struct received_day *day, bool *ret_received,
		      bool *ret_same, struct err *err)
{
	sqlite3_stmt *find =
		SQL_GET(received->sql,
			"SELECT sender, generation FROM received WHERE series = ?1 AND day = ?2",
			err, sql_int(day->series), sql_int(day->day));
	int result = sql_step(received->sql, find, err);

	*ret_received = result > 0;
	*ret_same = result > 0 && sqlite3_column_int64(find, 0) == received->sender &&
		    sqlite3_column_int64(find, 1) == received->generation;
	sqlite3_reset(find);
	return result < 0 ? result : 0;
}

static int replaces(struct received *received, const struct received_day *day, struct err *err)
{
	bool is_received, is_same;
	int64_t ours = 0;
	int result = comes_from(received, day, &is_received, &is_same, err);

	if (result < 0 || is_same)
		return result < 0 ? result : 1;
	result = sql_find(received->sql,
			  SQL_GET(received->sql, "SELECT sum(count) FROM hour WHERE " OF_DAY, err,
				  sql_int(day->series), sql_int(day->day)),
			  &ours, err);
	if (result >= 0 && ours && !is_received)
		result = note_overlap(received, day, err);
	if (result < 0 || (ours && received->foreign))
		return result < 0 ? result : 0;
	return day->count >= ours;
}

static int put_hours(struct received *received, const struct received_day *day, struct err *err)
{
	struct str packed = day->hours;
	struct day_hour hour;
	int more;

	while ((more = day_take(&packed, day->day, &hour)) > 0) {
		const struct sql_value row[ROWS_COLUMNS] = {
			sql_int(day->series),
			sql_int(hour.hour),
			sql_int((int64_t)hour.count),
			sql_int(hour.first_ms),
			sql_int(hour.last_ms),
			hour.rolled_up ? (struct sql_value){.type = SQL_NULL}
				       : sql_blob(hour.minutes),
		};
		int result = hour_put(received->sql, row, err);

		if (result < 0)
			return result;
	}
	return more < 0 ? share_bad(err, "the hours of a day are not valid") : 0;
}

int received_copy_sum(struct received *received, const struct received_sum *sum, struct err *err)
{
	const struct sql_value row[ROWS_COLUMNS] = {
		sql_int(sum->series),  sql_int(sum->first_ms / HOUR_MS / 24 * 24),
		sql_int(sum->count),   sql_int(sum->first_ms),
		sql_int(sum->last_ms), {.type = SQL_NULL},
	};

	return hour_put(received->sql, row, err);
}

int received_copy_day(struct received *received, const struct received_day *day, struct err *err)
{
	/* a copy that is sent on has to say that nothing is left of the day */
	int result = day->hours.n ? 0
				  : SQL_DO(received->sql,
					   "INSERT OR REPLACE INTO changed (series, day, revision)"
					   " VALUES (?1, ?2, 0)",
					   err, sql_int(day->series), sql_int(day->day));

	return result < 0 ? result : put_hours(received, day, err);
}

int received_put_day(struct received *received, const struct received_day *day, struct err *err)
{
	int result = replaces(received, day, err);

	if (result <= 0)
		return result;
	result = drop_hours(received, day, err);
	if (result == 0)
		result = SQL_DO(received->sql,
				"INSERT OR REPLACE INTO received (series, day, sender, generation,"
				" revision) VALUES (?1, ?2, ?3, ?4, ?5)",
				err, sql_int(day->series), sql_int(day->day),
				sql_int(received->sender), sql_int(received->generation),
				sql_int(received->head->revision));
	return result < 0 ? result : put_hours(received, day, err);
}

int received_drop_gone(struct received *received, struct err *err)
{
	const struct share_head *head = received->head;
	/* of before everything was sent anew */
	sqlite3_stmt *list =
		SQL_GET(received->sql,
			"SELECT series, day FROM received WHERE sender = ?1 AND generation = ?2"
			" AND revision < ?3 AND day >= ?4",
			err, sql_int(received->sender), sql_int(received->generation),
			sql_int(head->revision), sql_int(head->first_day));
	int result = 0;

	while (result >= 0 && (result = sql_step(received->sql, list, err)) > 0) {
		const struct received_day day = {.series = sqlite3_column_int64(list, 0),
						 .day = sqlite3_column_int64(list, 1)};

		result = drop_hours(received, &day, err);
	}
	sqlite3_reset(list);
	return result;
}
