#include "profile/filter/stack.h"

#include "base/mem.h"

#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

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

static bool host_is_big_endian(void)
{
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
}

/* A filter that is a program and nothing else. */
static struct filter filter_of(const struct sock_filter *program, size_t count, bool big_endian)
{
	struct filter filter = {.count = count, .big_endian = big_endian};

	filter.program = mem_new(count, sizeof(*filter.program));
	memcpy(filter.program, program, count * sizeof(*filter.program));
	return filter;
}

struct filter filter_copy(const struct filter *filter)
{
	struct filter copy = *filter;

	if (filter->program)
		copy.program = filter_of(filter->program, filter->count, false).program;
	if (filter->part_count)
		copy.parts = mem_new(filter->part_count, sizeof(*copy.parts));
	for (size_t i = 0; i < filter->part_count; i++)
		copy.parts[i] = filter_copy(&filter->parts[i]);
	return copy;
}

struct filter filter_stack_combine(const struct filter_stack *stack)
{
	static const struct sock_filter allow = {.code = BPF_RET | BPF_K, .k = SECCOMP_RET_ALLOW};
	struct filter combined = {.big_endian = host_is_big_endian(), .fold = FILTER_STRICTEST};

	if (stack->count == 0)
		return filter_of(&allow, 1, combined.big_endian);
	combined.parts = mem_new(stack->count, sizeof(*combined.parts));
	for (size_t i = stack->count; i-- > 0;)
		combined.parts[combined.part_count++] =
			filter_of(stack->all[i].program, stack->all[i].count, combined.big_endian);
	return combined;
}

void filter_join(struct filter *joint, const struct filter *other)
{
	if (joint->program || joint->fold != FILTER_MILDEST) {
		struct filter *first = mem_new(1, sizeof(*first));

		*first = *joint;
		joint->program = NULL;
		joint->count = joint->stub_count = 0;
		joint->parts = first;
		joint->part_count = 1;
		joint->fold = FILTER_MILDEST;
	}
	joint->parts = mem_resize(joint->parts, (joint->part_count + 1) * sizeof(*joint->parts));
	joint->parts[joint->part_count++] = filter_copy(other);
}

static bool same_program(const struct filter *a, const struct filter *b)
{
	return a->count == b->count &&
	       (a->count == 0 ||
		memcmp(a->program, b->program, a->count * sizeof(*a->program)) == 0);
}

bool filter_same(const struct filter *a, const struct filter *b)
{
	if (!same_program(a, b) || a->big_endian != b->big_endian || a->fold != b->fold ||
	    a->part_count != b->part_count)
		return false;
	for (size_t i = 0; i < a->part_count; i++)
		if (!filter_same(&a->parts[i], &b->parts[i]))
			return false;
	return true;
}
