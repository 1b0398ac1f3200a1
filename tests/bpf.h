/*
 * Filters for tests: an interpreter of classic BPF that shares nothing with the program, the
 * kernel's way of choosing among several filters, and samples of arguments worth trying.
 *
 * Written from linux/filter.h and seccomp(2): one concrete struct seccomp_data in, one value out.
 */
#ifndef SCLOG_TESTS_BPF_H
#define SCLOG_TESTS_BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline uint32_t bpf_compute(uint16_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return a / b;
	case BPF_OR:
		return a | b;
	case BPF_AND:
		return a & b;
	case BPF_LSH:
		return a << (b & 31);
	case BPF_RSH:
		return a >> (b & 31);
	case BPF_XOR:
		return a ^ b;
	default:
		return -a;
	}
}

static inline bool bpf_compare(uint16_t op, uint32_t a, uint32_t b)
{
	return op == BPF_JEQ ? a == b : op == BPF_JGT ? a > b : op == BPF_JGE ? a >= b : a & b;
}

static inline uint32_t bpf_run(const struct sock_filter *program, const struct seccomp_data *data)
{
	uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = {0};

	for (const struct sock_filter *at = program;; at++) {
		uint32_t k = at->k, b = BPF_SRC(at->code) == BPF_X ? x : k;
		uint32_t loaded = k;

		if (BPF_MODE(at->code) == BPF_ABS && BPF_CLASS(at->code) == BPF_LD)
			memcpy(&loaded, (const char *)data + k, sizeof(loaded));
		else if (BPF_MODE(at->code) == BPF_MEM && BPF_CLASS(at->code) <= BPF_LDX)
			loaded = memory[k];
		else if (BPF_MODE(at->code) == BPF_LEN && BPF_CLASS(at->code) <= BPF_LDX)
			loaded = sizeof(*data);
		switch (BPF_CLASS(at->code)) {
		case BPF_LD:
			a = loaded;
			break;
		case BPF_LDX:
			x = loaded;
			break;
		case BPF_ST:
			memory[k] = a;
			break;
		case BPF_STX:
			memory[k] = x;
			break;
		case BPF_ALU:
			if (BPF_OP(at->code) == BPF_DIV && b == 0)
				return 0;
			a = bpf_compute(BPF_OP(at->code), a, b);
			break;
		case BPF_JMP:
			if (BPF_OP(at->code) == BPF_JA)
				at += k;
			else
				at += bpf_compare(BPF_OP(at->code), a, b) ? at->jt : at->jf;
			break;
		case BPF_MISC:
			if (BPF_MISCOP(at->code) == BPF_TAX)
				x = a;
			else
				a = x;
			break;
		default:
			return BPF_RVAL(at->code) == BPF_A ? a : k;
		}
	}
}

/* Constants that programs compare with: what arguments are made of in samples. */
struct bpf_constants {
	uint32_t *all;
	size_t count;
};

static inline void bpf_constants_add(struct bpf_constants *constants,
				     const struct sock_filter *program, size_t count)
{
	constants->all =
		realloc(constants->all, (constants->count + count) * sizeof(*constants->all));
	for (size_t i = 0; i < count; i++) {
		if (BPF_CLASS(program[i].code) == BPF_JMP || BPF_CLASS(program[i].code) == BPF_ALU)
			constants->all[constants->count++] = program[i].k;
	}
}

static inline uint32_t bpf_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed >> 16);
}

/* A word near a constant, or with some of its bits, or any. */
static inline uint32_t bpf_word(const struct bpf_constants *constants, uint64_t *seed)
{
	uint32_t k = constants->count ? constants->all[bpf_random(seed) % constants->count] : 0;

	switch (bpf_random(seed) % 6) {
	case 0:
		return k - 1;
	case 1:
		return k + 1;
	case 2:
		return k ^ 1U << bpf_random(seed) % 32;
	case 3:
		return bpf_random(seed) % 3 ? 0 : bpf_random(seed);
	default:
		return k;
	}
}

/* Random arguments; `narrow`: their high halves are zero, as the kernel makes them on i386. */
static inline void bpf_arguments(const struct bpf_constants *constants, bool narrow, uint64_t *seed,
				 struct seccomp_data *data)
{
	for (size_t i = 0; i < 6; i++) {
		uint64_t high = bpf_random(seed) % 3 ? 0 : bpf_word(constants, seed);

		data->args[i] = bpf_word(constants, seed) | (narrow ? 0 : high << 32);
	}
	data->instruction_pointer = bpf_random(seed);
}

#endif
