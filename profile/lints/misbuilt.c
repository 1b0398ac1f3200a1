#include "profile/lints/misbuilt.h"

#include "ingest/arch.h"
#include "profile/answers/region.h"
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
	struct region_map map;
};

static region region_of_arg(struct regions *regions, const struct document_arg *arg)
{
	static const struct {
		enum scmp_compare op;
		enum compare_op compare;
		bool negated;
	} operators[] = {
		{SCMP_CMP_NE, COMPARE_EQ, true},  {SCMP_CMP_LT, COMPARE_GE, true},
		{SCMP_CMP_LE, COMPARE_GT, true},  {SCMP_CMP_EQ, COMPARE_EQ, false},
		{SCMP_CMP_GE, COMPARE_GE, false}, {SCMP_CMP_GT, COMPARE_GT, false},
	};

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (operators[i].op != arg->op)
			continue;
		region held = region_argument(regions, arg->index, UINT64_MAX, operators[i].compare,
					      arg->value);

		return operators[i].negated ? region_not(regions, held) : held;
	}
	return region_argument(regions, arg->index, arg->value, COMPARE_EQ, arg->value_two);
}

/* All args together, or any where two test the same one (profile/filter/filter.h). */
static region region_of_rule(const struct comparison *comparison, const struct rule *rule)
{
	size_t count = filter_arg_count(rule, comparison->runtime);
	bool any_of = filter_is_any_of(rule, rule->arg_count);
	region all = any_of ? REGION_NONE : REGION_ALL;

	for (size_t i = 0; i < count; i++) {
		region one = region_of_arg(comparison->regions, &rule->args[i]);

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
	const struct region_map *map = &comparison->map;
	region meant = region_not(regions, claimed(comparison, action, true));

	if (action != comparison->rules->default_action)
		meant = region_and(regions, meant, claimed(comparison, action, false));
	for (size_t i = 0; i < map->count; i++) {
		*ret_other = map->all[i].value;
		if (*ret_other != action &&
		    region_and(regions, meant, map->all[i].region) != REGION_NONE)
			return !regions->full;
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
	lint_add(lints, rule->document_rule + 1, place,
		 "libseccomp %u.%u.%u makes something else of the conditions for %s than they say: "
		 "some arguments that should get %s get %s",
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

static void compare(struct comparison *comparison, const struct filter *filter,
		    const struct question *question, struct lints *lints)
{
	const struct rules *rules = comparison->rules;
	uint32_t other;

	regions_clear(comparison->regions);
	region_map(comparison->regions, filter->program, filter->count, question, &comparison->map);
	if (comparison->map.trouble != REGION_FINE)
		return;
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
		   const struct filter *filter, struct lints *lints)
{
	uint32_t audit_arch = arch_audit(options->arch);
	struct regions regions;

	if (!(audit_arch & __AUDIT_ARCH_64BIT))
		return;
	regions_init(&regions);
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->all[i];
		int nr = seccomp_syscall_resolve_name_arch(options->arch, rule->name);
		const struct question question = {.audit_arch = audit_arch,
						  .nr = (uint32_t)nr,
						  .big_endian = filter->big_endian};
		struct comparison comparison = {.rules = rules,
						.first = i,
						.runtime = options->runtime,
						.regions = &regions};

		if (nr >= 0 && rule->arg_count > 0 && rule->action != rules->default_action &&
		    is_first(rules, i) && is_conditional(rules, rule->name))
			compare(&comparison, filter, &question, lints);
	}
	regions_release(&regions);
}
