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

/* Collects the runs of one subject. */
struct running {
	const struct regions *regions;
	unsigned subject;
	uint64_t first, last; /* the values wanted */
	struct diagram_run *all;
	size_t count;
	size_t max; /* 0: `all` grows and holds every run; otherwise it is the caller's, and holds
			  only the runs inside a region */
	size_t pieces; /* before neighbours are joined */
	bool too_many;
};

static void add_run(struct running *running, uint64_t first, uint64_t last, diagram below)
{
	struct diagram_run *before = running->count ? &running->all[running->count - 1] : NULL;

	first = first > running->first ? first : running->first;
	last = last < running->last ? last : running->last;
	running->too_many = running->pieces++ == DIAGRAM_RUNS_MAX;
	if (running->max && below == REGION_NONE)
		return;
	if (before && before->below == below && before->last + 1 == first) {
		before->last = last;
		return;
	}
	running->too_many |= running->max && running->count == running->max;
	if (running->too_many)
		return;
	if (!running->max)
		running->all = mem_more(running->all, running->count, sizeof(*running->all));
	running->all[running->count++] = (struct diagram_run){first, last, below};
}

/* Visits the values that begin with the bits chosen so far: `bits` bits of the mask are left. */
static void find_runs(struct running *running, diagram a, uint64_t first, unsigned bits,
		      uint64_t mask)
{
	uint64_t last = first + (bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX);
	uint32_t end = (running->subject + 1) * SUBJECT_BITS;

	if (last < running->first || first > running->last || running->too_many)
		return;
	if (bits == 0 || running->regions->nodes[a].variable >= end) {
		add_run(running, first, last, a);
		return;
	}
	unsigned bit = 63 - (unsigned)__builtin_clzll(mask);

	mask &= ~(UINT64_C(1) << bit);
	bits--;
	for (unsigned one = 0; one < 2; one++)
		find_runs(running, diagram_part(running->regions, a, end - 1 - bit, one),
			  first + ((uint64_t)one << bits), bits, mask);
}

size_t diagram_runs(const struct regions *regions, diagram a, uint32_t first, uint32_t last,
		    struct diagram_run **ret_runs)
{
	struct running running = {
		.regions = regions, .subject = SUBJECT_CALL, .first = first, .last = last};

	find_runs(&running, a, 0, 32, UINT32_MAX);
	*ret_runs = running.all;
	if (!running.too_many)
		return running.count;
	free(running.all);
	*ret_runs = NULL;
	return SIZE_MAX;
}

size_t region_ranges(const struct regions *regions, region a, uint64_t mask,
		     struct diagram_run *ranges, size_t max)
{
	struct running running = {.regions = regions,
				  .subject = region_first(regions, a),
				  .last = UINT64_MAX,
				  .all = ranges,
				  .max = max};

	find_runs(&running, a, 0, (unsigned)__builtin_popcountll(mask), mask);
	return running.too_many ? SIZE_MAX : running.count;
}

struct cubes {
	const struct regions *regions;
	struct region_cube *all;
	size_t count, max;
};

static bool add_cubes(struct cubes *cubes, region a, struct region_cube cube)
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
	if (!add_cubes(cubes, node->zero, cube))
		return false;
	cube.bits |= UINT64_C(1) << (SUBJECT_BITS - 1 - node->variable % SUBJECT_BITS);
	return add_cubes(cubes, node->one, cube);
}

size_t region_cubes(const struct regions *regions, region a, struct region_cube *cubes, size_t max)
{
	struct cubes all = {.regions = regions, .all = cubes, .max = max};

	return add_cubes(&all, a, (struct region_cube){0}) ? all.count : SIZE_MAX;
}
