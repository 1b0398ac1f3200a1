/*
 * Runs a program as systemd runs sclog.service: the kernel's sockets are handed over, and the
 * program has a network namespace of its own. Nothing of sclog.
 *
 *	hand PROGRAM [ARG...]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST 3 /* sd_listen_fds(3) */

static int fail(const char *what)
{
	fprintf(stderr, "hand: %s: %s\n", what, strerror(errno));
	return 1;
}

static int listen_at(int protocol, unsigned group, int at)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = group};
	int size = 64 << 20;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, protocol);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return fd == at ? fd : dup2(fd, at);
}

int main(int argc, char **argv)
{
	char pid[16];

	if (argc < 2) {
		fprintf(stderr, "usage: hand PROGRAM [ARG...]\n");
		return 2;
	}
	if (listen_at(NETLINK_AUDIT, 1, FIRST) < 0 || listen_at(NETLINK_AUDIT, 0, FIRST + 1) < 0 ||
	    listen_at(NETLINK_CONNECTOR, 1, FIRST + 2) < 0)
		return fail("netlink");
	if (unshare(CLONE_NEWNET) < 0)
		return fail("unshare");
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "3", 1);
	execvp(argv[1], argv + 1);
	return fail(argv[1]);
}
