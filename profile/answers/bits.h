/*
 * BPF arithmetic on 32-bit values that depend on the call. Each bit of a value, lowest first, is the
 * region of calls for which it is set. Sums, products, quotients and shifts are built bit by bit,
 * like a circuit.
 */
#ifndef SCLOG_PROFILE_ANSWERS_BITS_H
#define SCLOG_PROFILE_ANSWERS_BITS_H

#include "profile/answers/region.h"

/* op is the BPF_OP() of an ALU instruction. The caller handles division by zero. */
void bits_compute(struct regions *regions, uint16_t op, const region a[32], const region b[32],
		  region result[32]);

/* The calls for which `a op b` holds; op is BPF_JEQ, BPF_JGT, BPF_JGE or BPF_JSET. */
region bits_compare(struct regions *regions, uint16_t op, const region a[32], const region b[32]);

#endif
