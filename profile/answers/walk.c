#include "profile/answers/walk.h"

#include "base/mem.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/elf-em.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Ways that are listed before only new values count. */
#define MAX_LISTED 1024

/* Ways that are followed at all; each holds a handful of constraints to decide. */
#define MAX_FOLLOWED (1U << 16)

#define WORD_NR        (offsetof(struct seccomp_data, nr) / 4)
#define WORD_ARCH      (offsetof(struct seccomp_data, arch) / 4)
#define WORD_ARGUMENTS (offsetof(struct seccomp_data, args) / 4)

/* A way in progress: the machine's registers as terms, and what was assumed so far. */
struct state {
	uint32_t pc;
	uint32_t a, x;
	uint32_t memory[BPF_MEMWORDS];
	uint32_t constraints;
};

/*
 * The distinct values of a program's returns, as bits. The last bit is for what has none of its
 * own, an unknown value or the 64th, and never counts as seen.
 */
#define OUTLOOK_OTHER (UINT64_C(1) << 63)

struct outlook {
	uint32_t values[63];
	size_t value_count;
	uint64_t seen;     /* values that some way has reached ... */
	size_t seen_paths; /* ... of the first so many */
	uint64_t ahead[];  /* by instruction: values that it can still lead to */
};

void walk_init(struct walk *walk)
{
	*walk = (struct walk){.exact = true};
	terms_init(&walk->terms);
}

void walk_release(struct walk *walk)
{
	terms_release(&walk->terms);
	free(walk->paths);
	free(walk->states);
	free(walk->outlook);
	*walk = (struct walk){0};
}

bool word_argument(unsigned word, bool big_endian, unsigned *ret_index, bool *ret_high)
{
	if (word < WORD_ARGUMENTS || word >= TERM_WORDS)
		return false;
	*ret_index = (word - (unsigned)WORD_ARGUMENTS) / 2;
	*ret_high = (word - WORD_ARGUMENTS) % 2 != big_endian;
	return true;
}

static void walk_push(struct walk *walk, const struct state *state)
{
	if (walk->state_count == walk->state_size) {
		walk->state_size = walk->state_size ? walk->state_size * 2 : 16;
		walk->states = mem_resize(walk->states, walk->state_size * sizeof(*walk->states));
	}
	walk->states[walk->state_count++] = *state;
}

static void walk_end(struct walk *walk, uint32_t value, uint32_t constraints)
{
	if (walk->path_count == walk->path_size) {
		walk->path_size = walk->path_size ? walk->path_size * 2 : 16;
		walk->paths = mem_resize(walk->paths, walk->path_size * sizeof(*walk->paths));
	}
	walk->paths[walk->path_count++] = (struct path){.value = value, .constraints = constraints};
}

/*
 * The high half of an argument is zero where registers have 32 bits: syscall_get_arguments()
 * of the arch extends them with zeros. MIPS extends the sign, so nothing is assumed there.
 */
static bool high_half_is_zero(uint32_t audit_arch)
{
	uint32_t machine = audit_arch & 0xffff;

	return !(audit_arch & __AUDIT_ARCH_64BIT) && machine != EM_MIPS;
}

bool question_word(const struct question *question, unsigned word, uint32_t *ret_value)
{
	unsigned index;
	bool high;

	if (word == WORD_NR)
		*ret_value = question->nr;
	else if (word == WORD_ARCH)
		*ret_value = question->audit_arch;
	else if (high_half_is_zero(question->audit_arch) &&
		 word_argument(word, question->big_endian, &index, &high) && high)
		*ret_value = 0;
	else
		return false;
	return true;
}

static uint32_t load_word(struct walk *walk, const struct question *question, unsigned word)
{
	uint32_t known;

	return question_word(question, word, &known) ? term_const(&walk->terms, known)
						     : term_word(&walk->terms, word);
}

