/*
 * Following real files: what is written to them must come out, each line once and in order. What
 * is expected is what the tests wrote. The last tests run a writer of its own process that rotates
 * as fast as it can.
 */
#include "base/buf.h"
#include "ingest/follow.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[64];

static int setup(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/test_follow.XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* In the directory. */
static void shell(const char *format, ...)
{
	char command[1024];
	int n = snprintf(command, sizeof(command), "cd '%s' && ", directory);
	va_list args;

	va_start(args, format);
	vsnprintf(command + n, sizeof(command) - (size_t)n, format, args);
	va_end(args);
	assert_int_equal(system(command), 0);
}

static int teardown(void **state)
{
	(void)state;
	shell("chmod -R u+rwx . && rm -rf '%s'", directory);
	return 0;
}

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void put(const char *name, const char *text)
{
	int fd = open(path_of(name), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void move(const char *from, const char *to)
{
	char old[128];

	snprintf(old, sizeof(old), "%s", path_of(from));
	assert_int_equal(rename(old, path_of(to)), 0);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Lets files become older than the clock they are stamped by can tell. */
static void settle(void)
{
	usleep(150000);
}

/* A follower, and all that it gave. */
struct watch {
	struct follow *follow;
	struct follow_options options;
	char path[128];
	struct buf lines;   /* each with its newline, or "|" if it had none */
	struct buf files;   /* "name@offset " of each FOLLOW_FILE; "*" before a live one */
	struct buf notices; /* "MISSING ", "OUTRUN! " if lossy */
	bool ended;
};

static void start_with(struct watch *watch, const char *name, struct follow_options options)
{
	struct err err = ERR_INIT;

	*watch = (struct watch){.options = options};
	snprintf(watch->path, sizeof(watch->path), "%s", path_of(name));
	watch->options.path = watch->path;
	assert_int_equal(follow_open(&watch->options, &watch->follow, &err), 0);
}

static void start(struct watch *watch)
{
	start_with(watch, "log", (struct follow_options){0});
}

static void stop(struct watch *watch)
{
	follow_close(watch->follow);
	buf_release(&watch->lines);
	buf_release(&watch->files);
	buf_release(&watch->notices);
}

static void note_file(struct watch *watch)
{
	const struct follow_file *file = follow_file(watch->follow);

	buf_format(&watch->files, "%s%s@%llu ", file->live ? "*" : "", strrchr(file->path, '/') + 1,
		   (unsigned long long)follow_offset(watch->follow));
	assert_true(S_ISREG(file->stat->st_mode));
}

static void note_notice(struct watch *watch)
{
	static const char *const names[] = {
		[FOLLOW_MISSING] = "MISSING",     [FOLLOW_UNREADABLE] = "UNREADABLE",
		[FOLLOW_TRUNCATED] = "TRUNCATED", [FOLLOW_OUTRUN] = "OUTRUN",
		[FOLLOW_BACK] = "BACK",
	};
	const struct follow_notice *notice = follow_notice(watch->follow);

	buf_format(&watch->notices, "%s%s ", names[notice->trouble], notice->lossy ? "!" : "");
	assert_non_null(strstr(notice->text, notice->path));
	assert_null(strchr(notice->text, '\n'));
}

/* Takes what there is. */
static void take_all(struct watch *watch)
{
	struct line line;

	for (;;) {
		switch (follow_next(watch->follow, &line)) {
		case FOLLOW_LINE:
			buf_put_str(&watch->lines, line.text);
			buf_put_char(&watch->lines, line.ended ? '\n' : '|');
			break;
		case FOLLOW_FILE:
			note_file(watch);
			break;
		case FOLLOW_NOTICE:
			note_notice(watch);
			break;
		case FOLLOW_END:
			watch->ended = true;
			return;
		default:
			return;
		}
	}
}

/* Polls as watch does, for that long at least. */
static void run(struct watch *watch, int for_ms)
{
	struct pollfd poll_fd = {.fd = follow_fd(watch->follow), .events = POLLIN};
	int64_t until = now_ms() + for_ms, left;

	take_all(watch);
	while (!watch->ended && (left = until - now_ms()) > 0) {
		poll(&poll_fd, 1, (int)(left < 1000 ? left : 1000));
		take_all(watch);
	}
}

static bool is_text(struct buf *buf, const char *want)
{
	buf_put(buf, "", 1);
	buf->n--;
	return strcmp(buf->p, want) == 0;
}

static void assert_text(struct buf *buf, const char *want)
{
	if (!is_text(buf, want))
		assert_string_equal(buf->p, want);
}

/* What comes late on a busy machine comes all the same. */
#define WAIT_MS 20000

/* Polls until these lines and notices are there (NULL: any); the test says whether they are. */
static void run_until(struct watch *watch, const char *lines, const char *notices)
{
	struct pollfd poll_fd = {.fd = follow_fd(watch->follow), .events = POLLIN};
	int64_t until = now_ms() + WAIT_MS;

	for (take_all(watch); now_ms() < until; take_all(watch)) {
		if ((!lines || is_text(&watch->lines, lines)) &&
		    (!notices || is_text(&watch->notices, notices)))
			break;
		poll(&poll_fd, 1, 100);
	}
}

/* Files of the directory that are open. */
static unsigned open_logs(void)
{
	DIR *fds = opendir("/proc/self/fd");
	struct dirent *entry;
	char link[300], target[512];
	unsigned count = 0;

	while ((entry = readdir(fds))) {
		snprintf(link, sizeof(link), "/proc/self/fd/%s", entry->d_name);
		ssize_t n = readlink(link, target, sizeof(target) - 1);

		count += n > 0 && strncmp(target, directory, strlen(directory)) == 0;
	}
	closedir(fds);
	return count;
}

#define assert_lines(watch, want)   assert_text(&(watch)->lines, want)
#define assert_files(watch, want)   assert_text(&(watch)->files, want)
#define assert_notices(watch, want) assert_text(&(watch)->notices, want)

/* One live file */

static void test_grows(void **state)
{
	struct watch watch;

	(void)state;
	put("log", "1\n2\n");
	start(&watch);
	run(&watch, 0);
	assert_lines(&watch, "1\n2\n");
	assert_true(follow_caught_up(watch.follow));
	put("log", "3\n");
	run(&watch, 0);
	assert_lines(&watch, "1\n2\n3\n");
	assert_int_equal(follow_offset(watch.follow), 6);
	assert_files(&watch, "*log@0 ");
	assert_notices(&watch, "");
	stop(&watch);
}

/* Without inotify nothing would wake at all: how long a busy machine takes is not the point. */
static void test_wakes_by_inotify(void **state)
{
	struct watch watch;
	struct pollfd poll_fd;

	(void)state;
	put("log", "1\n");
	start(&watch);
	run(&watch, 100);
	poll_fd = (struct pollfd){.fd = follow_fd(watch.follow), .events = POLLIN};
	assert_int_equal(poll(&poll_fd, 1, 0), 0);
	put("log", "2\n");
	assert_int_equal(poll(&poll_fd, 1, WAIT_MS), 1);
	run(&watch, 0);
	move("log", "log.1");
	assert_int_equal(poll(&poll_fd, 1, WAIT_MS), 1);
	run(&watch, 0);
	put("log", "3\n");
	assert_int_equal(poll(&poll_fd, 1, WAIT_MS), 1);
	run(&watch, 0);
	assert_lines(&watch, "1\n2\n3\n");
	stop(&watch);
}

static void test_partial_line_waits(void **state)
{
	struct watch watch;

	(void)state;
	put("log", "whole\npart");
	start(&watch);
	run(&watch, 0);
	assert_lines(&watch, "whole\n");
	assert_int_equal(follow_offset(watch.follow), 6);
	put("log", "ial");
	run(&watch, 0);
	assert_lines(&watch, "whole\n");
	put("log", " no more\n");
	run(&watch, 0);
	assert_lines(&watch, "whole\npartial no more\n");
	stop(&watch);
}

static void test_first_line_partial(void **state)
{
	struct watch watch;

	(void)state;
	put("log", "");
	start(&watch);
	run(&watch, 0);
	put("log", "fi");
	run(&watch, 0);
	assert_files(&watch, "");
	put("log", "rst\n");
	run(&watch, 0);
	assert_files(&watch, "*log@0 ");
	assert_true(str_eq(follow_file(watch.follow)->first_line, STR("first")));
	assert_lines(&watch, "first\n");
	stop(&watch);
}

static void test_long_line(void **state)
{
	struct watch watch;
	size_t size = 5 * LINE_MAX_BYTES;
	char *text = malloc(size + 1);

	(void)state;
	memset(text, 'x', size);
	text[size] = '\0';
	put("log", "a\n");
	start(&watch);
	run(&watch, 0);
	put("log", text);
	run(&watch, 0);
	put("log", text);
	run(&watch, 0);
	put("log", "yyy\nb\n");
	run(&watch, 0);
	assert_int_equal(watch.lines.n, 2 + LINE_MAX_BYTES + 1 + 2);
	assert_int_equal(follow_offset(watch.follow), 2 + 2 * size + 4 + 2);
	assert_memory_equal(watch.lines.p + watch.lines.n - 3, "|b\n", 3);
	free(text);
	stop(&watch);
}

/* Rotation by rename */

static void test_rename(void **state)
{
	struct watch watch;

	(void)state;
	put("log", "1\n");
	start(&watch);
	run(&watch, 0);
	put("log", "2\n");
	move("log", "log.1");
	chmod(path_of("log.1"), 0440);
	put("log", "3\n");
	run(&watch, 0);
	assert_lines(&watch, "1\n2\n3\n");
	assert_files(&watch, "*log@0 *log@0 ");
	assert_notices(&watch, "");
	stop(&watch);
}

static void test_several_between_two_looks(void **state)
{
	struct watch watch;

	(void)state;
	put("log", "1\n");
	start(&watch);
	run(&watch, 0);
	put("log", "2\n");
	for (int i = 3; i < 9; i++) {
		char line[8];

		shell("for n in 9 8 7 6 5 4 3 2 1; do test ! -e log.$n || mv log.$n log.$((n + 1)); "
		      "done; mv log log.1");
		snprintf(line, sizeof(line), "%d\n", i);
		put("log", line);
	}
	run(&watch, 0);
	assert_lines(&watch, "1\n2\n3\n4\n5\n6\n7\n8\n");
	assert_notices(&watch, "");
	stop(&watch);
}

static void test_dated(void **state)
{
	struct watch watch;

	(void)state;
	put("log-20261120", "1\n");
	put("log", "2\n");
	start(&watch);
	run(&watch, 0);
	move("log", "log-20261121");
	put("log", "3\n");
	move("log", "log-20261122");
	put("log", "4\n");
	run(&watch, 0);
	assert_lines(&watch, "1\n2\n3\n4\n");
	assert_files(&watch, "log-20261120@0 *log@0 log-20261122@0 *log@0 ");
	assert_notices(&watch, "");
	stop(&watch);
}

/* rsyslog writes to the renamed file until HUP. */
static void test_writer_goes_on(void **state)
{
	struct watch watch;

	(void)state;
	put("log", "1\n");
	start(&watch);
	run(&watch, 0);
	move("log", "log.1");
	put("log.1", "2\n");
	run(&watch, 50);
	assert_lines(&watch, "1\n2\n");
	put("log", ""); /* logrotate's create */
	put("log.1", "3\n");
	run(&watch, 50);
	assert_lines(&watch, "1\n2\n3\n");
	put("log", "5\n");
	run(&watch, 50);
	put("log.1", "4, late\nand a part");
	run(&watch, 50);
	assert_lines(&watch, "1\n2\n3\n5\n4, late\n");
	assert_files(&watch, "*log@0 *log@0 log.1@6 ");
	put("log", "6\n");
	run_until(&watch, "1\n2\n3\n5\n4, late\n6\nand a part|", NULL);
	put("log", "7\n");
	run(&watch, 50);
	assert_lines(&watch, "1\n2\n3\n5\n4, late\n6\nand a part|7\n");
	assert_notices(&watch, "");
	stop(&watch);
}

static void test_partial_line_of_a_rotated_file(void **state)
{
	struct watch watch;

	(void)state;
	put("log.2", "1\nhalf");
	put("log.1", "2\n");
	put("log", "3\n");
	start(&watch);
	run(&watch, 0);
	assert_lines(&watch, "1\nhalf|2\n3\n");
	stop(&watch);
}

static void test_empty_files(void **state)
{
	struct watch watch;

	(void)state;
	put("log.3", "1\n");
	put("log.2", "");
	put("log.1", "");
	put("log", "");
	start(&watch);
	run(&watch, 0);
	assert_true(follow_caught_up(watch.follow));
	shell("mv log.3 log.4; mv log.2 log.3; mv log.1 log.2; mv log log.1");
	put("log", "2\n");
	run(&watch, 0);
	assert_lines(&watch, "1\n2\n");
	assert_notices(&watch, "");
	stop(&watch);
}

/* Inode numbers and first lines that come again */

static void test_inode_used_again(void **state)
{
	struct watch watch;
	struct stat old, now;

	(void)state;
	put("log", "1\n");
	assert_int_equal(stat(path_of("log"), &old), 0);
	start(&watch);
	run(&watch, 0);
	for (int i = 2; i < 6; i++) {
		char line[8];

		/* the file in hand keeps its number: only others' come again */
		assert_int_equal(unlink(path_of("log")), 0);
		snprintf(line, sizeof(line), "%d\n", i);
		put("log", line);
		assert_int_equal(stat(path_of("log"), &now), 0);
		assert_int_not_equal(now.st_ino, old.st_ino);
		old = now;
		run(&watch, 0);
	}
	assert_lines(&watch, "1\n2\n3\n4\n5\n");
	assert_notices(&watch, "");
	stop(&watch);
}

static void test_same_first_line(void **state)
{
	struct watch watch;

	(void)state;
	put("log.2", "same\n1\n");
	put("log.1", "same\n2\n");
	put("log", "same\n3\n");
	settle();
	start(&watch);
	run(&watch, 0);
	unlink(path_of("log"));
	put("log", "same\n4\n5\n");
	run(&watch, 0);
	shell("mv log.2 log.3; mv log.1 log.2; mv log log.1");
	put("log", "same\n6\n");
	run(&watch, 0);
	assert_lines(&watch, "same\n1\nsame\n2\nsame\n3\nsame\n4\n5\nsame\n6\n");
	stop(&watch);
}

/* Emptied in place */

static void test_copytruncate(void **state)
{
	struct watch watch;

	(void)state;
	put("log", "1\n2\n");
	start(&watch);
	run(&watch, 0);
	put("log", "3\n");
	shell("cp log log.1 && : > log");
	put("log", "4\n");
	run(&watch, 0);
	assert_lines(&watch, "1\n2\n3\n4\n");
	assert_files(&watch, "*log@0 log.1@4 *log@0 ");
	assert_notices(&watch, "TRUNCATED ");
	put("log", "5\n");
	shell("mv log.1 log.2 && cp log log.1 && : > log && gzip log.2");
	put("log", "6 is longer than what was there before it\n");
	run(&watch, 0);
	assert_lines(&watch, "1\n2\n3\n4\n5\n6 is longer than what was there before it\n");
	assert_notices(&watch, "TRUNCATED TRUNCATED ");
	stop(&watch);
}

static void test_copytruncate_compressed(void **state)
{
	struct watch watch;

	(void)state;
	put("log", "1\n2\n");
	start(&watch);
	run(&watch, 0);
	put("log", "3\n");
	shell("cp log log.1 && : > log && gzip log.1");
	put("log", "4\n");
	run(&watch, 0);
	assert_lines(&watch, "1\n2\n3\n4\n");
	/* Nothing unread in the copy. */
	shell("mv log.1.gz log.2.gz && cp log log.1 && : > log && xz log.1");
	put("log", "5\n");
	run(&watch, 0);
	assert_lines(&watch, "1\n2\n3\n4\n5\n");
	assert_notices(&watch, "TRUNCATED TRUNCATED ");
	stop(&watch);
}

static void test_truncated_without_copy(void **state)
{
	struct watch watch;

	(void)state;
	put("log", "1\n2\n");
	start(&watch);
	run(&watch, 0);
	shell(": > log");
	run(&watch, 0);
	put("log", "3\n");
	run(&watch, 0);
	/* Grown past what it was before anybody looked. */
	shell(": > log");
	put("log", "4 and much more than there was\n5\n");
	run(&watch, 0);
	shell("printf '6\\n' > log");
	run(&watch, 0);
	assert_lines(&watch, "1\n2\n3\n4 and much more than there was\n5\n6\n");
	assert_notices(&watch, "TRUNCATED! TRUNCATED! TRUNCATED! ");
	assert_int_equal(open_logs(), 1);
	stop(&watch);
}

/* Not there */

static void test_deleted_and_made_again(void **state)
{
	struct watch watch;

	(void)state;
	put("log.1", "0\n");
	put("log", "1\n");
	settle();
	start(&watch);
	run(&watch, 0);
	int fd = open(path_of("log"), O_WRONLY | O_APPEND);

	assert_int_equal(unlink(path_of("log")), 0);
	run(&watch, 50);
	assert_int_equal(write(fd, "2\n", 2), 2);
	close(fd);
	run_until(&watch, NULL, "MISSING ");
	assert_lines(&watch, "0\n1\n2\n");
	assert_notices(&watch, "MISSING ");
	put("log", "3\n");
	run_until(&watch, "0\n1\n2\n3\n", "MISSING BACK ");
	assert_lines(&watch, "0\n1\n2\n3\n");
	assert_notices(&watch, "MISSING BACK ");
	stop(&watch);
}

static void test_directory_appears(void **state)
{
	struct watch watch;

	(void)state;
	start_with(&watch, "a/b/log", (struct follow_options){0});
	run(&watch, 50);
	assert_notices(&watch, "MISSING ");
	assert_true(follow_caught_up(watch.follow));
	shell("mkdir -p a/b");
	run(&watch, 1100);
	shell("echo 1 > a/b/log.1; echo 2 > a/b/log");
	run_until(&watch, "1\n2\n", NULL);
	assert_lines(&watch, "1\n2\n");
	/* The whole directory, replaced. */
	shell("mv a/b a/c; mkdir a/b");
	run_until(&watch, NULL, "MISSING BACK MISSING ");
	shell("echo 3 > a/b/log");
	run_until(&watch, "1\n2\n3\n", "MISSING BACK MISSING BACK ");
	assert_lines(&watch, "1\n2\n3\n");
	assert_notices(&watch, "MISSING BACK MISSING BACK ");
	stop(&watch);
}

static void test_becomes_readable(void **state)
{
	struct watch watch;
	bool root = geteuid() == 0;

	(void)state;
	chmod(directory, 0755);
	put("log", "1\n");
	chmod(path_of("log"), 0);
	if (root)
		assert_int_equal(seteuid(65534), 0); /* root reads everything */
	start(&watch);
	run(&watch, 1100); /* said once, however often it looks */
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_notices(&watch, "UNREADABLE ");
	chmod(path_of("log"), 0644);
	if (root)
		assert_int_equal(seteuid(65534), 0);
	run_until(&watch, "1\n", "UNREADABLE BACK ");
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_lines(&watch, "1\n");
	assert_notices(&watch, "UNREADABLE BACK ");
	stop(&watch);
}

static void test_rotated_unreadable(void **state)
{
	struct watch watch;
	bool root = geteuid() == 0;

	(void)state;
	chmod(directory, 0755);
	put("log.3", "1\n");
	put("log.2", "not for us\n");
	put("log.1", "3\n");
	put("log", "4\n");
	chmod(path_of("log.2"), 0);
	if (root)
		assert_int_equal(seteuid(65534), 0);
	start(&watch);
	run(&watch, 0);
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_lines(&watch, "1\n3\n4\n");
	assert_notices(&watch, "UNREADABLE! ");
	stop(&watch);
}

/* Each stands in the way of the log, and must not be waited for. */
static void test_replaced_by_what_is_no_file(void **state)
{
	static const char *const commands[] = {"mkfifo log", "mkdir log", "ln -s /dev/zero log",
					       "ln -s /dev/tty log", "ln -s log log"};

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct watch watch;

		alarm(300); /* rather than wait for ever */
		put("log", "1\n");
		start(&watch);
		run(&watch, 0);
		shell("rm log && %s", commands[i]);
		run_until(&watch, NULL, "UNREADABLE ");
		assert_notices(&watch, "UNREADABLE ");
		shell("rm -r log");
		put("log", "2\n");
		run_until(&watch, "1\n2\n", "UNREADABLE BACK ");
		assert_lines(&watch, "1\n2\n");
		assert_notices(&watch, "UNREADABLE BACK ");
		stop(&watch);
		shell("rm log");
		/* and from the beginning */
		shell("%s", commands[i]);
		start(&watch);
		run_until(&watch, NULL, "UNREADABLE ");
		assert_notices(&watch, "UNREADABLE ");
		assert_lines(&watch, "");
		stop(&watch);
		shell("rm -r log");
	}
	alarm(0);
}

static void test_symbolic_link(void **state)
{
	struct watch watch;

	(void)state;
	shell("mkdir a b; echo 1 > a/x; ln -s a/x log");
	start(&watch);
	run(&watch, 0);
	shell("mv a/x a/x.1; echo 2 > a/x"); /* rotated where it lives */
	run_until(&watch, "1\n2\n", NULL);
	assert_lines(&watch, "1\n2\n");
	shell("echo 3 > b/x; ln -sfn b/x log"); /* leads elsewhere now */
	run_until(&watch, "1\n2\n3\n", NULL);
	assert_lines(&watch, "1\n2\n3\n");
	shell("echo 4 >> b/x");
	run_until(&watch, "1\n2\n3\n4\n", NULL);
	assert_lines(&watch, "1\n2\n3\n4\n");
	assert_notices(&watch, "");
	stop(&watch);
}

/* Going on where an earlier run stopped */

struct known {
	const char *first_line;
	uint64_t offset;
};

static int known(void *context, struct str first_line, uint64_t *ret_offset, struct err *err)
{
	(void)err;
	for (const struct known *known = context; known->first_line; known++) {
		if (!str_eq(first_line, str_from(known->first_line)))
			continue;
		*ret_offset = known->offset;
		return 1;
	}
	return 0;
}

struct resume_case {
	const char *title;
	const char *command;
	struct known known[4];
	const char *lines, *files, *notices;
};

static const struct resume_case resume_cases[] = {
	{"resume: nothing is known",
	 "echo a1 > log.2; echo b1 > log.1; echo c1 > log",
	 {{NULL, 0}},
	 "a1\nb1\nc1\n",
	 "log.2@0 log.1@0 *log@0 ",
	 "OUTRUN! "},
	{"resume: in the live file",
	 "echo a1 > log.2; echo b1 > log.1; printf 'c1\\nc2\\n' > log",
	 {{"a1", 3}, {"b1", 3}, {"c1", 3}, {NULL, 0}},
	 "c2\n",
	 "*log@3 ",
	 ""},
	{"resume: all is read",
	 "echo a1 > log.1; echo b1 > log",
	 {{"a1", 3}, {"b1", 3}, {NULL, 0}},
	 "",
	 "",
	 ""},
	{"resume: it was rotated meanwhile, twice",
	 "echo a1 > log.3; printf 'b1\\nb2\\n' > log.2; echo c1 > log.1; echo d1 > log",
	 {{"a1", 3}, {"b1", 3}, {NULL, 0}},
	 "b2\nc1\nd1\n",
	 "log.2@3 log.1@0 *log@0 ",
	 ""},
	{"resume: and compressed: gzip",
	 "echo a1 > log.3; printf 'b1\\nb2\\n' > log.2; gzip log.2 log.3; echo c1 > log",
	 {{"a1", 3}, {"b1", 3}, {NULL, 0}},
	 "b2\nc1\n",
	 "log.2.gz@3 *log@0 ",
	 "OUTRUN! "}, /* .1 is not there */
	{"resume: two gzip members",
	 "echo a1 | gzip > log.1.gz; echo a2 | gzip >> log.1.gz; echo c1 > log",
	 {{"a1", 6}, {NULL, 0}},
	 "c1\n",
	 "*log@0 ",
	 ""},
	{"resume: two gzip members, one read",
	 "echo a1 | gzip > log.1.gz; echo a2222 | gzip >> log.1.gz; echo c1 > log",
	 {{"a1", 3}, {NULL, 0}},
	 "a2222\nc1\n",
	 "log.1.gz@3 *log@0 ",
	 ""},
	{"resume: xz and zstd",
	 "echo a1 > log.2; printf 'b1\\nb2\\n' > log.1; xz log.2; zstd -q --rm log.1; echo c1 > log",
	 {{"a1", 3}, {"b1", 3}, {NULL, 0}},
	 "b2\nc1\n",
	 "log.1.zst@3 *log@0 ",
	 ""},
	{"resume: bzip2",
	 "printf 'b1\\nb2\\n' > log.1; bzip2 log.1; echo c1 > log",
	 {{"b1", 3}, {NULL, 0}},
	 "b2\nc1\n",
	 "log.1.bz2@3 *log@0 ",
	 ""},
	{"resume: what was read is gone",
	 "echo c1 > log.1; echo d1 > log",
	 {{"b1", 3}, {NULL, 0}},
	 "c1\nd1\n",
	 "log.1@0 *log@0 ",
	 "OUTRUN! "},
	{"resume: shorter than what was read: another file",
	 "printf 'b1\\nb2\\n' > log",
	 {{"b1", 60}, {NULL, 0}},
	 "b1\nb2\n",
	 "*log@0 ",
	 ""},
	{"resume: no line begins there: another file",
	 "printf 'b1\\nb2\\nb3\\n' > log",
	 {{"b1", 5}, {NULL, 0}},
	 "b1\nb2\nb3\n",
	 "*log@0 ",
	 ""},
	{"resume: compressed, and shorter than what was read",
	 "printf 'b1\\nb2\\n' | gzip > log.1.gz; echo c1 > log",
	 {{"b1", 60}, {NULL, 0}},
	 "b1\nb2\nc1\n",
	 "log.1.gz@0 *log@0 ",
	 ""},
	{"resume: two files with the same first line: not known which",
	 "printf 'same\\na2\\n' > log.1; printf 'same\\nb2\\n' > log",
	 {{"same", 8}, {NULL, 0}},
	 "same\na2\nsame\nb2\n",
	 "log.1@0 *log@0 ",
	 ""},
	{"resume: the last line is not whole yet",
	 "printf 'a1\\na2' > log",
	 {{"a1", 3}, {NULL, 0}},
	 "",
	 "",
	 ""},
	{"resume: the live file is empty",
	 "echo a1 > log.1; : > log",
	 {{"a1", 3}, {NULL, 0}},
	 "",
	 "",
	 ""},
	{"resume: the live file is not there",
	 "printf 'a1\\na2\\n' > log.1",
	 {{"a1", 3}, {NULL, 0}},
	 "a2\n",
	 "log.1@3 ",
	 "MISSING "},
	{"resume: damaged compression",
	 "seq 100000 | gzip | head -c 1000 > log.1.gz; echo c1 > log",
	 {{"1", 292}, {NULL, 0}}, /* the numbers up to 100 */
	 NULL,
	 "log.1.gz@292 *log@0 ",
	 "UNREADABLE! "},
	{NULL, NULL, {{NULL, 0}}, NULL, NULL, NULL},
};

/* With once, and again while it goes on. */
static void test_resume(void **state)
{
	const struct resume_case *c = *state;
	struct watch watch;

	shell("%s", c->command);
	for (int once = 1; once >= 0; once--) {
		start_with(&watch, "log",
			   (struct follow_options){.known = known,
						   .context = (void *)(uintptr_t)c->known,
						   .resumes = true,
						   .once = once});
		run(&watch, once ? WAIT_MS : 0);
		/* A gap, or a missing file, may be a rotation under way. */
		if (!once && c->notices[0])
			run_until(&watch, c->lines, c->notices);
		assert_int_equal(watch.ended, once);
		if (c->lines)
			assert_lines(&watch, c->lines);
		assert_files(&watch, c->files);
		assert_notices(&watch, c->notices);
		stop(&watch);
	}
}

static void test_first_start_is_no_loss(void **state)
{
	struct watch watch;

	(void)state;
	put("log.1", "a1\n");
	put("log", "b1\n");
	start(&watch);
	run(&watch, 0);
	assert_lines(&watch, "a1\nb1\n");
	assert_notices(&watch, "");
	stop(&watch);
}

static void test_from_now(void **state)
{
	struct watch watch;

	(void)state;
	put("log.1", "a1\n");
	put("log", "b1\nb2\nb");
	start_with(&watch, "log", (struct follow_options){.from_now = true});
	run(&watch, 0);
	assert_lines(&watch, "");
	put("log", "3\nb4\n");
	run(&watch, 0);
	assert_lines(&watch, "b3\nb4\n");
	assert_files(&watch, "*log@6 ");
	assert_true(str_eq(follow_file(watch.follow)->first_line, STR("b1")));
	shell("mv log.1 log.2; mv log log.1");
	put("log", "c1\n");
	run(&watch, 0);
	assert_lines(&watch, "b3\nb4\nc1\n");
	stop(&watch);
}

static void test_once_of_nothing(void **state)
{
	struct watch watch;

	(void)state;
	start_with(&watch, "log", (struct follow_options){.once = true});
	run(&watch, WAIT_MS);
	assert_true(watch.ended);
	assert_notices(&watch, "MISSING ");
	stop(&watch);
}

static void test_once_ends_though_it_grows(void **state)
{
	struct watch watch;
	struct line line;
	int lines = 0;

	(void)state;
	put("log", "1\n2\n3\n");
	start_with(&watch, "log", (struct follow_options){.once = true});
	for (int given; (given = follow_next(watch.follow, &line)) != FOLLOW_END;) {
		assert_true(given == FOLLOW_LINE || given == FOLLOW_FILE);
		lines += given == FOLLOW_LINE;
		put("log", "more\n");
		assert_true(lines < 100);
	}
	assert_true(lines >= 3);
	stop(&watch);
}

/* Where inotify has nothing left, or says nothing, a look a second finds the same. */
static void test_without_inotify(void **state)
{
	struct rlimit limit, none;
	struct watch watch;

	(void)state;
	put("log", "1\n");
	getrlimit(RLIMIT_NOFILE, &limit);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
	setrlimit(RLIMIT_NOFILE, &none);
	start(&watch);
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_int_equal(follow_fd(watch.follow), -1);
	run(&watch, 0);
	put("log", "2\n");
	run_until(&watch, "1\n2\n", NULL);
	assert_lines(&watch, "1\n2\n");
	move("log", "log.1");
	put("log", "3\n");
	run_until(&watch, "1\n2\n3\n", NULL);
	assert_lines(&watch, "1\n2\n3\n");
	stop(&watch);
}

static void test_directory_cannot_be_listed(void **state)
{
	struct watch watch;
	bool root = geteuid() == 0;

	(void)state;
	put("log.1", "1\n");
	put("log", "2\n");
	chmod(directory, 0111);
	if (root)
		assert_int_equal(seteuid(65534), 0); /* root reads everything */
	start(&watch);
	run(&watch, 0);
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_lines(&watch, "2\n");
	assert_notices(&watch, "UNREADABLE! ");
	stop(&watch);
}

/* Two logs are open at most. */
static void test_open_files(void **state)
{
	struct watch watch;
	struct line line;
	unsigned most = 0;

	(void)state;
	for (int i = 40; i > 0; i--)
		shell("echo %d > log.%d", i, i);
	put("log", "0\n");
	start(&watch);
	while (follow_next(watch.follow, &line) != FOLLOW_NOTHING)
		most = open_logs() > most ? open_logs() : most;
	assert_int_equal(most, 2);
	for (int i = 0; i < 5; i++) {
		shell("for n in $(seq 60 -1 1); do test ! -e log.$n || mv log.$n log.$((n + 1)); "
		      "done; mv log log.1; echo x > log");
		run(&watch, 0);
		assert_in_range(open_logs(), 1, 2);
	}
	stop(&watch);
	assert_int_equal(open_logs(), 0);
}

/* Outrun */

static void test_deleted_behind_us(void **state)
{
	struct watch watch;

	(void)state;
	put("log.1", "0\n");
	put("log", "1\n");
	start(&watch);
	run(&watch, 0);
	/* Two rotations that keep one file: "2" is gone when we look. */
	put("log", "1, too\n");
	shell("mv log log.1; echo 2 > log; mv log log.1; echo 3 > log; mv log log.1; echo 4 > log");
	run_until(&watch, "0\n1\n1, too\n3\n4\n", "OUTRUN! ");
	assert_lines(&watch, "0\n1\n1, too\n3\n4\n");
	assert_notices(&watch, "OUTRUN! ");
	stop(&watch);
}

/* So soon after a rotation that it might have been another one: said, but nothing comes twice. */
static void test_deleted_after_rotation(void **state)
{
	struct watch watch;

	(void)state;
	put("log.2", "1\n");
	put("log.1", "2\n");
	put("log", "3\n");
	start(&watch);
	run(&watch, 0);
	shell("rm log; gzip log.2; echo 4 > log");
	run_until(&watch, "1\n2\n3\n4\n", NULL);
	run(&watch, 50);
	assert_lines(&watch, "1\n2\n3\n4\n");
	stop(&watch);
}

static void test_compressed_behind_us(void **state)
{
	struct watch watch;

	(void)state;
	put("log", "1\n");
	start(&watch);
	run(&watch, 0);
	put("log", "2\n");
	shell("mv log log.1; echo 3 > log; gzip log.1; mv log.1.gz log.2.gz; mv log log.1; echo 4 > log");
	run_until(&watch, "1\n2\n3\n4\n", NULL);
	assert_lines(&watch, "1\n2\n3\n4\n");
	assert_notices(&watch, "");
	stop(&watch);
}

/* A writer of its own */

struct writer {
	size_t file_bytes;
	unsigned keep; /* rotated files */
	double seconds;
	size_t rate;        /* bytes/s, 0: as fast as it can */
	uint64_t lines_max; /* 0: no limit */
};

static int make_live(void)
{
	return open("log", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

/* As auditd's rotate_logs() does. */
static int rotate(int fd, unsigned keep)
{
	char old[32], new[32];

	fchmod(fd, 0440);
	close(fd);
	for (unsigned i = keep; i > 1; i--) {
		snprintf(old, sizeof(old), "log.%u", i - 1);
		snprintf(new, sizeof(new), "log.%u", i);
		rename(old, new);
	}
	rename("log", "log.1");
	return make_live();
}

static void pace(size_t rate, uint64_t written, int64_t begun)
{
	int64_t due = begun + (rate ? (int64_t)(written * 1000 / rate) : 0);

	while (rate && now_ms() < due)
		usleep(1000);
}

/* Writes numbered lines; returns how many in the directory's file "count". */
static void write_lines(const struct writer *writer)
{
	int64_t begun = now_ms();
	uint64_t number = 0, written = 0;
	size_t in_file = 0;
	unsigned rotations = 0;
	int fd = make_live();

	while ((double)(now_ms() - begun) < writer->seconds * 1e3 &&
	       (!writer->lines_max || number < writer->lines_max)) {
		char text[64 * 300];
		size_t n = 0;

		/* lines of some hundred bytes, as audit's are, a few at a time */
		for (uint64_t few = 1 + number % 60; few > 0; few--, number++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%llu %0*d\n",
					      (unsigned long long)number, 60 + (int)(number % 200),
					      0);
		if (write(fd, text, n) != (ssize_t)n)
			_exit(1);
		written += n;
		in_file += n;
		if (in_file >= writer->file_bytes) {
			rotations++;
			fd = rotate(fd, rotations < writer->keep ? rotations : writer->keep);
			in_file = 0;
		}
		pace(writer->rate, written, begun);
	}
	FILE *count = fopen("count", "w");

	fprintf(count, "%llu", (unsigned long long)number);
	fclose(count);
	_exit(0);
}

static pid_t start_writer(const struct writer *writer)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (chdir(directory) < 0)
			_exit(1);
		write_lines(writer);
	}
	assert_true(pid > 0);
	return pid;
}

struct reading {
	uint64_t next; /* the number that must come */
	uint64_t lines, missing, backwards;
	unsigned outrun, other_notices;
	unsigned holes, unsaid; /* unsaid: at the time, nothing was said of it */
};

static void check_line(struct reading *reading, struct str text)
{
	uint64_t number = strtoull(text.p, NULL, 10);

	reading->lines++;
	if (number > reading->next) {
		reading->holes++;
		reading->unsaid += reading->holes > reading->outrun;
	}
	reading->missing += number > reading->next ? number - reading->next : 0;
	reading->backwards += number < reading->next;
	reading->next = number + 1;
}

static bool step(struct follow *follow, struct reading *reading)
{
	struct line line;

	switch (follow_next(follow, &line)) {
	case FOLLOW_LINE:
		check_line(reading, line.text);
		return true;
	case FOLLOW_NOTICE:
		if (follow_notice(follow)->trouble == FOLLOW_OUTRUN) {
			assert_true(follow_notice(follow)->lossy);
			reading->outrun++;
		} else {
			/* a writer that has to wait between its steps leaves no file for a while */
			enum follow_trouble trouble = follow_notice(follow)->trouble;

			reading->other_notices +=
				trouble != FOLLOW_MISSING && trouble != FOLLOW_BACK;
		}
		return true;
	case FOLLOW_FILE:
		return true;
	default:
		return false;
	}
}

/* Reads until the writer has ended and nothing comes any more; lags now and then if told so. */
static uint64_t read_lines(const struct writer *writer, unsigned lag_ms, struct reading *reading)
{
	struct watch watch;

	/* Before the first line: what is missing then was rotated away from under the reader. */
	put("log", "");
	start(&watch);
	assert_false(step(watch.follow, reading));
	pid_t pid = start_writer(writer);
	int status = -1, idle = 0;
	unsigned long long count = 0;
	int64_t next_lag = now_ms() + 200, begun = now_ms();

	/* a hole among the last files is one after a while only */
	while (idle < 5 || (!follow_caught_up(watch.follow) && now_ms() - begun < 3 * WAIT_MS)) {
		struct pollfd poll_fd = {.fd = follow_fd(watch.follow), .events = POLLIN};

		while (step(watch.follow, reading)) {
			if (lag_ms && now_ms() > next_lag) {
				usleep(lag_ms * 1000);
				next_lag = now_ms() + 200;
			}
		}
		poll(&poll_fd, 1, 100);
		if (status < 0 && waitpid(pid, &status, WNOHANG) != pid)
			status = -1;
		idle = status < 0 ? 0 : idle + 1;
	}
	assert_int_equal(status, 0);
	assert_true(follow_caught_up(watch.follow));
	FILE *file = fopen(path_of("count"), "r");

	assert_int_equal(fscanf(file, "%llu", &count), 1);
	fclose(file);
	stop(&watch);
	return count;
}

static void report(const struct reading *reading, uint64_t count)
{
	print_message("# %llu written, %llu read, %llu missing in %u holes, %u outrun\n",
		      (unsigned long long)count, (unsigned long long)reading->lines,
		      (unsigned long long)reading->missing, reading->holes, reading->outrun);
}

/* Nothing is deleted: nothing may be missing. */
static void test_fast_rotation(void **state)
{
	static const struct writer writers[] = {
		{.file_bytes = 1, .keep = 100000, .seconds = 1, .lines_max = 12000},
		{.file_bytes = 20000, .keep = 100000, .seconds = 1, .lines_max = 60000},
		{.file_bytes = 1000000, .keep = 1000, .seconds = 1, .lines_max = 1000000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
		struct reading reading = {0};
		uint64_t count = read_lines(&writers[i], 0, &reading);

		report(&reading, count);
		assert_int_equal(reading.lines, count);
		assert_int_equal(reading.next, count);
		assert_int_equal(reading.backwards, 0);
		assert_int_equal(reading.outrun + reading.other_notices, 0);
		shell("rm log*");
	}
}

/* auditd's default, and a reader that falls behind: what is missing is said. */
static void test_outrun_is_said(void **state)
{
	static const struct {
		struct writer writer;
		unsigned lag_ms;
	} cases[] = {
		{{.file_bytes = 1, .keep = 4, .seconds = 1}, 5},
		{{.file_bytes = 20000, .keep = 4, .seconds = 1}, 5},
		{{.file_bytes = 20000, .keep = 1, .seconds = 1}, 0},
		{{.file_bytes = 8000000, .keep = 4, .seconds = 1, .rate = 50000000}, 100},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reading reading = {0};
		uint64_t count = read_lines(&cases[i].writer, cases[i].lag_ms, &reading);

		report(&reading, count);
		assert_int_equal(reading.lines + reading.missing, count);
		assert_int_equal(reading.backwards, 0);
		assert_int_equal(reading.other_notices, 0);
		assert_int_equal(reading.unsaid, 0);
		shell("rm log*");
	}
}

#define WITH_DIRECTORY(test)                       \
	{                                          \
#test, test, setup, teardown, NULL \
	}

/* clang-format off */
static const struct CMUnitTest plain[] = {
	WITH_DIRECTORY(test_grows),
	WITH_DIRECTORY(test_wakes_by_inotify),
	WITH_DIRECTORY(test_partial_line_waits),
	WITH_DIRECTORY(test_first_line_partial),
	WITH_DIRECTORY(test_long_line),
	WITH_DIRECTORY(test_rename),
	WITH_DIRECTORY(test_several_between_two_looks),
	WITH_DIRECTORY(test_dated),
	WITH_DIRECTORY(test_writer_goes_on),
	WITH_DIRECTORY(test_partial_line_of_a_rotated_file),
	WITH_DIRECTORY(test_empty_files),
	WITH_DIRECTORY(test_inode_used_again),
	WITH_DIRECTORY(test_same_first_line),
	WITH_DIRECTORY(test_copytruncate),
	WITH_DIRECTORY(test_copytruncate_compressed),
	WITH_DIRECTORY(test_truncated_without_copy),
	WITH_DIRECTORY(test_deleted_and_made_again),
	WITH_DIRECTORY(test_directory_appears),
	WITH_DIRECTORY(test_becomes_readable),
	WITH_DIRECTORY(test_rotated_unreadable),
	WITH_DIRECTORY(test_replaced_by_what_is_no_file),
	WITH_DIRECTORY(test_symbolic_link),
	WITH_DIRECTORY(test_first_start_is_no_loss),
	WITH_DIRECTORY(test_from_now),
	WITH_DIRECTORY(test_once_of_nothing),
	WITH_DIRECTORY(test_once_ends_though_it_grows),
	WITH_DIRECTORY(test_without_inotify),
	WITH_DIRECTORY(test_directory_cannot_be_listed),
	WITH_DIRECTORY(test_open_files),
	WITH_DIRECTORY(test_deleted_behind_us),
	WITH_DIRECTORY(test_deleted_after_rotation),
	WITH_DIRECTORY(test_compressed_behind_us),
	WITH_DIRECTORY(test_fast_rotation),
	WITH_DIRECTORY(test_outrun_is_said),
};
/* clang-format on */

int main(void)
{
	struct CMUnitTest tests[64];
	size_t count = 0;

	umask(022);
	for (const struct resume_case *c = resume_cases; c->title; c++)
		tests[count++] = (struct CMUnitTest){c->title, test_resume, setup, teardown,
						     (void *)(uintptr_t)c};
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		tests[count++] = plain[i];
	return _cmocka_run_group_tests("follow", tests, count, NULL, NULL);
}
