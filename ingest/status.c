#include "ingest/status.h"

#include <errno.h>
#include <libaudit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 1000

/* All that is asked for stood in struct audit_status before its first extension: older kernels
 * send less behind it, newer ones more. */
#define STATUS_MIN (offsetof(struct audit_status, backlog) + sizeof(uint32_t))

static int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int refused(int code, struct err *err)
{
	if (code == EPERM || code == ECONNREFUSED) /* the latter in a user namespace of one's own */
		return err_set(err, EPERM,
			       "audit status: not permitted; run as root, or give "
			       "CAP_AUDIT_CONTROL in the host's user and pid namespaces");
	return err_errno(err, code, "audit status");
}

static int send_request(int fd, struct err *err)
{
	struct nlmsghdr request = {.nlmsg_len = NLMSG_LENGTH(0),
				   .nlmsg_type = AUDIT_GET,
				   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
				   .nlmsg_seq = 1};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t n = sendto(fd, &request, request.nlmsg_len, 0, (struct sockaddr *)&kernel,
			   sizeof(kernel));

	return n < 0 ? refused(errno, err) : 0;
}

static void take_status(const char *payload, size_t n, struct audit_state *ret_state)
{
	struct audit_status status = {0};

	memcpy(&status, payload, n < sizeof(status) ? n : sizeof(status));
	*ret_state = (struct audit_state){
		.enabled = status.enabled != 0, /* 2: enabled, and locked until reboot */
		.pid = status.pid,
		.rate_limit = status.rate_limit,
		.backlog_limit = status.backlog_limit,
		.lost = status.lost,
		.backlog = status.backlog,
	};
}

/* Returns 1 if the message is the answer, 0 if it is another one (the acknowledgement, which
 * often comes first, since a kernel thread sends the answer), or what the kernel refuses with. */
static int take_message(const char *message, size_t n, struct audit_state *ret_state,
			struct err *err)
{
	struct nlmsghdr header;
	int code;

	if (n < NLMSG_HDRLEN)
		return 0;
	memcpy(&header, message, sizeof(header));
	if (header.nlmsg_type == NLMSG_ERROR && n >= NLMSG_HDRLEN + sizeof(code)) {
		memcpy(&code, message + NLMSG_HDRLEN, sizeof(code));
		return code < 0 ? refused(-code, err) : 0;
	}
	if (header.nlmsg_type != AUDIT_GET)
		return 0;
	if (n < NLMSG_HDRLEN + STATUS_MIN)
		return err_set(err, EPROTO, "audit status: the kernel's answer is too short");
	take_status(message + NLMSG_HDRLEN, n - NLMSG_HDRLEN, ret_state);
	return 1;
}

static int wait_for_answer(int fd, struct audit_state *ret_state, struct err *err)
{
	int64_t end_ms = monotonic_ms() + WAIT_MS;

	for (int64_t left = WAIT_MS; left > 0; left = end_ms - monotonic_ms()) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		struct sockaddr_nl from = {0};
		socklen_t from_n = sizeof(from);
		char message[NLMSG_LENGTH(sizeof(struct audit_status)) + 1024];

		if (poll(&wait, 1, (int)left) < 0 && errno != EINTR)
			return err_errno(err, errno, "audit status: poll");
		ssize_t n = recvfrom(fd, message, sizeof(message), MSG_DONTWAIT,
				     (struct sockaddr *)&from, &from_n);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return refused(errno, err);
		if (n < 0 || from.nl_pid != 0) /* only the kernel has port id 0 */
			continue;
		int result = take_message(message, (size_t)n, ret_state, err);

		if (result != 0)
			return result < 0 ? result : 0;
	}
	return err_set(err, ETIMEDOUT, "audit status: the kernel did not answer within a second");
}

int audit_state_get(struct audit_state *ret_state, struct err *err)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	if (fd < 0)
		return err_errno(err, errno, "audit status: socket");
	int result = send_request(fd, err);

	if (result == 0)
		result = wait_for_answer(fd, ret_state, err);
	close(fd);
	return result;
}
