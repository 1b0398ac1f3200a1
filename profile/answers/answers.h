/*
 * A filter's answers: one diagram for each arch, computed on first use.
 *
 * Every question about a filter is a question to its diagrams: what a number gets, for which
 * arguments, how two filters differ (both read into the same regions). A stack's diagram combines
 * those of its filters by the kernel's rule: the strictest action wins.
 *
 * If a diagram exceeds the limits of profile/answers/region.h it is DIAGRAM_UNKNOWN, and so is
 * everything derived from it. Every caller must handle that.
 */
#ifndef SCLOG_PROFILE_ANSWERS_ANSWERS_H
#define SCLOG_PROFILE_ANSWERS_ANSWERS_H

#include "profile/answers/reading.h"

/* Not an AUDIT_ARCH_*, and no constant that a program is likely to compare with. */
#define ANSWERS_NO_ARCH 0x5ec0ffeeU

struct answers {
	struct regions *regions;     /* borrowed */
	const struct filter *filter; /* borrowed; NULL: no filter, everything is allowed */
	/* For each arch, and for all arches together. If an arch is DIAGRAM_UNKNOWN, also for each
	 * number that was asked for. */
	struct answers_read {
		struct reading_calls calls;
		diagram answer;
	} * read;
	size_t count;
};

void answers_init(struct answers *answers, struct regions *regions, const struct filter *filter);
void answers_release(struct answers *answers);

/* The answer for one AUDIT_ARCH_*. diagram_at() with arch 0 narrows it to one number. */
diagram answers_arch(struct answers *answers, uint32_t audit_arch);

/* The answer for one number. It can be known even if that of the whole arch is not. */
diagram answers_call(struct answers *answers, uint32_t audit_arch, uint32_t nr);

/*
 * The answer for all arches. It assumes 64-bit registers on each of them, which covers more calls
 * than are possible on 32-bit ones.
 */
diagram answers_any_arch(struct answers *answers);

/* The calls of all arches that the filter does not list, and of x32 if only x86_64 is listed: a
 * region to use with answers_any_arch(). Requires a filter. */
region answers_other_arches(struct answers *answers);

/* The calls for which all comparisons of a rule hold. */
region region_of_args(struct regions *regions, const struct document_arg *args, size_t count);

/* diagram_map() and diagram_join() for diagrams that may be DIAGRAM_UNKNOWN, and may become so. */
diagram answers_map(struct regions *regions, diagram a, diagram_change *change,
		    const void *context);
diagram answers_join(struct regions *regions, diagram a, diagram b, diagram_fold *fold,
		     const void *context);

#endif
