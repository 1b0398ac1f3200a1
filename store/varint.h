/*
 * Numbers in as few bytes as they need (LEB128), for the store's packed columns.
 */
#ifndef SCLOG_STORE_VARINT_H
#define SCLOG_STORE_VARINT_H

#include "base/buf.h"

static inline void varint_put(struct buf *buf, uint64_t value)
{
	unsigned char *to = (unsigned char *)buf_reserve(buf, 10);
	size_t n = 0;

	while (value >= 0x80) {
		to[n++] = (unsigned char)(value | 0x80);
		value >>= 7;
	}
	to[n++] = (unsigned char)value;
	buf->n += n;
}

/* Takes a number off the front. False where the bytes end or the number does not fit. */
static inline bool varint_take(struct str *bytes, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes->n && i < 10; i++) {
		unsigned char byte = (unsigned char)bytes->p[i];

		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (!(byte & 0x80)) {
			*bytes = str_skip(*bytes, i + 1);
			*ret_value = value;
			return true;
		}
	}
	return false;
}

/* Small negative numbers as small positive ones: 0, -1, 1, -2 ... */
static inline uint64_t varint_zigzag(int64_t value)
{
	return value < 0 ? ~((uint64_t)value << 1) : (uint64_t)value << 1;
}

static inline int64_t varint_unzigzag(uint64_t value)
{
	return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

#endif
