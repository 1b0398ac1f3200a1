#include "store/sql.h"

#include "correlate/container.h"
#include "store/store.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>

#define SPANS "SELECT complete, first_serial, last_serial, first, last, missing, rowid FROM span"

/* A container's words, in two statements whose parameters come in the same order. */
#define COLUMN(field, column, key)  column ", "
#define GIVEN(field, column, key)   ":" column ", "
#define KNOWN(field, column, key)   column " = coalesce(nullif(:" column ", ''), " column "), "
#define DIFFERS(field, column, key) "(:" column " <> '' AND :" column " <> " column ") OR "
#define CONTAINER_COLUMNS           CONTAINER_TEXTS(COLUMN)
#define CONTAINER_GIVEN             CONTAINER_TEXTS(GIVEN)
#define CONTAINER_KNOWN             CONTAINER_TEXTS(KNOWN)
#define CONTAINER_DIFFERS           CONTAINER_TEXTS(DIFFERS)

#define WORD(field, type, last)       #field ", "
#define WORD_IS(field, type, last)    " AND " #field " = ?"
#define WORD_VALUE(field, type, last) "?, "
#define WORDS                         EVENT_WORDS(WORD)
#define WORDS_ARE                     EVENT_WORDS(WORD_IS)
#define WORD_VALUES                   EVENT_WORDS(WORD_VALUE)
#define SERIES                                                         \
	"series (id, program, nr, container, node, arch, code, " WORDS \
	"syscall, arch_name, action, pid, ip)"
#define HOUR "hour (series, hour, count, first, last, minutes)"

