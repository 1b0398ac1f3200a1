#include "profile/answers/reading.h"

#include "base/mem.h"
#include "profile/answers/bits.h"

#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/* Sets of registers that one program can have at all its instructions together. */
#define MAX_STATES (1U << 16)

/* Values that a returned register is told apart in. */
#define MAX_RETURNED 64

enum { REGISTER_A, REGISTER_X, REGISTER_MEMORY, REGISTERS = REGISTER_MEMORY + BPF_MEMWORDS };

#define REGISTER(which) (UINT32_C(1) << (which))

enum content_kind {
	CONTENT_CONST,
	CONTENT_WORD, /* half a subject, under a mask */
	CONTENT_BITS, /* computed */
};

/* What a register holds. */
struct content {
	enum content_kind kind;
	uint32_t k;       /* the constant, or the mask */
	uint32_t subject; /* of a word */
	uint32_t high;
	region bits[32]; /* zero unless computed */
};

#define NO_STATE UINT32_MAX

/* One set of registers at one instruction, where it leads to, and what comes of it. */
struct state {
	uint32_t registers[REGISTERS]; /* which contents; dead ones are 0 */
	uint32_t next;                 /* another set at that instruction */
	uint32_t to[2];                /* the states after it: of a jump jt's and jf's */
	diagram answer;
};

struct reader {
	struct regions *regions;
	const struct filter *filter;
	const struct reading_calls *calls;
	uint32_t *live;  /* by instruction: registers that some way on reads */
	uint32_t *heads; /* by instruction: its first state */
	struct state *states;
	size_t state_count;
	struct content *contents; /* the first is the constant 0 */
	size_t content_count, content_size;
	uint32_t *index; /* hash of a content -> where it is */
	size_t index_size;
};

static uint32_t hash_content(const struct content *content)
{
	uint32_t hash = content->kind * 0x9e3779b1U ^ content->k;

	hash = hash * 0x85ebca6bU ^ (content->subject << 1 | content->high);
	for (size_t i = 0; content->kind == CONTENT_BITS && i < 32; i++)
		hash = (hash ^ content->bits[i]) * 0x01000193U;
	return hash ^ hash >> 15;
}

static uint32_t *content_slot(const struct reader *reader, const struct content *content)
{
	for (size_t i = hash_content(content);; i++) {
		uint32_t *slot = &reader->index[i & (reader->index_size - 1)];

		if (*slot == UINT32_MAX ||
		    memcmp(&reader->contents[*slot], content, sizeof(*content)) == 0)
			return slot;
	}
}

static void contents_grow(struct reader *reader)
{
	reader->content_size = reader->content_size ? reader->content_size * 2 : 64;
	reader->contents =
		mem_resize(reader->contents, reader->content_size * sizeof(*reader->contents));
	reader->index_size = reader->content_size * 2;
	reader->index = mem_resize(reader->index, reader->index_size * sizeof(*reader->index));
	memset(reader->index, 0xff, reader->index_size * sizeof(*reader->index));
	for (uint32_t i = 0; i < reader->content_count; i++)
		*content_slot(reader, &reader->contents[i]) = i;
}

static uint32_t put_content(struct reader *reader, const struct content *content)
{
	if (reader->content_count == reader->content_size)
		contents_grow(reader);
	uint32_t *slot = content_slot(reader, content);

	if (*slot == UINT32_MAX) {
		*slot = (uint32_t)reader->content_count;
		reader->contents[reader->content_count++] = *content;
	}
	return *slot;
}

static uint32_t put_constant(struct reader *reader, uint32_t k)
{
	const struct content content = {.kind = CONTENT_CONST, .k = k};

	return put_content(reader, &content);
}

static uint32_t put_word(struct reader *reader, unsigned subject, bool high, uint32_t mask)
{
	const struct content content = {
		.kind = CONTENT_WORD, .k = mask, .subject = subject, .high = high};

	return mask ? put_content(reader, &content) : put_constant(reader, 0);
}

/* Bits that are all known make a constant. */
static uint32_t put_bits(struct reader *reader, const region bits[32])
{
	struct content content = {.kind = CONTENT_BITS};
	uint32_t k = 0;
	bool known = true;

	for (size_t i = 0; i < 32; i++) {
		known = known && bits[i] <= REGION_ALL;
		k |= bits[i] == REGION_ALL ? UINT32_C(1) << i : 0;
	}
	memcpy(content.bits, bits, sizeof(content.bits));
	return known ? put_constant(reader, k) : put_content(reader, &content);
}

