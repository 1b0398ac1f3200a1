/*
 * A reading: a filter's program as a diagram, exact over all numbers, arguments and instruction
 * pointers.
 *
 * A first pass goes over the program once, forward, and finds what the registers can hold at each
 * instruction: a constant, a word of the input under a mask, or 32 regions, one for each bit of
 * what was computed. A second pass goes back from the returns and makes of every conditional jump
 * a choice between the two diagrams that it leads to. Registers that nobody reads any more are
 * not told apart, so that real filters have one set of registers at each instruction.
 *
 * Some things take more than anybody can afford: products of two arguments, sums of many words.
 * They meet a limit (profile/answers/region.h).
 */
#ifndef SCLOG_PROFILE_ANSWERS_READING_H
#define SCLOG_PROFILE_ANSWERS_READING_H

#include "profile/answers/region.h"
#include "profile/filter/filter.h"

/* The calls that are read for. */
struct reading_calls {
	bool any_arch;       /* the arch is a part of the call, like the number; else it is ... */
	uint32_t audit_arch; /* ... AUDIT_ARCH_* */
	bool one_number;     /* the number is known too */
	uint32_t nr;
};

/*
 * What the filter's own program answers, which must have passed filter_check(). Where it returns a
 * register that can hold many values, the data of an action is taken as zero. The result is void if
 * regions->full is set.
 */
diagram reading_make(struct regions *regions, const struct filter *filter,
		     const struct reading_calls *calls);

#endif
