#include "profile/filter/stack.h"

#include "base/mem.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/* Instructions of a combined program: 32 MiB. */
#define MAX_COMBINED (1U << 22)

/* Before each copy of a program: A and X are zero when the kernel starts one. */
#define PROLOGUE 2

/* kernel/seccomp.c: MAX_ERRNO, beyond which ERRNO's data is cut. */
#define MAX_ERRNO 4095

#define ENOSYS_VALUE (SECCOMP_RET_ERRNO | ENOSYS)

/*
 * Actions in the order in which the kernel compares them, strictest last, and between them one
 * value for all that lie between two known ones.
 */
static const uint32_t ladder[] = {
	SECCOMP_RET_ALLOW,        0x7ffd0000, /* unknown: kills, yet gives way to all below */
	SECCOMP_RET_LOG,          0x7ff10000, SECCOMP_RET_TRACE,       0x7fc10000,
	SECCOMP_RET_USER_NOTIF,   0x00060000, SECCOMP_RET_ERRNO,       0x00040000,
	SECCOMP_RET_TRAP,         0x00010000, SECCOMP_RET_KILL_THREAD, 0x80010000,
	SECCOMP_RET_KILL_PROCESS,
};

#define LADDER_COUNT (sizeof(ladder) / sizeof(ladder[0]))

/* A return of the register: mask, turn signed order into unsigned, and a test for each rung. */
#define REGISTER_TESTS (2 + 2 * LADDER_COUNT)

struct values {
	uint32_t *all;
	size_t count, size;
};

/* One program of the chain, copied once for each value that those before it can leave. */
struct layer {
	const struct sock_filter *program;
	size_t count;
	bool by_register;     /* some return is of A */
	struct values before; /* what the layers above can have come to */
	size_t base;          /* where its copies begin */
};

/* What to make of the value so far and of one more program's. */
typedef uint32_t fold(size_t layer, uint32_t so_far, uint32_t value);

struct chain {
	struct layer *layers;
	size_t count;
	fold *fold;
	bool keep_register; /* the last layer may return A where the value so far does not matter */
	struct sock_filter *program;
	size_t at;
};

void filter_stack_release(struct filter_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		free(stack->all[i].program);
	free(stack->all);
	*stack = (struct filter_stack){0};
}

void filter_stack_add(struct filter_stack *stack, struct sock_filter *program, size_t count)
{
	stack->all = mem_resize(stack->all, (stack->count + 1) * sizeof(*stack->all));
	stack->all[stack->count++] = (struct stack_filter){.program = program, .count = count};
}

uint32_t filter_value_effect(uint32_t value)
{
	uint32_t action = value & SECCOMP_RET_ACTION_FULL, data = value & SECCOMP_RET_DATA;

	switch (action) {
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_TRACE:
		return value;
	case SECCOMP_RET_ERRNO:
		return action | (data < MAX_ERRNO ? data : MAX_ERRNO);
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_USER_NOTIF:
	case SECCOMP_RET_KILL_THREAD:
		return action;
	default:
		return SECCOMP_RET_KILL_PROCESS;
	}
}

/* seccomp_run_filters(): a later filter's value is taken only if its action is stricter. */
static uint32_t fold_strictest(size_t layer, uint32_t so_far, uint32_t value)
{
	(void)layer;
	if ((int32_t)(value & SECCOMP_RET_ACTION_FULL) <
	    (int32_t)(so_far & SECCOMP_RET_ACTION_FULL))
		return value;
	return so_far;
}

static uint32_t fold_equal(size_t layer, uint32_t so_far, uint32_t value)
{
	value = filter_value_effect(value);
	if (layer == 0)
		return value;
	return so_far == value ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS;
}

uint32_t filter_value_milder(uint32_t a, uint32_t b)
{
	a = filter_value_effect(a);
	b = filter_value_effect(b);
	int32_t action_a = (int32_t)(a & SECCOMP_RET_ACTION_FULL);
	int32_t action_b = (int32_t)(b & SECCOMP_RET_ACTION_FULL);

	return action_b > action_a || (action_b == action_a && b == ENOSYS_VALUE) ? b : a;
}

