/*
 * Terms: what a filter's registers hold when the arguments are unknown.
 *
 * A seccomp filter loads 32-bit words of struct seccomp_data and computes with them
 * (linux/seccomp.h, linux/filter.h). Where a word is unknown its value is a term: a constant,
 * an input word, or an operation on two terms. A constraint compares two terms; a path through
 * the filter is a conjunction of constraints.
 *
 * constraints_hold_together() decides exactly whether some values of the words satisfy such a
 * conjunction: it assigns bit after bit, highest of the tightest constraint first, evaluates
 * every constraint over known bits and ranges, and turns back as soon as one is false. Only
 * when its budget runs out does it answer "perhaps", and says so.
 *
 * Terms live in an arena and are named by index; an operand always has a smaller index than
 * what is made of it. Constraints form chains that share their tails: a path that forks keeps
 * what both branches have in common once.
 */
#ifndef SCLOG_PROFILE_ANSWERS_TERM_H
#define SCLOG_PROFILE_ANSWERS_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The 32-bit words of struct seccomp_data: nr, arch, the instruction pointer, six arguments. */
#define TERM_WORDS 16

enum term_op {
	TERM_CONST,
	TERM_WORD,
	TERM_ADD,
	TERM_SUB,
	TERM_MUL,
	TERM_DIV,
	TERM_OR,
	TERM_AND,
	TERM_LSH,
	TERM_RSH,
	TERM_NEG,
	TERM_XOR,
};

struct term {
	enum term_op op;
	uint32_t k;     /* TERM_CONST: the value; TERM_WORD: which word */
	uint32_t a, b;  /* operands; TERM_NEG has only a */
	uint16_t words; /* bit N: word N is in it */
};

enum compare_op {
	COMPARE_EQ,
	COMPARE_GT, /* unsigned, as BPF_JGT */
	COMPARE_GE,
	COMPARE_SET, /* (a & b) != 0, as BPF_JSET */
};

#define CONSTRAINT_NONE UINT32_MAX

struct constraint {
	uint32_t next; /* the constraint before it on the path, or CONSTRAINT_NONE */
	enum compare_op op;
	bool holds; /* false: the comparison must come out false */
	uint32_t a, b;
};

struct terms {
	struct term *terms;
	size_t term_count, term_size;
	uint32_t *index; /* hash of what a term is -> where it is */
	size_t index_size;
	struct constraint *constraints;
	size_t constraint_count, constraint_size;
	size_t budget; /* of bits that may be tried in one decision */
	size_t effort; /* left for all decisions until terms_clear(), in terms looked at */
	bool inexact;  /* some decision ran out of it and was taken as "perhaps" */
	struct solver *solver;
};

void terms_init(struct terms *terms);
void terms_release(struct terms *terms);
/* Forgets all terms and constraints, keeps the memory. */
void terms_clear(struct terms *terms);

uint32_t term_const(struct terms *terms, uint32_t value);
uint32_t term_word(struct terms *terms, unsigned word);
/* Folds constants. Shifts take their count modulo 32, as the kernel's BPF does; dividing by a
 * constant zero is the caller's to exclude. */
uint32_t term_make(struct terms *terms, enum term_op op, uint32_t a, uint32_t b);
bool term_is_const(const struct terms *terms, uint32_t term, uint32_t *ret_value);

/* Adds one more constraint before `next`; returns the new head of the chain. */
uint32_t constraint_add(struct terms *terms, uint32_t next, enum compare_op op, uint32_t a,
			uint32_t b, bool holds);

bool compare_values(enum compare_op op, uint32_t a, uint32_t b);

/* The same for what the ALU computes; dividing by zero is the caller's business: 0. */
uint32_t compute_values(enum term_op op, uint32_t a, uint32_t b);

/*
 * Whether the chain that starts at `head` can be satisfied, given that the chain without `head`
 * can be: only constraints that share words with `head`, directly or through others, matter.
 */
bool constraints_hold_together(struct terms *terms, uint32_t head);

#endif
