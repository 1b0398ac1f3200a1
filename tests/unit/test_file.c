/*
 * What a file begins with: of regular files alone. Whether a pipe was opened is said by the kernel
 * (inotify(7)).
 */
#include "base/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_file.XXXXXX");
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	unlink("text");
	unlink("pipe");
	return chdir("/") < 0 ? -1 : rmdir(folder);
}

static void test_begins(void **state)
{
	int fd = open("text", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	assert_int_equal(write(fd, "MAGIC\0and more", 14), 14);
	close(fd);
	assert_true(file_begins("text", "MAGIC", 6));
	assert_false(file_begins("text", "MAGIG", 5));
	assert_false(file_begins("text", "MAGIC\0and more than", 19));
	assert_false(file_begins("none", "MAGIC", 5));
	assert_false(file_begins(".", "MAGIC", 5));
}

static void test_pipe_is_not_opened(void **state)
{
	char events[4096];
	int inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	(void)state;
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_true(inotify_add_watch(inotify, "pipe", IN_OPEN) >= 0);
	assert_false(file_begins("pipe", "MAGIC", 5));
	assert_int_equal(read(inotify, events, sizeof(events)), -1);
	close(open("pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC)); /* this one is seen */
	assert_true(read(inotify, events, sizeof(events)) > 0);
	close(inotify);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_begins),
		cmocka_unit_test(test_pipe_is_not_opened),
	};

	return cmocka_run_group_tests_name("file", tests, setup, teardown);
}
