#include "profile/answers/condition.h"

#include "base/mem.h"
#include "profile/answers/spans.h"

#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdlib.h>

/* Alternatives that are told in words for one action; nobody reads more. */
#define MAX_BOXES 64

/* Ranges of one subject that are told before it is tried under a mask. */
#define MAX_RANGES 16

/* Values of one subject: ranges of what the bits of a mask make when they are moved together. */
struct set {
	uint64_t mask;
	struct spans spans;
};

/* One alternative: every subject in its set. */
struct box {
	struct set sets[SUBJECTS];
};

/* All alternatives that lead to one value. */
struct outcome {
	uint32_t value;
	struct box *boxes;
	size_t count;
	bool too_many;
	struct buf words;
};

struct teller {
	struct regions *regions;
	bool narrow;              /* arguments have 32 bits */
	uint64_t views[SUBJECTS]; /* the largest value, as shown */
	struct outcome *outcome;  /* that is being told */
	struct box box;           /* so far */
};

static void put_subject(unsigned subject, struct buf *words)
{
	if (subject == SUBJECT_POINTER)
		buf_put_str(words, STR("the instruction pointer"));
	else
		buf_format(words, "arg%u", subject - SUBJECT_ARGUMENTS);
}

/* The largest value of the bits of a mask, moved together. */
static uint64_t largest(uint64_t mask)
{
	int bits = __builtin_popcountll(mask);

	return bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

/* The bits moved back to where the mask has them. */
static uint64_t spread(uint64_t value, uint64_t mask)
{
	uint64_t result = 0;

	for (; mask; mask &= mask - 1, value >>= 1)
		result |= value & 1 ? mask & -mask : 0;
	return result;
}

/* The bits of the mask moved together. */
static uint64_t gather(uint64_t value, uint64_t mask)
{
	uint64_t result = 0;

	for (uint64_t to = 1; mask; mask &= mask - 1, to <<= 1)
		result |= value & mask & -mask ? to : 0;
	return result;
}

static struct set everything(uint64_t view)
{
	return (struct set){view, spans_of(0, view)};
}

static bool is_everything(const struct set *set)
{
	return spans_is_all(&set->spans, largest(set->mask));
}

static struct set set_copy(const struct set *set)
{
	return (struct set){set->mask, spans_copy(&set->spans)};
}

static void set_join(struct set *a, const struct set *b)
{
	for (size_t i = 0; i < b->spans.count; i++)
		spans_add(&a->spans, b->spans.all[i].first, b->spans.all[i].last);
}

static void box_release(struct box *box)
{
	for (size_t i = 0; i < SUBJECTS; i++)
		spans_release(&box->sets[i].spans);
}

static bool same_sets(const struct set *a, const struct set *b)
{
	return a->mask == b->mask && spans_equal(&a->spans, &b->spans);
}

/* Joins b into a if they differ in one subject at most; then b is the caller's to release. */
static bool box_join(struct box *a, const struct box *b)
{
	size_t differ = SUBJECTS;

	for (size_t i = 0; i < SUBJECTS; i++) {
		if (same_sets(&a->sets[i], &b->sets[i]))
			continue;
		if (differ != SUBJECTS || a->sets[i].mask != b->sets[i].mask)
			return false;
		differ = i;
	}
	if (differ != SUBJECTS)
		set_join(&a->sets[differ], &b->sets[differ]);
	return true;
}

/* Takes the box over. A box that has grown may now join with another. */
static void outcome_add(struct outcome *outcome, struct box box)
{
	for (size_t i = 0; i < outcome->count;) {
		if (!box_join(&box, &outcome->boxes[i])) {
			i++;
			continue;
		}
		box_release(&outcome->boxes[i]);
		outcome->boxes[i] = outcome->boxes[--outcome->count];
		i = 0;
	}
	if (outcome->count == MAX_BOXES) {
		outcome->too_many = true;
		box_release(&box);
		return;
	}
	outcome->boxes[outcome->count++] = box;
}

/*
 * "arg1 is 0x0, or arg0 is 0x1 and arg1 is not 0x0" says no more than "arg1 is 0x0, or arg0 is
 * 0x1": where b lies within a but for one subject, b may as well have a's part of that one.
 */
static void box_widen(struct box *b, const struct box *a)
{
	size_t outside = SUBJECTS;

	for (size_t i = 0; i < SUBJECTS; i++) {
		if (is_everything(&a->sets[i]) ||
		    (a->sets[i].mask == b->sets[i].mask &&
		     spans_contain(&a->sets[i].spans, &b->sets[i].spans)))
			continue;
		if (outside != SUBJECTS || a->sets[i].mask != b->sets[i].mask)
			return;
		outside = i;
	}
	if (outside != SUBJECTS)
		set_join(&b->sets[outside], &a->sets[outside]);
}

static void outcome_widen(struct outcome *outcome)
{
	for (size_t i = 0; i < outcome->count; i++) {
		for (size_t j = 0; j < outcome->count; j++) {
			if (i != j)
				box_widen(&outcome->boxes[i], &outcome->boxes[j]);
		}
	}
}

/* "& 0x7e020000 == 0x0", "& 0x3 is 0x1 or 0x2" */
static void put_masked(const struct set *set, struct buf *words)
{
	const struct spans *spans = &set->spans;
	uint64_t max = largest(set->mask), first = spans->all[0].first, last = spans->all[0].last;
	bool one = spans->count == 1;

	buf_format(words, " & 0x%" PRIx64, set->mask);
	if (one && first == last)
		buf_format(words, " == 0x%" PRIx64, spread(first, set->mask));
	else if (one && first == 1 && last == max)
		buf_put_str(words, STR(" != 0x0"));
	else if (one && first == 0)
		buf_format(words, last == max - 1 ? " != 0x%" PRIx64 : " <= 0x%" PRIx64,
			   spread(last == max - 1 ? max : last, set->mask));
	else if (one && last == max)
		buf_format(words, " >= 0x%" PRIx64, spread(first, set->mask));
	else if (spans->count == 2 && first == 0 && spans->all[1].last == max &&
		 spans->all[1].first == last + 2)
		buf_format(words, " != 0x%" PRIx64, spread(last + 1, set->mask));
	else
		for (size_t i = 0; i < spans->count; i++) {
			buf_put_str(words, i == 0                 ? STR(" is ")
					   : i + 1 < spans->count ? STR(", ")
								  : STR(" or "));
			buf_format(words, "0x%" PRIx64, spread(spans->all[i].first, set->mask));
			if (spans->all[i].first != spans->all[i].last)
				buf_format(words, " to 0x%" PRIx64,
					   spread(spans->all[i].last, set->mask));
		}
}

static void put_set(const struct teller *teller, unsigned subject, const struct set *set,
		    struct buf *words)
{
	uint64_t view = teller->views[subject];

	put_subject(subject, words);
	if (set->mask != view) {
		put_masked(set, words);
		return;
	}
	/* a high half that is known to be zero is never tested */
	buf_format(words, "%s ", view == UINT32_MAX && !teller->narrow ? " & 0xffffffff" : "");
	spans_words(&set->spans, view, words);
}

static void put_box(const struct teller *teller, const struct box *box, struct buf *words)
{
	const char *before = "";

	for (unsigned i = SUBJECT_ARGUMENTS; i < SUBJECTS; i++) {
		if (is_everything(&box->sets[i]))
			continue;
		buf_format(words, "%s", before);
		put_set(teller, i, &box->sets[i], words);
		before = " and ";
	}
}

static void outcome_words(const struct teller *teller, struct outcome *outcome)
{
	if (outcome->too_many) {
		buf_put_str(&outcome->words, STR("one of many combinations of arguments is given"));
		return;
	}
	outcome_widen(outcome);
	for (size_t i = 0; i < outcome->count; i++) {
		if (i > 0)
			buf_put_str(&outcome->words, STR(", or "));
		put_box(teller, &outcome->boxes[i], &outcome->words);
	}
}

static struct set set_of(uint64_t mask, const struct region_range *ranges, size_t count)
{
	struct set set = {.mask = mask};

	for (size_t i = 0; i < count; i++)
		spans_add(&set.spans, ranges[i].first, ranges[i].last);
	return set;
}

/*
 * The values of one subject as sets, each an alternative: as ranges, or under the mask of the bits
 * that count, or mask by mask. SIZE_MAX where they are too many.
 */
static size_t sets_of(const struct teller *teller, unsigned subject, region values,
		      struct set sets[MAX_BOXES])
{
	uint64_t support = diagram_support(teller->regions, values, subject);
	uint64_t masks[] = {teller->views[subject], support};
	struct region_range ranges[MAX_RANGES];
	struct region_cube cubes[MAX_BOXES];

	for (size_t i = 0; i < 2; i++) {
		size_t count = region_ranges(teller->regions, values, masks[i], ranges, MAX_RANGES);

		if (count == SIZE_MAX)
			continue;
		sets[0] = set_of(masks[i], ranges, count);
		return 1;
	}
	size_t count = region_cubes(teller->regions, values, cubes, MAX_BOXES);

	for (size_t i = 0; count != SIZE_MAX && i < count; i++) {
		uint64_t value = gather(cubes[i].bits, cubes[i].mask);

		sets[i] = (struct set){cubes[i].mask, spans_of(value, value)};
	}
	return count;
}

static struct box box_copy(const struct box *box)
{
	struct box copy;

	for (size_t i = 0; i < SUBJECTS; i++)
		copy.sets[i] = set_copy(&box->sets[i]);
	return copy;
}

/* Subject after subject. */
static void add_boxes(struct teller *teller, region left)
{
	unsigned subject = region_first(teller->regions, left);
	struct outcome *outcome = teller->outcome;
	region *values, *rests;

	if (subject == SUBJECTS) {
		outcome_add(outcome, box_copy(&teller->box));
		return;
	}
	size_t count = region_split(teller->regions, left, MAX_BOXES, &values, &rests);

	outcome->too_many = outcome->too_many || count == SIZE_MAX;
	for (size_t i = 0; i < count && !outcome->too_many; i++) {
		struct set sets[MAX_BOXES], before = teller->box.sets[subject];
		size_t set_count = sets_of(teller, subject, values[i], sets);

		outcome->too_many = set_count == SIZE_MAX;
		for (size_t j = 0; !outcome->too_many && j < set_count; j++) {
			teller->box.sets[subject] = sets[j];
			add_boxes(teller, rests[i]);
		}
		for (size_t j = 0; set_count != SIZE_MAX && j < set_count; j++)
			spans_release(&sets[j].spans);
		teller->box.sets[subject] = before;
	}
	free(values);
	free(rests);
}

static int by_text(const void *a, const void *b)
{
	char text_a[VERDICT_VALUE_SIZE], text_b[VERDICT_VALUE_SIZE];

	return strcmp(verdict_value_text(((const struct outcome *)a)->value, text_a),
		      verdict_value_text(((const struct outcome *)b)->value, text_b));
}

/*
 * How much an outcome wants to be told as "otherwise": by what its words take, and twice if it
 * refuses, since people look for what is let through.
 */
static size_t otherwise_weight(const struct outcome *outcome)
{
	uint32_t action = outcome->value & SECCOMP_RET_ACTION_FULL;
	bool passes = action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;

	if (outcome->too_many)
		return SIZE_MAX;
	return passes ? outcome->words.n : outcome->words.n * 2;
}

/* "X when ..." for all but the one that is told as "X otherwise". */
static size_t tell(struct outcome *outcomes, size_t count, char **conditions)
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
	conditions[n++] = mem_copy(buf_str(&line));
	return n;
}

