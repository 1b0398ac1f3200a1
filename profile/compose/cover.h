/*
 * A cover: which of many sets of calls share a profile, so that there are few profiles.
 *
 * At most so many parts; what belongs to one part gets the union of its sets. The excess of a set
 * is what its part's union has beyond it. The least total excess is hard to find (for two profiles
 * it already is one of clustering), so sets are joined greedily, always the two parts whose union
 * costs least, and then each is moved as long as that helps. The bound is a number that no choice
 * of parts can get below:
 *
 * - Of any count + 1 different sets two are in one part, and those two pay at least their symmetric
 *   difference. So do others that have none of those sets.
 * - In each part every set but the largest pays at least what a larger one has beyond it. At most
 *   `count` sets are the largest of their part.
 */
#ifndef SCLOG_PROFILE_COMPOSE_COVER_H
#define SCLOG_PROFILE_COMPOSE_COVER_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Calls are numbered from 0 by the caller. */
#define COVER_CALLS_MAX 1024
#define COVER_WORDS     (COVER_CALLS_MAX / 64)

struct cover_set {
	uint64_t bits[COVER_WORDS];
	size_t weight; /* how many need just this */
	size_t part;   /* out: from 0, by the first set that is in it */
};

/* Different sets at most; the time grows with their square. */
#define COVER_SETS_MAX 4096

struct cover {
	size_t part_count;
	uint64_t excess; /* of all, each set as often as its weight */
	uint64_t bound;  /* no cover with as many parts has less */
};

void cover_add(struct cover_set *set, size_t call);
size_t cover_size(const uint64_t bits[COVER_WORDS]);

/* Puts each of the sets, which all differ, into one of at most `count` parts. -E2BIG if there are
 * too many. */
int cover_find(struct cover_set *sets, size_t set_count, size_t count, struct cover *ret_cover,
	       struct err *err);

#endif
