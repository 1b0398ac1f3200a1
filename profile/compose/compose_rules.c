#include "profile/compose/compose_private.h"

#include "base/mem.h"
#include "profile/filter/filter.h"
#include "profile/filter/value.h"

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

/* What the bases have for one name. */
struct restated {
	bool allowed; /* by a rule without args: the others do not count */
	const struct rule **all;
	size_t count;
	bool fine; /* they can be listed side by side */
};

/* Alternatives can be listed side by side where all of them allow, and where one base alone has
 * rules that are no stricter than the default that the others give. */
static struct restated restate_name(const struct composer *composer, const char *name)
{
	size_t count = composer->composing->base_count, bases = 0;
	bool only_allows = true, only_milder = true;
	struct restated restated = {0};

	for (size_t i = 0; !restated.allowed && i < count; i++) {
		const struct rules *rules = &composer->bases[i].rules;
		const struct rule *rule = next_rule(rules, name, NULL);

		bases += rule != NULL;
		restated.allowed =
			rule && rule->arg_count == 0 && rule->action == SECCOMP_RET_ALLOW;
		for (; rule; rule = next_rule(rules, name, rule)) {
			only_allows = only_allows && rule->action == SECCOMP_RET_ALLOW;
			only_milder =
				only_milder && value_milder(rule->action, rules->default_action) ==
						       value_effect(rule->action);
			restated.all =
				mem_more(restated.all, restated.count, sizeof(*restated.all));
			restated.all[restated.count++] = rule;
		}
	}
	restated.fine =
		restated.allowed || only_allows || count == 1 || (bases == 1 && only_milder);
	return restated;
}

/* All args of a rule hold together, unless two are of one index: then each is a rule. */
static void put_restated(struct document *document, const char *name,
			 const struct restated *restated, uint32_t default_action)
{
	if (restated->allowed || restated->count == 0)
		document_add_name(document, name,
				  restated->allowed ? SECCOMP_RET_ALLOW : default_action, NULL, 0);
	for (size_t i = 0; !restated->allowed && i < restated->count; i++) {
		const struct rule *rule = restated->all[i];
		bool any_of = filter_is_any_of(rule->args, rule->arg_count);

		for (size_t k = 0; any_of && k < rule->arg_count; k++)
			document_add_name(document, name, rule->action, &rule->args[k], 1);
		if (!any_of)
			document_add_name(document, name, rule->action, rule->args,
					  rule->arg_count);
	}
}

/* Every base has the default of the result, and it refuses where there are several. */
static bool has_one_default(const struct composer *composer)
{
	size_t count = composer->composing->base_count;

	for (size_t i = 0; i < count; i++) {
		if (composer->bases[i].rules.default_action != composer->default_action)
			return false;
	}
	return count == 1 || value_pass(composer->default_action) == PASS_REFUSED;
}

bool compose_restate(const struct composer *composer, struct document *ret_document)
{
	const struct compose_entries none = {0}, *entries = &composer->entries;
	bool fine = has_one_default(composer);

	*ret_document = compose_entries_document(composer, &none, composer->default_action);
	for (size_t i = 0; fine && i < entries->count; i++) {
		const struct compose_entry *entry = &entries->all[i];
		struct restated restated = {.fine = true};

		if (entry->neutral)
			restated = restate_name(composer, entry->name);
		fine = restated.fine;
		put_restated(ret_document, entry->name, &restated,
			     entry->neutral ? composer->default_action : entry->value);
		free(restated.all);
	}
	document_sort_rules(ret_document);
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
	struct composer *composer;
	struct strings names; /* that were seen */
	struct listing kept, lost;
};

/* Adds the rules for one name that this libseccomp does not know, once. */
static void add_newer(struct newer *newer, const char *name)
{
	struct composer *composer = newer->composer;
	struct restated restated = {.allowed = true, .fine = true};

	if (compose_is_known(name))
		return;
	for (size_t i = 0; i < newer->names.count; i++)
		if (strcmp(newer->names.all[i], name) == 0)
			return;
	if (newer->names.count == NEWER_MAX) {
		listing_add_safe(&newer->lost, name);
		return;
	}
	strings_add(&newer->names, name);
	if (!is_granted(composer, name))
		restated = restate_name(composer, name);
	bool says_more = restated.allowed ||
			 (restated.count && restated.all[0]->action != composer->default_action);

	if (restated.fine && says_more)
		put_restated(&composer->document, name, &restated, composer->default_action);
	if (!restated.fine || says_more)
		listing_add_safe(restated.fine ? &newer->kept : &newer->lost, name);
	free(restated.all);
}

static void note_newer(struct newer *newer)
{
	struct lints *notes = &newer->composer->composed->notes;

	if (newer->kept.count)
		lint_note(notes, 1, "",
			  "this libseccomp does not know these names; they stay in the profile: "
			  "%s. A runtime with such a libseccomp ignores them and uses the "
			  "default action",
			  listing_text(&newer->kept));
	if (newer->lost.count)
		lint_add(notes, 1, "",
			 "left out: this libseccomp does not know these names, so their rules "
			 "cannot be merged: %s",
			 listing_text(&newer->lost));
}

void compose_put_newer(struct composer *composer)
{
	struct newer newer = {.composer = composer};
	const struct needs *needs = composer->composing->needs;

	for (size_t i = 0; i < composer->composing->base_count; i++) {
		const struct rules *rules = &composer->bases[i].rules;

		for (size_t j = 0; j < rules->count; j++)
			add_newer(&newer, rules->all[j].name);
	}
	for (size_t i = 0; i < needs->count; i++)
		add_newer(&newer, needs->all[i].name);
	note_newer(&newer);
	free(newer.names.all);
	listing_release(&newer.kept);
	listing_release(&newer.lost);
}
