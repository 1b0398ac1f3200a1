/*
 * The sandbox, asked of the kernel: what sclog gives up fails with EPERM, what it needs goes on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs the check in a child that has entered the sandbox: its exit status says what failed. */
static int in_sandbox(int (*check)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct err err = ERR_INIT;

		_exit(sandbox_enter(&err) < 0 ? 99 : check());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int refused(long result)
{
	return result == -1 && errno == EPERM ? 0 : 1;
}

static int try_execve(void)
{
	char path[] = "/bin/true", *argv[] = {path, NULL};

	return refused(execve(path, argv, NULL));
}

static int try_socket(void)
{
	return refused(socket(AF_UNIX, SOCK_STREAM, 0)) + refused(socket(AF_INET, SOCK_STREAM, 0));
}

__attribute__((unused)) static int try_ptrace(void)
{
	return refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int try_chroot(void)
{
	return refused(chroot("/"));
}

static void *run(void *context)
{
	*(int *)context = 7;
	return NULL;
}

/* Files and threads: what reading a log and writing a store take. */
static int try_work(void)
{
	int fd = open("/dev/null", O_RDWR), answer = 0;
	pthread_t thread;

	if (fd < 0 || write(fd, "x", 1) != 1 || pthread_create(&thread, NULL, run, &answer) != 0)
		return 1;
	pthread_join(thread, NULL);
	return answer == 7 ? 0 : 2;
}

/* valgrind makes some system calls itself, in its own way. */
static bool under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload");
}

static void test_refused(void **state)
{
	(void)state;
	if (under_valgrind())
		skip();
	assert_int_equal(in_sandbox(try_execve), 0);
	assert_int_equal(in_sandbox(try_socket), 0);
#ifndef __SANITIZE_ADDRESS__ /* LeakSanitizer needs it */
	assert_int_equal(in_sandbox(try_ptrace), 0);
#endif
	assert_int_equal(in_sandbox(try_chroot), 0);
}

static void test_work(void **state)
{
	(void)state;
	assert_int_equal(in_sandbox(try_work), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
