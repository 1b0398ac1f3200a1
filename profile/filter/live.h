/*
 * Live filters: those that a running process is under, read from the kernel.
 *
 * The process is seized and interrupted (PTRACE_SEIZE, PTRACE_INTERRUPT: no signal is sent, a
 * stopped process stays stopped), its filters are read (PTRACE_SECCOMP_GET_FILTER, Linux 4.4), and
 * it is released. This takes well under a millisecond, but **the process can notice**: a blocking
 * call that the kernel does not restart (epoll_wait and others, see signal(7)) returns EINTR.
 * Callers must warn the user first.
 *
 * The kernel shows filters only to a tracer with CAP_SYS_ADMIN in the initial user namespace and
 * without a filter of its own, so this must happen before sclog enters its sandbox.
 */
#ifndef SCLOG_PROFILE_FILTER_LIVE_H
#define SCLOG_PROFILE_FILTER_LIVE_H

#include "profile/filter/filter.h"

#include <sys/types.h>

/*
 * Reads the filters of one thread: `pid` is a thread's id, or that of a process, for its main
 * thread. Without a filter the stack has no parts. In strict mode it has one program that does what
 * strict mode does (kernel/seccomp.c, __secure_computing_strict()): read, write, exit and sigreturn
 * pass; everything else, x32 calls included, is KILL_THREAD.
 *
 * Threads can have different filters. *ret_threads_differ is set if another thread of the process
 * has another seccomp mode or number of filters (/proc, Seccomp_filters, Linux 5.9). Equal numbers
 * do not prove equal filters.
 *
 * Errors: -ESRCH (no such process, or it ended), -EPERM (may not be traced, or is traced already),
 * -EACCES (no CAP_SYS_ADMIN, or this program has a filter), -EOPNOTSUPP (a kernel without
 * CONFIG_CHECKPOINT_RESTORE), -EMEDIUMTYPE (a filter that is not classic BPF), -ETIMEDOUT (the
 * process did not stop: uninterruptible). After -ETIMEDOUT the process stays attached until this
 * program ends; in all other cases it is detached.
 */
int live_filters_get(pid_t pid, struct filter *ret_stack, bool *ret_threads_differ,
		     struct err *err);

#endif
