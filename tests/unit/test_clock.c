/*
 * Times: expectations come from date(1) (`date -u -d TEXT +%s`) and, for the days on which
 * clocks change, from the EU's rule (Directive 2000/84/EC: last Sundays of March and October,
 * at 01:00 UTC).
 */
#include "base/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/* 2026-11-21T23:01:34.454Z, the stamp of a record in FACTS-like captures. */
#define NOW 1795302094454

static void set_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

struct good {
	const char *zone;
	const char *text;
	int64_t first_ms, last_ms;
};

static const struct good good[] = {
	{"UTC", "now", NOW, NOW},
	{"UTC", "0s", NOW, NOW},
	{"UTC", "90s", NOW - 90000, NOW - 90000},
	{"UTC", "15m", NOW - 900000, NOW - 900000},
	{"UTC", "1h", NOW - 3600000, NOW - 3600000},
	{"UTC", "7d", NOW - 604800000, NOW - 604800000},
	{"UTC", "2w", NOW - 1209600000, NOW - 1209600000},
	{"UTC", "1h30m", NOW - 5400000, NOW - 5400000},
	{"UTC", "1w2d3h4m5s", NOW - 788645000, NOW - 788645000},
	{"UTC", "1h 30min", NOW - 5400000, NOW - 5400000},
	{"UTC", "1 hour ago", NOW - 3600000, NOW - 3600000},
	{"UTC", "2 hours ago", NOW - 7200000, NOW - 7200000},
	{"UTC", "90 seconds ago", NOW - 90000, NOW - 90000},
	{"UTC", "5 minutes ago", NOW - 300000, NOW - 300000},
	{"UTC", "3 days ago", NOW - 259200000, NOW - 259200000},
	{"UTC", "1 week ago", NOW - 604800000, NOW - 604800000},
	{"UTC", "1 hour 30 minutes ago", NOW - 5400000, NOW - 5400000},
	{"UTC", "15m ago", NOW - 900000, NOW - 900000},
	{"UTC", "10:00", 1795255200000, 1795255259999},
	{"UTC", "10:00:30", 1795255230000, 1795255230999},
	{"UTC", "10:00:30.5", 1795255230500, 1795255230500},
	{"UTC", "23:59", 1795305540000, 1795305599999},
	{"UTC", "today 10:00", 1795255200000, 1795255259999},
	{"UTC", "yesterday 10:00", 1795168800000, 1795168859999},
	/* There it is the 22nd. */
	{"Europe/Berlin", "10:00", 1795338000000, 1795338059999},
	{"UTC", "today", 1795219200000, 1795305599999},
	{"UTC", "yesterday", 1795132800000, 1795219199999},
	{"UTC", "2026-11-21", 1795219200000, 1795305599999},
	{"UTC", "2026-11-21 23:01", 1795302060000, 1795302119999},
	{"UTC", "2026-11-21 23:01:34", 1795302094000, 1795302094999},
	{"UTC", "2026-11-21T23:01:34Z", 1795302094000, 1795302094999},
	{"UTC", "2026-11-21t23:01:34z", 1795302094000, 1795302094999},
	{"UTC", "2026-11-21T23:01Z", 1795302060000, 1795302119999},
	{"UTC", "2026-11-21T23:01:34.454Z", NOW, NOW},
	{"UTC", "2026-11-21T23:01:34.4549999Z", NOW, NOW},
	{"UTC", "2026-11-21T23:01:34.5Z", 1795302094500, 1795302094500},
	{"UTC", "2026-11-22T00:01:34.454+01:00", NOW, NOW},
	{"UTC", "2026-11-21T17:31:34.454-05:30", NOW, NOW},
	{"UTC", "2026-11-21T23:01:34-00:00", 1795302094000, 1795302094999},
	{"UTC", "@1795302094", 1795302094000, 1795302094999},
	{"UTC", "@1795302094.454", NOW, NOW},
	{"UTC", "@1795302094.45", 1795302094450, 1795302094450},
	{"UTC", "@0", 0, 999},
	{"UTC", "@-1", -1000, -1},
	{"UTC", "@-1.5", -1500, -1500},
	{"UTC", "1969-12-31T23:59:59Z", -1000, -1},
	{"UTC", "9999-12-31T23:59:59Z", 253402300799000, 253402300799999},
	{"UTC", "2024-02-29", 1709164800000, 1709251199999},
	{"UTC", "2000-02-29", 951782400000, 951868799999},
	/* The last day of a month and of a year: the next day has another month. */
	{"UTC", "2026-12-31", 1798675200000, 1798761599999},
	/* Leap seconds of 2016 and, in a zone, of the same moment (RFC 3339 section 5.8). */
	{"UTC", "2016-12-31T23:59:60Z", 1483228800000, 1483228800999},
	{"UTC", "1990-12-31T15:59:60-08:00", 662688000000, 662688000999},
	/* Berlin, winter and summer. */
	{"Europe/Berlin", "2026-11-22 00:01:34", 1795302094000, 1795302094999},
	{"Europe/Berlin", "2026-07-01 12:00:00", 1782900000000, 1782900000999},
	{"Europe/Berlin", "today", 1795302000000, 1795388399999},
	/* 2026-03-29 has 23 hours, 2026-10-25 has 25. */
	{"Europe/Berlin", "2026-03-29", 1774738800000, 1774738800000 + 23 * 3600000LL - 1},
	{"Europe/Berlin", "2026-10-25", 1792879200000, 1792879200000 + 25 * 3600000LL - 1},
	/* 02:30 is there twice: 00:30Z and 01:30Z. */
	{"Europe/Berlin", "2026-10-25 02:30:00", 1792888200000, 1792888200000 + 3600000 + 999},
	{"Europe/Berlin", "2026-10-25T02:30:00+02:00", 1792888200000, 1792888200999},
};

