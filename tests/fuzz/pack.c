/*
 * Fuzz target (libFuzzer): any bytes as what a store keeps packed: minutes, identities, marks of
 * lines without a serial. Minutes that can be read are the same after they were packed and read
 * again.
 */
#include "store/minutes.h"
#include "store/seen.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void count_one(uint32_t serial_low, uint32_t minute_ms, void *context)
{
	if (serial_low > 0xffff || minute_ms >= MINUTE_MS)
		abort();
	++*(uint64_t *)context;
}

static void read_minutes(struct str bytes)
{
	struct minutes minutes = {0}, again = {0};
	BUF_AUTO packed = {0};

	if (!minutes_unpack(bytes, &minutes))
		return;
	for (unsigned i = 0; i < 60; i++)
		if (minutes.minute[i].count > UINT64_MAX / 4)
			return; /* more than the packed form has room for */
	minutes_pack(&minutes, &packed);
	if (!minutes_unpack(buf_str(&packed), &again))
		abort();
	for (unsigned i = 0; i < 60; i++)
		if (again.minute[i].count != minutes.minute[i].count ||
		    (again.minute[i].count && (again.minute[i].first != minutes.minute[i].first ||
					       again.minute[i].last != minutes.minute[i].last)))
			abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *copy = malloc(size ? size : 1); /* of exactly that size: a read past it is seen */
	uint64_t count = 0;

	if (!copy)
		abort();
	if (size)
		memcpy(copy, data, size);
	struct str bytes = str_of(copy, size);

	read_minutes(bytes);
	seen_unpack(bytes, count_one, &count);
	seen_text_count(bytes);
	free(copy);
	return 0;
}
