#include "profile/answers/term.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Nodes of the search; a profile's filter needs a few dozen. */
#define BUDGET 20000

/* Terms looked at for one question to a filter, about half a second. */
#define EFFORT 50000000

/* What is known of a term while its words are known in part: bits, and the unsigned range. */
struct known {
	uint32_t mask, bits; /* bits is 0 where mask is */
	uint32_t min, max;
};

enum truth {
	TRUTH_FALSE,
	TRUTH_TRUE,
	TRUTH_OPEN,
};

/* One constraint of the decision at hand. */
struct clause {
	enum compare_op op;
	bool holds;
	uint32_t a, b;
	uint32_t demanded[TERM_WORDS]; /* bits of each word that can matter to it */
};

struct solver {
	struct clause *clauses;
	size_t clause_count, clause_size;
	uint32_t *order; /* the terms that the clauses need, operands first */
	size_t order_count, order_size;
	struct known *known; /* by term index */
	uint32_t *demanded;  /* by term index */
	size_t term_size;
	struct {
		uint32_t mask, bits;
	} words[TERM_WORDS];
};

void terms_init(struct terms *terms)
{
	*terms = (struct terms){.budget = BUDGET, .effort = EFFORT};
	terms->solver = mem_new(1, sizeof(*terms->solver));
}

void terms_release(struct terms *terms)
{
	free(terms->terms);
	free(terms->index);
	free(terms->constraints);
	if (terms->solver) {
		free(terms->solver->clauses);
		free(terms->solver->order);
		free(terms->solver->known);
		free(terms->solver->demanded);
		free(terms->solver);
	}
	*terms = (struct terms){0};
}

void terms_clear(struct terms *terms)
{
	terms->term_count = 0;
	if (terms->index)
		memset(terms->index, 0xff, terms->index_size * sizeof(*terms->index));
	terms->constraint_count = 0;
	terms->inexact = false;
	terms->effort = EFFORT;
}

static bool spend(struct terms *terms, size_t effort)
{
	terms->effort -= effort < terms->effort ? effort : terms->effort;
	return terms->effort > 0;
}

static bool same_term(const struct term *a, const struct term *b)
{
	return a->op == b->op && a->k == b->k && a->a == b->a && a->b == b->b;
}

/* Where in the index a term is, or where it would go. */
static uint32_t *term_slot(struct terms *terms, const struct term *term)
{
	uint32_t hash = term->op * 0x9e3779b1U + term->k;

	hash = (hash ^ hash >> 15) * 0x85ebca6bU + term->a;
	hash = (hash ^ hash >> 13) * 0xc2b2ae35U + term->b;
	for (size_t i = hash ^ hash >> 16;; i++) {
		uint32_t *slot = &terms->index[i & (terms->index_size - 1)];

		if (*slot == UINT32_MAX || same_term(&terms->terms[*slot], term))
			return slot;
	}
}

static void terms_grow(struct terms *terms)
{
	terms->term_size = terms->term_size ? terms->term_size * 2 : 64;
	terms->terms = mem_resize(terms->terms, terms->term_size * sizeof(*terms->terms));
	terms->index_size = terms->term_size * 2;
	terms->index = mem_resize(terms->index, terms->index_size * sizeof(*terms->index));
	memset(terms->index, 0xff, terms->index_size * sizeof(*terms->index));
	for (size_t i = 0; i < terms->term_count; i++)
		*term_slot(terms, &terms->terms[i]) = (uint32_t)i;
}

/* The same term is kept once, so that an arena stays as small as its filter. */
static uint32_t term_put(struct terms *terms, struct term term)
{
	if (terms->term_count == terms->term_size)
		terms_grow(terms);
	uint32_t *slot = term_slot(terms, &term);

	if (*slot == UINT32_MAX) {
		*slot = (uint32_t)terms->term_count;
		terms->terms[terms->term_count++] = term;
	}
	return *slot;
}

uint32_t term_const(struct terms *terms, uint32_t value)
{
	return term_put(terms, (struct term){.op = TERM_CONST, .k = value});
}

uint32_t term_word(struct terms *terms, unsigned word)
{
	return term_put(terms,
			(struct term){.op = TERM_WORD, .k = word, .words = (uint16_t)(1U << word)});
}

