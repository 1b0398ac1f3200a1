/*
 * The process connector against a truth that this program makes itself: it forks, lets children
 * exec, from threads too, and knows each pid and what became of it. Needs the host's network
 * namespace and CAP_NET_ADMIN; skips with the kernel's refusal otherwise.
 */
#include "correlate/connector.h"

#include "base/mem.h"
#include "tests/valgrind.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <cmocka.h>

#define CHILDREN      20000
#define CHILDREN_BUSY 6000

/* PID_MAX_LIMIT of 64-bit kernels */
#define PIDS_MAX (4 << 20)

/* For an event that a busy machine brings late. */
#define WAIT_NS INT64_C(20000000000)

/* argv[1] of this program when a child has become it */
#define JUST_EXIT "just-exit"

enum fate {
	FATE_EXIT,           /* FORK EXIT */
	FATE_EXEC,           /* FORK EXEC EXIT */
	FATE_EXEC_BY_THREAD, /* FORK EXIT EXEC EXIT: the leader goes, its pid stays */
	FATE_THREAD,         /* FORK EXIT: its thread's coming and going is none of ours */
};

/* Each may end in one of these; correlate/connector.h says why. */
static const char *const fate_events[][4] = {
	[FATE_EXIT] = {"FX"},
	[FATE_EXEC] = {"FEX"},
	[FATE_EXEC_BY_THREAD] = {"FXEX", "FEX", "FExX"},
	[FATE_THREAD] = {"FX"},
};

struct child {
	uint32_t pid;
	enum fate fate;
	char events[8]; /* F, E, X as they came; x: stamped before the event before it */
	int64_t last_ns;
};

/* What was forked, in order, and the connector's word on it. */
struct trial {
	struct connector *connector;
	struct child *children;
	size_t forked, seen; /* by us; by its FORK */
	uint32_t *latest;    /* by pid: 1 + which child had it last */
	bool other_child, overrun;
	uint32_t self;
};

static void note(struct child *child, char event, int64_t at_ns)
{
	size_t n = strlen(child->events);

	if (at_ns < child->last_ns)
		event = (char)tolower(event);
	if (n + 1 < sizeof(child->events))
		child->events[n] = event;
	child->last_ns = at_ns;
}

/* The latest child of ours that had the pid: pids are used again in a long trial. */
static struct child *child_of(const struct trial *trial, uint32_t pid)
{
	uint32_t latest = pid < PIDS_MAX ? trial->latest[pid] : 0;

	return latest ? &trial->children[latest - 1] : NULL;
}

static void take_event(void *context, const struct process_event *event)
{
	static const char letters[] = {
		[PROCESS_FORK] = 'F', [PROCESS_EXEC] = 'E', [PROCESS_EXIT] = 'X'};
	struct trial *trial = context;
	struct child *child;

	if (event->kind == PROCESS_FORK && event->parent == trial->self) {
		/* its own pid is not written down here before fork() has returned; only then is
		 * the socket read */
		if (trial->seen == trial->forked ||
		    trial->children[trial->seen].pid != event->pid) {
			trial->other_child = true;
			return;
		}
		child = &trial->children[trial->seen++];
		trial->latest[event->pid] = (uint32_t)trial->seen;
	} else {
		child = child_of(trial, event->pid);
		/* somebody else's now */
		if (child && event->kind == PROCESS_FORK) {
			trial->latest[event->pid] = 0;
			return;
		}
	}
	if (child)
		note(child, letters[event->kind], event->at_ns);
}

static int drain(struct trial *trial)
{
	struct err err = ERR_INIT;
	int count;

	do {
		count = connector_receive(trial->connector, take_event, trial, &err);
		if (count == -ENOBUFS) {
			trial->overrun = true;
			count = 1;
		}
	} while (count > 0);
	return count;
}

static void *exec_again(void *context)
{
	char *const argv[] = {(char[]){"test_connector"}, (char[]){JUST_EXIT}, NULL};

	(void)context;
	execv(program_invocation_name, argv); /* under valgrind /proc/self/exe is another */
	_exit(9);
}

static void *do_nothing(void *context)
{
	return context;
}

