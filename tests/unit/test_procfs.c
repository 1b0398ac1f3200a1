/*
 * /proc as the kernel shows it, against what the process knows of itself, and texts in its format
 * (proc(5)) with hostile names in them.
 */
#include "correlate/procfs.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#define TICK_NS 10000000

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	assert_int_equal(clock_gettime(clock, &now), 0);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void open_proc(struct procfs *procfs, const char *root)
{
	struct err err = ERR_INIT;

	assert_int_equal(procfs_open(procfs, root, &err), 0);
}

static void test_own_stat(void **state)
{
	struct procfs procfs;
	struct procfs_stat stat;

	(void)state;
	open_proc(&procfs, NULL);
	assert_int_equal(procfs_stat(&procfs, (uint32_t)getpid(), &stat), 0);
	assert_int_equal(stat.state, 'R');
	assert_int_equal(stat.parent, getppid());
	procfs_close(&procfs);
}

/* A child's start lies between what the clock says before and after its fork, cut to a tick. */
static void test_start(void **state)
{
	struct procfs procfs;
	struct procfs_stat stat;
	int64_t before = clock_ns(CLOCK_BOOTTIME);
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		prctl(PR_SET_NAME, ") Z 1 ((", 0, 0, 0);
		pause();
	}
	int64_t after = clock_ns(CLOCK_BOOTTIME);

	assert_true(child > 0);
	open_proc(&procfs, "/proc");
	/* until it sleeps: a busy machine may let it wait before */
	for (int i = 0; i < 20000; i++) {
		assert_int_equal(procfs_stat(&procfs, (uint32_t)child, &stat), 0);
		if (stat.state == 'S')
			break;
		usleep(1000);
	}
	assert_int_equal(stat.state, 'S');
	assert_int_equal(stat.parent, getpid());
	assert_true(stat.start_ns > before - TICK_NS && stat.start_ns <= after);
	assert_int_equal(stat.start_ns % TICK_NS, 0);

	/* a zombie, then nothing */
	kill(child, SIGKILL);
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	char text[64];

	assert_int_equal(procfs_stat(&procfs, (uint32_t)child, &stat), 0);
	assert_int_equal(stat.state, 'Z');
	assert_int_equal(procfs_read(&procfs, (uint32_t)child, "cmdline", text, sizeof(text)), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(procfs_stat(&procfs, (uint32_t)child, &stat), -ENOENT);
	assert_int_equal(procfs_read(&procfs, (uint32_t)child, "cgroup", text, sizeof(text)),
			 -ENOENT);
	procfs_close(&procfs);
}

static void test_suspended(void **state)
{
	(void)state;
	int64_t low = clock_ns(CLOCK_BOOTTIME);
	int64_t mono = clock_ns(CLOCK_MONOTONIC);
	int64_t high = clock_ns(CLOCK_BOOTTIME);
	int64_t suspended = procfs_suspended_ns();

	assert_true(suspended >= low - mono - 1000000 && suspended <= high - mono + 1000000);
}

/* The same bytes as the C library reads; of the parent, since valgrind forges our own. */
static void test_read(void **state)
{
	static const char *const names[] = {"cgroup", "cmdline"};
	static char want[PROCFS_TEXT_MAX], got[PROCFS_TEXT_MAX];
	struct procfs procfs;

	(void)state;
	open_proc(&procfs, NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/%s", getppid(), names[i]);
		FILE *file = fopen(path, "re");

		assert_non_null(file);
		size_t n = fread(want, 1, sizeof(want), file);

		fclose(file);
		assert_true(n > 0);
		assert_int_equal(
			procfs_read(&procfs, (uint32_t)getppid(), names[i], got, sizeof(got)), n);
		assert_memory_equal(got, want, n);
		assert_int_equal(procfs_read(&procfs, (uint32_t)getppid(), names[i], got, 3), 3);
		assert_memory_equal(got, want, 3);
	}
	procfs_close(&procfs);
}

struct listed {
	uint32_t leader, thread;
	unsigned leaders, threads, count;
};

static int count_pid(void *context, uint32_t pid)
{
	struct listed *listed = context;

	listed->count++;
	listed->leaders += pid == listed->leader;
	listed->threads += pid == listed->thread;
	return 0;
}

static int stop_at_once(void *context, uint32_t pid)
{
	(void)pid;
	++*(int *)context;
	return 7;
}

static void *tell_tid(void *context)
{
	int *pipe_fds = context;
	char go;
	uint32_t tid = (uint32_t)syscall(SYS_gettid);

	if (write(pipe_fds[1], &tid, sizeof(tid)) < 0 || read(pipe_fds[2], &go, 1) < 0)
		return context;
	return NULL;
}

