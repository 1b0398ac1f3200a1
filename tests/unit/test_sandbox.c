/*
 * The sandbox, asked of the kernel: what sclog gives up fails with ENOSYS, what it needs goes on, and
 * Landlock lets nothing be written but below the folders that were named.
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
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "sclog-sandbox.XXXXXX";

/* Runs the check in a child that has entered the sandbox: its exit status says what failed. */
static int in_sandbox_of(enum sandbox_kind kind, int (*check)(void))
{
	const struct sandbox_options options = {
		.kind = kind, .writable = {folder}, .writable_count = 1};
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct err err = ERR_INIT;

		_exit(sandbox_enter(&options, &err) < 0 ? 99 : check());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int in_sandbox(int (*check)(void))
{
	int status = 0;

	for (int kind = 0; kind < SANDBOX_DESCRIBER && status == 0; kind++)
		status = in_sandbox_of((enum sandbox_kind)kind, check);
	return status;
}

static int refused(long result)
{
	return result == -1 && errno == ENOSYS ? 0 : 1;
}

static int try_execve(void)
{
	char path[] = "/bin/true", *argv[] = {path, NULL};

	return refused(execve(path, argv, NULL));
}

static int try_socket(void)
{
	return refused(socket(AF_INET, SOCK_STREAM, 0)) + refused(socket(AF_PACKET, SOCK_RAW, 0));
}

static int try_local_socket(void)
{
	return refused(socket(AF_UNIX, SOCK_STREAM, 0));
}

/* A process, where a thread is allowed; and a byte typed into a terminal. */
__attribute__((unused)) static int try_fork(void)
{
	return refused(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)) +
	       refused(ioctl(STDIN_FILENO, TIOCSTI, "x"));
}

__attribute__((unused)) static int try_ptrace(void)
{
	return refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int try_chroot(void)
{
	return refused(chroot("/"));
}

/* What parses others' files has no way to open one, to end a process or to make one. */
__attribute__((unused)) static int try_describer(void)
{
	return refused(open("/etc/passwd", O_RDONLY)) + refused(kill(1, 0)) +
	       refused(socket(AF_UNIX, SOCK_STREAM, 0)) + refused(chroot("/"));
}

/* What has the rights talks to the kernel and over the sockets that it was given. */
static int try_helper(void)
{
	const struct sockaddr address = {.sa_family = AF_UNIX};
	int on = 1;

	return refused(connect(-1, &address, sizeof(address))) +
	       refused(bind(-1, &address, sizeof(address))) +
	       refused(setsockopt(-1, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on))) +
	       refused(chroot("/"));
}

static void *run(void *context)
{
	*(int *)context = 7;
	return NULL;
}

/* Below the folder alone, as far as the kernel has Landlock. */
static int try_writing(void)
{
	char path[64];
	bool has_landlock = syscall(444, NULL, 0, 1) > 0;

	snprintf(path, sizeof(path), "%s/made", folder);
	int here = open(path, O_CREAT | O_RDWR, 0600);
	int there = open("/dev/shm/sclog-sandbox", O_CREAT | O_RDWR, 0600);

	if (here < 0 || write(here, "x", 1) != 1 || unlink(path) < 0)
		return 1;
	if (there >= 0)
		unlink("/dev/shm/sclog-sandbox");
	return has_landlock && there >= 0 ? 2 : 0;
}

/* Files and threads: what reading a log and writing a store take. */
static int try_work(void)
{
	int fd = open("/dev/zero", O_RDONLY), answer = 0;
	pthread_t thread;
	char byte;

	if (fd < 0 || read(fd, &byte, 1) != 1 || pthread_create(&thread, NULL, run, &answer) != 0)
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
	for (int kind = 0; kind < SANDBOX_KIND_COUNT; kind++)
		assert_int_equal(in_sandbox_of((enum sandbox_kind)kind, try_socket),
				 kind == SANDBOX_FLEET ? 1 : 0);
	assert_int_equal(in_sandbox_of(SANDBOX_READ, try_local_socket), 0);
	assert_int_equal(in_sandbox_of(SANDBOX_WRITE, try_local_socket), 0);
#ifndef __SANITIZE_ADDRESS__ /* LeakSanitizer needs it */
	assert_int_equal(in_sandbox(try_ptrace), 0);
	assert_int_equal(in_sandbox_of(SANDBOX_WRITE, try_fork), 0);
	assert_int_equal(in_sandbox_of(SANDBOX_FLEET, try_fork), 0);
	assert_int_equal(in_sandbox_of(SANDBOX_WATCH, try_fork), 0);
#endif
	assert_int_equal(in_sandbox(try_chroot), 0);
	assert_int_equal(in_sandbox_of(SANDBOX_HELPER, try_helper), 0);
#ifndef __SANITIZE_ADDRESS__
	assert_int_equal(in_sandbox_of(SANDBOX_DESCRIBER, try_describer), 0);
#endif
}

static void test_work(void **state)
{
	(void)state;
	if (under_valgrind())
		skip();
	assert_int_equal(in_sandbox(try_work), 0);
	assert_int_equal(in_sandbox_of(SANDBOX_WRITE, try_writing), 0);
	assert_int_equal(in_sandbox_of(SANDBOX_FLEET, try_writing), 0);
	assert_int_equal(in_sandbox_of(SANDBOX_WATCH, try_writing), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_work),
	};

	if (!mkdtemp(folder))
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	rmdir(folder);
	return failed;
}
