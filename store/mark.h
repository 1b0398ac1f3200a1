/*
 * The hash that the store keeps: what it marks lines without a serial, evidence, first lines of
 * inputs and profiles by. It never changes: a mark that is another one tomorrow would count what
 * was counted. Tables in memory have base/hash.h, which may.
 *
 * Keyed by 64 random bits of the store, so that nobody can write two lines of one mark. With all
 * numbers little-endian and modulo 2^64:
 *
 *	fold(a, b)  the low half of the 128-bit product a * b, xor its high half
 *	step(h, w)  fold(h xor w, 0x9e3779b97f4a7c15)
 *
 * begin with h = step(key, length); while more than 8 bytes are left, h = step(h, the next 8);
 * last h = step(h, tail), where the tail is: of 4 to 8 bytes the first four as the low half and the
 * last four as the high half; of 1 to 3 bytes the first << 16 | the one at n / 2 << 8 | the last;
 * of none 0. tests/unit/test_mark.c has vectors. Internal to store/.
 */
#ifndef SCLOG_STORE_MARK_H
#define SCLOG_STORE_MARK_H

#include "base/str.h"

#include <endian.h>
#include <stdint.h>

static inline uint64_t mark_step(uint64_t hash, uint64_t word)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)(hash ^ word) * 0x9e3779b97f4a7c15u;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t mark_tail(const char *p, size_t n)
{
	const unsigned char *bytes = (const unsigned char *)p;
	uint32_t low, high;

	if (n == 0)
		return 0;
	if (n < 4)
		return (uint64_t)bytes[0] << 16 | (uint64_t)bytes[n / 2] << 8 | bytes[n - 1];
	memcpy(&low, p, sizeof(low));
	memcpy(&high, p + n - sizeof(high), sizeof(high));
	return (uint64_t)le32toh(high) << 32 | le32toh(low);
}

static inline uint64_t mark_of(uint64_t key, struct str s)
{
	uint64_t hash = mark_step(key, s.n), word;

	for (; s.n > sizeof(word); s = str_skip(s, sizeof(word))) {
		memcpy(&word, s.p, sizeof(word));
		hash = mark_step(hash, le64toh(word));
	}
	return mark_step(hash, mark_tail(s.p, s.n));
}

#endif
