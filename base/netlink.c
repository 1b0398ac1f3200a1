#include "base/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define HANDED_FIRST 3 /* SD_LISTEN_FDS_START */
#define HANDED_MAX   16

struct handed {
	int protocol; /* -1: no netlink */
	bool in_group;
};

static long number_of(const char *variable)
{
	const char *text = getenv(variable);

	return text ? strtol(text, NULL, 10) : 0;
}

static struct handed look_at(int fd)
{
	uint32_t groups = 0; /* the first 32 */
	int domain, protocol;
	socklen_t n = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) < 0 || domain != AF_NETLINK ||
	    getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &n) < 0 ||
	    getsockopt(fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, &groups, &n) < 0)
		return (struct handed){.protocol = -1};
	return (struct handed){.protocol = protocol, .in_group = groups != 0};
}

int netlink_handed(int protocol, uint32_t group)
{
	static struct handed table[HANDED_MAX];
	static long count = -1;

	if (count < 0) {
		count = number_of("LISTEN_PID") == (long)getpid() ? number_of("LISTEN_FDS") : 0;
		for (long i = 0; i < count && i < HANDED_MAX; i++)
			table[i] = look_at(HANDED_FIRST + (int)i);
	}
	for (long i = 0; i < count && i < HANDED_MAX; i++)
		if (table[i].protocol == protocol && table[i].in_group == (group != 0))
			return HANDED_FIRST + (int)i;
	return -1;
}

/* What rmem_max allows is better than the default, where the force is not with us. */
static void ask_for_buffer(int fd, unsigned size)
{
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

int netlink_join(int protocol, uint32_t group, unsigned buffer_size)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK,
					    .nl_groups = group ? 1u << (group - 1) : 0};
	int fd = netlink_handed(protocol, group);

	if (fd >= 0) {
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		return fd;
	}
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return -errno;
	ask_for_buffer(fd, buffer_size); /* before anything may come */
	/* also for no group: the kernel sends nothing to port 0, its own */
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		int code = -errno;

		close(fd);
		return code;
	}
	return fd;
}
