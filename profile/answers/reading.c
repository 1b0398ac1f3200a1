#include "profile/answers/reading.h"

#include "base/mem.h"

#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/* States of one program, over all its instructions. */
#define MAX_STATES (1U << 16)

/* Data values of one action that are distinguished if a register is returned. */
#define MAX_RETURNED 64

enum { REGISTER_A, REGISTER_X, REGISTER_MEMORY, REGISTERS = REGISTER_MEMORY + BPF_MEMWORDS };

#define REGISTER(which) (UINT32_C(1) << (which))

/* A register's content: for each bit, lowest first, the calls for which it is set. */
struct content {
	region bits[32];
};

#define NO_STATE UINT32_MAX

/* One combination of register contents at an instruction, its successors and its answer. */
struct state {
	uint32_t registers[REGISTERS]; /* indexes of contents; 0 if never read again */
	uint32_t next;                 /* the next state at that instruction */
	uint32_t to[2];                /* the states after it; of a jump at jt and jf */
	diagram answer;
};

struct reader {
	struct regions *regions;
	const struct filter *filter;
	const struct reading_calls *calls;
	uint32_t *live;  /* by instruction: the registers that are read from there on */
	uint32_t *heads; /* by instruction: its first state */
	struct state *states;
	size_t state_count;
	struct content *contents; /* the first is the constant 0 */
	size_t content_count, content_size;
	uint32_t *index; /* hash table: content -> position in contents */
	size_t index_size;
};

/* --- arithmetic
 *
 * Each bit of a value, lowest first, is the region of calls for which it is set. Sums, products,
 * quotients and shifts are built bit by bit, like a circuit.
 */

static region bit_xor(struct regions *regions, region a, region b)
{
	return diagram_choose(regions, a, region_not(regions, b), b);
}

/* sum = a + b + carry, or a + ~b + 1, which is a - b and carries if and only if a >= b. */
static region add(struct regions *regions, const region a[32], const region b[32], bool minus,
		  region sum[32])
{
	region carry = minus ? REGION_ALL : REGION_NONE;

	for (unsigned i = 0; i < 32; i++) {
		region other = minus ? region_not(regions, b[i]) : b[i];
		region half = bit_xor(regions, a[i], other),
		       both = region_and(regions, a[i], other);

		sum[i] = bit_xor(regions, half, carry);
		carry = region_or(regions, both, region_and(regions, half, carry));
	}
	return carry;
}

static void choose_bits(struct regions *regions, region set, const region yes[32],
			const region no[32], region result[32])
{
	for (unsigned i = 0; i < 32; i++)
		result[i] = diagram_choose(regions, set, yes[i], no[i]);
}

/* A shift by a known count. */
static void move_bits(const region from[32], unsigned count, bool left, region to[32])
{
	for (unsigned i = 0; i < 32; i++) {
		if (left)
			to[i] = i >= count ? from[i - count] : REGION_NONE;
		else
			to[i] = i + count < 32 ? from[i + count] : REGION_NONE;
	}
}

/* BPF uses the lowest five bits of the count. */
static void shift(struct regions *regions, const region a[32], const region count[32], bool left,
		  region result[32])
{
	region moved[32];

	memcpy(result, a, sizeof(moved));
	for (unsigned i = 0; i < 5; i++) {
		move_bits(result, 1U << i, left, moved);
		choose_bits(regions, count[i], moved, result, result);
	}
}

static void multiply(struct regions *regions, const region a[32], const region b[32],
		     region product[32])
{
	region more[32], moved[32];

	memset(product, 0, sizeof(more));
	for (unsigned i = 0; i < 32 && !regions->full; i++) {
		if (b[i] == REGION_NONE)
			continue;
		move_bits(a, i, true, moved);
		add(regions, product, moved, false, more);
		choose_bits(regions, b[i], more, product, product);
	}
}

/* Long division. */
static void divide(struct regions *regions, const region a[32], const region b[32],
		   region quotient[32])
{
	region remainder[32] = {0}, less[32];

	for (unsigned i = 32; i-- > 0 && !regions->full;) {
		region top = remainder[31];

		memmove(&remainder[1], &remainder[0], 31 * sizeof(remainder[0]));
		remainder[0] = a[i];
		quotient[i] = region_or(regions, top, add(regions, remainder, b, true, less));
		choose_bits(regions, quotient[i], less, remainder, remainder);
	}
}

