/*
 * The order of rotated files: names as auditd (auditd-event.c, rotate_logs()), logrotate(8) and
 * savelog(8) make them, their order written down by hand.
 */
#include "base/buf.h"
#include "ingest/rotation.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct rotation_case {
	const char *title;
	const char *names[10]; /* in the order in which they are made */
	const char *want;      /* oldest first */
};

static const struct rotation_case rotation_cases[] = {
	{"nothing", {NULL}, ""},
	{"the live file alone", {"log"}, ""},
	{"auditd's", {"log", "log.1", "log.2", "log.3"}, "log.3 log.2 log.1"},
	{"ten come after nine",
	 {"log.9", "log.10", "log.2", "log.100"},
	 "log.100 log.10 log.9 log.2"},
	{"logrotate, delaycompress",
	 {"log", "log.1", "log.2.gz", "log.3.gz", "log.4.xz", "log.5.zst", "log.6.bz2"},
	 "log.6.bz2 log.5.zst log.4.xz log.3.gz log.2.gz log.1"},
	{"savelog counts from 0", {"log", "log.0", "log.1.gz"}, "log.1.gz log.0"},
	{"dateext",
	 {"log", "log-20261122", "log-20251231", "log-20261101.gz"},
	 "log-20251231 log-20261101.gz log-20261122"},
	{"dateformat -%Y%m%d-%H%M%S",
	 {"log-20261122-235959", "log-20261122-000001.gz"},
	 "log-20261122-000001.gz log-20261122-235959"},
	{"dateformat -%Y-%m-%d",
	 {"log-2026-11-22", "log-2026-02-03"},
	 "log-2026-02-03 log-2026-11-22"},
	{"dateformat .%Y-%m-%d",
	 {"log.2026-11-22", "log.2026-02-03"},
	 "log.2026-02-03 log.2026-11-22"},
	{"dateformat -%s",
	 {"log-1795302294", "log-1795302293.xz"},
	 "log-1795302293.xz log-1795302294"},
	{"a compression under way: the copy is not finished",
	 {"log.2.gz", "log.1.gz", "log.1", "log-20261122.gz", "log-20261122"},
	 "log-20261122 log.2.gz log.1"},
	{"no rotated files of this log",
	 {"log.bak", "log.1~", "log.1.swp", "log.", "log-", "logs.1", "log1", "xlog.1", "log.old",
	  "log.gz"},
	 ""},
	{"nor these",
	 {"log.1.tar", "log-2026-11-22-x", "log.-1", "log.1-", "log.1.gz.gz", "log-12-", "other"},
	 ""},
	{NULL, {NULL}, NULL},
};

static char directory[64];

static void path_of(const char *name, char path[256])
{
	snprintf(path, 256, "%s/%s", directory, name);
}

