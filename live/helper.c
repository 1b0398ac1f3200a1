#include "live/helper.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/netlink.h"
#include "base/privileges.h"
#include "base/sandbox.h"
#include "live/describer.h"
#include "live/packet.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Users share so many pauses by their uid; slot 0 is root's. */
#define PAUSES 64

/* Those that the keeper starts: for root's containers, and for users'. */
enum child {
	CHILD_READER,
	CHILD_READER_USERS,
	CHILD_DESCRIBER,
	CHILD_DESCRIBER_USERS,
	CHILD_COUNT,
};

#define READERS 2

enum control_verb {
	CONTROL_CHILD,  /* end that one, start another, and give its socket */
	CONTROL_AUDIT,  /* how many records were lost? */
	CONTROL_HIDING, /* what hides records? */
};

struct control_request {
	uint32_t verb, child;
};

struct control_reply {
	int32_t code;
	struct audit_state audit;
	struct hiding hiding;
};

struct helper {
	pthread_mutex_t lock;
	int control;
	int readers[READERS]; /* -1: none */
	int64_t until_ms[PAUSES];
	int64_t users_paid_ms; /* when users may be waited for HELPER_WAIT_MS again */
};

/* --- a reader */

static int answer(int socket, const struct host_files *files, struct host_request *request)
{
	struct host_reply reply = {.code = -EACCES};
	BUF_AUTO bytes = {0};

	request->path[sizeof(request->path) - 1] = '\0';
	if (host_request_is_usual(request))
		host_files_do(files, request, &reply, &bytes);
	int fd = reply.n ? packet_file(&bytes) : -1;

	if (reply.n && fd < 0)
		reply = (struct host_reply){.code = -ENOMEM};
	int result = packet_send(socket, &reply, sizeof(reply), fd);

	if (fd >= 0)
		close(fd);
	return result;
}

static void read_for_ever(int socket, const struct host_files *files)
{
	struct host_request request;

	while (packet_receive(socket, &request, sizeof(request), NULL) == 1)
		if (answer(socket, files, &request) < 0)
			return;
}

/* --- the keeper */

struct keeper {
	int control;
	const struct helper_options *options;
	const struct host_files *files;
	pid_t children[CHILD_COUNT];
};

/* The process that it was forked from is gone, or goes: so does this one. */
static void end_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

/* A describer has a reader of its own, which ends with it. */
static void describe_for_ever(struct keeper *keeper, int socket)
{
	const struct describer_options options = {keeper->options->proc_root,
						  keeper->options->runtime_root,
						  keeper->options->sandbox};
	pid_t us = getpid();
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return;
	pid_t pid = fork();

	if (pid == 0) {
		end_with(us);
		close(socket);
		close(ends[0]);
		read_for_ever(ends[1], keeper->files);
		_exit(0);
	}
	close(ends[1]);
	if (pid > 0)
		describer_run(socket, ends[0], &options);
}

static void be_child(struct keeper *keeper, enum child child, int socket)
{
	if (child < CHILD_DESCRIBER)
		read_for_ever(socket, keeper->files);
	else
		describe_for_ever(keeper, socket);
}

