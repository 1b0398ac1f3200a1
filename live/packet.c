#include "live/packet.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

int packet_send(int socket, const void *message, size_t size, int fd)
{
	struct iovec part = {(void *)(uintptr_t)message, size};
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};

	if (fd >= 0) {
		header.msg_control = &control;
		header.msg_controllen = sizeof(control);
		control.header = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		};
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	return sendmsg(socket, &header, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int packet_receive(int socket, void *message, size_t size, int *ret_fd)
{
	struct iovec part = {message, size};
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t n;

	if (ret_fd) {
		*ret_fd = -1;
		header.msg_control = &control;
		header.msg_controllen = sizeof(control);
	}
	do {
		n = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : 0;
	const struct cmsghdr *first = CMSG_FIRSTHDR(&header);

	if (first && first->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(first), sizeof(*ret_fd));
	return (size_t)n == size ? 1 : -EBADMSG;
}

int packet_await(int socket, int64_t wait_ms, void *message, size_t size, int *ret_fd)
{
	struct pollfd poll_fd = {.fd = socket, .events = POLLIN};
	int64_t until_ms = clock_ms(CLOCK_MONOTONIC) + wait_ms;
	int n;

	do {
		int64_t left_ms = until_ms - clock_ms(CLOCK_MONOTONIC);

		n = poll(&poll_fd, 1, left_ms > 0 ? (int)left_ms : 0);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : -ETIMEDOUT;
	n = packet_receive(socket, message, size, ret_fd);
	return n == 0 ? -EPIPE : n < 0 ? n : 0;
}

int packet_file(const struct buf *bytes)
{
	int fd = memfd_create("sclog", MFD_CLOEXEC);

	for (size_t at = 0; fd >= 0 && at < bytes->n;) {
		ssize_t n = write(fd, bytes->p + at, bytes->n - at);

		if (n <= 0) {
			close(fd);
			return -1;
		}
		at += (size_t)n;
	}
	return fd;
}

int packet_file_read(int fd, uint32_t n, struct buf *bytes)
{
	if (n > PACKET_FILE_MAX)
		return -EFBIG;
	ssize_t got = lseek(fd, 0, SEEK_SET) < 0 ? -errno : file_read(fd, buf_reserve(bytes, n), n);

	if (got > 0)
		bytes->n += (size_t)got;
	*buf_reserve(bytes, 1) = '\0';
	return got < 0 ? (int)got : (uint32_t)got == n ? 0 : -EBADMSG;
}
