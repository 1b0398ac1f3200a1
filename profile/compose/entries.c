#include "profile/compose/entries.h"

#include "base/mem.h"
#include "base/sorted.h"
#include "ingest/arch.h"
#include "profile/answers/answers.h"
#include "profile/answers/numbers.h"
#include "profile/filter/value.h"

#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/* --- fates */

static bool is_named(const struct base_set *bases, const char *name)
{
	for (size_t i = 0; i < bases->count; i++)
		for (size_t j = 0; j < bases->all[i].rules.count; j++)
			if (strcmp(bases->all[i].rules.all[j].name, name) == 0)
				return true;
	return false;
}

/* Whether a base refuses it with ENOSYS by a rule of its own. */
static bool is_fallback(const struct base_set *bases, uint32_t token, int64_t nr)
{
	for (size_t i = 0; i < bases->count; i++) {
		struct profile *profile = bases->all[i].profile;

		if (!filter_arch(profile_filter(profile), token))
			continue;
		struct verdict verdict = profile_judge(profile, arch_audit(token), nr);

		if (verdict.origin == VERDICT_BY_RULE && verdict_is_fallback(&verdict))
			return true;
	}
	return false;
}

/* False if the bases allow it, whatever the arguments. */
static bool find_kind(struct answers *allowed, const struct base_set *bases, const char *name,
		      uint32_t token, int64_t nr, enum composed_kind *ret_kind)
{
	diagram answer = answers_call(allowed, arch_audit(token), (uint32_t)nr);
	bool found[PASS_ALLOWED + 1] = {0};
	MEM_AUTO uint32_t *values = NULL;
	size_t count =
		answer == DIAGRAM_UNKNOWN ? 0 : diagram_values(allowed->regions, answer, &values);

	for (size_t i = 0; i < count; i++)
		found[value_pass(values[i])] = true;
	/* an unknown answer depends on something: the name is left as the bases have it */
	if (answer == DIAGRAM_UNKNOWN)
		found[PASS_ALLOWED] = found[PASS_REFUSED] = true;
	bool asked = found[PASS_ASKED] || found[PASS_TRACED];
	bool passes = found[PASS_ALLOWED] || found[PASS_LOGGED];
	bool varies = asked || found[PASS_REFUSED] || (found[PASS_ALLOWED] && found[PASS_LOGGED]);

	if (found[PASS_ALLOWED] && !varies)
		return false;
	if (passes ? varies : asked && is_named(bases, name))
		*ret_kind = COMPOSED_CONDITIONAL;
	else if (!passes && is_fallback(bases, token, nr))
		*ret_kind = COMPOSED_FALLBACK;
	else
		*ret_kind = COMPOSED_ADDED;
	return true;
}

/* A rule is for a name on all arches, so the most careful kind of all arches counts. */
static enum fate decide(struct answers *allowed, const struct base_set *bases, const char *name,
			struct composed *composed)
{
	static const unsigned care[] = {
		[COMPOSED_ADDED] = 1,
		[COMPOSED_FALLBACK] = 2,
		[COMPOSED_CONDITIONAL] = 3,
	};
	struct composed_name worst = {0};
	unsigned most = 0;
	bool has_number = false; /* else only socketcall or ipc can stand for it */

	for (size_t i = 0; i < bases->arches.arch_count; i++) {
		uint32_t token = bases->arches.arches[i];
		enum composed_kind kind;
		int64_t nr;

		if (!syscall_number(token, name, &nr))
			continue;
		has_number = true;
		if (!find_kind(allowed, bases, name, token, nr, &kind) || care[kind] <= most)
			continue;
		most = care[kind];
		worst = (struct composed_name){.kind = kind, .token = token};
	}
	if (most == 0)
		return has_number ? FATE_PASSES : FATE_ALLOWED;
	if (worst.kind != COMPOSED_ADDED && bases->composing->widen)
		worst.kind = COMPOSED_WIDENED;
	worst.name = mem_copy(str_from(name));
	composed->names = mem_more(composed->names, composed->name_count, sizeof(worst));
	composed->names[composed->name_count++] = worst;
	return worst.kind == COMPOSED_ADDED || worst.kind == COMPOSED_WIDENED ? FATE_ALLOWED
									      : FATE_LEFT;
}

