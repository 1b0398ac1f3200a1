#include "profile/answers/condition.h"

#include "base/mem.h"
#include "profile/answers/spans.h"

#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>

/* Six arguments and, after them, the instruction pointer. */
#define SUBJECTS   7
#define SUBJECT_IP 6

/* Alternatives that are told in words for one action; nobody reads more. */
#define MAX_BOXES 64

/* A finite set of high halves is joined with the low half up to this size. */
#define MAX_HIGHS 64

/* How the filter looks at a subject, over all ways through it. */
struct view {
	bool low, high; /* which halves it tests */
	uint64_t max;   /* the largest value, as shown */
};

/* A test of some bits of one subject. */
struct masked {
	unsigned subject;
	uint64_t mask, value;
	const char *relation; /* "==", "!=", ">" ... */
};

/* One alternative: every subject in its set, and all the facts true. */
struct box {
	struct spans sets[SUBJECTS];
	struct buf facts; /* joined by " and "; empty when there are none */
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
	const struct walk *walk;
	bool big_endian;
	struct view views[SUBJECTS];
};

static void put_subject(unsigned subject, struct buf *words)
{
	if (subject == SUBJECT_IP)
		buf_put_str(words, STR("the instruction pointer"));
	else
		buf_format(words, "arg%u", subject);
}

static void word_subject(const struct teller *teller, unsigned word, unsigned *ret_subject,
			 bool *ret_high)
{
	if (word_argument(word, teller->big_endian, ret_subject, ret_high))
		return;
	*ret_subject = SUBJECT_IP;
	*ret_high = word % 2 != teller->big_endian;
}

static const struct term *term_at(const struct teller *teller, uint32_t index)
{
	return &teller->walk->terms.terms[index];
}

static void look_at(struct teller *teller, const struct constraint *constraint)
{
	unsigned words =
		term_at(teller, constraint->a)->words | term_at(teller, constraint->b)->words;

	for (unsigned word = 0; word < TERM_WORDS; word++) {
		unsigned subject;
		bool high;

		if (!(words & 1U << word))
			continue;
		word_subject(teller, word, &subject, &high);
		if (high)
			teller->views[subject].high = true;
		else
			teller->views[subject].low = true;
	}
}

/* A subject of which only the low half is ever tested is shown as 32 bits. */
static void choose_views(struct teller *teller)
{
	const struct terms *terms = &teller->walk->terms;

	for (size_t i = 0; i < teller->walk->path_count; i++) {
		uint32_t at = teller->walk->paths[i].constraints;

		for (; at != CONSTRAINT_NONE; at = terms->constraints[at].next)
			look_at(teller, &terms->constraints[at]);
	}
	for (size_t i = 0; i < SUBJECTS; i++)
		teller->views[i].max =
			teller->views[i].high || !teller->views[i].low ? UINT64_MAX : UINT32_MAX;
}

static void keep_compared(struct spans *set, enum compare_op op, uint32_t k, bool holds)
{
	uint64_t first = op == COMPARE_GT ? (uint64_t)k + 1 : k;
	uint64_t last = op == COMPARE_EQ ? k : UINT32_MAX;

	if (first > UINT32_MAX) {
		if (holds)
			set->count = 0;
		return;
	}
	if (holds)
		spans_keep(set, first, last);
	else
		spans_remove(set, first, last);
}

static const char *relation_of(enum compare_op op, bool holds)
{
	static const char *const relations[][2] = {
		[COMPARE_EQ] = {"!=", "=="},
		[COMPARE_GT] = {"<=", ">"},
		[COMPARE_GE] = {"<", ">="},
		[COMPARE_SET] = {"==", "!="},
	};

	return relations[op][holds];
}

static void put_fact(struct buf *facts, const struct masked *masked)
{
	if (facts->n)
		buf_put_str(facts, STR(" and "));
	put_subject(masked->subject, facts);
	buf_format(facts, " & 0x%" PRIx64 " %s 0x%" PRIx64, masked->mask, masked->relation,
		   masked->value);
}

/* What one way says, while its constraints are read. */
struct reading {
	struct spans low[SUBJECTS], high[SUBJECTS];
	struct masked *masked;
	size_t masked_count, masked_size;
	unsigned odd; /* subjects in tests that have no words */
};

static void reading_mask(struct reading *reading, struct masked masked, bool high)
{
	if (high) {
		masked.mask <<= 32;
		masked.value <<= 32;
	}
	/* two halves that must both match are one test */
	for (size_t i = 0; i < reading->masked_count; i++) {
		struct masked *other = &reading->masked[i];

		if (other->subject == masked.subject && !(other->mask & masked.mask) &&
		    strcmp(other->relation, "==") == 0 && strcmp(masked.relation, "==") == 0) {
			other->mask |= masked.mask;
			other->value |= masked.value;
			return;
		}
	}
	if (reading->masked_count == reading->masked_size) {
		reading->masked_size = reading->masked_size ? reading->masked_size * 2 : 8;
		reading->masked = mem_resize(reading->masked,
					     reading->masked_size * sizeof(*reading->masked));
	}
	reading->masked[reading->masked_count++] = masked;
}