enum term_op alu_op(uint16_t code)
{
	static const enum term_op ops[] = {
		[BPF_ADD >> 4] = TERM_ADD, [BPF_SUB >> 4] = TERM_SUB, [BPF_MUL >> 4] = TERM_MUL,
		[BPF_DIV >> 4] = TERM_DIV, [BPF_OR >> 4] = TERM_OR,   [BPF_AND >> 4] = TERM_AND,
		[BPF_LSH >> 4] = TERM_LSH, [BPF_RSH >> 4] = TERM_RSH, [BPF_NEG >> 4] = TERM_NEG,
		[BPF_XOR >> 4] = TERM_XOR,
	};

	size_t at = BPF_OP(code) >> 4;

	return at < sizeof(ops) / sizeof(ops[0]) ? ops[at] : TERM_CONST;
}

enum compare_op jump_op(uint16_t code)
{
	switch (BPF_OP(code)) {
	case BPF_JGT:
		return COMPARE_GT;
	case BPF_JGE:
		return COMPARE_GE;
	case BPF_JSET:
		return COMPARE_SET;
	default:
		return COMPARE_EQ;
	}
}

/* Assumes one more comparison; false if that contradicts what was assumed before. */
static bool assume(struct walk *walk, struct state *state, enum compare_op op, uint32_t a,
		   uint32_t b, bool holds)
{
	struct terms *terms = &walk->terms;
	uint32_t ka, kb;

	if (term_is_const(terms, a, &ka) && term_is_const(terms, b, &kb))
		return compare_values(op, ka, kb) == holds;
	uint32_t head = constraint_add(terms, state->constraints, op, a, b, holds);

	if (!constraints_hold_together(terms, head))
		return false;
	state->constraints = head;
	return true;
}

/*
 * Goes both ways where both are possible: the other way is pushed. Where only one is, the
 * comparison says nothing new and is not kept.
 */
static void jump(struct walk *walk, struct state *state, const struct sock_filter *insn)
{
	uint32_t b = BPF_SRC(insn->code) == BPF_X ? state->x : term_const(&walk->terms, insn->k);
	enum compare_op op = jump_op(insn->code);
	struct state other = *state;

	if (BPF_OP(insn->code) == BPF_JA || insn->jt == insn->jf) {
		state->pc += BPF_OP(insn->code) == BPF_JA ? insn->k : insn->jt;
		return;
	}
	other.pc += insn->jf;
	if (!assume(walk, state, op, state->a, b, true)) {
		*state = other;
		return;
	}
	state->pc += insn->jt;
	uint32_t before = other.constraints;

	if (assume(walk, &other, op, other.a, b, false))
		walk_push(walk, &other);
	else
		state->constraints = before;
}

/* Dividing by X: where X can be zero the filter ends with KILL_THREAD. False if it must be. */
static bool divide(struct walk *walk, struct state *state)
{
	uint32_t zero = term_const(&walk->terms, 0);
	struct state by_zero = *state;

	if (assume(walk, &by_zero, COMPARE_EQ, state->x, zero, true))
		walk_end(walk, SECCOMP_RET_KILL_THREAD, by_zero.constraints);
	return assume(walk, state, COMPARE_EQ, state->x, zero, false);
}

static bool alu(struct walk *walk, struct state *state, const struct sock_filter *insn)
{
	uint32_t b = BPF_SRC(insn->code) == BPF_X ? state->x : term_const(&walk->terms, insn->k);

	if (insn->code == (BPF_ALU | BPF_DIV | BPF_X) && !divide(walk, state))
		return false;
	state->a = term_make(&walk->terms, alu_op(insn->code), state->a, b);
	return true;
}

