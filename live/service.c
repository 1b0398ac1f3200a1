#include "live/service.h"

#include "base/buf.h"
#include "base/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKETS    3
#define BARRIER_MS 5000

/* A datagram to the socket that the manager named, with descriptors; a name that begins with '@' is an abstract one.
 * Returns 0 or -errno. */
static int notify_with(const char *message, const int *fds, size_t count)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t n = name ? strlen(name) : 0;
	BUF_AUTO text = {0};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(SOCKETS * sizeof(int))] = {0};
	struct iovec part;
	struct msghdr header = {.msg_name = &address, .msg_iov = &part, .msg_iovlen = 1};

	if (!n || n >= sizeof(address.sun_path) || !strchr("/@", name[0]))
		return -EDESTADDRREQ;
	memcpy(address.sun_path, name, n);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	buf_put_str(&text, str_from(message));
	part = (struct iovec){.iov_base = text.p, .iov_len = text.n};
	header.msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	if (count) {
		header.msg_control = control;
		header.msg_controllen = CMSG_SPACE(count * sizeof(int));
		struct cmsghdr *rights = CMSG_FIRSTHDR(&header);

		*rights = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
					   .cmsg_type = SCM_RIGHTS,
					   .cmsg_len = CMSG_LEN(count * sizeof(int))};
		memcpy(CMSG_DATA(rights), fds, count * sizeof(int));
	}
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int code = fd < 0 || sendmsg(fd, &header, MSG_NOSIGNAL) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return code;
}

static void notify(const char *message)
{
	(void)notify_with(message, NULL, 0);
}

static void notify_status(const char *before, const char *status)
{
	BUF_AUTO message = {0};

	buf_format(&message, "%sSTATUS=%s", before, status);
	notify(message.p);
}

void service_ready(const char *status)
{
	notify_status("READY=1\n", status);
}

void service_status(const char *status)
{
	notify_status("", status);
}

void service_alive(void)
{
	notify("WATCHDOG=1");
}

void service_stopping(void)
{
	notify("STOPPING=1");
}

/* Waits until the manager has read what was sent before (sd_notify_barrier(3)): it does not look at what
 * comes from a process that is gone. */
static int wait_for_manager(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	int code = notify_with("BARRIER=1", &ends[1], 1);
	struct pollfd closed = {.fd = ends[0]};

	close(ends[1]);
	if (code == 0 && poll(&closed, 1, BARRIER_MS) <= 0)
		code = -ETIMEDOUT;
	close(ends[0]);
	return code;
}

static int enter_host_network(void)
{
	int fd = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC);
	int code = fd < 0 || setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return code;
}

int service_open_sockets(struct err *err)
{
	static const struct {
		int protocol;
		uint32_t group;
	} wanted[SOCKETS] = {{NETLINK_AUDIT, AUDIT_NLGRP_READLOG},
			     {NETLINK_AUDIT, 0},
			     {NETLINK_CONNECTOR, CN_IDX_PROC}};
	int fds[SOCKETS], count = 0;
	int code = enter_host_network();

	if (code < 0)
		return err_errno(err, -code, "cannot enter the network namespace of PID 1");
	for (; count < SOCKETS && code == 0; count += code == 0) {
		fds[count] =
			netlink_join(wanted[count].protocol, wanted[count].group, NETLINK_BUFFER);
		code = fds[count] < 0 ? fds[count] : 0;
	}
	if (code < 0)
		err_errno(err, -code, "cannot open the kernel's %s socket",
			  wanted[count].protocol == NETLINK_AUDIT ? "audit" : "process event");
	else if ((code = notify_with("FDSTORE=1\nFDNAME=kernel", fds, SOCKETS)) < 0 ||
		 (code = wait_for_manager()) < 0)
		err_errno(err, -code, "cannot pass the sockets to systemd");
	while (count > 0)
		close(fds[--count]);
	return code;
}