/* Whether the term is a word, or a word under a constant mask. */
static bool word_and_mask(const struct teller *teller, uint32_t index, unsigned *ret_word,
			  uint32_t *ret_mask)
{
	const struct term *term = term_at(teller, index);

	*ret_mask = UINT32_MAX;
	if (term->op == TERM_AND) {
		const struct term *a = term_at(teller, term->a), *b = term_at(teller, term->b);

		*ret_mask = b->op == TERM_CONST ? b->k : a->k;
		if ((a->op == TERM_CONST) == (b->op == TERM_CONST))
			return false;
		term = b->op == TERM_CONST ? a : b;
	}
	*ret_word = term->k;
	return term->op == TERM_WORD;
}

static void read_constraint(const struct teller *teller, const struct constraint *constraint,
			    struct reading *reading)
{
	unsigned word = 0, subject;
	uint32_t mask, k;
	bool high;

	if (!word_and_mask(teller, constraint->a, &word, &mask) ||
	    !term_is_const(&teller->walk->terms, constraint->b, &k)) {
		reading->odd |= term_at(teller, constraint->a)->words |
				term_at(teller, constraint->b)->words;
		return;
	}
	word_subject(teller, word, &subject, &high);
	struct spans *set = high ? &reading->high[subject] : &reading->low[subject];

	if (constraint->op == COMPARE_SET) {
		mask &= k;
		k = 0;
	} else if (mask == UINT32_MAX) {
		keep_compared(set, constraint->op, k, constraint->holds);
		return;
	}
	reading_mask(reading,
		     (struct masked){.subject = subject,
				     .mask = mask,
				     .value = k,
				     .relation = relation_of(constraint->op, constraint->holds)},
		     high);
}

/* High and low half of one subject as one set of 64-bit numbers; a fact where that cannot be. */
static struct spans join_halves(const struct spans *high, const struct spans *low, unsigned subject,
				struct buf *facts)
{
	struct spans joined = {0};
	bool all_low = spans_is_all(low, UINT32_MAX);
	bool few = spans_size(high) <= MAX_HIGHS;

	for (size_t i = 0; i < high->count; i++) {
		uint64_t first = high->all[i].first, last = high->all[i].last;

		if (all_low || !few) {
			spans_add(&joined, first << 32, last << 32 | UINT32_MAX);
			continue;
		}
		for (uint64_t value = first; value <= last; value++) {
			for (size_t j = 0; j < low->count; j++)
				spans_add(&joined, value << 32 | low->all[j].first,
					  value << 32 | low->all[j].last);
		}
	}
	if (!all_low && !few) {
		if (facts->n)
			buf_put_str(facts, STR(" and "));
		put_subject(subject, facts);
		buf_put_str(facts, STR(" & 0xffffffff "));
		spans_words(low, UINT32_MAX, facts);
	}
	return joined;
}

static void put_odd(const struct teller *teller, unsigned words, struct buf *facts)
{
	const char *before = facts->n ? " and " : "";
	unsigned seen = 0;

	for (unsigned word = 0; word < TERM_WORDS; word++) {
		unsigned subject;
		bool high;

		if (!(words & 1U << word))
			continue;
		word_subject(teller, word, &subject, &high);
		if (seen & 1U << subject)
			continue;
		buf_format(facts, "%s", seen ? ", " : before);
		if (!seen)
			buf_put_str(facts, STR("a computation passes on "));
		put_subject(subject, facts);
		seen |= 1U << subject;
	}
}

static struct box box_of(const struct teller *teller, uint32_t constraints)
{
	const struct terms *terms = &teller->walk->terms;
	struct reading reading = {.masked = NULL};
	struct box box = {.facts = {0}};

	for (size_t i = 0; i < SUBJECTS; i++) {
		reading.low[i] = spans_of(0, UINT32_MAX);
		reading.high[i] = spans_of(0, UINT32_MAX);
	}
	for (uint32_t at = constraints; at != CONSTRAINT_NONE; at = terms->constraints[at].next)
		read_constraint(teller, &terms->constraints[at], &reading);
	for (unsigned i = 0; i < SUBJECTS; i++) {
		box.sets[i] =
			teller->views[i].max == UINT32_MAX
				? spans_copy(&reading.low[i])
				: join_halves(&reading.high[i], &reading.low[i], i, &box.facts);
		spans_release(&reading.low[i]);
		spans_release(&reading.high[i]);
	}
	/* a chain runs from the last test back to the first: told in the order of the tests */
	for (size_t i = reading.masked_count; i-- > 0;)
		put_fact(&box.facts, &reading.masked[i]);
	put_odd(teller, reading.odd, &box.facts);
	free(reading.masked);
	return box;
}

