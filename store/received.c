#include "store/received.h"

#include "base/buf.h"
#include "store/day.h"

#include <errno.h>

static const char *const texts[RECEIVED_SQL_COUNT] = {
	[RECEIVED_SENDER_FIND] =
		"SELECT id, uuid, generation, revision FROM sender WHERE name = ?1",
	[RECEIVED_SENDER_PUT] = "INSERT INTO sender (name, uuid, generation, revision)"
				" VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO UPDATE SET"
				" uuid = excluded.uuid, generation = excluded.generation,"
				" revision = excluded.revision RETURNING id",
	[RECEIVED_FIND] = "SELECT sender, generation FROM received WHERE series = ?1 AND day = ?2",
	[RECEIVED_COUNT] = "SELECT sum(count) FROM hour WHERE series = ?1 AND hour >= ?2 * 24"
			   " AND hour < ?2 * 24 + 24",
	[RECEIVED_DROP] = "DELETE FROM hour WHERE series = ?1 AND hour >= ?2 * 24"
			  " AND hour < ?2 * 24 + 24",
	[RECEIVED_PUT] = "INSERT OR REPLACE INTO received (series, day, sender, generation,"
			 " revision) VALUES (?1, ?2, ?3, ?4, ?5)",
	[RECEIVED_EMPTY] =
		"INSERT OR REPLACE INTO changed (series, day, revision) VALUES (?1, ?2, 0)",
	/* of before everything was sent anew */
	[RECEIVED_GONE] = "SELECT series, day FROM received WHERE sender = ?1 AND generation = ?2"
			  " AND revision < ?3 AND day >= ?4",
};

int share_bad(struct err *err, const char *what)
{
	return err_set(err, EUCLEAN, "damaged or forged: %s", what);
}

void received_release(struct received *received)
{
	for (size_t i = 0; i < RECEIVED_SQL_COUNT; i++)
		sqlite3_finalize(received->statements[i]);
}

void received_reset(struct received *received)
{
	for (size_t i = 0; i < RECEIVED_SQL_COUNT; i++)
		sqlite3_reset(received->statements[i]);
}

