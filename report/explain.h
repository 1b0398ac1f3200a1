/*
 * Explain: what a profile does with a syscall, and which part of it decides.
 *
 * Written as a table for people, as the JSON that sclog-explain(1) promises, or as CSV. Lists of
 * what is blocked, lint alone, and the comparison of two profiles are other views of the same.
 */
#ifndef SCLOG_REPORT_EXPLAIN_H
#define SCLOG_REPORT_EXPLAIN_H

#include "profile/profile.h"
#include "report/format.h"

/* One syscall that is asked about. */
struct explain_call {
	struct profile *profile; /* who answers; borrowed */
	uint32_t arch;           /* AUDIT_ARCH_* */
	int64_t nr;              /* as a record would have it: x32 by bit 30, -1 possible */
	int64_t last;            /* of a comparison: the numbers up to this one get the same */
};

struct explain_calls {
	struct explain_call *all; /* owned */
	size_t count;
};

void explain_calls_add(struct explain_calls *calls, const struct explain_call *call);
void explain_calls_release(struct explain_calls *calls);

struct explain_writing {
	struct profile *profile; /* whose source, lint and default are shown */
	const struct explain_calls *calls;
	enum format format;
	bool colour;
	size_t columns; /* of the terminal, for text; 0: no limit */
};

/* All of these return 0 or the negative errno of a write that failed. */

/* Every call with its verdict. */
int explain_write(const struct explain_writing *writing, FILE *out);

/*
 * The names of calls that are refused, whatever the arguments; those that depend on arguments
 * apart. Text is the list that container inspection tools print, a line for each arch.
 */
int explain_write_blocked(const struct explain_writing *writing, FILE *out);

/* What loading had to say, and nothing else. */
int explain_write_lint(const struct explain_writing *writing, FILE *out);

/* How two profiles stand to each other: what one lets through, all arguments considered. */
enum explain_relation {
	EXPLAIN_EQUAL,    /* no difference at all */
	EXPLAIN_SAME,     /* the same is let through; answers to the rest differ */
	EXPLAIN_SUBSET,   /* the first lets nothing through that the second does not */
	EXPLAIN_SUPERSET, /* the second lets nothing through that the first does not */
	EXPLAIN_OVERLAP,  /* each lets something through that the other does not */
	EXPLAIN_UNKNOWN,  /* a filter computes more than can be worked out */
};

/*
 * Compares writing->profile with another, call by call. calls: all numbers, sorted by arch and
 * number; their `profile` does not matter. Numbers without a name that get the same
 * answers stand in one row.
 */
int explain_write_comparison(const struct explain_writing *writing, struct profile *other,
			     FILE *out, enum explain_relation *ret_relation);

#endif
