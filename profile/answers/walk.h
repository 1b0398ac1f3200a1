/*
 * A walk through a seccomp filter with number and arch known and the arguments unknown: every
 * value that the filter can return, and for each way to it the constraints on the arguments
 * under which that way is taken.
 *
 * Exact over all values of the arguments and the instruction pointer: a way whose constraints
 * contradict each other is no way (profile/answers/term.h).
 *
 * A filter of many masked rules has more ways than anybody could list. After the first thousand
 * only those are followed that may still lead to a value not yet seen: the values stay exact, and
 * `complete` is false, for the paths no longer say everything. `exact` is false only when even
 * that took too long; then the values may be more than can be reached, never less.
 *
 * What instructions mean is linux/filter.h's classic BPF as the kernel's seccomp_check_filter()
 * admits it (kernel/seccomp.c): 32-bit registers A and X, sixteen memory slots, all zero at
 * first; loads of aligned words of struct seccomp_data; shifts take their count modulo 32;
 * dividing by an X of zero ends the filter with 0, which is KILL_THREAD.
 */
#ifndef SCLOG_PROFILE_ANSWERS_WALK_H
#define SCLOG_PROFILE_ANSWERS_WALK_H

#include "base/err.h"
#include "profile/answers/term.h"

#include <linux/filter.h>

/* One way through the filter. */
struct path {
	uint32_t value;       /* what it returns: SECCOMP_RET_* with data */
	uint32_t constraints; /* head of a chain in walk.terms, or CONSTRAINT_NONE */
};

struct walk {
	struct terms terms;
	struct path *paths;
	size_t path_count, path_size;
	struct state *states; /* ways not yet followed to their end */
	size_t state_count, state_size;
	struct outlook *outlook; /* what each instruction can still lead to; NULL until needed */
	bool exact;
	bool complete;
	bool wide; /* arguments have 64 bits on this arch */
};

/* What the filter is asked about, and how its host lays out struct seccomp_data. */
struct question {
	uint32_t audit_arch; /* AUDIT_ARCH_* */
	uint32_t nr;         /* as the kernel stores it, x32's bit 30 included */
	bool big_endian;
};

void walk_init(struct walk *walk);
void walk_release(struct walk *walk);

/*
 * Fills walk->paths, forgetting those of the question before. The filter must have passed
 * filter_check().
 */
void walk_filter(struct walk *walk, const struct sock_filter *program, size_t count,
		 const struct question *question);

/*
 * Whether the kernel would take the program as a seccomp filter: known instructions, jumps that
 * stay inside, a return at the end (bpf_check_classic() and seccomp_check_filter()). -EINVAL
 * with the instruction's place otherwise.
 */
int filter_check(const struct sock_filter *program, size_t count, struct err *err);

/* What an instruction of class BPF_ALU computes, and what a conditional jump compares. */
enum term_op alu_op(uint16_t code);
enum compare_op jump_op(uint16_t code);

/* Words of struct seccomp_data that a question leaves no choice in: number, arch, and the high
 * halves of 32-bit registers. False for the others. */
bool question_word(const struct question *question, unsigned word, uint32_t *ret_value);

/* Which 64-bit argument (0 to 5) a word of struct seccomp_data belongs to, and whether it is its
 * high half. False for a word that is no argument. */
bool word_argument(unsigned word, bool big_endian, unsigned *ret_index, bool *ret_high);

#endif
