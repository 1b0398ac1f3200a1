/*
 * Lints of a whole profile: what its author may not have intended.
 */
#ifndef SCLOG_PROFILE_LINTS_LINTS_H
#define SCLOG_PROFILE_LINTS_LINTS_H

#include "profile/answers/judge.h"
#include "profile/document/document.h"

/*
 * Advice: what the verdicts show, so that what a loader drops is not advised on and a capability
 * counts. `whole`: the place in the profile that stands for all that no rule names.
 *
 * - a high-risk syscall is allowed, whatever its arguments;
 * - a syscall that the C library tries first and falls back from on ENOSYS is refused with another
 *   errno, which it takes for the answer;
 * - io_uring is allowed beside refused calls that it does as well;
 * - a call that the runtime itself makes under the filter is refused;
 * - programs of an arch that this kernel runs too are killed, because the filter does not know it.
 */
void advise(struct judge *judge, const char *whole, struct lints *lints);

/*
 * Conditions that libseccomp makes something else of than they say: a warning for each such name,
 * at its first rule.
 *
 * libseccomp 2.5.4 keeps the 32-bit halves of the comparisons for one syscall in a tree, and where
 * several of them test the same argument, halves that look alike are joined though what follows
 * differs. The filter is what counts, and what verdicts are made of; but its author should know. So
 * the rules for a name are read as the runtime spec has them (config-linux.md, seccomp) and set
 * against what the filter does, over all arguments of the host's own arch. Nothing is guessed from
 * the rules' shape: a version that builds them right gets no lint.
 *
 * Where conditions with different actions overlap no order is promised, so that only what all rules
 * that hold agree on is compared. Arches of 32 bits are left out: they see half of each argument.
 */
void misbuilt_lint(struct judge *judge, struct lints *lints);

/*
 * Names without effect: of no syscall, or of one that is newer than the libseccomp which builds the
 * filter. Those of rules that the loader drops count too: a typo is a typo.
 */
void names_lint(const struct document *document, const struct profile_options *options,
		struct lints *lints);

#endif