bool term_is_const(const struct terms *terms, uint32_t term, uint32_t *ret_value)
{
	if (terms->terms[term].op != TERM_CONST)
		return false;
	*ret_value = terms->terms[term].k;
	return true;
}

uint32_t compute_values(enum term_op op, uint32_t a, uint32_t b)
{
	switch (op) {
	case TERM_ADD:
		return a + b;
	case TERM_SUB:
		return a - b;
	case TERM_MUL:
		return a * b;
	case TERM_DIV:
		return b ? a / b : 0;
	case TERM_OR:
		return a | b;
	case TERM_AND:
		return a & b;
	case TERM_LSH:
		return a << (b & 31);
	case TERM_RSH:
		return a >> (b & 31);
	case TERM_NEG:
		return -a;
	case TERM_XOR:
		return a ^ b;
	case TERM_CONST:
	case TERM_WORD:
		break;
	}
	return 0;
}

uint32_t term_make(struct terms *terms, enum term_op op, uint32_t a, uint32_t b)
{
	struct term *ta = &terms->terms[a], *tb = &terms->terms[b];

	if (ta->op == TERM_CONST && (op == TERM_NEG || tb->op == TERM_CONST))
		return term_const(terms, compute_values(op, ta->k, tb->k));
	/* libseccomp masks the high word with 0 where a comparison has no high half */
	if (op == TERM_AND &&
	    ((ta->op == TERM_CONST && ta->k == 0) || (tb->op == TERM_CONST && tb->k == 0)))
		return term_const(terms, 0);
	return term_put(
		terms,
		(struct term){.op = op,
			      .a = a,
			      .b = op == TERM_NEG ? a : b,
			      .words = (uint16_t)(ta->words | (op == TERM_NEG ? 0 : tb->words))});
}

uint32_t constraint_add(struct terms *terms, uint32_t next, enum compare_op op, uint32_t a,
			uint32_t b, bool holds)
{
	if (terms->constraint_count == terms->constraint_size) {
		terms->constraint_size = terms->constraint_size ? terms->constraint_size * 2 : 64;
		terms->constraints = mem_resize(
			terms->constraints, terms->constraint_size * sizeof(*terms->constraints));
	}
	terms->constraints[terms->constraint_count] =
		(struct constraint){.next = next, .op = op, .a = a, .b = b, .holds = holds};
	return (uint32_t)terms->constraint_count++;
}

bool compare_values(enum compare_op op, uint32_t a, uint32_t b)
{
	switch (op) {
	case COMPARE_EQ:
		return a == b;
	case COMPARE_GT:
		return a > b;
	case COMPARE_GE:
		return a >= b;
	case COMPARE_SET:
		return (a & b) != 0;
	}
	return false;
}

/* What follows from bits for the range, and from the range for the bits. */
static struct known known_tighten(struct known known)
{
	uint32_t low = known.bits, high = known.bits | ~known.mask;

	if (known.min < low)
		known.min = low;
	if (known.max > high)
		known.max = high;
	uint32_t differ = known.min ^ known.max;
	uint32_t same = differ ? ~(UINT32_MAX >> __builtin_clz(differ)) : UINT32_MAX;

	known.bits |= known.min & same;
	known.mask |= same;
	return known;
}

static struct known known_bits(uint32_t mask, uint32_t bits)
{
	return known_tighten((struct known){.mask = mask, .bits = bits & mask, .max = UINT32_MAX});
}

static struct known known_range(uint64_t min, uint64_t max)
{
	/* a range that crosses a multiple of 2^32 wraps into two: nothing is known */
	if (min >> 32 != max >> 32)
		return known_bits(0, 0);
	return known_tighten((struct known){.min = (uint32_t)min, .max = (uint32_t)max});
}

/* The low bits of a sum are known up to the first unknown bit of either operand. */
static struct known known_low(struct known result, struct known a, struct known b, enum term_op op)
{
	uint32_t both = a.mask & b.mask;
	uint32_t low = both & ~(both + 1);

	result.bits |= compute_values(op, a.bits, b.bits) & low & ~result.mask;
	result.mask |= low;
	return known_tighten(result);
}

static struct known known_arithmetic(enum term_op op, struct known a, struct known b)
{
	const uint64_t wrap = UINT64_C(1) << 32;