static void bitwise(struct regions *regions, uint16_t op, const region a[32], const region b[32],
		    region result[32])
{
	for (unsigned i = 0; i < 32; i++) {
		if (op == BPF_AND)
			result[i] = region_and(regions, a[i], b[i]);
		else if (op == BPF_OR)
			result[i] = region_or(regions, a[i], b[i]);
		else
			result[i] = bit_xor(regions, a[i], b[i]);
	}
}

/* op is the BPF_OP() of an ALU instruction. The caller handles division by zero. */
static void bits_compute(struct regions *regions, uint16_t op, const region a[32],
			 const region b[32], region result[32])
{
	static const region zero[32];

	memset(result, 0, 32 * sizeof(*result));
	switch (op) {
	case BPF_ADD:
		add(regions, a, b, false, result);
		break;
	case BPF_SUB:
		add(regions, a, b, true, result);
		break;
	case BPF_NEG:
		add(regions, zero, a, true, result);
		break;
	case BPF_MUL:
		multiply(regions, a, b, result);
		break;
	case BPF_DIV:
		divide(regions, a, b, result);
		break;
	case BPF_LSH:
	case BPF_RSH:
		shift(regions, a, b, op == BPF_LSH, result);
		break;
	default:
		bitwise(regions, op, a, b, result);
	}
}

/* The calls for which `a op b` holds; op is BPF_JEQ, BPF_JGT, BPF_JGE or BPF_JSET. */
static region bits_compare(struct regions *regions, uint16_t op, const region a[32],
			   const region b[32])
{
	region ignored[32], all = REGION_ALL, some = REGION_NONE;

	if (op == BPF_JGE)
		return add(regions, a, b, true, ignored);
	if (op == BPF_JGT)
		return region_not(regions, add(regions, b, a, true, ignored));
	for (unsigned i = 32; i-- > 0 && !regions->full;) {
		if (op == BPF_JSET)
			some = region_or(regions, some, region_and(regions, a[i], b[i]));
		else
			all = region_and(regions, all,
					 region_not(regions, bit_xor(regions, a[i], b[i])));
	}
	return op == BPF_JSET ? some : all;
}

/* --- states */

