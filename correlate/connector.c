#include "correlate/connector.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/netlink.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#define ACK_WAIT_MS 1000

/* The largest event is 40 bytes long, behind 36 bytes of headers. */
#define DATAGRAM_MAX 256

/*
 * Where the fields lie in a datagram. Fixed by linux/netlink.h, linux/connector.h and
 * linux/cn_proc.h since 2.6.21; structs grew at their end only, so a short datagram is refused
 * field by field rather than by sizeof.
 */
enum {
	AT_EVENT = NLMSG_HDRLEN + sizeof(struct cn_msg),
	AT_WHAT = AT_EVENT + offsetof(struct proc_event, what),
	AT_TIME = AT_EVENT + offsetof(struct proc_event, timestamp_ns),
	AT_DATA = AT_EVENT + offsetof(struct proc_event, event_data),
	AT_ERR = AT_DATA,
	AT_PID = AT_DATA,      /* exec, exit: the thread */
	AT_TGID = AT_DATA + 4, /* exec, exit: its group */
	AT_PARENT_TGID = AT_DATA + 4,
	AT_CHILD_PID = AT_DATA + 8,
	AT_CHILD_TGID = AT_DATA + 12,
};

/* The layout above is the kernel's, whatever the headers at hand say. */
_Static_assert(AT_WHAT == 36 && AT_TIME == 44 && AT_DATA == 52, "struct proc_event");

/* What Linux 6.6 and newer take in place of the bare operation (struct proc_input): the kernel
 * then leaves out the other kinds before it makes a copy for us. */
struct listen_for {
	uint32_t operation;
	uint32_t events; /* a set of PROC_EVENT_ bits */
};

struct connector {
	int fd;
	struct mmsghdr messages[CONNECTOR_BATCH];
	struct iovec vectors[CONNECTOR_BATCH];
	struct sockaddr_nl senders[CONNECTOR_BATCH];
	char datagrams[CONNECTOR_BATCH][DATAGRAM_MAX];
};

/* The kernel's answer carries ack + 1. */
static int send_operation(int fd, const void *operation, size_t n, uint32_t ack)
{
	struct cn_msg header = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .ack = ack, .len = (uint16_t)n};
	struct {
		struct nlmsghdr netlink;
		char data[sizeof(struct cn_msg) + sizeof(struct listen_for)];
	} message = {0};

	message.netlink.nlmsg_len = NLMSG_LENGTH(sizeof(header) + (uint32_t)n);
	message.netlink.nlmsg_type = NLMSG_DONE;
	memcpy(message.data, &header, sizeof(header));
	memcpy(message.data + sizeof(header), operation, n);
	return send(fd, &message, message.netlink.nlmsg_len, 0) < 0 ? -errno : 0;
}

/*
 * Lets through FORK of a process, EXEC, EXIT of a leader, and the answer to our request. The
 * events are in the machine's byte order while the filter's loads are in the network's, so the
 * constants are turned round instead.
 */
