/*
 * Reads a BPF program into a diagram, exact over all numbers, arguments and instruction pointers.
 *
 * A forward pass finds what the registers can hold at each instruction: 32 regions, one for each
 * bit, which covers constants, words of the input and computed values alike. A backward pass starts
 * at the returns and turns every conditional jump into a choice between the diagrams of its two
 * targets. Registers that are never read again are ignored, so that real filters have a single set
 * of register contents at each instruction.
 *
 * Products of two arguments or sums of many words can need too many nodes. They exceed a limit
 * (profile/answers/region.h).
 */
#ifndef SCLOG_PROFILE_ANSWERS_READING_H
#define SCLOG_PROFILE_ANSWERS_READING_H

#include "profile/answers/region.h"
#include "profile/filter/filter.h"

/* The calls to read the program for. */
struct reading_calls {
	bool any_arch;       /* the arch is an unknown, like the number; otherwise it is ... */
	uint32_t audit_arch; /* ... AUDIT_ARCH_* */
	bool one_number;     /* the number is fixed too */
	uint32_t nr;
};

/*
 * The answer of the filter's own program (not of its parts), which must have passed filter_check().
 * If it returns a register with many possible values, an action's data counts as zero. The result is
 * invalid if regions->full is set.
 */
diagram reading_make(struct regions *regions, const struct filter *filter,
		     const struct reading_calls *calls);

#endif
