/*
 * A rehearsal: work that may never end is done in a child first, whose CPU time is limited.
 *
 * libseccomp (2.5.4) does not come to an end with some pairs of rules that compare several
 * arguments, nor in any reasonable time with hundreds of rules for one syscall that compare one
 * each, and nothing can stop it from outside but the end of its process.
 */
#ifndef SCLOG_PROFILE_FILTER_REHEARSAL_H
#define SCLOG_PROFILE_FILTER_REHEARSAL_H

#include <stdbool.h>
#include <stddef.h>

/* CPU seconds that a rehearsal may take: runtimes build their filters in milliseconds. */
#define REHEARSAL_SECONDS 1

/* Does the work, and says in *step how far it came. What it changes is the child's. */
typedef void rehearsal_fn(void *context, volatile size_t *step);

/* False if the time ran out, *ret_step being where. Where no child can be had nothing is known, and
 * that is true too. */
bool rehearse(rehearsal_fn *work, void *context, size_t *ret_step);

#endif
