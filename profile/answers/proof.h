/*
 * A proof that a generated filter answers as wanted, over all numbers, arguments and arches.
 *
 * The writers of profiles (profile/write/export.h, profile/twin/logmode.h,
 * profile/compose/compose.h) build their result again and prove it here. The caller defines what
 * counts as right: a fold of both answers to a call that is zero if the generated one is right.
 */
#ifndef SCLOG_PROFILE_ANSWERS_PROOF_H
#define SCLOG_PROFILE_ANSWERS_PROOF_H

#include "profile/answers/answers.h"

struct proof {
	struct answers *wanted, *made; /* sharing one struct regions; borrowed */
	diagram_fold *fold;            /* fold(wanted, made) */
	const void *context;           /* the fold's */
};

/* Calls with a wrong answer: one named number, or consecutive numbers without names. */
struct proof_fault {
	uint32_t token;       /* 0: the arches that `wanted` does not know */
	uint32_t first, last; /* UINT32_MAX stands for -1 */
	const char *name;     /* NULL: none */
	diagram wanted, made; /* their answers to `first` */
	/* The fold's result. DIAGRAM_UNKNOWN: a limit was exceeded, and the fault stands for all
	 * numbers of the arch. */
	diagram folded;
};

/* A negative result stops the proof, which returns it. */
typedef int proof_visit(void *context, const struct proof_fault *fault);

/* Visits all faults on the arches of `wanted`, in that order. */
int proof_of_arches(const struct proof *proof, proof_visit *visit, void *context);

/* Visits one fault if any other arch gets a wrong answer. x32 counts as another arch if `wanted`
 * lists x86_64 without it. */
int proof_of_others(const struct proof *proof, proof_visit *visit, void *context);

#endif