static int start_child(struct keeper *keeper, enum child child, int *ret_fd)
{
	pid_t us = getpid();
	int ends[2];

	if (keeper->children[child] > 0)
		kill(keeper->children[child], SIGKILL);
	keeper->children[child] = 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pid_t pid = fork();

	if (pid == 0) {
		end_with(us);
		close(keeper->control);
		close(ends[0]);
		be_child(keeper, child, ends[1]);
		_exit(0);
	}
	int code = pid < 0 ? -errno : 0;

	close(ends[1]);
	if (code < 0) {
		close(ends[0]);
		return code;
	}
	keeper->children[child] = pid;
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
	else if (request->verb == CONTROL_CHILD && request->child < CHILD_COUNT)
		reply.code = start_child(keeper, (enum child)request->child, &fd);
	int result = packet_send(keeper->control, &reply, sizeof(reply), fd);

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

/* audit: what was handed over for questions to the kernel's audit, or -1. */
static void keep(int control, int audit, const struct host_files *files,
		 const struct helper_options *options)
{
	const struct sandbox_options sandbox = {.kind = SANDBOX_HELPER, .looks_at_processes = true};
	const int kept[] = {control, files->root, files->proc, audit};
	struct keeper keeper = {.control = control, .options = options, .files = files};
	struct control_request request;
	struct err err = ERR_INIT;

	leave_standard_files();
	close_others(kept, sizeof(kept) / sizeof(kept[0]));
	signal(SIGCHLD, SIG_IGN); /* readers that were ended are nobody's concern */
	signal(SIGINT, SIG_IGN);  /* a terminal's: watch asks for the last time after it */
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (privileges_drop(PRIVILEGES_HELPER, &err) < 0 ||
	    (options->sandbox && sandbox_enter(&sandbox, &err) < 0))
		return;
	while (packet_receive(control, &request, sizeof(request), NULL) == 1)
		if (serve(&keeper, &request) < 0)
			return;
}

/* --- the side that asks */

static int ask_keeper(struct helper *helper, const struct control_request *request,
		      struct control_reply *reply, int *ret_fd)
{
	int code = packet_send(helper->control, request, sizeof(*request), -1);

	if (code == 0)
		code = packet_await(helper->control, HELPER_ROOT_WAIT_MS, reply, sizeof(*reply),
				    ret_fd);
	return code < 0 ? code : reply->code;
}

static int renew_reader(struct helper *helper, enum child reader)
{
	const struct control_request request = {CONTROL_CHILD, reader};
	struct control_reply reply;

	if (helper->readers[reader] >= 0)
		close(helper->readers[reader]);
	return ask_keeper(helper, &request, &reply, &helper->readers[reader]);
}

/* How long to wait for a user now: see HELPER_WAIT_MS. */
static int64_t users_wait_ms(const struct helper *helper, int64_t now_ms)
{
	int64_t owed_ms = helper->users_paid_ms > now_ms ? helper->users_paid_ms - now_ms : 0;

	return HELPER_WAIT_MS - owed_ms / 2;
}

static void pay_for_users(struct helper *helper, int64_t began_ms)
{
	int64_t now_ms = clock_ms(CLOCK_MONOTONIC);

	if (helper->users_paid_ms < began_ms)
		helper->users_paid_ms = began_ms;
	helper->users_paid_ms += 2 * (now_ms - began_ms);
}

static int ask_reader(struct helper *helper, enum child reader, int64_t wait_ms,
		      const struct host_request *request, struct host_reply *reply,
		      struct buf *bytes)
{
	int fd = -1;
	int code = helper->readers[reader] < 0 ? renew_reader(helper, reader) : 0;

	if (code == 0)
		code = packet_send(helper->readers[reader], request, sizeof(*request), -1);
	if (code == 0)
		code = packet_await(helper->readers[reader], wait_ms, reply, sizeof(*reply), &fd);
	if (code == 0 && fd >= 0 && bytes)
		code = packet_file_read(fd, reply->n, bytes);
	if (fd >= 0)
		close(fd);
	return code;
}

void helper_ask(void *context, const struct host_request *request, struct host_reply *reply,
		struct buf *bytes)
{
	struct helper *helper = context;
	enum child reader = request->owner ? CHILD_READER_USERS : CHILD_READER;
	size_t slot = request->owner ? 1 + request->owner % (PAUSES - 1) : 0;
	int code = -EAGAIN;

	*reply = (struct host_reply){0};
	pthread_mutex_lock(&helper->lock);

	int64_t now_ms = clock_ms(CLOCK_MONOTONIC);
	int64_t wait_ms = request->owner ? users_wait_ms(helper, now_ms) : HELPER_ROOT_WAIT_MS;

	if (now_ms >= helper->until_ms[slot] && wait_ms >= HELPER_USERS_LEAST_MS)
		code = ask_reader(helper, reader, wait_ms, request, reply, bytes);
	if (code == -ETIMEDOUT)
		helper->until_ms[slot] = clock_ms(CLOCK_MONOTONIC) +
					 (request->owner ? HELPER_PAUSE_MS : HELPER_ROOT_PAUSE_MS);
	if (code < 0 && code != -EAGAIN)
		renew_reader(helper, reader);
	if (request->owner && code != -EAGAIN)
		pay_for_users(helper, now_ms);
	pthread_mutex_unlock(&helper->lock);
	if (code < 0)
		*reply = (struct host_reply){.code = code};
}

int helper_describer(struct helper *helper, bool of_users, int *ret_fd)
{
	const struct control_request request = {CONTROL_CHILD,
						of_users ? CHILD_DESCRIBER_USERS : CHILD_DESCRIBER};
	struct control_reply reply;

	pthread_mutex_lock(&helper->lock);
	int code = ask_keeper(helper, &request, &reply, ret_fd);

	pthread_mutex_unlock(&helper->lock);
	return code;
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
	int audit = netlink_handed(NETLINK_AUDIT, 0);
	int ends[2];
	int code = host_files_open(&files, options->proc_root, options->runtime_root, err);

	if (code == 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		code = err_errno(err, errno, "cannot make a socket for a helper");
	pid_t pid = code < 0 ? -1 : fork();

	if (pid == 0) {
		end_with(us);
		keep(ends[1], audit, &files, options);
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
	for (int i = 0; i < READERS; i++)
		helper->readers[i] = -1;
	*ret_helper = helper;
	return 0;
}

void helper_stop(struct helper *helper)
{
	if (!helper)
		return;
	close(helper->control);
	for (int i = 0; i < READERS; i++)
		if (helper->readers[i] >= 0)
			close(helper->readers[i]);
	pthread_mutex_destroy(&helper->lock);
	free(helper);
}
