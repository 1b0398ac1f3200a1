#include "profile/write/differences.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/answers/verdict.h"
#include "profile/filter/value.h"

#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/* A difference lists this many calls and counts the others. */
#define LISTED_CALLS 40

/* Stands for an unknown answer. */
#define UNKNOWN_TEXT "a result that is too complex to evaluate"

/* All calls on one arch to which filter and profile give these two answers. */
struct difference {
	uint32_t token; /* 0: arches that the filter does not know */
	char *filter_says, *profile_says;
	struct buf calls;
	size_t count;
};

void differences_release(struct differences *differences)
{
	for (size_t i = 0; i < differences->count; i++) {
		free(differences->all[i].filter_says);
		free(differences->all[i].profile_says);
		buf_release(&differences->all[i].calls);
	}
	free(differences->all);
	*differences = (struct differences){0};
}

uint32_t differences_effect(uint32_t value, const void *context)
{
	(void)context;
	return value_effect(value);
}

static char *answer_text(struct regions *regions, diagram answer)
{
	MEM_AUTO uint32_t *values = NULL;
	BUF_AUTO text = {0};

	answer = answers_map(regions, answer, differences_effect, NULL);
	if (answer == DIAGRAM_UNKNOWN)
		return mem_copy(STR(UNKNOWN_TEXT));
	size_t count = diagram_values(regions, answer, &values);

	for (size_t i = 0; i < count; i++) {
		char word[VERDICT_VALUE_SIZE];

		buf_format(&text, "%s%s", i ? " or " : "", verdict_value_text(values[i], word));
		if (value_is(values[i], SECCOMP_RET_TRAP) && (values[i] & SECCOMP_RET_DATA))
			buf_format(&text, " with data %u", values[i] & SECCOMP_RET_DATA);
	}
	if (count > 1)
		buf_put_str(&text, STR(", depending on the arguments"));
	return mem_copy(buf_str(&text));
}

static struct difference *difference_of(struct differences *differences,
					const struct proof_fault *fault)
{
	struct regions *regions = differences->regions;
	struct difference new = {.token = fault->token,
				 .filter_says = answer_text(regions, fault->wanted),
				 .profile_says = answer_text(regions, fault->made)};

	for (size_t i = 0; i < differences->count; i++) {
		struct difference *difference = &differences->all[i];

		if (difference->token != new.token ||
		    strcmp(difference->filter_says, new.filter_says) != 0 ||
		    strcmp(difference->profile_says, new.profile_says) != 0)
			continue;
		free(new.filter_says);
		free(new.profile_says);
		return difference;
	}
	differences->all = mem_more(differences->all, differences->count, sizeof(new));
	differences->all[differences->count] = new;
	return &differences->all[differences->count++];
}

static void put_calls(const struct proof_fault *fault, struct buf *to)
{
	buf_put_str(to, to->n ? STR(", ") : STR(""));
	if (fault->name)
		buf_put_str(to, str_from(fault->name));
	else if (fault->first == UINT32_MAX)
		buf_put_str(to, STR("number -1"));
	else if (fault->first == fault->last)
		buf_format(to, "number %u", fault->first);
	else
		buf_format(to, "numbers %u to %u", fault->first, fault->last);
}

void differences_add(struct differences *differences, const struct proof_fault *fault)
{
	struct difference *difference = difference_of(differences, fault);

	if (difference->count++ < LISTED_CALLS)
		put_calls(fault, &difference->calls);
}

void differences_report(const struct differences *differences, struct lints *lints)
{
	for (size_t i = 0; i < differences->count; i++) {
		const struct difference *one = &differences->all[i];
		const char *profile = one->profile_says;
		BUF_AUTO calls = {0};

		if (strcmp(one->filter_says, UNKNOWN_TEXT) == 0)
			profile = "cannot be compared with that";
		else if (strcmp(one->filter_says, profile) == 0)
			profile = "the same values, but for different arguments";
		if (one->token)
			buf_format(&calls, "%s: %s", arch_name(one->token), one->calls.p);
		if (one->count > LISTED_CALLS)
			buf_format(&calls, " and %zu more", one->count - LISTED_CALLS);
		lint_add(lints, 0, "", "%s: the filter answers %s, the profile %s",
			 one->token ? calls.p : DIFFERENCES_OTHER_ARCH, one->filter_says, profile);
	}
}