/* Leaders once each, threads never. */
static void test_each(void **state)
{
	struct listed listed = {.leader = (uint32_t)getpid()};
	struct err err = ERR_INIT;
	struct procfs procfs;
	int fds[4], calls = 0;
	pthread_t thread;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pipe(fds + 2), 0);
	assert_int_equal(pthread_create(&thread, NULL, tell_tid, fds), 0);
	assert_int_equal(read(fds[0], &listed.thread, sizeof(listed.thread)),
			 sizeof(listed.thread));
	open_proc(&procfs, NULL);
	assert_int_equal(procfs_each(&procfs, count_pid, &listed, &err), 0);
	assert_int_equal(listed.leaders, 1);
	assert_int_equal(listed.threads, 0);
	assert_true(listed.count > 1);
	assert_int_equal(procfs_each(&procfs, stop_at_once, &calls, &err), 7);
	assert_int_equal(calls, 1);
	procfs_close(&procfs);
	assert_int_equal(write(fds[3], "g", 1), 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
}

static void put_file(const char *root, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

struct stat_case {
	const char *text;
	int result;
	char state;
	uint32_t parent;
	int64_t start_ns;
};

/* Fields 4 to 21 and 22 of proc(5), then some more. */
#define BEFORE_START " 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 "
#define AFTER_START  " 170000 300 18446744073709551615 1 1 0 0 0\n"

static const struct stat_case stat_cases[] = {
	{"7 (a) S 5" BEFORE_START "1234" AFTER_START, 0, 'S', 5, 12340000000},
	{"7 (a) R 9 (b) S 5" BEFORE_START "1" AFTER_START, 0, 'S', 5, 10000000},
	{"7 () ) ) Z 0" BEFORE_START "0" AFTER_START, 0, 'Z', 0, 0},
	{"7 (a) S 4294967295" BEFORE_START "3" AFTER_START, 0, 'S', 4294967295u, 30000000},
	{"7 (a) S -1" BEFORE_START "3" AFTER_START, -EBADMSG, 0, 0, 0},
	{"7 (a) S 5 1 1", -EBADMSG, 0, 0, 0},
	{"7 (a) S 5" BEFORE_START "x", -EBADMSG, 0, 0, 0},
	{"7 (a) S 5" BEFORE_START "999999999999999999" AFTER_START, -EBADMSG, 0, 0, 0},
	{"7 (a)", -EBADMSG, 0, 0, 0},
	{"7 (a) ", -EBADMSG, 0, 0, 0},
	{"7 (a) SS 5", -EBADMSG, 0, 0, 0},
	{"7 a S 5", -EBADMSG, 0, 0, 0},
	{"", -EBADMSG, 0, 0, 0},
};

static void test_proc_root(void **state)
{
	char root[] = "/tmp/test_procfs-XXXXXX", path[256];
	struct listed listed = {.leader = 7, .thread = 8};
	struct err err = ERR_INIT;
	struct procfs procfs;

	(void)state;
	assert_non_null(mkdtemp(root));
	assert_int_equal(procfs_open(&procfs, root, &err), -ENOENT); /* nothing mounted there */
	err_clear(&err);
	put_file(root, "1", "");
	for (const char *const *name = (const char *const[]){"7", "7x", "x7", "0", "4294967296",
							     "99999999999999999999", NULL};
	     *name; name++) {
		snprintf(path, sizeof(path), "%s/%s", root, *name);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	open_proc(&procfs, root);
	assert_int_equal(procfs_each(&procfs, count_pid, &listed, &err), 0);
	assert_int_equal(listed.count, 2);
	assert_int_equal(listed.leaders, 1);
	for (size_t i = 0; i < sizeof(stat_cases) / sizeof(stat_cases[0]); i++) {
		const struct stat_case *want = &stat_cases[i];
		struct procfs_stat stat = {0};

		put_file(root, "7/stat", want->text);
		int result = procfs_stat(&procfs, 7, &stat);

		if (result != want->result ||
		    (result == 0 && (stat.state != want->state || stat.parent != want->parent ||
				     stat.start_ns != want->start_ns)))
			fail_msg("'%s': %d, '%c', %u, %lld", want->text, result, stat.state,
				 stat.parent, (long long)stat.start_ns);
	}
	procfs_close(&procfs);
	snprintf(path, sizeof(path), "rm -r '%s'", root);
	assert_int_equal(system(path), 0);
}

static void test_no_directory(void **state)
{
	struct procfs procfs;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(procfs_open(&procfs, "/nowhere/proc", &err), -ENOENT);
	assert_non_null(strstr(err.message, "/nowhere/proc"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_stat),     cmocka_unit_test(test_start),
		cmocka_unit_test(test_suspended),    cmocka_unit_test(test_read),
		cmocka_unit_test(test_each),         cmocka_unit_test(test_proc_root),
		cmocka_unit_test(test_no_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
