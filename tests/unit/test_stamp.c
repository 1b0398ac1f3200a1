/*
 * Stamps: expected values come from date(1) (`date -u -d TEXT +%s`); those of other locales were
 * worked out by hand from glibc's own formats.
 */
#include "ingest/date.h"
#include "ingest/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define S(literal)                           \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

/* 2026-11-21T23:01:34Z, 2026-11-21T23:04:54Z */
#define AT   1795302094000
#define THEN 1795302294000

struct kernel_row {
	struct str text;
	bool ok;
	int64_t ms;
	uint32_t serial;
	struct str rest;
};

static const struct kernel_row kernel_rows[] = {
	{S("1795302294.062:148553): auid=0"), true, THEN + 62, 148553, S("auid=0")},
	{S("1795302294.062:148553):  auid=0"), true, THEN + 62, 148553, S("auid=0")},
	{S("1795302294.062:148553) : auid=0"), true, THEN + 62, 148553, S("auid=0")},
	{S("1795302294.999:4294967295): x"), true, THEN + 999, 4294967295, S("x")},
	{S("0.000:0): x"), true, 0, 0, S("x")},
	{S("1795302294.062:4294967296): x"), false, 0, 0, S("")},
	{S("1795302294.062:148553"), false, 0, 0, S("")},
	{S("1795302294.062:): x"), false, 0, 0, S("")},
	{S("1795302294.06:148553): x"), false, 0, 0, S("")},
	{S("1795302294.0620:148553): x"), false, 0, 0, S("")},
	{S("1795302294:148553): x"), false, 0, 0, S("")},
	{S("-1795302294.062:148553): x"), false, 0, 0, S("")},
	{S(".062:148553): x"), false, 0, 0, S("")},
	{S("99999999999999999999.062:148553): x"), false, 0, 0, S("")},
	{S(""), false, 0, 0, S("")},
};

static const struct kernel_row interpreted_rows[] = {
	{S("11/21/26 23:04:54.062:148553) : auid=unset"), true, THEN + 62, 148553, S("auid=unset")},
	{S("11/21/2026 23:04:54.062:148553) : auid=unset"), true, THEN + 62, 148553,
	 S("auid=unset")},
	{S("21.11.2026 23:04:54.062:148553) : x"), true, THEN + 62, 148553, S("x")},
	{S("2026-11-21 23:04:54.062:148553) : x"), true, THEN + 62, 148553, S("x")},
	/* %x of fr_FR, es_ES, lv_LV, ja_JP, ko_KR, th_TH, nb_NO, fa_IR (date -d in their locales) */
	{S("21/11/2026 23:04:54.062:148553) : x"), true, THEN + 62, 148553, S("x")},
	{S("21/11/26 23:04:54.062:148553) : x"), true, THEN + 62, 148553, S("x")},
	{S("2026.11.21. 23:04:54.062:148553) : x"), true, THEN + 62, 148553, S("x")},
	{S("2026\xe5\xb9\xb4"
	   "11\xe6\x9c\x88"
	   "21\xe6\x97\xa5 23:04:54.062:148553) : x"),
	 true, THEN + 62, 148553, S("x")},
	{S("2026\xeb\x85\x84 11\xec\x9b\x94 21\xec\x9d\xbc 23:04:54.062:148553) : x"), true,
	 THEN + 62, 148553, S("x")},
	{S("21/11/2569 23:04:54.062:148553) : x"), true, THEN + 62, 148553, S("x")},
	{S("21. nov. 2026 23:04:54.062:148553) : x"), true, THEN + 62, 148553, S("x")},
	{S("02/29/24 12:00:00.000:1) : x"), true, 1709208000000, 1, S("x")},
	{S("13/21/26 23:04:54.062:148553) : x"), false, 0, 0, S("")},
	{S("11/31/26 23:04:54.062:148553) : x"), false, 0, 0, S("")},
	{S("02/29/26 12:00:00.000:1) : x"), false, 0, 0, S("")},
	{S("11/21/26 24:04:54.062:148553) : x"), false, 0, 0, S("")},
	{S("11/21/26 23:60:54.062:148553) : x"), false, 0, 0, S("")},
	{S("11/21/26 23:04:54:148553) : x"), false, 0, 0, S("")},
	{S("11/21/26"), false, 0, 0, S("")},
	{S(""), false, 0, 0, S("")},
};

struct time_row {
	const char *zone;
	struct str text;
	bool ok;
	int64_t ms;
};

