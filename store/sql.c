#include "store/sql.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>

struct advice {
	int code; /* SQLite's primary result code */
	int error;
	bool passes; /* may be otherwise in a second */
	const char *text;
};

static const struct advice advices[] = {
	{SQLITE_FULL, ENOSPC, true,
	 "the disk is full: free some space and run it again; nothing is half-written"},
	{SQLITE_IOERR, EIO, true, "the disk failed or is full; nothing is half-written"},
	{SQLITE_BUSY, EBUSY, true, "another sclog is writing to it: try again when that is done"},
	{SQLITE_LOCKED, EBUSY, true, "another sclog is writing to it: try again when that is done"},
	{SQLITE_READONLY, EROFS, true, "it is on a read-only medium or not writable for this user"},
	{SQLITE_PERM, EACCES, true, "access denied"},
	{SQLITE_CANTOPEN, ENOENT, true,
	 "it cannot be opened: look at the path, its directory and their permissions"},
	{SQLITE_NOTADB, EINVAL, false,
	 "this is not an sclog store: name another --db, or move it away"},
	{SQLITE_INTERRUPT, EUCLEAN, false,
	 "the store is damaged or forged: reading it takes too long"},
	{SQLITE_TOOBIG, EUCLEAN, false,
	 "the store is damaged or forged: a value in it is too large"},
	{SQLITE_CORRUPT, EUCLEAN, false,
	 "the store is damaged: try sqlite3's .recover, or move it away and ingest again"},
};

bool sql_error_passes(int error)
{
	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (advices[i].error == error)
			return advices[i].passes;
	return false;
}

/* What the system said, where SQLite asked it for something. */
static const char *why(const struct sql *sql, int code)
{
	int primary = code & 0xff;
	int error = sql->db && (primary == SQLITE_CANTOPEN || primary == SQLITE_IOERR)
			    ? sqlite3_system_errno(sql->db)
			    : 0;

	return error ? strerror(error) : sqlite3_errstr(code);
}

int sql_error(struct sql *sql, int code, struct err *err)
{
	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (advices[i].code == (code & 0xff))
			return err_set(err, advices[i].error, "store '%s': %s (%s)", sql->path,
				       advices[i].text, why(sql, code));
	return err_set(err, EPROTO, "store '%s': %s", sql->path,
		       sql->db ? sqlite3_errmsg(sql->db) : sqlite3_errstr(code));
}

/* The largest value that a store holds is a minute's marks of lines without a serial, of a flood
 * of them; the longest statement is a migration. */
#define VALUE_MAX     (64 << 20)
#define STATEMENT_MAX (1 << 16)

/* The file may be anybody's: no functions or virtual tables out of its schema, no triggers, no
 * other files, and each cell of a page is looked at before it is used. */
