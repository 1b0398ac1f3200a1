/*
 * Misbuilt: conditions that libseccomp makes something else of than they say.
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
#ifndef SCLOG_PROFILE_LINTS_MISBUILT_H
#define SCLOG_PROFILE_LINTS_MISBUILT_H

#include "profile/answers/judge.h"

/* Adds a warning for each such name, at its first rule. */
void misbuilt_lint(struct judge *judge, struct lints *lints);

#endif
