#include "store/minutes.h"

#include "store/varint.h"

void minute_add(struct minute *minute, uint64_t count, uint32_t first, uint32_t last)
{
	if (minute->count == 0 || first < minute->first)
		minute->first = first;
	if (minute->count == 0 || last > minute->last)
		minute->last = last;
	minute->count += count;
}

void minutes_pack(const struct minutes *minutes, struct buf *buf)
{
	unsigned next = 0;

	for (unsigned i = 0; i < 60; i++) {
		const struct minute *minute = &minutes->minute[i];
		bool instant = minute->first == minute->last;

		if (minute->count == 0)
			continue;
		varint_put(buf, i - next);
		varint_put(buf, minute->count << 1 | instant);
		varint_put(buf, minute->first);
		if (!instant)
			varint_put(buf, minute->last - minute->first);
		next = i + 1;
	}
}

bool minutes_unpack(struct str bytes, struct minutes *minutes)
{
	uint64_t at = 0;

	while (bytes.n) {
		uint64_t gap, count, first, span = 0;

		if (!varint_take(&bytes, &gap) || !varint_take(&bytes, &count) ||
		    !varint_take(&bytes, &first))
			return false;
		if (!(count & 1) && !varint_take(&bytes, &span))
			return false;
		if (gap > 59 || at + gap > 59 || first >= MINUTE_MS || span >= MINUTE_MS - first)
			return false;
		at += gap;
		minute_add(&minutes->minute[at], count >> 1, (uint32_t)first,
			   (uint32_t)(first + span));
		at++;
	}
	return true;
}
