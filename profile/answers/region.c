#include "profile/answers/region.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Nodes of all diagrams: about 30 MB with the index. A default profile takes 90,000. */
#define MAX_NODES (1U << 20)

/* Steps of operations, at most about 200 ns each. A default profile takes 20,000. */
#define MAX_EFFORT (1U << 19)

/* A search visits this many nodes in the time of one step. */
#define VISITS_A_STEP 4

#define MEMO_SIZE (1U << 14) /* 300 KiB: a larger one touches more pages and saves no steps */

enum { OPERATION_NONE, OPERATION_CHOOSE, OPERATION_COUNT };

struct diagram_memo {
	uint32_t operation;
	diagram a, b, c, result;
};

static uint32_t hash3(uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t hash = a * 0x9e3779b1U + b;

	hash = (hash ^ hash >> 15) * 0x85ebca6bU + c;
	hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
	return hash ^ hash >> 16;
}

static uint32_t *node_slot(const struct regions *regions, const struct diagram_node *node)
{
	for (size_t i = hash3(node->variable, node->zero, node->one);; i++) {
		uint32_t *slot = &regions->index[i & (regions->index_size - 1)];

		if (*slot == UINT32_MAX || memcmp(&regions->nodes[*slot], node, sizeof(*node)) == 0)
			return slot;
	}
}

static void index_fill(struct regions *regions)
{
	memset(regions->index, 0xff, regions->index_size * sizeof(*regions->index));
	for (uint32_t i = 0; i < regions->count; i++)
		*node_slot(regions, &regions->nodes[i]) = i;
}

static void regions_grow(struct regions *regions)
{
	size_t old = regions->size;

	regions->size *= 2;
	regions->nodes = mem_resize(regions->nodes, regions->size * sizeof(*regions->nodes));
	regions->marks = mem_resize(regions->marks, regions->size * sizeof(*regions->marks));
	memset(regions->marks + old, 0, old * sizeof(*regions->marks));
	regions->index_size = regions->size * 2;
	regions->index = mem_resize(regions->index, regions->index_size * sizeof(uint32_t));
	index_fill(regions);
}

static diagram add_node(struct regions *regions, const struct diagram_node *node)
{
	if (regions->count == regions->size && regions->count < MAX_NODES)
		regions_grow(regions);
	uint32_t *slot = node_slot(regions, node);

	if (*slot != UINT32_MAX)
		return *slot;
	if (regions->count == MAX_NODES) {
		regions->full = true;
		return REGION_NONE;
	}
	*slot = (uint32_t)regions->count;
	regions->nodes[regions->count++] = *node;
	return *slot;
}

void regions_init(struct regions *regions)
{
	*regions = (struct regions){.size = 1024, .index_size = 2048, .effort = MAX_EFFORT};
	regions->nodes = mem_new(regions->size, sizeof(*regions->nodes));
	regions->marks = mem_new(regions->size, sizeof(*regions->marks));
	regions->index = mem_new(regions->index_size, sizeof(*regions->index));
	regions->memo = mem_new(MEMO_SIZE, sizeof(*regions->memo));
	regions->operation = OPERATION_COUNT;
	regions->nodes[REGION_NONE] = (struct diagram_node){DIAGRAM_LEAF, 0, 0};
	regions->nodes[REGION_ALL] = (struct diagram_node){DIAGRAM_LEAF, 1, 1};
	regions->count = 2;
	index_fill(regions);
}

void regions_release(struct regions *regions)
{
	free(regions->nodes);
	free(regions->marks);
	free(regions->index);
	free(regions->memo);
	*regions = (struct regions){0};
}

struct regions_mark regions_mark(struct regions *regions, size_t share)
{
	size_t spend = regions->effort / share;
	struct regions_mark mark = {.count = regions->count, .kept = regions->effort - spend};

	regions->effort = spend;
	return mark;
}

bool regions_keep(struct regions *regions, const struct regions_mark *mark)
{
	bool kept = !regions->full;

	regions->effort += mark->kept;
	regions->full = false;
	if (kept || regions->count == mark->count)
		return kept;
	regions->count = mark->count;
	index_fill(regions);
	memset(regions->memo, 0, MEMO_SIZE * sizeof(*regions->memo));
	regions->operation = OPERATION_COUNT;
	return false;
}

