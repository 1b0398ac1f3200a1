/*
 * Syscalls on a command line: names, patterns, numbers and ranges, on some arches.
 */
#ifndef SCLOG_CLI_SYSCALLS_H
#define SCLOG_CLI_SYSCALLS_H

#include "base/buf.h"
#include "base/err.h"
#include "report/explain.h"

/* libseccomp knows fewer. */
#define ARCHES_MAX 32

/* Calls that one command line may ask about. */
#define SYSCALLS_MAX (1U << 20)

/* SCMP_ARCH_* tokens, each once. */
struct arches {
	uint32_t all[ARCHES_MAX];
	size_t count;
};

void arches_add(struct arches *arches, uint32_t token);

/* Adds those that the profile's filter knows; this machine's where it knows all alike. */
void arches_of_profile(struct arches *arches, struct profile *profile);

struct syscalls {
	const struct arches *arches;
	struct profile *profiles[ARCHES_MAX]; /* who answers for each arch */
	struct explain_calls *calls;          /* where they go; borrowed */
};

/*
 * Adds what an operand says: "chroot", "*at", "161", "0x3b", "0-600", "-1". Numbers are asked on
 * every arch, x32's bit added; a number that has that bit on x86_64 and x32 alone. -EINVAL for a
 * name that none of the arches has, with the nearest that there is.
 */
int syscalls_add(struct syscalls *syscalls, const char *operand, struct err *err);

/* Adds every number that libseccomp can name, and what rules name beside that. */
void syscalls_add_named(struct syscalls *syscalls);

/* Adds every number that is worth comparing, by arch and number. */
void syscalls_add_compared(struct syscalls *syscalls, struct profile *first,
			   struct profile *second);

/* Appends the names of the arches, for --help. */
void syscalls_help(struct buf *buf);

#endif