static int by_kind(const void *a, const void *b)
{
	const struct composed_name *x = a, *y = b;
	int order = (x->kind > y->kind) - (x->kind < y->kind);

	return order ? order : strcmp(x->name, y->name);
}

enum fate *fates_decide(const struct base_set *bases, struct composed *composed)
{
	const struct needs *needs = bases->composing->needs;
	enum fate *fates = mem_new(needs->count, sizeof(*fates));
	struct filter joint = {0};
	struct regions regions;
	struct answers allowed;

	if (bases->count == 0)
		return fates; /* FATE_ALLOWED, all of them */
	for (size_t i = 0; i < bases->count; i++) {
		struct filter body = base_body(&bases->all[i]);

		if (i == 0)
			joint = filter_copy(&body);
		else
			filter_join(&joint, &body);
	}
	regions_init(&regions);
	answers_init(&allowed, &regions, &joint);
	for (size_t i = 0; i < needs->count; i++)
		fates[i] = decide(&allowed, bases, needs->all[i].name, composed);
	if (composed->name_count)
		qsort(composed->names, composed->name_count, sizeof(*composed->names), by_kind);
	answers_release(&allowed);
	regions_release(&regions);
	filter_release(&joint);
	return fates;
}

/* --- entries */

void entries_release(struct entries *entries)
{
	for (size_t i = 0; i < entries->owned.count; i++)
		free((void *)(uintptr_t)entries->owned.all[i]);
	free(entries->owned.all);
	free(entries->all);
	*entries = (struct entries){0};
}

static struct entry *find_entry(const struct entries *entries, const char *name)
{
	return named_find(entries->all, entries->count, sizeof(*entries->all), name);
}

/* The name's entry, added if there is none. */
static struct entry *entry_for(struct entries *entries, const char *name)
{
	struct entry *found = find_entry(entries, name);

	if (found)
		return found;
	entries->all = mem_more(entries->all, entries->count, sizeof(*entries->all));
	entries->all[entries->count] = (struct entry){.name = name};
	return &entries->all[entries->count++];
}

/* The same for a name that nobody else keeps. */
static struct entry *own_entry(struct entries *entries, const char *name)
{
	char *own = mem_copy(str_from(name));

	strings_add(&entries->owned, own);
	return entry_for(entries, own);
}

/* The needed names that get a rule, and all names of the bases' rules: runc's stub begins behind
 * the newest of them, whatever its action. */
static void add_names(struct entries *entries, const struct base_set *bases, const enum fate *fates)
{
	const struct needs *needs = bases->composing->needs;

	for (size_t i = 0; i < needs->count; i++)
		if (fates[i] == FATE_ALLOWED && syscall_is_known(needs->all[i].name))
			entry_for(entries, needs->all[i].name)->value = SECCOMP_RET_ALLOW;
	for (size_t i = 0; i < bases->count; i++) {
		const struct rules *rules = &bases->all[i].rules;

		for (size_t j = 0; j < rules->count; j++) {
			if (!syscall_is_known(rules->all[j].name))
				continue;
			struct entry *entry = entry_for(entries, rules->all[j].name);

			entry->neutral = entry->value != SECCOMP_RET_ALLOW;
		}
	}
}

/* The largest number that the entries name on an arch, as runc finds it. */
static int last_named(const struct entries *entries, uint32_t token)
{
	int last = 0;

	for (size_t i = 0; i < entries->count; i++) {
		int nr = seccomp_syscall_resolve_name_arch(token, entries->all[i].name);

		last = nr > last ? nr : last;
	}
	return last;
}

