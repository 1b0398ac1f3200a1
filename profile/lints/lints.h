/*
 * Lints of a whole profile: effects that its author may not have intended.
 */
#ifndef SCLOG_PROFILE_LINTS_LINTS_H
#define SCLOG_PROFILE_LINTS_LINTS_H

#include "profile/answers/judge.h"
#include "profile/document/document.h"

/*
 * Lints by verdicts, so that rules that the loader drops do not count, and capabilities do. `whole`:
 * the place in the profile for syscalls that no rule names.
 *
 * - a high-risk syscall is allowed with any arguments;
 * - a syscall that the C library tries first, with a fallback on ENOSYS, is refused with another errno,
 *   which the library returns as the result;
 * - io_uring is allowed, but syscalls that it can do too are refused;
 * - a syscall that the runtime itself needs under the filter is refused;
 * - programs of an arch that this kernel also runs are killed, because the filter does not have it.
 */
void advise(struct judge *judge, const char *whole, struct lints *lints);

/*
 * Warns of conditions that libseccomp builds incorrectly: once for each name, at its first rule.
 *
 * libseccomp 2.5.4 keeps the 32-bit halves of the comparisons for one syscall in a tree. If several
 * of them test the same argument, it joins equal halves although what follows them differs. The
 * verdicts come from the filter as it is built, but its author should know. So the rules for a name,
 * as the runtime spec defines them (config-linux.md, seccomp), are compared with the filter, for all
 * arguments on the host's own arch. Nothing is guessed from the form of the rules: a version that
 * builds them correctly gets no lint.
 *
 * The order of overlapping conditions with different actions is undefined, so only arguments for which
 * all matching rules agree are compared. 32-bit arches are left out: they see half of each argument.
 */
void misbuilt_lint(struct judge *judge, struct lints *lints);

/*
 * Names without effect: of no syscall, or of one newer than the libseccomp that builds the filter. Names
 * in rules that the loader drops are included.
 */
void names_lint(const struct document *document, const struct profile_options *options,
		struct lints *lints);

#endif