	switch (op) {
	case TERM_ADD:
		return known_low(known_range((uint64_t)a.min + b.min, (uint64_t)a.max + b.max), a,
				 b, op);
	case TERM_SUB:
	case TERM_NEG: /* 0 - b */
		return known_low(known_range(wrap + a.min - b.max, wrap + a.max - b.min), a, b,
				 TERM_SUB);
	case TERM_MUL:
		return known_low(known_range((uint64_t)a.min * b.min, (uint64_t)a.max * b.max), a,
				 b, op);
	default: /* TERM_DIV: by zero is excluded on every path that divides */
		return known_range(a.min / (b.max ? b.max : 1), a.max / (b.min ? b.min : 1));
	}
}

static struct known known_shift(enum term_op op, struct known a, struct known b)
{
	if ((b.mask & 31) != 31)
		return known_bits(0, 0);
	unsigned n = b.bits & 31;

	if (op == TERM_LSH)
		return known_bits(a.mask << n | ((UINT32_C(1) << n) - 1), a.bits << n);
	struct known result = known_bits(a.mask >> n | ~(UINT32_MAX >> n), a.bits >> n);

	result.min = a.min >> n;
	result.max = a.max >> n;
	return known_tighten(result);
}

static struct known known_logic(enum term_op op, struct known a, struct known b)
{
	uint32_t ones_a = a.bits, ones_b = b.bits;
	uint32_t zeros_a = a.mask & ~a.bits, zeros_b = b.mask & ~b.bits;

	if (op == TERM_AND)
		return known_bits((ones_a & ones_b) | zeros_a | zeros_b, ones_a & ones_b);
	if (op == TERM_OR)
		return known_bits((zeros_a & zeros_b) | ones_a | ones_b, ones_a | ones_b);
	return known_bits(a.mask & b.mask, a.bits ^ b.bits);
}

static struct known known_of(const struct solver *solver, const struct term *term)
{
	const struct known zero = {.mask = UINT32_MAX};

	switch (term->op) {
	case TERM_CONST:
		return known_bits(UINT32_MAX, term->k);
	case TERM_WORD:
		return known_bits(solver->words[term->k].mask, solver->words[term->k].bits);
	case TERM_NEG:
		return known_arithmetic(term->op, zero, solver->known[term->a]);
	case TERM_ADD:
	case TERM_SUB:
	case TERM_MUL:
	case TERM_DIV:
		return known_arithmetic(term->op, solver->known[term->a], solver->known[term->b]);
	case TERM_LSH:
	case TERM_RSH:
		return known_shift(term->op, solver->known[term->a], solver->known[term->b]);
	case TERM_OR:
	case TERM_AND:
	case TERM_XOR:
		return known_logic(term->op, solver->known[term->a], solver->known[term->b]);
	}
	return known_bits(0, 0);
}

static enum truth truth_of(bool is_true, bool is_false)
{
	return is_true ? TRUTH_TRUE : is_false ? TRUTH_FALSE : TRUTH_OPEN;
}

static enum truth known_compare(enum compare_op op, struct known a, struct known b)
{
	switch (op) {
	case COMPARE_EQ:
		return truth_of((a.mask & b.mask) == UINT32_MAX && a.bits == b.bits,
				((a.bits ^ b.bits) & a.mask & b.mask) || a.min > b.max ||
					b.min > a.max);
	case COMPARE_GT:
		return truth_of(a.min > b.max, a.max <= b.min);
	case COMPARE_GE:
		return truth_of(a.min >= b.max, a.max < b.min);
	case COMPARE_SET:
		return truth_of(a.bits & b.bits,
				((a.mask & ~a.bits) | (b.mask & ~b.bits)) == UINT32_MAX);
	}
	return TRUTH_OPEN;
}

static enum truth clause_truth(const struct solver *solver, const struct clause *clause)
{
	enum truth truth =
		known_compare(clause->op, solver->known[clause->a], solver->known[clause->b]);

	if (truth == TRUTH_OPEN || clause->holds)
		return truth;
	return truth == TRUTH_TRUE ? TRUTH_FALSE : TRUTH_TRUE;
}

/* All bits up to the highest one of mask: carries run upward only. */
static uint32_t up_to(uint32_t mask)
{
	return mask ? UINT32_MAX >> __builtin_clz(mask) : 0;
}

