/*
 * Numbers: those that programs of an arch can call, and their names.
 */
#ifndef SCLOG_PROFILE_ANSWERS_NUMBERS_H
#define SCLOG_PROFILE_ANSWERS_NUMBERS_H

#include "ingest/arch.h"

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

#endif
