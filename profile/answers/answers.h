/*
 * What a filter answers: one diagram for each arch, read when it is first asked for.
 *
 * All questions to a filter are questions to its diagrams: what a number gets, for which
 * arguments, what two filters have in common (both read into the same regions). A stack's diagram
 * is made of those of its filters by the kernel's rule of the strictest action.
 *
 * A diagram that cannot be had within the limits of profile/answers/region.h is DIAGRAM_UNKNOWN,
 * and so is everything made of it. Every caller has to have an answer to that.
 */
#ifndef SCLOG_PROFILE_ANSWERS_ANSWERS_H
#define SCLOG_PROFILE_ANSWERS_ANSWERS_H

#include "profile/answers/reading.h"

/* No AUDIT_ARCH_*, and no number that a program is likely to compare with. */
#define ANSWERS_NO_ARCH 0x5ec0ffeeU

struct answers {
	struct regions *regions;     /* borrowed */
	const struct filter *filter; /* borrowed; NULL: none, which allows */
	/* Of each arch, or of all arches together; of an arch that is not known, of each number
	 * that was asked for. */
	struct answers_read {
		struct reading_calls calls;
		diagram answer;
	} * read;
	size_t count;
};

void answers_init(struct answers *answers, struct regions *regions, const struct filter *filter);
void answers_release(struct answers *answers);

/* The answer to any call on that AUDIT_ARCH_*; diagram_at() with arch 0 is that to one number. */
diagram answers_arch(struct answers *answers, uint32_t audit_arch);

/* The answer to one number: it may be known though that of the whole arch is not. */
diagram answers_call(struct answers *answers, uint32_t audit_arch, uint32_t nr);

/*
 * The answer to any call on any arch. Registers are taken to have 64 bits on all of them, which is
 * more than can happen.
 */
diagram answers_any_arch(struct answers *answers);

/* The calls of arches that the filter does not list, x32 beside x86_64 included: a region of
 * answers_any_arch(). There must be a filter. */
region answers_other_arches(struct answers *answers);

/* The calls for which so many comparisons of a rule hold: all of them, or any where two are of the
 * same argument (profile/filter/filter.h). */
region region_of_args(struct regions *regions, const struct document_arg *args, size_t count,
		      bool any_of);

/* diagram_map() and diagram_join() with the limits heeded: DIAGRAM_UNKNOWN for unknown ones. */
diagram answers_map(struct regions *regions, diagram a, diagram_change *change,
		    const void *context);
diagram answers_join(struct regions *regions, diagram a, diagram b, diagram_fold *fold,
		     const void *context);

#endif
