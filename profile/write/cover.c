#include "profile/write/cover.h"

#include "base/mem.h"
#include "profile/answers/answers.h"

#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>

/* A set that takes more ways than this takes more rules too. */
#define MAX_CUBES 1024

#define FEW_VALUES 16

#define HIGH_HALF (UINT64_MAX << 32)

struct coverer {
	struct regions *regions;
	struct cover *cover;
	size_t first;  /* its first rule for this region */
	region wanted; /* and whatever does not matter */
	region matters;
	uint64_t max;           /* the largest value of an argument */
	struct cover_rule rule; /* so far; the value is the same for all */
	bool too_many;
};

/* The comparisons of one argument whose alternatives are a set of values. */
struct choices {
	struct document_arg *all;
	size_t count;
};

/* x32 and its like run on a 64-bit kernel, but libseccomp compares only the low halves. */
bool cover_is_narrow(uint32_t token)
{
	return token == SCMP_ARCH_X32 || token == SCMP_ARCH_MIPS64N32 ||
	       token == SCMP_ARCH_MIPSEL64N32 || !(token & __AUDIT_ARCH_64BIT);
}

void cover_release(struct cover *cover)
{
	free(cover->all);
	*cover = (struct cover){0};
}

void cover_put(struct cover *cover, uint32_t value, const struct document_arg *args,
	       size_t arg_count)
{
	cover->all = mem_more(cover->all, cover->count, sizeof(*cover->all));
	struct cover_rule *rule = &cover->all[cover->count++];

	*rule = (struct cover_rule){.value = value, .arg_count = arg_count};
	if (arg_count)
		memcpy(rule->args, args, arg_count * sizeof(*args));
}

size_t cover_tangled(const struct cover *cover)
{
	size_t count = 0;

	for (size_t i = 0; i < cover->count; i++) {
		const struct cover_rule *rule = &cover->all[i];
		bool inequality = false;

		for (size_t j = 0; j < rule->arg_count; j++)
			inequality = inequality || (rule->args[j].op != SCMP_CMP_EQ &&
						    rule->args[j].op != SCMP_CMP_MASKED_EQ);
		count += rule->arg_count > 1 && inequality;
	}
	return count;
}

static void put_choice(struct choices *choices, unsigned index, enum scmp_compare op,
		       uint64_t value, uint64_t value_two)
{
	choices->all = mem_more(choices->all, choices->count, sizeof(*choices->all));
	choices->all[choices->count++] = (struct document_arg){
		.index = index, .op = op, .value = value, .value_two = value_two};
}

/* A range with both ends inside: the largest aligned powers of two, from the left. */
static void put_range(struct choices *choices, unsigned index, struct diagram_run span)
{
	for (uint64_t first = span.first;;) {
		unsigned bits = first ? (unsigned)__builtin_ctzll(first) : 63;

		while ((UINT64_C(1) << bits) - 1 > span.last - first)
			bits--;
		uint64_t rest = (UINT64_C(1) << bits) - 1;

		if (bits == 0)
			put_choice(choices, index, SCMP_CMP_EQ, first, 0);
		else
			put_choice(choices, index, SCMP_CMP_MASKED_EQ, ~rest, first);
		if (first + rest == span.last)
			return;
		first += rest + 1;
	}
}

/* Whether the ranges leave out one value, and which. */
static bool leave_out(const struct diagram_run *ranges, size_t count, uint64_t max,
		      uint64_t *ret_value)
{
	bool first = ranges[0].first == 0, last = ranges[count - 1].last == max;

	*ret_value = count == 2 ? ranges[0].last + 1 : first ? max : 0;
	if (count == 2)
		return first && last && ranges[1].first == *ret_value + 1;
	return count == 1 &&
	       ((first && ranges[0].last == max - 1) || (last && ranges[0].first == 1));
}

static void put_ranges(struct choices *choices, unsigned index, const struct diagram_run *ranges,
		       size_t count, uint64_t max)
{
	uint64_t value;

	if (leave_out(ranges, count, max, &value)) {
		put_choice(choices, index, SCMP_CMP_NE, value, 0);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct diagram_run range = ranges[i];

		if (range.first == range.last)
			put_choice(choices, index, SCMP_CMP_EQ, range.first, 0);
		else if (range.last == max)
			put_choice(choices, index, SCMP_CMP_GE, range.first, 0);
		else if (range.first == 0)
			put_choice(choices, index, SCMP_CMP_LE, range.last, 0);
		else
			put_range(choices, index, range);
	}
}

/*
 * Where all cubes are ranges, or are few values, the comparisons are those of ranges, else each
 * cube is a masked one. The argument's part of what matters is cut off first: of 32 bits the high
 * half is zero then.
 */