static const struct time_row iso_rows[] = {
	{"UTC", S("2026-11-21T23:01:34.381697+00:00"), true, AT + 381},
	{"UTC", S("2026-11-21T23:01:34.999999+00:00"), true, AT + 999},
	{"UTC", S("2026-11-21T23:01:34+00:00"), true, AT},
	{"UTC", S("2026-11-21T23:01:34Z"), true, AT},
	{"UTC", S("2026-11-21T23:01:34.5Z"), true, AT + 500},
	{"UTC", S("2026-11-21T23:01:34+0000"), true, AT},
	{"UTC", S("2026-11-22T00:01:34.381+01:00"), true, AT + 381},
	{"Asia/Kolkata", S("2026-11-21T17:31:34-05:30"), true, AT},
	{"UTC", S("2026-11-21T23:01:34"), true, AT},
	{"Europe/Berlin", S("2026-11-22T00:01:34.000"), true, AT},
	{"UTC", S("2026-11-21 23:01:34"), true, AT},
	{"UTC", S("2026-13-21T23:01:34Z"), false, 0},
	{"UTC", S("2026-11-31T23:01:34Z"), false, 0},
	{"UTC", S("2026-11-21T25:01:34Z"), false, 0},
	{"UTC", S("2026-11-21T23:01:34+"), false, 0},
	{"UTC", S("2026-11-21T23:01"), false, 0},
	{"UTC", S("2026-11-21"), false, 0},
	{"UTC", S(""), false, 0},
};

/* now is 2026-11-21T23:01:34.000Z but where the text says otherwise */
struct bsd_row {
	const char *zone;
	struct str text;
	int64_t now_ms;
	bool ok;
	int64_t ms;
};

static const struct bsd_row bsd_rows[] = {
	{"UTC", S("Nov 21 23:01:34"), AT, true, AT},
	{"UTC", S("Nov  1 05:06:07"), AT, true, 1793509567000},
	{"UTC", S("Nov 01 05:06:07"), AT, true, 1793509567000},
	/* a second later is a year earlier: 2025-11-21T23:01:35Z */
	{"UTC", S("Nov 21 23:01:35"), AT, true, 1763766095000},
	{"UTC", S("Nov 21 23:01:34"), AT + 999, true, AT},
	{"UTC", S("Dec 31 23:59:59"), 1767225600000, true, 1767225599000},
	{"UTC", S("Jan  1 00:00:00"), 1767225600000, true, 1767225600000},
	/* 2026 has no such day, 2025 neither: 2024-02-29T12:00:00Z */
	{"UTC", S("Feb 29 12:00:00"), AT, true, 1709208000000},
	{"UTC", S("Nov 21 23:01:34 2026"), AT, true, AT},
	/* date -u -d '2019-11-21 23:01:34' +%s */
	{"UTC", S("Nov 21 23:01:34 2019"), AT, true, 1574377294000},
	{"Europe/Berlin", S("Nov 22 00:01:34"), AT, true, AT},
	{"America/New_York", S("Nov 21 18:01:34"), AT, true, AT},
	/* date -u -d '2026-07-01 12:00:00+02:00' +%s: summer time, though now is winter */
	{"Europe/Berlin", S("Jul  1 12:00:00"), AT, true, 1782900000000},
	/* months of other languages, and the day before them; date -u -d '2026-05-21 23:01:34' +%s */
	{"UTC", S("Mai 21 23:01:34"), AT, true, 1779404494000},
	{"UTC", S("11\xe6\x9c\x88 21 23:01:34"), AT, true, AT},
	{"UTC", S("21 nov. 23:01:34"), AT, true, AT},
	{"UTC", S("2026 Nov 21 23:01:34"), AT, true, AT},
	{"UTC", S("11-21 23:01:34.454"), AT + 454, true, AT + 454},
	/* October in Croatian, November in Polish */
	{"UTC", S("listopad 21 23:01:34"), AT, false, 0},
	{"UTC", S("Foo 21 23:01:34"), AT, false, 0},
	{"UTC", S("Nov 31 23:01:34"), AT, false, 0},
	{"UTC", S("Feb 30 23:01:34"), AT, false, 0},
	{"UTC", S("Nov 21 24:01:34"), AT, false, 0},
	{"UTC", S("Nov 21 23:61:34"), AT, false, 0},
	{"UTC", S("Nov 21"), AT, false, 0},
	{"UTC", S("Nov"), AT, false, 0},
	{"UTC", S(""), AT, false, 0},
};

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

/* A copy in memory of just its size, so that a read past its end is found. */
static char *copy_of(struct str text)
{
	char *copy = malloc(text.n ? text.n : 1);

	assert_non_null(copy);
	memcpy(copy, text.p, text.n);
	return copy;
}

static void check(struct str text, bool got_ok, int64_t got, bool ok, int64_t ms)
{
	if (got_ok != ok)
		fail_msg("'%.*s': %s", (int)text.n, text.p, got_ok ? "accepted" : "refused");
	if (ok && got != ms)
		fail_msg("'%.*s': %lld, not %lld", (int)text.n, text.p, (long long)got,
			 (long long)ms);
}

