#include "profile/answers/numbers.h"

#include "base/mem.h"
#include "ingest/arch.h"

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>

/* Every number up to here may have a name, from where the ABI's numbers begin. */
#define NUMBERS 1024

/* ARM's private numbers (arch/arm/include/uapi/asm/unistd.h): 0xf0001 to 0xf0006. */
#define ARM_PRIVATE 0x0f0000

/* x86_64 and x32 share an AUDIT_ARCH: bit 30 says which of them a number belongs to. */
void numbers_range(uint32_t token, uint32_t *ret_first, uint32_t *ret_last)
{
	bool shared = arch_audit(token) == SCMP_ARCH_X86_64;

	*ret_first = token == SCMP_ARCH_X32 ? ARCH_X32_BIT : 0;
	*ret_last = shared ? *ret_first + (ARCH_X32_BIT - 1) : UINT32_MAX - 1;
}

size_t numbers_named(uint32_t token, uint32_t **ret_numbers)
{
	uint32_t *numbers = mem_new(NUMBERS + 16, sizeof(*numbers));
	size_t count = 0;

	for (uint32_t i = 0; i < NUMBERS; i++)
		numbers[count++] = arch_first_number(token) + i;
	for (uint32_t i = 0; token == SCMP_ARCH_ARM && i < 8; i++)
		numbers[count++] = ARM_PRIVATE + i;
	*ret_numbers = numbers;
	return count;
}

/* What is visited of a run: each number that has a name, and what lies between. */
static int visit_run(const struct diagram_run *run, uint32_t token, numbers_visit *visit,
		     void *context)
{
	struct numbers_part part = {.token = token, .first = run->first, .rest = run->rest};
	MEM_AUTO uint32_t *numbers = NULL;
	size_t count = numbers_named(token, &numbers);
	char name[SYSCALL_NAME_SIZE];
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		if (numbers[i] < run->first || numbers[i] > run->last ||
		    !syscall_name(arch_audit(token), (int32_t)numbers[i], name))
			continue;
		part.last = numbers[i] - 1;
		if (part.first < numbers[i])
			r = visit(context, &part);
		if (r == 0)
			r = visit(context, &(struct numbers_part){token, numbers[i], numbers[i],
								  name, run->rest});
		part.first = numbers[i] + 1;
	}
	part.last = run->last;
	return r == 0 && part.first <= part.last ? visit(context, &part) : r;
}

int numbers_each_in(const struct regions *regions, diagram wrong, uint32_t token, uint32_t first,
		    uint32_t last, numbers_visit *visit, void *context)
{
	struct diagram_run *runs = NULL;
	size_t count = SIZE_MAX;
	uint32_t value;
	int r = 0;

	if (wrong != DIAGRAM_UNKNOWN)
		count = diagram_runs(regions, wrong, first, last, &runs);
	if (count == SIZE_MAX)
		return -E2BIG;
	for (size_t i = 0; r == 0 && i < count; i++)
		if (!diagram_is_value(regions, runs[i].rest, &value) || value)
			r = visit_run(&runs[i], token, visit, context);
	free(runs);
	return r;
}

int numbers_each(const struct regions *regions, diagram wrong, uint32_t token, numbers_visit *visit,
		 void *context)
{
	uint32_t first, last;

	numbers_range(token, &first, &last);
	int r = numbers_each_in(regions, wrong, token, first, last, visit, context);

	/* -1 is what a tracer makes of a call that it skips, and no x32 number */
	if (r == 0 && token != SCMP_ARCH_X32)
		r = numbers_each_in(regions, wrong, token, UINT32_MAX, UINT32_MAX, visit, context);
	return r;
}
