/*
 * The selection grammar, from the words on a command line to what the store is asked.
 */
#include "cli/selection.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/* 2026-11-21T23:01:34Z */
#define NOW_MS 1795302094000

#define WORDS_MAX 16

struct options {
	struct selection_options selection;
};

/* clang-format off */
static const struct option_row rows[] = {
	SELECTION_OPTION_ROWS(struct options, selection),
};
/* clang-format on */

static const struct option_table table = {rows, sizeof(rows) / sizeof(*rows)};

/* Words as a shell would give them, the last one NULL; the selection borrows from options. */
static int parse(const char *const *words, struct options *options, struct selection *selection,
		 struct err *err)
{
	char *argv[WORDS_MAX + 2] = {(char[]){"diff"}};
	int argc = 1, operands;

	*options = (struct options){0};
	for (; words[argc - 1]; argc++) {
		assert_in_range(argc, 1, WORDS_MAX);
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	}
	int r = option_parse(&table, options, argc, argv, false, &operands, err);

	return r < 0 ? r : selection_parse(&options->selection, selection, err);
}

static void set_up(const char *zone)
{
	setenv("SCLOG_NOW", "@1795302094", 1);
	setenv("TZ", zone, 1);
	tzset();
}

static void test_nothing_selects_everything(void **state)
{
	static const char *const words[] = {NULL};
	struct selection selection;
	struct err err = ERR_INIT;
	struct options options;

	(void)state;
	set_up("UTC");
	assert_int_equal(parse(words, &options, &selection, &err), 0);
	assert_int_equal(selection.container.count + selection.image.count + selection.pod.count +
				 selection.namespace.count + selection.node.count +
				 selection.comm.count + selection.exe.count + selection.arch.count +
				 selection.action.count + selection.workload.count +
				 selection.syscall.count,
			 0);
	assert_false(selection.host || selection.unattributed);
	assert_false(selection.has_since || selection.has_until);
	option_release(&table, &options);
}

static void test_every_option(void **state)
{
	static const char *const words[] = {
		"--container", "web",  "--container=db*", "--image=nginx:*", "--pod=p",
		"--namespace", "prod", "--node=vm",       "--comm=a,b",      "--exe=/bin/*",
		"--host",      NULL};
	struct selection selection;
	struct err err = ERR_INIT;
	struct options options;

	(void)state;
	set_up("UTC");
	assert_int_equal(parse(words, &options, &selection, &err), 0);
	assert_int_equal(selection.container.count, 2);
	assert_string_equal(selection.container.values[0], "web");
	assert_string_equal(selection.container.values[1], "db*");
	assert_string_equal(selection.image.values[0], "nginx:*");
	assert_string_equal(selection.pod.values[0], "p");
	assert_string_equal(selection.namespace.values[0], "prod");
	assert_string_equal(selection.node.values[0], "vm");
	/* A comm may hold a comma: it is no list. */
	assert_int_equal(selection.comm.count, 1);
	assert_string_equal(selection.comm.values[0], "a,b");
	assert_string_equal(selection.exe.values[0], "/bin/*");
	assert_true(selection.host);
	assert_false(selection.unattributed);
	option_release(&table, &options);
}

/* Names as Go, uname(1) and seccomp.h spell them come out as libseccomp's. */
static void test_canonical_names(void **state)
{
	static const char *const words[] = {"--arch",   "amd64,SCMP_ARCH_X86", "--arch", "AARCH64",
					    "--action", "scmp_act_log,kill",   NULL};
	struct selection selection;
	struct err err = ERR_INIT;
	struct options options;

	(void)state;
	set_up("UTC");
	assert_int_equal(parse(words, &options, &selection, &err), 0);
	assert_int_equal(selection.arch.count, 3);
	assert_string_equal(selection.arch.values[0], "x86_64");
	assert_string_equal(selection.arch.values[1], "x86");
	assert_string_equal(selection.arch.values[2], "aarch64");
	assert_int_equal(selection.action.count, 2);
	assert_string_equal(selection.action.values[0], "LOG");
	assert_string_equal(selection.action.values[1], "KILL_THREAD"); /* seccomp(2): its alias */
	option_release(&table, &options);
}

