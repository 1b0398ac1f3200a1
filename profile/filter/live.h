/*
 * Live filters: what a running process is under, asked of the kernel.
 *
 * The process is seized and interrupted (PTRACE_SEIZE, PTRACE_INTERRUPT: no signal is sent, a
 * stopped process stays stopped), its filters are read (PTRACE_SECCOMP_GET_FILTER, Linux 4.4), and
 * it is let go. That takes well under a millisecond, and **it is not invisible**: a blocking call
 * of the process that the kernel does not restart (epoll_wait, nanosleep's kin under some signal
 * set-ups, see signal(7)) returns EINTR. Who calls this says so to the user first.
 *
 * The kernel gives filters only to a tracer with CAP_SYS_ADMIN in the initial user namespace
 * and without a filter of its own, which is why this comes before sclog's own sandbox.
 */
#ifndef SCLOG_PROFILE_FILTER_LIVE_H
#define SCLOG_PROFILE_FILTER_LIVE_H

#include "profile/filter/filter.h"

#include <sys/types.h>

/*
 * The filters of one thread: `pid` is a process, which stands for its main thread, or the id of
 * any thread. A process without a filter gives a stack without parts. In strict mode the stack
 * holds one program that says what strict mode does (kernel/seccomp.c,
 * __secure_computing_strict()): read, write, exit and sigreturn pass, all else is KILL_THREAD, an
 * x32 call too.
 *
 * Threads can have different filters. *ret_threads_differ is set if /proc shows that another
 * thread of the process has another mode or number of them (Seccomp_filters, Linux 5.9); equal
 * numbers do not prove equal filters.
 *
 * -ESRCH (no such process, or it has ended), -EPERM (not ours to trace, or traced already),
 * -EACCES (no CAP_SYS_ADMIN, or a filter of our own), -EOPNOTSUPP (a kernel without
 * CONFIG_CHECKPOINT_RESTORE), -EMEDIUMTYPE (a filter that is not classic BPF), -ETIMEDOUT (the
 * process did not stop: uninterruptible), each with words in err. The process is detached in
 * every case but the last, where the kernel does it when this program ends.
 */
int live_filters_get(pid_t pid, struct filter *ret_stack, bool *ret_threads_differ,
		     struct err *err);

#endif