/* The 32 regions of a content. */
static void bits_of(struct reader *reader, uint32_t at, region bits[32])
{
	const struct content content = reader->contents[at];

	for (unsigned i = 0; i < 32; i++) {
		bool one = content.k >> i & 1;

		if (content.kind == CONTENT_BITS)
			bits[i] = content.bits[i];
		else if (content.kind == CONTENT_CONST || !one)
			bits[i] = one ? REGION_ALL : REGION_NONE;
		else
			bits[i] = region_bit(reader->regions, content.subject,
					     content.high ? i + 32 : i);
	}
}

static uint32_t compute(struct reader *reader, uint16_t code, uint32_t at_a, uint32_t at_b)
{
	region a[32], b[32], result[32];

	bits_of(reader, at_a, a);
	bits_of(reader, at_b, b);
	bits_compute(reader->regions, BPF_OP(code), a, b, result);
	return put_bits(reader, result);
}

/* Where the instruction takes its second operand from. */
static uint32_t operand(struct reader *reader, const struct state *state,
			const struct sock_filter *insn)
{
	return BPF_SRC(insn->code) == BPF_X ? state->registers[REGISTER_X]
					    : put_constant(reader, insn->k);
}

/* Constants and masks without ado. */
static uint32_t alu(struct reader *reader, const struct state *state,
		    const struct sock_filter *insn)
{
	uint32_t at_a = state->registers[REGISTER_A], at_b = operand(reader, state, insn);
	const struct content a = reader->contents[at_a], b = reader->contents[at_b];

	if (a.kind == CONTENT_CONST && b.kind == CONTENT_CONST)
		return put_constant(reader, bpf_alu(insn->code, a.k, b.k));
	if (BPF_OP(insn->code) == BPF_AND && a.kind == CONTENT_WORD && b.kind == CONTENT_CONST)
		return put_word(reader, a.subject, a.high, a.k & b.k);
	if (BPF_OP(insn->code) == BPF_AND && b.kind == CONTENT_WORD && a.kind == CONTENT_CONST)
		return put_word(reader, b.subject, b.high, a.k & b.k);
	return compute(reader, insn->code, at_a, at_b);
}

static uint32_t load_word(struct reader *reader, unsigned word)
{
	const struct reading_calls *calls = reader->calls;
	bool high = word % 2 != reader->filter->big_endian;

	if (word == BPF_WORD_NR)
		return calls->one_number ? put_constant(reader, calls->nr)
					 : put_word(reader, SUBJECT_CALL, false, UINT32_MAX);
	if (word == BPF_WORD_ARCH)
		return calls->any_arch ? put_word(reader, SUBJECT_CALL, true, UINT32_MAX)
				       : put_constant(reader, calls->audit_arch);
	if (word < BPF_WORD_ARGUMENTS)
		return put_word(reader, SUBJECT_POINTER, high, UINT32_MAX);
	if (high && !calls->any_arch && bpf_is_narrow(calls->audit_arch))
		return put_constant(reader, 0);
	return put_word(reader, SUBJECT_ARGUMENTS + (word - BPF_WORD_ARGUMENTS) / 2, high,
			UINT32_MAX);
}

static uint32_t load(struct reader *reader, const struct state *state,
		     const struct sock_filter *insn)
{
	switch (BPF_MODE(insn->code)) {
	case BPF_ABS:
		return load_word(reader, insn->k / 4);
	case BPF_LEN:
		return put_constant(reader, sizeof(struct seccomp_data));
	case BPF_MEM:
		return state->registers[REGISTER_MEMORY + insn->k];
	default:
		return put_constant(reader, insn->k);
	}
}

/* The state with those registers at that instruction. */
static uint32_t arrive(struct reader *reader, size_t pc, const struct state *from)
{
	struct state state = {.next = NO_STATE, .to = {NO_STATE, NO_STATE}};
	uint32_t *at = &reader->heads[pc];

	for (size_t i = 0; i < REGISTERS; i++)
		state.registers[i] = reader->live[pc] & REGISTER(i) ? from->registers[i] : 0;
	for (; *at != NO_STATE && regions_step(reader->regions); at = &reader->states[*at].next) {
		if (memcmp(reader->states[*at].registers, state.registers,
			   sizeof(state.registers)) == 0)
			return *at;
	}
	reader->regions->full = reader->regions->full || reader->state_count == MAX_STATES;
	if (reader->regions->full)
		return 0;
	*at = (uint32_t)reader->state_count;
	reader->states = mem_more(reader->states, reader->state_count, sizeof(*reader->states));
	reader->states[reader->state_count] = state;
	return (uint32_t)reader->state_count++;
}

