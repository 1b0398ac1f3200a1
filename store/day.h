/*
 * A day of a series, packed: its hours' rows as they are in the store (store/hour.h).
 *
 * In order of the hour, as varints (store/varint.h): the hour of the day; the count, doubled, plus
 * one if its minutes were given up; the first event in milliseconds since the hour began; the last
 * one less the first; then, unless they were given up, how many bytes the packed minutes
 * (store/minutes.h) have, and those. A day that was rolled up is one such row at its first hour.
 * Internal to store/.
 */
#ifndef SCLOG_STORE_DAY_H
#define SCLOG_STORE_DAY_H

#include "base/buf.h"

#define DAY_LAST 200000 /* days since the epoch: beyond it there is none */

struct day_hour {
	int64_t hour; /* since the epoch */
	uint64_t count;
	int64_t first_ms, last_ms;
	bool rolled_up;
	struct str minutes;
};

void day_put(struct buf *packed, const struct day_hour *hour);

/* Takes the next hour off the front: 1, 0 at the end, -EUCLEAN if the bytes are none of a day's. */
int day_take(struct str *packed, int64_t day, struct day_hour *hour);

#endif