static void touch(const char *name)
{
	char path[256];

	path_of(name, path);
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	/* one time for all: what is numbered and what is dated is ordered by it */
	const struct timespec times[2] = {{.tv_sec = 1795302294}, {.tv_sec = 1795302294}};

	assert_true(fd >= 0);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

static int setup(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/test_rotation.XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[256];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	return system(command);
}

static void listed(const char *path, struct buf *text)
{
	ROTATION_AUTO rotation = {0};
	struct err err = ERR_INIT;

	buf_clear(text);
	buf_put_str(text, STR(""));
	assert_int_equal(rotation_list(path, &rotation, &err), 0);
	for (size_t i = 0; i < rotation.count; i++)
		buf_format(text, "%s%s", i ? " " : "", strrchr(rotation.files[i].path, '/') + 1);
	buf_put_char(text, '\0');
}

static void test_order(void **state)
{
	const struct rotation_case *c = *state;
	BUF_AUTO text = {0};
	char path[256];

	for (size_t i = 0; i < 10 && c->names[i]; i++)
		touch(c->names[i]);
	path_of("log", path);
	listed(path, &text);
	assert_string_equal(text.p, c->want);
}

static void test_only_regular_files(void **state)
{
	BUF_AUTO text = {0};
	char path[256], link[256];

	(void)state;
	path_of("log.1", path);
	assert_int_equal(mkdir(path, 0700), 0);
	path_of("log.2", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	path_of("log.3", path);
	assert_int_equal(symlink("nowhere", path), 0);
	touch("elsewhere");
	path_of("elsewhere", path);
	path_of("log.4", link);
	assert_int_equal(symlink(path, link), 0);
	path_of("log", path);
	listed(path, &text);
	assert_string_equal(text.p, "log.4");
}

static void test_no_directory(void **state)
{
	BUF_AUTO text = {0};
	char path[256];

	(void)state;
	path_of("nothing/here/log", path);
	listed(path, &text);
	assert_string_equal(text.p, "");
	touch("file");
	path_of("file/log", path);
	listed(path, &text);
	assert_string_equal(text.p, "");
}

static void test_relative_path(void **state)
{
	ROTATION_AUTO rotation = {0};
	struct err err = ERR_INIT;
	char before[256];

	(void)state;
	touch("log.1");
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(directory), 0);
	assert_int_equal(rotation_list("log", &rotation, &err), 0);
	assert_int_equal(chdir(before), 0);
	assert_int_equal(rotation.count, 1);
	assert_string_equal(rotation.files[0].path, "log.1");
}

static void test_unreadable_directory(void **state)
{
	ROTATION_AUTO rotation = {0};
	struct err err = ERR_INIT;
	bool root = geteuid() == 0;
	char path[256];

	(void)state;
	path_of("log", path);
	chmod(directory, 0111);
	if (root)
		assert_int_equal(seteuid(65534), 0); /* root reads everything */
	int result = rotation_list(path, &rotation, &err);

	if (root)
		assert_int_equal(seteuid(0), 0);
	chmod(directory, 0700);
	assert_int_equal(result, -EACCES);
	assert_non_null(strstr(err.message, directory));
}

/* Whether a file can be missing between two; made by hand, as the names say. */
static void test_adjacent(void **state)
{
	ROTATION_AUTO rotation = {0};
	struct err err = ERR_INIT;
	char path[256];
	static const char *const names[] = {"log.5", "log.4.gz", "log.2", "log-20261122"};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		touch(names[i]);
	/* The dated one is the newest: it was modified last. */
	static const struct timespec later[2] = {{2000000000, 0}, {2000000000, 0}};

	path_of("log-20261122", path);
	assert_int_equal(utimensat(AT_FDCWD, path, later, 0), 0);
	path_of("log", path);
	assert_int_equal(rotation_list(path, &rotation, &err), 0);
	assert_int_equal(rotation.count, 4);
	assert_non_null(strstr(rotation.files[3].path, "log-20261122"));
	assert_true(rotation_adjacent(&rotation, 0));  /* .5, .4 */
	assert_false(rotation_adjacent(&rotation, 1)); /* .4, .2 */
	assert_true(rotation_adjacent(&rotation, 2));  /* another scheme */
	assert_true(rotation_adjacent(&rotation, 3));  /* a date, the live file */
	assert_int_equal(rotation_find(&rotation, &rotation.files[2].stat), 2);
}

static void test_adjacent_to_live(void **state)
{
	ROTATION_AUTO rotation = {0};
	struct err err = ERR_INIT;
	char path[256];

	(void)state;
	touch("log.2");
	path_of("log", path);
	assert_int_equal(rotation_list(path, &rotation, &err), 0);
	assert_false(rotation_adjacent(&rotation, 0));
	rotation_release(&rotation);
	touch("log.1");
	assert_int_equal(rotation_list(path, &rotation, &err), 0);
	assert_true(rotation_adjacent(&rotation, 1));
}

#define WITH_DIRECTORY(test)                       \
	{                                          \
#test, test, setup, teardown, NULL \
	}

int main(void)
{
	struct CMUnitTest tests[32];
	size_t count = 0;

	for (const struct rotation_case *c = rotation_cases; c->title; c++)
		tests[count++] = (struct CMUnitTest){c->title, test_order, setup, teardown,
						     (void *)(uintptr_t)c};
	static const struct CMUnitTest others[] = {
		WITH_DIRECTORY(test_only_regular_files), WITH_DIRECTORY(test_no_directory),
		WITH_DIRECTORY(test_relative_path),      WITH_DIRECTORY(test_unreadable_directory),
		WITH_DIRECTORY(test_adjacent),           WITH_DIRECTORY(test_adjacent_to_live),
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		tests[count++] = others[i];
	return _cmocka_run_group_tests("rotation", tests, count, NULL, NULL);
}
