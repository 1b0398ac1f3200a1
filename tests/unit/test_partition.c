/*
 * Partitions: against all ways there are to put a few small sets into parts, tried one by one.
 */
#include "profile/compose/partition.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SETS  7
#define CALLS 10

struct problem {
	unsigned masks[SETS], weights[SETS];
	size_t set_count, count;
};

static uint64_t state = 88172645463325252u;

static unsigned random_below(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % n);
}

static void make_problem(struct problem *problem)
{
	problem->count = 1 + random_below(4);
	problem->set_count = 0;
	for (size_t tries = 0; tries < SETS; tries++) {
		unsigned mask = random_below(1 << CALLS);
		size_t i = 0;

		while (i < problem->set_count && problem->masks[i] != mask)
			i++;
		if (i < problem->set_count)
			continue;
		problem->weights[problem->set_count] = 1 + random_below(3);
		problem->masks[problem->set_count++] = mask;
	}
}

static uint64_t excess_of(const struct problem *problem, const size_t *parts)
{
	unsigned unions[SETS] = {0};
	uint64_t excess = 0;

	for (size_t i = 0; i < problem->set_count; i++)
		unions[parts[i]] |= problem->masks[i];
	for (size_t i = 0; i < problem->set_count; i++)
		for (unsigned bit = 0; bit < CALLS; bit++)
			if ((unions[parts[i]] & ~problem->masks[i]) >> bit & 1)
				excess += problem->weights[i];
	return excess;
}

/* The least of all assignments of sets to parts: count in base `count`. */
static uint64_t least_of(const struct problem *problem)
{
	size_t parts[SETS] = {0}, i;
	uint64_t least = UINT64_MAX;

	do {
		uint64_t excess = excess_of(problem, parts);

		least = excess < least ? excess : least;
		for (i = 0; i < problem->set_count && ++parts[i] == problem->count; i++)
			parts[i] = 0;
	} while (i < problem->set_count);
	return least;
}

/* Calls are spread over the words of a set. */
static struct partition find(const struct problem *problem, size_t *parts)
{
	struct partition_set sets[SETS];
	struct partition partition;
	struct err err = ERR_INIT;

	memset(sets, 0, sizeof(sets));
	for (size_t i = 0; i < problem->set_count; i++) {
		sets[i].weight = problem->weights[i];
		for (unsigned bit = 0; bit < CALLS; bit++)
			if (problem->masks[i] >> bit & 1)
				partition_add(&sets[i], bit * 101);
	}
	assert_int_equal(partition_find(sets, problem->set_count, problem->count, &partition, &err),
			 0);
	for (size_t i = 0; i < problem->set_count; i++)
		parts[i] = sets[i].part;
	return partition;
}

static void test_against_all_ways(void **unused)
{
	unsigned least_found = 0, problems = 3000;

	(void)unused;
	for (unsigned n = 0; n < problems; n++) {
		struct problem problem;
		size_t parts[SETS];

		make_problem(&problem);
		struct partition partition = find(&problem, parts);
		uint64_t least = least_of(&problem);

		assert_in_range(partition.part_count, 1, problem.count);
		for (size_t i = 0; i < problem.set_count; i++)
			assert_true(parts[i] < partition.part_count);
		assert_int_equal(partition.excess, excess_of(&problem, parts));
		assert_true(partition.bound <= least);
		assert_true(partition.excess >= least);
		least_found += partition.excess == least;
		if (problem.set_count <= problem.count)
			assert_int_equal(partition.excess, 0);
	}
	print_message("# the least excess was found in %u of %u\n", least_found, problems);
	assert_true(least_found > problems * 8 / 10);
}

/* Two kinds of three sets each: what belongs together is plain. */
static void test_plain(void **unused)
{
	const struct problem problem = {
		.masks = {0x003, 0x007, 0x300, 0x00b, 0x380, 0x340},
		.weights = {1, 1, 1, 5, 1, 1},
		.set_count = 6,
		.count = 2,
	};
	const size_t want[] = {0, 0, 1, 0, 1, 1};
	size_t parts[SETS];
	struct partition partition = find(&problem, parts);

	(void)unused;
	assert_memory_equal(parts, want, sizeof(want));
	/* 2 + 1 + 5 * 1 of the first kind, 2 + 1 + 1 of the second */
	assert_int_equal(partition.excess, 12);
	assert_true(partition.bound > 0);
}

static void test_too_many(void **unused)
{
	struct partition_set *sets = calloc(PARTITION_SETS_MAX + 1, sizeof(*sets));
	struct partition partition;
	struct err err = ERR_INIT;

	(void)unused;
	assert_non_null(sets);
	assert_int_equal(partition_find(sets, PARTITION_SETS_MAX + 1, 2, &partition, &err), -E2BIG);
	free(sets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_all_ways),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
