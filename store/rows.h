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

/* Makes the next row, whose values are all NULL before, and live until the next one is asked for: 1, 0
 * behind the last one, or -errno. It may write to other rows of the same table. */
typedef int rows_next_fn(void *context, struct sql_value row[ROWS_COLUMNS], struct err *err);

/* Runs the statement, which selects from rows once. After an error the transaction must be ended. */
int rows_put(struct sql *sql, const char *text, rows_next_fn *next, void *context, struct err *err);

#endif