static bool choose(struct coverer *coverer, unsigned index, region values, struct choices *choices)
{
	MEM_AUTO struct region_cube *cubes = mem_new(MAX_CUBES, sizeof(*cubes));
	bool narrow = coverer->max == UINT32_MAX, ranges = true;
	size_t single = 0; /* values, if they are few */

	if (narrow)
		values = region_and(
			coverer->regions, values,
			region_argument(coverer->regions, index, HIGH_HALF, COMPARE_EQ, 0));
	size_t count = region_cubes(coverer->regions, values, cubes, MAX_CUBES);

	if (count == SIZE_MAX)
		return false;
	/* a cube is a range if what is fixed lies above what is free */
	for (size_t i = 0; i < count; i++)
		ranges = ranges && (~cubes[i].mask & (~cubes[i].mask + 1)) == 0;
	/* a few values are written one by one: people write 0, 8, 0x20000 and 0x20008 and no mask */
	for (size_t i = 0; i < count && single <= FEW_VALUES; i++) {
		int free_bits = __builtin_popcountll(~cubes[i].mask);

		single += free_bits < 8 ? (size_t)1 << free_bits : FEW_VALUES + 1;
	}
	if (ranges || single <= FEW_VALUES) {
		MEM_AUTO struct diagram_run *all = mem_new(MAX_CUBES, sizeof(*all));

		count = region_ranges(coverer->regions, values, UINT64_MAX, all, MAX_CUBES);
		if (count && count != SIZE_MAX)
			put_ranges(choices, index, all, count, coverer->max);
		return count != SIZE_MAX;
	}
	for (size_t i = 0; i < count; i++)
		put_choice(choices, index, SCMP_CMP_MASKED_EQ,
			   narrow ? cubes[i].mask & UINT32_MAX : cubes[i].mask, cubes[i].bits);
	return true;
}

/* Argument after argument; the rules of different values of one argument are disjoint. */
static void cover_region(struct coverer *coverer, region left)
{
	unsigned subject = region_first(coverer->regions, left);
	unsigned index = subject - SUBJECT_ARGUMENTS;
	struct cover *cover = coverer->cover;
	region *values, *rests;

	if (subject == SUBJECTS) {
		coverer->too_many |= cover->count - coverer->first == COVER_MAX;
		if (!coverer->too_many)
			cover_put(cover, coverer->rule.value, coverer->rule.args,
				  coverer->rule.arg_count);
		return;
	}
	size_t count = region_split(coverer->regions, left, COVER_MAX, &values, &rests);

	/* no rule can test the instruction pointer */
	coverer->too_many |= count == SIZE_MAX || subject == SUBJECT_POINTER;
	for (size_t i = 0; i < count && !coverer->too_many; i++) {
		struct choices choices = {0};

		if (!choose(coverer, index, values[i], &choices))
			coverer->too_many = true;
		for (size_t j = 0; j < choices.count && !coverer->too_many; j++) {
			coverer->rule.args[coverer->rule.arg_count++] = choices.all[j];
			cover_region(coverer, rests[i]);
			coverer->rule.arg_count--;
		}
		free(choices.all);
	}
	free(values);
	free(rests);
}

static bool is_wanted(struct coverer *coverer, const struct cover_rule *rule)
{
	return region_within(coverer->regions,
			     region_of_args(coverer->regions, rule->args, rule->arg_count),
			     coverer->wanted);
}

/* Leaves out what can be left out: whole comparisons, then bits of masks. */
static void widen(struct coverer *coverer, struct cover_rule *rule)
{
	for (size_t i = 0; i < rule->arg_count && rule->arg_count > 1;) {
		struct cover_rule without = *rule;

		memmove(&without.args[i], &without.args[i + 1],
			(--without.arg_count - i) * sizeof(without.args[0]));
		if (is_wanted(coverer, &without))
			*rule = without;
		else
			i++;
	}
	for (size_t i = 0; i < rule->arg_count; i++) {
		if (rule->args[i].op != SCMP_CMP_MASKED_EQ)
			continue;
		for (uint64_t bit = UINT64_C(1) << 63; bit; bit >>= 1) {
			struct cover_rule without = *rule;

			without.args[i].value &= ~bit;
			without.args[i].value_two &= ~bit;
			if ((rule->args[i].value & bit) && without.args[i].value &&
			    is_wanted(coverer, &without))
				*rule = without;
		}
	}
}

/* Whether the other rules say all that this one says, as far as it matters. */
static bool is_spare(struct coverer *coverer, size_t at)
{
	struct regions *regions = coverer->regions;
	struct cover *cover = coverer->cover;
	region others = region_not(regions, coverer->matters);

	for (size_t i = coverer->first; i < cover->count; i++)
		if (i != at)
			others = region_or(regions, others,
					   region_of_args(regions, cover->all[i].args,
							  cover->all[i].arg_count));
	return region_within(regions,
			     region_of_args(regions, cover->all[at].args, cover->all[at].arg_count),
			     others);
}

static void shorten(struct coverer *coverer)
{
	struct cover *cover = coverer->cover;

	for (size_t i = coverer->first; i < cover->count; i++)
		widen(coverer, &cover->all[i]);
	for (size_t i = cover->count; i-- > coverer->first;) {
		if (!is_spare(coverer, i))
			continue;
		memmove(&cover->all[i], &cover->all[i + 1],
			(--cover->count - i) * sizeof(*cover->all));
	}
}

bool cover_make(struct regions *regions, region wanted, uint32_t value, bool narrow,
		enum cover_manner manner, struct cover *cover)
{
	struct coverer coverer = {.regions = regions,
				  .cover = cover,
				  .first = cover->count,
				  .matters = REGION_ALL,
				  .max = narrow ? UINT32_MAX : UINT64_MAX,
				  .rule = {.value = value}};

	if (manner == COVER_NONE)
		return false;
	for (unsigned i = 0; narrow && i < REGION_ARGUMENTS; i++)
		coverer.matters = region_and(regions, coverer.matters,
					     region_argument(regions, i, HIGH_HALF, COMPARE_EQ, 0));
	coverer.wanted = region_or(regions, wanted, region_not(regions, coverer.matters));
	cover_region(&coverer, wanted);
	if (manner == COVER_SHORT && !coverer.too_many)
		shorten(&coverer);
	return !coverer.too_many && !regions->full;
}
