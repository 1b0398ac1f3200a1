/*
 * Filters for tests: what a filter, or several together, give for one call, by the interpreter of
 * tests/bpf.h and the rules of seccomp(2); and questions to the program's own diagrams.
 */
#ifndef SCLOG_TESTS_FILTERS_H
#define SCLOG_TESTS_FILTERS_H

#include "profile/answers/answers.h"
#include "profile/filter/filter.h"
#include "profile/filter/value.h"
#include "tests/bpf.h"

/* Of two values the one that counts: the lower action as a signed number, or the higher one. */
static inline uint32_t filter_fold(enum filter_fold fold, uint32_t a, uint32_t b)
{
	int32_t action_a = (int32_t)(a & 0xffff0000), action_b = (int32_t)(b & 0xffff0000);

	if (fold == FILTER_MILDEST)
		return value_milder(a, b);
	/* the newer filter's is b */
	return action_a < action_b ? a : b;
}

static inline uint32_t filter_run(const struct filter *filter, const struct seccomp_data *data)
{
	uint32_t value = SECCOMP_RET_ALLOW;

	if (filter->program)
		value = bpf_run(filter->program, data);
	if (filter->part_count == 0 || value != SECCOMP_RET_ALLOW)
		return value;
	value = filter_run(&filter->parts[0], data);
	for (size_t i = 1; i < filter->part_count; i++)
		value = filter_fold(filter->fold, value, filter_run(&filter->parts[i], data));
	return value;
}

static inline void filter_constants(struct bpf_constants *constants, const struct filter *filter)
{
	if (filter->count)
		bpf_constants_add(constants, filter->program, filter->count);
	for (size_t i = 0; i < filter->part_count; i++)
		filter_constants(constants, &filter->parts[i]);
}

/* A filter that is asked, and the values that the last call can get. */
struct asking {
	struct regions regions;
	struct answers answers;
	diagram answer;
	uint32_t *values;
	size_t count;
};

static inline void asking_init(struct asking *asking, const struct filter *filter)
{
	*asking = (struct asking){.count = 0};
	regions_init(&asking->regions);
	answers_init(&asking->answers, &asking->regions, filter);
}

static inline void asking_release(struct asking *asking)
{
	free(asking->values);
	answers_release(&asking->answers);
	regions_release(&asking->regions);
}

/* False where it cannot be told. */
static inline bool asking_call(struct asking *asking, uint32_t arch, uint32_t nr)
{
	free(asking->values);
	asking->values = NULL;
	asking->count = 0;
	asking->answer = answers_call(&asking->answers, arch, nr);
	if (asking->answer == DIAGRAM_UNKNOWN)
		return false;
	asking->count = diagram_values(&asking->regions, asking->answer, &asking->values);
	return true;
}

static inline bool asking_has(const struct asking *asking, uint32_t value)
{
	for (size_t i = 0; i < asking->count; i++)
		if (asking->values[i] == value)
			return true;
	return false;
}

/* What the diagram gives for one call. */
static inline uint32_t asking_value(const struct asking *asking, const struct seccomp_data *data)
{
	uint64_t call[SUBJECTS] = {(uint32_t)data->nr};

	memcpy(&call[SUBJECT_ARGUMENTS], data->args, sizeof(data->args));
	call[SUBJECT_POINTER] = data->instruction_pointer;
	return diagram_answer(&asking->regions, asking->answer, call);
}

/* Two filters that are compared. */
struct comparing {
	struct regions regions;
	struct answers answers[2];
};

static inline void comparing_init(struct comparing *comparing, const struct filter *a,
				  const struct filter *b)
{
	regions_init(&comparing->regions);
	answers_init(&comparing->answers[0], &comparing->regions, a);
	answers_init(&comparing->answers[1], &comparing->regions, b);
}

static inline void comparing_release(struct comparing *comparing)
{
	answers_release(&comparing->answers[0]);
	answers_release(&comparing->answers[1]);
	regions_release(&comparing->regions);
}

static inline uint32_t filter_effect(uint32_t value, const void *context)
{
	(void)context;
	return value_effect(value);
}

/* Whether both do the same with the call, all arguments considered. */
static inline bool comparing_same(struct comparing *comparing, uint32_t arch, int64_t nr)
{
	diagram sides[2];

	for (size_t i = 0; i < 2; i++)
		sides[i] = answers_map(&comparing->regions,
				       answers_call(&comparing->answers[i], arch, (uint32_t)nr),
				       filter_effect, NULL);
	return sides[0] != DIAGRAM_UNKNOWN && sides[0] == sides[1];
}

#endif
