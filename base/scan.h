/*
 * Scanning bytes eight at a time, for the one path that every log line takes.
 *
 * Works on any byte order; only little-endian machines get the fast form. Never reads at or
 * past `end`.
 */
#ifndef SCLOG_BASE_SCAN_H
#define SCLOG_BASE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SCAN_EACH(byte) (0x0101010101010101u * (uint64_t)(unsigned char)(byte))

/* The high bit of every byte of word that is zero; bytes above the first such are not exact. */
static inline uint64_t scan_zero_bytes(uint64_t word)
{
	return (word - SCAN_EACH(0x01)) & ~word & SCAN_EACH(0x80);
}

static inline bool scan_word(const char *p, const char *end, uint64_t *ret_word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	if (end - p >= 8) {
		memcpy(ret_word, p, sizeof(*ret_word));
		return true;
	}
#else
	(void)p;
	(void)end;
	(void)ret_word;
#endif
	return false;
}

/* Where the first byte equal to a or b stands, or end. */
static inline const char *scan_for(const char *p, const char *end, char a, char b)
{
	uint64_t word;

	while (scan_word(p, end, &word)) {
		uint64_t found =
			scan_zero_bytes(word ^ SCAN_EACH(a)) | scan_zero_bytes(word ^ SCAN_EACH(b));

		if (found)
			return p + (__builtin_ctzll(found) >> 3);
		p += 8;
	}
	while (p < end && *p != a && *p != b)
		p++;
	return p;
}

/*
 * Eight decimal digits at once. Returns how many of the eight bytes are digits before the first
 * that is none (0 to 8), and their value.
 */
static inline unsigned scan_digits8(uint64_t word, uint64_t *ret_value)
{
	/* a byte is a digit if neither c - '0' nor c + 0x46 has its high bit set */
	uint64_t digits = word - SCAN_EACH('0');
	uint64_t bad = (digits | (word + SCAN_EACH(0x46)) | word) & SCAN_EACH(0x80);
	unsigned n = bad ? (unsigned)__builtin_ctzll(bad) >> 3 : 8;

	if (n == 0)
		return 0;
	digits <<= 8 * (8 - n); /* leading zeros for the digits that are not there */
	digits = digits * 10 + (digits >> 8);
	digits = ((digits & 0x000000ff000000ffu) * 0x000f424000000064u +
		  ((digits >> 16) & 0x000000ff000000ffu) * 0x0000271000000001u) >>
		 32;
	*ret_value = digits & 0xffffffffu;
	return n;
}

/* Takes up to max decimal digits (18 at most); returns where they end, p if there is none. */
static inline const char *scan_decimal(const char *p, const char *end, unsigned max,
				       uint64_t *ret_value)
{
	uint64_t word, value = 0;
	const char *stop = end - p > (ptrdiff_t)max ? p + max : end;

	if (scan_word(p, end, &word)) {
		unsigned n = scan_digits8(word, &value);

		if (n > max)
			value = 0;
		else
			p += n;
		if (n < 8 && n <= max) {
			*ret_value = value;
			return p;
		}
	}
	for (; p < stop && *p >= '0' && *p <= '9'; p++)
		value = value * 10 + (uint64_t)(*p - '0');
	*ret_value = value;
	return p;
}

/* The high bit of every byte that is at least `low`, for low up to 0x7f. No byte borrows from
 * its neighbour, so all are exact. */
static inline uint64_t scan_at_least(uint64_t word, unsigned char low)
{
	return ((word | SCAN_EACH(0x80)) - SCAN_EACH(low)) & SCAN_EACH(0x80);
}

/* Eight lower-case hexadecimal digits at once; as scan_digits8(). */
static inline unsigned scan_hex8(uint64_t word, uint64_t *ret_value)
{
	uint64_t letters = scan_at_least(word, 'a') & ~scan_at_least(word, 'f' + 1);
	uint64_t digits = scan_at_least(word, '0') & ~scan_at_least(word, '9' + 1);
	uint64_t bad = (~(letters | digits) | word) & SCAN_EACH(0x80);
	unsigned n = bad ? (unsigned)__builtin_ctzll(bad) >> 3 : 8;

	if (n == 0)
		return 0;
	uint64_t value = (word & SCAN_EACH(0x0f)) + (letters >> 7) * 9;

	value <<= 8 * (8 - n); /* the first digit is the lowest byte and the most significant */
	value = (value << 4 | value >> 8) & 0x00ff00ff00ff00ffu;
	value = (value << 8 | value >> 16) & 0x0000ffff0000ffffu;
	*ret_value = (value << 16 | value >> 32) & 0xffffffffu;
	return n;
}

static inline int scan_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * n digits that end at `end`, 1 to 8 of them; false if one is none. The eight bytes before `end` are
 * read, whatever the first of them are.
 */
static inline bool scan_hex_before(const char *end, size_t n, uint64_t *ret_value)
{
	uint64_t word;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	memcpy(&word, end - sizeof(word), sizeof(word));
	word >>= 8 * (8 - n);
	return scan_hex8(word, ret_value) >= n;
#else
	word = 0;
	for (const char *p = end - n; p < end; p++) {
		if (scan_hex_digit(*p) < 0)
			return false;
		word = word << 4 | (uint64_t)scan_hex_digit(*p);
	}
	*ret_value = word;
	return true;
#endif
}

/* Takes up to 16 lower-case hexadecimal digits, as scan_decimal(). */
static inline const char *scan_hex(const char *p, const char *end, uint64_t *ret_value)
{
	const char *first = p;
	uint64_t word, part = 0, value = 0;

	while (p - first < 16 && scan_word(p, end, &word)) {
		unsigned n = scan_hex8(word, &part);

		value = n == 8 ? value << 32 | part : value << (4 * n) | (n ? part : 0);
		p += n;
		if (n < 8) {
			*ret_value = value;
			return p;
		}
	}
	for (; p < end && p - first < 16 && scan_hex_digit(*p) >= 0; p++)
		value = value << 4 | (uint64_t)scan_hex_digit(*p);
	*ret_value = value;
	return p;
}

#endif
