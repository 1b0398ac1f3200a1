#include "ingest/utf16.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT 0xfffd
#define MARK        0xfeff

/* The longest character of UTF-8, and what an unpaired surrogate before it becomes. */
#define ROOM 7

struct utf16 {
	utf16_read_fn *read;
	void *context;
	bool big, begun;
	uint16_t high; /* a surrogate whose other half has to come, 0: none */
	size_t n;      /* of the bytes that were not taken */
	unsigned char bytes[4096];
};

/* Bytes that show an encoding without a mark: no log in another one has a zero in each second byte. */
#define SHOWN_MIN 64
#define SHOWN_MAX 1024

static bool is_without_mark(const char *bytes, size_t n, unsigned zero)
{
	for (size_t i = 0; i < n && i < SHOWN_MAX; i++)
		if ((bytes[i] == '\0') != (i % 2 == zero))
			return false;
	return n >= SHOWN_MIN;
}

bool utf16_is(const char *bytes, size_t n)
{
	return (n >= 2 &&
		(memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0)) ||
	       is_without_mark(bytes, n, 0) || is_without_mark(bytes, n, 1);
}

struct utf16 *utf16_new(utf16_read_fn *read, void *context)
{
	struct utf16 *utf16 = mem_new(1, sizeof(*utf16));

	utf16->read = read;
	utf16->context = context;
	return utf16;
}

void utf16_free(struct utf16 *utf16)
{
	free(utf16);
}

static char *put(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 63));
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 63));
		*to++ = (char)(0x80 | (c & 63));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 63));
		*to++ = (char)(0x80 | (c >> 6 & 63));
		*to++ = (char)(0x80 | (c & 63));
	}
	return to;
}

static char *put_unit(struct utf16 *utf16, char *to, uint16_t unit)
{
	bool is_low = unit >= 0xdc00 && unit < 0xe000;
	uint16_t high = utf16->high;

	utf16->high = 0;
	if (high && is_low)
		return put(to, 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (unit - 0xdc00u));
	if (high)
		to = put(to, REPLACEMENT);
	if (unit >= 0xd800 && unit < 0xdc00) {
		utf16->high = unit;
		return to;
	}
	return put(to, is_low ? REPLACEMENT : unit);
}

/* Takes the units that are whole, as long as there is room. */
static char *convert(struct utf16 *utf16, char *to, const char *end)
{
	size_t at = 0;

	for (; at + 2 <= utf16->n && end - to >= ROOM; at += 2) {
		unsigned first = utf16->bytes[at], second = utf16->bytes[at + 1];

		if (!utf16->begun)
			utf16->big = first == 0xfe || first == 0;
		uint16_t unit = (uint16_t)(utf16->big ? first << 8 | second : second << 8 | first);

		if (utf16->begun || unit != MARK)
			to = put_unit(utf16, to, unit);
		utf16->begun = true;
	}
	utf16->n -= at;
	memmove(utf16->bytes, utf16->bytes + at, utf16->n);
	return to;
}

ssize_t utf16_read(struct utf16 *utf16, char *to, size_t size)
{
	char *from = to, *end = to + size;

	for (;;) {
		to = convert(utf16, to, end);
		if (to > from)
			return to - from;
		ssize_t n = utf16->read(utf16->context, (char *)utf16->bytes + utf16->n,
					sizeof(utf16->bytes) - utf16->n);

		if (n <= 0)
			return n;
		utf16->n += (size_t)n;
	}
}
