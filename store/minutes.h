/*
 * The sixty minutes of one series in one hour: how often, first and last.
 *
 * In the database they are a packed column of the hour's row, since a row a minute would cost
 * four times as much. Packed, in order of the minute: minute since the last one; the count,
 * doubled, plus one if first and last are the same; first in milliseconds of the minute; last
 * minus first unless they are the same. All are varints (store/varint.h).
 * Internal to store/.
 */
#ifndef SCLOG_STORE_MINUTES_H
#define SCLOG_STORE_MINUTES_H

#include "base/buf.h"

#define MINUTE_MS 60000
#define HOUR_MS   3600000

struct minute {
	uint64_t count; /* 0: nothing in that minute */
	uint32_t first; /* milliseconds of the minute, 0 to 59999 */
	uint32_t last;
};

struct minutes {
	struct minute minute[60];
};

/* Adds a minute's events to what is there. */
void minute_add(struct minute *minute, uint64_t count, uint32_t first, uint32_t last);

void minutes_pack(const struct minutes *minutes, struct buf *buf);

/* Adds packed minutes to those that are there. False if the bytes are damaged. */
bool minutes_unpack(struct str bytes, struct minutes *minutes);

#endif
