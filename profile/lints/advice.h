/*
 * Advice: what a profile's verdicts show that its author may not have meant.
 *
 * - a high-risk syscall is allowed, whatever its arguments;
 * - a syscall that the C library tries first and falls back from on ENOSYS is refused with another
 *   errno, which it takes for the answer;
 * - io_uring is allowed beside refused calls that it does as well;
 * - a call that the runtime itself makes under the filter is refused;
 * - programs of an arch that this kernel runs too are killed, because the filter does not know it.
 *
 * Asked of the verdicts, so that what a loader drops is not advised on and a capability counts.
 */
#ifndef SCLOG_PROFILE_LINTS_ADVICE_H
#define SCLOG_PROFILE_LINTS_ADVICE_H

#include "profile/answers/judge.h"

/* The profile's verdicts, and where in it a syscall stands. */
struct advised {
	struct judge *judge;
	const struct filter *filter;
	const struct rules *rules; /* rules->document NULL: no places are known */
	const struct profile_options *options;
	const char *whole; /* the place that stands for all that no rule names */
};

void advise(const struct advised *advised, struct lints *lints);

#endif
