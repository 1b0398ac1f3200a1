#include "profile/answers/region.h"

#include "base/mem.h"

#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/* Sets of registers that one filter can have at all its instructions together. */
#define MAX_STATES (1U << 18)

enum content_kind {
	CONTENT_CONST,
	CONTENT_WORD, /* a word of the input, under a mask */
	CONTENT_ODD,  /* computed from words */
};

/* What a register or a memory slot holds. */
struct content {
	uint32_t kind;
	uint32_t k; /* the constant, or which word */
	uint32_t mask;
};

struct registers {
	struct content a, x, memory[BPF_MEMWORDS];
};

/* One set of registers at one instruction, and the arguments with which it is reached. */
struct place {
	struct registers registers;
	region region;
	uint32_t next; /* another set at that instruction, or UINT32_MAX */
};

struct mapper {
	struct regions *regions;
	const struct sock_filter *program;
	const struct question *question;
	uint32_t *heads; /* by instruction */
	struct place *places;
	size_t place_count, place_size;
	struct region_map *map;
};

static struct content content_const(uint32_t k)
{
	return (struct content){.kind = CONTENT_CONST, .k = k};
}

static void trouble(struct mapper *mapper, enum region_trouble what)
{
	if (mapper->map->trouble == REGION_FINE)
		mapper->map->trouble = what;
}

/* Ways that meet with the same registers become one. */
static void arrive(struct mapper *mapper, size_t pc, const struct registers *registers, region way)
{
	uint32_t *at = &mapper->heads[pc];

	if (way == REGION_NONE)
		return;
	for (; *at != UINT32_MAX; at = &mapper->places[*at].next) {
		struct place *place = &mapper->places[*at];

		if (memcmp(&place->registers, registers, sizeof(*registers)) != 0)
			continue;
		place->region = region_or(mapper->regions, place->region, way);
		return;
	}
	if (mapper->place_count == MAX_STATES) {
		trouble(mapper, REGION_TOO_MUCH);
		return;
	}
	*at = (uint32_t)mapper->place_count;
	if (mapper->place_count == mapper->place_size) {
		mapper->place_size = mapper->place_size ? mapper->place_size * 2 : 64;
		mapper->places =
			mem_resize(mapper->places, mapper->place_size * sizeof(*mapper->places));
	}
	mapper->places[mapper->place_count++] = (struct place){*registers, way, UINT32_MAX};
}

static void outcome(struct mapper *mapper, uint32_t value, region way)
{
	struct region_map *map = mapper->map;
	size_t i = 0;

	while (i < map->count && map->all[i].value != value)
		i++;
	if (i == REGION_OUTCOMES) {
		trouble(mapper, REGION_TOO_MUCH);
		return;
	}
	if (i == map->count)
		map->all[map->count++] = (struct region_outcome){.value = value};
	map->all[i].region = region_or(mapper->regions, map->all[i].region, way);
}

static struct content load_word(const struct question *question, uint32_t word)
{
	uint32_t known;

	if (question_word(question, word, &known))
		return content_const(known);
	return (struct content){.kind = CONTENT_WORD, .k = word, .mask = UINT32_MAX};
}

static struct content load(const struct mapper *mapper, const struct registers *registers,
			   const struct sock_filter *insn)
{
	switch (BPF_MODE(insn->code)) {
	case BPF_ABS:
		return load_word(mapper->question, insn->k / 4);
	case BPF_LEN:
		return content_const(sizeof(struct seccomp_data));
	case BPF_MEM:
		return registers->memory[insn->k];
	default:
		return content_const(insn->k);
	}
}

static struct content mask(struct content word, uint32_t k)
{
	word.mask &= k;
	return word.mask ? word : content_const(0);
}

static struct content alu(const struct registers *registers, const struct sock_filter *insn)
{
	struct content a = registers->a;
	struct content b = BPF_SRC(insn->code) == BPF_X ? registers->x : content_const(insn->k);
	bool unary = BPF_OP(insn->code) == BPF_NEG;

	if (a.kind == CONTENT_CONST && (unary || b.kind == CONTENT_CONST))
		return content_const(compute_values(alu_op(insn->code), a.k, b.k));
	if (BPF_OP(insn->code) == BPF_AND) {
		if (a.kind == CONTENT_WORD && b.kind == CONTENT_CONST)
			return mask(a, b.k);
		if (b.kind == CONTENT_WORD && a.kind == CONTENT_CONST)
			return mask(b, a.k);
	}
	return (struct content){.kind = CONTENT_ODD};
}

