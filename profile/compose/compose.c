#include "profile/compose/compose.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/compose/check.h"
#include "profile/compose/entries.h"
#include "profile/filter/value.h"
#include "profile/write/export.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/* An error lists this many differences and counts the others. */
#define LISTED_DIFFERENCES 3

/* This many names that libseccomp does not know are kept, however many a file has. */
#define NEWER_MAX 256

struct composer {
	struct composed *composed;
	struct base_set bases;
	enum fate *fates;        /* of the needed names */
	uint32_t default_action; /* of the result */
	struct entries entries;
	struct filter wanted;     /* what the result has to answer */
	struct document document; /* the result; borrows from all above */
};

void composed_release(struct composed *composed)
{
	for (size_t i = 0; i < composed->name_count; i++)
		free((void *)(uintptr_t)composed->names[i].name);
	free(composed->names);
	buf_release(&composed->document);
	lint_release(&composed->notes);
	*composed = (struct composed){0};
}

/* --- one filter */

/* Puts the stub that runc makes for the names in `needs` before a joint filter: what the stub lets
 * pass is for the joint one to answer. */
static void add_stub(struct filter *joint, const struct filter *needs)
{
	struct filter *body = mem_new(1, sizeof(*body));

	*body = *joint;
	joint->parts = body;
	joint->part_count = 1;
	joint->stub_count = needs->stub_count;
	joint->count = needs->stub_count + 1;
	joint->program = mem_new(joint->count, sizeof(*joint->program));
	memcpy(joint->program, needs->program, needs->stub_count * sizeof(*joint->program));
	joint->program[needs->stub_count] =
		(struct sock_filter){.code = BPF_RET | BPF_K, .k = SECCOMP_RET_ALLOW};
}

/*
 * Joins the entries with the bases, and fills in what the export has to know. Beside bases the
 * entries' default is the strictest action, so that it takes nothing away in a join; a rule that
 * repeats the default makes no instruction.
 */
static int join(struct composer *composer, struct survey *survey, struct err *err)
{
	const struct base_set *bases = &composer->bases;
	uint32_t default_action =
		bases->count ? SECCOMP_RET_KILL_PROCESS : composer->default_action;
	struct built needs = {.document =
				      entries_document(&composer->entries, bases, default_action)};
	struct filter *wanted = &composer->wanted;
	int r = built_resolve(&needs, &bases->options, NULL, err);
	struct filter body = filter_body(&needs.filter);

	if (r == 0)
		*wanted = filter_copy(&body);
	for (size_t i = 0; r == 0 && i < bases->count; i++) {
		const struct base *base = &bases->all[i];

		body = filter_body(base->rebuilt.count ? &base->rebuilt : &base->filter);
		filter_join(wanted, &body);
	}
	*survey = (struct survey){.default_action = composer->default_action, .checks_arch = true};
	survey->has_stub =
		needs.filter.stub_count > 0 && value_pass(composer->default_action) < PASS_TRACED;
	if (r == 0 && survey->has_stub)
		add_stub(wanted, &needs.filter);
	for (size_t i = 0; !survey->has_stub && i < wanted->arch_count; i++)
		wanted->arches[i].has_last = false;
	built_release(&needs);
	return r;
}

/* Replaces the result. Who answers NOTIFY, and the flags, are in no rule: they come from the bases.
 */
static void set_document(struct composer *composer, const struct document *document)
{
	const struct base_set *bases = &composer->bases;
	const struct strings *flags = &bases->all[0].document.flags;

	document_release(&composer->document);
	composer->document = *document;
	for (size_t i = 0; i < flags->count; i++)
		strings_add(&composer->document.flags, flags->all[i]);
	for (size_t i = bases->count; i-- > 0;)
		if (bases->all[i].document.listener_path)
			composer->document.listener_path = bases->all[i].document.listener_path;
}

/* The wanted filter as a profile, exactly. */
static int export_wanted(struct composer *composer, const struct survey *survey, struct err *err)
{
	struct export export = {0};
	const struct lints *differences = &export.differences;
	BUF_AUTO text = {0};
	int r = export_filter(&composer->wanted, survey, composer->bases.options.arch, &export,
			      err);

	for (size_t i = 0; i < differences->count && i < LISTED_DIFFERENCES; i++)
		buf_format(&text, "%s%s", i ? "; " : "", differences->all[i].message);
	if (differences->count > LISTED_DIFFERENCES)
		buf_format(&text, "; and %zu more", differences->count - LISTED_DIFFERENCES);
	if (r == 0 && differences->count)
		r = err_set(err, EINVAL,
			    "the merged behaviour cannot be expressed as an OCI profile: %s",
			    text.p);
	if (r == 0) {
		set_document(composer, &export.document);
		export.document = (struct document){0};
	}
	export_release(&export);
	return r;
}

