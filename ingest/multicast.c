#include "ingest/multicast.h"

#include "base/mem.h"
#include "base/netlink.h"
#include "ingest/audit_request.h"
#include "ingest/stamp.h"

#include <errno.h>
#include <libaudit.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BATCH 64

/*
 * Room for one message: libaudit's cap and the header, as an odd number of cache lines. Were it a
 * power of two, all slots would begin in the same few sets of the cache.
 */
#define SLOT_SIZE (((NLMSG_HDRLEN + MAX_AUDIT_MESSAGE_LENGTH) / 128) * 128 + 192)

struct multicast {
	int fd;
	char *slots;
	struct sockaddr_nl from[BATCH];
	struct iovec parts[BATCH];
	struct mmsghdr messages[BATCH];
};

/*
 * The group speaks in the initial network namespace alone (kernel/audit.c,
 * kauditd_send_multicast_skb()). /proc/1 may be another's or unreadable; but the sysctls of the
 * whole machine show in the initial namespace only (net/core/sysctl_net_core.c), and those of
 * every namespace, such as somaxconn, show that there are sysctls at all.
 */
static bool is_private_namespace(void)
{
	struct stat own, first;

	if (access("/proc/sys/net/core/netdev_max_backlog", F_OK) == 0)
		return false;
	if (access("/proc/sys/net/core/somaxconn", F_OK) == 0)
		return true;
	return stat("/proc/self/ns/net", &own) == 0 && stat("/proc/1/ns/net", &first) == 0 &&
	       own.st_ino != first.st_ino;
}

static int check_kernel(struct err *err)
{
	/* The capability came with the group, in kernels that took it over as well. */
	if (prctl(PR_CAPBSET_READ, CAP_AUDIT_READ) < 0 && errno == EINVAL)
		return err_set(err, EOPNOTSUPP,
			       "audit multicast: not supported by this kernel (needs Linux "
			       "3.16); follow audit.log or syslog instead");
	if (netlink_handed(NETLINK_AUDIT, AUDIT_NLGRP_READLOG) < 0 && is_private_namespace())
		return err_set(
			err, ENONET,
			"audit multicast: delivers nothing in a separate network namespace; run "
			"in the host's (--network host, hostNetwork: true)");
	return 0;
}

static void prepare_slots(struct multicast *multicast)
{
	multicast->slots = mem_new(BATCH, SLOT_SIZE); /* its pages are touched when needed */
	for (size_t i = 0; i < BATCH; i++) {
		multicast->parts[i] = (struct iovec){.iov_base = multicast->slots + i * SLOT_SIZE,
						     .iov_len = SLOT_SIZE};
		multicast->messages[i].msg_hdr = (struct msghdr){.msg_name = &multicast->from[i],
								 .msg_iov = &multicast->parts[i],
								 .msg_iovlen = 1};
	}
}

int multicast_open(struct multicast **ret_multicast, struct err *err)
{
	int result = check_kernel(err);

	if (result < 0)
		return result;
	int fd = netlink_join(NETLINK_AUDIT, AUDIT_NLGRP_READLOG, MULTICAST_BUFFER);

	if (fd == -EPROTONOSUPPORT || fd == -EAFNOSUPPORT)
		return err_set(err, EOPNOTSUPP, "audit multicast: " AUDIT_NONE);
	if (fd == -EPERM)
		return err_set(err, EPERM,
			       "audit multicast: not permitted; run as root, or give "
			       "CAP_AUDIT_READ in the host's user namespace");
	if (fd < 0)
		return err_errno(err, -fd, "audit multicast");
	struct multicast *multicast = mem_new(1, sizeof(*multicast));

	multicast->fd = fd;
	prepare_slots(multicast);
	*ret_multicast = multicast;
	return 0;
}

void multicast_close(struct multicast *multicast)
{
	if (!multicast)
		return;
	close(multicast->fd);
	free(multicast->slots);
	free(multicast);
}

int multicast_fd(const struct multicast *multicast)
{
	return multicast->fd;
}

size_t multicast_granted(const struct multicast *multicast)
{
	int size = 0;
	socklen_t n = sizeof(size);

	if (getsockopt(multicast->fd, SOL_SOCKET, SO_RCVBUF, &size, &n) < 0 || size < 0)
		return 0;
	return (size_t)size / 2;
}

uint32_t multicast_dropped(const struct multicast *multicast)
{
	uint32_t counts[SK_MEMINFO_VARS] = {0};
	socklen_t n = sizeof(counts);

	if (getsockopt(multicast->fd, SOL_SOCKET, SO_MEMINFO, counts, &n) < 0 ||
	    n < (SK_MEMINFO_DROPS + 1) * sizeof(counts[0]))
		return 0;
	return counts[SK_MEMINFO_DROPS];
}

/*
 * The text of a message. The kernel sends one in each datagram and sets nlmsg_len to its whole
 * length here, but without the header towards auditd (kernel/audit.c, kauditd_send_multicast_skb()
 * and __audit_log_end()), so a length that lacks just the header is as good. It ends without a
 * NUL byte; messages of user space (AUDIT_USER) may carry one.
 */
static bool message_text(const struct mmsghdr *message, uint16_t *ret_type, struct str *ret_text)
{
	const struct sockaddr_nl *from = message->msg_hdr.msg_name;
	const char *bytes = message->msg_hdr.msg_iov->iov_base;
	size_t n = message->msg_len;
	struct nlmsghdr header;

	if (message->msg_hdr.msg_namelen != sizeof(*from) || from->nl_pid != 0 || n < NLMSG_HDRLEN)
		return false;
	memcpy(&header, bytes, sizeof(header));
	size_t length = header.nlmsg_len;

	if (length != n && length + NLMSG_HDRLEN != n &&
	    !(message->msg_hdr.msg_flags & MSG_TRUNC && length > n))
		return false;
	n -= NLMSG_HDRLEN;
	while (n && bytes[NLMSG_HDRLEN + n - 1] == '\0')
		n--;
	*ret_type = header.nlmsg_type;
	*ret_text = str_of(bytes + NLMSG_HDRLEN, n);
	return true;
}

int multicast_receive(struct multicast *multicast, multicast_record_fn *each, void *context,
		      struct err *err)
{
	for (size_t i = 0; i < BATCH; i++)
		multicast->messages[i].msg_hdr.msg_namelen = sizeof(multicast->from[i]);
	int count = recvmmsg(multicast->fd, multicast->messages, BATCH, MSG_DONTWAIT, NULL);

	if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	if (count < 0 && errno == ENOBUFS)
		return err_set(err, ENOBUFS,
			       "audit multicast: records were dropped: they arrived faster than "
			       "they were read");
	if (count < 0)
		return err_errno(err, errno, "audit multicast: receive");
	for (int i = 0; i < count; i++) {
		struct str text;
		uint16_t type;

		if (message_text(&multicast->messages[i], &type, &text))
			each(context, type, text);
	}
	return count;
}

void multicast_frame(uint16_t type, struct str text, struct framed *ret_framed)
{
	*ret_framed = (struct framed){
		.kind = FRAMED_OTHER, .source = SOURCE_NETLINK, .trust = TRUST_KERNEL};
	if (!str_starts(text, STR("audit(")))
		return;
	struct str fields = str_skip(text, sizeof("audit(") - 1);

	if (!stamp_kernel(&fields, &ret_framed->ms, &ret_framed->serial))
		return;
	ret_framed->kind = type == AUDIT_SECCOMP ? FRAMED_RECORD : FRAMED_AUDIT;
	ret_framed->fields = fields;
	ret_framed->has_serial = true;
	ret_framed->full_stream = true;
}
