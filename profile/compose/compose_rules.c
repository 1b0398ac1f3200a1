#include "profile/compose/compose_private.h"

#include "base/mem.h"
#include "profile/write/export_private.h"
#include "profile/write/form_private.h"
#include "profile/filter/stack.h"

#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/* Of names that this libseccomp does not know so many are kept: whatever a file holds. */
#define NEWER_MAX 256

static bool has_effect(const struct rules *rules, const struct rule *rule)
{
	return rule->action != rules->default_action;
}

/* The rules for the name that libseccomp takes: an unconditional one beats all others, of several
 * the first. NULL at the end. */
static const struct rule *next_rule(const struct rules *rules, const char *name,
				    const struct rule *after)
{
	const struct rule *end = rules->all + rules->count;

	for (const struct rule *rule = rules->all; !after && rule < end; rule++) {
		if (has_effect(rules, rule) && rule->arg_count == 0 &&
		    strcmp(rule->name, name) == 0)
			return rule;
	}
	if (after && after->arg_count == 0)
		return NULL;
	for (const struct rule *rule = after ? after + 1 : rules->all; rule < end; rule++) {
		if (has_effect(rules, rule) && strcmp(rule->name, name) == 0)
			return rule;
	}
	return NULL;
}

static struct export_rule *rule_for(struct export_name *to, uint32_t value)
{
	for (size_t i = 0; i < to->rule_count; i++) {
		if (to->rules[i].value == value)
			return &to->rules[i];
	}
	to->rules = mem_resize(to->rules, (to->rule_count + 1) * sizeof(*to->rules));
	to->rules[to->rule_count] = (struct export_rule){.value = value};
	return &to->rules[to->rule_count++];
}

static void put_args(struct cover *cover, const struct document_arg *args, size_t count)
{
	cover->all = mem_resize(cover->all, (cover->count + 1) * sizeof(*cover->all));
	cover->all[cover->count] = (struct cover_rule){.arg_count = count};
	memcpy(cover->all[cover->count++].args, args, count * sizeof(*args));
}

/* All args of a rule hold together, unless two are of one index: then each is a rule. */
static void put_rule(struct export_name *to, const struct rule *rule)
{
	struct export_rule *into = rule_for(to, rule->action);
	unsigned seen = 0;
	bool any_of = false;

	for (size_t i = 0; i < rule->arg_count; i++) {
		any_of = any_of || seen & 1U << rule->args[i].index;
		seen |= 1U << rule->args[i].index;
	}
	for (size_t i = 0; any_of && i < rule->arg_count; i++)
		put_args(&into->cover, &rule->args[i], 1);
	if (!any_of && rule->arg_count)
		put_args(&into->cover, rule->args, rule->arg_count);
}

static void forget_rules(struct export_name *name)
{
	for (size_t i = 0; i < name->rule_count; i++)
		cover_release(&name->rules[i].cover);
	free(name->rules);
	name->rules = NULL;
	name->rule_count = 0;
}

/* Alternatives can be listed side by side where all of them allow, and where one base alone has
 * rules that are no stricter than the default that the others give. */
static bool restate_name(const struct composer *composer, struct export_name *to)
{
	size_t count = composer->composing->base_count, bases = 0;
	bool only_allows = true, only_milder = true;

	for (size_t i = 0; i < count; i++) {
		const struct rules *rules = &composer->bases[i].rules;
		const struct rule *rule = next_rule(rules, to->name, NULL);

		bases += rule != NULL;
		if (rule && rule->arg_count == 0 && rule->action == SECCOMP_RET_ALLOW) {
			forget_rules(to);
			rule_for(to, SECCOMP_RET_ALLOW);
			return true;
		}
		for (; rule; rule = next_rule(rules, to->name, rule)) {
			only_allows = only_allows && rule->action == SECCOMP_RET_ALLOW;
			only_milder = only_milder &&
				      filter_value_milder(rule->action, rules->default_action) ==
					      filter_value_effect(rule->action);
			put_rule(to, rule);
		}
	}
	if (to->rule_count == 0)
		rule_for(to, composer->default_action);
	return only_allows || count == 1 || (bases == 1 && only_milder);
}

static bool restate_entry(const struct composer *composer, const struct compose_entry *entry,
			  struct export_name *to)
{
	to->name = entry->name;
	if (entry->neutral)
		return restate_name(composer, to);
	rule_for(to, entry->value);
	return true;
}

