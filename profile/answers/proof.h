/*
 * A proof: a filter that was made answers what was wanted, over all numbers, arguments and arches.
 *
 * Whoever writes a profile (profile/write/export.h, profile/twin/logmode.h,
 * profile/compose/compose.h) builds it again and proves it here. What "the same" means is the
 * prover's: a fold of both answers to one call that is zero where the second is right.
 */
#ifndef SCLOG_PROFILE_ANSWERS_PROOF_H
#define SCLOG_PROFILE_ANSWERS_PROOF_H

#include "profile/answers/answers.h"

struct proof {
	struct answers *wanted, *made; /* over the same regions; borrowed */
	diagram_fold *fold;            /* of wanted and made */
	const void *context;           /* the fold's */
};

/* Calls that are answered wrongly: of one number with a name, or of numbers in a row without. */
struct proof_fault {
	uint32_t token;       /* 0: arches that `wanted` does not have */
	uint32_t first, last; /* UINT32_MAX stands for -1 */
	const char *name;     /* NULL: none */
	diagram wanted, made; /* what they answer to `first` */
	/* What the fold gave. DIAGRAM_UNKNOWN: that cannot be told, and the fault is about the
	 * whole arch and all its numbers. */
	diagram folded;
};

/* A negative number ends the proof, which returns it. */
typedef int proof_visit(void *context, const struct proof_fault *fault);

/* Visits all faults on the arches of `wanted`, in its order. */
int proof_of_arches(const struct proof *proof, proof_visit *visit, void *context);

/* Visits one fault where any other arch is answered wrongly; x32 is one where x86_64 is listed
 * without it. */
int proof_of_others(const struct proof *proof, proof_visit *visit, void *context);

#endif
