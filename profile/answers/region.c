#include "profile/answers/region.h"

#include "base/mem.h"

#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Nodes of all regions of one question: 12 MiB. A profile's rule takes some hundred. */
#define MAX_NODES (1U << 20)

#define MEMO_SIZE (1U << 14)

#define BITS 64
#define LEAF (REGION_ARGUMENTS * BITS) /* the variable of the two leaves: after all others */

struct region_node {
	uint32_t variable; /* argument * 64 + 63 - bit */
	region zero, one;
};

enum operation {
	OPERATION_NONE,
	OPERATION_AND,
	OPERATION_OR,
	OPERATION_NOT,
};

struct region_memo {
	enum operation operation;
	region a, b, result;
};

static void index_reset(struct regions *regions)
{
	memset(regions->index, 0xff, regions->index_size * sizeof(*regions->index));
}

void regions_clear(struct regions *regions)
{
	/* most questions to a filter make no region at all */
	if (regions->count == 2 && !regions->full)
		return;
	regions->nodes[REGION_NONE] = (struct region_node){LEAF, REGION_NONE, REGION_NONE};
	regions->nodes[REGION_ALL] = (struct region_node){LEAF, REGION_ALL, REGION_ALL};
	regions->count = 2;
	regions->full = false;
	index_reset(regions);
	memset(regions->memo, 0, MEMO_SIZE * sizeof(*regions->memo));
}

void regions_init(struct regions *regions)
{
	*regions = (struct regions){.size = 1024, .index_size = 4096};
	regions->nodes = mem_new(regions->size, sizeof(*regions->nodes));
	regions->index = mem_new(regions->index_size, sizeof(*regions->index));
	regions->memo = mem_new(MEMO_SIZE, sizeof(*regions->memo));
	regions_clear(regions);
}

void regions_release(struct regions *regions)
{
	free(regions->nodes);
	free(regions->index);
	free(regions->memo);
	*regions = (struct regions){0};
}

static uint32_t hash3(uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t hash = a * 0x9e3779b1U + b;

	hash = (hash ^ hash >> 15) * 0x85ebca6bU + c;
	hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
	return hash ^ hash >> 16;
}

static uint32_t *node_slot(const struct regions *regions, const struct region_node *node)
{
	for (size_t i = hash3(node->variable, node->zero, node->one);; i++) {
		uint32_t *slot = &regions->index[i & (regions->index_size - 1)];

		if (*slot == UINT32_MAX || memcmp(&regions->nodes[*slot], node, sizeof(*node)) == 0)
			return slot;
	}
}

static void regions_grow(struct regions *regions)
{
	regions->size *= 2;
	regions->nodes = mem_resize(regions->nodes, regions->size * sizeof(*regions->nodes));
	regions->index_size = regions->size * 4;
	regions->index = mem_resize(regions->index, regions->index_size * sizeof(uint32_t));
	index_reset(regions);
	for (uint32_t i = 2; i < regions->count; i++)
		*node_slot(regions, &regions->nodes[i]) = i;
}

static region make(struct regions *regions, uint32_t variable, region zero, region one)
{
	const struct region_node node = {variable, zero, one};

	if (zero == one)
		return zero;
	if (regions->count == MAX_NODES) {
		regions->full = true;
		return REGION_NONE;
	}
	if (regions->count == regions->size)
		regions_grow(regions);
	uint32_t *slot = node_slot(regions, &node);

	if (*slot == UINT32_MAX) {
		*slot = (uint32_t)regions->count;
		regions->nodes[regions->count++] = node;
	}
	return *slot;
}

static bool settled(enum operation operation, region a, region b, region *ret_result)
{
	if (operation == OPERATION_NOT) {
		*ret_result = a ^ 1;
		return a <= REGION_ALL;
	}
	region zero = operation == OPERATION_AND ? REGION_NONE : REGION_ALL;

	if (a == zero || b == zero)
		*ret_result = zero;
	else if (a <= REGION_ALL)
		*ret_result = b;
	else if (b <= REGION_ALL || a == b)
		*ret_result = a;
	else
		return false;
	return true;
}

/* As deep as there are bits. */
static region apply(struct regions *regions, enum operation operation, region a, region b)
{
	region result;

	if (settled(operation, a, b, &result))
		return result;
	struct region_memo *memo = &regions->memo[hash3(operation, a, b) & (MEMO_SIZE - 1)];

	if (memo->operation == operation && memo->a == a && memo->b == b)
		return memo->result;
	const struct region_node na = regions->nodes[a], nb = regions->nodes[b];
	uint32_t variable = na.variable < nb.variable ? na.variable : nb.variable;
	bool in_a = na.variable == variable, in_b = nb.variable == variable;
	region zero = apply(regions, operation, in_a ? na.zero : a, in_b ? nb.zero : b);
	region one = apply(regions, operation, in_a ? na.one : a, in_b ? nb.one : b);

	result = make(regions, variable, zero, one);
	*memo = (struct region_memo){operation, a, b, result};
	return result;
}

region region_and(struct regions *regions, region a, region b)
{
	return apply(regions, OPERATION_AND, a, b);
}

region region_or(struct regions *regions, region a, region b)
{
	return apply(regions, OPERATION_OR, a, b);
}

