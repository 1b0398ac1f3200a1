/*
 * A keyed 64-bit hash for tables over bytes that an attacker chose.
 *
 * Multiply-and-fold over eight bytes at a time. The key is random for each process, so that nobody
 * can write a log whose names all collide. Never persisted.
 */
#ifndef SCLOG_BASE_HASH_H
#define SCLOG_BASE_HASH_H

#include "base/str.h"

#include <stdint.h>

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_word(uint64_t hash, uint64_t word)
{
	return hash_fold(hash ^ word, 0x9e3779b97f4a7c15u);
}

/* Up to eight bytes as a number, without reading past them. */
static inline uint64_t hash_tail(const char *p, size_t n)
{
	uint32_t low, high;

	if (n >= 4) {
		memcpy(&low, p, sizeof(low));
		memcpy(&high, p + n - sizeof(high), sizeof(high));
		return (uint64_t)high << 32 | low;
	}
	if (n == 0)
		return 0;
	return (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[n / 2] << 8 |
	       (unsigned char)p[n - 1];
}

static inline uint64_t hash_bytes(uint64_t hash, struct str s)
{
	uint64_t word;

	hash = hash_word(hash, s.n);
	for (; s.n > sizeof(word); s = str_skip(s, sizeof(word))) {
		memcpy(&word, s.p, sizeof(word));
		hash = hash_word(hash, word);
	}
	return hash_word(hash, hash_tail(s.p, s.n));
}

/*
 * A hash that can stand for the text itself (NH, from UMAC by Black and others). With a secret random
 * key, any two texts of the same length collide with a probability of at most 2^-64. Each pair of
 * words uses two words of the key; a part of the key must not be used twice.
 */
__extension__ typedef unsigned __int128 hash_sum;

static inline void hash_pair(hash_sum *sum, const uint64_t **key, uint64_t a, uint64_t b)
{
	*sum += (hash_sum)(a + (*key)[0]) * (b + (*key)[1]);
	*key += 2;
}

/* Uses HASH_PAIRS(s.n) pairs of the key. */
static inline void hash_text(hash_sum *sum, const uint64_t **key, struct str s)
{
	uint64_t words[2] = {0, 0};

	const char *last = s.p + s.n - sizeof(words);

	if (s.n < sizeof(words)) {
		memcpy(words, s.n ? s.p : "", s.n);
		hash_pair(sum, key, words[0], words[1]);
		return;
	}
	for (const char *p = s.p; p < last; p += sizeof(words)) {
		memcpy(words, p, sizeof(words));
		hash_pair(sum, key, words[0], words[1]);
	}
	memcpy(words, last, sizeof(words));
	hash_pair(sum, key, words[0], words[1]);
}

#define HASH_PAIRS(n) (((n) + 15) / 16)

#endif
