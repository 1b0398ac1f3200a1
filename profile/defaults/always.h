/*
 * The always sets: syscalls that a profile made from a recording allows even if they were not
 * recorded, because it depends on chance whether they are called.
 *
 * A recording is a sample. In the next run a signal arrives, a thread waits for a lock, or the scheduler
 * stops a thread, and the program needs a syscall that was not recorded. Under an enforcing profile that
 * run fails or dies. So two sets are added, each name with its reason:
 *
 * - syscalls that any program may need at any moment, by the design of the kernel, of C libraries and
 *   of language runtimes;
 * - syscalls that the runtime that sets up the container (runc, crun) may need between loading the filter
 *   and the program's start: the union over some thousand starts under load, as counted by
 *   tests/live/measure-setup.
 *
 * A syscall is in the first set if an unchanged program doing the same work may call it in one run and
 * not in another, because of
 *
 * - signals and the end of threads;
 * - the timing of threads: a lock that is taken, a thread that ran too long;
 * - memory: where the kernel put it, and how much a thread's allocator had free;
 * - the clock source: the vDSO reads a clock by itself only while the kernel allows it;
 *
 * and if it gives no access to anything new: it acts on the program's own threads and memory, or reads
 * the clock. (tgkill can name another process; the pid namespace and the user limit which ones it
 * reaches.) A program's own random behaviour is in no set.
 */
#ifndef SCLOG_PROFILE_DEFAULTS_ALWAYS_H
#define SCLOG_PROFILE_DEFAULTS_ALWAYS_H

#include <stddef.h>

enum always {
	ALWAYS_PROGRAM,
	ALWAYS_SETUP,
	ALWAYS_COUNT,
};

struct always_call {
	const char *name; /* libseccomp's; not every arch has it */
	const char *why;  /* a phrase, which the manual lists */
};

/* The set, sorted by name. */
const struct always_call *always_calls(enum always set, size_t *ret_count);

#endif
