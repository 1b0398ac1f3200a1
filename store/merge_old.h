/*
 * Merging what lies before a horizon, where no identities are left to tell one event from another:
 * the rows of a series are compared by the day or, where both stores have hours, by the hour. Rows
 * that agree in count, first and last event hold the same events; of others the larger count is a
 * minimum. Internal to store/.
 */
#ifndef SCLOG_STORE_MERGE_OLD_H
#define SCLOG_STORE_MERGE_OLD_H

#include "store/sql.h"

struct old_row {
	int64_t hour; /* since the epoch */
	uint64_t count;
	int64_t first_ms, last_ms;
};

/* The rows of a series in one day (UTC): of hours, or one at its beginning for all of it. */
#define OLD_ROWS 24
struct old_day {
	int64_t day;
	size_t count;
	struct old_row rows[OLD_ROWS];
};

/* Takes a row (columns count, first, last, ..., hour at 4) of a file that may be anybody's: false if
 * it is none that a store of ours could have. The day has room for the hours of one day. */
bool old_day_add(struct old_day *day, sqlite3_stmt *row);

/* Adds their day to the series. *ret_added: by how much its count grew; *ret_minima: bit N is set if
 * the counts of hour N are minima now, all bits if those of the day are. */
int old_day_merge(struct sql *sql, int64_t series, const struct old_day *theirs,
		  uint64_t *ret_added, uint32_t *ret_minima, struct err *err);

#endif
