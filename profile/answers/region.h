/*
 * Diagrams: exact, canonical functions of a system call.
 *
 * A diagram is a reduced ordered multi-terminal decision diagram over the bits of a call's eight
 * subjects, highest bit first: arch and number, six arguments, the instruction pointer. It maps
 * every call to a 32-bit value. Two diagrams are the same function if and only if they have the
 * same index, so "do these filters do the same" is an integer comparison. A region is a set of
 * calls: a diagram with the values 0 and 1 only. REGION_NONE and REGION_ALL are its constants.
 * Comparing one argument with a constant takes at most 64 nodes.
 *
 * A filter's author controls the size of its diagrams, so nodes and work are limited. An operation
 * that exceeds a limit sets `full`; every result since the last regions_mark() is then invalid, and
 * the answer is "cannot tell". The limits apply to a whole `struct regions`, all questions together:
 * about 40 MB and a fifth of a second of work. Searches always finish, and their work counts too.
 */
#ifndef SCLOG_PROFILE_ANSWERS_REGION_H
#define SCLOG_PROFILE_ANSWERS_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t diagram;
typedef diagram region;

#define REGION_NONE 0U
#define REGION_ALL  1U

/* No diagram: a limit was exceeded. */
#define DIAGRAM_UNKNOWN UINT32_MAX

/* A call's subjects. The first holds the arch in its high half and the number in its low half. */
enum {
	SUBJECT_CALL,
	SUBJECT_ARGUMENTS,
	REGION_ARGUMENTS = 6,
	SUBJECT_POINTER = SUBJECT_ARGUMENTS + REGION_ARGUMENTS,
	SUBJECTS,
};

enum compare_op {
	COMPARE_EQ,
	COMPARE_GT, /* unsigned, as BPF_JGT */
	COMPARE_GE,
	COMPARE_SET, /* (a & b) != 0, as BPF_JSET */
};

#define SUBJECT_BITS 64
#define DIAGRAM_LEAF (SUBJECTS * SUBJECT_BITS) /* the variable of every leaf: sorts last */

struct diagram_node {
	uint32_t variable; /* subject * SUBJECT_BITS + 63 - bit */
	diagram zero, one; /* a leaf has its value in both */
};

struct regions {
	struct diagram_node *nodes;
	size_t count, size;
	uint32_t *index; /* hash table: node -> position in nodes */
	size_t index_size;
	uint32_t *marks; /* parallel to nodes: the last search that visited each */
	uint32_t search;
	size_t visits;             /* of the current search */
	struct diagram_memo *memo; /* results of operations; a lossy cache */
	uint32_t operation;        /* the last number given to a kind of operation */
	size_t effort;             /* steps left */
	bool full;
};

void regions_init(struct regions *regions);
void regions_release(struct regions *regions);

/* A point to return to. Until regions_keep() at most 1/share of the remaining effort may be spent. */
struct regions_mark {
	size_t count, kept;
};
struct regions_mark regions_mark(struct regions *regions, size_t share);
/* Keeps the diagrams made since the mark. If a limit was exceeded, forgets them, clears `full` and
 * returns false. */
bool regions_keep(struct regions *regions, const struct regions_mark *mark);

/* Spends one step of effort; sets `full` and returns false if none is left. */
bool regions_step(struct regions *regions);

/* Sets. */
region region_and(struct regions *regions, region a, region b);
region region_or(struct regions *regions, region a, region b);
region region_not(struct regions *regions, region a);
bool region_within(struct regions *regions, region a, region b);

/* One bit of a subject, 63 the highest. */
region region_bit(struct regions *regions, unsigned subject, unsigned bit);
/* Half a subject under a mask. */
struct region_word {
	unsigned subject;
	bool high;
	uint32_t mask;
};
/* Whether the bits are exactly such a word; bits outside its mask are REGION_NONE. */
bool region_is_word(const struct regions *regions, const region bits[32],
		    struct region_word *ret_word);
/* The calls whose subject, masked, compares with k by op. */
region region_subject(struct regions *regions, unsigned subject, uint64_t mask, enum compare_op op,
		      uint64_t k);