static uint32_t *content_slot(const struct reader *reader, const struct content *content)
{
	uint32_t hash = 0;

	for (size_t i = 0; i < 32; i++)
		hash = (hash ^ content->bits[i]) * 0x01000193U;
	hash ^= hash >> 15;
	for (size_t i = hash;; i++) {
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

static uint32_t add_content(struct reader *reader, const struct content *content)
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

static struct content constant(uint32_t k)
{
	struct content content;

	for (unsigned i = 0; i < 32; i++)
		content.bits[i] = k >> i & 1 ? REGION_ALL : REGION_NONE;
	return content;
}

static bool is_constant(const struct content *content, uint32_t *ret_k)
{
	*ret_k = 0;
	for (unsigned i = 0; i < 32; i++) {
		if (content->bits[i] > REGION_ALL)
			return false;
		*ret_k |= content->bits[i] << i;
	}
	return true;
}

/* Half a subject. */
static struct content word(struct reader *reader, unsigned subject, bool high)
{
	struct content content;

	for (unsigned i = 0; i < 32; i++)
		content.bits[i] = region_bit(reader->regions, subject, high ? i + 32 : i);
	return content;
}

/* The second operand of an instruction. */
static struct content operand(const struct reader *reader, const struct state *state,
			      const struct sock_filter *insn)
{
	return BPF_SRC(insn->code) == BPF_X ? reader->contents[state->registers[REGISTER_X]]
					    : constant(insn->k);
}

static struct content load_word(struct reader *reader, unsigned at)
{
	const struct reading_calls *calls = reader->calls;
	bool high = at % 2 != reader->filter->big_endian;

	if (at == BPF_WORD_NR)
		return calls->one_number ? constant(calls->nr) : word(reader, SUBJECT_CALL, false);
	if (at == BPF_WORD_ARCH)
		return calls->any_arch ? word(reader, SUBJECT_CALL, true)
				       : constant(calls->audit_arch);
	if (at < BPF_WORD_ARGUMENTS)
		return word(reader, SUBJECT_POINTER, high);
	if (high && !calls->any_arch && bpf_is_narrow(calls->audit_arch))
		return constant(0);
	return word(reader, SUBJECT_ARGUMENTS + (at - BPF_WORD_ARGUMENTS) / 2, high);
}

static struct content load(struct reader *reader, const struct state *state,
			   const struct sock_filter *insn)
{
	switch (BPF_MODE(insn->code)) {
	case BPF_ABS:
		return load_word(reader, insn->k / 4);
	case BPF_LEN:
		return constant(sizeof(struct seccomp_data));
	case BPF_MEM:
		return reader->contents[state->registers[REGISTER_MEMORY + insn->k]];
	default:
		return constant(insn->k);
	}
}

/* Finds or adds the state with those registers at an instruction. */
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

/* The calls for which a jump is taken (goes to jt). */
static region taken(const struct reader *reader, const struct state *state,
		    const struct sock_filter *insn)
{
	const struct content b = operand(reader, state, insn);

	return bits_compare(reader->regions, BPF_OP(insn->code),
			    reader->contents[state->registers[REGISTER_A]].bits, b.bits);
}

/* A jump that compares constants has one successor. */
static void jump(struct reader *reader, size_t pc, const struct state *state, uint32_t to[2])
{
	const struct sock_filter *insn = &reader->filter->program[pc];
	const struct content b = operand(reader, state, insn);
	region yes = REGION_ALL;
	uint32_t k;

	if (BPF_OP(insn->code) == BPF_JA || insn->jt == insn->jf) {
		to[0] = arrive(reader, pc + 1 + (BPF_OP(insn->code) == BPF_JA ? insn->k : insn->jt),
			       state);
		return;
	}
	bool decided = is_constant(&reader->contents[state->registers[REGISTER_A]], &k) &&
		       is_constant(&b, &k);

	if (decided)
		yes = taken(reader, state, insn);
	if (yes == REGION_ALL)
		to[0] = arrive(reader, pc + 1 + insn->jt, state);
	if (!decided || yes == REGION_NONE)
		to[!decided] = arrive(reader, pc + 1 + insn->jf, state);
}

/* Executes one instruction in one state; fills `to` with the states after it. */
static void step(struct reader *reader, size_t pc, struct state state, uint32_t to[2])
{
	const struct sock_filter *insn = &reader->filter->program[pc];
	struct content content, b;

	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
		content = load(reader, &state, insn);
		state.registers[REGISTER_A] = add_content(reader, &content);
		break;
	case BPF_LDX:
		content = load(reader, &state, insn);
		state.registers[REGISTER_X] = add_content(reader, &content);
		break;
	case BPF_ST:
		state.registers[REGISTER_MEMORY + insn->k] = state.registers[REGISTER_A];
		break;
	case BPF_STX:
		state.registers[REGISTER_MEMORY + insn->k] = state.registers[REGISTER_X];
		break;
	case BPF_ALU:
		b = operand(reader, &state, insn);
		bits_compute(reader->regions, BPF_OP(insn->code),
			     reader->contents[state.registers[REGISTER_A]].bits, b.bits,
			     content.bits);
		state.registers[REGISTER_A] = add_content(reader, &content);
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

/* BPF jumps only forward: all states of an instruction exist when its turn comes. */
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

static diagram choose(const struct reader *reader, const struct sock_filter *insn,
		      const struct state *state, diagram yes, diagram no)
{
	static const enum compare_op ops[] = {
		[BPF_JEQ >> 4] = COMPARE_EQ,
		[BPF_JGT >> 4] = COMPARE_GT,
		[BPF_JGE >> 4] = COMPARE_GE,
		[BPF_JSET >> 4] = COMPARE_SET,
	};
	const struct content b = operand(reader, state, insn);
	struct region_word word;
	uint32_t k;

	if (is_constant(&b, &k) &&
	    region_is_word(reader->regions, reader->contents[state->registers[REGISTER_A]].bits,
			   &word))
		return diagram_test(reader->regions, word.subject, word.high, word.mask,
				    ops[BPF_OP(insn->code) >> 4], k, yes, no);
	return diagram_choose(reader->regions, taken(reader, state, insn), yes, no);
}

/*
 * Actions in the kernel's order, strictest first. Between two known ones stands one value for all
 * unknown actions there: they kill the process, but only a stricter action takes precedence.
 */
static const uint32_t ladder[] = {
	SECCOMP_RET_KILL_PROCESS, 0x80010000, SECCOMP_RET_KILL_THREAD, 0x00010000,
	SECCOMP_RET_TRAP,         0x00040000, SECCOMP_RET_ERRNO,       0x00060000,
	SECCOMP_RET_USER_NOTIF,   0x7fc10000, SECCOMP_RET_TRACE,       0x7ff10000,
	SECCOMP_RET_LOG,          0x7ffd0000, SECCOMP_RET_ALLOW,
};

static uint32_t add_bit(uint32_t data, uint32_t bit, const void *context)
{
	(void)context;
	return data << 1 | bit;
}

/* The data of a returned register inside a region; zero if it has too many values. */
static diagram data_of(struct regions *regions, const region bits[32], region where)
{
	diagram data = diagram_value(regions, 0);

	for (unsigned bit = 16; bit-- > 0 && !regions->full;) {
		MEM_AUTO uint32_t *values = NULL;

		data = diagram_join(regions, data, region_and(regions, where, bits[bit]), add_bit,
				    NULL);
		if (diagram_values(regions, data, &values) > MAX_RETURNED)
			return diagram_value(regions, 0);
	}
	return data;
}

static uint32_t add_action(uint32_t data, const void *context)
{
	const uint32_t *action = context;

	return *action | data;
}

static diagram add_action_value(struct regions *regions, const region bits[32], uint32_t action,
				region where, diagram otherwise)
{
	bool has_data = action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE ||
			action == SECCOMP_RET_TRAP;
	diagram value = diagram_value(regions, action);

	if (has_data && where != REGION_NONE)
		value = diagram_map(regions, data_of(regions, bits, where), add_action, &action);
	return diagram_choose(regions, where, value, otherwise);
}

static diagram return_register(struct regions *regions, const struct content *returned)
{
	const size_t rungs = sizeof(ladder) / sizeof(ladder[0]);
	diagram answer = diagram_value(regions, SECCOMP_RET_KILL_PROCESS);
	struct content action = *returned;
	region above = REGION_ALL;

	/* signed order is unsigned order with the highest bit inverted */
	memset(action.bits, 0, 16 * sizeof(action.bits[0]));
	action.bits[31] = region_not(regions, action.bits[31]);
	for (size_t i = rungs; i-- > 0 && !regions->full;) {
		/* an odd rung stands for all actions above the known one before it */
		uint32_t least = i % 2 ? ladder[i - 1] + 0x10000 : ladder[i];
		const struct content limit = constant(least ^ UINT32_C(0x80000000));
		region from = bits_compare(regions, BPF_JGE, action.bits, limit.bits);

		answer = add_action_value(regions, returned->bits, ladder[i],
					  region_and(regions, above, from), answer);
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
		return return_register(regions, &reader->contents[state->registers[REGISTER_A]]);
	diagram yes = reader->states[state->to[0]].answer;

	if (BPF_CLASS(insn->code) == BPF_JMP && state->to[1] != NO_STATE)
		return choose(reader, insn, state, yes, reader->states[state->to[1]].answer);
	if (insn->code != (BPF_ALU | BPF_DIV | BPF_X))
		return yes;
	const struct content zero = constant(0);
	region by_zero = bits_compare(
		regions, BPF_JEQ, reader->contents[state->registers[REGISTER_X]].bits, zero.bits);

	return diagram_choose(regions, by_zero, diagram_value(regions, SECCOMP_RET_KILL_THREAD),
			      yes);
}

/* The registers that an instruction reads and overwrites. */
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
	const struct content zero = constant(0);
	diagram answer = REGION_NONE;

	reader.live = mem_new(filter->count, sizeof(*reader.live));
	reader.heads = mem_new(filter->count, sizeof(*reader.heads));
	memset(reader.heads, 0xff, filter->count * sizeof(*reader.heads));
	add_content(&reader, &zero);
	find_live(&reader);
	go_forward(&reader);
	for (size_t pc = filter->count; pc-- > 0;)
		for (uint32_t at = reader.heads[pc]; at != NO_STATE && !regions->full;
		     at = reader.states[at].next)
			reader.states[at].answer = answer_of(&reader, pc, &reader.states[at]);
	if (!regions->full)
		answer = reader.states[0].answer;
	free(reader.live);
	free(reader.heads);
	free(reader.states);
	free(reader.contents);
	free(reader.index);
	return answer;
}
