/*
 * Diagrams: functions of a system call, exact and canonical.
 *
 * A diagram is a reduced ordered decision diagram with any number of leaves, over the bits of the
 * eight subjects of a call, highest bit first: arch and number, six arguments, the instruction
 * pointer. It gives a 32-bit value for every call. Two diagrams are the same function if and only
 * if they have the same number, so that "do these do the same" is a comparison. A region is a set:
 * a diagram of the values 0 and 1, which are REGION_NONE and REGION_ALL. A comparison of one
 * argument takes 64 nodes at most.
 *
 * Whoever chooses a filter chooses how large its diagrams are, so nodes and work are limited.
 * What meets the limit sets `full`, and then every result since the last regions_mark() is void:
 * the answer is "cannot tell". The limits bound a whole `struct regions`, for all questions
 * together: some 40 MB and a fifth of a second of work. Searches over a diagram are always carried
 * out, and count as well.
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

/* No diagram: it cannot be told within the limits. */
#define DIAGRAM_UNKNOWN UINT32_MAX

/* The subjects: arch in the high half and number in the low half, then arguments. */
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
#define DIAGRAM_LEAF (SUBJECTS * SUBJECT_BITS) /* the variable of all leaves: after all others */

struct diagram_node {
	uint32_t variable; /* subject * SUBJECT_BITS + 63 - bit */
	diagram zero, one; /* of a leaf: its value, twice */
};

struct regions {
	struct diagram_node *nodes;
	size_t count, size;
	uint32_t *index; /* hash of a node -> where it is */
	size_t index_size;
	uint32_t *marks; /* beside nodes: which search has seen them */
	uint32_t search;
	size_t visits;             /* of the search */
	struct diagram_memo *memo; /* of operations; entries are overwritten */
	uint32_t operation;        /* of those that are not alike each has its number */
	size_t effort;             /* steps left */
	bool full;
};

void regions_init(struct regions *regions);
void regions_release(struct regions *regions);

/*
 * A mark to come back to: regions_rewind() forgets all diagrams made since, and that a limit was
 * met. `share` of the effort that is left is what may be spent until then: 2 is half of it.
 */
struct regions_mark {
	size_t count, kept;
};
struct regions_mark regions_mark(struct regions *regions, size_t share);
void regions_rewind(struct regions *regions, const struct regions_mark *mark);
/* Keeps what was made since the mark, or rewinds and returns false where a limit was met. */
bool regions_keep(struct regions *regions, const struct regions_mark *mark);

/* Takes one step of the effort; false, and a limit is met, where there are none left. */
bool regions_step(struct regions *regions);

/* Sets. */
region region_and(struct regions *regions, region a, region b);
region region_or(struct regions *regions, region a, region b);
region region_not(struct regions *regions, region a);
bool region_within(struct regions *regions, region a, region b);

/* One bit of a subject, 63 the highest. */
region region_bit(struct regions *regions, unsigned subject, unsigned bit);
/* Whether those are the bits of half a subject under a mask, all others zero. */
struct region_word {
	unsigned subject;
	bool high;
	uint32_t mask;
};
bool region_is_word(const struct regions *regions, const region bits[32],
		    struct region_word *ret_word);
/* A whole subject under a mask, compared with a constant. */
region region_subject(struct regions *regions, unsigned subject, uint64_t mask, enum compare_op op,
		      uint64_t k);
/* The same of an argument, 0 to 5. */
region region_argument(struct regions *regions, unsigned argument, uint64_t mask,
		       enum compare_op op, uint64_t k);

/* Functions. */
diagram diagram_value(struct regions *regions, uint32_t value);
/* `yes` within the set, `no` outside it. */
diagram diagram_choose(struct regions *regions, region set, diagram yes, diagram no);
/* The same for the set where one half of a subject under a mask compares so with a constant. */
diagram diagram_test(struct regions *regions, unsigned subject, bool high, uint32_t mask,
		     enum compare_op op, uint32_t k, diagram yes, diagram no);
/* Every value changed. */
typedef uint32_t diagram_change(uint32_t value, const void *context);
diagram diagram_map(struct regions *regions, diagram a, diagram_change *change,
		    const void *context);
/* What is made of the two values that a call gets. */
typedef uint32_t diagram_fold(uint32_t a, uint32_t b, const void *context);
diagram diagram_join(struct regions *regions, diagram a, diagram b, diagram_fold *fold,
		     const void *context);
/* Where the function gives the value. */
region diagram_where(struct regions *regions, diagram a, uint32_t value);

/* The part of a diagram where a bit is zero or one; no bit before it may be tested. */
static inline diagram diagram_part(const struct regions *regions, diagram a, uint32_t variable,
				   bool one)
{
	const struct diagram_node *node = &regions->nodes[a];

	if (node->variable != variable)
		return a;
	return one ? node->one : node->zero;
}

/* All values that it gives, sorted as unsigned; the caller's to free. */
size_t diagram_values(struct regions *regions, diagram a, uint32_t **ret_values);
/* Of a diagram that is a leaf: its value. */
bool diagram_is_value(const struct regions *regions, diagram a, uint32_t *ret_value);
/* What one call gets: the numbers of its subjects. */
uint32_t diagram_answer(const struct regions *regions, diagram a, const uint64_t call[SUBJECTS]);
/* What is left of it for one arch and number. */
diagram diagram_at(const struct regions *regions, diagram a, uint32_t arch, uint32_t nr);
/* Which bits of each subject it tests. */
void diagram_support(struct regions *regions, diagram a, uint64_t ret_support[SUBJECTS]);

/* Values of one subject in a row, numbers for example, with the same rest of a diagram. */
struct diagram_run {
	uint64_t first, last;
	diagram rest;
};

/*
 * The runs of numbers from first to last, of a diagram of one arch. SIZE_MAX where there are more
 * than DIAGRAM_RUNS_MAX; else the caller frees *ret_runs.
 */
#define DIAGRAM_RUNS_MAX (1U << 16)
size_t diagram_runs(const struct regions *regions, diagram a, uint32_t first, uint32_t last,
		    struct diagram_run **ret_runs);

/* The subject that the diagram tests first, or SUBJECTS when it tests none. */
unsigned region_first(const struct regions *regions, region a);

/*
 * What the region says of its first subject: for the values in `values[i]` (a region over that
 * subject alone, disjoint from the others) it goes on as `rests[i]`. Returns how many, nothing
 * for rests that are REGION_NONE, and SIZE_MAX where there are more than max.
 */
size_t region_split(struct regions *regions, region a, size_t max, region **ret_values,
		    region **ret_rests);

/*
 * The runs of a region over one subject that are in it, sorted and apart from each other. Only the
 * bits of a mask count, moved together; the region must test no other. Returns SIZE_MAX when there
 * are more than max.
 */
size_t region_ranges(const struct regions *regions, region a, uint64_t mask,
		     struct diagram_run *ranges, size_t max);

/* Bits of the first subject: all of a way's to REGION_ALL. */
struct region_cube {
	uint64_t mask, bits;
};

/*
 * The ways of a region over one subject to REGION_ALL, highest bits first, disjoint. Returns
 * SIZE_MAX when there are more than max.
 */
size_t region_cubes(const struct regions *regions, region a, struct region_cube *cubes, size_t max);

#endif