static void outcome_release(struct outcome *outcome)
{
	for (size_t i = 0; i < outcome->count; i++)
		box_release(&outcome->boxes[i]);
	free(outcome->boxes);
	buf_release(&outcome->words);
}

/* A subject of which only the low half is ever tested is shown as 32 bits. */
static void choose_views(struct teller *teller, diagram answer)
{
	for (unsigned i = 0; i < SUBJECTS; i++) {
		uint64_t support = diagram_support(teller->regions, answer, i);

		teller->views[i] = support && support <= UINT32_MAX ? UINT32_MAX : UINT64_MAX;
		teller->box.sets[i] = everything(teller->views[i]);
	}
}

size_t conditions_of(struct regions *regions, diagram answer, bool narrow, char ***ret_conditions)
{
	struct teller teller = {.regions = regions, .narrow = narrow};
	uint32_t *values;
	size_t count = diagram_values(regions, answer, &values), n;
	struct outcome *outcomes = mem_new(count, sizeof(*outcomes));

	choose_views(&teller, answer);
	for (size_t i = 0; i < count; i++) {
		outcomes[i].value = values[i];
		outcomes[i].boxes = mem_new(MAX_BOXES, sizeof(struct box));
		teller.outcome = &outcomes[i];
		add_boxes(&teller, diagram_where(regions, answer, values[i]));
		outcomes[i].too_many = outcomes[i].too_many || regions->full;
	}
	qsort(outcomes, count, sizeof(*outcomes), by_text);
	*ret_conditions = mem_new(count, sizeof(**ret_conditions));
	for (size_t i = 0; i < count; i++)
		outcome_words(&teller, &outcomes[i]);
	n = tell(outcomes, count, *ret_conditions);
	for (size_t i = 0; i < count; i++)
		outcome_release(&outcomes[i]);
	box_release(&teller.box);
	free(outcomes);
	free(values);
	return n;
}
