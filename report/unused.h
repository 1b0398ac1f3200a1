/*
 * Unused: the syscalls that a profile lets through and that nobody was seen to use.
 *
 * By name, as a profile has them: a name counts as let through if one of the profiles that judged a
 * group lets it through on one of its arches, be it for some arguments only or to be logged, and as
 * used if it was observed on any arch. Whether that is a conclusion is the diff's to say.
 */
#ifndef SCLOG_REPORT_UNUSED_H
#define SCLOG_REPORT_UNUSED_H

#include "profile/compose/needs.h"
#include "profile/profile.h"

/* Profiles that one diff may be judged by: one for each set of capabilities (report/judges.h). */
#define UNUSED_PROFILES_MAX 64

/* Zeroed is valid and empty. */
struct unused {
	struct unused_profile {
		struct profile *profile; /* borrowed */
		struct needs passes;     /* what it lets through */
	} all[UNUSED_PROFILES_MAX];
	size_t count;
};

void unused_release(struct unused *unused);

/* The profile's bit for a group's set; 0 where there are more profiles than bits. */
uint64_t unused_bit(struct unused *unused, struct profile *profile);

/* Asks every profile what it lets through. No profile is added after this. */
void unused_ask(struct unused *unused);

/*
 * What the profiles of that set let through and is not among the needs that were observed: sorted,
 * each once. The names are `unused`'s; *ret_names is the caller's to free.
 */
size_t unused_names(const struct unused *unused, uint64_t set, const struct needs *used,
		    const char ***ret_names);

#endif
