/*
 * From a walk to a verdict: which kind, which part of the profile decided, in which words.
 */
#ifndef SCLOG_PROFILE_ANSWERS_JUDGE_H
#define SCLOG_PROFILE_ANSWERS_JUDGE_H

#include "profile/answers/verdict.h"
#include "profile/filter/filter.h"

/* What judging needs of a profile. */
struct judge {
	const struct rules *rules;
	const struct filter *filter;
	const char *const *names; /* every name that a rule has, sorted */
	size_t name_count;
};

/*
 * The verdict for one walk. verdict->reachable and verdict->conditions, and each condition, are
 * heap memory that is the caller's to free.
 */
struct verdict verdict_of(const struct judge *judge, const struct walk *walk, uint32_t audit_arch,
			  int64_t nr);

/* What a verdict is where there is no filter: allowed, by default. */
struct verdict verdict_unfiltered(void);

#endif
