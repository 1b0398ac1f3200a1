/*
 * Scanning eight bytes at a time, for the hot path of log lines.
 *
 * Correct for any byte order; fast on little-endian machines. Never reads at or past `end`.
 */
#ifndef SCLOG_BASE_SCAN_H
#define SCLOG_BASE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define SCAN_EACH(byte) (0x0101010101010101u * (uint64_t)(unsigned char)(byte))

/* Sets the high bit of each zero byte of the word. Only the lowest one found is reliable. */
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

/* The first byte equal to a or b, or end. */
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
 * Up to eight decimal digits at once. Returns the number of leading digits (0 to 8), and their value.
 */
static inline unsigned scan_digits8(uint64_t word, uint64_t *ret_value)
{
	/* a byte is a digit if neither c - '0' nor c + 0x46 has its high bit set */
	uint64_t digits = word - SCAN_EACH('0');
	uint64_t bad = (digits | (word + SCAN_EACH(0x46)) | word) & SCAN_EACH(0x80);
	unsigned n = bad ? (unsigned)__builtin_ctzll(bad) >> 3 : 8;

	if (n == 0)
		return 0;
	digits <<= 8 * (8 - n); /* pads with leading zeros */
	digits = digits * 10 + (digits >> 8);
	digits = ((digits & 0x000000ff000000ffu) * 0x000f424000000064u +
		  ((digits >> 16) & 0x000000ff000000ffu) * 0x0000271000000001u) >>
		 32;
	*ret_value = digits & 0xffffffffu;
	return n;
}

/* Reads up to max (at most 18) decimal digits. Returns their end; p if there are none. */
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

static inline int scan_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Reads n (1 to 16) lower-case hexadecimal digits before `end`; false if they are not. All sixteen
 * bytes before `end` must be readable.
 */
static inline bool scan_hex_before(const char *end, size_t n, uint64_t *ret_value)
{
#ifdef __SSE2__
	const __m128i text = _mm_loadu_si128((const void *)(end - 16));
	const __m128i number = _mm_sub_epi8(text, _mm_set1_epi8('0'));
	const __m128i letter = _mm_sub_epi8(text, _mm_set1_epi8('a'));
	const __m128i is_number = _mm_cmpeq_epi8(_mm_min_epu8(number, _mm_set1_epi8(9)), number);
	const __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);
	const __m128i digits =
		_mm_or_si128(_mm_and_si128(is_number, number),
			     _mm_and_si128(is_letter, _mm_add_epi8(letter, _mm_set1_epi8(10))));
	/* pairs of digits to bytes, the first of them the most significant */
	const __m128i pairs =
		_mm_and_si128(_mm_or_si128(_mm_slli_epi16(digits, 4), _mm_srli_epi16(digits, 8)),
			      _mm_set1_epi16(0xff));
	unsigned bad = 0xffff ^ (unsigned)_mm_movemask_epi8(_mm_or_si128(is_number, is_letter));
	uint64_t value;

	_mm_storel_epi64((void *)&value, _mm_packus_epi16(pairs, pairs));
	value = __builtin_bswap64(value);
	if (n - 1 > 15 || bad >> (16 - n))
		return false;
	*ret_value = n == 16 ? value : value & (((uint64_t)1 << 4 * n) - 1);
	return true;
#else
	uint64_t value = 0;

	for (const char *p = end - n; p < end; p++) {
		if (n > 16 || scan_hex_digit(*p) < 0)
			return false;
		value = value << 4 | (uint64_t)scan_hex_digit(*p);
	}
	*ret_value = value;
	return n > 0;
#endif
}

/* Reads up to 16 lower-case hexadecimal digits, like scan_decimal(). */
static inline const char *scan_hex(const char *p, const char *end, uint64_t *ret_value)
{
	const char *stop = end - p > 16 ? p + 16 : end;
	uint64_t value = 0;

	for (; p < stop && scan_hex_digit(*p) >= 0; p++)
		value = value << 4 | (uint64_t)scan_hex_digit(*p);
	*ret_value = value;
	return p;
}

#endif
