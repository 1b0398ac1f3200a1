#include "profile/compose/compose_private.h"

#include "base/mem.h"
#include "profile/answers/numbers.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

void compose_entries_release(struct compose_entries *entries)
{
	for (size_t i = 0; i < entries->owned.count; i++)
		free((void *)(uintptr_t)entries->owned.all[i]);
	free(entries->owned.all);
	free(entries->all);
	*entries = (struct compose_entries){0};
}

static struct compose_entry *find_entry(const struct compose_entries *entries, const char *name)
{
	for (size_t i = 0; i < entries->count; i++) {
		if (strcmp(entries->all[i].name, name) == 0)
			return &entries->all[i];
	}
	return NULL;
}

static struct compose_entry *entry_for(struct compose_entries *entries, const char *name)
{
	struct compose_entry *found = find_entry(entries, name);

	if (found)
		return found;
	entries->all = mem_more(entries->all, entries->count, sizeof(*entries->all));
	entries->all[entries->count] = (struct compose_entry){.name = name};
	return &entries->all[entries->count++];
}

bool compose_is_known(const char *name)
{
	return seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

/* The needed names that get a rule. */
static void put_needs(const struct composer *composer, struct compose_entries *entries)
{
	const struct needs *needs = composer->composing->needs;

	for (size_t i = 0; i < needs->count; i++) {
		if (composer->fates[i] == FATE_ALLOWED && compose_is_known(needs->all[i].name))
			entry_for(entries, needs->all[i].name)->value = SECCOMP_RET_ALLOW;
	}
}

/* The entry for a name that nobody else keeps. */
static struct compose_entry *own_entry(struct compose_entries *entries, const char *name)
{
	char *own = mem_copy(str_from(name));

	strings_add(&entries->owned, own);
	return entry_for(entries, own);
}

/* The largest number that the entries name on an arch, as runc finds it. */
static int last_named(const struct compose_entries *entries, uint32_t token)
{
	int last = 0;

	for (size_t i = 0; i < entries->count; i++) {
		int nr = seccomp_syscall_resolve_name_arch(token, entries->all[i].name);

		last = nr > last ? nr : last;
	}
	return last;
}

/*
 * Names that runc's stub answers with ENOSYS under a base on this arch, and that the stub of the
 * result will not reach since something newer is needed: they keep their ENOSYS by a rule. Returns
 * how many are new.
 */
static size_t put_stubbed(const struct composer *composer, const struct filter_arch *arch,
			  struct compose_entries *entries)
{
	int last = arch->has_last ? last_named(entries, arch->token) : 0;
	char name[SYSCALL_NAME_SIZE];
	size_t before = entries->count;

	for (int64_t nr = (int64_t)arch->last + 1; nr <= last; nr++) {
		if (!syscall_name(arch_audit(arch->token), nr, name) || !compose_is_known(name) ||
		    find_entry(entries, name) || compose_is_shared(composer, name))
			continue;
		own_entry(entries, name)->value = VALUE_ENOSYS;
	}
	return entries->count - before;
}

/* A name has numbers on other arches too, and may raise the stub there: until nothing changes. */
static void put_all_stubbed(const struct composer *composer, struct compose_entries *entries)
{
	size_t before = entries->count, added = 1;

	while (added > 0) {
		added = 0;
		for (size_t i = 0; i < composer->composing->base_count; i++) {
			const struct compose_base *base = &composer->bases[i];
			const struct filter *own = profile_filter(base->profile);

			for (size_t j = 0; j < own->arch_count; j++)
				added += put_stubbed(
					composer, filter_arch(&base->filter, own->arches[j].token),
					entries);
		}
	}
	if (entries->count > before)
		lint_note(&composer->composed->notes, 2, "",
			  "%zu syscalls get explicit ENOSYS rules: runc's stub no longer covers "
			  "them because a newer syscall is now allowed",
			  entries->count - before);
}

/* Names of the bases' rules: they decide where runc's stub begins, whatever they say. */
static void put_base_names(const struct composer *composer, struct compose_entries *entries)
{
	for (size_t i = 0; i < composer->composing->base_count; i++) {
		const struct rules *rules = &composer->bases[i].rules;

		for (size_t j = 0; j < rules->count; j++) {
			if (!compose_is_known(rules->all[j].name))
				continue;
			struct compose_entry *entry = entry_for(entries, rules->all[j].name);

			entry->neutral = entry->value != SECCOMP_RET_ALLOW;
		}
	}
}

/*
 * On i386 a rule for connect opens socketcall's call 3 and number 362 too, but runc learns of no
 * number from libseccomp, and its stub refuses 362 where the profile names nothing newer. So the
 * next number that has a name is named, with the default action.
 */
static void put_pin(const struct composer *composer, const char *need, uint32_t token,
		    struct compose_entries *entries)
{
	struct named_number next;
	int64_t nr;

	if (seccomp_syscall_resolve_name_arch(token, need) >= 0 ||
	    !syscall_number(token, need, &nr) || nr <= last_named(entries, token) ||
	    !numbers_next_named(token, (uint32_t)nr, &next))
		return;
	own_entry(entries, next.name)->neutral = true;
	lint_note(&composer->composed->notes, 2, "",
		  "%s is listed with the default action so that runc's stub does not refuse %s, "
		  "number %lld on %s",
		  next.name, need, (long long)nr, arch_name(token));
}

static void put_pins(const struct composer *composer, struct compose_entries *entries)
{
	const struct needs *needs = composer->composing->needs;

	for (size_t i = 0; i < needs->count; i++) {
		for (size_t j = 0;
		     composer->fates[i] != FATE_LEFT && j < composer->arches.arch_count; j++)
			put_pin(composer, needs->all[i].name, composer->arches.arches[j], entries);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct compose_entry *)a)->name,
		      ((const struct compose_entry *)b)->name);
}

void compose_entries_make(const struct composer *composer, struct compose_entries *entries)
{
	bool stub = composer->composing->options.runtime == RUNTIME_RUNC &&
		    value_pass(composer->default_action) < PASS_TRACED;

	*entries = (struct compose_entries){0};
	put_needs(composer, entries);
	put_base_names(composer, entries);
	if (stub) {
		put_pins(composer, entries);
		put_all_stubbed(composer, entries);
	}
	if (entries->count)
		qsort(entries->all, entries->count, sizeof(*entries->all), by_name);
}

struct document compose_entries_document(const struct composer *composer,
					 const struct compose_entries *entries,
					 uint32_t default_action)
{
	struct document document = {0};

	document_set_default(&document, default_action);
	for (size_t i = 0; i < composer->arch_names.count; i++)
		strings_add(&document.architectures, composer->arch_names.all[i]);
	for (size_t i = 0; i < entries->count; i++) {
		const struct compose_entry *entry = &entries->all[i];

		document_add_name(&document, entry->name,
				  entry->neutral ? default_action : entry->value, NULL, 0);
	}
	return document;
}
