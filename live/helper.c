#include "live/helper.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/privileges.h"
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Users share so many pauses by their uid; slot 0 is root's. */
#define PAUSES 64

enum reader {
	READER_ROOT,
	READER_USERS,
	READER_COUNT,
};

enum control_verb {
	CONTROL_READER, /* end that reader, start another, and give its socket */
	CONTROL_AUDIT,  /* how many records were lost? */
	CONTROL_HIDING, /* what hides records? */
};

struct control_request {
	uint32_t verb, reader;
};

struct control_reply {
	int32_t code;
	struct audit_state audit;
	struct hiding hiding;
};

struct helper {
	pthread_mutex_t lock;
	int control;
	int readers[READER_COUNT]; /* -1: none */
	int64_t until_ms[PAUSES];
};

/* --- messages */

/* Sends one message, with a descriptor unless it is -1. */
static int send_message(int socket, const void *message, size_t size, int fd)
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

/* Receives one message of exactly that size. Returns 1, 0 at the end, or -errno. *ret_fd: -1 for none;
 * NULL: none is taken. */
static int receive_message(int socket, void *message, size_t size, int *ret_fd)
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

/* --- a reader */

/* The bytes as a file in memory, which its reader can read without waiting for anybody. */
static int file_of(const struct buf *bytes)
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

static int answer(int socket, const struct host_files *files, struct host_request *request)
{
	struct host_reply reply = {.code = -EACCES};
	BUF_AUTO bytes = {0};

	request->path[sizeof(request->path) - 1] = '\0';
	if (host_request_is_usual(request))
		host_files_do(files, request, &reply, &bytes);
	int fd = reply.n ? file_of(&bytes) : -1;

	if (reply.n && fd < 0)
		reply = (struct host_reply){.code = -ENOMEM};
	int result = send_message(socket, &reply, sizeof(reply), fd);

	if (fd >= 0)
		close(fd);
	return result;
}

static void read_for_ever(int socket, const struct host_files *files)
{
	struct host_request request;

	while (receive_message(socket, &request, sizeof(request), NULL) == 1)
		if (answer(socket, files, &request) < 0)
			return;
}

/* --- the keeper */

struct keeper {
	int control;
	const struct host_files *files;
	pid_t readers[READER_COUNT];
};

/* The process that it was forked from is gone, or goes: so does this one. */
static void end_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

static int start_reader(struct keeper *keeper, enum reader reader, int *ret_fd)
{
	pid_t us = getpid();
	int ends[2];

	if (keeper->readers[reader] > 0)
		kill(keeper->readers[reader], SIGKILL);
	keeper->readers[reader] = 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pid_t pid = fork();

	if (pid == 0) {
		end_with(us);
		close(keeper->control);
		close(ends[0]);
		read_for_ever(ends[1], keeper->files);
		_exit(0);
	}
	int code = pid < 0 ? -errno : 0;

	close(ends[1]);
	if (code < 0) {
		close(ends[0]);
		return code;
	}
	keeper->readers[reader] = pid;
	*ret_fd = ends[0];
	return 0;
}

static int serve(struct keeper *keeper, const struct control_request *request)
{
	struct control_reply reply = {.code = -EINVAL};
	struct err err = ERR_INIT;
	int fd = -1;

	if (request->verb == CONTROL_AUDIT)
		reply.code = audit_state_get(&reply.audit, &err);
	else if (request->verb == CONTROL_HIDING)
		reply.code = hiding_read(keeper->files->proc, &reply.hiding, &err);
	else if (request->verb == CONTROL_READER && request->reader < READER_COUNT)
		reply.code = start_reader(keeper, (enum reader)request->reader, &fd);
	int result = send_message(keeper->control, &reply, sizeof(reply), fd);

	if (fd >= 0)
		close(fd);
	return result;
}

/* Closes all descriptors but the standard ones and these. */
static void close_others(const int *kept, size_t count)
{
	for (int fd = 3; fd < (int)sysconf(_SC_OPEN_MAX) && fd < 4096; fd++) {
		bool is_kept = false;

		for (size_t i = 0; i < count; i++)
			is_kept = is_kept || kept[i] == fd;
		if (!is_kept)
			close(fd);
	}
}

/* A terminal takes input that its user did not type (TIOCSTI), and whoever reads a pipe waits until all
 * who have it are gone: helpers need neither. */
static void leave_standard_files(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);

	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
}

static void keep(int control, const struct host_files *files, bool sandbox)
{
	const struct sandbox_options options = {.kind = SANDBOX_HELPER, .looks_at_processes = true};
	const int kept[] = {control, files->root, files->proc};
	struct keeper keeper = {.control = control, .files = files};
	struct control_request request;
	struct err err = ERR_INIT;

	leave_standard_files();
	close_others(kept, sizeof(kept) / sizeof(kept[0]));
	signal(SIGCHLD, SIG_IGN); /* readers that were ended are nobody's concern */
	signal(SIGINT, SIG_IGN);  /* a terminal's: watch asks for the last time after it */
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (privileges_drop(PRIVILEGES_HELPER, &err) < 0 ||
	    (sandbox && sandbox_enter(&options, &err) < 0))
		return;
	while (receive_message(control, &request, sizeof(request), NULL) == 1)
		if (serve(&keeper, &request) < 0)
			return;
}

/* --- the side that asks */

