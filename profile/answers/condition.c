#include "profile/answers/condition.h"

#include "base/buf.h"
#include "base/mem.h"
#include "profile/filter/value.h"

#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdlib.h>

/* Alternatives written out for one action; nobody reads more. */
#define MAX_BOXES 64

/* Ranges of one subject that are written out before a mask is tried. */
#define MAX_RANGES 16

/* Ranges that a joined box can have. */
#define MAX_JOINED ((size_t)MAX_BOXES * MAX_RANGES)

/* Values of one subject: a region over the bits of a mask, written as ranges of the packed bits. */
struct set {
	uint64_t mask;
	region values;
};

/* One alternative: each subject is in its set. */
struct box {
	struct set sets[SUBJECTS];
};

/* The alternatives that lead to one value. */
struct outcome {
	uint32_t value;
	struct box *boxes;
	size_t count;
	bool too_many;
	struct buf words;
};

struct writer {
	struct regions *regions;
	bool narrow;              /* arguments have 32 bits */
	uint64_t views[SUBJECTS]; /* the largest value, as shown */
	struct outcome *outcome;  /* the one in progress */
	struct box box;           /* the subjects decided so far */
};

/* The largest value of the mask's bits, packed. */
static uint64_t largest(uint64_t mask)
{
	int bits = __builtin_popcountll(mask);

	return bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

/* Unpacks: moves the bits back to their places in the mask. */
static uint64_t spread(uint64_t value, uint64_t mask)
{
	uint64_t result = 0;

	for (; mask; mask &= mask - 1, value >>= 1)
		result |= value & 1 ? mask & -mask : 0;
	return result;
}

/* Joins b into a if they differ in at most one subject. */
static bool box_join(struct regions *regions, struct box *a, const struct box *b)
{
	size_t differ = SUBJECTS;

	for (size_t i = 0; i < SUBJECTS; i++) {
		if (a->sets[i].mask == b->sets[i].mask && a->sets[i].values == b->sets[i].values)
			continue;
		if (differ != SUBJECTS || a->sets[i].mask != b->sets[i].mask)
			return false;
		differ = i;
	}
	if (differ != SUBJECTS)
		a->sets[differ].values =
			region_or(regions, a->sets[differ].values, b->sets[differ].values);
	return true;
}

/* A box that grew may now join others. */
static void outcome_add(struct regions *regions, struct outcome *outcome, struct box box)
{
	for (size_t i = 0; i < outcome->count;) {
		if (!box_join(regions, &box, &outcome->boxes[i])) {
			i++;
			continue;
		}
		outcome->boxes[i] = outcome->boxes[--outcome->count];
		i = 0;
	}
	outcome->too_many = outcome->too_many || outcome->count == MAX_BOXES;
	if (!outcome->too_many)
		outcome->boxes[outcome->count++] = box;
}

/*
 * "arg1 is 0x0, or arg0 is 0x1 and arg1 is not 0x0" is just "arg1 is 0x0, or arg0 is 0x1": if b lies
 * within a except for one subject, adding a's values of that subject to b changes nothing.
 */
static void box_widen(struct regions *regions, struct box *b, const struct box *a)
{
	size_t outside = SUBJECTS;

	for (size_t i = 0; i < SUBJECTS; i++) {
		const struct set *mine = &a->sets[i], *its = &b->sets[i];

		if (mine->values == REGION_ALL ||
		    (mine->mask == its->mask && region_within(regions, its->values, mine->values)))
			continue;
		if (outside != SUBJECTS || mine->mask != its->mask)
			return;
		outside = i;
	}
	if (outside != SUBJECTS)
		b->sets[outside].values =
			region_or(regions, b->sets[outside].values, a->sets[outside].values);
}

/* Before the i-th item of a list: "is ", then commas, `or` before the last. */
static void put_separator(const char *is, const char * or, size_t i, size_t count,
			  struct buf *words)
{
	buf_put_str(words, str_from(i == 0 ? is : i + 1 < count ? ", " : or));
}

/* "& 0x7e020000 == 0x0", "& 0x3 is 0x1 or 0x2" */
static void put_masked(uint64_t mask, const struct diagram_run *ranges, size_t count,
		       struct buf *words)
{
	uint64_t max = largest(mask), first = ranges[0].first, last = ranges[0].last;
	bool one = count == 1;

	buf_format(words, " & 0x%" PRIx64, mask);
	if (one && first == last)
		buf_format(words, " == 0x%" PRIx64, spread(first, mask));
	else if (one && first == 1 && last == max)
		buf_put_str(words, STR(" != 0x0"));
	else if (one && first == 0)
		buf_format(words, last == max - 1 ? " != 0x%" PRIx64 : " <= 0x%" PRIx64,
			   spread(last == max - 1 ? max : last, mask));
	else if (one && last == max)
		buf_format(words, " >= 0x%" PRIx64, spread(first, mask));
	else if (count == 2 && first == 0 && ranges[1].last == max && ranges[1].first == last + 2)
		buf_format(words, " != 0x%" PRIx64, spread(last + 1, mask));
	else
		for (size_t i = 0; i < count; i++) {
			put_separator(" is ", " or ", i, count, words);
			buf_format(words, "0x%" PRIx64, spread(ranges[i].first, mask));
			if (ranges[i].first != ranges[i].last)
				buf_format(words, " to 0x%" PRIx64, spread(ranges[i].last, mask));
		}
}

/* "is 0x1, 0x2 or 0x3"; or "is not 0x1", "is neither 0x1 nor 0x2", "is none of 0x1, 0x2 or 0x3" */
static void put_ranges(bool negated, const struct diagram_run *ranges, size_t count, uint64_t max,
		       struct buf *words)
{
	const char *is = !negated     ? "is "
			 : count == 1 ? "is not "
			 : count == 2 ? "is neither "
				      : "is none of ";

	for (size_t i = 0; i < count; i++) {
		put_separator(is, negated && count == 2 ? " nor " : " or ", i, count, words);
		if (ranges[i].first == ranges[i].last)
			buf_format(words, "0x%" PRIx64, ranges[i].first);
		else if (ranges[i].first == 0)
			buf_format(words, "at most 0x%" PRIx64, ranges[i].last);
		else if (ranges[i].last == max)
			buf_format(words, "at least 0x%" PRIx64, ranges[i].first);
		else
			buf_format(words, "0x%" PRIx64 " to 0x%" PRIx64, ranges[i].first,
				   ranges[i].last);
	}
}

/* The set or its complement, whichever is shorter. */
static void put_plain(const struct writer *writer, const struct set *set,
		      struct diagram_run *ranges, size_t count, struct buf *words)
{
	region complement = region_not(writer->regions, set->values);
	BUF_AUTO is = {0}, is_not = {0};

	put_ranges(false, ranges, count, set->mask, &is);
	count = region_ranges(writer->regions, complement, set->mask, ranges, MAX_JOINED);
	if (count != SIZE_MAX)
		put_ranges(true, ranges, count, set->mask, &is_not);
	buf_put_str(words, buf_str(is_not.n && is_not.n < is.n ? &is_not : &is));
}

static void put_set(const struct writer *writer, unsigned subject, const struct set *set,
		    struct buf *words)
{
	uint64_t view = writer->views[subject];
	MEM_AUTO struct diagram_run *ranges = mem_new(MAX_JOINED, sizeof(*ranges));
	size_t count = region_ranges(writer->regions, set->values, set->mask, ranges, MAX_JOINED);

	if (subject == SUBJECT_POINTER)
		buf_put_str(words, STR("the instruction pointer"));
	else
		buf_format(words, "arg%u", subject - SUBJECT_ARGUMENTS);
	if (count == SIZE_MAX || count == 0) {
		buf_put_str(words, STR(" is one of many values"));
	} else if (set->mask != view) {
		put_masked(set->mask, ranges, count, words);
	} else {
		/* on narrow arches the high half is always zero and never tested */
		buf_format(words, "%s ",
			   view == UINT32_MAX && !writer->narrow ? " & 0xffffffff" : "");
		put_plain(writer, set, ranges, count, words);
	}
}

static void put_box(const struct writer *writer, const struct box *box, struct buf *words)
{
	const char *before = "";

	for (unsigned i = SUBJECT_ARGUMENTS; i < SUBJECTS; i++) {
		if (box->sets[i].values == REGION_ALL)
			continue;
		buf_format(words, "%s", before);
		put_set(writer, i, &box->sets[i], words);
		before = " and ";
	}
}

static void outcome_words(const struct writer *writer, struct outcome *outcome)
{
	for (size_t i = 0; i < outcome->count; i++)
		for (size_t j = 0; j < outcome->count; j++)
			if (i != j)
				box_widen(writer->regions, &outcome->boxes[i], &outcome->boxes[j]);
	if (outcome->too_many || writer->regions->full) {
		buf_put_str(&outcome->words, STR("one of many combinations of arguments is given"));
		return;
	}
	for (size_t i = 0; i < outcome->count; i++) {
		if (i > 0)
			buf_put_str(&outcome->words, STR(", or "));
		put_box(writer, &outcome->boxes[i], &outcome->words);
	}
}

/*
 * The values of one subject as alternative sets: one set of ranges, plain or under the mask of the
 * tested bits; otherwise a set for each cube. SIZE_MAX if there are too many.
 */
static size_t sets_of(const struct writer *writer, unsigned subject, region values,
		      struct set sets[MAX_BOXES])
{
	uint64_t support[SUBJECTS];
	struct diagram_run ranges[MAX_RANGES];
	struct region_cube cubes[MAX_BOXES];

	diagram_support(writer->regions, values, support);
	const uint64_t masks[] = {writer->views[subject], support[subject]};

	for (size_t i = 0; i < 2; i++) {
		if (region_ranges(writer->regions, values, masks[i], ranges, MAX_RANGES) ==
		    SIZE_MAX)
			continue;
		sets[0] = (struct set){masks[i], values};
		return 1;
	}
	size_t count = region_cubes(writer->regions, values, cubes, MAX_BOXES);

	for (size_t i = 0; count != SIZE_MAX && i < count; i++)
		sets[i] = (struct set){cubes[i].mask,
				       region_subject(writer->regions, subject, cubes[i].mask,
						      COMPARE_EQ, cubes[i].bits)};
	return count;
}

/* Recursion over the subjects. */
static void add_boxes(struct writer *writer, region left)
{
	unsigned subject = region_first(writer->regions, left);
	struct outcome *outcome = writer->outcome;
	region *values, *below;

	if (subject == SUBJECTS) {
		outcome_add(writer->regions, outcome, writer->box);
		return;
	}
	size_t count = region_split(writer->regions, left, MAX_BOXES, &values, &below);

	outcome->too_many = outcome->too_many || count == SIZE_MAX;
	for (size_t i = 0; i < count && !outcome->too_many; i++) {
		struct set sets[MAX_BOXES], before = writer->box.sets[subject];
		size_t set_count = sets_of(writer, subject, values[i], sets);

		outcome->too_many = set_count == SIZE_MAX;
		for (size_t j = 0; !outcome->too_many && j < set_count; j++) {
			writer->box.sets[subject] = sets[j];
			add_boxes(writer, below[i]);
		}
		writer->box.sets[subject] = before;
	}
	free(values);
	free(below);
}

/*
 * The outcome with the greatest weight becomes the "otherwise": that with the most words, where a
 * refusal counts twice, since readers look for what is allowed.
 */
static size_t otherwise_weight(const struct outcome *outcome)
{
	if (outcome->too_many)
		return SIZE_MAX;
	return outcome->words.n * (value_pass(outcome->value) >= PASS_LOGGED ? 1 : 2);
}

/* "X when ..." for all but one, which becomes "X otherwise". */
static void write_conditions(struct outcome *outcomes, size_t count, char **conditions)
{
	struct outcome *otherwise = &outcomes[0];
	char text[VERDICT_VALUE_SIZE];
	size_t n = 0;

	for (size_t i = 1; i < count; i++) {
		if (otherwise_weight(&outcomes[i]) >= otherwise_weight(otherwise))
			otherwise = &outcomes[i];
	}
	for (size_t i = 0; i < count; i++) {
		BUF_AUTO line = {0};

		if (&outcomes[i] == otherwise)
			continue;
		buf_format(&line, "%s when %s", verdict_value_text(outcomes[i].value, text),
			   outcomes[i].words.n ? outcomes[i].words.p : "");
		conditions[n++] = mem_copy(buf_str(&line));
	}
	BUF_AUTO line = {0};

	buf_format(&line, "%s otherwise", verdict_value_text(otherwise->value, text));
	conditions[n] = mem_copy(buf_str(&line));
}

void conditions_of(struct regions *regions, diagram answer, bool narrow, const uint32_t *values,
		   size_t count, char ***ret_conditions)
{
	struct writer writer = {.regions = regions, .narrow = narrow};
	struct outcome *outcomes = mem_new(count, sizeof(*outcomes));
	uint64_t support[SUBJECTS];

	/* a subject is shown as 32 bits if only its low half is ever tested */
	diagram_support(regions, answer, support);
	for (unsigned i = 0; i < SUBJECTS; i++) {
		writer.views[i] = support[i] && support[i] <= UINT32_MAX ? UINT32_MAX : UINT64_MAX;
		writer.box.sets[i] = (struct set){writer.views[i], REGION_ALL};
	}
	for (size_t i = 0; i < count; i++) {
		outcomes[i].value = values[i];
		outcomes[i].boxes = mem_new(MAX_BOXES, sizeof(struct box));
		writer.outcome = &outcomes[i];
		add_boxes(&writer, diagram_where(regions, answer, values[i]));
		outcomes[i].too_many = outcomes[i].too_many || regions->full;
	}
	*ret_conditions = mem_new(count, sizeof(**ret_conditions));
	for (size_t i = 0; i < count; i++)
		outcome_words(&writer, &outcomes[i]);
	write_conditions(outcomes, count, *ret_conditions);
	for (size_t i = 0; i < count; i++) {
		free(outcomes[i].boxes);
		buf_release(&outcomes[i].words);
	}
	free(outcomes);
}
