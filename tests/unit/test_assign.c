/*
 * Offline attribution: the rule file's grammar as correlate/assign.h states it, and which rule
 * decides.
 */
#include "correlate/assign.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char map_path[] = "/tmp/sclog-test-map.XXXXXX";

static int set_up(void **state)
{
	int fd = mkstemp(map_path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(map_path);
}

static int open_map(const char *text, size_t n, const char *container, struct assign **ret_assign,
		    struct err *err)
{
	FILE *file = fopen(map_path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
	return assign_new(
		&(struct container){.name = container ? str_from(container) : str_of(NULL, 0)},
		map_path, COVERAGE_FULL, ret_assign, err);
}

static struct record record_of(uint32_t pid, const char *comm, const char *exe, const char *subj)
{
	return (struct record){.pid = pid,
			       .comm = str_from(comm),
			       .comm_null = !comm,
			       .exe = str_from(exe),
			       .exe_null = !exe,
			       .subj = str_from(subj)};
}

struct rule_case {
	const char *map;
	const char *container; /* --container, or NULL */
	uint32_t pid;
	const char *comm, *exe, *subj;
	const char *name; /* whose it is; NULL: nobody's */
};

static const struct rule_case rule_cases[] = {
	{"comm=nginx -> web", NULL, 1, "nginx", "/x", NULL, "web"},
	{"comm=nginx => web", NULL, 1, "nginx", "/x", NULL, "web"},
	{"comm=nginx\tweb", NULL, 1, "nginx", "/x", NULL, "web"},
	{"comm=nginx -> web", NULL, 1, "nginx2", "/x", NULL, NULL},
	{"comm=nginx -> web", NULL, 1, NULL, "/x", NULL, NULL},
	{"comm=ngin? -> web", NULL, 1, "nginx", "/x", NULL, "web"},
	{"comm=[m-o]ginx -> web", NULL, 1, "nginx", "/x", NULL, "web"},
	{"exe=/usr/* -> web", NULL, 1, "a", "/usr/sbin/nginx", NULL, "web"},
	{"subj=*:container_t:* -> web", NULL, 1, "a", "/x", "system_u:system_r:container_t:s0",
	 "web"},
	/* all conditions of a rule must hold */
	{"comm=nginx pid=5 -> web", NULL, 5, "nginx", "/x", NULL, "web"},
	{"comm=nginx pid=5 -> web", NULL, 6, "nginx", "/x", NULL, NULL},
	/* the first rule that holds decides, the default comes last */
	{"comm=a -> one\ncomm=* -> two\n", "rest", 1, "a", "/x", NULL, "one"},
	{"comm=a -> one\ncomm=* -> two\n", "rest", 1, "b", "/x", NULL, "two"},
	{"comm=a -> one\n", "rest", 1, "b", "/x", NULL, "rest"},
	/* words in quotes, comments, empty lines, CR LF */
	{"\n# a comment\n  \ncomm=\"my prog\" -> \"my web\" # so\n", NULL, 1, "my prog", "/x", NULL,
	 "my web"},
	{"comm=a#b -> web", NULL, 1, "a#b", "/x", NULL, "web"},
	{"comm=a -> web\r\n", NULL, 1, "a", "/x", NULL, "web"},
	{"pid=0 -> web", NULL, 0, "a", "/x", NULL, "web"},
	{"pid=4294967295 -> web", NULL, 4294967295u, "a", "/x", NULL, "web"},
	{"comm= -> web", NULL, 1, "", "/x", NULL, "web"},
};

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rule_cases) / sizeof(rule_cases[0]); i++) {
		const struct rule_case *row = &rule_cases[i];
		struct record record = record_of(row->pid, row->comm, row->exe, row->subj);
		struct event event = {.record = &record};
		struct assign *assign;
		struct err err = ERR_INIT;

		print_message("# %s: pid %u, %s\n", row->map, row->pid, row->comm);
		assert_int_equal(
			open_map(row->map, strlen(row->map), row->container, &assign, &err), 0);
		assign_event(assign, &event);
		if (row->name) {
			assert_int_equal(event.attribution, ATTRIBUTION_CONTAINER);
			assert_true(str_eq(event.container->name, str_from(row->name)));
			assert_int_equal(event.container->coverage, COVERAGE_FULL);
		} else {
			assert_null(event.container);
			assert_int_equal(event.attribution, ATTRIBUTION_UNATTRIBUTED);
			assert_int_equal(event.reason, UNATTRIBUTED_LOG_ALONE);
			assert_int_equal(event.coverage, COVERAGE_FULL);
		}
		assign_free(assign);
	}
}

