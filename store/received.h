/*
 * What was received of a sender before (store/share.h), and its days of series in the place of those
 * that came then. Internal to store/.
 */
#ifndef SCLOG_STORE_RECEIVED_H
#define SCLOG_STORE_RECEIVED_H

#include "store/share.h"
#include "store/sql.h"

/* The sender at hand. sql and head are borrowed; the rest is zeroed before the first. */
struct received {
	struct sql *sql;
	const struct share_head *head;
	int64_t sender, generation; /* our number of it; another generation is another store */
	bool knows;                 /* all of this was received before */
	bool goes_on;               /* its store is the same as before */
	bool foreign; /* others may have written it: nothing of it is the kernel's word */
};

/* Looks what is known of the sender of the head; -ESTALE if something between is missing. */
int received_find_sender(struct received *received, struct err *err);
int received_put_sender(struct received *received, struct err *err);

struct received_day {
	int64_t series, day, count;
	struct str hours; /* store/day.h; none: nothing is left of the day */
};

/* Several whole days added up: one row, as if they had been rolled up to the first of them. */
struct received_sum {
	int64_t series, count, first_ms, last_ms;
};

/* Into a copy, in which nothing else is. */
int received_copy_sum(struct received *received, const struct received_sum *sum, struct err *err);
int received_copy_day(struct received *received, const struct received_day *day, struct err *err);

/*
 * The day replaces what is here of it: always where that came from the same store. Of another one (a
 * store that was made anew, or read here as well) the larger count stays: it may have read more of the
 * same logs.
 */
int received_put_day(struct received *received, const struct received_day *day, struct err *err);

/* Everything was sent anew: what is not among it was forgotten there. */
int received_drop_gone(struct received *received, struct err *err);

/* What was received is no row of ours. */
int share_bad(struct err *err, const char *what);

#endif
