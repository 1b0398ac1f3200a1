/*
 * The table of `sclog watch --top`: names that containers choose are inert, rows are capped, keys sort and
 * filter. What is expected was counted by hand; that a terminal shows it is tests/shell/top.test's.
 */
#include "live/top.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define LINES   24
#define COLUMNS 79

static struct record *record;

static int setup(void **state)
{
	(void)state;
	record = calloc(1, sizeof(*record));
	record->has_arch = true;
	record->arch = AUDIT_ARCH_X86_64;
	record->nr = 161; /* chroot, asm/unistd_64.h */
	record->code = SECCOMP_RET_LOG;
	return record ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(record);
	return 0;
}

static void happen(struct top *top, const char *name, bool refused)
{
	const struct container container = {.id = STR("0123456789abcdef"), .name = str_from(name)};
	const struct event event = {
		.record = record, .container = &container, .attribution = ATTRIBUTION_CONTAINER};

	top_event(top, &event, false, refused);
}

static void screen_of(struct top *top, size_t lines, size_t columns, struct buf *screen)
{
	const struct live_status status = {.source = "netlink"};

	buf_clear(screen);
	top_put(top, &status, lines, columns, screen);
}

/* Where the name stands on the screen; SIZE_MAX: nowhere. */
static size_t place(const struct buf *screen, const char *name)
{
	const char *found = strstr(screen->p, name);

	return found ? (size_t)(found - screen->p) : SIZE_MAX;
}

static size_t count(const char *text, const char *word)
{
	size_t n = 0;

	for (; (text = strstr(text, word)) != NULL; text += strlen(word))
		n++;
	return n;
}

static void test_hostile_names(void **state)
{
	struct top *top = top_new(false);
	BUF_AUTO screen = {0};

	(void)state;
	happen(top, "\033[2Jevil\r\n\007", false);
	screen_of(top, LINES, COLUMNS, &screen);
	assert_non_null(strstr(screen.p, "\\x1b[2Jevil\\x0d\\n\\x07"));
	assert_null(strstr(screen.p, "\033[2J"));
	assert_null(strchr(screen.p, '\007'));
	/* home, the end of each line, the rest of the screen */
	assert_int_equal(count(screen.p, "\033["),
			 count(screen.p, "\033[H") + count(screen.p, "\033[K") + 1);
	top_free(top);
}

static void test_rows_are_capped(void **state)
{
	struct top *top = top_new(false);
	BUF_AUTO screen = {0};

	(void)state;
	for (int i = 0; i < TOP_ROWS_MAX + 10; i++) {
		char name[16];

		snprintf(name, sizeof(name), "c%d", i);
		happen(top, name, false);
	}
	/* the others have a row, too: eleven have none */
	assert_true(top_key(top, 'r'));
	screen_of(top, LINES, COLUMNS, &screen);
	assert_non_null(strstr(screen.p, "(others)       11 "));
	assert_int_equal(count(screen.p, "\r\n"), LINES - 1);
	assert_non_null(strstr(screen.p, "4076 more"));
	top_free(top);
}

static void test_keys(void **state)
{
	struct top *top = top_new(false);
	BUF_AUTO screen = {0};

	(void)state;
	happen(top, "busy", false);
	happen(top, "busy", false);
	happen(top, "calm", true);
	assert_true(top_key(top, 'r'));
	screen_of(top, LINES, COLUMNS, &screen);
	assert_true(place(&screen, "busy") < place(&screen, "calm"));
	assert_true(top_key(top, 'x'));
	screen_of(top, LINES, COLUMNS, &screen);
	assert_true(place(&screen, "calm") < place(&screen, "busy"));
	/* while a filter is typed, q is a letter */
	for (const char *key = "/qx\x7f\x7f"
			       "alm\r";
	     *key; key++)
		assert_true(top_key(top, *key));
	screen_of(top, LINES, COLUMNS, &screen);
	assert_int_equal(place(&screen, "busy"), SIZE_MAX);
	assert_int_not_equal(place(&screen, "calm"), SIZE_MAX);
	/* more than fits is no more than fits */
	assert_true(top_key(top, '/'));
	for (int i = 0; i < 1000; i++)
		assert_true(top_key(top, 'a'));
	assert_true(top_key(top, '\033'));
	screen_of(top, LINES, COLUMNS, &screen);
	assert_int_not_equal(place(&screen, "busy"), SIZE_MAX);
	assert_false(top_key(top, 'q'));
	top_free(top);
}

static void test_rate(void **state)
{
	struct top *top = top_new(false);
	BUF_AUTO screen = {0};

	(void)state;
	/* ten records in each half second are twenty a second */
	for (int tick = 0; tick < 60; tick++) {
		for (int i = 0; i < 10; i++)
			happen(top, "steady", false);
		top_tick(top, 0.5);
	}
	screen_of(top, LINES, COLUMNS, &screen);
	assert_non_null(strstr(screen.p, " 20.0 "));
	top_free(top);
}

/* A terminal of any size: no more lines, and nothing at all that is longer. */
static void test_sizes(void **state)
{
	struct top *top = top_new(false);
	BUF_AUTO screen = {0};

	(void)state;
	happen(top, "a-long-name-of-a-workload-that-is-cut-where-there-is-no-room", true);
	for (size_t lines = 1; lines < 60; lines += 7)
		for (size_t columns = 1; columns < 220; columns += 13) {
			screen_of(top, lines, columns, &screen);
			if (lines > 4)
				assert_true(count(screen.p, "\r\n") < lines);
		}
	top_free(top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_names), cmocka_unit_test(test_rows_are_capped),
		cmocka_unit_test(test_keys),          cmocka_unit_test(test_rate),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
