#include "profile/filter/bpf.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/elf-em.h>
#include <linux/seccomp.h>

bool bpf_is_narrow(uint32_t audit_arch)
{
	return !(audit_arch & __AUDIT_ARCH_64BIT) && (audit_arch & 0xffff) != EM_MIPS;
}

/* The instructions of seccomp_check_filter() in kernel/seccomp.c. */
static bool is_legal(const struct sock_filter *insn)
{
	switch (insn->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return insn->k < sizeof(struct seccomp_data) && insn->k % 4 == 0;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return insn->k < BPF_MEMWORDS;
	case BPF_ALU | BPF_DIV | BPF_K:
		return insn->k != 0;
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		return insn->k < 32;
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_ALU | BPF_NEG:
	case BPF_JMP | BPF_JA:
		return true;
	default:
		break;
	}
	if (BPF_CLASS(insn->code) == BPF_ALU)
		return (insn->code & ~(BPF_OP(insn->code) | BPF_SRC(insn->code))) == BPF_ALU &&
		       BPF_OP(insn->code) <= BPF_XOR && BPF_OP(insn->code) != BPF_MOD &&
		       BPF_OP(insn->code) != BPF_NEG;
	return BPF_CLASS(insn->code) == BPF_JMP &&
	       (insn->code & ~(BPF_OP(insn->code) | BPF_SRC(insn->code))) == BPF_JMP &&
	       BPF_OP(insn->code) >= BPF_JEQ && BPF_OP(insn->code) <= BPF_JSET;
}

int filter_check(const struct sock_filter *program, size_t count, struct err *err)
{
	if (count == 0 || count > BPF_MAXINSNS)
		return err_set(err, EINVAL,
			       "the filter has %zu instructions; the kernel accepts 1 to %d, so "
			       "the container would not start",
			       count, BPF_MAXINSNS);
	for (size_t i = 0; i < count; i++) {
		if (!is_legal(&program[i]))
			return err_set(err, EINVAL,
				       "instruction %zu (code 0x%x, k 0x%x) is not allowed in a "
				       "seccomp filter",
				       i, program[i].code, program[i].k);
		const struct sock_filter *insn = &program[i];
		size_t left = count - 1 - i;

		if (insn->code == (BPF_JMP | BPF_JA)
			    ? insn->k >= left
			    : BPF_CLASS(insn->code) == BPF_JMP &&
				      (insn->jt >= left || insn->jf >= left))
			return err_set(err, EINVAL, "instruction %zu jumps out of the filter", i);
	}
	if (BPF_CLASS(program[count - 1].code) != BPF_RET)
		return err_set(err, EINVAL, "the filter does not end in a return");
	return 0;
}
