#include "ingest/audit_request.h"

#include "base/clock.h"
#include "base/netlink.h"

#include <errno.h>
#include <libaudit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 1000

struct request {
	int fd;
	uint16_t type;
	uint32_t number; /* the kernel's messages carry it: an earlier request may have late ones */
	const char *about;
	audit_answer_fn *answer;
	void *context;
};

static int refused(const struct request *request, int code, struct err *err)
{
	if (code == EPERM || code == ECONNREFUSED) /* the latter in a user namespace of one's own */
		return err_set(err, EPERM,
			       "%s: not permitted; run as root, or give CAP_AUDIT_CONTROL in the "
			       "host's user and pid namespaces",
			       request->about);
	return err_errno(err, code, "%s", request->about);
}

static int send_request(const struct request *request, struct err *err)
{
	struct nlmsghdr header = {.nlmsg_len = NLMSG_LENGTH(0),
				  .nlmsg_type = request->type,
				  .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
				  .nlmsg_seq = request->number};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t n = sendto(request->fd, &header, header.nlmsg_len, 0, (struct sockaddr *)&kernel,
			   sizeof(kernel));

	return n < 0 ? refused(request, errno, err) : 0;
}

/* Returns 1 if this was the last message, 0 if more are to come, or a negative errno. The
 * acknowledgement often comes first, since a kernel thread sends the answers. */
static int read_message(const struct request *request, const char *message, size_t n,
			struct err *err)
{
	struct nlmsghdr header;
	int code;

	if (n < NLMSG_HDRLEN)
		return 0;
	memcpy(&header, message, sizeof(header));
	if (header.nlmsg_seq != request->number)
		return 0;
	if (header.nlmsg_type == NLMSG_DONE)
		return 1;
	if (header.nlmsg_type == NLMSG_ERROR && n >= NLMSG_HDRLEN + sizeof(code)) {
		memcpy(&code, message + NLMSG_HDRLEN, sizeof(code));
		return code < 0 ? refused(request, -code, err) : 0;
	}
	if (header.nlmsg_type != request->type)
		return 0;
	return request->answer(request->context, message + NLMSG_HDRLEN, n - NLMSG_HDRLEN, err);
}

static int read_answers(const struct request *request, struct err *err)
{
	int64_t end_ms = clock_ms(CLOCK_MONOTONIC) + WAIT_MS;

	for (int64_t left = WAIT_MS; left > 0; left = end_ms - clock_ms(CLOCK_MONOTONIC)) {
		struct pollfd wait = {.fd = request->fd, .events = POLLIN};
		struct sockaddr_nl from = {0};
		socklen_t from_n = sizeof(from);
		char message[MAX_AUDIT_MESSAGE_LENGTH];

		if (poll(&wait, 1, (int)left) < 0 && errno != EINTR)
			return err_errno(err, errno, "%s: poll", request->about);
		ssize_t n = recvfrom(request->fd, message, sizeof(message), MSG_DONTWAIT,
				     (struct sockaddr *)&from, &from_n);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return refused(request, errno, err);
		if (n < 0 || from.nl_pid != 0) /* only the kernel has port id 0 */
			continue;
		int result = read_message(request, message, (size_t)n, err);

		if (result != 0)
			return result < 0 ? result : 0;
	}
	return err_set(err, ETIMEDOUT, "%s: the kernel did not answer within a second",
		       request->about);
}

int audit_request(uint16_t type, const char *about, audit_answer_fn *answer, void *context,
		  struct err *err)
{
	static atomic_uint last;
	struct request request = {.type = type,
				  .number = ++last,
				  .about = about,
				  .answer = answer,
				  .context = context};
	int handed = netlink_handed(NETLINK_AUDIT, 0);

	request.fd =
		handed < 0 ? socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT) : handed;
	if (request.fd < 0 && errno == EPROTONOSUPPORT)
		return err_set(err, EPROTONOSUPPORT, "%s: " AUDIT_NONE, about);
	if (request.fd < 0)
		return err_errno(err, errno, "%s: socket", about);
	int result = send_request(&request, err);

	if (result == 0)
		result = read_answers(&request, err);
	if (handed < 0)
		close(request.fd);
	return result;
}