/* --- rules side by side */

/*
 * The rules of the bases for one name. They can be listed side by side if all of them allow, if
 * only one base has any and they are no stricter than the default action of the others, or if
 * there is only one base.
 */
struct alternatives {
	bool allowed; /* by a rule without args: the others do not count */
	bool listable;
	const struct rule **all;
	size_t count;
};

/* The next rule for the name that libseccomp heeds: it drops those that repeat the default, an
 * unconditional one beats all others, and of several the first counts. NULL at the end. */
static const struct rule *next_rule(const struct rules *rules, const char *name,
				    const struct rule *after)
{
	const struct rule *found = NULL;

	if (after && after->arg_count == 0)
		return NULL;
	for (const struct rule *rule = after ? after + 1 : rules->all;
	     rule < rules->all + rules->count; rule++) {
		if (rule->action == rules->default_action || strcmp(rule->name, name) != 0)
			continue;
		if (after || rule->arg_count == 0)
			return rule;
		found = found ? found : rule;
	}
	return found;
}

static struct alternatives find_alternatives(const struct base_set *bases, const char *name)
{
	struct alternatives found = {0};
	bool only_allow = true, only_milder = true;
	size_t having = 0;

	for (size_t i = 0; !found.allowed && i < bases->count; i++) {
		const struct rules *rules = &bases->all[i].rules;
		const struct rule *rule = next_rule(rules, name, NULL);

		having += rule != NULL;
		found.allowed = rule && rule->arg_count == 0 && rule->action == SECCOMP_RET_ALLOW;
		for (; rule; rule = next_rule(rules, name, rule)) {
			only_allow = only_allow && rule->action == SECCOMP_RET_ALLOW;
			only_milder =
				only_milder && value_milder(rule->action, rules->default_action) ==
						       value_effect(rule->action);
			found.all = mem_more(found.all, found.count, sizeof(*found.all));
			found.all[found.count++] = rule;
		}
	}
	found.listable =
		found.allowed || only_allow || bases->count == 1 || (having == 1 && only_milder);
	return found;
}

static void add_alternatives(struct document *document, const char *name,
			     const struct alternatives *alternatives, uint32_t default_action)
{
	if (alternatives->allowed || alternatives->count == 0)
		document_add_name(document, name,
				  alternatives->allowed ? SECCOMP_RET_ALLOW : default_action, NULL,
				  0);
	for (size_t i = 0; !alternatives->allowed && i < alternatives->count; i++) {
		const struct rule *rule = alternatives->all[i];

		document_add_name(document, name, rule->action, rule->args, rule->arg_count);
	}
}

/*
 * The bases' own rules beside the entries: for what an export cannot express, since a filter no
 * longer tells which rules it was made of. False if rules of several bases are not alternatives,
 * which takes one default action for all, and one that refuses if there are several bases.
 * libseccomp may build something else of them, so the result has to pass the check.
 */
static bool list_rules(struct composer *composer)
{
	const struct base_set *bases = &composer->bases;
	const struct entries none = {0}, *entries = &composer->entries;
	bool listable = bases->count == 1 || value_pass(composer->default_action) == PASS_REFUSED;

	for (size_t i = 0; i < bases->count; i++)
		listable =
			listable && bases->all[i].rules.default_action == composer->default_action;
	if (!listable)
		return false;
	struct document document = entries_document(&none, bases, composer->default_action);

	for (size_t i = 0; listable && i < entries->count; i++) {
		const struct entry *entry = &entries->all[i];
		struct alternatives alternatives = {.listable = true};

		if (entry->neutral)
			alternatives = find_alternatives(bases, entry->name);
		listable = alternatives.listable;
		add_alternatives(&document, entry->name, &alternatives,
				 entry->neutral ? composer->default_action : entry->value);
		free(alternatives.all);
	}
	if (listable)
		set_document(composer, &document);
	else
		document_release(&document);
	return listable;
}

/* --- names that this libseccomp does not know */

struct newer {
	struct composer *composer;
	struct strings names; /* seen so far */
	struct listing kept, lost;
};