/* Jumps that constants decide lead to one place. */
static void jump(struct reader *reader, size_t pc, const struct state *state, uint32_t to[2])
{
	const struct sock_filter *insn = &reader->filter->program[pc];
	bool yes = true, no = true;

	if (BPF_OP(insn->code) == BPF_JA || insn->jt == insn->jf) {
		to[0] = arrive(reader, pc + 1 + (BPF_OP(insn->code) == BPF_JA ? insn->k : insn->jt),
			       state);
		return;
	}
	/* operand() may move the contents: it comes before they are looked at */
	uint32_t at_b = operand(reader, state, insn);
	const struct content b = reader->contents[at_b];
	const struct content a = reader->contents[state->registers[REGISTER_A]];

	if (a.kind == CONTENT_CONST && b.kind == CONTENT_CONST) {
		yes = bpf_jumps(insn->code, a.k, b.k);
		no = !yes;
	}
	if (yes)
		to[0] = arrive(reader, pc + 1 + insn->jt, state);
	if (no)
		to[yes] = arrive(reader, pc + 1 + insn->jf, state);
}

/* One instruction from one state on. `to` are the states after it. */
static void step(struct reader *reader, size_t pc, struct state state, uint32_t to[2])
{
	const struct sock_filter *insn = &reader->filter->program[pc];

	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
		state.registers[REGISTER_A] = load(reader, &state, insn);
		break;
	case BPF_LDX:
		state.registers[REGISTER_X] = load(reader, &state, insn);
		break;
	case BPF_ST:
		state.registers[REGISTER_MEMORY + insn->k] = state.registers[REGISTER_A];
		break;
	case BPF_STX:
		state.registers[REGISTER_MEMORY + insn->k] = state.registers[REGISTER_X];
		break;
	case BPF_ALU:
		state.registers[REGISTER_A] = alu(reader, &state, insn);
		break;
	case BPF_MISC:
		if (BPF_MISCOP(insn->code) == BPF_TAX)
			state.registers[REGISTER_X] = state.registers[REGISTER_A];
		else
			state.registers[REGISTER_A] = state.registers[REGISTER_X];
		break;
	case BPF_JMP:
		jump(reader, pc, &state, to);
		return;
	default: /* BPF_RET */
		return;
	}
	to[0] = arrive(reader, pc + 1, &state);
}

/* Jumps go forward only: when an instruction's turn comes, all ways to it are known. */
static void go_forward(struct reader *reader)
{
	const struct state start = {.next = NO_STATE};

	arrive(reader, 0, &start);
	for (size_t pc = 0; pc < reader->filter->count; pc++) {
		for (uint32_t at = reader->heads[pc]; at != NO_STATE && !reader->regions->full;
		     at = reader->states[at].next) {
			uint32_t to[2] = {NO_STATE, NO_STATE};

			step(reader, pc, reader->states[at], to);
			memcpy(reader->states[at].to, to, sizeof(to));
		}
	}
}

/* Where two contents compare so. */
static region compare(struct reader *reader, uint16_t code, uint32_t at_a, uint32_t at_b)
{
	region a[32], b[32];

	bits_of(reader, at_a, a);
	bits_of(reader, at_b, b);
	return bits_compare(reader->regions, BPF_OP(code), a, b);
}

static diagram choose(struct reader *reader, const struct sock_filter *insn,
		      const struct state *state, diagram yes, diagram no)
{
	static const enum compare_op ops[] = {
		[BPF_JEQ >> 4] = COMPARE_EQ,
		[BPF_JGT >> 4] = COMPARE_GT,
		[BPF_JGE >> 4] = COMPARE_GE,
		[BPF_JSET >> 4] = COMPARE_SET,
	};
	uint32_t at_b = operand(reader, state, insn);
	const struct content *a = &reader->contents[state->registers[REGISTER_A]];
	const struct content *b = &reader->contents[at_b];

	if (a->kind == CONTENT_WORD && b->kind == CONTENT_CONST)
		return diagram_test(reader->regions, a->subject, a->high, a->k,
				    ops[BPF_OP(insn->code) >> 4], b->k, yes, no);
	return diagram_choose(reader->regions,
			      compare(reader, insn->code, state->registers[REGISTER_A], at_b), yes,
			      no);
}

