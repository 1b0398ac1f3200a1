/*
 * Classic BPF as a seccomp filter may use it, and how the kernel lays out what it reads.
 *
 * What instructions mean is linux/filter.h's classic BPF as the kernel's seccomp_check_filter()
 * admits it (kernel/seccomp.c): 32-bit registers A and X, sixteen memory slots, all zero at
 * first; loads of aligned words of struct seccomp_data; shifts take their count modulo 32;
 * dividing by an X of zero ends the filter with 0, which is KILL_THREAD.
 */
#ifndef SCLOG_PROFILE_FILTER_BPF_H
#define SCLOG_PROFILE_FILTER_BPF_H

#include "base/err.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The 32-bit words of struct seccomp_data: number, arch, the instruction pointer, six arguments. */
enum {
	BPF_WORD_NR = 0,
	BPF_WORD_ARCH = 1,
	BPF_WORD_POINTER = 2,
	BPF_WORD_ARGUMENTS = 4,
	BPF_WORDS = 16,
};

/*
 * Whether the kernel would take the program as a seccomp filter: known instructions, jumps that
 * stay inside, a return at the end (bpf_check_classic() and seccomp_check_filter()). -EINVAL
 * with the instruction's place otherwise.
 */
int filter_check(const struct sock_filter *program, size_t count, struct err *err);

/*
 * Whether the high half of every argument is zero: registers have 32 bits there, and
 * syscall_get_arguments() extends them with zeros. MIPS extends the sign: nothing is assumed.
 */
bool bpf_is_narrow(uint32_t audit_arch);

#endif
