#include "profile/filter/filter.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void filter_release(struct filter *filter)
{
	for (size_t i = 0; i < filter->part_count; i++)
		filter_release(&filter->parts[i]);
	free(filter->parts);
	free(filter->program);
	*filter = (struct filter){0};
}

static void add_part(struct filter *filter, const struct filter *part)
{
	filter->parts = mem_more(filter->parts, filter->part_count, sizeof(*filter->parts));
	filter->parts[filter->part_count++] = *part;
}

void filter_push(struct filter *stack, struct sock_filter *program, size_t count)
{
	stack->big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	add_part(stack, &(struct filter){.program = program,
					 .count = count,
					 .big_endian = stack->big_endian});
}

struct filter filter_copy(const struct filter *filter)
{
	struct filter copy = *filter;

	copy.program = NULL;
	copy.parts = NULL;
	copy.part_count = 0;
	if (filter->count) {
		copy.program = mem_new(filter->count, sizeof(*copy.program));
		memcpy(copy.program, filter->program, filter->count * sizeof(*copy.program));
	}
	for (size_t i = 0; i < filter->part_count; i++) {
		const struct filter part = filter_copy(&filter->parts[i]);

		add_part(&copy, &part);
	}
	return copy;
}

void filter_join(struct filter *joint, const struct filter *other)
{
	const struct filter part = filter_copy(other);

	if (joint->program || joint->fold != FILTER_MILDEST) {
		const struct filter first = *joint;

		joint->program = NULL;
		joint->parts = NULL;
		joint->count = joint->stub_count = joint->part_count = 0;
		joint->fold = FILTER_MILDEST;
		add_part(joint, &first);
	}
	add_part(joint, &part);
}

bool filter_same(const struct filter *a, const struct filter *b)
{
	if (a->count != b->count || a->big_endian != b->big_endian || a->fold != b->fold ||
	    a->part_count != b->part_count ||
	    (a->count && memcmp(a->program, b->program, a->count * sizeof(*a->program)) != 0))
		return false;
	for (size_t i = 0; i < a->part_count; i++)
		if (!filter_same(&a->parts[i], &b->parts[i]))
			return false;
	return true;
}