/* Values of some bits of a register, and where it has them. */
struct returned {
	uint32_t value;
	region where;
};

/* Tells the values apart that the bits from `bits` down to 0 can have; false if they are many. */
static bool tell_apart(struct regions *regions, const region *bits, unsigned count,
		       struct returned *all, size_t *ret_count)
{
	size_t n = 1;

	for (unsigned bit = count; bit-- > 0;) {
		for (size_t i = n; i-- > 0;) {
			region one = region_and(regions, all[i].where, bits[bit]);
			region zero =
				region_and(regions, all[i].where, region_not(regions, bits[bit]));

			if (one != REGION_NONE && zero != REGION_NONE) {
				if (n == MAX_RETURNED)
					return false;
				all[n++] = (struct returned){all[i].value, zero};
			}
			if (one != REGION_NONE)
				all[i] = (struct returned){all[i].value | UINT32_C(1) << bit, one};
		}
	}
	*ret_count = n;
	return true;
}

/*
 * Actions in the order in which the kernel compares them, strictest first, and between them one
 * value for all that lie between two known ones: those kill, but only what is stricter beats them.
 */
static const uint32_t ladder[] = {
	SECCOMP_RET_KILL_PROCESS, 0x80010000, SECCOMP_RET_KILL_THREAD, 0x00010000,
	SECCOMP_RET_TRAP,         0x00040000, SECCOMP_RET_ERRNO,       0x00060000,
	SECCOMP_RET_USER_NOTIF,   0x7fc10000, SECCOMP_RET_TRACE,       0x7ff10000,
	SECCOMP_RET_LOG,          0x7ffd0000, SECCOMP_RET_ALLOW,
};

/* An action of a returned register, with its data where that has few values. */
static diagram put_action(struct regions *regions, const region bits[32], uint32_t action,
			  region where, diagram otherwise)
{
	struct returned all[MAX_RETURNED] = {{0, where}};
	size_t count = 0;

	if (where == REGION_NONE)
		return otherwise;
	bool has_data = action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE ||
			action == SECCOMP_RET_TRAP;

	if (!has_data || !tell_apart(regions, bits, 16, all, &count))
		return diagram_choose(regions, where, diagram_value(regions, action), otherwise);
	for (size_t i = 0; i < count; i++)
		otherwise =
			diagram_choose(regions, all[i].where,
				       diagram_value(regions, action | all[i].value), otherwise);
	return otherwise;
}

static diagram return_register(struct reader *reader, uint32_t at)
{
	const size_t rungs = sizeof(ladder) / sizeof(ladder[0]);
	struct regions *regions = reader->regions;
	diagram answer = diagram_value(regions, SECCOMP_RET_KILL_PROCESS);
	region bits[32], action[32], above = REGION_ALL;

	if (reader->contents[at].kind == CONTENT_CONST)
		return diagram_value(regions, reader->contents[at].k);
	bits_of(reader, at, bits);
	/* signed order is unsigned order with the highest bit turned */
	memcpy(action, bits, sizeof(action));
	memset(action, 0, 16 * sizeof(action[0]));
	action[31] = region_not(regions, action[31]);
	uint32_t at_action = put_bits(reader, action);

	for (size_t i = rungs; i-- > 0 && !regions->full;) {
		/* a value between two known ones stands for all from the one after the lower */
		uint32_t least = i % 2 ? ladder[i - 1] + 0x10000 : ladder[i];
		region from = compare(reader, BPF_JGE, at_action,
				      put_constant(reader, least ^ UINT32_C(0x80000000)));

		answer = put_action(regions, bits, ladder[i], region_and(regions, above, from),
				    answer);
		above = region_and(regions, above, region_not(regions, from));
	}
	return answer;
}

