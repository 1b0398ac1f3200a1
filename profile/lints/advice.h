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

/* `whole`: the place in the profile that stands for all that no rule names. */
void advise(struct judge *judge, const char *whole, struct lints *lints);

#endif
