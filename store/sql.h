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

/* More statements than are kept of a connection. */
#define SQL_KEPT 256

struct sql {
	sqlite3 *db;
	char *path;         /* for messages */
	int schema;         /* version of the store's schema, once schema_ensure() has read it */
	int64_t steps_left; /* see sql_bound() */
	bool has_rows;      /* the table of store/rows.h is there, */
	const struct rows_source *rows; /* and reads these */
	struct {
		const char *text;
		sqlite3_stmt *statement;
	} kept[SQL_KEPT];
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

/* A statement that is used again and again: it is prepared when first asked for, and known by where its
 * text lies, which is a constant. Reset and without bindings; NULL with an error, or with that of a
 * connection that is NULL (store_asking()). */
sqlite3_stmt *sql_get(struct sql *sql, const char *text, struct err *err);

/* A statement for one use, which the caller finalizes; NULL as above. */
sqlite3_stmt *sql_prepare(struct sql *sql, const char *text, struct err *err);

/* A value of a statement. */
struct sql_value {
	enum { SQL_NULL, SQL_INT, SQL_TEXT, SQL_BLOB } type;
	int64_t number;
	struct str bytes; /* have to stay until the statement is reset */
};

/* NULL unless it is known. */
static inline struct sql_value sql_int_if(bool is_known, int64_t number)
{
	return (struct sql_value){.type = is_known ? SQL_INT : SQL_NULL, .number = number};
}

static inline struct sql_value sql_int(int64_t number)
{
	return sql_int_if(true, number);
}

static inline struct sql_value sql_text(struct str text)
{
	return (struct sql_value){.type = SQL_TEXT, .bytes = text};
}

static inline struct sql_value sql_blob(struct str bytes)
{
	return (struct sql_value){.type = SQL_BLOB, .bytes = bytes};
}

/* Bytes as TEXT where they are valid UTF-8 without NUL, else as BLOB: people can query names, and
 * no byte is lost. */
struct sql_value sql_bytes(struct str bytes);

/* Binds the values from that parameter on. Returns the statement; it may be NULL, with the error that
 * sql_get() or sql_prepare() has set. */
sqlite3_stmt *sql_bind(sqlite3_stmt *statement, int from, const struct sql_value *values,
		       size_t count);
#define SQL_VALUES(...)                          \
	(const struct sql_value[]){__VA_ARGS__}, \
		sizeof((const struct sql_value[]){__VA_ARGS__}) / sizeof(struct sql_value)
#define SQL_BIND(statement, from, ...) sql_bind(statement, from, SQL_VALUES(__VA_ARGS__))

/* A statement with its values, of sql_get() and of sql_prepare(). */
#define SQL_GET(sql, text, err, ...)     SQL_BIND(sql_get(sql, text, err), 1, __VA_ARGS__)
#define SQL_PREPARE(sql, text, err, ...) SQL_BIND(sql_prepare(sql, text, err), 1, __VA_ARGS__)

/* Runs one that gives no row: a kept one, and one for this use. Return 0 or -errno. */
#define SQL_DO(sql, text, err, ...)   sql_done(sql, SQL_GET(sql, text, err, __VA_ARGS__), err)
#define SQL_ONCE(sql, text, err, ...) sql_once(sql, SQL_PREPARE(sql, text, err, __VA_ARGS__), err)

/* Steps: 1 for a row, 0 when done, -errno. These three pass on the error of a statement that is NULL. */
int sql_step(struct sql *sql, sqlite3_stmt *statement, struct err *err);

/* Steps a statement that gives no row; sql_once() finalizes it, too. */
int sql_done(struct sql *sql, sqlite3_stmt *statement, struct err *err);
int sql_once(struct sql *sql, sqlite3_stmt *statement, struct err *err);

/* Runs a look-up whose bindings are set: 1 and the number in its first column, or 0. */
int sql_find(struct sql *sql, sqlite3_stmt *find, int64_t *ret_number, struct err *err);

/* The single number that a query gives; absent is 0. */
int sql_number(struct sql *sql, const char *text, int64_t *ret_number, struct err *err);

/* The connection's last error, in words that say what to do. */
int sql_error(struct sql *sql, int code, struct err *err);

/* True if the error (an errno value, as sql_error() gives them) may pass by itself: the disk is
 * full or failing, somebody else is writing. A damaged store stays damaged. */
bool sql_error_passes(int error);

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