struct window {
	const char *since, *until;
	int64_t since_ms, until_ms;
};

static void test_windows(void **state)
{
	static const struct window cases[] = {
		{"--since=1h", "--until=now", NOW_MS - 3600000, NOW_MS},
		{"--since=yesterday", "--until=yesterday", 1795132800000, 1795219199999},
		/* A whole second and a whole day include their last millisecond. */
		{"--since=@1795302000", "--until=@1795302000", 1795302000000, 1795302000999},
		{"--since=2026-11-20", "--until=2026-11-21", 1795132800000, 1795305599999},
		{"--since=2026-11-21T23:01:34+00:00", "--until=2026-11-21T23:01:34.999Z", NOW_MS,
		 NOW_MS + 999},
	};

	(void)state;
	set_up("UTC");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *const words[] = {cases[i].since, cases[i].until, NULL};
		struct selection selection;
		struct err err = ERR_INIT;
		struct options options;

		assert_int_equal(parse(words, &options, &selection, &err), 0);
		assert_true(selection.has_since && selection.has_until);
		assert_int_equal(selection.since_ms, cases[i].since_ms);
		assert_int_equal(selection.until_ms, cases[i].until_ms);
		option_release(&table, &options);
	}
}

static void test_local_day(void **state)
{
	static const char *const words[] = {"--since=today", NULL};
	struct selection selection;
	struct err err = ERR_INIT;
	struct options options;

	(void)state;
	set_up("Europe/Berlin"); /* there it is 00:01:34 on the 22nd */
	assert_int_equal(parse(words, &options, &selection, &err), 0);
	assert_int_equal(selection.since_ms, NOW_MS - 94000);
	assert_false(selection.has_until);
	option_release(&table, &options);
}

struct refusal {
	const char *words[4];
	const char *told[4]; /* each must stand in the message */
};

static void test_refusals(void **state)
{
	static const struct refusal cases[] = {
		{{"--since=nonsense"}, {"--since", "'nonsense'", "90s", "2026-11-21T23:01:34Z"}},
		{{"--until", "tomorrow"}, {"--until", "'tomorrow'", "yesterday", "@1795302094"}},
		{{"--since="}, {"--since", "''"}},
		{{"--since=99999999999999999999w"}, {"--since", "out of range"}},
		{{"--since=now", "--until=1h"}, {"--since now", "--until 1h", "later"}},
		{{"--arch=x86_46"}, {"--arch", "'x86_46'", "x86_64?"}},
		{{"--arch=pdp11"}, {"--arch", "'pdp11'", "x86_64", "aarch64"}},
		{{"--arch=x86_64,"}, {"--arch", "empty"}},
		{{"--action=KILL_PROCES"}, {"--action", "KILL_PROCESS?"}},
		{{"--action=zzz"}, {"--action", "'zzz'", "ERRNO", "LOG"}},
		{{"--container", ""}, {"--container", "empty"}},
		{{"--image="}, {"--image", "empty"}},
	};

	(void)state;
	set_up("UTC");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct selection selection;
		struct err err = ERR_INIT;
		struct options options;

		assert_int_equal(parse(cases[i].words, &options, &selection, &err), -EINVAL);
		for (size_t j = 0; j < 4 && cases[i].told[j]; j++) {
			assert_non_null(strstr(err.message, cases[i].told[j]));
		}
		option_release(&table, &options);
	}
}

static void test_broken_now_is_told(void **state)
{
	static const char *const words[] = {NULL};
	struct selection selection;
	struct err err = ERR_INIT;
	struct options options;

	(void)state;
	setenv("SCLOG_NOW", "noon", 1);
	assert_int_equal(parse(words, &options, &selection, &err), -EINVAL);
	assert_non_null(strstr(err.message, "SCLOG_NOW='noon'"));
	option_release(&table, &options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_selects_everything),
		cmocka_unit_test(test_every_option),
		cmocka_unit_test(test_canonical_names),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_local_day),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_broken_now_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
