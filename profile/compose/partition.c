#include "profile/compose/partition.h"

#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Later rounds of moving sets find little. */
#define ROUNDS_MAX 4

#define NONE SIZE_MAX

struct part {
	uint64_t bits[PARTITION_WORDS];
	size_t size, weight;
	bool gone;
	size_t nearest; /* the cheapest to join, of the parts behind it, or NONE */
	uint64_t cost;  /* of joining that one */
};

void partition_add(struct partition_set *set, size_t call)
{
	set->bits[call / 64] |= UINT64_C(1) << call % 64;
}

size_t partition_size(const uint64_t bits[PARTITION_WORDS])
{
	size_t size = 0;

	for (size_t i = 0; i < PARTITION_WORDS; i++)
		size += (size_t)__builtin_popcountll(bits[i]);
	return size;
}

static void join(uint64_t to[PARTITION_WORDS], const uint64_t from[PARTITION_WORDS])
{
	for (size_t i = 0; i < PARTITION_WORDS; i++)
		to[i] |= from[i];
}

/* How many calls b has and a lacks. */
static size_t beyond(const uint64_t a[PARTITION_WORDS], const uint64_t b[PARTITION_WORDS])
{
	size_t size = 0;

	for (size_t i = 0; i < PARTITION_WORDS; i++)
		size += (size_t)__builtin_popcountll(b[i] & ~a[i]);
	return size;
}

/* --- joining parts */

/* The excess that joining both would add. */
static uint64_t cost_of(const struct part *a, const struct part *b)
{
	return (uint64_t)a->weight * beyond(a->bits, b->bits) +
	       (uint64_t)b->weight * beyond(b->bits, a->bits);
}

static void find_nearest(struct part *parts, size_t count, size_t at)
{
	struct part *part = &parts[at];

	part->nearest = NONE;
	for (size_t i = at + 1; i < count; i++) {
		uint64_t cost = parts[i].gone ? 0 : cost_of(part, &parts[i]);

		if (parts[i].gone || (part->nearest != NONE && cost >= part->cost))
			continue;
		part->nearest = i;
		part->cost = cost;
	}
}

static size_t find_cheapest(const struct part *parts, size_t count)
{
	size_t best = NONE;

	for (size_t i = 0; i < count; i++)
		if (!parts[i].gone && parts[i].nearest != NONE &&
		    (best == NONE || parts[i].cost < parts[best].cost))
			best = i;
	return best;
}

/* Joins a part with its nearest, which is gone then. Parts whose nearest was one of both search
 * again. */
static void join_parts(struct part *parts, size_t count, size_t at, struct partition_set *sets)
{
	size_t gone = parts[at].nearest;

	join(parts[at].bits, parts[gone].bits);
	parts[at].size = partition_size(parts[at].bits);
	parts[at].weight += parts[gone].weight;
	parts[gone].gone = true;
	for (size_t i = 0; i < count; i++)
		if (sets[i].part == gone)
			sets[i].part = at;
	for (size_t i = 0; i < count; i++) {
		struct part *part = &parts[i];

		if (part->gone)
			continue;
		if (i == at || part->nearest == at || part->nearest == gone) {
			find_nearest(parts, count, i);
		} else if (i < at && cost_of(part, &parts[at]) < part->cost) {
			part->nearest = at;
			part->cost = cost_of(part, &parts[at]);
		}
	}
}

/* --- moving sets */

static void rebuild(struct part *part, size_t at, const struct partition_set *sets,
		    size_t set_count)
{
	memset(part->bits, 0, sizeof(part->bits));
	part->weight = 0;
	for (size_t i = 0; i < set_count; i++) {
		if (sets[i].part != at)
			continue;
		join(part->bits, sets[i].bits);
		part->weight += sets[i].weight;
	}
	part->size = partition_size(part->bits);
}

/* The size of the union times how many get it: the sum of these is to become small. */
static uint64_t spread(const struct part *part)
{
	return (uint64_t)part->weight * part->size;
}

/* Moves a set to the part where it costs least; false if it is there already. */
static bool move_set(struct part *parts, struct partition_set *sets, size_t set_count, size_t at)
{
	struct partition_set *set = &sets[at];
	size_t from = set->part, to = NONE;
	struct part before = parts[from];

	set->part = NONE;
	rebuild(&parts[from], from, sets, set_count);
	uint64_t saved = spread(&before) - spread(&parts[from]), least = saved;

	for (size_t i = 0; i < set_count; i++) {
		if (parts[i].gone || i == from)
			continue;
		uint64_t cost = (uint64_t)(parts[i].weight + set->weight) *
					(parts[i].size + beyond(parts[i].bits, set->bits)) -
				spread(&parts[i]);

		if (cost >= least)
			continue;
		to = i;
		least = cost;
	}
	set->part = to == NONE ? from : to;
	if (to == NONE)
		parts[from] = before;
	else
		rebuild(&parts[to], to, sets, set_count);
	return to != NONE;
}

static void move_sets(struct part *parts, struct partition_set *sets, size_t set_count)
{
	bool moved = true;

	for (size_t round = 0; moved && round < ROUNDS_MAX; round++) {
		moved = false;
		for (size_t i = 0; i < set_count; i++)
			moved |= move_set(parts, sets, set_count, i);
	}
}