/* RET A with A unknown: every action whose bits A can have; its data stays unknown, shown as 0. */
static void end_with_register(struct walk *walk, const struct state *state)
{
	static const uint32_t actions[] = {
		SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP,
		SECCOMP_RET_ERRNO,        SECCOMP_RET_USER_NOTIF,  SECCOMP_RET_TRACE,
		SECCOMP_RET_LOG,          SECCOMP_RET_ALLOW,
	};
	struct terms *terms = &walk->terms;
	uint32_t value, mask = term_const(terms, SECCOMP_RET_ACTION_FULL);

	if (term_is_const(terms, state->a, &value)) {
		walk_end(walk, value, state->constraints);
		return;
	}
	uint32_t action = term_make(terms, TERM_AND, state->a, mask);
	struct state rest = *state;
	bool possible = true;

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]) && possible; i++) {
		struct state mine = rest;
		uint32_t k = term_const(terms, actions[i]);

		if (assume(walk, &mine, COMPARE_EQ, action, k, true))
			walk_end(walk, actions[i], mine.constraints);
		possible = assume(walk, &rest, COMPARE_EQ, action, k, false);
	}
	/* an action that the kernel does not know kills the process (__seccomp_filter) */
	if (possible)
		walk_end(walk, SECCOMP_RET_KILL_PROCESS, rest.constraints);
}

static void load(struct walk *walk, struct state *state, const struct sock_filter *insn,
		 const struct question *question)
{
	uint32_t *to = BPF_CLASS(insn->code) == BPF_LDX ? &state->x : &state->a;

	switch (BPF_MODE(insn->code)) {
	case BPF_ABS:
		*to = load_word(walk, question, insn->k / 4);
		break;
	case BPF_LEN:
		*to = term_const(&walk->terms, sizeof(struct seccomp_data));
		break;
	case BPF_MEM:
		*to = state->memory[insn->k];
		break;
	default: /* BPF_IMM */
		*to = term_const(&walk->terms, insn->k);
	}
}

/* One instruction; false where the way ends. */
static bool step(struct walk *walk, struct state *state, const struct sock_filter *insn,
		 const struct question *question)
{
	state->pc++;
	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
	case BPF_LDX:
		load(walk, state, insn, question);
		return true;
	case BPF_ST:
		state->memory[insn->k] = state->a;
		return true;
	case BPF_STX:
		state->memory[insn->k] = state->x;
		return true;
	case BPF_ALU:
		return alu(walk, state, insn);
	case BPF_JMP:
		jump(walk, state, insn);
		return true;
	case BPF_MISC:
		if (BPF_MISCOP(insn->code) == BPF_TAX)
			state->x = state->a;
		else
			state->a = state->x;
		return true;
	default: /* BPF_RET */
		if (BPF_RVAL(insn->code) == BPF_K)
			walk_end(walk, insn->k, state->constraints);
		else
			end_with_register(walk, state);
		return false;
	}
}

static uint64_t value_bit(struct outlook *outlook, uint32_t value)
{
	size_t i = 0;

	while (i < outlook->value_count && outlook->values[i] != value)
		i++;
	if (i == sizeof(outlook->values) / sizeof(outlook->values[0]))
		return OUTLOOK_OTHER;
	if (i == outlook->value_count)
		outlook->values[outlook->value_count++] = value;
	return UINT64_C(1) << i;
}

/* Jumps go forward only, so one pass from the end tells what lies ahead of each instruction. */
static struct outlook *outlook_new(const struct sock_filter *program, size_t count)
{
	struct outlook *outlook = mem_new(1, sizeof(*outlook) + count * sizeof(outlook->ahead[0]));

	for (size_t i = count; i-- > 0;) {
		const struct sock_filter *insn = &program[i];
		uint64_t *ahead = outlook->ahead;

		if (insn->code == (BPF_RET | BPF_K))
			ahead[i] = value_bit(outlook, insn->k);
		else if (BPF_CLASS(insn->code) == BPF_RET)
			ahead[i] = OUTLOOK_OTHER;
		else if (insn->code == (BPF_JMP | BPF_JA))
			ahead[i] = ahead[i + 1 + insn->k];
		else if (BPF_CLASS(insn->code) == BPF_JMP)
			ahead[i] = ahead[i + 1 + insn->jt] | ahead[i + 1 + insn->jf];
		else if (insn->code == (BPF_ALU | BPF_DIV | BPF_X))
			ahead[i] = ahead[i + 1] | value_bit(outlook, SECCOMP_RET_KILL_THREAD);
		else
			ahead[i] = ahead[i + 1];
	}
	return outlook;
}

