/*
 * Turns the answers of one profile's filter into verdicts, and keeps them.
 */
#ifndef SCLOG_PROFILE_ANSWERS_JUDGE_H
#define SCLOG_PROFILE_ANSWERS_JUDGE_H

#include "profile/answers/answers.h"
#include "profile/answers/verdict.h"

struct judge {
	/* The profile; borrowed. */
	const struct rules *rules;
	const struct filter *filter; /* NULL: no filter, everything is allowed */
	const struct profile_options *options;
	const char *const *names; /* of all rules, sorted */
	size_t name_count;

	struct regions regions;
	struct answers answers;
	struct judge_memo *memo; /* by a hash of (arch, nr) */
	struct judged *all;      /* distinct verdicts */
	size_t count;
};

/* Requires the profile's fields and zeros elsewhere. A zeroed judge can be released. */
void judge_start(struct judge *judge);
void judge_release(struct judge *judge);

/* See profile_judge(). The verdict's pointers live as long as the judge. */
struct verdict judge_ask(struct judge *judge, uint32_t audit_arch, int64_t nr);

#endif