/* A statement with numbers, to be stepped; NULL with an error. */
static sqlite3_stmt *get(struct received *received, enum received_sql id, const int64_t *numbers,
			 int count, struct err *err)
{
	sqlite3_stmt **statement = &received->statements[id];

	if (!*statement)
		*statement = sql_prepare(received->sql, texts[id], err);
	if (!*statement)
		return NULL;
	sqlite3_reset(*statement);
	for (int i = 0; i < count; i++)
		sqlite3_bind_int64(*statement, i + 1, numbers[i]);
	return *statement;
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
static void bind_sender(sqlite3_stmt *statement, const struct received *received)
{
	BUF_AUTO name = {0};

	buf_format(&name, "%s%s", received->foreign ? "text:" : "", received->head->name);
	sqlite3_bind_text(statement, 1, name.p, (int)name.n, SQLITE_TRANSIENT);
}

int received_find_sender(struct received *received, struct err *err)
{
	sqlite3_stmt *find = get(received, RECEIVED_SENDER_FIND, NULL, 0, err);

	if (!find)
		return -err->code;
	bind_sender(find, received);
	int result = sql_step(received->sql, find, err);

	if (result >= 0)
		result = follow(received,
				result > 0 && str_eq(sql_column_bytes(find, 1),
						     str_from(received->head->uuid)),
				result > 0 ? sqlite3_column_int64(find, 2) : 0,
				result > 0 ? sqlite3_column_int64(find, 3) : 0, err);
	sqlite3_reset(find);
	return result;
}

int received_put_sender(struct received *received, struct err *err)
{
	sqlite3_stmt *put = get(received, RECEIVED_SENDER_PUT, NULL, 0, err);

	if (!put)
		return -err->code;
	bind_sender(put, received);
	sqlite3_bind_text(put, 2, received->head->uuid, -1, SQLITE_STATIC);
	sqlite3_bind_int64(put, 3, received->generation);
	sqlite3_bind_int64(put, 4, received->head->revision);
	int result = sql_step(received->sql, put, err);

	if (result > 0)
		received->sender = sqlite3_column_int64(put, 0);
	sqlite3_reset(put);
	return result < 0 ? result : 0;
}

/* Runs it, of a day: 1 and the first columns of its row, 0 where it gives none. */
static int run(struct received *received, enum received_sql id, const struct received_day *day,
	       int64_t ret_numbers[2], struct err *err)
{
	const int64_t numbers[] = {day->series, day->day, received->sender, received->generation,
				   received->head->revision};
	sqlite3_stmt *statement = get(received, id, numbers, id == RECEIVED_PUT ? 5 : 2, err);

	if (!statement)
		return -err->code;
	int result = sql_step(received->sql, statement, err);

	for (int i = 0; result > 0 && i < sqlite3_column_count(statement); i++)
		ret_numbers[i] = sqlite3_column_int64(statement, i);
	sqlite3_reset(statement);
	return result;
}

static int note_overlap(struct received *received, const struct received_day *day, struct err *err)
{
	sqlite3_stmt *node =
		sql_prepare(received->sql, "SELECT node FROM series WHERE id = ?1", err);
	sqlite3_stmt *put = node ? sql_get(received->sql, SQL_LOSS_PUT, err) : NULL;
	int64_t number = 0;

	if (!put) {
		sqlite3_finalize(node);
		return -err->code;
	}
	sqlite3_bind_int64(node, 1, day->series);
	if (sql_step(received->sql, node, err) > 0)
		number = sqlite3_column_int64(node, 0);
	sqlite3_finalize(node);
	sqlite3_bind_int64(put, 1, number);
	sqlite3_bind_int(put, 2, LOSS_OVERLAP);
	sqlite3_bind_int64(put, 3, day->day * STORE_DAY_MS);
	sqlite3_bind_int64(put, 4, 0);
	sqlite3_bind_int64(put, 5, 0);
	sqlite3_bind_text(put, 6, received->head->name, -1, SQLITE_STATIC);
	return sql_done(received->sql, put, err);
}

static int replaces(struct received *received, const struct received_day *day, struct err *err)
{
	int64_t known[2], ours[2] = {0};
	int result = run(received, RECEIVED_FIND, day, known, err);

	if (result < 0)
		return result;
	bool is_received = result > 0;

	if (is_received && known[0] == received->sender && known[1] == received->generation)
		return 1;
	result = run(received, RECEIVED_COUNT, day, ours, err);
	if (result >= 0 && ours[0] && !is_received)
		result = note_overlap(received, day, err);
	if (result < 0 || (ours[0] && received->foreign))
		return result < 0 ? result : 0;
	return day->count >= ours[0];
}

static int put_hours(struct received *received, const struct received_day *day, struct err *err)
{
	struct str packed = day->hours;
	struct day_hour hour;
	int more;

	while ((more = day_take(&packed, day->day, &hour)) > 0) {
		sqlite3_stmt *put = sql_get(received->sql, SQL_HOUR_PUT, err);

		if (!put)
			return -err->code;
		sqlite3_bind_int64(put, 1, day->series);
		sqlite3_bind_int64(put, 2, hour.hour);
		sqlite3_bind_int64(put, 3, (int64_t)hour.count);
		sqlite3_bind_int64(put, 4, hour.first_ms);
		sqlite3_bind_int64(put, 5, hour.last_ms);
		if (!hour.rolled_up)
			sqlite3_bind_blob(put, 6, hour.minutes.p, (int)hour.minutes.n,
					  SQLITE_STATIC);
		int result = sql_done(received->sql, put, err);

		if (result < 0)
			return result;
	}
	return more < 0 ? share_bad(err, "a day's hours are none") : 0;
}

int received_copy_day(struct received *received, const struct received_day *day, struct err *err)
{
	/* a copy that is sent on has to say that nothing is left of the day */
	int result = day->hours.n ? 0 : run(received, RECEIVED_EMPTY, day, NULL, err);

	return result < 0 ? result : put_hours(received, day, err);
}

int received_put_day(struct received *received, const struct received_day *day, struct err *err)
{
	int result = replaces(received, day, err);

	if (result <= 0)
		return result;
	result = run(received, RECEIVED_DROP, day, NULL, err);
	if (result >= 0)
		result = run(received, RECEIVED_PUT, day, NULL, err);
	return result < 0 ? result : put_hours(received, day, err);
}

int received_drop_gone(struct received *received, struct err *err)
{
	const struct share_head *head = received->head;
	const int64_t numbers[] = {received->sender, received->generation, head->revision,
				   head->first_day};
	sqlite3_stmt *list = get(received, RECEIVED_GONE, numbers, 4, err);
	int result;

	if (!list)
		return -err->code;
	while ((result = sql_step(received->sql, list, err)) > 0) {
		const struct received_day day = {.series = sqlite3_column_int64(list, 0),
						 .day = sqlite3_column_int64(list, 1)};

		result = run(received, RECEIVED_DROP, &day, NULL, err);
		if (result < 0)
			break;
	}
	return result;
}