/* Adds the rules for one such name, once. */
static void add_newer(struct newer *newer, const char *name)
{
	struct composer *composer = newer->composer;
	const struct needs *needs = composer->bases.composing->needs;
	const struct need *need = needs_find(needs, name);
	struct alternatives rules = {.allowed = true, .listable = true};

	if (syscall_is_known(name) || strings_has(&newer->names, name))
		return;
	if (newer->names.count == NEWER_MAX) {
		listing_add_safe(&newer->lost, name);
		return;
	}
	strings_add(&newer->names, name);
	if (!need || composer->fates[need - needs->all] != FATE_ALLOWED)
		rules = find_alternatives(&composer->bases, name);
	bool has_effect =
		rules.allowed || (rules.count && rules.all[0]->action != composer->default_action);

	if (!rules.listable) {
		listing_add_safe(&newer->lost, name);
	} else if (has_effect) {
		add_alternatives(&composer->document, name, &rules, composer->default_action);
		listing_add_safe(&newer->kept, name);
	}
	free(rules.all);
}

/* Adds the rules for such names, those of the bases and the needed ones: a filter cannot carry
 * them, and another libseccomp may know them. */
static void add_all_newer(struct composer *composer)
{
	struct newer newer = {.composer = composer};
	const struct base_set *bases = &composer->bases;
	const struct needs *needs = bases->composing->needs;
	struct lints *notes = &composer->composed->notes;

	for (size_t i = 0; i < bases->count; i++)
		for (size_t j = 0; j < bases->all[i].rules.count; j++)
			add_newer(&newer, bases->all[i].rules.all[j].name);
	for (size_t i = 0; i < needs->count; i++)
		add_newer(&newer, needs->all[i].name);
	if (newer.kept.count)
		lint_note(notes, 1, "",
			  "this libseccomp does not know these names; they stay in the profile: "
			  "%s. A runtime with such a libseccomp ignores them and uses the "
			  "default action",
			  listing_text(&newer.kept));
	if (newer.lost.count)
		lint_add(notes, 1, "",
			 "left out: this libseccomp does not know these names, so their rules "
			 "cannot be merged: %s",
			 listing_text(&newer.lost));
	free(newer.names.all);
	listing_release(&newer.kept);
	listing_release(&newer.lost);
}

/* --- */

/* Writes the document, and checks the text. */
static int finish(struct composer *composer, struct err *err)
{
	const struct composing *composing = composer->bases.composing;
	struct check check = {.options = composing->options,
			      .needs = composing->needs,
			      .fates = composer->fates,
			      .wanted = &composer->wanted,
			      .notes = &composer->composed->notes};
	struct buf *text = &composer->composed->document;

	check.options.arch = composer->bases.options.arch;
	add_all_newer(composer);
	document_sort_rules(&composer->document);
	buf_clear(text);
	document_write(&composer->document, false, text);
	return check_document(&check, buf_str(text), err);
}

static int make(struct composer *composer, struct err *err)
{
	struct base_set *bases = &composer->bases;
	const struct composing *composing = bases->composing;
	struct lints *notes = &composer->composed->notes;
	struct err ignored = ERR_INIT;
	struct survey survey;

	composer->fates = fates_decide(bases, composer->composed);
	base_set_note(bases, notes);
	/* what the bases, joined, answer to calls that no rule names */
	uint32_t value = composing->has_default ? composing->default_action : VALUE_ENOSYS;

	for (size_t i = 0; i < bases->count; i++)
		value = i ? value_milder(value, bases->all[i].default_action)
			  : bases->all[i].default_action;
	composer->default_action = value_effect(value);
	entries_make(&composer->entries, bases, composer->fates, composer->default_action, notes);
	int r = join(composer, &survey, err);

	if (bases->count == 0) {
		composer->document =
			entries_document(&composer->entries, bases, composer->default_action);
		return r == 0 ? finish(composer, err) : r;
	}
	if (r == 0)
		r = export_wanted(composer, &survey, err);
	if (r == 0)
		return finish(composer, err);
	if (!list_rules(composer) || finish(composer, &ignored) < 0)
		return r;
	err_clear(err);
	return 0;
}

int compose(const struct composing *composing, struct composed *ret_composed, struct err *err)
{
	struct composer composer = {.composed = ret_composed};

	*ret_composed = (struct composed){0};
	if (composing->base_count == 0 && composing->needs->count == 0)
		return err_set(err, EINVAL,
			       "no syscall is needed and there is no base: nothing to write a "
			       "profile from");
	int r = base_set_open(&composer.bases, composing, err);

	if (r == 0)
		r = make(&composer, err);
	if (r < 0)
		buf_release(&ret_composed->document);
	lint_finish(&ret_composed->notes);
	document_release(&composer.document);
	filter_release(&composer.wanted);
	entries_release(&composer.entries);
	free(composer.fates);
	base_set_release(&composer.bases);
	return r == 0 || r == -EPROTO ? r : -EINVAL;
}