/*
 * On i386 a rule for connect opens socketcall's call 3 and number 362, too, but libseccomp tells
 * runc of no number, and runc's stub refuses 362 if the profile names nothing newer. So the next
 * number that has a name is named, with the default action.
 */
static void add_pin(struct entries *entries, const char *need, uint32_t token, struct lints *notes)
{
	struct named_number next;
	int64_t nr;

	if (seccomp_syscall_resolve_name_arch(token, need) >= 0 ||
	    !syscall_number(token, need, &nr) || nr <= last_named(entries, token) ||
	    !numbers_next_named(token, (uint32_t)nr, &next))
		return;
	own_entry(entries, next.name)->neutral = true;
	lint_note(notes, 2, "",
		  "%s is listed with the default action so that runc's stub does not refuse %s, "
		  "number %lld on %s",
		  next.name, need, (long long)nr, arch_name(token));
}

/* Adds names that runc's stub answers with ENOSYS under a base on this arch, and that the stub of
 * the result does not reach. Returns how many are new. */
static size_t add_stubbed(struct entries *entries, const struct base_set *bases,
			  const struct filter_arch *arch)
{
	int last = arch->has_last ? last_named(entries, arch->token) : 0;
	char name[SYSCALL_NAME_SIZE];
	size_t before = entries->count;

	for (int64_t nr = (int64_t)arch->last + 1; nr <= last; nr++) {
		if (!syscall_name(arch_audit(arch->token), nr, name) || !syscall_is_known(name) ||
		    find_entry(entries, name) || base_set_is_shared(bases, name))
			continue;
		own_entry(entries, name)->value = VALUE_ENOSYS;
	}
	return entries->count - before;
}

/* Repeats until nothing changes: a name has numbers on other arches, too, and may raise the stub
 * there. */
static void add_all_stubbed(struct entries *entries, const struct base_set *bases,
			    struct lints *notes)
{
	size_t before = entries->count, added = 1;

	while (added > 0) {
		added = 0;
		for (size_t i = 0; i < bases->count; i++) {
			const struct base *base = &bases->all[i];
			const struct filter *own = profile_filter(base->profile);

			for (size_t j = 0; j < own->arch_count; j++)
				added += add_stubbed(
					entries, bases,
					filter_arch(&base->filter, own->arches[j].token));
		}
	}
	if (entries->count > before)
		lint_note(notes, 2, "",
			  "%zu syscalls get explicit ENOSYS rules: runc's stub no longer covers "
			  "them because a newer syscall is now allowed",
			  entries->count - before);
}

void entries_make(struct entries *entries, const struct base_set *bases, const enum fate *fates,
		  uint32_t default_action, struct lints *notes)
{
	const struct needs *needs = bases->composing->needs;

	*entries = (struct entries){0};
	add_names(entries, bases, fates);
	if (bases->options.runtime == RUNTIME_RUNC && value_pass(default_action) < PASS_TRACED) {
		for (size_t i = 0; i < needs->count; i++)
			for (size_t j = 0; fates[i] != FATE_LEFT && j < bases->arches.arch_count;
			     j++)
				add_pin(entries, needs->all[i].name, bases->arches.arches[j],
					notes);
		add_all_stubbed(entries, bases, notes);
	}
	if (entries->count)
		qsort(entries->all, entries->count, sizeof(*entries->all), sorted_by_name);
}

struct document entries_document(const struct entries *entries, const struct base_set *bases,
				 uint32_t default_action)
{
	struct document document = {0};

	document_set_default(&document, default_action);
	for (size_t i = 0; i < bases->arch_names.count; i++)
		strings_add(&document.architectures, bases->arch_names.all[i]);
	for (size_t i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->all[i];

		document_add_name(&document, entry->name,
				  entry->neutral ? default_action : entry->value, NULL, 0);
	}
	return document;
}
