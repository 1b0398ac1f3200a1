/*
 * A series' row for one hour: its minutes, or only their totals where they were rolled up.
 * Internal to store/.
 */
#ifndef SCLOG_STORE_HOUR_H
#define SCLOG_STORE_HOUR_H

#include "store/minutes.h"
#include "store/rows.h"

struct hour {
	struct minutes minutes;
	bool on_file;   /* there is a row */
	bool rolled_up; /* its minutes were given up, only totals are left */
	uint64_t count;
	int64_t first_ms, last_ms;
};

/* What the row has; all zero if there is none. */
int hour_load(struct sql *sql, int64_t series, int64_t number, struct hour *hour, struct err *err);

/* Adds events of one minute. */
void hour_add(struct hour *hour, int64_t minute, uint64_t count, uint32_t first, uint32_t last);

/* Takes up to `most` events out of a minute, which vanishes at zero; else its bounds stay as what
 * is known. The hour's totals follow. Returns how many; none of a rolled up hour. */
uint64_t hour_take(struct hour *hour, int64_t number, unsigned minute, uint64_t most);

/* Writes the row, or drops it if it counts nothing. packed is for use meanwhile; a rolled up hour and
 * an empty one need none. */
int hour_write(struct sql *sql, int64_t series, int64_t number, const struct hour *hour,
	       struct buf *packed, struct err *err);

/*
 * The parts of hour_write(), for who writes many: the row's values, writing it, and noting that its
 * day has changed, for who sends what changed (store/revision.h). hour_is_noted(): 1 if that is to
 * be noted in this store.
 */
void hour_row(int64_t series, int64_t number, const struct hour *hour, struct buf *packed,
	      struct sql_value row[ROWS_COLUMNS]);
int hour_put(struct sql *sql, const struct sql_value row[ROWS_COLUMNS], struct err *err);
int hour_note(struct sql *sql, int64_t series, int64_t number, struct err *err);
int hour_is_noted(struct sql *sql, struct err *err);

#endif
