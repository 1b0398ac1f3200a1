/*
 * SQLite, wrapped: one connection, its prepared statements, errors that say what to do.
 * Internal to store/.
 */
#ifndef SCLOG_STORE_SQL_H
#define SCLOG_STORE_SQL_H

#include "base/err.h"
#include "base/str.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* Every statement that is used again and again; prepared when first asked for. */
enum sql_id {
	SQL_NODE_FIND,
	SQL_NODE_ADD,
	SQL_CONTAINER_FIND,
	SQL_CONTAINER_ADD,
	SQL_CONTAINER_UPDATE,
	SQL_PROFILE_FIND,
	SQL_PROFILE_ADD,
	SQL_IN_FORCE_NOW,
	SQL_IN_FORCE_FOLLOWED,
	SQL_IN_FORCE_SAME,
	SQL_IN_FORCE_REPLACED,
	SQL_IN_FORCE_ENDED,
	SQL_IN_FORCE_ADD,
	SQL_IN_FORCE_KNOWN,
	SQL_PROGRAM_FIND,
	SQL_PROGRAM_ADD,
	SQL_SERIES_FIND,
	SQL_SERIES_ADD,
	SQL_SERIES_ROWS,
	SQL_HOUR_FIND,
	SQL_HOUR_PUT,
	SQL_HOUR_ROWS,
	SQL_HOUR_DROP,
	SQL_HOUR_CHANGED,
	SQL_HOUR_DAY,
	SQL_BUDGET_USED,
	SQL_DONOR_LIST,
	SQL_SEEN_FIND,
	SQL_SEEN_PUT,
	SQL_SEEN_TEXT_FIND,
	SQL_SEEN_TEXT_PUT,
	SQL_SPAN_LIST,
	SQL_SPAN_LIST_OLD,
	SQL_SPAN_TAIL,
	SQL_SPAN_DROP,
	SQL_SPAN_ADD,
	SQL_LOSS_PUT,
	SQL_LOSS_SETTLE,
	SQL_INPUT_PUT,
	SQL_INPUT_FIND,
	SQL_CURSOR_PUT,
	SQL_CURSOR_FIND,
	SQL_LIFETIME_ADD,
	SQL_LIFETIME_PRUNE,
	SQL_COUNT,
};

struct sql {
	sqlite3 *db;
	char *path;         /* for messages */
	int schema;         /* version of the store's schema, once schema_ensure() has read it */
	int64_t steps_left; /* see sql_bound() */
	bool has_rows;      /* the table of store/rows.h is there, */
	const struct rows_source *rows; /* and reads these */
	sqlite3_stmt *prepared[SQL_COUNT];
};

/* How long to wait for another writer: its transactions take a fraction of a second. */
#define SQL_BUSY_TIMEOUT_MS 5000

/* Opens with the flags of sqlite3_open_v2(); path may be a file: URI. */
int sql_open(struct sql *sql, const char *name, const char *path, int flags, struct err *err);
void sql_close(struct sql *sql);

/*
 * Lets the connection run so many more steps of SQLite's virtual machine, a few for each row that
 * is read; a statement beyond them fails as of a damaged store. In a file that somebody made, a
 * page can be its own child, and a table has no end. 0: no bound. The struct must stay in place.
 */
void sql_bound(struct sql *sql, int64_t steps);

/* Runs statements that give no rows. */
int sql_run(struct sql *sql, const char *text, struct err *err);

/* A kept statement, reset and without bindings; NULL with an error. */
sqlite3_stmt *sql_get(struct sql *sql, enum sql_id id, struct err *err);

/* A statement for one use; the caller finalizes it. */
sqlite3_stmt *sql_prepare(struct sql *sql, const char *text, struct err *err);

/* Steps: 1 for a row, 0 when done, -errno. */
int sql_step(struct sql *sql, sqlite3_stmt *statement, struct err *err);

/* Steps a statement that gives no row. */
int sql_done(struct sql *sql, sqlite3_stmt *statement, struct err *err);

/* Runs a look-up whose bindings are set: 1 and the number in its first column, or 0. */
int sql_find(struct sql *sql, sqlite3_stmt *find, int64_t *ret_number, struct err *err);

/* The single number that a query gives; absent is 0. */
int sql_number(struct sql *sql, const char *text, int64_t *ret_number, struct err *err);

/* The connection's last error, in words that say what to do. */
int sql_error(struct sql *sql, int code, struct err *err);

/* True if the error (an errno value, as sql_error() gives them) may pass by itself: the disk is
 * full or failing, somebody else is writing. A damaged store stays damaged. */
bool sql_error_passes(int error);

/* Bytes as TEXT where they are valid UTF-8 without NUL, else as BLOB: people can query names,
 * and no byte is lost. They must stay until the statement is reset. */
void sql_bind_bytes(sqlite3_stmt *statement, int index, struct str bytes);

/* A column's time: milliseconds since the epoch. Whatever the file says, it is within a quarter of a
 * million years of it, so that times can be added and subtracted. */
int64_t sql_column_ms(sqlite3_stmt *statement, int column);

/* A TEXT or BLOB column's bytes, until the next step. */
struct str sql_column_bytes(sqlite3_stmt *statement, int column);

/* The same of a name, cut to what any store of ours holds: a file that somebody made may hold
 * anything. */
#define SQL_NAME_MAX 8192
struct str sql_column_name(sqlite3_stmt *statement, int column);

/*
 * Values and rows larger than this are an error from now on (-EUCLEAN); returns what the bound
 * was. Names and minutes of ours fit into SQL_ROW_MAX, and profiles and identities do not.
 */
#define SQL_ROW_MAX 65536
int sql_bound_rows(struct sql *sql, int bytes);

#endif