static void box_release(struct box *box)
{
	for (size_t i = 0; i < SUBJECTS; i++)
		spans_release(&box->sets[i]);
	buf_release(&box->facts);
}

/* Joins b into a if they differ in one subject at most; then b is the caller's to release. */
static bool box_join(struct box *a, const struct box *b)
{
	size_t differ = SUBJECTS;

	if (!str_eq(buf_str(&a->facts), buf_str(&b->facts)))
		return false;
	for (size_t i = 0; i < SUBJECTS; i++) {
		if (spans_equal(&a->sets[i], &b->sets[i]))
			continue;
		if (differ != SUBJECTS)
			return false;
		differ = i;
	}
	if (differ == SUBJECTS)
		return true;
	for (size_t i = 0; i < b->sets[differ].count; i++)
		spans_add(&a->sets[differ], b->sets[differ].all[i].first,
			  b->sets[differ].all[i].last);
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

	if (a->facts.n && !str_eq(buf_str(&a->facts), buf_str(&b->facts)))
		return;
	for (size_t i = 0; i < SUBJECTS; i++) {
		if (spans_contain(&a->sets[i], &b->sets[i]))
			continue;
		if (outside != SUBJECTS)
			return;
		outside = i;
	}
	for (size_t i = 0; outside != SUBJECTS && i < a->sets[outside].count; i++)
		spans_add(&b->sets[outside], a->sets[outside].all[i].first,
			  a->sets[outside].all[i].last);
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

static void put_box(const struct teller *teller, const struct box *box, struct buf *words)
{
	const char *before = "";

	for (unsigned i = 0; i < SUBJECTS; i++) {
		const struct view *view = &teller->views[i];

		if (spans_is_all(&box->sets[i], view->max))
			continue;
		buf_format(words, "%s", before);
		put_subject(i, words);
		/* a high half that is known to be zero never becomes a word (walk.c) */
		buf_format(words, "%s ",
			   view->max == UINT32_MAX && teller->walk->wide ? " & 0xffffffff" : "");
		spans_words(&box->sets[i], view->max, words);
		before = " and ";
	}
	if (box->facts.n)
		buf_format(words, "%s%s", before, box->facts.p);
}

/* The alternatives in the order of the tests, which is roughly the order of the rules. */
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

static int by_text(const void *a, const void *b)
{
	char text_a[VERDICT_VALUE_SIZE], text_b[VERDICT_VALUE_SIZE];

	return strcmp(verdict_value_text(((const struct outcome *)a)->value, text_a),
		      verdict_value_text(((const struct outcome *)b)->value, text_b));
}

static struct outcome *outcome_for(struct outcome *outcomes, size_t *count, uint32_t value)
{
	for (size_t i = 0; i < *count; i++) {
		if (outcomes[i].value == value)
			return &outcomes[i];
	}
	outcomes[*count] = (struct outcome){.value = value};
	outcomes[*count].boxes = mem_new(MAX_BOXES, sizeof(struct box));
	return &outcomes[(*count)++];
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

/* Not all ways are listed: say that the arguments decide, claim nothing about how. */
static size_t tell_incomplete(const struct walk *walk, char ***ret_conditions)
{
	const struct str text =
		walk->exact ? STR("too many combinations of arguments to tell")
			    : STR("too many combinations of arguments to tell, and some "
				  "actions may be out of reach");

	*ret_conditions = mem_new(1, sizeof(**ret_conditions));
	(*ret_conditions)[0] = mem_copy(text);
	return 1;
}

size_t conditions_of(const struct walk *walk, bool big_endian, char ***ret_conditions)
{
	struct teller teller = {.walk = walk, .big_endian = big_endian};
	size_t count = 0, n;

	if (!walk->exact || !walk->complete)
		return tell_incomplete(walk, ret_conditions);
	choose_views(&teller);
	struct outcome *outcomes = mem_new(walk->path_count, sizeof(*outcomes));

	for (size_t i = 0; i < walk->path_count; i++)
		outcome_add(outcome_for(outcomes, &count, walk->paths[i].value),
			    box_of(&teller, walk->paths[i].constraints));
	qsort(outcomes, count, sizeof(*outcomes), by_text);
	*ret_conditions = mem_new(count, sizeof(**ret_conditions));
	for (size_t i = 0; i < count; i++)
		outcome_words(&teller, &outcomes[i]);
	n = tell(outcomes, count, *ret_conditions);
	for (size_t i = 0; i < count; i++)
		outcome_release(&outcomes[i]);
	free(outcomes);
	return n;
}