/* Waits for a message of a helper. */
static int await(int socket, int64_t wait_ms, void *message, size_t size, int *ret_fd)
{
	struct pollfd poll_fd = {.fd = socket, .events = POLLIN};
	int64_t until_ms = clock_ms(CLOCK_MONOTONIC) + wait_ms, left_ms;
	int n = 0;

	while (n <= 0 && (left_ms = until_ms - clock_ms(CLOCK_MONOTONIC)) > 0) {
		n = poll(&poll_fd, 1, (int)left_ms);
		if (n < 0 && errno != EINTR)
			return -errno;
	}
	if (n <= 0)
		return -ETIMEDOUT;
	n = receive_message(socket, message, size, ret_fd);
	return n == 0 ? -EPIPE : n < 0 ? n : 0;
}

static int ask_keeper(struct helper *helper, const struct control_request *request,
		      struct control_reply *reply, int *ret_fd)
{
	int code = send_message(helper->control, request, sizeof(*request), -1);

	if (code == 0)
		code = await(helper->control, HELPER_ROOT_WAIT_MS, reply, sizeof(*reply), ret_fd);
	return code < 0 ? code : reply->code;
}

static int renew_reader(struct helper *helper, enum reader reader)
{
	const struct control_request request = {CONTROL_READER, reader};
	struct control_reply reply;

	if (helper->readers[reader] >= 0)
		close(helper->readers[reader]);
	return ask_keeper(helper, &request, &reply, &helper->readers[reader]);
}

/* Reads what a reader sent. */
static int take_bytes(int fd, uint32_t n, struct buf *bytes)
{
	if (n > 64u << 20)
		return -EFBIG;
	ssize_t got = lseek(fd, 0, SEEK_SET) < 0 ? -errno : file_read(fd, buf_reserve(bytes, n), n);

	if (got > 0)
		bytes->n += (size_t)got;
	*buf_reserve(bytes, 1) = '\0';
	return got < 0 ? (int)got : (uint32_t)got == n ? 0 : -EBADMSG;
}

static int ask_reader(struct helper *helper, enum reader reader, const struct host_request *request,
		      struct host_reply *reply, struct buf *bytes)
{
	int fd = -1;
	int code = helper->readers[reader] < 0 ? renew_reader(helper, reader) : 0;

	if (code == 0)
		code = send_message(helper->readers[reader], request, sizeof(*request), -1);
	if (code == 0)
		code = await(helper->readers[reader],
			     reader == READER_USERS ? HELPER_WAIT_MS : HELPER_ROOT_WAIT_MS, reply,
			     sizeof(*reply), &fd);
	if (code == 0 && fd >= 0 && bytes)
		code = take_bytes(fd, reply->n, bytes);
	if (fd >= 0)
		close(fd);
	return code;
}

void helper_ask(void *context, const struct host_request *request, struct host_reply *reply,
		struct buf *bytes)
{
	struct helper *helper = context;
	enum reader reader = request->owner ? READER_USERS : READER_ROOT;
	size_t slot = request->owner ? 1 + request->owner % (PAUSES - 1) : 0;
	int code = -ETIMEDOUT;

	*reply = (struct host_reply){0};
	pthread_mutex_lock(&helper->lock);
	if (clock_ms(CLOCK_MONOTONIC) >= helper->until_ms[slot])
		code = ask_reader(helper, reader, request, reply, bytes);
	else
		code = -EAGAIN;
	if (code == -ETIMEDOUT)
		helper->until_ms[slot] = clock_ms(CLOCK_MONOTONIC) +
					 (request->owner ? HELPER_PAUSE_MS : HELPER_ROOT_PAUSE_MS);
	if (code < 0 && code != -EAGAIN)
		renew_reader(helper, reader);
	pthread_mutex_unlock(&helper->lock);
	if (code < 0)
		*reply = (struct host_reply){.code = code};
}

int helper_audit_state(struct helper *helper, struct audit_state *ret_state)
{
	const struct control_request request = {.verb = CONTROL_AUDIT};
	struct control_reply reply;
	int fd;

	pthread_mutex_lock(&helper->lock);
	int code = ask_keeper(helper, &request, &reply, &fd);

	pthread_mutex_unlock(&helper->lock);
	*ret_state = reply.audit;
	return code;
}

int helper_hiding(struct helper *helper, struct hiding *ret_hiding)
{
	const struct control_request request = {.verb = CONTROL_HIDING};
	struct control_reply reply = {.code = 0};
	int fd;

	pthread_mutex_lock(&helper->lock);
	int code = ask_keeper(helper, &request, &reply, &fd);

	pthread_mutex_unlock(&helper->lock);
	*ret_hiding = reply.hiding;
	return code;
}

int helper_start(const struct helper_options *options, struct helper **ret_helper, struct err *err)
{
	struct helper *helper = mem_new(1, sizeof(*helper));
	struct host_files files;
	pid_t us = getpid();
	int ends[2];
	int code = host_files_open(&files, options->proc_root, options->runtime_root, err);

	if (code == 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		code = err_errno(err, errno, "cannot make a socket for a helper");
	pid_t pid = code < 0 ? -1 : fork();

	if (pid == 0) {
		end_with(us);
		keep(ends[1], &files, options->sandbox);
		_exit(0);
	}
	if (code == 0 && pid < 0)
		code = err_errno(err, errno, "cannot start a helper");
	if (code < 0) {
		free(helper);
		return code;
	}
	close(ends[1]);
	host_files_close(&files);
	helper->control = ends[0];
	pthread_mutex_init(&helper->lock, NULL);
	for (int i = 0; i < READER_COUNT; i++)
		helper->readers[i] = -1;
	*ret_helper = helper;
	return 0;
}

void helper_stop(struct helper *helper)
{
	if (!helper)
		return;
	close(helper->control);
	for (int i = 0; i < READER_COUNT; i++)
		if (helper->readers[i] >= 0)
			close(helper->readers[i]);
	pthread_mutex_destroy(&helper->lock);
	free(helper);
}
