/*
 * UTF-8 against Unicode 15, section 3.9: table 3-7 (well-formed sequences) and the examples of
 * U+FFFD substitution of maximal subparts, tables 3-8 to 3-11.
 */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Encodes by the bit distribution of table 3-6. */
static size_t encode(uint32_t point, char *to)
{
	static const unsigned char leads[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
	size_t n = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; point >>= 6)
		to[i] = (char)(0x80 | (point & 0x3f));
	to[0] = (char)(leads[n] | point);
	return n;
}

static void test_every_code_point(void **state)
{
	(void)state;
	for (uint32_t point = 0; point <= 0x110010; point++) {
		bool scalar = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
		uint32_t got = 0;
		size_t bad = 0;
		char bytes[4];
		size_t n = encode(point, bytes);
		size_t taken = utf8_decode(str_of(bytes, n), &got, &bad);

		if (taken != (scalar ? n : 0) || (scalar && got != point))
			fail_msg("U+%04X: took %zu, got U+%04X", point, taken, got);
		if (utf8_valid(str_of(bytes, n)) != scalar)
			fail_msg("U+%04X: validity", point);
		for (size_t cut = 1; cut < n && scalar; cut++)
			assert_int_equal(utf8_decode(str_of(bytes, cut), &got, &bad), 0);
	}
}

struct bad_case {
	const char *bytes;
	const char *shown; /* one character a code point; '?' is U+FFFD */
};

static const struct bad_case bad_cases[] = {
	{"\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41", "????????A"}, /* table 3-8: overlong */
	{"\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", "????????A"}, /* table 3-9: surrogates */
	{"\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", "?????A??B"}, /* table 3-10 */
	{"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", "????A"},     /* table 3-11: truncated */
	{"\x61\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\x80\xbf\x64", "a???b?c??d"},
	{"\xf5\x80\x80\x80", "????"},
	{"", ""},
};

static void test_maximal_subparts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_cases) / sizeof(bad_cases[0]); i++) {
		struct str s = str_from(bad_cases[i].bytes);
		char shown[32] = "";
		size_t n = 0;

		while (s.n) {
			uint32_t point;
			size_t bad, taken = utf8_decode(s, &point, &bad);

			assert_in_range(n, 0, sizeof(shown) - 2);
			shown[n++] = taken ? (char)point : '?';
			s = str_skip(s, taken ? taken : bad);
		}
		assert_string_equal(shown, bad_cases[i].shown);
	}
}

static void test_valid_looks_at_everything(void **state)
{
	(void)state;
	assert_true(utf8_valid(str_of(NULL, 0)));
	assert_true(utf8_valid(STR("a\0b")));
	assert_true(utf8_valid(STR("gr\xc3\xbc\xc3\x9f")));
	assert_false(utf8_valid(STR("gr\xc3\xbc\xc3")));
	assert_false(utf8_valid(STR("\xff")));
	assert_false(utf8_valid(STR("ab\x80")));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code_point),
		cmocka_unit_test(test_maximal_subparts),
		cmocka_unit_test(test_valid_looks_at_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