static int attach_filter(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_WHAT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(PROC_EVENT_EXEC), 11, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(PROC_EVENT_NONE), 10, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(PROC_EVENT_FORK), 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_CHILD_PID),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_CHILD_TGID),
		BPF_STMT(BPF_JMP | BPF_JA, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(PROC_EVENT_EXIT), 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_PID),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_TGID),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, DATAGRAM_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static uint32_t load32(const char *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static int64_t load64(const char *p)
{
	int64_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

/* Is it the process connector's, sent by the kernel, and n bytes long at least? */
static bool is_event(const char *datagram, size_t n, const struct sockaddr_nl *sender, size_t least)
{
	struct cn_msg header;

	if (n < least || sender->nl_pid != 0)
		return false;
	memcpy(&header, datagram + NLMSG_HDRLEN, sizeof(header));
	return header.id.idx == CN_IDX_PROC && header.id.val == CN_VAL_PROC;
}

/* True if this is the kernel's answer to our request; ret_code is an errno value or 0. */
static bool is_answer(const char *datagram, size_t n, const struct sockaddr_nl *sender,
		      uint32_t cookie, int *ret_code)
{
	struct cn_msg header;

	if (!is_event(datagram, n, sender, AT_ERR + 4) ||
	    load32(datagram + AT_WHAT) != PROC_EVENT_NONE)
		return false;
	memcpy(&header, datagram + NLMSG_HDRLEN, sizeof(header));
	*ret_code = (int)load32(datagram + AT_ERR);
	return header.ack == cookie + 1; /* every listener sees the answers to all */
}

/* Takes one datagram of those waiting. Returns its length, 0 if there is nothing of use, -errno. */
static ssize_t take_one(int fd, char *datagram, struct sockaddr_nl *ret_sender)
{
	socklen_t size = sizeof(*ret_sender);
	ssize_t n = recvfrom(fd, datagram, DATAGRAM_MAX, 0, (struct sockaddr *)ret_sender, &size);

	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? 0 : -errno;
}

static int wait_for_answer(int fd, uint32_t cookie)
{
	int64_t until = clock_ms(CLOCK_MONOTONIC) + ACK_WAIT_MS, left;

	while ((left = until - clock_ms(CLOCK_MONOTONIC)) > 0) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		struct sockaddr_nl sender = {0};
		char datagram[DATAGRAM_MAX];
		int code;

		if (poll(&wait, 1, (int)left) <= 0)
			continue;
		ssize_t n = take_one(fd, datagram, &sender);

		if (n < 0)
			return (int)n;
		if (is_answer(datagram, (size_t)n, &sender, cookie, &code))
			return -code;
	}
	return -ETIMEDOUT;
}

/*
 * Asks for all events first, because the kernel filters its answer away too where only some were
 * asked for; then for the three kinds, which older kernels ignore as too long a message.
 */
static int ask(int fd)
{
	const uint32_t all = PROC_CN_MCAST_LISTEN;
	const struct listen_for some = {PROC_CN_MCAST_LISTEN, PROC_EVENT_FORK | PROC_EVENT_EXEC |
								      (uint32_t)PROC_EVENT_EXIT};
	uint32_t cookie = (uint32_t)getpid();
	int result = send_operation(fd, &all, sizeof(all), cookie);

	if (result == 0)
		result = wait_for_answer(fd, cookie);
	if (result == 0)
		(void)send_operation(fd, &some, sizeof(some), cookie);
	return result;
}

static int listen_on(int fd, struct err *err)
{
	if (attach_filter(fd) < 0)
		return err_errno(err, errno, "process events: socket filter");
	int result = ask(fd);

	switch (-result) {
	case 0:
		return 0;
	case ECONNREFUSED:
		return err_set(
			err, ECONNREFUSED,
			"process events: refused; only the host's network namespace has them");
	case ETIMEDOUT:
		return err_set(
			err, ETIMEDOUT,
			"process events: no answer from the kernel; run in the host's pid and "
			"user namespaces");
	default:
		return err_errno(err, -result, "process events (needs CAP_NET_ADMIN)");
	}
}

int connector_open(struct connector **ret_connector, struct err *err)
{
	int fd = netlink_join(NETLINK_CONNECTOR, CN_IDX_PROC, NETLINK_BUFFER);

	if (fd < 0)
		return err_errno(err, -fd, "process events (needs CAP_NET_ADMIN)");
	int result = listen_on(fd, err);

	if (result < 0) {
		close(fd);
		return result;
	}
	struct connector *connector = mem_new(1, sizeof(*connector));

	connector->fd = fd;
	for (size_t i = 0; i < CONNECTOR_BATCH; i++) {
		connector->vectors[i] = (struct iovec){connector->datagrams[i], DATAGRAM_MAX};
		connector->messages[i].msg_hdr.msg_iov = &connector->vectors[i];
		connector->messages[i].msg_hdr.msg_iovlen = 1;
		connector->messages[i].msg_hdr.msg_name = &connector->senders[i];
	}
	*ret_connector = connector;
	return 0;
}

void connector_close(struct connector *connector)
{
	const uint32_t operation = PROC_CN_MCAST_IGNORE;

	if (!connector)
		return;
	/* until 6.6 the kernel counts listeners and makes events for as long as there is one */
	(void)send_operation(connector->fd, &operation, sizeof(operation), 0);
	close(connector->fd);
	free(connector);
}

int connector_fd(const struct connector *connector)
{
	return connector->fd;
}

/* Returns false for what is no event of ours: other kinds, other senders, threads. */
static bool parse_event(const char *datagram, size_t n, const struct sockaddr_nl *sender,
			struct process_event *ret_event)
{
	if (!is_event(datagram, n, sender, AT_TGID + 4))
		return false;
	*ret_event = (struct process_event){.pid = load32(datagram + AT_TGID),
					    .at_ns = load64(datagram + AT_TIME)};
	switch (load32(datagram + AT_WHAT)) {
	case PROC_EVENT_FORK:
		if (n < AT_CHILD_TGID + 4)
			return false;
		ret_event->kind = PROCESS_FORK;
		ret_event->pid = load32(datagram + AT_CHILD_TGID);
		ret_event->parent = load32(datagram + AT_PARENT_TGID);
		return ret_event->pid == load32(datagram + AT_CHILD_PID);
	case PROC_EVENT_EXEC:
		ret_event->kind = PROCESS_EXEC;
		return true;
	case PROC_EVENT_EXIT:
		ret_event->kind = PROCESS_EXIT;
		return ret_event->pid == load32(datagram + AT_PID);
	default:
		return false;
	}
}

int connector_receive(struct connector *connector, connector_event_fn *each, void *context,
		      struct err *err)
{
	struct process_event event;
	int count;

	for (size_t i = 0; i < CONNECTOR_BATCH; i++)
		connector->messages[i].msg_hdr.msg_namelen = sizeof(connector->senders[i]);
	do
		count = recvmmsg(connector->fd, connector->messages, CONNECTOR_BATCH, MSG_DONTWAIT,
				 NULL);
	while (count < 0 && errno == EINTR);
	if (count < 0 && errno == EAGAIN)
		return 0;
	if (count < 0 && errno == ENOBUFS)
		return -ENOBUFS;
	if (count < 0)
		return err_errno(err, errno, "process events: receive");
	for (int i = 0; i < count; i++)
		if (parse_event(connector->datagrams[i], connector->messages[i].msg_len,
				&connector->senders[i], &event))
			each(context, &event);
	return count;
}
