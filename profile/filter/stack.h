/*
 * A stack of filters: what a process really runs under.
 *
 * Every filter that a process or one of its ancestors has installed stays and is run at every
 * syscall, the newest first. The value taken is the one whose action is the strictest, which is
 * the lowest when the action bits are compared as signed numbers; of equal actions the newest
 * filter's, data included (kernel/seccomp.c, seccomp_run_filters()). ALLOW and an action that is
 * stricter by that order but unknown to the kernel (it kills) are no exceptions.
 *
 * filter_stack_combine() makes one filter of them, whose parts they are; what they answer together
 * is worked out by profile/answers/answers.h.
 */
#ifndef SCLOG_PROFILE_FILTER_STACK_H
#define SCLOG_PROFILE_FILTER_STACK_H

#include "base/err.h"
#include "profile/filter/filter.h"
#include "profile/filter/value.h"

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

/* The stack as one filter, of this machine's byte order; its arches are profile/answers/survey.h's
 * to find. filter_release() is due. */
struct filter filter_stack_combine(const struct filter_stack *stack);

/*
 * Makes the filter one that answers with the milder of what it and the other answer. What passes
 * under either passes under the join, and nothing else does. The other is copied.
 */
void filter_join(struct filter *joint, const struct filter *other);

struct filter filter_copy(const struct filter *filter);

/* Whether they are the same, instruction by instruction: then they answer the same. */
bool filter_same(const struct filter *a, const struct filter *b);

#endif