/* --- the bound */

static int compare_numbers(const void *a, const void *b)
{
	uint64_t number_a = *(const uint64_t *)a, number_b = *(const uint64_t *)b;

	return (number_a > number_b) - (number_a < number_b);
}

/* The least that each set pays if it is not the largest of its part, without the `count` sets that
 * would pay most. */
static uint64_t bound_by_largest(const struct part *parts, const struct partition_set *sets,
				 size_t set_count, size_t count)
{
	MEM_AUTO uint64_t *least = mem_new(set_count, sizeof(*least));
	uint64_t bound = 0;

	for (size_t i = 0; i < set_count; i++) {
		least[i] = UINT64_MAX; /* stays for the largest of all */
		for (size_t j = 0; j < set_count; j++) {
			bool larger = parts[j].size != parts[i].size ? parts[j].size > parts[i].size
								     : j < i;
			uint64_t pays = larger ? (uint64_t)sets[i].weight *
							 beyond(sets[i].bits, sets[j].bits)
					       : UINT64_MAX;

			if (pays < least[i])
				least[i] = pays;
		}
	}
	qsort(least, set_count, sizeof(*least), compare_numbers);
	for (size_t i = 0; i + count < set_count; i++)
		bound += least[i];
	return bound;
}

/* The least that two of these sets pay in one part. */
static uint64_t least_pair(const struct part *parts, const size_t *some, size_t count)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++) {
			uint64_t cost = cost_of(&parts[some[i]], &parts[some[j]]);

			least = cost < least ? cost : least;
		}
	return least;
}

/* The unused set that is farthest from those chosen, of which `last` is the newest. Updates
 * `distance`. */
static size_t choose_farthest(const struct part *parts, const bool *used, uint64_t *distance,
			      size_t set_count, size_t last)
{
	size_t far = NONE;

	for (size_t i = 0; i < set_count; i++) {
		if (used[i])
			continue;
		uint64_t cost = cost_of(&parts[last], &parts[i]);

		distance[i] = cost < distance[i] ? cost : distance[i];
		if (far == NONE || distance[i] > distance[far])
			far = i;
	}
	return far;
}

/* Over groups of count + 1 sets that are far from each other. */
static uint64_t bound_by_pairs(const struct part *parts, size_t set_count, size_t count)
{
	MEM_AUTO bool *used = mem_new(set_count, sizeof(*used));
	MEM_AUTO uint64_t *distance = mem_new(set_count, sizeof(*distance));
	MEM_AUTO size_t *some = mem_new(count + 1, sizeof(*some));
	uint64_t bound = 0;

	for (size_t left = set_count; left > count; left -= count + 1) {
		size_t next = 0;

		while (used[next])
			next++;
		for (size_t i = 0; i < set_count; i++)
			distance[i] = UINT64_MAX;
		for (size_t n = 0; n <= count; n++) {
			some[n] = next;
			used[next] = true;
			if (n < count)
				next = choose_farthest(parts, used, distance, set_count, next);
		}
		bound += least_pair(parts, some, count + 1);
	}
	return bound;
}

/* --- */

static struct part *make_parts(struct partition_set *sets, size_t set_count)
{
	struct part *parts = mem_new(set_count + 1, sizeof(*parts));

	for (size_t i = 0; i < set_count; i++) {
		sets[i].part = i;
		parts[i].weight = sets[i].weight;
		parts[i].size = partition_size(sets[i].bits);
		memcpy(parts[i].bits, sets[i].bits, sizeof(parts[i].bits));
	}
	return parts;
}

/* Numbers the parts that are left, and adds up the excess. */
static void sum_up(const struct part *parts, struct partition_set *sets, size_t set_count,
		   struct partition *partition)
{
	MEM_AUTO size_t *numbers = mem_new(set_count + 1, sizeof(*numbers));

	for (size_t i = 0; i < set_count; i++) {
		const struct part *part = &parts[sets[i].part];

		partition->excess += (uint64_t)sets[i].weight * beyond(sets[i].bits, part->bits);
		if (!numbers[sets[i].part])
			numbers[sets[i].part] = ++partition->part_count;
		sets[i].part = numbers[sets[i].part] - 1;
	}
}

int partition_find(struct partition_set *sets, size_t set_count, size_t count,
		   struct partition *ret_partition, struct err *err)
{
	*ret_partition = (struct partition){.part_count = 0};
	if (set_count > PARTITION_SETS_MAX)
		return err_set(err, E2BIG,
			       "%zu different sets of calls, more than %d: select fewer workloads",
			       set_count, PARTITION_SETS_MAX);
	MEM_AUTO struct part *parts = make_parts(sets, set_count);

	if (set_count > count) {
		uint64_t pairs = bound_by_pairs(parts, set_count, count);

		ret_partition->bound = bound_by_largest(parts, sets, set_count, count);
		if (pairs > ret_partition->bound)
			ret_partition->bound = pairs;
		for (size_t i = 0; i < set_count; i++)
			find_nearest(parts, set_count, i);
		for (size_t left = set_count; left > count; left--)
			join_parts(parts, set_count, find_cheapest(parts, set_count), sets);
		move_sets(parts, sets, set_count);
	}
	sum_up(parts, sets, set_count, ret_partition);
	return 0;
}
