/*
 * A stack of filters: what a process really runs under.
 *
 * Every filter that a process or one of its ancestors has installed stays and is run at every
 * syscall, the newest first. The value taken is the one whose action is the strictest, which is
 * the lowest when the action bits are compared as signed numbers; of equal actions the newest
 * filter's, data included (kernel/seccomp.c, seccomp_run_filters()). ALLOW and an action that is
 * stricter by that order but unknown to the kernel (it kills) are no exceptions.
 *
 * filter_stack_combine() makes one program of the stack that returns, for every input, what the
 * kernel would take. So whatever walks a filter walks a stack, and one walk carries the
 * constraints of all of them: nothing is combined afterwards that could not happen together.
 *
 * From a stack to a verdict: filter_stack_combine(), survey_filter() for what a document would
 * say, walk_filter(), and verdict_of() with rules of which only the survey's default_action is
 * filled in, and no names.
 */
#ifndef SCLOG_PROFILE_FILTER_STACK_H
#define SCLOG_PROFILE_FILTER_STACK_H

#include "base/err.h"
#include "profile/filter/filter.h"

/* One installed filter. */
struct stack_filter {
	struct sock_filter *program;
	size_t count;
	bool has_flags; /* the kernel told them (Linux 4.16) */
	bool logs;      /* SECCOMP_FILTER_FLAG_LOG: actions other than ALLOW are logged */
};

/* Zeroed is a valid, empty stack: no filter, everything is allowed. */
struct filter_stack {
	struct stack_filter *all; /* the oldest first, as PTRACE_SECCOMP_GET_FILTER counts */
	size_t count;
	bool strict;         /* mode 1, which has no program: `all` holds one that says the same */
	bool threads_differ; /* other threads of the process have another number of filters */
};

void filter_stack_release(struct filter_stack *stack);

/* Puts a filter on top; takes the program over. It must have passed filter_check(). */
void filter_stack_add(struct filter_stack *stack, struct sock_filter *program, size_t count);

/*
 * What a stack of one filter would be: fills ret_filter's program, count and big_endian; its
 * arches are profile/answers/survey.h's to find. -E2BIG for a stack of so many different values that the
 * program would not fit. filter_release() is due in any case.
 *
 * A filter that computes its return value (RET A) counts in a stack of several with the action it
 * can have, its data taken as zero.
 */
int filter_stack_combine(const struct filter_stack *stack, struct filter *ret_filter,
			 struct err *err);

/* A program that returns ALLOW wherever a and b come to the same for the caller, and
 * KILL_PROCESS where they do not. Errors and release as above. */
int filter_compare(const struct filter *a, const struct filter *b, struct filter *ret_filter,
		   struct err *err);

/*
 * The milder of two values: the one whose action is the higher as a signed number, an action that
 * the kernel does not know counting as KILL_PROCESS; of equal actions a, but ENOSYS before another
 * errno, since programs fall back from that one. Data without effect is zero in it.
 */
uint32_t filter_value_milder(uint32_t a, uint32_t b);

/*
 * A program that returns, for every input, the milder of what a and b return. What passes under
 * either filter passes under the join, and nothing else does. Errors and release as above.
 */
int filter_join(const struct filter *a, const struct filter *b, struct filter *ret_filter,
		struct err *err);

/*
 * The value without what has no effect: the kernel ignores the data of ALLOW, LOG, KILL* and
 * NOTIFY, cuts ERRNO's at 4095, and ends the process for an action that it does not know
 * (__seccomp_filter()).
 */
uint32_t filter_value_effect(uint32_t value);

#endif