static void be_child(enum fate fate)
{
	pthread_t thread;

	switch (fate) {
	case FATE_EXIT:
		_exit(0);
	case FATE_EXEC:
		exec_again(NULL);
		break;
	case FATE_EXEC_BY_THREAD:
		if (pthread_create(&thread, NULL, exec_again, NULL) != 0)
			_exit(8);
		pause();
		break;
	case FATE_THREAD:
		if (pthread_create(&thread, NULL, do_nothing, NULL) != 0)
			_exit(8);
		pthread_join(thread, NULL);
		break;
	}
	_exit(0);
}

static enum fate fate_of(size_t i)
{
	if (i % 20 == 0)
		return FATE_EXEC_BY_THREAD;
	if (i % 20 == 1)
		return FATE_THREAD;
	return i % 5 == 2 ? FATE_EXEC : FATE_EXIT;
}

static bool is_as_fated(const struct child *child)
{
	for (const char *const *events = fate_events[child->fate]; *events; events++)
		if (strcmp(child->events, *events) == 0)
			return true;
	return false;
}

/* Until all that comes has come: the last exits may be a moment late. */
static void drain_last(struct trial *trial, size_t count)
{
	for (int wait = 0; wait < 2000; wait++) {
		size_t right = 0;

		assert_int_equal(drain(trial), 0);
		for (size_t i = 0; i < count; i++)
			right += is_as_fated(&trial->children[i]);
		if (right == count)
			return;
		usleep(10000);
	}
}

/* Forks them, some at once, and reads now and then; all have ended in the end. */
static void run_children(struct trial *trial, size_t count)
{
	enum { AT_ONCE = 16 };

	for (size_t i = 0; i < count; i += AT_ONCE) {
		for (size_t k = i; k < i + AT_ONCE && k < count; k++) {
			struct child *child = &trial->children[k];

			child->fate = fate_of(k);
			pid_t pid = fork();

			if (pid == 0)
				be_child(child->fate);
			assert_true(pid > 0);
			child->pid = (uint32_t)pid;
			trial->forked = k + 1;
		}
		for (size_t k = i; k < i + AT_ONCE && k < count; k++) {
			int status;

			assert_int_equal(waitpid((pid_t)trial->children[k].pid, &status, 0),
					 trial->children[k].pid);
			assert_int_equal(status, 0);
		}
		if (i % 512 == 0)
			assert_int_equal(drain(trial), 0);
	}
	drain_last(trial, count);
}

static struct connector *open_or_skip(void)
{
	struct connector *connector = NULL;
	struct err err = ERR_INIT;

	if (connector_open(&connector, &err) < 0) {
		print_message("# skipped: %s\n", err.message);
		skip();
	}
	return connector;
}

static void check_trial(size_t count)
{
	struct trial trial = {.connector = open_or_skip(),
			      .children = mem_new(count, sizeof(struct child)),
			      .latest = mem_new(PIDS_MAX, sizeof(uint32_t)),
			      .self = (uint32_t)getpid()};
	unsigned wrong = 0;

	run_children(&trial, count);
	connector_close(trial.connector);
	for (size_t i = 0; i < count; i++) {
		const struct child *child = &trial.children[i];

		if (is_as_fated(child))
			continue;
		if (wrong++ < 5)
			print_error("child %zu, pid %u: %s, should be %s\n", i, child->pid,
				    child->events, fate_events[child->fate][0]);
	}
	assert_false(trial.overrun);
	assert_false(trial.other_child);
	assert_int_equal(trial.seen, count);
	assert_int_equal(wrong, 0);
	free(trial.children);
	free(trial.latest);
}

/* Valgrind needs a quarter of a second for a fork and an exec, on a busy machine a whole one, and
 * AddressSanitizer's shadow makes a fork fifty times as slow. */
static size_t as_many_as_time_allows(size_t count)
{
#ifdef __SANITIZE_ADDRESS__
	const size_t few = 300;
	bool slow = true;
#else
	const size_t few = 100;
	bool slow = under_valgrind();
#endif
	return slow && count > few ? few : count;
}

/* Nothing is lost, and each pid's events come in the order of their causes. */
static void test_all_events(void **state)
{
	(void)state;
	check_trial(as_many_as_time_allows(CHILDREN));
}

