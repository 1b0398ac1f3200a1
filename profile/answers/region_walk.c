#include "profile/answers/region.h"

#include "base/mem.h"

#include <stdlib.h>

bool diagram_is_value(const struct regions *regions, diagram a, uint32_t *ret_value)
{
	*ret_value = regions->nodes[a].zero;
	return regions->nodes[a].variable == DIAGRAM_LEAF;
}

diagram diagram_at(const struct regions *regions, diagram a, uint32_t arch, uint32_t nr)
{
	uint64_t call = (uint64_t)arch << 32 | nr;

	for (uint32_t variable; (variable = regions->nodes[a].variable) < SUBJECT_BITS;)
		a = diagram_part(regions, a, variable, call >> (SUBJECT_BITS - 1 - variable) & 1);
	return a;
}

uint32_t diagram_answer(const struct regions *regions, diagram a, const uint64_t call[SUBJECTS])
{
	for (uint32_t variable; (variable = regions->nodes[a].variable) != DIAGRAM_LEAF;)
		a = diagram_part(regions, a, variable,
				 call[variable / SUBJECT_BITS] >>
						 (SUBJECT_BITS - 1 - variable % SUBJECT_BITS) &
					 1);
	return regions->nodes[a].zero;
}

unsigned region_first(const struct regions *regions, region a)
{
	return regions->nodes[a].variable / SUBJECT_BITS;
}

/* The runs of one subject, as they are found. */
struct running {
	const struct regions *regions;
	unsigned subject;
	uint64_t first, last; /* those that are wanted */
	struct diagram_run *all;
	size_t count, max;
	size_t pieces; /* more than runs: neighbours are joined */
};

static void add_run(struct running *running, uint64_t first, uint64_t last, diagram rest)
{
	struct diagram_run *before = running->count ? &running->all[running->count - 1] : NULL;

	first = first > running->first ? first : running->first;
	last = last < running->last ? last : running->last;
	running->pieces++;
	if (before && before->rest == rest) {
		before->last = last;
		return;
	}
	running->all = mem_more(running->all, running->count, sizeof(*running->all));
	running->all[running->count++] = (struct diagram_run){first, last, rest};
}

static bool are_too_many(const struct running *running)
{
	return running->count > running->max || running->pieces > DIAGRAM_RUNS_MAX;
}

/* The values from first on whose highest bits are known; those of the mask are left. */
static void find_runs(struct running *running, diagram a, uint64_t first, uint64_t mask)
{
	unsigned bits = (unsigned)__builtin_popcountll(mask);
	uint64_t last = first + (bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX);
	uint32_t end = (running->subject + 1) * SUBJECT_BITS;

	if (last < running->first || first > running->last || are_too_many(running))
		return;
	if (bits == 0 || running->regions->nodes[a].variable >= end) {
		add_run(running, first, last, a);
		return;
	}
	unsigned bit = 63 - (unsigned)__builtin_clzll(mask);

	mask &= ~(UINT64_C(1) << bit);
	for (unsigned one = 0; one < 2; one++)
		find_runs(running, diagram_part(running->regions, a, end - 1 - bit, one),
			  first + ((uint64_t)one << (bits - 1)), mask);
}

size_t diagram_runs(const struct regions *regions, diagram a, uint32_t first, uint32_t last,
		    struct diagram_run **ret_runs)
{
	struct running running = {.regions = regions,
				  .subject = SUBJECT_CALL,
				  .first = first,
				  .last = last,
				  .max = DIAGRAM_RUNS_MAX};

	find_runs(&running, a, 0, UINT32_MAX);
	*ret_runs = running.all;
	if (!are_too_many(&running))
		return running.count;
	free(running.all);
	*ret_runs = NULL;
	return SIZE_MAX;
}

size_t region_ranges(const struct regions *regions, region a, uint64_t mask,
		     struct diagram_run *ranges, size_t max)
{
	/* between two ranges, before the first and behind the last may be others */
	struct running running = {.regions = regions,
				  .subject = region_first(regions, a),
				  .last = UINT64_MAX,
				  .max = 2 * max + 1};
	size_t count = 0;

	find_runs(&running, a, 0, mask);
	for (size_t i = 0; i < running.count && count <= max; i++) {
		if (running.all[i].rest != REGION_ALL)
			continue;
		if (count < max)
			ranges[count] = running.all[i];
		count++;
	}
	free(running.all);
	return count <= max && !are_too_many(&running) ? count : SIZE_MAX;
}

struct cubes {
	const struct regions *regions;
	struct region_cube *all;
	size_t count, max;
};

static bool put_cubes(struct cubes *cubes, region a, struct region_cube cube)
{
	const struct diagram_node *node = &cubes->regions->nodes[a];

	if (a == REGION_NONE)
		return true;
	if (a == REGION_ALL) {
		if (cubes->count == cubes->max)
			return false;
		cubes->all[cubes->count++] = cube;
		return true;
	}
	cube.mask |= UINT64_C(1) << (SUBJECT_BITS - 1 - node->variable % SUBJECT_BITS);
	if (!put_cubes(cubes, node->zero, cube))
		return false;
	cube.bits |= UINT64_C(1) << (SUBJECT_BITS - 1 - node->variable % SUBJECT_BITS);
	return put_cubes(cubes, node->one, cube);
}

size_t region_cubes(const struct regions *regions, region a, struct region_cube *cubes, size_t max)
{
	struct cubes all = {.regions = regions, .all = cubes, .max = max};

	return put_cubes(&all, a, (struct region_cube){0}) ? all.count : SIZE_MAX;
}
