#include "profile/answers/survey.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/answers/numbers.h"
#include "profile/filter/value.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/* Numbers of one arch that are examined one by one. */
#define MAX_COUNTED 4096

/* The answers to one arch's numbers in ascending order, without -1, which says nothing about newer
 * syscalls. */
struct numbers {
	uint32_t token;
	struct diagram_run *all;
	size_t count; /* 0: unknown */
};

/* How often each value occurs. */
struct ballot {
	uint32_t value;
	size_t votes;
};

struct ballots {
	struct ballot *all;
	size_t count;
};

/* The answers to the token's range of numbers, on the given arch. */
static struct numbers ask(struct answers *answers, uint32_t token, uint32_t audit_arch)
{
	diagram answer = answers_arch(answers, audit_arch);
	struct numbers numbers = {.token = token};
	uint32_t first, last;

	if (answer == DIAGRAM_UNKNOWN)
		return numbers;
	numbers_range(token, &first, &last);
	numbers.count = diagram_runs(answers->regions, answer, first, last, &numbers.all);
	if (numbers.count == SIZE_MAX)
		numbers.count = 0;
	return numbers;
}

static bool are_refused(const struct regions *regions, const struct numbers *numbers)
{
	uint32_t value;

	for (size_t i = 0; i < numbers->count; i++)
		if (!diagram_is_value(regions, numbers->all[i].below, &value) ||
		    value_pass(value) != PASS_REFUSED)
			return false;
	return numbers->count > 0;
}

/* Whether every number gets the same refusal as on a nonexistent arch. */
static bool is_unknown(struct answers *answers, uint32_t token)
{
	struct numbers mine = ask(answers, token, arch_audit(token));
	struct numbers none = ask(answers, token, ANSWERS_NO_ARCH);
	bool same = mine.count == none.count && are_refused(answers->regions, &mine);

	for (size_t i = 0; same && i < mine.count; i++)
		same = mine.all[i].first == none.all[i].first &&
		       mine.all[i].below == none.all[i].below;
	free(mine.all);
	free(none.all);
	return same;
}

static void vote(struct ballots *ballots, uint32_t value)
{
	size_t i = 0;

	while (i < ballots->count && ballots->all[i].value != value)
		i++;
	if (i == ballots->count) {
		ballots->all = mem_more(ballots->all, ballots->count, sizeof(*ballots->all));
		ballots->all[ballots->count++] = (struct ballot){.value = value};
	}
	ballots->all[i].votes++;
}

/* One arch's votes: those of unnamed numbers below the tail, or of all refused ones. */
static void vote_arch(const struct regions *regions, const struct numbers *numbers, bool unnamed,
		      struct ballots *ballots)
{
	char name[SYSCALL_NAME_SIZE];
	size_t counted = 0;

	for (size_t i = 0; i + 1 < numbers->count; i++) {
		const struct diagram_run *run = &numbers->all[i];
		uint32_t value;

		if (!diagram_is_value(regions, run->below, &value) ||
		    (!unnamed && value_pass(value) != PASS_REFUSED))
			continue;
		for (uint64_t nr = run->first; nr <= run->last && counted++ < MAX_COUNTED; nr++)
			if (!unnamed ||
			    !syscall_name(arch_audit(numbers->token), (int64_t)nr, name))
				vote(ballots, value);
	}
}

static bool elect(const struct answers *answers, const struct numbers *arches, bool unnamed,
		  uint32_t *ret_value)
{
	struct ballots ballots = {0};
	size_t best = 0;

	for (size_t i = 0; i < answers->filter->arch_count; i++)
		vote_arch(answers->regions, &arches[i], unnamed, &ballots);
	for (size_t i = 1; i < ballots.count; i++)
		if (ballots.all[i].votes > ballots.all[best].votes)
			best = i;
	if (ballots.count > 0)
		*ret_value = ballots.all[best].value;
	free(ballots.all);
	return ballots.count > 0;
}

/* Whether all numbers from some point on get a single value, and which. */
static bool tail_of(const struct regions *regions, const struct numbers *numbers,
		    uint32_t *ret_value)
{
	return numbers->count > 0 &&
	       diagram_is_value(regions, numbers->all[numbers->count - 1].below, ret_value);
}

/*
 * A tail other than ENOSYS is the default itself. Below an ENOSYS tail, the unnamed numbers decide;
 * if there are none, the most frequent refusal does.
 */
static uint32_t find_default(const struct answers *answers, const struct numbers *arches)
{
	uint32_t value;

	for (size_t i = 0; i < answers->filter->arch_count; i++)
		if (tail_of(answers->regions, &arches[i], &value) && value != VALUE_ENOSYS)
			return value;
	value = VALUE_ENOSYS;
	if (!elect(answers, arches, true, &value))
		(void)elect(answers, arches, false, &value);
	return value_pass(value) == PASS_REFUSED ? value : VALUE_ENOSYS;
}

static void find_arches(struct filter *filter, struct answers *answers, const uint32_t *tokens)
{
	for (; *tokens && filter->arch_count < FILTER_MAX_ARCHES; tokens++)
		if (!filter_arch(filter, *tokens) && !is_unknown(answers, *tokens))
			filter->arches[filter->arch_count++].token = *tokens;
}

/* A program that never loads the arch treats all arches alike. */
static bool tests_arch(const struct filter *filter)
{
	for (size_t i = 0; i < filter->count; i++) {
		if (filter->program[i].code == (BPF_LD | BPF_W | BPF_ABS) &&
		    filter->program[i].k == offsetof(struct seccomp_data, arch))
			return true;
	}
	for (size_t i = 0; i < filter->part_count; i++)
		if (tests_arch(&filter->parts[i]))
			return true;
	return false;
}

struct survey survey_filter(struct filter *filter, struct answers *answers, uint32_t host)
{
	struct survey survey = {.checks_arch = tests_arch(filter), .known = true};
	const uint32_t own[] = {host, 0};
	uint32_t tail;

	if (survey.checks_arch) {
		struct numbers nowhere = ask(answers, host, ANSWERS_NO_ARCH);

		survey.checks_arch = are_refused(answers->regions, &nowhere);
		free(nowhere.all);
	}
	filter->arch_count = 0;
	/* the host's arch first: it decides the default */
	find_arches(filter, answers, own);
	find_arches(filter, answers, survey.checks_arch ? arch_all() : arch_companions(host));
	if (filter->arch_count == 0)
		filter->arches[filter->arch_count++] = (struct filter_arch){.token = host};
	struct numbers *arches = mem_new(filter->arch_count, sizeof(*arches));

	for (size_t i = 0; i < filter->arch_count; i++) {
		uint32_t token = filter->arches[i].token;

		arches[i] = ask(answers, token, arch_audit(token));
		survey.known = survey.known && arches[i].count > 0;
	}
	survey.default_action = find_default(answers, arches);
	bool may_have_stub = survey.default_action != VALUE_ENOSYS &&
			     value_pass(survey.default_action) == PASS_REFUSED;

	for (size_t i = 0; i < filter->arch_count; i++) {
		struct filter_arch *arch = &filter->arches[i];

		arch->has_last = may_have_stub && arches[i].count > 1 &&
				 tail_of(answers->regions, &arches[i], &tail) &&
				 tail == VALUE_ENOSYS;
		arch->last = arch->has_last ? (uint32_t)arches[i].all[arches[i].count - 2].last : 0;
		survey.has_stub = survey.has_stub || arch->has_last;
		free(arches[i].all);
	}
	free(arches);
	filter->stub_count = survey.has_stub;
	return survey;
}
