/*
 * Fuzz target (libFuzzer): any bytes as what netlink sockets give: the audit multicast group's
 * records, through framing and record, and the process connector's events, through attribution's
 * table. The system calls of both are answered here, so no privilege is needed.
 *
 * The bytes are datagrams, each behind two bytes: its length, and whether the kernel sent it.
 */
#include "correlate/connector.h"
#include "correlate/process.h"
#include "ingest/multicast.h"
#include "ingest/record.h"

#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* What is still to be given out. */
static struct str input;

int socket(int domain, int type, int protocol)
{
	(void)domain;
	(void)type;
	(void)protocol;
	return eventfd(0, EFD_CLOEXEC);
}

int bind(int fd, const struct sockaddr *address, socklen_t size)
{
	(void)fd;
	(void)address;
	(void)size;
	return 0;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	(void)fd;
	(void)level;
	(void)name;
	(void)value;
	(void)size;
	return 0;
}

ssize_t send(int fd, const void *bytes, size_t n, int flags)
{
	(void)fd;
	(void)bytes;
	(void)flags;
	return (ssize_t)n;
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	(void)timeout_ms;
	for (nfds_t i = 0; i < count; i++)
		fds[i].revents = POLLIN;
	return (int)count;
}

/* The connector's answer to whoever begins to listen. */
ssize_t recvfrom(int fd, void *to, size_t n, int flags, struct sockaddr *from, socklen_t *from_size)
{
	char answer[NLMSG_HDRLEN + sizeof(struct cn_msg) + sizeof(struct proc_event)] = {0};
	const struct cn_msg header = {.id = {CN_IDX_PROC, CN_VAL_PROC},
				      .ack = (uint32_t)getpid() + 1};

	(void)fd;
	(void)flags;
	memset(from, 0, *from_size);
	memcpy(answer + NLMSG_HDRLEN, &header, sizeof(header));
	n = n < sizeof(answer) ? n : sizeof(answer);
	memcpy(to, answer, n);
	return (ssize_t)n;
}

static void give(struct mmsghdr *message)
{
	size_t n = (unsigned char)input.p[0], room = message->msg_hdr.msg_iov->iov_len;
	struct sockaddr_nl from = {.nl_family = AF_NETLINK,
				   .nl_pid = (unsigned char)input.p[1] % 8 == 7};

	input = str_skip(input, 2);
	n *= 4;
	n = n < input.n ? n : input.n;
	message->msg_hdr.msg_flags = n > room ? MSG_TRUNC : 0;
	message->msg_len = (unsigned)(n < room ? n : room);
	memcpy(message->msg_hdr.msg_iov->iov_base, input.p, message->msg_len);
	memcpy(message->msg_hdr.msg_name, &from, sizeof(from));
	message->msg_hdr.msg_namelen = sizeof(from);
	input = str_skip(input, n);
}

int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
	unsigned i = 0;

	(void)fd;
	(void)flags;
	(void)timeout;
	for (; i < count && input.n > 2; i++)
		give(&messages[i]);
	if (i)
		return (int)i;
	errno = EAGAIN;
	return -1;
}

static struct record_space space;

static void take_record(void *context, uint16_t type, struct str text)
{
	struct record *record = context;
	struct framed framed;

	multicast_frame(type, text, &framed);
	if (framed.kind == FRAMED_RECORD)
		record_parse(framed.fields, &space, record);
}

static void take_event(void *context, const struct process_event *event)
{
	struct process_table *table = context;
	struct belonging belonging;

	switch (event->kind) {
	case PROCESS_FORK:
		process_fork(table, event->parent, event->pid, event->at_ns);
		break;
	case PROCESS_EXEC:
		process_exec(table, event->pid, event->at_ns);
		break;
	case PROCESS_EXIT:
		process_exit(table, event->pid, event->at_ns);
		break;
	}
	process_find(table, event->pid, event->at_ns, 12000000, &belonging);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static struct record record;
	struct process_table *table = process_table_new();
	struct multicast *multicast = NULL;
	struct connector *connector = NULL;
	struct err err = ERR_INIT;

	input = str_of((const char *)data, size);
	if (connector_open(&connector, &err) < 0)
		abort();
	while (connector_receive(connector, take_event, table, &err) > 0)
		;
	connector_close(connector);
	input = str_of((const char *)data, size);
	/* some machines have no such group */
	if (multicast_open(&multicast, &err) == 0) {
		while (multicast_receive(multicast, take_record, &record, &err) > 0)
			;
		multicast_close(multicast);
	}
	process_table_free(table);
	return 0;
}