/* For which arguments a comparison holds. */
static region holds(struct mapper *mapper, const struct registers *registers,
		    const struct sock_filter *insn)
{
	struct content a = registers->a;
	struct content b = BPF_SRC(insn->code) == BPF_X ? registers->x : content_const(insn->k);
	enum compare_op op = jump_op(insn->code);
	unsigned argument;
	bool high;

	if (a.kind == CONTENT_CONST && b.kind == CONTENT_CONST)
		return compare_values(op, a.k, b.k) ? REGION_ALL : REGION_NONE;
	if (a.kind != CONTENT_WORD || b.kind != CONTENT_CONST) {
		trouble(mapper, REGION_COMPUTES);
		return REGION_NONE;
	}
	if (!word_argument(a.k, mapper->question->big_endian, &argument, &high)) {
		trouble(mapper, REGION_POINTER);
		return REGION_NONE;
	}
	return region_half(mapper->regions, argument, high, a.mask, op, b.k);
}

static void jump(struct mapper *mapper, size_t pc, const struct place *place,
		 const struct sock_filter *insn)
{
	struct regions *regions = mapper->regions;

	if (BPF_OP(insn->code) == BPF_JA) {
		arrive(mapper, pc + 1 + insn->k, &place->registers, place->region);
		return;
	}
	if (insn->jt == insn->jf) {
		arrive(mapper, pc + 1 + insn->jt, &place->registers, place->region);
		return;
	}
	region yes = holds(mapper, &place->registers, insn);

	arrive(mapper, pc + 1 + insn->jt, &place->registers,
	       region_and(regions, place->region, yes));
	arrive(mapper, pc + 1 + insn->jf, &place->registers,
	       region_and(regions, place->region, region_not(regions, yes)));
}

static void end(struct mapper *mapper, const struct place *place, const struct sock_filter *insn)
{
	if (BPF_RVAL(insn->code) == BPF_K)
		outcome(mapper, insn->k, place->region);
	else if (place->registers.a.kind == CONTENT_CONST)
		outcome(mapper, place->registers.a.k, place->region);
	else
		trouble(mapper, REGION_COMPUTES);
}

/* Dividing by an X of zero ends the filter with 0, which is KILL_THREAD. */
static bool divides_by_zero(struct mapper *mapper, const struct place *place,
			    const struct sock_filter *insn)
{
	if (insn->code != (BPF_ALU | BPF_DIV | BPF_X))
		return false;
	if (place->registers.x.kind != CONTENT_CONST) {
		trouble(mapper, REGION_COMPUTES);
		return true;
	}
	if (place->registers.x.k != 0)
		return false;
	outcome(mapper, SECCOMP_RET_KILL_THREAD, place->region);
	return true;
}

static void step(struct mapper *mapper, size_t pc, struct place place)
{
	const struct sock_filter *insn = &mapper->program[pc];
	struct registers *registers = &place.registers;

	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
		registers->a = load(mapper, registers, insn);
		break;
	case BPF_LDX:
		registers->x = load(mapper, registers, insn);
		break;
	case BPF_ST:
		registers->memory[insn->k] = registers->a;
		break;
	case BPF_STX:
		registers->memory[insn->k] = registers->x;
		break;
	case BPF_ALU:
		if (divides_by_zero(mapper, &place, insn))
			return;
		registers->a = alu(registers, insn);
		break;
	case BPF_MISC:
		if (BPF_MISCOP(insn->code) == BPF_TAX)
			registers->x = registers->a;
		else
			registers->a = registers->x;
		break;
	case BPF_JMP:
		jump(mapper, pc, &place, insn);
		return;
	default:
		end(mapper, &place, insn);
		return;
	}
	arrive(mapper, pc + 1, registers, place.region);
}

void region_map(struct regions *regions, const struct sock_filter *program, size_t count,
		const struct question *question, struct region_map *ret_map)
{
	struct mapper mapper = {
		.regions = regions, .program = program, .question = question, .map = ret_map};
	struct registers zero;

	*ret_map = (struct region_map){.trouble = REGION_FINE};
	memset(&zero, 0, sizeof(zero));
	mapper.heads = mem_new(count, sizeof(*mapper.heads));
	memset(mapper.heads, 0xff, count * sizeof(*mapper.heads));
	arrive(&mapper, 0, &zero, REGION_ALL);
	/* jumps go forward only: when an instruction's turn comes, all ways to it are known */
	for (size_t pc = 0; pc < count && ret_map->trouble == REGION_FINE; pc++) {
		for (uint32_t at = mapper.heads[pc]; at != UINT32_MAX; at = mapper.places[at].next)
			step(&mapper, pc, mapper.places[at]);
	}
	if (regions->full)
		trouble(&mapper, REGION_TOO_MUCH);
	free(mapper.heads);
	free(mapper.places);
}
