/*
 * The kernel's process connector: every fork, exec and exit, in the order of their causes.
 *
 * A child's fork is queued here before the child runs, and an exec before the new program does
 * (kernel/fork.c, fs/exec.c): whoever has a record of a process, and then reads this socket until
 * it is empty, has read where that process came from. Threads are filtered out by the socket.
 *
 * An exit is queued a moment after the parent was told and the pid is free (kernel/exit.c): the
 * same pid's next fork may come before it. Where a thread execs, the exit of its leader comes
 * before the exec, or after it with an earlier stamp, or under the thread's id and so not at all.
 *
 * Needs the initial network, pid and user namespaces, before Linux 6.6 CAP_NET_ADMIN, and with it
 * has a buffer that holds what comes in a second or more; that is tried, not tested for.
 *
 * The kernel drops an event where it has no memory to make it of (GFP_NOWAIT): nothing on this
 * socket shows that.
 */
#ifndef SCLOG_CORRELATE_CONNECTOR_H
#define SCLOG_CORRELATE_CONNECTOR_H

#include "base/err.h"

#include <stdint.h>

struct connector;

enum process_event_kind {
	PROCESS_FORK, /* of a process; threads are not reported */
	PROCESS_EXEC,
	PROCESS_EXIT, /* of the thread group leader: its threads may run on */
};

struct process_event {
	enum process_event_kind kind;
	uint32_t pid;    /* in the initial pid namespace; the child's at a fork */
	uint32_t parent; /* at a fork: the forking process; its own parent under CLONE_PARENT */
	int64_t at_ns;   /* CLOCK_MONOTONIC */
};

/*
 * Binds, asks for events and waits for the kernel's answer, a second at most; not blocking
 * afterwards. Whatever happens once this has returned is reported, so scan /proc after it. -EPERM
 * where the capability is needed, -ECONNREFUSED in a network namespace of our own, -ETIMEDOUT in
 * another pid or user namespace, where the kernel does not answer.
 */
int connector_open(struct connector **ret_connector, struct err *err);

/* Tells the kernel that nobody listens any more. NULL is nothing to close. */
void connector_close(struct connector *connector);

int connector_fd(const struct connector *connector);

typedef void connector_event_fn(void *context, const struct process_event *event);

/* Datagrams taken by one system call. */
#define CONNECTOR_BATCH 64

/*
 * Takes what is there, CONNECTOR_BATCH datagrams at most, and calls each for the events among
 * them. Returns how many datagrams, 0 if there are none now, -ENOBUFS once after events were
 * dropped (those before and after come on; rescan /proc once the socket is empty), or another
 * -errno. -ENOBUFS leaves err alone.
 */
int connector_receive(struct connector *connector, connector_event_fn *each, void *context,
		      struct err *err);

#endif
