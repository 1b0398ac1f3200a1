#include "profile/defaults/always.h"

/*
 * By the rule in always.h. Left out, each after a look: time and clock_getres, which the vDSO
 * answers under any clock source (kernel: lib/vdso/gettimeofday.c), and getcpu, which asks none;
 * getrandom, rseq, set_robust_list and sigaltstack, which come with every start of a program or a
 * thread, so that any recording has them; clone, clone3 and membarrier, which come with the work;
 * openat, which glibc's malloc calls for /sys/devices/system/cpu/online once there are more than
 * eight arenas (malloc/arena.c), but which opens everything.
 */
static const struct always_call program_calls[] = {
	{"brk", "the heap grows or shrinks, as addresses and timing have it"},
	{"clock_gettime", "the vDSO's way out while the clock source is not one that it can read"},
	{"clock_gettime64", "clock_gettime, on arches of 32 bits"},
	{"exit", "a thread ends"},
	{"exit_group", "the program ends"},
	{"futex", "a lock is taken, or somebody waits for one"},
	{"futex_time64", "futex, on arches of 32 bits"},
	{"getpid", "tgkill takes it: Go's preemption, pthread_kill() and raise()"},
	{"gettid", "tgkill takes it in raise() and abort()"},
	{"gettimeofday", "the vDSO's way out while the clock source is not one that it can read"},
	{"madvise", "allocators and Go's runtime give memory back when they find the time"},
	{"mmap", "threads that allocate at the same time get arenas of their own"},
	{"mmap2", "mmap, on arches of 32 bits"},
	{"mprotect", "an arena grows"},
	{"mremap", "a large block grows; which ones are large depends on what was freed before"},
	{"munmap", "an arena is given back or is cut to its alignment"},
	{"nanosleep", "Go's runtime waits between two looks at its threads"},
	{"restart_syscall", "the kernel goes on with a wait that a stop or a freezer interrupted"},
	{"rt_sigprocmask", "around tgkill in pthread_kill() and abort()"},
	{"rt_sigreturn", "a signal handler returns"},
	{"sched_yield", "a lock is taken: Go's runtime and spinning locks"},
	{"sigreturn", "a signal handler returns, on arches that have the older frame"},
	{"tgkill", "a runtime stops one of its threads by a signal: Go's preemption"},
};

/*
 * Measured: the union of what runc and crun called between loading the filter and the program's
 * start. `make measure-setup` repeats it (tests/live/measure-setup).
 *
 * 1264 starts with runc 1.1.5+ds1 and 1132 with crun 1.8.1, of which Docker 20.10.24 and Podman
 * 4.3.1 made 264 and 132, on Linux 6.18, x86-64, Debian 12; 304074 records, none lost. The union of
 * 380 and 340 starts of another run was the same. Kinds of starts and load: see the script.
 *
 * Most of these are in every start of a kind. By chance, in some starts and not in others of the
 * very same kind, came futex (682 starts) and rt_sigreturn (72), in runc alone. Its filter is
 * loaded without SECCOMP_FILTER_FLAG_TSYNC (runc: libcontainer/seccomp/patchbpf) and holds for
 * one thread: what Go's other threads do by chance, tgkill above all, is not in its way, but their
 * signals interrupt the one that has it.
 *
 * Names of other arches are derived, by this rule: where the kernel gave an arch of 32 bits a newer
 * call for wider ids, offsets, stat or times (fchown32, fcntl64, pselect6_time64 ...), which its C
 * library and Go use in the older one's place, it is beside it.
 *
 * Not in it: hooks of the kind startContainer, which runc and crun run under the filter and which
 * may call anything; a NOTIFY listener's handshake; LSM labels, for which the measuring machine had
 * no LSM (crun and runc write them before the filter; runc's exec under no_new_privs off writes
 * AppArmor's after it, with openat, fstatfs, write and close, which are here).
 */
static const struct always_call setup_calls[] = {
	{"capget", "runc reads its capabilities"},
	{"capset", "capabilities are set, without no_new_privs"},
	{"chdir", "runc enters the working folder"},
	{"close", "pipes to the runtime outside are closed"},
	{"epoll_ctl", "Go's poller is offered each file that runc opens"},
	{"execve", "the program is started"},
	{"faccessat2", "runc looks whether the program may be executed"},
	{"fchown", "standard streams are given to the container's user"},
	{"fchown32", "fchown, on arches of 32 bits"},
	{"fcntl", "runc marks descriptors to be closed at the start"},
	{"fcntl64", "fcntl, on arches of 32 bits"},
	{"fstat", "runc looks at the standard streams and at files it opened"},
	{"fstat64", "fstat, on arches of 32 bits"},
	{"fstatat64", "newfstatat, on arches of 32 bits"},
	{"fstatfs", "runc makes sure that /proc is the kernel's"},
	{"fstatfs64", "fstatfs, on arches of 32 bits"},
	{"futex", "by chance: Go wakes a thread or waits for one"},
	{"futex_time64", "futex, on arches of 32 bits"},
	{"getcwd", "runc makes sure that the working folder is inside the container"},
	{"getdents64", "runc lists /proc/self/fd"},
	{"getpid", "runc tells hooks its process id"},
	{"getppid", "runc looks whether its parent is still there"},
	{"ioctl", "crun exec asks whether a standard stream is a terminal"},
	{"newfstatat", "runc looks for the program along PATH"},
	{"openat", "/proc, /etc/passwd, /etc/group, the fifo that `start` opens"},
	{"prctl", "the bounding set and ambient capabilities, without no_new_privs"},
	{"pselect6", "crun create waits for start"},
	{"pselect6_time64", "pselect6, on arches of 32 bits"},
	{"read", "of the files opened, and crun create's wait for start"},
	{"rt_sigaction", "crun puts signals back to what a program expects"},
	{"rt_sigprocmask", "crun unblocks signals"},
	{"rt_sigreturn", "by chance: Go's runtime interrupted the thread with a signal"},
	{"setgid", "runc sets the container's group"},
	{"setgid32", "setgid, on arches of 32 bits"},
	{"setgroups", "the container's other groups are set"},
	{"setgroups32", "setgroups, on arches of 32 bits"},
	{"setresgid", "crun sets the container's group"},
	{"setresgid32", "setresgid, on arches of 32 bits"},
	{"setresuid", "crun sets the container's user"},
	{"setresuid32", "setresuid, on arches of 32 bits"},
	{"setuid", "runc sets the container's user"},
	{"setuid32", "setuid, on arches of 32 bits"},
	{"sigreturn", "rt_sigreturn, on arches that have the older frame"},
	{"statx", "crun exec looks at what it reads, /proc/self/setgroups"},
	{"umask", "crun exec sets it"},
	{"write", "the runtime outside is told"},
};

#define SET(table)                                      \
	{                                               \
		table, sizeof(table) / sizeof(table[0]) \
	}

static const struct always_set {
	const struct always_call *calls;
	size_t count;
} sets[ALWAYS_COUNT] = {
	[ALWAYS_PROGRAM] = SET(program_calls),
	[ALWAYS_SETUP] = SET(setup_calls),
};

const struct always_call *always_calls(enum always set, size_t *ret_count)
{
	*ret_count = sets[set].count;
	return sets[set].calls;
}
