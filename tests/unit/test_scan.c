/*
 * Scanning eight bytes at a time (base/scan.h) against loops over one byte at a time. Buffers are
 * of exactly the size that is scanned, so that a read past the end is seen by the sanitizers.
 */
#include "base/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROUNDS 200000

static uint32_t random_below(uint32_t n)
{
	return (uint32_t)random() % n;
}

/* n bytes out of an alphabet, in memory of their own. */
static char *random_text(const char *alphabet, size_t alphabet_n, size_t n)
{
	char *text = malloc(n ? n : 1);

	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		text[i] = alphabet[random_below((uint32_t)alphabet_n)];
	return text;
}

static void test_scan_for(void **state)
{
	/* 0x80 and 0x01 beside the wanted ones: where the arithmetic on whole words may slip */
	static const char alphabet[] = {'a', '"', ' ', 0x1d, 0x1c, 0x1e, '!', '#', 0, 1, -128, -1};

	(void)state;
	srandom(1);
	for (int round = 0; round < ROUNDS; round++) {
		size_t n = random_below(40), want = 0;
		size_t letters = 1 + random_below(sizeof(alphabet));
		char *text = random_text(alphabet, letters, n);
		char a = alphabet[random_below(sizeof(alphabet))];
		char b = alphabet[random_below(sizeof(alphabet))];

		while (want < n && text[want] != a && text[want] != b)
			want++;
		assert_int_equal(scan_for(text, text + n, a, b) - text, want);
		free(text);
	}
}

static void test_scan_decimal(void **state)
{
	static const char alphabet[] = "01234567890123456789/:. a\x80\xb0\xff";

	(void)state;
	srandom(2);
	for (int round = 0; round < ROUNDS; round++) {
		size_t n = random_below(24), want = 0;
		size_t letters = random_below(2) ? 20 : sizeof(alphabet) - 1;
		char *text = random_text(alphabet, letters, n);
		unsigned max = random_below(19);
		uint64_t value = 99, want_value = 0;

		for (; want < n && want < max && text[want] >= '0' && text[want] <= '9'; want++)
			want_value = want_value * 10 + (uint64_t)(text[want] - '0');
		const char *end = scan_decimal(text, text + n, max, &value);

		if (end - text != (ptrdiff_t)want || value != want_value)
			fail_msg("'%.*s', at most %u: %td digits, %llu; should be %zu, %llu",
				 (int)n, text, max, end - text, (unsigned long long)value, want,
				 (unsigned long long)want_value);
		free(text);
	}
}

static int naive_hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static void test_scan_hex(void **state)
{
	static const char alphabet[] = "0123456789abcdefg`/:@AFx\x80\xe1\xb0";

	(void)state;
	srandom(3);
	for (int round = 0; round < ROUNDS; round++) {
		size_t n = random_below(24), want = 0;
		size_t letters = random_below(2) ? 16 : sizeof(alphabet) - 1;
		char *text = random_text(alphabet, letters, n);
		uint64_t value = 99, want_value = 0;

		for (; want < n && want < 16 && naive_hex_digit(text[want]) >= 0; want++)
			want_value = want_value << 4 | (uint64_t)naive_hex_digit(text[want]);
		const char *end = scan_hex(text, text + n, &value);

		if (end - text != (ptrdiff_t)want || value != want_value)
			fail_msg("'%.*s': %td digits, %llx; should be %zu, %llx", (int)n, text,
				 end - text, (unsigned long long)value, want,
				 (unsigned long long)want_value);
		free(text);
	}
}

/* Every byte value in every place of a word. */
static void test_every_byte(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		for (int at = 0; at < 8; at++) {
			char text[9] = "11111111";
			char hex[9] = "ffffffff";
			uint64_t value;

			text[at] = hex[at] = (char)c;
			bool digit = c >= '0' && c <= '9';

			assert_int_equal(scan_decimal(text, text + 8, 12, &value) - text,
					 digit ? 8 : at);
			assert_int_equal(scan_hex(hex, hex + 8, &value) - hex,
					 naive_hex_digit((char)c) >= 0 ? 8 : at);
			assert_int_equal(scan_for(text, text + 8, (char)c, (char)c) - text,
					 c == '1' ? 0 : at);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan_for),
		cmocka_unit_test(test_scan_decimal),
		cmocka_unit_test(test_scan_hex),
		cmocka_unit_test(test_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