/* Whether anything new can come of this way; past the listed ways nothing else is kept. */
static bool is_promising(struct walk *walk, const struct state *state,
			 const struct sock_filter *program, size_t count)
{
	if (walk->path_count < MAX_LISTED)
		return true;
	walk->complete = false;
	if (!walk->outlook)
		walk->outlook = outlook_new(program, count);
	struct outlook *outlook = walk->outlook;

	while (outlook->seen_paths < walk->path_count)
		outlook->seen |= value_bit(outlook, walk->paths[outlook->seen_paths++].value);
	return outlook->ahead[state->pc] & ~(outlook->seen & ~OUTLOOK_OTHER);
}

/* Too much: what is left is answered by every return that the program has. */
static void give_up(struct walk *walk, const struct sock_filter *program, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (program[i].code == (BPF_RET | BPF_K))
			walk_end(walk, program[i].k, CONSTRAINT_NONE);
	}
	walk->exact = false;
}

static void walk_start(struct walk *walk, const struct question *question)
{
	terms_clear(&walk->terms);
	free(walk->outlook);
	walk->outlook = NULL;
	walk->path_count = 0;
	walk->state_count = 0;
	walk->exact = true;
	walk->complete = true;
	walk->wide = !high_half_is_zero(question->audit_arch);

	uint32_t zero = term_const(&walk->terms, 0);
	struct state state = {.a = zero, .x = zero, .constraints = CONSTRAINT_NONE};

	for (size_t i = 0; i < BPF_MEMWORDS; i++)
		state.memory[i] = zero;
	walk_push(walk, &state);
}

void walk_filter(struct walk *walk, const struct sock_filter *program, size_t count,
		 const struct question *question)
{
	size_t followed = 0;

	walk_start(walk, question);
	while (walk->state_count > 0) {
		struct state state = walk->states[--walk->state_count];

		if (!is_promising(walk, &state, program, count))
			continue;
		if (followed++ == MAX_FOLLOWED || walk->terms.effort == 0) {
			give_up(walk, program, count);
			return;
		}
		while (step(walk, &state, &program[state.pc], question))
			;
	}
	walk->exact = !walk->terms.inexact;
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

static bool jumps_inside(const struct sock_filter *insn, size_t left)
{
	if (BPF_CLASS(insn->code) != BPF_JMP)
		return true;
	if (BPF_OP(insn->code) == BPF_JA)
		return insn->k < left;
	return insn->jt < left && insn->jf < left;
}

int filter_check(const struct sock_filter *program, size_t count, struct err *err)
{
	if (count == 0 || count > BPF_MAXINSNS)
		return err_set(err, EINVAL,
			       "the filter has %zu instructions; the kernel takes 1 to %d, so the "
			       "container would not start",
			       count, BPF_MAXINSNS);
	for (size_t i = 0; i < count; i++) {
		if (!is_legal(&program[i]))
			return err_set(err, EINVAL,
				       "instruction %zu (code 0x%x, k 0x%x) is not one that the "
				       "kernel takes in a seccomp filter",
				       i, program[i].code, program[i].k);
		if (!jumps_inside(&program[i], count - 1 - i))
			return err_set(err, EINVAL, "instruction %zu jumps out of the filter", i);
	}
	if (BPF_CLASS(program[count - 1].code) != BPF_RET)
		return err_set(err, EINVAL, "the filter does not end in a return");
	return 0;
}
