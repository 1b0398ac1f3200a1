/*
 * What /proc says of a process, below a --proc-root (proc(5)).
 *
 * Each call opens, reads and closes one file: a process may end between two of them, and its pid
 * may be another process's then. Whoever needs two files of the same process reads the stat last
 * and compares the start. Nothing here allocates but procfs_each().
 */
#ifndef SCLOG_CORRELATE_PROCFS_H
#define SCLOG_CORRELATE_PROCFS_H

#include "base/err.h"
#include "base/str.h"
#include "correlate/host_files.h"

#include <stdint.h>
#include <sys/types.h>

struct procfs {
	int fd; /* of the directory; closed by procfs_close() */
	/* Who does what takes rights; NULL: this process. Set after procfs_open(). */
	host_ask_fn *ask;
	void *context;
	bool hidden; /* mounted with hidepid=: takes rights for all */
};

/* root: NULL for /proc. A directory that holds no processes is an error. */
int procfs_open(struct procfs *procfs, const char *root, struct err *err);
void procfs_close(struct procfs *procfs);

/* /proc/PID/cgroup has one line per hierarchy; a path may be 4 KiB. A command line is cut here:
 * the runtimes put the container's id last, but none is nearly as long. */
#define PROCFS_TEXT_MAX 16384

/* Reads "cgroup" or "cmdline" of the process into buffer, which is left without a NUL at its end.
 * Returns its length, cut at size, or -errno (-ENOENT and -ESRCH: it is gone). A kernel thread's
 * and a zombie's command line has no byte. */
ssize_t procfs_read(const struct procfs *procfs, uint32_t pid, const char *name, char *buffer,
		    size_t size);

struct procfs_stat {
	char state;       /* 'Z' and 'X': what its cgroup reads means nothing */
	uint32_t parent;  /* pid, as the proc mount numbers it; 0: none that it shows */
	int64_t start_ns; /* CLOCK_BOOTTIME, cut to a tick of USER_HZ (10 ms): never too late */
};

/* Returns 0, or -errno; -EBADMSG for a text that is none of the kernel's. */
int procfs_stat(const struct procfs *procfs, uint32_t pid, struct procfs_stat *ret_stat);

/* The user that a process's command line speaks for: its real uid, else its effective one. A process
 * that a set-uid program made root's in part is its caller's. Returns 0 or -errno. */
int procfs_uid(const struct procfs *procfs, uint32_t pid, uint32_t *ret_uid);

/* Is it under a seccomp filter, as far as that can be told? */
bool procfs_is_filtered(const struct procfs *procfs, uint32_t pid);

/* Is its program a set-uid or set-gid one, or can that not be told? uid: the process's user. */
bool procfs_is_setuid(const struct procfs *procfs, uint32_t pid, uint32_t uid);

/*
 * How long the machine has been suspended since boot: CLOCK_BOOTTIME - CLOCK_MONOTONIC. A start
 * less this is on the process table's clock (correlate/process.h); it is too early, never too
 * late, where a suspension came after the start.
 */
int64_t procfs_suspended_ns(void);

/* Calls each for every process (thread group leader) until one returns other than 0; that is
 * returned then. */
typedef int procfs_pid_fn(void *context, uint32_t pid);
int procfs_each(const struct procfs *procfs, procfs_pid_fn *each, void *context, struct err *err);

#endif
