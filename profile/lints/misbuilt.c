#include "profile/lints/lints.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/answers/verdict.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <string.h>

/* The rules for one name, and the answer of the filter. */
struct comparison {
	const struct rules *rules;
	const struct rule **all; /* without those that repeat the default action */
	size_t count;
	struct regions *regions;
	diagram answer;
};

/* Arguments for which a rule with the action holds, or with `others` one with another action. */
static region region_of_rules(const struct comparison *comparison, uint32_t action, bool others)
{
	region all = REGION_NONE;

	for (size_t i = 0; i < comparison->count; i++) {
		const struct rule *rule = comparison->all[i];

		if ((rule->action != action) == others)
			all = region_or(
				comparison->regions, all,
				region_of_args(comparison->regions, rule->args, rule->arg_count));
	}
	return all;
}

/* Finds another action of the filter for arguments that should get this one. */
static bool find_other(const struct comparison *comparison, uint32_t action, uint32_t *ret_other)
{
	struct regions *regions = comparison->regions;
	region meant = region_not(regions, region_of_rules(comparison, action, true));
	MEM_AUTO uint32_t *values = NULL;

	if (action != comparison->rules->default_action)
		meant = region_and(regions, meant, region_of_rules(comparison, action, false));
	/* outside of `meant` the action itself, so that only differences inside remain */
	diagram inside =
		diagram_choose(regions, meant, comparison->answer, diagram_value(regions, action));
	size_t count = diagram_values(regions, inside, &values);

	for (size_t i = 0; i < count && !regions->full; i++) {
		*ret_other = values[i];
		if (*ret_other != action)
			return true;
	}
	return false;
}

static void report(const struct comparison *comparison, uint32_t meant, uint32_t other,
		   struct lints *lints)
{
	const struct scmp_version *version = seccomp_version();
	const struct rule *rule = comparison->all[0];
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

/* Compares each action once, the default action last. */
static void compare(const struct comparison *comparison, struct lints *lints)
{
	uint32_t other;

	for (size_t i = 0; i <= comparison->count; i++) {
		uint32_t action = i < comparison->count ? comparison->all[i]->action
							: comparison->rules->default_action;
		bool done = false;

		for (size_t k = 0; k < i; k++)
			done = done || comparison->all[k]->action == action;
		if (!done && find_other(comparison, action, &other)) {
			report(comparison, action, other, lints);
			return;
		}
	}
}

/*
 * Collects the rules for the name of `first`. False if there is nothing to compare: `first` is not
 * their first, or one without conditions overrides all others.
 */
static bool collect(struct comparison *comparison, const struct rule *first)
{
	const struct rules *rules = comparison->rules;

	comparison->count = 0;
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->all[i];

		if (rule->action == rules->default_action || strcmp(rule->name, first->name) != 0)
			continue;
		if (rule->arg_count == 0 || (comparison->count == 0 && rule != first))
			return false;
		comparison->all[comparison->count++] = rule;
	}
	return true;
}

void misbuilt_lint(struct judge *judge, struct lints *lints)
{
	const struct rules *rules = judge->rules;
	uint32_t host = judge->options->arch;
	MEM_AUTO const struct rule **all = mem_new(rules->count, sizeof(struct rule *));
	struct comparison comparison = {.rules = rules, .all = all, .regions = &judge->regions};

	for (size_t i = 0; arch_audit(host) & __AUDIT_ARCH_64BIT && i < rules->count; i++) {
		const struct rule *rule = &rules->all[i];
		int nr;

		if (rule->arg_count == 0 || rule->action == rules->default_action ||
		    !collect(&comparison, rule))
			continue;
		nr = seccomp_syscall_resolve_name_arch(host, rule->name);
		if (nr < 0)
			continue;
		comparison.answer = answers_call(&judge->answers, arch_audit(host), (uint32_t)nr);
		struct regions_mark mark = regions_mark(&judge->regions, 8);

		if (comparison.answer != DIAGRAM_UNKNOWN)
			compare(&comparison, lints);
		regions_keep(&judge->regions, &mark);
	}
}