static void test_busy(void **state)
{
	pid_t busy[4];

	(void)state;
	connector_close(open_or_skip());
	for (int i = 0; i < 4; i++) {
		busy[i] = fork();
		if (busy[i] == 0) {
			alarm(120); /* should this program die */
			for (;;)
				__asm__ volatile("");
		}
		assert_true(busy[i] > 0);
	}
	check_trial(as_many_as_time_allows(CHILDREN_BUSY));
	for (int i = 0; i < 4; i++) {
		kill(busy[i], SIGKILL);
		waitpid(busy[i], NULL, 0);
	}
}

struct causes {
	uint32_t child;
	int64_t fork_ns, exit_ns;
	bool forked;
};

static void take_cause(void *context, const struct process_event *event)
{
	struct causes *causes = context;

	if (event->kind == PROCESS_FORK && event->parent == (uint32_t)getpid()) {
		causes->child = event->pid;
		causes->fork_ns = event->at_ns;
		causes->forked = true;
	}
	if (event->kind == PROCESS_EXIT && event->pid == causes->child)
		causes->exit_ns = event->at_ns;
}

static int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Whoever knows that a process ran finds its fork by reading what is there, without a wait; and
 * its times are on the clock that they are said to be on. */
static void test_fork_is_queued_before_the_child_runs(void **state)
{
	struct connector *connector = open_or_skip();
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < as_many_as_time_allows(500); i++) {
		struct causes causes = {0};
		int fds[2];
		uint32_t pid;

		assert_int_equal(pipe(fds), 0);
		int64_t before = monotonic_ns();
		pid_t child = fork();

		if (child == 0) {
			pid = (uint32_t)getpid();
			_exit(write(fds[1], &pid, sizeof(pid)) != sizeof(pid));
		}
		assert_int_equal(read(fds[0], &pid, sizeof(pid)), sizeof(pid));
		int64_t after = monotonic_ns();

		while (connector_receive(connector, take_cause, &causes, &err) > 0)
			;
		assert_true(causes.forked);
		assert_int_equal(causes.child, pid);
		assert_true(causes.fork_ns >= before && causes.fork_ns <= after);
		assert_int_equal(waitpid(child, NULL, 0), child);
		for (int64_t end = monotonic_ns() + WAIT_NS;
		     !causes.exit_ns && monotonic_ns() < end;) {
			struct pollfd ready = {connector_fd(connector), POLLIN, 0};

			poll(&ready, 1, 1);
			connector_receive(connector, take_cause, &causes, &err);
		}
		assert_true(causes.exit_ns >= causes.fork_ns && causes.exit_ns <= monotonic_ns());
		close(fds[0]);
		close(fds[1]);
	}
	connector_close(connector);
}

static void count_any(void *context, const struct process_event *event)
{
	(void)event;
	++*(unsigned *)context;
}

static void fork_many(int count)
{
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
}

/* The socket's filter leaves threads out: what comes is events, and the answer to whoever else
 * begins to listen. */
static void test_threads_do_not_come(void **state)
{
	struct connector *connector = open_or_skip();
	struct err err = ERR_INIT;
	unsigned events = 0, datagrams = 0;
	int count;

	(void)state;
	for (int i = 0; i < 300; i++) {
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, do_nothing, NULL), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
	fork_many(1);
	while ((count = connector_receive(connector, count_any, &events, &err)) > 0)
		datagrams += (unsigned)count;
	assert_int_equal(count, 0);
	assert_true(events >= 1);
	assert_true(datagrams - events <= 10);
	connector_close(connector);
}

