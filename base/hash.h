/*
 * A keyed 64-bit hash for tables over bytes that an attacker chose.
 *
 * Multiply-and-fold over eight bytes at a time. The key is drawn once per process, so that
 * nobody can write a log whose names all fall into one slot. Never persisted.
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

/* The same of bytes that are at least sixteen, faster: two halves side by side. */
static inline uint64_t hash_long(uint64_t hash, struct str s)
{
	const char *p = s.p, *last = s.p + s.n - 16;
	uint64_t a = hash ^ s.n, b = hash, words[4];

	for (; last - p > 16; p += 32) {
		memcpy(words, p, 32);
		a = hash_fold(a ^ words[0], words[1] ^ 0x9e3779b97f4a7c15u);
		b = hash_fold(b ^ words[2], words[3] ^ 0xbf58476d1ce4e5b9u);
	}
	if (last > p) {
		memcpy(words, p, 16);
		a = hash_fold(a ^ words[0], words[1] ^ 0x9e3779b97f4a7c15u);
	}
	memcpy(words, last, 16);
	return hash_fold(a ^ words[0], b ^ words[1] ^ 0x94d049bb133111ebu);
}

#endif