/* Which bits of an operand can change the demanded bits of the result. */
static uint32_t demand_of(enum term_op op, uint32_t demanded, const struct term *other)
{
	bool is_const = other->op == TERM_CONST;

	switch (op) {
	case TERM_AND:
		return is_const ? demanded & other->k : demanded;
	case TERM_OR:
		return is_const ? demanded & ~other->k : demanded;
	case TERM_XOR:
		return demanded;
	case TERM_LSH:
		return is_const ? demanded >> (other->k & 31) : UINT32_MAX;
	case TERM_RSH:
		return is_const ? demanded << (other->k & 31) : UINT32_MAX;
	case TERM_ADD:
	case TERM_SUB:
	case TERM_MUL:
	case TERM_NEG:
		return up_to(demanded);
	default:
		return UINT32_MAX;
	}
}

static void demand_operands(struct solver *solver, const struct term *terms, uint32_t index)
{
	const struct term *term = &terms[index];
	uint32_t demanded = solver->demanded[index];

	if (term->op <= TERM_WORD || !demanded)
		return;
	solver->demanded[term->a] |= demand_of(term->op, demanded, &terms[term->b]);
	if (term->op == TERM_NEG)
		return;
	/* a shift by an unknown count needs the count's low bits; a constant needs none */
	solver->demanded[term->b] |=
		demand_of(term->op == TERM_LSH || term->op == TERM_RSH ? TERM_DIV : term->op,
			  demanded, &terms[term->a]);
}

static uint32_t demand_of_side(const struct terms *terms, const struct clause *clause,
			       uint32_t other)
{
	uint32_t k;

	if (clause->op == COMPARE_SET && term_is_const(terms, other, &k))
		return k;
	return UINT32_MAX;
}

/* Fills clause->demanded by following the terms from the comparison down to the words. */
static void clause_demand(struct solver *solver, const struct terms *terms, struct clause *clause)
{
	uint32_t top = clause->a > clause->b ? clause->a : clause->b;

	memset(solver->demanded, 0, (top + 1) * sizeof(*solver->demanded));
	solver->demanded[clause->a] |= demand_of_side(terms, clause, clause->b);
	solver->demanded[clause->b] |= demand_of_side(terms, clause, clause->a);
	for (uint32_t i = top + 1; i-- > 0;) {
		const struct term *term = &terms->terms[i];

		demand_operands(solver, terms->terms, i);
		if (term->op == TERM_WORD)
			clause->demanded[term->k] |= solver->demanded[i];
	}
}

static void solver_add(struct solver *solver, const struct terms *terms,
		       const struct constraint *constraint)
{
	if (solver->clause_count == solver->clause_size) {
		solver->clause_size = solver->clause_size ? solver->clause_size * 2 : 16;
		solver->clauses =
			mem_resize(solver->clauses, solver->clause_size * sizeof(*solver->clauses));
	}
	struct clause *clause = &solver->clauses[solver->clause_count++];

	*clause = (struct clause){.op = constraint->op,
				  .holds = constraint->holds,
				  .a = constraint->a,
				  .b = constraint->b};
	clause_demand(solver, terms, clause);
}

static uint16_t constraint_words(const struct terms *terms, const struct constraint *constraint)
{
	return terms->terms[constraint->a].words | terms->terms[constraint->b].words;
}

/* The words that hang together with those of `head` through the constraints of its chain. */
static uint16_t connected_words(const struct terms *terms, uint32_t head)
{
	uint16_t words = constraint_words(terms, &terms->constraints[head]), before;

	do {
		before = words;
		for (uint32_t i = head; i != CONSTRAINT_NONE; i = terms->constraints[i].next) {
			uint16_t mine = constraint_words(terms, &terms->constraints[i]);

			if (mine & words)
				words |= mine;
		}
	} while (words != before);
	return words;
}

/* The terms that the clauses are made of, operands before what is made of them. */
static void solver_order(struct solver *solver, const struct terms *terms)
{
	size_t count = terms->term_count;

	memset(solver->demanded, 0, count * sizeof(*solver->demanded));
	for (size_t i = 0; i < solver->clause_count; i++) {
		solver->demanded[solver->clauses[i].a] = 1;
		solver->demanded[solver->clauses[i].b] = 1;
	}
	for (size_t i = count; i-- > 0;) {
		const struct term *term = &terms->terms[i];

		if (!solver->demanded[i] || term->op <= TERM_WORD)
			continue;
		solver->demanded[term->a] = 1;
		solver->demanded[term->b] = 1;
	}
	solver->order_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (solver->demanded[i])
			solver->order[solver->order_count++] = (uint32_t)i;
	}
}