static void test_parse_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct clock_span span = {1, 1};

		set_zone(good[i].zone);
		print_message("%s in %s\n", good[i].text, good[i].zone);
		assert_int_equal(clock_parse(str_from(good[i].text), NOW, &span), 0);
		assert_int_equal(span.first_ms, good[i].first_ms);
		assert_int_equal(span.last_ms, good[i].last_ms);
	}
}

/* `yesterday` on the day after a change has that day's length: now is 2026-10-26 12:00Z. */
static void test_parse_yesterday_with_25_hours(void **state)
{
	struct clock_span span;

	(void)state;
	set_zone("Europe/Berlin");
	assert_int_equal(clock_parse(STR("yesterday"), 1793016000000, &span), 0);
	assert_int_equal(span.first_ms, 1792879200000);
	assert_int_equal(span.last_ms - span.first_ms + 1, 25 * 3600000LL);
}

/* 02:30 is not there on 2026-03-29: whatever is taken lies within the hours around the gap. */
static void test_parse_local_gap(void **state)
{
	struct clock_span span;

	(void)state;
	set_zone("Europe/Berlin");
	assert_int_equal(clock_parse(STR("2026-03-29 02:30"), NOW, &span), 0);
	assert_in_range(span.first_ms, 1774744200000, 1774747800000);
	assert_int_equal(span.last_ms - span.first_ms, 59999);
}

struct bad {
	const char *text;
	int error;
};

static const struct bad bad[] = {
	{"", EINVAL},
	{"nonsense", EINVAL},
	{"h", EINVAL},
	{"1", EINVAL},
	{"1y", EINVAL},
	{"1h30", EINVAL},
	{"1 hour later", EINVAL},
	{"ago", EINVAL},
	{"1 hour ago ", EINVAL},
	{"hour ago", EINVAL},
	{"24:00", EINVAL},
	{"10:60", EINVAL},
	{"1:00", EINVAL},
	{"10:00Z", EINVAL},
	{"10:00+01:00", EINVAL},
	{"10:", EINVAL},
	{"todays", EINVAL},
	{"today10:00", EINVAL},
	{"yesterday ", EINVAL},
	{"tomorrow", EINVAL},
	{"99999999999999999999h30m", ERANGE},
	{"-5m", EINVAL},
	{"+5m", EINVAL},
	{"1.5h", EINVAL},
	{" 5m", EINVAL},
	{"Today", EINVAL},
	{"@", EINVAL},
	{"@x", EINVAL},
	{"@-", EINVAL},
	{"@1.", EINVAL},
	{"@1x", EINVAL},
	{"@1.5x", EINVAL},
	{"2026-13-01", EINVAL},
	{"2026-00-01", EINVAL},
	{"2026-01-00", EINVAL},
	{"2026-04-31", EINVAL},
	{"2026-02-29", EINVAL},
	{"2100-02-29", EINVAL},
	{"26-11-21", EINVAL},
	{"10000-01-01", EINVAL},
	{"2026-11-21T", EINVAL},
	{"2026-11-21T24:00:00Z", EINVAL},
	{"2026-11-21T23:60:00Z", EINVAL},
	{"2026-11-21T23:01:61Z", EINVAL},
	{"2026-11-21T23:01:60Z", EINVAL},
	{"2026-11-21T23:01:34.Z", EINVAL},
	{"2026-11-21T23:01:34+1:00", EINVAL},
	{"2026-11-21T23:01:34+0100", EINVAL},
	{"2026-11-21T23:01:34+24:00", EINVAL},
	{"2026-11-21T23:01:34Zx", EINVAL},
	{"2026-11-21  23:01:34", EINVAL},
	{"2026-11-21T23:01:34 Z", EINVAL},
	{"99999999999999999999s", ERANGE},
	{"9223372036854775807s", ERANGE},
	{"9223372036854775807w", ERANGE},
	{"@99999999999999999999", ERANGE},
	{"@9223372036854775807", ERANGE},
	{"@9223372036854775.808", ERANGE},
};