static int harden(struct sql *sql, struct err *err)
{
	sqlite3_db_config(sql->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(sql->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(sql->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_limit(sql->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(sql->db, SQLITE_LIMIT_LENGTH, VALUE_MAX);
	sqlite3_limit(sql->db, SQLITE_LIMIT_SQL_LENGTH, STATEMENT_MAX);
	return sql_run(sql, "PRAGMA cell_size_check = ON", err);
}

int sql_open(struct sql *sql, const char *name, const char *path, int flags, struct err *err)
{
	*sql = (struct sql){.path = mem_copy(str_from(path))};
	int code = sqlite3_open_v2(name, &sql->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

	if (code != SQLITE_OK)
		return sql_error(sql, code, err);
	sqlite3_extended_result_codes(sql->db, 1);
	sqlite3_busy_timeout(sql->db, SQL_BUSY_TIMEOUT_MS);
	return harden(sql, err);
}

/* Steps between two looks at the bound. */
#define BOUND_LOOK 1000

static int count_steps(void *context)
{
	struct sql *sql = context;

	sql->steps_left -= BOUND_LOOK;
	return sql->steps_left < 0;
}

void sql_bound(struct sql *sql, int64_t steps)
{
	sql->steps_left = steps;
	sqlite3_progress_handler(sql->db, steps ? BOUND_LOOK : 0, count_steps, sql);
}

void sql_close(struct sql *sql)
{
	for (size_t i = 0; i < SQL_KEPT; i++)
		sqlite3_finalize(sql->kept[i].statement);
	sqlite3_close(sql->db);
	free(sql->path);
	*sql = (struct sql){0};
}

int sql_run(struct sql *sql, const char *text, struct err *err)
{
	int code = sqlite3_exec(sql->db, text, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : sql_error(sql, code, err);
}

static sqlite3_stmt *prepare(struct sql *sql, const char *text, unsigned flags, struct err *err)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v3(sql->db, text, -1, flags, &statement, NULL);

	if (code != SQLITE_OK)
		sql_error(sql, code, err);
	return statement;
}

sqlite3_stmt *sql_prepare(struct sql *sql, const char *text, struct err *err)
{
	return sql ? prepare(sql, text, 0, err) : NULL;
}

sqlite3_stmt *sql_get(struct sql *sql, const char *text, struct err *err)
{
	size_t at = (uintptr_t)text / 8 % SQL_KEPT;

	if (!sql)
		return NULL;
	while (sql->kept[at].text && sql->kept[at].text != text)
		at = (at + 1) % SQL_KEPT;
	sqlite3_stmt **statement = &sql->kept[at].statement;

	sql->kept[at].text = text;
	if (*statement) {
		sqlite3_reset(*statement);
		sqlite3_clear_bindings(*statement);
	} else {
		*statement = prepare(sql, text, SQLITE_PREPARE_PERSISTENT, err);
	}
	return *statement;
}

int sql_step(struct sql *sql, sqlite3_stmt *statement, struct err *err)
{
	if (!statement)
		return -err->code;
	int code = sqlite3_step(statement);

	if (code == SQLITE_ROW)
		return 1;
	if (code == SQLITE_DONE)
		return 0;
	return sql_error(sql, code, err);
}

int sql_done(struct sql *sql, sqlite3_stmt *statement, struct err *err)
{
	int result = sql_step(sql, statement, err);

	sqlite3_reset(statement);
	return result < 0 ? result : 0;
}

int sql_once(struct sql *sql, sqlite3_stmt *statement, struct err *err)
{
	int result = sql_step(sql, statement, err);

	sqlite3_finalize(statement);
	return result < 0 ? result : 0;
}

int sql_find(struct sql *sql, sqlite3_stmt *find, int64_t *ret_number, struct err *err)
{
	int result = sql_step(sql, find, err);

	if (result > 0)
		*ret_number = sqlite3_column_int64(find, 0);
	sqlite3_reset(find);
	return result;
}

int sql_number(struct sql *sql, const char *text, int64_t *ret_number, struct err *err)
{
	sqlite3_stmt *statement = sql_prepare(sql, text, err);
	int result = sql_step(sql, statement, err);

	*ret_number = result > 0 ? sqlite3_column_int64(statement, 0) : 0;
	sqlite3_finalize(statement);
	return result < 0 ? result : 0;
}

struct sql_value sql_bytes(struct str bytes)
{
	bool is_text = utf8_valid(bytes) && !(bytes.n && memchr(bytes.p, '\0', bytes.n));

	return is_text ? sql_text(bytes) : sql_blob(bytes);
}

sqlite3_stmt *sql_bind(sqlite3_stmt *statement, int from, const struct sql_value *values,
		       size_t count)
{
	for (size_t i = 0; statement && i < count; i++) {
		const struct sql_value *value = &values[i];
		const char *p = value->bytes.n ? value->bytes.p : "";
		int at = from + (int)i, n = (int)value->bytes.n;

		if (value->type == SQL_INT)
			sqlite3_bind_int64(statement, at, value->number);
		else if (value->type == SQL_TEXT)
			sqlite3_bind_text(statement, at, p, n, SQLITE_STATIC);
		else if (value->type == SQL_BLOB)
			sqlite3_bind_blob(statement, at, p, n, SQLITE_STATIC);
		else
			sqlite3_bind_null(statement, at);
	}
	return statement;
}

#define TIME_MAX_MS ((int64_t)1 << 53)

int64_t sql_column_ms(sqlite3_stmt *statement, int column)
{
	int64_t ms = sqlite3_column_int64(statement, column);

	return ms > TIME_MAX_MS ? TIME_MAX_MS : ms < -TIME_MAX_MS ? -TIME_MAX_MS : ms;
}

struct str sql_column_bytes(sqlite3_stmt *statement, int column)
{
	const void *p = sqlite3_column_type(statement, column) == SQLITE_TEXT
				? (const void *)sqlite3_column_text(statement, column)
				: sqlite3_column_blob(statement, column);

	return str_of(p, (size_t)sqlite3_column_bytes(statement, column));
}

struct str sql_column_name(sqlite3_stmt *statement, int column)
{
	struct str name = sql_column_bytes(statement, column);

	return str_of(name.p, name.n < SQL_NAME_MAX ? name.n : SQL_NAME_MAX);
}

int sql_bound_rows(struct sql *sql, int bytes)
{
	return sqlite3_limit(sql->db, SQLITE_LIMIT_LENGTH, bytes);
}
