#include "profile/lints/misbuilt.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/answers/verdict.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <string.h>

/* The rules for one name against the filter. */
struct comparison {
	const struct rules *rules;
	size_t first; /* rule that names it first */
	enum runtime runtime;
	struct regions *regions;
	diagram answer; /* the filter's */
};

/* All args together, or any where two test the same one (profile/filter/filter.h). */
static region region_of_rule(const struct comparison *comparison, const struct rule *rule)
{
	size_t count = filter_arg_count(rule, comparison->runtime);
	bool any_of = filter_is_any_of(rule, rule->arg_count);
	region all = any_of ? REGION_NONE : REGION_ALL;

	for (size_t i = 0; i < count; i++) {
		region one = region_of_comparison(comparison->regions, &rule->args[i]);

		all = any_of ? region_or(comparison->regions, all, one)
			     : region_and(comparison->regions, all, one);
	}
	return all;
}

/* Arguments for which a rule for the name holds, of those with the action or of all others. */
static region claimed(const struct comparison *comparison, uint32_t action, bool others)
{
	const struct rules *rules = comparison->rules;
	const char *name = rules->all[comparison->first].name;
	region all = REGION_NONE;

	for (size_t i = comparison->first; i < rules->count; i++) {
		const struct rule *rule = &rules->all[i];

		if (strcmp(rule->name, name) == 0 && rule->action != rules->default_action &&
		    (rule->action != action) == others)
			all = region_or(comparison->regions, all, region_of_rule(comparison, rule));
	}
	return all;
}

/* What the filter answers instead, to some of the arguments that should get the action. */
static bool find_other(const struct comparison *comparison, uint32_t action, uint32_t *ret_other)
{
	struct regions *regions = comparison->regions;
	region meant = region_not(regions, claimed(comparison, action, true));
	MEM_AUTO uint32_t *values = NULL;

	if (action != comparison->rules->default_action)
		meant = region_and(regions, meant, claimed(comparison, action, false));
	/* the action where nothing is claimed: only what is meant counts */
	diagram there =
		diagram_choose(regions, meant, comparison->answer, diagram_value(regions, action));
	size_t count = diagram_values(regions, there, &values);

	for (size_t i = 0; i < count && !regions->full; i++) {
		*ret_other = values[i];
		if (*ret_other != action)
			return true;
	}
	return false;
}

static void tell(const struct comparison *comparison, uint32_t meant, uint32_t other,
		 struct lints *lints)
{
	const struct scmp_version *version = seccomp_version();
	const struct rule *rule = &comparison->rules->all[comparison->first];
	char place[PLACE_SIZE], quoted[QUOTED_SIZE];
	char meant_text[VERDICT_VALUE_SIZE], other_text[VERDICT_VALUE_SIZE];

	document_name_place(comparison->rules->document, rule->document_rule, rule->document_name,
			    place);
	lint_report(lints, LINT_MISBUILT_CONDITION, rule->document_rule + 1, place,
		    "libseccomp %u.%u.%u builds the conditions for %s incorrectly: some arguments "
		    "that should get %s get %s",
		    version->major, version->minor, version->micro, text_quote(rule->name, quoted),
		    verdict_value_text(meant, meant_text), verdict_value_text(other, other_text));
}

/* Rules that say what the default says are not in the filter. */
static bool is_built_for(const struct rules *rules, size_t at, const char *name)
{
	const struct rule *rule = &rules->all[at];

	return rule->action != rules->default_action && strcmp(rule->name, name) == 0;
}

/* Whether the rule is the first for its name: with that one all of them are compared. */
static bool is_first(const struct rules *rules, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (is_built_for(rules, i, rules->all[at].name))
			return false;
	return true;
}

/* An unconditional rule beats all others: then there is nothing to compare. */
static bool is_conditional(const struct rules *rules, const char *name)
{
	for (size_t i = 0; i < rules->count; i++)
		if (is_built_for(rules, i, name) && rules->all[i].arg_count == 0)
			return false;
	return true;
}

/* Whether a rule for the name before this one has the same action: it was asked about then. */
static bool is_asked(const struct comparison *comparison, size_t at)
{
	const struct rule *rule = &comparison->rules->all[at];

	for (size_t i = comparison->first; i < at; i++) {
		const struct rule *other = &comparison->rules->all[i];

		if (other->action == rule->action && strcmp(other->name, rule->name) == 0)
			return true;
	}
	return false;
}

static void compare(const struct comparison *comparison, struct lints *lints)
{
	const struct rules *rules = comparison->rules;
	uint32_t other;

	for (size_t i = comparison->first; i < rules->count; i++) {
		const struct rule *rule = &rules->all[i];

		if (strcmp(rule->name, rules->all[comparison->first].name) == 0 &&
		    !is_asked(comparison, i) && find_other(comparison, rule->action, &other)) {
			tell(comparison, rule->action, other, lints);
			return;
		}
	}
	if (find_other(comparison, rules->default_action, &other))
		tell(comparison, rules->default_action, other, lints);
}

void misbuilt_lint(const struct rules *rules, const struct profile_options *options,
		   struct answers *answers, struct lints *lints)
{
	uint32_t audit_arch = arch_audit(options->arch);

	if (!(audit_arch & __AUDIT_ARCH_64BIT))
		return;
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->all[i];

		if (rule->arg_count == 0 || rule->action == rules->default_action ||
		    !is_first(rules, i) || !is_conditional(rules, rule->name))
			continue;
		int nr = seccomp_syscall_resolve_name_arch(options->arch, rule->name);
		diagram answer =
			nr < 0 ? DIAGRAM_UNKNOWN : answers_call(answers, audit_arch, (uint32_t)nr);
		const struct comparison comparison = {.rules = rules,
						      .first = i,
						      .runtime = options->runtime,
						      .regions = answers->regions,
						      .answer = answer};
		struct regions_mark mark = regions_mark(answers->regions, 8);

		if (answer != DIAGRAM_UNKNOWN)
			compare(&comparison, lints);
		regions_keep(answers->regions, &mark);
	}
}