static diagram make(struct regions *regions, uint32_t variable, diagram zero, diagram one)
{
	const struct diagram_node node = {variable, zero, one};

	return zero == one ? zero : add_node(regions, &node);
}

diagram diagram_value(struct regions *regions, uint32_t value)
{
	const struct diagram_node node = {DIAGRAM_LEAF, value, value};

	return add_node(regions, &node);
}

bool regions_step(struct regions *regions)
{
	if (regions->effort == 0)
		regions->full = true;
	if (regions->full)
		return false;
	regions->effort--;
	return true;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static struct diagram_memo *memo_slot(const struct regions *regions, uint32_t operation, diagram a,
				      diagram b, diagram c)
{
	return &regions->memo[hash3(hash3(operation, a, b), c, a) & (MEMO_SIZE - 1)];
}

static bool memo_has(const struct diagram_memo *memo, uint32_t operation, diagram a, diagram b,
		     diagram c)
{
	return memo->operation == operation && memo->a == a && memo->b == b && memo->c == c;
}

/* The cases that need no recursion. */
static bool is_chosen(region set, diagram yes, diagram no, diagram *ret_result)
{
	if (set == REGION_ALL || yes == no)
		*ret_result = yes;
	else if (set == REGION_NONE)
		*ret_result = no;
	else if (yes == REGION_ALL && no == REGION_NONE)
		*ret_result = set;
	else
		return false;
	return true;
}

/* Recursion is bounded by the number of bits. */
diagram diagram_choose(struct regions *regions, region set, diagram yes, diagram no)
{
	diagram result;

	if (yes == set)
		yes = REGION_ALL;
	if (no == set)
		no = REGION_NONE;
	if (is_chosen(set, yes, no, &result))
		return result;
	struct diagram_memo *memo = memo_slot(regions, OPERATION_CHOOSE, set, yes, no);

	if (memo_has(memo, OPERATION_CHOOSE, set, yes, no))
		return memo->result;
	if (!regions_step(regions))
		return REGION_NONE;
	const struct diagram_node *nodes = regions->nodes;
	uint32_t variable =
		smaller(nodes[set].variable, smaller(nodes[yes].variable, nodes[no].variable));
	diagram parts[2];

	for (unsigned i = 0; i < 2; i++)
		parts[i] = diagram_choose(regions, diagram_part(regions, set, variable, i),
					  diagram_part(regions, yes, variable, i),
					  diagram_part(regions, no, variable, i));
	result = make(regions, variable, parts[0], parts[1]);
	if (!regions->full)
		*memo = (struct diagram_memo){OPERATION_CHOOSE, set, yes, no, result};
	return result;
}

region region_and(struct regions *regions, region a, region b)
{
	return a < b ? diagram_choose(regions, a, b, REGION_NONE)
		     : diagram_choose(regions, b, a, REGION_NONE);
}

region region_or(struct regions *regions, region a, region b)
{
	return a < b ? diagram_choose(regions, a, REGION_ALL, b)
		     : diagram_choose(regions, b, REGION_ALL, a);
}

region region_not(struct regions *regions, region a)
{
	return diagram_choose(regions, a, REGION_NONE, REGION_ALL);
}

bool region_within(struct regions *regions, region a, region b)
{
	return diagram_choose(regions, a, b, REGION_ALL) == REGION_ALL;
}

region region_bit(struct regions *regions, unsigned subject, unsigned bit)
{
	return make(regions, subject * SUBJECT_BITS + SUBJECT_BITS - 1 - bit, REGION_NONE,
		    REGION_ALL);
}

bool region_is_word(const struct regions *regions, const region bits[32],
		    struct region_word *ret_word)
{
	uint32_t lowest = DIAGRAM_LEAF; /* the variable of bit 0 */

	ret_word->mask = 0;
	for (unsigned i = 0; i < 32; i++) {
		const struct diagram_node *node = &regions->nodes[bits[i]];

		if (bits[i] == REGION_NONE)
			continue;
		if (lowest == DIAGRAM_LEAF)
			lowest = node->variable + i;
		if (node->zero != REGION_NONE || node->one != REGION_ALL ||
		    node->variable + i != lowest)
			return false;
		ret_word->mask |= UINT32_C(1) << i;
	}
	ret_word->subject = lowest / SUBJECT_BITS;
	ret_word->high = lowest % SUBJECT_BITS < SUBJECT_BITS / 2;
	return ret_word->mask && lowest % (SUBJECT_BITS / 2) == SUBJECT_BITS / 2 - 1;
}

/*
 * Compares a field of `bits` bits, masked, with k, in one pass from its lowest bit, whose variable is
 * `last`. `yes` and `no` must not test the field or earlier bits.
 */
static diagram compare(struct regions *regions, uint32_t last, unsigned bits, uint64_t mask,
		       enum compare_op op, uint64_t k, diagram yes, diagram no)
{
	diagram result = op == COMPARE_GT ? no : yes;
	diagram above =
		op == COMPARE_EQ ? no : yes; /* if a higher bit is set that k does not have */

	if (op == COMPARE_SET)
		return compare(regions, last, bits, mask & k, COMPARE_EQ, 0, no, yes);
	for (unsigned bit = 0; bit < bits; bit++) {
		bool masked = mask >> bit & 1, one = k >> bit & 1;

		if (!masked)
			result = one ? no : result;
		else
			result = one ? make(regions, last - bit, no, result)
				     : make(regions, last - bit, result, above);
	}
	return result;
}

region region_subject(struct regions *regions, unsigned subject, uint64_t mask, enum compare_op op,
		      uint64_t k)
{
	return compare(regions, subject * SUBJECT_BITS + SUBJECT_BITS - 1, SUBJECT_BITS, mask, op,
		       k, REGION_ALL, REGION_NONE);
}

region region_argument(struct regions *regions, unsigned argument, uint64_t mask,
		       enum compare_op op, uint64_t k)
{
	return region_subject(regions, SUBJECT_ARGUMENTS + argument, mask, op, k);
}

/*
 * `yes` if half a subject equals k, `no` otherwise, in one pass down the bits of k. libseccomp
 * compares numbers in long chains; diagram_choose() would walk all of `no` for each link.
 */
static diagram test_equal(struct regions *regions, uint32_t variable, uint32_t last, uint32_t k,
			  diagram yes, diagram no)
{
	if (variable > last)
		return yes;
	diagram parts[2] = {diagram_part(regions, no, variable, false),
			    diagram_part(regions, no, variable, true)};
	bool one = k >> (last - variable) & 1;

	parts[one] = test_equal(regions, variable + 1, last, k, yes, parts[one]);
	return make(regions, variable, parts[0], parts[1]);
}

diagram diagram_test(struct regions *regions, unsigned subject, bool high, uint32_t mask,
		     enum compare_op op, uint32_t k, diagram yes, diagram no)
{
	uint32_t last = subject * SUBJECT_BITS + (high ? 31 : 63);
	unsigned shift = high ? 32 : 0;

	if (regions->nodes[yes].variable > last && regions->nodes[no].variable > last)
		return compare(regions, last, 32, mask, op, k, yes, no);
	if (op == COMPARE_EQ && mask == UINT32_MAX && regions->nodes[yes].variable > last &&
	    regions->nodes[no].variable > last - 32)
		return test_equal(regions, last - 31, last, k, yes, no);
	return diagram_choose(
		regions,
		region_subject(regions, subject, (uint64_t)mask << shift, op, (uint64_t)k << shift),
		yes, no);
}

struct joining {
	struct regions *regions;
	uint32_t operation;
	diagram_fold *fold;
	const void *context;
};

static diagram join(const struct joining *joining, diagram a, diagram b)
{
	struct regions *regions = joining->regions;
	uint32_t variable = smaller(regions->nodes[a].variable, regions->nodes[b].variable);
	diagram parts[2];

	if (variable == DIAGRAM_LEAF)
		return diagram_value(regions,
				     joining->fold(regions->nodes[a].zero, regions->nodes[b].zero,
						   joining->context));
	struct diagram_memo *memo = memo_slot(regions, joining->operation, a, b, 0);

	if (memo_has(memo, joining->operation, a, b, 0))
		return memo->result;
	if (!regions_step(regions))
		return REGION_NONE;
	for (unsigned i = 0; i < 2; i++)
		parts[i] = join(joining, diagram_part(regions, a, variable, i),
				diagram_part(regions, b, variable, i));
	diagram result = make(regions, variable, parts[0], parts[1]);

	*memo = (struct diagram_memo){joining->operation, a, b, 0, result};
	return result;
}

diagram diagram_join(struct regions *regions, diagram a, diagram b, diagram_fold *fold,
		     const void *context)
{
	const struct joining joining = {regions, ++regions->operation, fold, context};

	return join(&joining, a, b);
}

struct change {
	diagram_change *change;
	const void *context;
};

static uint32_t fold_one(uint32_t a, uint32_t b, const void *context)
{
	const struct change *change = context;

	(void)b;
	return change->change(a, change->context);
}

diagram diagram_map(struct regions *regions, diagram a, diagram_change *change, const void *context)
{
	const struct change of = {change, context};

	return diagram_join(regions, a, REGION_NONE, fold_one, &of);
}

static uint32_t fold_same(uint32_t a, uint32_t b, const void *context)
{
	(void)context;
	return a == b;
}

region diagram_where(struct regions *regions, diagram a, uint32_t value)
{
	return diagram_join(regions, a, diagram_value(regions, value), fold_same, NULL);
}

/* What a search over all nodes of a diagram collects. */
struct found {
	uint32_t *values; /* ordered by the first call that gets each */
	size_t count;
	uint64_t support[SUBJECTS];
};

static void find(struct regions *regions, diagram a, struct found *found)
{
	const struct diagram_node node = regions->nodes[a];

	if (regions->marks[a] == regions->search)
		return;
	regions->marks[a] = regions->search;
	regions->visits++;
	if (node.variable == DIAGRAM_LEAF) {
		found->values = mem_more(found->values, found->count, sizeof(*found->values));
		found->values[found->count++] = node.zero;
		return;
	}
	found->support[node.variable / SUBJECT_BITS] |=
		UINT64_C(1) << (SUBJECT_BITS - 1 - node.variable % SUBJECT_BITS);
	find(regions, node.zero, found);
	find(regions, node.one, found);
}

/* The result is valid even if it uses up the effort; then the next step fails. */
static struct found search(struct regions *regions, diagram a)
{
	struct found found = {0};

	regions->search++;
	regions->visits = 0;
	find(regions, a, &found);
	size_t steps = regions->visits / VISITS_A_STEP;

	regions->effort -= steps < regions->effort ? steps : regions->effort;
	return found;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

size_t diagram_values(struct regions *regions, diagram a, uint32_t **ret_values)
{
	const struct found found = search(regions, a);

	qsort(found.values, found.count, sizeof(*found.values), by_value);
	*ret_values = found.values;
	return found.count;
}

void diagram_support(struct regions *regions, diagram a, uint64_t ret_support[SUBJECTS])
{
	const struct found found = search(regions, a);

	memcpy(ret_support, found.support, sizeof(found.support));
	free(found.values);
}

/* The diagram reduced to its first subject: its values are the diagrams that continue from there. */
static diagram cut(struct regions *regions, uint32_t operation, unsigned subject, region a)
{
	const struct diagram_node node = regions->nodes[a];

	if (node.variable / SUBJECT_BITS != subject)
		return diagram_value(regions, a);
	struct diagram_memo *memo = memo_slot(regions, operation, a, 0, 0);

	if (memo_has(memo, operation, a, 0, 0))
		return memo->result;
	if (!regions_step(regions))
		return REGION_NONE;
	diagram zero = cut(regions, operation, subject, node.zero);
	diagram one = cut(regions, operation, subject, node.one);
	diagram result = make(regions, node.variable, zero, one);

	*memo_slot(regions, operation, a, 0, 0) = (struct diagram_memo){operation, a, 0, 0, result};
	return result;
}

size_t region_split(struct regions *regions, region a, size_t max, region **ret_values,
		    region **ret_below)
{
	diagram continued = cut(regions, ++regions->operation, region_first(regions, a), a);
	const struct found found = search(regions, continued);
	size_t count = 0;

	for (size_t i = 0; i < found.count; i++)
		if (found.values[i] != REGION_NONE)
			found.values[count++] = found.values[i];
	*ret_below = found.values;
	*ret_values = mem_new(count, sizeof(**ret_values));
	for (size_t i = 0; count <= max && i < count; i++)
		(*ret_values)[i] = diagram_where(regions, continued, found.values[i]);
	return count <= max && !regions->full ? count : SIZE_MAX;
}
