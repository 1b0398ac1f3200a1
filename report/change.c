#include "report/change.h"

#include "base/mem.h"
#include "profile/answers/answers.h"
#include "profile/filter/value.h"

#include <linux/seccomp.h>
#include <stdlib.h>

struct change {
	struct profile *profile, *against;
	struct regions regions;
	struct answers now, before;
};

struct change *change_new(struct profile *profile, struct profile *against)
{
	struct change *change = mem_new(1, sizeof(*change));

	change->profile = profile;
	change->against = against;
	regions_init(&change->regions);
	answers_init(&change->now, &change->regions, profile_filter(profile));
	answers_init(&change->before, &change->regions, profile_filter(against));
	return change;
}

void change_free(struct change *change)
{
	if (!change)
		return;
	answers_release(&change->now);
	answers_release(&change->before);
	regions_release(&change->regions);
	free(change);
}

bool change_is_of(const struct change *change, const struct profile *profile,
		  const struct profile *against)
{
	return change->profile == profile && change->against == against;
}

/* Refused now and executed before, logged or not; or logged now and not before. */
static uint32_t is_taken(uint32_t now, uint32_t before, const void *context)
{
	(void)context;
	return value_passes(before) && value_pass(now) < value_pass(before);
}

/* The two verdicts say it of most calls; where each depends on arguments, which ones counts. */
bool change_takes(struct change *change, uint32_t audit_arch, int32_t nr)
{
	struct verdict now = profile_judge(change->profile, audit_arch, nr);
	struct verdict before = profile_judge(change->against, audit_arch, nr);
	uint32_t value;

	if (now.kind == VERDICT_ALLOWED)
		return false;
	if (before.kind != VERDICT_CONDITIONAL && before.kind != VERDICT_LOGGED)
		return before.kind == VERDICT_ALLOWED || before.kind == VERDICT_UNKNOWN;
	diagram taken = answers_join(
		&change->regions, answers_call(&change->now, audit_arch, (uint32_t)nr),
		answers_call(&change->before, audit_arch, (uint32_t)nr), is_taken, NULL);

	return taken == DIAGRAM_UNKNOWN || !diagram_is_value(&change->regions, taken, &value) ||
	       value;
}
