/*
 * A survey: the arches, default action and stub of a filter without a document.
 *
 * A live filter or a dump is only a program. The survey derives from its diagrams
 * (profile/answers/answers.h), over all numbers, which arches it is for, what unnamed numbers get,
 * and whether it begins with runc's ENOSYS stub.
 *
 * - The filter knows an arch unless every number gets the same refusal as on an arch that does not
 *   exist. If that leaves none, it is this machine's own. If a nonexistent arch is allowed (systemd
 *   without SystemCallArchitectures=) or the arch is never tested, the arches of this machine count.
 * - The default is what all numbers from some point on get. If that is ENOSYS on every arch, it may
 *   be a stub: then the default is what unnamed numbers below that point get, or, if there are none,
 *   the most frequent refusal there.
 * - There is a stub if all numbers from some point on get ENOSYS and the default is a different
 *   refusal (runc adds no stub to ALLOW, LOG or TRACE).
 */
#ifndef SCLOG_PROFILE_ANSWERS_SURVEY_H
#define SCLOG_PROFILE_ANSWERS_SURVEY_H

#include "profile/answers/answers.h"

struct survey {
	uint32_t default_action; /* SECCOMP_RET_* with data */
	bool checks_arch; /* false: other arches are not refused, only this machine's count */
	bool has_stub;    /* on some arch */
	bool known;       /* false: too complex to evaluate on some of its arches */
};

/*
 * Fills filter->arches, their `last` (the largest number that the stub does not answer) and
 * stub_count (1 if there is a stub; its real length is unknown). `host` is the token of the machine
 * the filter comes from.
 */
struct survey survey_filter(struct filter *filter, struct answers *answers, uint32_t host);

#endif
