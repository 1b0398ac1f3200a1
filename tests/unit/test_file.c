/*
 * What a file begins with: of regular files alone. Whether a pipe was opened is said by the kernel
 * (inotify(7)). And whose a file is: who may write it is tried by a process of another user.
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
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_file.XXXXXX");
	return mkdtemp(folder) && chmod(folder, 0755) == 0 && chdir(folder) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	unlink("text");
	unlink("pipe");
	return chdir("/") < 0 ? -1 : rmdir(folder);
}

/* A buffer that was used before is not full of zeros. */
static void test_read_all_ends(void **state)
{
	struct buf text = {0};
	int fd = open("text", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	(void)state;
	assert_int_equal(write(fd, "systemd 252", 11), 11);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	memset(buf_reserve(&text, 1 << 18), 'x', 1 << 18);
	assert_int_equal(file_read_all(fd, 1000, &text), 0);
	assert_int_equal(text.n, 11);
	assert_string_equal(text.p, "systemd 252");
	close(fd);
	unlink("text");
	buf_release(&text);
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

#define NOBODY 65534
#define LOGS   4 /* a group that is neither root's nor anybody's own */

/* True if nobody, in that group too, may write the file. */
static bool nobody_writes(gid_t group)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (setresgid(group, group, group) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
			_exit(2);
		_exit(open("text", O_WRONLY | O_CLOEXEC) < 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_in_range(WEXITSTATUS(status), 0, 1);
	return WEXITSTATUS(status) == 0;
}

static void assert_foreign(const char *want)
{
	char why[FILE_WHY_SIZE] = "?";
	int fd = open("text", O_RDONLY | O_CLOEXEC);

	assert_int_equal(file_is_foreign(fd, why), want[0] != '\0');
	assert_string_equal(why, want);
	close(fd);
}

static void test_foreign(void **state)
{
	static const struct {
		uid_t uid;
		gid_t gid;
		mode_t mode;
		const char *why;
	} files[] = {
		{0, 0, 0644, ""},
		{0, 0, 0664, ""},
		{0, LOGS, 0640, ""},
		{0, LOGS, 0660, "can be written by gid 4"},
		{0, 0, 0646, "can be written by everybody"},
		{NOBODY, NOBODY, 0600, "belongs to uid 65534"},
		{NOBODY, 0, 0444, "belongs to uid 65534"},
	};

	(void)state;
	if (getuid() != 0)
		skip();
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		assert_int_equal(chown("text", files[i].uid, files[i].gid), 0);
		assert_int_equal(chmod("text", files[i].mode), 0);
		assert_foreign(files[i].why);
		if (files[i].uid == 0)
			assert_int_equal(nobody_writes(NOBODY) || nobody_writes(LOGS),
					 files[i].why[0] != '\0');
	}
}

/* Users whose group has their number write with umask 002: such a file is its owner's alone. */
static void test_own_group(void **state)
{
	int status;

	(void)state;
	if (getuid() != 0)
		skip();
	assert_int_equal(chown("text", NOBODY, NOBODY), 0);
	assert_int_equal(chmod("text", 0664), 0);
	pid_t child = fork();

	if (child == 0) {
		char why[FILE_WHY_SIZE];
		int fd = open("text", O_RDONLY | O_CLOEXEC);

		_exit(setresuid(NOBODY, NOBODY, NOBODY) < 0 || file_is_foreign(fd, why));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* setfacl -m u:nobody:rw: the mode shows a group that may write, which is root's. */
static void test_access_list(void **state)
{
	static const struct {
		uint32_t version; /* linux/posix_acl_xattr.h; little-endian */
		struct {
			uint16_t tag, perm;
			uint32_t id;
		} entries[5];
	} list = {2,
		  {{0x01, 6, UINT32_MAX},
		   {0x02, 6, NOBODY},
		   {0x04, 4, UINT32_MAX},
		   {0x10, 6, UINT32_MAX},
		   {0x20, 4, UINT32_MAX}}};

	(void)state;
	if (getuid() != 0 || chown("text", 0, 0) < 0 || chmod("text", 0644) < 0 ||
	    setxattr("text", "system.posix_acl_access", &list, sizeof(list), 0) < 0)
		skip();
	assert_true(nobody_writes(NOBODY));
	assert_foreign("can be written by others in its access list");
	assert_int_equal(removexattr("text", "system.posix_acl_access"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_begins),      cmocka_unit_test(test_pipe_is_not_opened),
		cmocka_unit_test(test_foreign),     cmocka_unit_test(test_own_group),
		cmocka_unit_test(test_access_list), cmocka_unit_test(test_read_all_ends),
	};

	return cmocka_run_group_tests_name("file", tests, setup, teardown);
}
