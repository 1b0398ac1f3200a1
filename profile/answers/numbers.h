/*
 * Numbers: those that programs of an arch can call, and questions to all of them at once.
 */
#ifndef SCLOG_PROFILE_ANSWERS_NUMBERS_H
#define SCLOG_PROFILE_ANSWERS_NUMBERS_H

#include "ingest/arch.h"
#include "profile/answers/region.h"

/* The first and the last number that a program of that token can call, but for -1. */
void numbers_range(uint32_t token, uint32_t *ret_first, uint32_t *ret_last);

struct named_number {
	uint32_t nr; /* as the kernel shows it to a filter */
	char name[SYSCALL_NAME_SIZE];
};

/* The numbers on that token that have names, sorted; *ret_numbers is the caller's to free. */
size_t numbers_named(uint32_t token, struct named_number **ret_numbers);

/*
 * The first number of the token, from nr on and up to 1,024 further, whose name libseccomp has, and
 * tells runc of: a rule for it moves runc's stub behind it.
 */
bool numbers_next_named(uint32_t token, uint32_t nr, struct named_number *ret_number);

/* One number that has a name, or numbers in a row that have none. */
struct numbers_part {
	uint32_t token;
	uint32_t first, last; /* UINT32_MAX stands for -1 */
	const char *name;     /* NULL: none */
	diagram rest;         /* of what was asked */
};

/* A negative number ends the visits, and is what numbers_each() returns. */
typedef int numbers_visit(void *context, const struct numbers_part *part);

/*
 * Visits all numbers of the token, -1 included, for which a diagram of its arch is not zero for all
 * arguments: the way in which two filters are proven the same, or one to be within another. -E2BIG
 * without a visit where the diagram is DIAGRAM_UNKNOWN, or falls into too many runs.
 */
int numbers_each(const struct regions *regions, diagram wrong, uint32_t token, numbers_visit *visit,
		 void *context);
/* Of those from first to last. */
int numbers_each_in(const struct regions *regions, diagram wrong, uint32_t token, uint32_t first,
		    uint32_t last, numbers_visit *visit, void *context);

#endif
