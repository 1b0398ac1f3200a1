/*
 * The judge of one profile: from its filter's answers to verdicts, which are kept.
 */
#ifndef SCLOG_PROFILE_ANSWERS_JUDGE_H
#define SCLOG_PROFILE_ANSWERS_JUDGE_H

#include "profile/answers/answers.h"
#include "profile/answers/verdict.h"

struct judge {
	/* The profile that is judged by; borrowed. */
	const struct rules *rules;
	const struct filter *filter; /* NULL: none, everything is allowed */
	const struct profile_options *options;
	const char *const *names; /* every name that a rule has, sorted */
	size_t name_count;

	struct regions regions;
	struct answers answers;
	struct judge_memo *memo; /* by a hash of (arch, nr) */
	struct judged *all;      /* each differs from all others */
	size_t count;
};

/* Of a judge that knows its profile, and nothing else. A zeroed one may be released as well. */
void judge_start(struct judge *judge);
void judge_release(struct judge *judge);

/* As profile_judge(): what the verdict points to lives as long as the judge. */
struct verdict judge_ask(struct judge *judge, uint32_t audit_arch, int64_t nr);

#endif