/* Every base has the default of the result, and it refuses where there are several. */
static bool has_one_default(const struct composer *composer)
{
	size_t count = composer->composing->base_count;

	for (size_t i = 0; i < count; i++) {
		if (composer->bases[i].rules.default_action != composer->default_action)
			return false;
	}
	return count == 1 || compose_pass(composer->default_action) == PASS_REFUSED;
}

bool compose_restate(const struct composer *composer, struct buf *document)
{
	const struct compose_entries *entries = &composer->entries;
	struct filter filter = {.arch_count = composer->arches.arch_count};
	struct exporter exporter = {.filter = &filter, .default_action = composer->default_action};
	bool fine = has_one_default(composer);

	for (size_t i = 0; i < filter.arch_count; i++)
		filter.arches[i].token = composer->arches.arches[i];
	exporter.names = mem_new(entries->count, sizeof(*exporter.names));
	exporter.name_count = entries->count;
	for (size_t i = 0; fine && i < entries->count; i++)
		fine = restate_entry(composer, &entries->all[i], &exporter.names[i]);
	if (fine)
		export_write(&exporter, document);
	for (size_t i = 0; i < entries->count; i++)
		forget_rules(&exporter.names[i]);
	free(exporter.names);
	return fine;
}

/* The name is needed, and the bases do not stand against that. */
static bool is_granted(const struct composer *composer, const char *name)
{
	const struct needs *needs = composer->composing->needs;
	const struct need *need = needs_find(needs, name);

	return need && composer->fates[need - needs->all] == FATE_ALLOWED;
}

struct newer {
	const struct composer *composer;
	struct exporter exporter;
	struct form_list kept, lost;
};

/* Puts the rules for one name that this libseccomp does not know behind the others, once. */
static void add_newer(struct newer *newer, const char *name)
{
	const struct composer *composer = newer->composer;
	struct exporter *exporter = &newer->exporter;
	struct export_name to = {.name = name};
	bool kept = true;

	if (compose_is_known(name))
		return;
	for (size_t i = 0; i < exporter->name_count; i++) {
		if (strcmp(exporter->names[i].name, name) == 0)
			return;
	}
	if (exporter->name_count == NEWER_MAX)
		kept = false;
	else if (is_granted(composer, name))
		rule_for(&to, SECCOMP_RET_ALLOW);
	else
		kept = restate_name(composer, &to);
	if (!kept || to.rules[0].value == composer->default_action)
		forget_rules(&to);
	if (!kept || to.rule_count)
		form_list_add(kept ? &newer->kept : &newer->lost, name);
	if (exporter->name_count == NEWER_MAX)
		return;
	exporter->names = mem_resize(exporter->names, (exporter->name_count + 1) * sizeof(to));
	exporter->names[exporter->name_count++] = to;
}

static void note_newer(struct newer *newer)
{
	struct lints *notes = &newer->composer->composed->notes;

	if (newer->kept.count)
		lint_note(notes, 1, "",
			  "the libseccomp here does not know these names, which stay in the "
			  "profile: %s; a runtime whose libseccomp does not know them either "
			  "ignores them, so that the default action answers",
			  form_list_text(&newer->kept));
	if (newer->lost.count)
		lint_add(notes, 1, "",
			 "left out: the libseccomp here does not know these names, and the rules "
			 "for them cannot be joined: %s",
			 form_list_text(&newer->lost));
}

void compose_put_newer(const struct composer *composer, struct buf *document)
{
	struct newer newer = {.composer = composer,
			      .exporter = {.default_action = composer->default_action}};
	const struct needs *needs = composer->composing->needs;

	for (size_t i = 0; i < composer->composing->base_count; i++) {
		const struct rules *rules = &composer->bases[i].rules;

		for (size_t j = 0; j < rules->count; j++)
			add_newer(&newer, rules->all[j].name);
	}
	for (size_t i = 0; i < needs->count; i++)
		add_newer(&newer, needs->all[i].name);
	if (newer.exporter.name_count)
		export_append(&newer.exporter, document);
	note_newer(&newer);
	for (size_t i = 0; i < newer.exporter.name_count; i++)
		forget_rules(&newer.exporter.names[i]);
	free(newer.exporter.names);
	form_list_release(&newer.kept);
	form_list_release(&newer.lost);
}