static void solver_reserve(struct solver *solver, size_t count)
{
	if (count <= solver->term_size)
		return;
	solver->term_size = count * 2;
	solver->known = mem_resize(solver->known, solver->term_size * sizeof(*solver->known));
	solver->demanded =
		mem_resize(solver->demanded, solver->term_size * sizeof(*solver->demanded));
	solver->order = mem_resize(solver->order, solver->term_size * sizeof(*solver->order));
}

/* Where the search goes next: the highest free bit of the open clause with the fewest. */
struct choice {
	bool open;
	unsigned word;
	uint32_t bit;
};

static void choose(const struct solver *solver, const struct clause *clause, int *fewest,
		   struct choice *choice)
{
	int n = 0;
	struct choice mine = {.open = true};

	for (unsigned i = 0; i < TERM_WORDS; i++) {
		uint32_t free_bits = clause->demanded[i] & ~solver->words[i].mask;

		n += __builtin_popcount(free_bits);
		if (free_bits > mine.bit)
			mine = (struct choice){.open = true,
					       .word = i,
					       .bit = UINT32_C(1)
						      << (31 - __builtin_clz(free_bits))};
	}
	if (n < *fewest && n > 0) {
		*fewest = n;
		*choice = mine;
	}
}

/* Evaluates every clause; false if one cannot hold any more. */
static bool solver_look(struct solver *solver, const struct terms *terms, struct choice *ret_choice)
{
	int fewest = TERM_WORDS * 32 + 1;

	*ret_choice = (struct choice){0};
	for (size_t i = 0; i < solver->order_count; i++)
		solver->known[solver->order[i]] = known_of(solver, &terms->terms[solver->order[i]]);
	for (size_t i = 0; i < solver->clause_count; i++) {
		enum truth truth = clause_truth(solver, &solver->clauses[i]);

		if (truth == TRUTH_FALSE)
			return false;
		if (truth == TRUTH_OPEN)
			choose(solver, &solver->clauses[i], &fewest, ret_choice);
	}
	return true;
}

/* One bit that the search has set, and whether its other value is still to be tried. */
struct step {
	struct choice choice;
	bool second;
};

static void solver_set(struct solver *solver, const struct choice *choice, bool one)
{
	solver->words[choice->word].mask |= choice->bit;
	if (one)
		solver->words[choice->word].bits |= choice->bit;
	else
		solver->words[choice->word].bits &= ~choice->bit;
}

/* Turns back to the last bit whose other value is untried; false if there is none. */
static bool solver_back(struct solver *solver, struct step *steps, size_t *depth)
{
	while (*depth > 0) {
		struct step *step = &steps[*depth - 1];

		if (!step->second) {
			step->second = true;
			solver_set(solver, &step->choice, true);
			return true;
		}
		solver_set(solver, &step->choice, false);
		solver->words[step->choice.word].mask &= ~step->choice.bit;
		--*depth;
	}
	return false;
}

static bool solver_search(struct solver *solver, struct terms *terms)
{
	struct step steps[TERM_WORDS * 32];
	size_t depth = 0;
	struct choice choice;

	memset(solver->words, 0, sizeof(solver->words));
	for (size_t left = terms->budget; left > 0; left--) {
		if (!spend(terms, solver->order_count + solver->clause_count))
			break;
		if (!solver_look(solver, terms, &choice)) {
			if (!solver_back(solver, steps, &depth))
				return false;
			continue;
		}
		if (!choice.open)
			return true;
		steps[depth++] = (struct step){.choice = choice};
		solver_set(solver, &choice, false);
	}
	terms->inexact = true;
	return true;
}

bool constraints_hold_together(struct terms *terms, uint32_t head)
{
	struct solver *solver = terms->solver;
	uint16_t words = connected_words(terms, head);

	solver->clause_count = 0;
	solver_reserve(solver, terms->term_count);
	for (uint32_t i = head; i != CONSTRAINT_NONE; i = terms->constraints[i].next) {
		const struct constraint *constraint = &terms->constraints[i];

		if (i == head || (constraint_words(terms, constraint) & words))
			solver_add(solver, terms, constraint);
	}
	solver_order(solver, terms);
	spend(terms, solver->clause_count * terms->term_count);
	return solver_search(solver, terms);
}
