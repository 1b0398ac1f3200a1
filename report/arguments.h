/*
 * Arguments as people know them: AF_VSOCK for the 0x28 of a condition on socket's first argument.
 *
 * Conditions (profile/answers/condition.h) have numbers, and so has JSON. For people the numbers of
 * fields that everybody knows by name are replaced. The names and their values are those of the
 * kernel's headers (report/argument_names.c). None of them differs between architectures.
 */
#ifndef SCLOG_REPORT_ARGUMENTS_H
#define SCLOG_REPORT_ARGUMENTS_H

#include "base/buf.h"
#include "profile/answers/verdict.h"

struct argument_name {
	const char *name;
	uint32_t value;
};

/* One argument of one system call. */
struct argument_field {
	const char *syscall;
	unsigned argument;
	const struct argument_name *all;
	size_t count;
	bool flags;    /* bits that are joined by OR; else the values are a list */
	uint32_t unit; /* of flags: bits that are one number, as the low byte of personality(2)'s */
};

extern const struct argument_field argument_fields[];
extern const size_t argument_field_count;

/*
 * Appends a condition on the arguments of a system call, safe for a terminal, with names: "ALLOW when
 * arg0 is neither AF_ALG nor AF_VSOCK". What has no name stays as it is, as do the ends of ranges.
 */
void arguments_put(struct buf *buf, const char *syscall, const char *condition);

/*
 * Appends the conditions of a verdict on that call, in words: "allowed when arg0 is AF_UNIX; otherwise
 * refused with EPERM"; nothing if it has none.
 */
void arguments_put_conditions(struct buf *buf, uint32_t arch, int32_t nr,
			      const struct verdict *verdict);

#endif