/* The same for an argument, 0 to 5. */
region region_argument(struct regions *regions, unsigned argument, uint64_t mask,
		       enum compare_op op, uint64_t k);

/* Functions. */
diagram diagram_value(struct regions *regions, uint32_t value);
/* `yes` inside the set, `no` outside. */
diagram diagram_choose(struct regions *regions, region set, diagram yes, diagram no);
/* The same, for the set of calls in which half a subject, masked, compares with k by op. */
diagram diagram_test(struct regions *regions, unsigned subject, bool high, uint32_t mask,
		     enum compare_op op, uint32_t k, diagram yes, diagram no);
/* Applies `change` to every value. */
typedef uint32_t diagram_change(uint32_t value, const void *context);
diagram diagram_map(struct regions *regions, diagram a, diagram_change *change,
		    const void *context);
/* Combines two diagrams: each call gets fold(a's value, b's value). */
typedef uint32_t diagram_fold(uint32_t a, uint32_t b, const void *context);
diagram diagram_join(struct regions *regions, diagram a, diagram b, diagram_fold *fold,
		     const void *context);
/* The calls that get the value. */
region diagram_where(struct regions *regions, diagram a, uint32_t value);

/* The cofactor for one bit. The diagram must not test an earlier bit. */
static inline diagram diagram_part(const struct regions *regions, diagram a, uint32_t variable,
				   bool one)
{
	const struct diagram_node *node = &regions->nodes[a];

	if (node->variable != variable)
		return a;
	return one ? node->one : node->zero;
}

/* All values of the diagram, sorted as unsigned. The caller frees *ret_values. */
size_t diagram_values(struct regions *regions, diagram a, uint32_t **ret_values);
/* Whether the diagram is a constant, and which. */
bool diagram_is_value(const struct regions *regions, diagram a, uint32_t *ret_value);
/* The value for one call, given as its eight subjects. */
uint32_t diagram_answer(const struct regions *regions, diagram a, const uint64_t call[SUBJECTS]);
/* The cofactor for one arch and number: a diagram of the arguments and the pointer. */
diagram diagram_at(const struct regions *regions, diagram a, uint32_t arch, uint32_t nr);
/* The bits of each subject that the diagram tests. */
void diagram_support(struct regions *regions, diagram a, uint64_t ret_support[SUBJECTS]);

/* Consecutive values of one subject (numbers, for example) that continue in the same diagram. */
struct diagram_run {
	uint64_t first, last;
	diagram below;
};

/*
 * The runs of the numbers from first to last, in a diagram for one arch. SIZE_MAX if there are more
 * than DIAGRAM_RUNS_MAX; otherwise the caller frees *ret_runs.
 */
#define DIAGRAM_RUNS_MAX (1U << 16)
size_t diagram_runs(const struct regions *regions, diagram a, uint32_t first, uint32_t last,
		    struct diagram_run **ret_runs);

/* The first subject that the diagram tests; SUBJECTS if it tests none. */
unsigned region_first(const struct regions *regions, region a);

/*
 * Splits a region by its first subject: for subject values in values[i] it continues as below[i].
 * Each values[i] is a region over that subject alone; they are disjoint. Parts that continue as
 * REGION_NONE are left out. Returns the number of parts, SIZE_MAX if it exceeds max.
 */
size_t region_split(struct regions *regions, region a, size_t max, region **ret_values,
		    region **ret_below);

/*
 * The ranges of values in a region over one subject, sorted, not adjacent. The region must test
 * only bits of the mask; values are these bits packed together. Returns SIZE_MAX if there are more
 * than max.
 */
size_t region_ranges(const struct regions *regions, region a, uint64_t mask,
		     struct diagram_run *ranges, size_t max);

/* One path to REGION_ALL: the bits of the first subject that it fixes. */
struct region_cube {
	uint64_t mask, bits;
};

/*
 * The paths of a region over one subject to REGION_ALL, disjoint, by the highest bits. Returns
 * SIZE_MAX if there are more than max.
 */
size_t region_cubes(const struct regions *regions, region a, struct region_cube *cubes, size_t max);

#endif