static uint32_t fold_mildest(size_t layer, uint32_t so_far, uint32_t value)
{
	return layer == 0 ? filter_value_effect(value) : filter_value_milder(so_far, value);
}

static size_t values_find(const struct values *values, uint32_t value)
{
	size_t i = 0;

	while (i < values->count && values->all[i] != value)
		i++;
	return i;
}

static void values_put(struct values *values, uint32_t value)
{
	if (values_find(values, value) < values->count)
		return;
	if (values->count == values->size) {
		values->size = values->size ? values->size * 2 : 8;
		values->all = mem_resize(values->all, values->size * sizeof(*values->all));
	}
	values->all[values->count++] = value;
}

/* What the layers up to this one can come to. */
static void layer_values(const struct chain *chain, size_t at, struct values *after)
{
	const struct layer *layer = &chain->layers[at];
	struct values own = {0};

	for (size_t i = 0; i < layer->count; i++) {
		if (layer->program[i].code == (BPF_RET | BPF_K))
			values_put(&own, layer->program[i].k);
	}
	for (size_t i = 0; layer->by_register && i < LADDER_COUNT; i++)
		values_put(&own, ladder[i]);
	for (size_t i = 0; i < layer->before.count; i++) {
		for (size_t j = 0; j < own.count; j++)
			values_put(after, chain->fold(at, layer->before.all[i], own.all[j]));
	}
	free(own.all);
}

static size_t copy_size(const struct layer *layer)
{
	return PROLOGUE + layer->count + (layer->by_register ? REGISTER_TESTS : 0);
}

static void chain_put(struct chain *chain, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	chain->program[chain->at++] =
		(struct sock_filter){.code = code, .jt = jt, .jf = jf, .k = k};
}

/* One value has been returned: on to the copy of the next program that knows what it makes. */
static void put_return(struct chain *chain, size_t at, uint32_t so_far, uint32_t value)
{
	uint32_t result = chain->fold(at, so_far, value);

	if (at + 1 == chain->count) {
		chain_put(chain, BPF_RET | BPF_K, 0, 0, result);
		return;
	}
	const struct layer *next = &chain->layers[at + 1];
	size_t target = next->base + values_find(&next->before, result) * copy_size(next);

	chain_put(chain, BPF_JMP | BPF_JA, 0, 0, (uint32_t)(target - chain->at - 1));
}

static void put_register_tests(struct chain *chain, size_t at, uint32_t so_far)
{
	const uint32_t sign = 0x80000000;

	chain_put(chain, BPF_ALU | BPF_AND | BPF_K, 0, 0, SECCOMP_RET_ACTION_FULL);
	chain_put(chain, BPF_ALU | BPF_XOR | BPF_K, 0, 0, sign);
	for (size_t i = 0; i + 1 < LADDER_COUNT; i++) {
		bool known = i % 2 == 0;

		/* what lies between two known actions is above the lower one */
		if (known)
			chain_put(chain, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, ladder[i] ^ sign);
		else
			chain_put(chain, BPF_JMP | BPF_JGT | BPF_K, 0, 1, ladder[i + 1] ^ sign);
		put_return(chain, at, so_far, ladder[i]);
	}
	put_return(chain, at, so_far, ladder[LADDER_COUNT - 1]);
	/* the last rung needs no test: fills what REGISTER_TESTS counts */
	put_return(chain, at, so_far, ladder[LADDER_COUNT - 1]);
}

