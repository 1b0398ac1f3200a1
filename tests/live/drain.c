/*
 * The reference reader of the kernel's audit multicast group: netlink alone, no library, and
 * nothing of sclog.
 *
 *	drain [--write FILE]
 *
 * prints `drain: listening` on stderr, reads until SIGTERM or SIGINT and then until nothing has come
 * for a while, and prints
 *
 *	records=N seccomp=N first=SERIAL last=SERIAL overruns=N cpu_ms=N
 *
 * Without --write, records are thrown away: the cheapest that a reader can be. With it, each is
 * a line of FILE, `type=NUMBER TEXT`, as the kernel wrote it.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* After the signal: kauditd may have a record in its hands, on a busy machine for so long. */
#define SILENCE_MS 300
#define LINGER_MAX 10000 /* times that something came after all: others may go on for ever */

struct drain {
	int fd;
	FILE *out; /* NULL: nothing is written */
	uint64_t records, seccomp, overruns, first, last;
};

static volatile sig_atomic_t ending;

static void end(int signal)
{
	(void)signal;
	ending = 1;
}

static void die(const char *what)
{
	fprintf(stderr, "drain: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int open_group(void)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = 1U << (AUDIT_NLGRP_READLOG - 1),
	};
	int size = 64 << 20;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT);

	if (fd < 0)
		die("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		die("SO_RCVBUFFORCE");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die("bind");
	return fd;
}

/* audit(SECONDS.MS:SERIAL): ...; 0 if it reads otherwise. */
static uint64_t serial_of(const char *text)
{
	const char *colon = strchr(text, ':');

	return colon ? strtoull(colon + 1, NULL, 10) : 0;
}

/* The header's nlmsg_len leaves the header itself out (kernel/audit.c), so the size is recv's. */
static void take(struct drain *drain, char *message, size_t n)
{
	struct nlmsghdr header;
	const char *text = message + NLMSG_HDRLEN;

	if (n < NLMSG_HDRLEN)
		return;
	memcpy(&header, message, sizeof(header));
	message[n] = '\0';
	drain->records++;
	if (header.nlmsg_type == AUDIT_SECCOMP)
		drain->seccomp++;
	drain->last = serial_of(text);
	if (!drain->first)
		drain->first = drain->last;
	if (drain->out)
		fprintf(drain->out, "type=%u %s\n", header.nlmsg_type, text);
}

/* Returns 0 when there is nothing more to read. */
static int read_one(struct drain *drain)
{
	char message[16384];
	ssize_t n = recv(drain->fd, message, sizeof(message) - 1, 0);

	if (n >= 0) {
		take(drain, message, (size_t)n);
		return 1;
	}
	if (errno == ENOBUFS) {
		drain->overruns++;
		return 1;
	}
	if (errno != EAGAIN && errno != EINTR)
		die("recv");
	return 0;
}

static void listen_until_signal(struct drain *drain)
{
	struct pollfd wait = {.fd = drain->fd, .events = POLLIN};

	while (!ending) {
		poll(&wait, 1, 200);
		while (read_one(drain))
			;
		if (drain->out)
			fflush(drain->out);
	}
	for (int i = 0; i < LINGER_MAX && (read_one(drain) || poll(&wait, 1, SILENCE_MS) > 0); i++)
		while (read_one(drain))
			;
}

static long long cpu_ms(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000LL +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"write", required_argument, NULL, 'w'}, {0}};
	struct drain drain = {0};
	struct sigaction action = {.sa_handler = end};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'w')
			return 2;
		drain.out = fopen(optarg, "we");
		if (!drain.out)
			die(optarg);
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	drain.fd = open_group();
	fputs("drain: listening\n", stderr);
	listen_until_signal(&drain);
	if (drain.out && fclose(drain.out) != 0)
		die("write");
	printf("records=%llu seccomp=%llu first=%llu last=%llu overruns=%llu cpu_ms=%lld\n",
	       (unsigned long long)drain.records, (unsigned long long)drain.seccomp,
	       (unsigned long long)drain.first, (unsigned long long)drain.last,
	       (unsigned long long)drain.overruns, cpu_ms());
	return 0;
}