static const char *const texts[SQL_COUNT] = {
	[SQL_NODE_FIND] = "SELECT id FROM node WHERE label = ?1",
	[SQL_NODE_ADD] = "INSERT INTO node (label, name) VALUES (?1, ?2)",
	[SQL_CONTAINER_FIND] = "SELECT id FROM container WHERE node = ?1 AND cid = ?2",
	[SQL_CONTAINER_ADD] =
		"INSERT INTO container (" CONTAINER_COLUMNS "caps, coverage, profile, node)"
		" VALUES (" CONTAINER_GIVEN ":caps, :coverage, :profile, :node)",
	/* what is not known now does not erase what was; a row that stays the same is not written */
	[SQL_CONTAINER_UPDATE] =
		"UPDATE container SET " CONTAINER_KNOWN "caps = coalesce(:caps, caps),"
		" coverage = coalesce(nullif(:coverage, 0), coverage),"
		" profile = coalesce(:profile, profile) WHERE id = :id AND (" CONTAINER_DIFFERS
		"(:caps NOT NULL AND :caps IS NOT caps)"
		" OR (:coverage <> 0 AND :coverage <> coverage)"
		" OR (:profile NOT NULL AND :profile IS NOT profile))",
	[SQL_PROFILE_FIND] = "SELECT id FROM profile WHERE hash = ?1 AND json = ?2",
	[SQL_PROFILE_ADD] = "INSERT INTO profile (hash, json) VALUES (?1, ?2)",
	[SQL_IN_FORCE_NOW] = "SELECT id, profile IS ?3 AND actions IS ?4 FROM in_force"
			     " WHERE node = ?1 AND container IS ?2 AND until IS NULL",
	[SQL_IN_FORCE_FOLLOWED] =
		"SELECT 1 FROM in_force WHERE node = ?1 AND container IS ?2 LIMIT 1",
	/* of what was stated, touching that time */
	[SQL_IN_FORCE_SAME] =
		"SELECT min(since), max(until) FROM in_force WHERE node = ?1 AND container IS ?2"
		" AND profile = ?3 AND source = ?4 AND since <= ?6 AND until >= ?5",
	[SQL_IN_FORCE_REPLACED] =
		"DELETE FROM in_force WHERE node = ?1 AND container IS ?2"
		" AND since >= ?3 AND until <= ?4 AND source <> '" STORE_IN_FORCE_WATCHED "'",
	[SQL_IN_FORCE_ENDED] = "UPDATE in_force SET until = max(since, ?2) WHERE id = ?1",
	[SQL_IN_FORCE_ADD] =
		"INSERT INTO in_force (node, container, profile, source, actions, since, until)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[SQL_IN_FORCE_KNOWN] =
		"SELECT 1 FROM in_force WHERE node = ?1 AND container IS ?2 AND profile = ?3"
		" AND source = ?4 AND actions IS ?5 AND since = ?6 AND until IS ?7",
	[SQL_PROGRAM_FIND] = "SELECT id FROM program WHERE comm IS ?1 AND exe IS ?2",
	[SQL_PROGRAM_ADD] = "INSERT INTO program (comm, exe) VALUES (?1, ?2)",
	[SQL_SERIES_FIND] = "SELECT id FROM series WHERE program = ?1"
			    " AND nr = ?2 AND container IS ?3 AND node = ?4 AND arch IS ?5"
			    " AND code = ?6" WORDS_ARE,
	[SQL_SERIES_ADD] =
		"INSERT INTO " SERIES " VALUES (?, ?, ?, ?, ?, ?, ?, " WORD_VALUES "?, ?, ?, ?, ?)",
	/* OR FAIL, whose transaction is then ended: without a copy of what the statement changes */
	[SQL_SERIES_ROWS] = "INSERT OR FAIL INTO " SERIES " SELECT * FROM rows",
	[SQL_HOUR_FIND] =
		"SELECT minutes, count, first, last FROM hour WHERE series = ?1 AND hour = ?2",
	/* no REPLACE: that would write the index on hours anew */
	[SQL_HOUR_PUT] = "INSERT INTO " HOUR
			 " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (series, hour) DO UPDATE SET"
			 " count = excluded.count, first = excluded.first, last = excluded.last,"
			 " minutes = excluded.minutes",
	[SQL_HOUR_ROWS] = "INSERT OR FAIL INTO " HOUR " SELECT a, b, c, d, e, f FROM rows",
	[SQL_HOUR_DROP] = "DELETE FROM hour WHERE series = ?1 AND hour = ?2",
	/* nothing in a store that was never sent anywhere: it has no revision */
	[SQL_HOUR_CHANGED] = "INSERT INTO changed (series, day, revision)"
			     " SELECT ?1, ?2, value FROM meta WHERE key = 'revision'"
			     " ON CONFLICT (series, day) DO UPDATE SET revision = excluded.revision"
			     " WHERE revision <> excluded.revision",
	[SQL_HOUR_DAY] = "SELECT count, first, last, NULL, hour FROM hour WHERE series = ?1"
			 " AND hour BETWEEN ?2 AND ?2 + 23 ORDER BY hour",
	[SQL_BUDGET_USED] = "SELECT count(*) FROM hour h CROSS JOIN series s ON s.id = h.series"
			    " WHERE h.hour = ?1 AND s.node = ?2 AND s.container IS ?3",
	[SQL_DONOR_LIST] =
		"SELECT id FROM series WHERE program = ?1 AND nr = ?2 AND node = ?3"
		" AND (container IS NULL OR container = ?9) AND arch IS ?4"
		" AND code = ?5 AND trust <= ?8"
		" ORDER BY container IS NULL, trust = ?8 DESC, source = ?6 DESC, phase = ?7 DESC, id",
	[SQL_SEEN_FIND] = "SELECT serials, open FROM seen WHERE node = ?1 AND minute = ?2"
			  " AND block = ?3",
	[SQL_SEEN_PUT] = "INSERT OR REPLACE INTO seen (node, minute, block, serials, open)"
			 " VALUES (?1, ?2, ?3, ?4, ?5)",
	[SQL_SEEN_TEXT_FIND] = "SELECT marks FROM seen_text WHERE node = ?1 AND minute = ?2",
	[SQL_SEEN_TEXT_PUT] = "INSERT OR REPLACE INTO seen_text (node, minute, marks)"
			      " VALUES (?1, ?2, ?3)",
	[SQL_SPAN_LIST] = SPANS " WHERE node = ?1 AND trust = ?2 ORDER BY first, first_serial",
	/* of a store of schema 1 or 2: what it has counts as the kernel's */
	[SQL_SPAN_LIST_OLD] = SPANS " WHERE node = ?1 AND ?2 = 1 ORDER BY first, first_serial",
	[SQL_SPAN_TAIL] = SPANS " WHERE node = ?1 AND trust = ?2 AND complete = ?3"
				" ORDER BY first DESC, first_serial DESC LIMIT ?4",
	[SQL_SPAN_DROP] = "DELETE FROM span WHERE rowid = ?1",
	[SQL_SPAN_ADD] = "INSERT INTO span (node, complete, first_serial, last_serial, first,"
			 " last, missing, trust) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[SQL_LOSS_PUT] = "INSERT INTO loss (node, kind, at, mark, count, detail)"
			 " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (node, kind, at, mark)"
			 " DO UPDATE SET count = max(count, excluded.count)",
	[SQL_LOSS_SETTLE] = "DELETE FROM loss WHERE kind = ?1 AND mark = ?2",
	[SQL_INPUT_PUT] = "INSERT INTO input (path, dev, ino, head, offset, lines, at)"
			  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
			  " ON CONFLICT (path, dev, ino, head) DO UPDATE SET"
			  " offset = max(offset, excluded.offset),"
			  " lines = max(lines, excluded.lines), at = excluded.at",
	[SQL_INPUT_FIND] = "SELECT max(offset) FROM input WHERE head = ?1",
	[SQL_CURSOR_FIND] = "SELECT place FROM cursor WHERE source = ?1",
	[SQL_CURSOR_PUT] = "INSERT OR REPLACE INTO cursor (source, place) VALUES (?1, ?2)",
	[SQL_LIFETIME_ADD] = "INSERT INTO lifetime (node, container, at, packed)"
			     " VALUES (?1, ?2, ?3, ?4)",
	[SQL_LIFETIME_PRUNE] = "DELETE FROM lifetime WHERE at < ?1",
};

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
	for (size_t i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(sql->prepared[i]);
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
	return prepare(sql, text, 0, err);
}

sqlite3_stmt *sql_get(struct sql *sql, enum sql_id id, struct err *err)
{
	sqlite3_stmt *statement = sql->prepared[id];

	if (!statement) {
		statement = prepare(sql, texts[id], SQLITE_PREPARE_PERSISTENT, err);
		sql->prepared[id] = statement;
		return statement;
	}
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return statement;
}

int sql_step(struct sql *sql, sqlite3_stmt *statement, struct err *err)
{
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

	*ret_number = 0;
	if (!statement)
		return -err->code;
	int result = sql_step(sql, statement, err);

	if (result > 0)
		*ret_number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return result < 0 ? result : 0;
}

void sql_bind_bytes(sqlite3_stmt *statement, int index, struct str bytes)
{
	const char *p = bytes.n ? bytes.p : "";

	if (utf8_valid(bytes) && !memchr(p, '\0', bytes.n))
		sqlite3_bind_text(statement, index, p, (int)bytes.n, SQLITE_STATIC);
	else
		sqlite3_bind_blob(statement, index, p, (int)bytes.n, SQLITE_STATIC);
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
