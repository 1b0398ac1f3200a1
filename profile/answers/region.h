/*
 * Regions: sets of the six 64-bit arguments of a syscall, exact and canonical.
 *
 * A region is a reduced ordered binary decision diagram over the arguments' 384 bits, arg0's
 * highest bit first. Two regions are equal if and only if they have the same number, so that
 * "does this rule say what the filter does" is a comparison. A comparison of one argument takes
 * 64 nodes at most.
 *
 * region_map() reads a filter into regions: for every value that it returns, the arguments for
 * which it does. Unlike a walk it goes over each instruction once, joining ways that meet, and it
 * knows no computation but masks.
 */
#ifndef SCLOG_PROFILE_ANSWERS_REGION_H
#define SCLOG_PROFILE_ANSWERS_REGION_H

#include "profile/answers/walk.h"

typedef uint32_t region;

#define REGION_NONE 0U
#define REGION_ALL  1U

#define REGION_ARGUMENTS 6

struct regions {
	struct region_node *nodes;
	size_t count, size;
	uint32_t *index; /* hash of a node -> where it is */
	size_t index_size;
	struct region_memo *memo; /* of operations; entries are overwritten */
	bool full; /* the cap on nodes was met: whatever came after is not to be used */
};

void regions_init(struct regions *regions);
void regions_release(struct regions *regions);
/* Forgets all regions, keeps the memory. */
void regions_clear(struct regions *regions);

region region_and(struct regions *regions, region a, region b);
region region_or(struct regions *regions, region a, region b);
region region_not(struct regions *regions, region a);
bool region_within(struct regions *regions, region a, region b);

/* One half (32 bits) of an argument under a mask, compared with a constant. */
region region_half(struct regions *regions, unsigned argument, bool high, uint32_t mask,
		   enum compare_op op, uint32_t k);
/* A whole argument under a mask, compared with a constant. */
region region_argument(struct regions *regions, unsigned argument, uint64_t mask,
		       enum compare_op op, uint64_t k);

/* The argument that the region tests first, or REGION_ARGUMENTS when it tests none. */
unsigned region_first(const struct regions *regions, region a);

/*
 * What the region says of its first argument: for the values in `values[i]` (a region over that
 * argument alone, disjoint from the others) it goes on as `rests[i]`. Returns how many, and
 * nothing for rests that are REGION_NONE.
 */
size_t region_split(struct regions *regions, region a, region **ret_values, region **ret_rests);

/* Bits of the first argument: all of a way's to REGION_ALL. */
struct region_cube {
	uint64_t mask, bits;
};

/*
 * The ways of a region over one argument to REGION_ALL, highest bits first, disjoint. Returns
 * SIZE_MAX when there are more than max.
 */
size_t region_cubes(const struct regions *regions, region a, struct region_cube *cubes, size_t max);

/* The arguments for which a filter returns one value. */
struct region_outcome {
	uint32_t value;
	region region;
};

enum region_trouble {
	REGION_FINE,
	REGION_COMPUTES, /* the filter tests something computed from arguments, or returns it */
	REGION_POINTER,  /* it tests the instruction pointer */
	REGION_TOO_MUCH, /* a cap was met */
};

#define REGION_OUTCOMES 64

struct region_map {
	enum region_trouble trouble;
	struct region_outcome all[REGION_OUTCOMES]; /* in the program's order */
	size_t count;
};

/* Adds to regions. The program must have passed filter_check() but may be longer. */
void region_map(struct regions *regions, const struct sock_filter *program, size_t count,
		const struct question *question, struct region_map *ret_map);

#endif
