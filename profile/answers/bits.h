/*
 * What BPF computes from 32-bit values that depend on the call: each of their bits is the region of
 * the calls for which it is set, the lowest first. Sums, products, quotients and shifts by unknown
 * counts are made as circuits make them.
 */
#ifndef SCLOG_PROFILE_ANSWERS_BITS_H
#define SCLOG_PROFILE_ANSWERS_BITS_H

#include "profile/answers/region.h"

/* op is a BPF_OP() of an ALU instruction. A quotient by zero is for the caller to leave out. */
void bits_compute(struct regions *regions, uint16_t op, const region a[32], const region b[32],
		  region result[32]);

/* The calls for which a compares so with b: BPF_JEQ, BPF_JGT, BPF_JGE or BPF_JSET. */
region bits_compare(struct regions *regions, uint16_t op, const region a[32], const region b[32]);

#endif