region region_not(struct regions *regions, region a)
{
	return apply(regions, OPERATION_NOT, a, REGION_NONE);
}

bool region_within(struct regions *regions, region a, region b)
{
	return region_and(regions, a, region_not(regions, b)) == REGION_NONE;
}

/* One more bit, above those that `so_far` tests. A bit outside the mask reads as zero. */
static region compare_bit(struct regions *regions, uint32_t variable, bool masked, bool k,
			  enum compare_op op, region so_far)
{
	if (op == COMPARE_EQ) {
		if (masked)
			return k ? make(regions, variable, REGION_NONE, so_far)
				 : make(regions, variable, so_far, REGION_NONE);
		return k ? REGION_NONE : so_far;
	}
	if (masked)
		return k ? make(regions, variable, REGION_NONE, so_far)
			 : make(regions, variable, so_far, REGION_ALL);
	return k ? REGION_NONE : so_far;
}

region region_argument(struct regions *regions, unsigned argument, uint64_t mask,
		       enum compare_op op, uint64_t k)
{
	region result = op == COMPARE_GT ? REGION_NONE : REGION_ALL;

	if (op == COMPARE_SET)
		return region_not(regions,
				  region_argument(regions, argument, mask & k, COMPARE_EQ, 0));
	for (unsigned bit = 0; bit < BITS; bit++)
		result = compare_bit(regions, argument * BITS + BITS - 1 - bit, mask >> bit & 1,
				     k >> bit & 1, op, result);
	return result;
}

region region_half(struct regions *regions, unsigned argument, bool high, uint32_t mask,
		   enum compare_op op, uint32_t k)
{
	unsigned shift = high ? 32 : 0;

	return region_argument(regions, argument, (uint64_t)mask << shift, op,
			       (uint64_t)k << shift);
}

unsigned region_first(const struct regions *regions, region a)
{
	return regions->nodes[a].variable / BITS;
}

/* The regions beyond the first argument, each once, and for every node which it leads to. */
struct split {
	struct regions *regions;
	unsigned argument;
	region *seen, *rests;
	size_t seen_count, seen_size, rest_count, rest_size;
};

static bool put_once(region **all, size_t *count, size_t *size, region a)
{
	for (size_t i = 0; i < *count; i++) {
		if ((*all)[i] == a)
			return false;
	}
	if (*count == *size) {
		*size = *size ? *size * 2 : 16;
		*all = mem_resize(*all, *size * sizeof(**all));
	}
	(*all)[(*count)++] = a;
	return true;
}

static void find_rests(struct split *split, region a)
{
	const struct region_node node = split->regions->nodes[a];

	if (node.variable / BITS != split->argument) {
		if (a != REGION_NONE)
			put_once(&split->rests, &split->rest_count, &split->rest_size, a);
		return;
	}
	if (!put_once(&split->seen, &split->seen_count, &split->seen_size, a))
		return;
	find_rests(split, node.zero);
	find_rests(split, node.one);
}

/* The part of `a` that leads to `rest`. The number of nodes of one argument is small. */
static region leading_to(struct split *split, region a, region rest, region *memo)
{
	const struct region_node node = split->regions->nodes[a];
	size_t at = 0;

	if (node.variable / BITS != split->argument)
		return a == rest ? REGION_ALL : REGION_NONE;
	while (split->seen[at] != a)
		at++;
	if (memo[at] == UINT32_MAX) {
		region zero = leading_to(split, node.zero, rest, memo);
		region one = leading_to(split, node.one, rest, memo);

		memo[at] = make(split->regions, node.variable, zero, one);
	}
	return memo[at];
}

size_t region_split(struct regions *regions, region a, region **ret_values, region **ret_rests)
{
	struct split split = {.regions = regions, .argument = region_first(regions, a)};

	find_rests(&split, a);
	region *memo = mem_new(split.seen_count, sizeof(*memo));

	*ret_values = mem_new(split.rest_count, sizeof(**ret_values));
	for (size_t i = 0; i < split.rest_count; i++) {
		memset(memo, 0xff, split.seen_count * sizeof(*memo));
		(*ret_values)[i] = leading_to(&split, a, split.rests[i], memo);
	}
	free(memo);
	free(split.seen);
	*ret_rests = split.rests;
	return split.rest_count;
}

struct cubes {
	const struct regions *regions;
	struct region_cube *all;
	size_t count, max;
};

static bool put_cubes(struct cubes *cubes, region a, struct region_cube cube)
{
	const struct region_node *node = &cubes->regions->nodes[a];

	if (a == REGION_NONE)
		return true;
	if (a == REGION_ALL) {
		if (cubes->count == cubes->max)
			return false;
		cubes->all[cubes->count++] = cube;
		return true;
	}
	cube.mask |= UINT64_C(1) << (BITS - 1 - node->variable % BITS);
	if (!put_cubes(cubes, node->zero, cube))
		return false;
	cube.bits |= UINT64_C(1) << (BITS - 1 - node->variable % BITS);
	return put_cubes(cubes, node->one, cube);
}

size_t region_cubes(const struct regions *regions, region a, struct region_cube *cubes, size_t max)
{
	struct cubes all = {.regions = regions, .all = cubes, .max = max};

	return put_cubes(&all, a, (struct region_cube){0}) ? all.count : SIZE_MAX;
}