struct error_case {
	const char *map;
	const char *part; /* of the message */
};

static const struct error_case error_cases[] = {
	{"", "no rule"},
	{"# nothing but words\n", "no rule"},
	{"comm=a -> web\nnginx -> web\n", "2: 'nginx' must be one of"},
	{"comm=a\n", "1: no container name"},
	{"comm=a ->\n", "1: no container name"},
	{"comm=a -> \"\"\n", "1: no container name"},
	{"comm=a -> web too\n", "1: text after the container's name: 'too'"},
	{"pid= -> web\n", "1: 'pid=' must be one of"},
	{"pid=x1 -> web\n", "1: 'pid=x1' must be one of"},
	{"pid=-1 -> web\n", "1: 'pid=-1' must be one of"},
	{"pid=4294967296 -> web\n", "1: 'pid=4294967296' must be one of"},
	{"uid=0 -> web\n", "1: 'uid=0' must be one of"},
};

static void test_errors_name_the_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(error_cases) / sizeof(error_cases[0]); i++) {
		struct assign *assign = NULL;
		struct err err = ERR_INIT;
		int result = open_map(error_cases[i].map, strlen(error_cases[i].map), NULL, &assign,
				      &err);

		print_message("# %s: %s\n", error_cases[i].map, err.message);
		assert_int_equal(result, -EINVAL);
		assert_non_null(strstr(err.message, error_cases[i].part));
		assert_non_null(strstr(err.message, map_path));
	}
}

static void test_a_missing_map_is_an_error(void **state)
{
	struct assign *assign = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(assign_new(&(struct container){0}, "/nonexistent/map", COVERAGE_UNKNOWN,
				    &assign, &err),
			 -ENOENT);
	assert_non_null(strstr(err.message, "/nonexistent/map"));
}

/* A glob never reads past a value, and a NUL in one is no end. */
static void test_odd_values(void **state)
{
	static const char text[] = "comm=a* -> web";
	static char longest[9000];
	struct record record = {.comm = STR("a\0b"), .exe = STR("/x")};
	struct event event = {.record = &record};
	struct assign *assign;
	struct err err = ERR_INIT;

	(void)state;
	memset(longest, 'a', sizeof(longest));
	assert_int_equal(open_map(text, sizeof(text) - 1, NULL, &assign, &err), 0);
	assign_event(assign, &event);
	assert_null(event.container);
	record.comm = str_of(longest, sizeof(longest));
	assign_event(assign, &event);
	assert_null(event.container);
	assign_free(assign);
}

static const struct {
	const char *comm, *exe;
	enum phase phase;
} phases[] = {
	{"runc:[2:INIT]", "/", PHASE_SETUP},
	{"runc:[1:CHILD]", "/", PHASE_SETUP},
	{"crun", "/", PHASE_SETUP},
	{"runc:[2:INIT]", "/usr/bin/runc", PHASE_APPLICATION}, /* a program may take the name */
	{"sh", "/", PHASE_APPLICATION},
	{"sh", "/bin/sh", PHASE_APPLICATION},
	{NULL, NULL, PHASE_APPLICATION},
};

static void test_phase(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		struct record record = record_of(1, phases[i].comm, phases[i].exe, NULL);

		assert_int_equal(phase_of(&record), phases[i].phase);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_errors_name_the_line),
		cmocka_unit_test(test_a_missing_map_is_an_error),
		cmocka_unit_test(test_odd_values),
		cmocka_unit_test(test_phase),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