static void put_copy(struct chain *chain, size_t at, uint32_t so_far)
{
	const struct layer *layer = &chain->layers[at];
	bool keep = chain->keep_register && at + 1 == chain->count && so_far == SECCOMP_RET_ALLOW;

	chain_put(chain, BPF_LD | BPF_IMM, 0, 0, 0);
	chain_put(chain, BPF_MISC | BPF_TAX, 0, 0, 0);
	for (size_t i = 0; i < layer->count; i++) {
		const struct sock_filter *insn = &layer->program[i];

		if (insn->code == (BPF_RET | BPF_K))
			put_return(chain, at, so_far, insn->k);
		else if (insn->code == (BPF_RET | BPF_A) && !keep)
			chain_put(chain, BPF_JMP | BPF_JA, 0, 0, (uint32_t)(layer->count - i - 1));
		else
			chain->program[chain->at++] = *insn;
	}
	if (layer->by_register)
		put_register_tests(chain, at, so_far);
}

/* Where every copy goes; false if the whole is too large. */
static bool chain_layout(struct chain *chain)
{
	size_t base = 0;

	values_put(&chain->layers[0].before, SECCOMP_RET_ALLOW);
	for (size_t i = 0; i < chain->count; i++) {
		struct layer *layer = &chain->layers[i];

		layer->base = base;
		base += layer->before.count * copy_size(layer);
		if (base > MAX_COMBINED)
			return false;
		if (i + 1 < chain->count)
			layer_values(chain, i, &chain->layers[i + 1].before);
	}
	chain->program = mem_new(base, sizeof(*chain->program));
	return true;
}

static void chain_release(struct chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		free(chain->layers[i].before.all);
	free(chain->layers);
}

static void chain_add(struct chain *chain, const struct sock_filter *program, size_t count)
{
	struct layer *layer = &chain->layers[chain->count++];

	*layer = (struct layer){.program = program, .count = count};
	for (size_t i = 0; i < count; i++)
		layer->by_register = layer->by_register || program[i].code == (BPF_RET | BPF_A);
}

static int chain_make(struct chain *chain, struct filter *filter, struct err *err)
{
	int r = 0;

	if (!chain_layout(chain))
		r = err_set(err, E2BIG,
			    "the filters return so many different values that what they come to "
			    "together is too large to work out");
	for (size_t i = 0; r == 0 && i < chain->count; i++) {
		for (size_t j = 0; j < chain->layers[i].before.count; j++)
			put_copy(chain, i, chain->layers[i].before.all[j]);
	}
	chain_release(chain);
	filter->program = chain->program;
	filter->count = chain->at;
	return r;
}

static bool host_is_big_endian(void)
{
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
}

int filter_stack_combine(const struct filter_stack *stack, struct filter *ret_filter,
			 struct err *err)
{
	static const struct sock_filter allow = {.code = BPF_RET | BPF_K, .k = SECCOMP_RET_ALLOW};
	struct chain chain = {.fold = fold_strictest, .keep_register = true};

	*ret_filter = (struct filter){.big_endian = host_is_big_endian()};
	chain.layers = mem_new(stack->count + 1, sizeof(*chain.layers));
	for (size_t i = stack->count; i-- > 0;)
		chain_add(&chain, stack->all[i].program, stack->all[i].count);
	if (stack->count == 0)
		chain_add(&chain, &allow, 1);
	return chain_make(&chain, ret_filter, err);
}

static int chain_two(struct chain *chain, const struct filter *a, const struct filter *b,
		     struct filter *ret_filter, struct err *err)
{
	*ret_filter = (struct filter){.big_endian = a->big_endian};
	chain->layers = mem_new(2, sizeof(*chain->layers));
	chain_add(chain, a->program, a->count);
	chain_add(chain, b->program, b->count);
	return chain_make(chain, ret_filter, err);
}

int filter_compare(const struct filter *a, const struct filter *b, struct filter *ret_filter,
		   struct err *err)
{
	struct chain chain = {.fold = fold_equal};

	return chain_two(&chain, a, b, ret_filter, err);
}

int filter_join(const struct filter *a, const struct filter *b, struct filter *ret_filter,
		struct err *err)
{
	struct chain chain = {.fold = fold_mildest};

	return chain_two(&chain, a, b, ret_filter, err);
}