static void set_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static bool read_kernel(struct str *text, int64_t *ret_ms, uint32_t *ret_serial)
{
	return stamp_kernel(text, ret_ms, ret_serial);
}

static void check_rows(const struct kernel_row *rows, size_t count,
		       bool (*how)(struct str *, int64_t *, uint32_t *))
{
	set_zone("UTC");
	for (size_t i = 0; i < count; i++) {
		const struct kernel_row *row = &rows[i];
		char *copy = copy_of(row->text);
		struct str text = str_of(copy, row->text.n);
		int64_t ms = 0;
		uint32_t serial = 0;
		bool ok = how(&text, &ms, &serial);

		check(row->text, ok, ms, row->ok, row->ms);
		assert_true(!ok || serial == row->serial);
		assert_true(!ok || str_eq(text, row->rest));
		free(copy);
	}
}

static void test_kernel(void **state)
{
	(void)state;
	check_rows(kernel_rows, COUNT(kernel_rows), read_kernel);
}

static bool interpreted(struct str *text, int64_t *ret_ms, uint32_t *ret_serial)
{
	return stamp_interpreted(text, DATE_ANY, 2026, ret_ms, ret_serial) > 0;
}

/* What a date alone leaves open, the user or the file's other dates say. */
static void test_date_orders(void **state)
{
	static const struct {
		struct str text;
		unsigned orders;
		int result;
		int64_t ms;
	} rows[] = {
		{S("05/11/26 23:04:54.062:1) : x"), DATE_ANY, -1, 0},
		{S("05/11/26 23:04:54.062:1) : x"), DATE_DMY, 1, 1793919894062},
		{S("11/05/26 23:04:54.062:1) : x"), DATE_MDY, 1, 1793919894062},
		/* the year that is now stands first: %y/%m/%d of ne_NP, or the 26th */
		{S("26/11/05 23:04:54.062:1) : x"), DATE_ANY, -1, 0},
		{S("26/11/05 23:04:54.062:1) : x"), DATE_YMD, 1, 1793919894062},
		{S("2026.11.05 23:04:54.062:1) : x"), DATE_ANY, -1, 0},
		{S("2026.11.05 23:04:54.062:1) : x"), DATE_YMD, 1, 1793919894062},
		{S("11/11/26 23:04:54.062:1) : x"), DATE_ANY, 1, 1794438294062},
	};
	unsigned orders = DATE_ANY;

	(void)state;
	set_zone("UTC");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str text = rows[i].text;
		uint32_t serial;
		int64_t ms = 0;

		assert_int_equal(stamp_interpreted(&text, rows[i].orders, 2026, &ms, &serial),
				 rows[i].result);
		assert_true(rows[i].result < 1 || ms == rows[i].ms);
	}
	assert_true(stamp_dates(STR("05/11/26 23:04:54.062:1) : x"), 2026, &orders));
	assert_int_equal(orders, DATE_DMY | DATE_MDY);
	assert_true(stamp_dates(STR("21/11/26 23:04:54.062:1) : x"), 2026, &orders));
	assert_int_equal(orders, DATE_DMY);
}

static void test_interpreted(void **state)
{
	(void)state;
	check_rows(interpreted_rows, COUNT(interpreted_rows), interpreted);
}

static void test_interpreted_is_local(void **state)
{
	struct str text = S("11/22/26 00:04:54.062:148553) : x");
	int64_t ms = 0;
	uint32_t serial = 0;

	(void)state;
	set_zone("Europe/Berlin");
	assert_true(interpreted(&text, &ms, &serial));
	assert_true(ms == THEN + 62);
}

static void test_iso(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(iso_rows); i++) {
		const struct time_row *row = &iso_rows[i];
		char *copy = copy_of(row->text);
		int64_t ms = 0;

		set_zone(row->zone);
		bool ok = stamp_iso(str_of(copy, row->text.n), &ms);

		check(row->text, ok, ms, row->ok, row->ms);
		free(copy);
	}
}

static void test_bsd(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bsd_rows); i++) {
		const struct bsd_row *row = &bsd_rows[i];
		char *copy = copy_of(row->text);
		int64_t ms = 0;

		set_zone(row->zone);
		bool ok = stamp_bsd(str_of(copy, row->text.n), row->now_ms, &ms);

		check(row->text, ok, ms, row->ok, row->ms);
		free(copy);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernel),      cmocka_unit_test(test_date_orders),
		cmocka_unit_test(test_interpreted), cmocka_unit_test(test_interpreted_is_local),
		cmocka_unit_test(test_iso),         cmocka_unit_test(test_bsd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
