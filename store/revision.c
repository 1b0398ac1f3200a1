#include "store/revision.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* RFC 9562, version 4. */
static void make_uuid(char uuid[REVISION_UUID_SIZE])
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		mem_fail("random bytes");
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(uuid, REVISION_UUID_SIZE,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		 b[15]);
}

static int put_uuid(struct sql *sql, const char *text, struct err *err)
{
	char uuid[REVISION_UUID_SIZE];

	make_uuid(uuid);
	return SQL_ONCE(sql, text, err, sql_text(str_from(uuid)));
}

int revision_uuid(struct sql *sql, char uuid[REVISION_UUID_SIZE], struct err *err)
{
	sqlite3_stmt *get = sql_prepare(sql, "SELECT value FROM meta WHERE key = 'uuid'", err);
	int result = get ? sql_step(sql, get, err) : -err->code;

	uuid[0] = '\0';
	if (result > 0) {
		struct str text = sql_column_bytes(get, 0);

		snprintf(uuid, REVISION_UUID_SIZE, "%.*s", (int)text.n, text.n ? text.p : "");
	}
	sqlite3_finalize(get);
	return result < 0 ? result : 0;
}

int revision_put_meta(struct sql *sql, const char *key, int64_t number, struct err *err)
{
	return SQL_ONCE(sql, "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", err,
			sql_text(str_from(key)), sql_int(number));
}

int revision_meta(struct sql *sql, const char *key, int64_t *ret_number, struct err *err)
{
	sqlite3_stmt *get = SQL_PREPARE(sql, "SELECT value FROM meta WHERE key = ?1", err,
					sql_text(str_from(key)));
	int result = sql_step(sql, get, err);

	*ret_number = result > 0 ? sqlite3_column_int64(get, 0) : 0;
	/* damage: the next one is to be a number too */
	if (*ret_number > INT64_MAX / 2 || *ret_number < INT64_MIN / 2)
		*ret_number = 0;
	sqlite3_finalize(get);
	return result < 0 ? result : 0;
}

static int read_all(struct sql *sql, struct revision *revision, struct err *err)
{
	int result = revision_uuid(sql, revision->uuid, err);

	if (result == 0)
		result = revision_meta(sql, "revision", &revision->number, err);
	if (result == 0)
		result = revision_meta(sql, "send_all", &revision->from, err);
	if (result == 0)
		result = revision_meta(sql, "first_day", &revision->first_day, err);
	return result;
}

static const char first_uuid[] = "INSERT OR IGNORE INTO meta (key, value) VALUES ('uuid', ?1)";
static const char other_uuid[] = "INSERT OR REPLACE INTO meta (key, value) VALUES ('uuid', ?1)";

static int move_on(struct sql *sql, const char *known_uuid, int64_t known,
		   struct revision *revision, struct err *err)
{
	int result = put_uuid(sql, first_uuid, err);

	if (result == 0)
		result = read_all(sql, revision, err);
	revision->same = strcmp(revision->uuid, known_uuid) == 0;
	if (result == 0 && revision->same && revision->number <= known) {
		revision->same = false;
		result = put_uuid(sql, other_uuid, err);
		if (result == 0)
			result = revision_uuid(sql, revision->uuid, err);
	}
	/* the first one has no notes of what changed before it */
	if (revision->number == 0)
		revision->number = 1;
	return result == 0 ? revision_put_meta(sql, "revision", revision->number + 1, err) : result;
}

int revision_next(struct sql *sql, const char *known_uuid, int64_t known,
		  struct revision *ret_revision, struct err *err)
{
	int result = sql_run(sql, "BEGIN IMMEDIATE", err);

	*ret_revision = (struct revision){.number = 0};
	if (result == 0)
		result = move_on(sql, known_uuid, known, ret_revision, err);
	if (result == 0)
		result = sql_run(sql, "COMMIT", err);
	if (!sqlite3_get_autocommit(sql->db))
		sqlite3_exec(sql->db, "ROLLBACK", NULL, NULL, NULL);
	return result;
}

int revision_send_all(struct sql *sql, struct err *err)
{
	return sql_run(sql,
		       "INSERT OR REPLACE INTO meta (key, value)"
		       " SELECT 'send_all', value FROM meta WHERE key = 'revision'",
		       err);
}

int revision_first_day(struct sql *sql, int64_t day, struct err *err)
{
	int64_t before;
	int result = revision_meta(sql, "first_day", &before, err);

	return result < 0 || day <= before ? result : revision_put_meta(sql, "first_day", day, err);
}
