/*
 * Classic BPF as seccomp filters use it, and the layout of its input.
 *
 * The instructions are those of linux/filter.h that the kernel's seccomp_check_filter() accepts
 * (kernel/seccomp.c). Registers A and X have 32 bits; there are sixteen memory slots; all start at
 * zero. Loads read aligned words of struct seccomp_data. Shift counts are taken modulo 32. Division by
 * an X of zero ends the filter with 0, which is KILL_THREAD.
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
 * Whether the kernel would accept the program as a seccomp filter: known instructions, jumps inside
 * the program, a return at the end (bpf_check_classic() and seccomp_check_filter()). Otherwise
 * -EINVAL, with the instruction's index in err.
 */
int filter_check(const struct sock_filter *program, size_t count, struct err *err);

/*
 * Whether the high half of every argument is zero on the arch: its registers have 32 bits, and
 * syscall_get_arguments() extends them with zeros. MIPS extends the sign and does not count.
 */
bool bpf_is_narrow(uint32_t audit_arch);

#endif
