/*
 * A survey: what a filter that comes without a document knows.
 *
 * A live filter or a dump is a program and nothing else. Which arches it is for, what it does
 * with a number that nobody named, and whether runc put its ENOSYS stub in front, is found in its
 * diagrams (profile/answers/answers.h), over all numbers.
 *
 * - An arch is known unless it gets one refusal for every number, the same as an arch that does
 *   not exist. If none is known so, this machine's own is. Where an arch that does not exist is
 *   let through (systemd without SystemCallArchitectures=) or never looked at, no arch can be told
 *   from it: then those count that this machine runs.
 * - The default is what all numbers get from some point on. If that is ENOSYS on every arch, it
 *   may be a stub's: then the default is what numbers without a name get before that point; if
 *   there are none, the refusal that is the most frequent there.
 * - There is a stub where all numbers from some point on get ENOSYS and the default is another
 *   refusal (runc has no stub beside ALLOW, LOG and TRACE).
 */
#ifndef SCLOG_PROFILE_ANSWERS_SURVEY_H
#define SCLOG_PROFILE_ANSWERS_SURVEY_H

#include "profile/answers/answers.h"

struct survey {
	uint32_t default_action; /* SECCOMP_RET_* with data */
	bool checks_arch;        /* false: it refuses no stranger, and only this machine's count */
	bool has_stub;           /* on some arch */
	bool known; /* false: it computes more than can be worked out, on some of its arches */
};

/*
 * Asks the filter's answers, and fills filter->arches, their `last` (the largest number that is not
 * answered by a stub) and stub_count (1 where there is a stub, for a verdict's origin; how many
 * instructions it has is not known). `host` is the token of the machine the filter is from.
 */
struct survey survey_filter(struct filter *filter, struct answers *answers, uint32_t host);

#endif
