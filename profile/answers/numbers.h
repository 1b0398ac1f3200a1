/*
 * Syscall numbers that programs of an arch can call, and their names.
 */
#ifndef SCLOG_PROFILE_ANSWERS_NUMBERS_H
#define SCLOG_PROFILE_ANSWERS_NUMBERS_H

#include "ingest/arch.h"

/* The range of numbers that a program of that token can call, not counting -1. */
void numbers_range(uint32_t token, uint32_t *ret_first, uint32_t *ret_last);

struct named_number {
	uint32_t nr; /* as the kernel shows it to a filter */
	char name[SYSCALL_NAME_SIZE];
};

/* The named numbers of a token, sorted. The caller frees *ret_numbers. */
size_t numbers_named(uint32_t token, struct named_number **ret_numbers);

/*
 * The first number at or after nr, within 1,024, whose name libseccomp resolves for the token. A rule
 * for it moves the start of runc's stub behind it.
 */
bool numbers_next_named(uint32_t token, uint32_t nr, struct named_number *ret_number);

#endif