static diagram answer_of(struct reader *reader, size_t pc, const struct state *state)
{
	const struct sock_filter *insn = &reader->filter->program[pc];
	struct regions *regions = reader->regions;

	if (BPF_CLASS(insn->code) == BPF_RET && BPF_RVAL(insn->code) == BPF_K)
		return diagram_value(regions, insn->k);
	if (BPF_CLASS(insn->code) == BPF_RET)
		return return_register(reader, state->registers[REGISTER_A]);
	diagram yes = reader->states[state->to[0]].answer;

	if (BPF_CLASS(insn->code) == BPF_JMP && state->to[1] != NO_STATE)
		return choose(reader, insn, state, yes, reader->states[state->to[1]].answer);
	if (insn->code != (BPF_ALU | BPF_DIV | BPF_X))
		return yes;
	region by_zero =
		compare(reader, BPF_JEQ, state->registers[REGISTER_X], put_constant(reader, 0));

	return diagram_choose(regions, by_zero, diagram_value(regions, SECCOMP_RET_KILL_THREAD),
			      yes);
}

static void go_back(struct reader *reader)
{
	for (size_t pc = reader->filter->count; pc-- > 0;) {
		for (uint32_t at = reader->heads[pc]; at != NO_STATE && !reader->regions->full;
		     at = reader->states[at].next)
			reader->states[at].answer = answer_of(reader, pc, &reader->states[at]);
	}
}

/* Registers that an instruction reads and that it overwrites. */
static void uses_of(const struct sock_filter *insn, uint32_t *ret_reads, uint32_t *ret_writes)
{
	uint32_t from = BPF_SRC(insn->code) == BPF_X ? REGISTER(REGISTER_X) : 0;
	uint32_t memory = insn->k < BPF_MEMWORDS ? REGISTER(REGISTER_MEMORY + insn->k) : 0;
	bool is_tax = BPF_MISCOP(insn->code) == BPF_TAX;

	*ret_reads = *ret_writes = 0;
	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
	case BPF_LDX:
		*ret_writes = REGISTER(BPF_CLASS(insn->code) == BPF_LD ? REGISTER_A : REGISTER_X);
		*ret_reads = BPF_MODE(insn->code) == BPF_MEM ? memory : 0;
		break;
	case BPF_ST:
	case BPF_STX:
		*ret_writes = memory;
		*ret_reads = REGISTER(BPF_CLASS(insn->code) == BPF_ST ? REGISTER_A : REGISTER_X);
		break;
	case BPF_ALU:
		*ret_reads = REGISTER(REGISTER_A) | from;
		break;
	case BPF_MISC:
		*ret_writes = REGISTER(is_tax ? REGISTER_X : REGISTER_A);
		*ret_reads = REGISTER(is_tax ? REGISTER_A : REGISTER_X);
		break;
	case BPF_JMP:
		if (BPF_OP(insn->code) != BPF_JA && insn->jt != insn->jf)
			*ret_reads = REGISTER(REGISTER_A) | from;
		break;
	default:
		*ret_reads = BPF_RVAL(insn->code) == BPF_A ? REGISTER(REGISTER_A) : 0;
	}
}

static void find_live(const struct reader *reader)
{
	for (size_t pc = reader->filter->count; pc-- > 0;) {
		const struct sock_filter *insn = &reader->filter->program[pc];
		uint32_t reads, writes, after = 0;

		uses_of(insn, &reads, &writes);
		if (insn->code == (BPF_JMP | BPF_JA))
			after = reader->live[pc + 1 + insn->k];
		else if (BPF_CLASS(insn->code) == BPF_JMP)
			after = reader->live[pc + 1 + insn->jt] | reader->live[pc + 1 + insn->jf];
		else if (BPF_CLASS(insn->code) != BPF_RET)
			after = reader->live[pc + 1];
		reader->live[pc] = (after & ~writes) | reads;
	}
}

diagram reading_make(struct regions *regions, const struct filter *filter,
		     const struct reading_calls *calls)
{
	struct reader reader = {.regions = regions, .filter = filter, .calls = calls};
	diagram answer = REGION_NONE;

	reader.live = mem_new(filter->count, sizeof(*reader.live));
	reader.heads = mem_new(filter->count, sizeof(*reader.heads));
	memset(reader.heads, 0xff, filter->count * sizeof(*reader.heads));
	put_constant(&reader, 0);
	find_live(&reader);
	go_forward(&reader);
	if (!regions->full)
		go_back(&reader);
	if (!regions->full)
		answer = reader.states[0].answer;
	free(reader.live);
	free(reader.heads);
	free(reader.states);
	free(reader.contents);
	free(reader.index);
	return answer;
}
