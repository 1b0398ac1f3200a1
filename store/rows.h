/*
 * Rows that are made in C, as a table of SQL: INSERT INTO ... SELECT ... FROM rows. One statement
 * takes all of them, at half of what a statement for each costs. Internal to store/.
 */
#ifndef SCLOG_STORE_ROWS_H
#define SCLOG_STORE_ROWS_H

#include "correlate/event.h"
#include "store/sql.h"

/* Of the table, as many as a series has; it names them a, b, c ... */
#define ROWS_COLUMNS (12 + EVENT_WORD_COUNT)

/* SQLITE_NULL unless it is set; bytes must live until the next row is asked for. */
struct rows_value {
	int type; /* SQLITE_INTEGER, _TEXT, _BLOB or _NULL */
	int64_t number;
	struct str bytes;
};

struct rows_value rows_number(int64_t number);
struct rows_value rows_text(struct str text);
struct rows_value rows_blob(struct str bytes);

/* Makes the next row, whose values are all NULL before: 1, 0 behind the last one, or -errno. It may
 * write to other rows of the same table. */
typedef int rows_next_fn(void *context, struct rows_value row[ROWS_COLUMNS], struct err *err);

/* Runs the statement, which selects from rows once. After an error the transaction must be ended. */
int rows_put(struct sql *sql, enum sql_id id, rows_next_fn *next, void *context, struct err *err);

/* The same values for a statement with parameters: its first ones. */
void rows_bind(sqlite3_stmt *statement, const struct rows_value *values, int count);

#endif