/* A buffer that is too small, for once: it is said, and what came before it is delivered. */
static void test_overrun(void **state)
{
	struct connector *connector = open_or_skip();
	struct err err = ERR_INIT;
	int size = 0, count, overruns = 0;
	unsigned events = 0;

	(void)state;
	assert_int_equal(
		setsockopt(connector_fd(connector), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	fork_many(200);
	while ((count = connector_receive(connector, count_any, &events, &err)) != 0) {
		overruns += count == -ENOBUFS;
		assert_true(count > 0 || count == -ENOBUFS);
	}
	assert_true(overruns >= 1);
	assert_true(events > 0 && events < 400);
	assert_int_equal(err.code, 0);
	/* it goes on */
	events = 0;
	fork_many(1);
	while ((count = connector_receive(connector, count_any, &events, &err)) != 0)
		assert_true(count > 0 || count == -ENOBUFS);
	assert_true(events >= 1);
	connector_close(connector);
}

/* What another process of ours sends in the kernel's place is not taken. */
static void test_forged_sender(void **state)
{
	struct connector *connector = open_or_skip();
	struct {
		struct nlmsghdr netlink;
		struct cn_msg header;
		char event[sizeof(struct proc_event)];
	} __attribute__((packed)) message = {
		.netlink = {.nlmsg_len = sizeof(message), .nlmsg_type = NLMSG_DONE},
		.header = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .len = sizeof(message.event)},
	};
	struct proc_event event = {.what = PROC_EVENT_FORK};
	struct sockaddr_nl address = {0};
	socklen_t size = sizeof(address);
	struct causes causes = {0};
	struct err err = ERR_INIT;
	int fd = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_CONNECTOR);

	(void)state;
	event.event_data.fork.parent_tgid = getpid();
	event.event_data.fork.child_pid = event.event_data.fork.child_tgid = 4242;
	memcpy(message.event, &event, sizeof(event));
	assert_true(fd >= 0);
	assert_int_equal(getsockname(connector_fd(connector), (struct sockaddr *)&address, &size),
			 0);
	address.nl_groups = 0;
	/* the kernel may forbid it altogether, as good */
	(void)sendto(fd, &message, sizeof(message), 0, (struct sockaddr *)&address,
		     sizeof(address));
	while (connector_receive(connector, take_cause, &causes, &err) > 0)
		;
	assert_false(causes.forked);
	close(fd);
	connector_close(connector);
}

/* Two at a time do not take each other's answers or events away. */
static void test_two(void **state)
{
	struct connector *first = open_or_skip();
	struct connector *second = open_or_skip();
	struct err err = ERR_INIT;
	unsigned events = 0;

	(void)state;
	connector_close(first);
	fork_many(50);
	while (connector_receive(second, count_any, &events, &err) > 0)
		;
	assert_true(events >= 50); /* the forks; the last exit may be late */
	connector_close(second);
}

/* In a network namespace of our own the kernel has no connector: refused, at once. */
static void test_private_network(void **state)
{
	int status;

	(void)state;
	connector_close(open_or_skip());
	pid_t child = fork();

	if (child == 0) {
		struct connector *connector = NULL;
		struct err err = ERR_INIT;

		if (unshare(CLONE_NEWNET) < 0)
			_exit(77);
		_exit(connector_open(&connector, &err) != -ECONNREFUSED ||
		      !strstr(err.message, "network namespace"));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

static bool anybody_may(void)
{
	int major = 0, minor = 0;
	struct utsname name;

	assert_int_equal(uname(&name), 0);
	assert_int_equal(sscanf(name.release, "%d.%d", &major, &minor), 2);
	return major > 6 || (major == 6 && minor >= 6);
}

/* From Linux 6.6 on everybody may listen; before, the refusal says what is missing. */
static void test_without_capability(void **state)
{
	int status;

	(void)state;
	connector_close(open_or_skip());
	pid_t child = fork();

	if (child == 0) {
		struct connector *connector = NULL;
		struct err err = ERR_INIT;

		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(77);
		int result = connector_open(&connector, &err);

		if (result == 0)
			connector_close(connector);
		_exit(result != (anybody_may() ? 0 : -EPERM) ||
		      (result < 0 && !strstr(err.message, "CAP_NET_ADMIN")));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fork_is_queued_before_the_child_runs),
		cmocka_unit_test(test_all_events),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_threads_do_not_come),
		cmocka_unit_test(test_overrun),
		cmocka_unit_test(test_forged_sender),
		cmocka_unit_test(test_two),
		cmocka_unit_test(test_private_network),
		cmocka_unit_test(test_without_capability),
	};

	if (argc > 1 && strcmp(argv[1], JUST_EXIT) == 0)
		return 0;
	alarm(1800); /* rather than hang */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