static void test_parse_bad(void **state)
{
	(void)state;
	set_zone("UTC");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct clock_span span;

		print_message("'%s'\n", bad[i].text);
		assert_int_equal(clock_parse(str_from(bad[i].text), NOW, &span), -bad[i].error);
	}
}

/* A slice is no C string: what lies behind it must not be read as part of it. */
static void test_parse_slice(void **state)
{
	struct clock_span span;

	(void)state;
	assert_int_equal(clock_parse(str_of("@12345", 3), NOW, &span), 0);
	assert_int_equal(span.first_ms, 12000);
	assert_int_equal(clock_parse(str_of("1hx", 2), NOW, &span), 0);
	assert_int_equal(clock_parse(str_of("now\0", 4), NOW, &span), -EINVAL);
}

static void test_now(void **state)
{
	struct err err = ERR_INIT;
	int64_t ms;

	(void)state;
	setenv("SCLOG_NOW", "@1795302094.454", 1);
	assert_int_equal(clock_now_ms(&ms, &err), 0);
	assert_int_equal(ms, NOW);
	setenv("SCLOG_NOW", "@1795302094", 1);
	assert_int_equal(clock_now_ms(&ms, &err), 0);
	assert_int_equal(ms, 1795302094000);

	static const char *const broken[] = {"", "yesterday", "1795302094", "@", "@soon"};

	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		err_clear(&err);
		setenv("SCLOG_NOW", broken[i], 1);
		assert_int_equal(clock_now_ms(&ms, &err), -EINVAL);
		assert_non_null(strstr(err.message, "SCLOG_NOW"));
	}
	unsetenv("SCLOG_NOW");
	err_clear(&err);
	assert_int_equal(clock_now_ms(&ms, &err), 0);
	assert_true(ms / 1000 <= time(NULL) && ms / 1000 >= time(NULL) - 60);
}

static void test_format(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{NOW, "2026-11-21T23:01:34.454Z"},
		{0, "1970-01-01T00:00:00.000Z"},
		{-1, "1969-12-31T23:59:59.999Z"},
		{-1000, "1969-12-31T23:59:59.000Z"},
		{-1001, "1969-12-31T23:59:58.999Z"},
		{951782400007, "2000-02-29T00:00:00.007Z"},
		{253402300799999, "9999-12-31T23:59:59.999Z"},
		{253402300800000, "10000-01-01T00:00:00.000Z"},
		{-62135596800000, "0001-01-01T00:00:00.000Z"},
		{-62135596800001, "0000-12-31T23:59:59.999Z"},
		/* date -u -d @9223372036854775 */
		{INT64_MAX, "292278994-08-17T07:12:55.807Z"},
	};
	char text[CLOCK_TEXT_SIZE];

	(void)state;
	set_zone("Europe/Berlin"); /* must not matter */
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(clock_format_rfc3339_ms(cases[i].ms, text), cases[i].text);
	/* The other end must fit too, whatever its digits. */
	assert_true(strlen(clock_format_rfc3339_ms(INT64_MIN, text)) < CLOCK_TEXT_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_good),
		cmocka_unit_test(test_parse_yesterday_with_25_hours),
		cmocka_unit_test(test_parse_local_gap),
		cmocka_unit_test(test_parse_bad),
		cmocka_unit_test(test_parse_slice),
		cmocka_unit_test(test_now),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
