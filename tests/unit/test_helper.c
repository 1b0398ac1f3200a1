/* The helpers of a watch: what they do for it, what they refuse, and that one that hangs holds nobody
 * up. */
#include "live/helper.h"
#include "tests/child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define USER 4711

static char root[] = "sclog-helper.XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static struct helper *start(void)
{
	const struct helper_options options = {.runtime_root = root};
	struct helper *helper;
	struct err err = ERR_INIT;

	assert_int_equal(helper_start(&options, &helper, &err), 0);
	return helper;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static int64_t users_ms; /* spent on asking about users, since save_up() */

static int read_as(struct helper *helper, uint32_t owner, const char *path, struct buf *text)
{
	struct host_request request = {.verb = HOST_READ,
				       .place = HOST_ROOT,
				       .max = 4u << 20,
				       .anyone = 1,
				       .owner = owner};
	struct host_reply reply;
	int64_t before_ms = now_ms();

	snprintf(request.path, sizeof(request.path), "%s", path);
	buf_clear(text);
	helper_ask(helper, &request, &reply, text);
	if (owner)
		users_ms += now_ms() - before_ms;
	return reply.code;
}

/* After this, users are waited for HELPER_WAIT_MS again. */
static void save_up(void)
{
	usleep((useconds_t)(2000 * users_ms + 5000));
	users_ms = 0;
}

/* On a busy machine an answer may be late: then the next user is asked about. Returns the user. */
static uint32_t read_as_a_user(struct helper *helper, uint32_t first, struct buf *text)
{
	for (uint32_t i = 0; i < 30; i++) {
		if (read_as(helper, first + i, "/config.json", text) == 0)
			return first + i;
		save_up();
	}
	fail();
	return 0;
}

static void test_reads(void **state)
{
	struct helper *helper = start();
	struct buf text = {0}, large = {0};

	(void)state;
	write_file("config.json", "{\"a\":1}");
	write_file("shadow", "secret");
	assert_int_equal(read_as(helper, 0, "/config.json", &text), 0);
	assert_string_equal(text.p, "{\"a\":1}");
	read_as_a_user(helper, USER, &text);
	assert_int_equal(text.n, 7);
	assert_int_equal(read_as(helper, 0, "/none/config.json", &text), -ENOENT);
	/* whoever took the watch over asks for what it never needs */
	assert_int_equal(read_as(helper, 0, "/shadow", &text), -EACCES);
	assert_int_equal(text.n, 0);
	/* more than a socket takes at once */
	while (large.n < 3u << 20)
		buf_put_str(&large, STR("0123456789abcdef"));
	write_file("state.json", large.p);
	assert_int_equal(read_as(helper, 0, "/state.json", &text), 0);
	assert_true(str_eq(buf_str(&text), buf_str(&large)));
	buf_release(&text);
	buf_release(&large);
	helper_stop(helper);
}

/* A reader that a file system holds up is like one that is stopped. */
static void test_hang(void **state)
{
	struct helper *helper = start();
	struct buf text = {0};

	(void)state;
	uint32_t user = read_as_a_user(helper, USER, &text);
	pid_t keeper = child_of(getpid()), reader = child_of(keeper);

	if (reader == 0)
		skip(); /* without CONFIG_PROC_CHILDREN */
	assert_int_equal(kill(reader, SIGSTOP), 0);
	save_up();

	int64_t before_ms = now_ms();

	assert_int_equal(read_as(helper, user, "/config.json", &text), -ETIMEDOUT);
	assert_true(now_ms() - before_ms >= HELPER_WAIT_MS);
	/* that user is not asked about for a while; others are soon, root's at once */
	assert_int_equal(read_as(helper, user, "/config.json", &text), -EAGAIN);
	assert_int_equal(read_as(helper, 0, "/config.json", &text), 0);
	read_as_a_user(helper, user + 1, &text);
	assert_int_equal(text.n, 7);
	buf_release(&text);
	helper_stop(helper);
}

/* A user with many uids holds root's record loop up for half of the time at most. */
static void test_many_hang(void **state)
{
	struct helper *helper = start();
	struct buf text = {0};
	int64_t began_ms;

	(void)state;
	read_as_a_user(helper, USER, &text);

	pid_t keeper = child_of(getpid());

	if (child_of(keeper) == 0)
		skip();
	save_up();
	began_ms = now_ms();
	for (uint32_t i = 0; i < 30; i++) {
		pid_t reader = child_of(keeper);

		assert_true(reader > 0);
		assert_int_equal(kill(reader, SIGSTOP), 0);
		assert_true(read_as(helper, USER + 31 + i, "/config.json", &text) < 0);
		usleep(1000);
	}
	assert_in_range(users_ms, HELPER_WAIT_MS, 2 * HELPER_WAIT_MS + (now_ms() - began_ms) / 2);
	/* others are answered as before */
	sleep(HELPER_PAUSE_MS / 1000 + 1);
	read_as_a_user(helper, USER, &text);
	buf_release(&text);
	helper_stop(helper);
}

/* What a helper could write to a terminal, or hold open of a pipe, is not its own. */
static void test_standard_files(void **state)
{
	struct helper *helper = start();
	struct buf text = {0};

	(void)state;
	assert_int_equal(read_as(helper, 0, "/config.json", &text), 0);

	pid_t keeper = child_of(getpid()), reader = child_of(keeper);

	if (reader == 0)
		skip();
	for (int i = 0; i < 6; i++) {
		char path[64], target[64] = "";

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)(i < 3 ? keeper : reader),
			 i % 3);
		assert_true(readlink(path, target, sizeof(target) - 1) > 0);
		assert_string_equal(target, "/dev/null");
	}
	buf_release(&text);
	helper_stop(helper);
}

/* Without its watch no helper stays. */
static void test_end(void **state)
{
	struct helper *helper = start();
	struct buf text = {0};

	(void)state;
	assert_int_equal(read_as(helper, 0, "/config.json", &text), 0);

	pid_t keeper = child_of(getpid()), reader = child_of(keeper);

	buf_release(&text);
	helper_stop(helper);
	if (reader == 0)
		skip();
	for (int i = 0; i < 1000 && kill(reader, 0) == 0; i++)
		usleep(10000);
	assert_int_equal(kill(reader, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),     cmocka_unit_test(test_hang),
		cmocka_unit_test(test_many_hang), cmocka_unit_test(test_standard_files),
		cmocka_unit_test(test_end),
	};

	if (!mkdtemp(root))
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command) ? 1 : failed;
}
