/*
 * A partition: which of many sets of calls share a profile, so that there are few profiles.
 *
 * Each set is in one part, and gets the union of all sets of its part. The excess of a set is the
 * part of that union that is not in the set. The least total excess is hard to find (with two
 * profiles it already is a clustering problem). So sets are joined greedily, always the two parts
 * whose union costs least, and then each set is moved as long as that helps. The bound is a number
 * below which no choice of parts can get:
 *
 * - Of any count + 1 different sets, two are in one part, and together these two pay at least their
 *   symmetric difference. Disjoint groups of count + 1 sets add up.
 * - In each part, every set but the largest pays at least what some larger set has beyond it. At
 *   most `count` sets are the largest of their part.
 */
#ifndef SCLOG_PROFILE_COMPOSE_PARTITION_H
#define SCLOG_PROFILE_COMPOSE_PARTITION_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Calls are numbered from 0 by the caller. */
#define PARTITION_CALLS_MAX 1024
#define PARTITION_WORDS     (PARTITION_CALLS_MAX / 64)

struct partition_set {
	uint64_t bits[PARTITION_WORDS];
	size_t weight; /* how many need just this */
	size_t part;   /* out: from 0, by the first set that is in it */
};

/* Different sets at most; the time grows with their square. */
#define PARTITION_SETS_MAX 4096

struct partition {
	size_t part_count;
	uint64_t excess; /* of all, each set as often as its weight */
	uint64_t bound;  /* no partition into as many parts has less */
};

void partition_add(struct partition_set *set, size_t call);
size_t partition_size(const uint64_t bits[PARTITION_WORDS]);

/* Puts each of the sets, which all differ, into one of at most `count` parts. -E2BIG if there are
 * too many. */
int partition_find(struct partition_set *sets, size_t set_count, size_t count,
		   struct partition *ret_partition, struct err *err);

#endif
