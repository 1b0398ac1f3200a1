/*
 * The always sets: syscalls that a profile made of a recording lets through whether or not they
 * were recorded, because whether they are called is chance.
 *
 * A recording is a sample. A signal that did not come, a lock that nobody waited for, a thread
 * that the scheduler did not stop: the next run has it and needs a call that this one did not.
 * Under an enforcing profile that run fails, or dies. So two sets are added, each name with its
 * reason:
 *
 * - what any program may need at any moment, by the design of the kernel, of C libraries and of
 *   language runtimes;
 * - what the runtime that sets the container up (runc, crun) may need between loading the filter
 *   and the program's start: the union over some thousand starts under load, as
 *   tests/live/measure-setup counts them.
 *
 * The rule for the first. A call is in it if a program that is unchanged and does the same work
 * may make it in one run and not in another, because of
 *
 * - signals and the end of threads;
 * - the timing of threads: a lock that is taken, a thread that ran too long;
 * - memory: where the kernel put it, and what a thread's allocator found free;
 * - the clock source: the vDSO reads a clock by itself only while the kernel lets it;
 *
 * and if it reaches nothing that the program does not have: it acts on the program's own threads
 * and memory, or reads the clock. (tgkill can name another process; which ones it reaches is for
 * the pid namespace and the user to say.) What a program does by chance of its own making no set
 * can know.
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
