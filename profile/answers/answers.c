#include "profile/answers/answers.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/filter/filter.h"
#include "profile/filter/value.h"

#include <linux/seccomp.h>
#include <stdlib.h>

/* Diagrams kept. The number in a record is whatever a process called, so there can be many. */
#define MAX_READ 8192

/* With less effort left nothing is read: rewinding a failed reading costs time too. */
#define LEAST_EFFORT 4096

void answers_init(struct answers *answers, struct regions *regions, const struct filter *filter)
{
	*answers = (struct answers){.regions = regions, .filter = filter};
}

void answers_release(struct answers *answers)
{
	free(answers->read);
	*answers = (struct answers){0};
}

static uint32_t fold_strictest(uint32_t older, uint32_t newer, const void *context)
{
	(void)context;
	return value_stricter(newer, older);
}

static uint32_t fold_mildest(uint32_t a, uint32_t b, const void *context)
{
	(void)context;
	return value_milder(a, b);
}

/* The parts answer what the program allows. */
static uint32_t fold_guard(uint32_t program, uint32_t parts, const void *context)
{
	(void)context;
	return program == SECCOMP_RET_ALLOW ? parts : program;
}

static diagram read_filter(struct regions *regions, const struct filter *filter,
			   const struct reading_calls *calls)
{
	diagram answer = diagram_value(regions, SECCOMP_RET_ALLOW);

	for (size_t i = 0; i < filter->part_count && !regions->full; i++) {
		diagram part = read_filter(regions, &filter->parts[i], calls);

		answer = i == 0 ? part
				: diagram_join(regions, answer, part,
					       filter->fold == FILTER_STRICTEST ? fold_strictest
										: fold_mildest,
					       NULL);
	}
	if (!filter->program || regions->full)
		return answer;
	diagram own = reading_make(regions, filter, calls);

	return filter->part_count ? diagram_join(regions, own, answer, fold_guard, NULL) : own;
}

static diagram ask(struct answers *answers, struct reading_calls calls)
{
	struct regions *regions = answers->regions;
	diagram answer;

	for (size_t i = 0; i < answers->count; i++)
		if (answers->read[i].calls.any_arch == calls.any_arch &&
		    answers->read[i].calls.audit_arch == calls.audit_arch &&
		    answers->read[i].calls.one_number == calls.one_number &&
		    answers->read[i].calls.nr == calls.nr)
			return answers->read[i].answer;
	if (answers->count == MAX_READ || regions->effort < LEAST_EFFORT)
		return DIAGRAM_UNKNOWN;
	struct regions_mark mark = regions_mark(regions, 2);

	answer = answers->filter ? read_filter(regions, answers->filter, &calls)
				 : diagram_value(regions, SECCOMP_RET_ALLOW);
	if (!regions_keep(regions, &mark))
		answer = DIAGRAM_UNKNOWN;
	answers->read = mem_more(answers->read, answers->count, sizeof(*answers->read));
	answers->read[answers->count++] = (struct answers_read){calls, answer};
	return answer;
}

diagram answers_arch(struct answers *answers, uint32_t audit_arch)
{
	return ask(answers, (struct reading_calls){.audit_arch = audit_arch});
}

diagram answers_any_arch(struct answers *answers)
{
	return ask(answers, (struct reading_calls){.any_arch = true});
}

diagram answers_call(struct answers *answers, uint32_t audit_arch, uint32_t nr)
{
	diagram arch = answers_arch(answers, audit_arch);

	if (arch != DIAGRAM_UNKNOWN)
		return diagram_at(answers->regions, arch, 0, nr);
	return ask(answers,
		   (struct reading_calls){.audit_arch = audit_arch, .one_number = true, .nr = nr});
}

region answers_other_arches(struct answers *answers)
{
	const struct filter *filter = answers->filter;
	region others = REGION_ALL;

	for (size_t i = 0; i < filter->arch_count; i++)
		others = diagram_test(answers->regions, SUBJECT_CALL, true, UINT32_MAX, COMPARE_EQ,
				      arch_audit(filter->arches[i].token), REGION_NONE, others);
	if (!filter_arch(filter, SCMP_ARCH_X86_64) || filter_arch(filter, SCMP_ARCH_X32))
		return others;
	/* x32 shares x86_64's AUDIT_ARCH; its numbers have bit 30. -1 belongs to x86_64. */
	const uint64_t x32 = (uint64_t)SCMP_ARCH_X86_64 << 32 | ARCH_X32_BIT;

	others = region_or(answers->regions, others,
			   region_subject(answers->regions, SUBJECT_CALL,
					  UINT64_MAX << 32 | ARCH_X32_BIT, COMPARE_EQ, x32));
	return region_and(answers->regions, others,
			  region_not(answers->regions,
				     region_subject(answers->regions, SUBJECT_CALL, UINT64_MAX,
						    COMPARE_EQ, x32 | UINT32_MAX)));
}

diagram answers_map(struct regions *regions, diagram a, diagram_change *change, const void *context)
{
	struct regions_mark mark = regions_mark(regions, 2);

	if (a != DIAGRAM_UNKNOWN)
		a = diagram_map(regions, a, change, context);
	return regions_keep(regions, &mark) ? a : DIAGRAM_UNKNOWN;
}

diagram answers_join(struct regions *regions, diagram a, diagram b, diagram_fold *fold,
		     const void *context)
{
	struct regions_mark mark = regions_mark(regions, 2);
	diagram joint = DIAGRAM_UNKNOWN;

	if (a != DIAGRAM_UNKNOWN && b != DIAGRAM_UNKNOWN)
		joint = diagram_join(regions, a, b, fold, context);
	return regions_keep(regions, &mark) ? joint : DIAGRAM_UNKNOWN;
}

static region region_of_arg(struct regions *regions, const struct document_arg *arg)
{
	bool equal = arg->op == SCMP_CMP_EQ || arg->op == SCMP_CMP_NE;
	bool above = arg->op == SCMP_CMP_GT || arg->op == SCMP_CMP_LE;
	bool negated = arg->op == SCMP_CMP_NE || arg->op == SCMP_CMP_LT || arg->op == SCMP_CMP_LE;

	if (arg->op == SCMP_CMP_MASKED_EQ)
		return region_argument(regions, arg->index, arg->value, COMPARE_EQ, arg->value_two);
	region held = region_argument(regions, arg->index, UINT64_MAX,
				      equal   ? COMPARE_EQ
				      : above ? COMPARE_GT
					      : COMPARE_GE,
				      arg->value);

	return negated ? region_not(regions, held) : held;
}

region region_of_args(struct regions *regions, const struct document_arg *args, size_t count)
{
	region all = REGION_ALL;

	for (size_t i = 0; i < count; i++)
		all = region_and(regions, all, region_of_arg(regions, &args[i]));
	return all;
}
