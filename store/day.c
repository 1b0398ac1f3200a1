#include "store/day.h"

#include "store/minutes.h"
#include "store/varint.h"

#include <errno.h>

#define HOURS_OF_DAY 24
#define DAY_MS       ((int64_t)HOURS_OF_DAY * HOUR_MS)

void day_put(struct buf *packed, const struct day_hour *hour)
{
	varint_put(packed, (uint64_t)(hour->hour % HOURS_OF_DAY));
	varint_put(packed, hour->count << 1 | hour->rolled_up);
	varint_put(packed, varint_zigzag(hour->first_ms - hour->hour * HOUR_MS));
	varint_put(packed, varint_zigzag(hour->last_ms - hour->first_ms));
	if (hour->rolled_up)
		return;
	varint_put(packed, hour->minutes.n);
	buf_put_str(packed, hour->minutes);
}

static bool take_minutes(struct str *packed, struct day_hour *hour)
{
	struct minutes minutes = {0};
	uint64_t n;

	if (!varint_take(packed, &n) || n > packed->n)
		return false;
	hour->minutes = str_of(packed->p, (size_t)n);
	*packed = str_skip(*packed, (size_t)n);
	return minutes_unpack(hour->minutes, &minutes);
}

int day_take(struct str *packed, int64_t day, struct day_hour *hour)
{
	uint64_t of_day, count, first, length;

	if (packed->n == 0)
		return 0;
	if (day < 0 || day > DAY_LAST || !varint_take(packed, &of_day) || of_day >= HOURS_OF_DAY ||
	    !varint_take(packed, &count) || count < 2 || !varint_take(packed, &first) ||
	    !varint_take(packed, &length))
		return -EUCLEAN;
	*hour = (struct day_hour){
		.hour = day * HOURS_OF_DAY + (int64_t)of_day,
		.count = count >> 1,
		.rolled_up = count & 1,
	};
	int64_t from = varint_unzigzag(first), until = varint_unzigzag(length);

	if (from < 0 || from >= DAY_MS || until < 0 || until >= DAY_MS)
		return -EUCLEAN;
	hour->first_ms = hour->hour * HOUR_MS + from;
	hour->last_ms = hour->first_ms + until;
	return hour->rolled_up || take_minutes(packed, hour) ? 1 : -EUCLEAN;
}
