/*
 * The packed minutes of an hour, against bytes worked out by hand from store/minutes.h and LEB128,
 * and against an array of counters.
 */
#include "store/minutes.h"
#include "store/varint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct packed_case {
	const char *name;
	unsigned at;
	struct minute minute;
	const char *bytes;
	size_t n;
};

/* gap; count doubled, plus one for an instant; first; last - first. 600 is d8 04, 1000 is e8 07,
 * 58,999 is f7 cc 03 in LEB128. */
static const struct packed_case packed_cases[] = {
	{"one event", 3, {1, 5, 5}, "\x03\x03\x05", 3},
	{"an instant of many", 0, {300, 0, 0}, "\x00\xd9\x04\x00", 4},
	{"a span", 59, {300, 1000, 59999}, "\x3b\xd8\x04\xe8\x07\xf7\xcc\x03", 8},
};

static void test_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(packed_cases) / sizeof(packed_cases[0]); i++) {
		const struct packed_case *row = &packed_cases[i];
		struct minutes minutes = {0}, back = {0};
		BUF_AUTO buf = {0};

		print_message("# %s\n", row->name);
		minutes.minute[row->at] = row->minute;
		minutes_pack(&minutes, &buf);
		assert_int_equal(buf.n, row->n);
		assert_memory_equal(buf.p, row->bytes, row->n);
		assert_true(minutes_unpack(buf_str(&buf), &back));
		assert_memory_equal(&back, &minutes, sizeof(back));
	}
}

static void test_empty_hour_is_no_bytes(void **state)
{
	struct minutes minutes = {0};
	BUF_AUTO buf = {0};

	(void)state;
	minutes_pack(&minutes, &buf);
	assert_int_equal(buf.n, 0);
	assert_true(minutes_unpack(str_of(NULL, 0), &minutes));
}

static const struct {
	const char *name;
	const char *bytes;
	size_t n;
} damaged[] = {
	{"ends after the gap", "\x03", 1},
	{"ends in the middle of a number", "\x03\x80", 2},
	{"no first", "\x03\x03", 2},
	{"no span", "\x03\x02\x05", 3},
	{"minute 60", "\x3c\x03\x05", 3},
	{"minute 60 behind another", "\x3b\x03\x05\x00\x03\x05", 6},
	{"first at 60,000", "\x00\x03\xe0\xd4\x03", 5},
	{"last at 60,000", "\x00\x02\xdf\xd4\x03\x01", 6},
	{"a number without end", "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12},
};

static void test_damaged_bytes_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		struct minutes minutes = {0};

		print_message("# %s\n", damaged[i].name);
		assert_false(minutes_unpack(str_of(damaged[i].bytes, damaged[i].n), &minutes));
	}
}

static uint32_t random_below(uint32_t n)
{
	return (uint32_t)random() % n;
}

/* Events of an hour, added in any order and in several packed parts, against plain counters. */
static void test_random_hours(void **state)
{
	(void)state;
	srandom(1);
	for (int round = 0; round < 200; round++) {
		struct minutes whole = {0}, back = {0};
		struct minute naive[60] = {{0}};
		BUF_AUTO buf = {0};

		for (uint32_t parts = 1 + random_below(3); parts; parts--) {
			struct minutes minutes = {0};

			for (uint32_t left = random_below(200); left; left--) {
				uint32_t at = random_below(60), ms = random_below(60000);
				struct minute *want = &naive[at];

				minute_add(&minutes.minute[at], 1, ms, ms);
				want->first = !want->count || ms < want->first ? ms : want->first;
				want->last = !want->count || ms > want->last ? ms : want->last;
				want->count++;
			}
			buf_clear(&buf);
			minutes_pack(&minutes, &buf);
			assert_true(minutes_unpack(buf_str(&buf), &whole));
		}
		for (int i = 0; i < 60; i++) {
			assert_int_equal(whole.minute[i].count, naive[i].count);
			assert_int_equal(whole.minute[i].first, naive[i].first);
			assert_int_equal(whole.minute[i].last, naive[i].last);
		}
		buf_clear(&buf);
		minutes_pack(&whole, &buf);
		assert_true(minutes_unpack(buf_str(&buf), &back));
		assert_memory_equal(&back, &whole, sizeof(back));
	}
}

static void test_random_bytes_stay_in_bounds(void **state)
{
	(void)state;
	srandom(2);
	for (int round = 0; round < 20000; round++) {
		struct minutes minutes = {0};
		char bytes[24];
		size_t n = random_below(sizeof(bytes));

		for (size_t i = 0; i < n; i++)
			bytes[i] = (char)random_below(random_below(2) ? 256 : 8);
		if (!minutes_unpack(str_of(bytes, n), &minutes))
			continue;
		for (int i = 0; i < 60; i++) {
			assert_in_range(minutes.minute[i].last, minutes.minute[i].first, 59999);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_empty_hour_is_no_bytes),
		cmocka_unit_test(test_damaged_bytes_are_refused),
		cmocka_unit_test(test_random_hours),
		cmocka_unit_test(test_random_bytes_stay_in_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
