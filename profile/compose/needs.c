#include "profile/compose/needs.h"

#include "base/mem.h"
#include "base/sorted.h"
#include "ingest/arch.h"

#include <seccomp.h>
#include <stdlib.h>

void needs_release(struct needs *needs)
{
	for (size_t i = 0; i < needs->count; i++)
		free(needs->all[i].name);
	free(needs->all);
	free(needs->unnamed);
	*needs = (struct needs){0};
}

/* Bounded by the names that exist: libseccomp's and those of the table of newer ones. */
static void add_name(struct needs *needs, const char *name, unsigned origins)
{
	struct need need = {(char *)(uintptr_t)name, origins};
	size_t at;

	if (sorted_find(needs->all, needs->count, sizeof(need), &need, sorted_by_name, &at)) {
		needs->all[at].origins |= origins;
		return;
	}
	need.name = mem_copy(str_from(name));
	needs->all = sorted_insert(needs->all, needs->count++, sizeof(need), at, &need);
}

static int compare_unnamed(const void *a, const void *b)
{
	const struct unnamed *unnamed_a = a, *unnamed_b = b;

	if (unnamed_a->audit_arch != unnamed_b->audit_arch)
		return unnamed_a->audit_arch < unnamed_b->audit_arch ? -1 : 1;
	return (unnamed_a->nr > unnamed_b->nr) - (unnamed_a->nr < unnamed_b->nr);
}

/* Keeps the first in order, so that the report does not depend on the order of the log: one that is
 * dropped sorts after all that are kept, and does not come back. */
static void add_unnamed(struct needs *needs, uint32_t audit_arch, int32_t nr, size_t seen)
{
	const struct unnamed unnamed = {.audit_arch = audit_arch, .nr = nr, .seen = seen};
	size_t at;

	if (sorted_find(needs->unnamed, needs->unnamed_count, sizeof(unnamed), &unnamed,
			compare_unnamed, &at)) {
		needs->unnamed[at].seen += seen;
		return;
	}
	if (at == NEEDS_UNNAMED_MAX) {
		needs->unnamed_unlisted += seen;
		return;
	}
	if (needs->unnamed_count == NEEDS_UNNAMED_MAX)
		needs->unnamed_unlisted += needs->unnamed[--needs->unnamed_count].seen;
	needs->unnamed = sorted_insert(needs->unnamed, needs->unnamed_count++, sizeof(unnamed), at,
				       &unnamed);
}

void needs_observe(struct needs *needs, uint32_t audit_arch, int32_t nr)
{
	uint32_t token = arch_token(audit_arch, nr);
	char name[SYSCALL_NAME_SIZE];

	if (arch_name(token))
		needs_add_arch(needs, token);
	if (arch_name(token) && syscall_name(audit_arch, nr, name))
		add_name(needs, name, NEED_OBSERVED);
	else
		add_unnamed(needs, audit_arch, nr, 1);
}

void needs_join(struct needs *needs, const struct needs *other)
{
	for (size_t i = 0; i < other->count; i++)
		add_name(needs, other->all[i].name, other->all[i].origins);
	for (size_t i = 0; i < other->arch_count; i++)
		needs_add_arch(needs, other->arches[i]);
	for (size_t i = 0; i < other->unnamed_count; i++)
		add_unnamed(needs, other->unnamed[i].audit_arch, other->unnamed[i].nr,
			    other->unnamed[i].seen);
	needs->unnamed_unlisted += other->unnamed_unlisted;
}

bool needs_add_arch(struct needs *needs, uint32_t token)
{
	for (size_t i = 0; i < needs->arch_count; i++)
		if (needs->arches[i] == token)
			return true;
	if (needs->arch_count == NEEDS_ARCHES_MAX)
		return false;
	needs->arches[needs->arch_count++] = token;
	return true;
}

void needs_add_sub_arches(struct needs *needs)
{
	size_t count = needs->arch_count;

	for (size_t i = 0; i < count; i++)
		for (const uint32_t *sub = arch_subs(needs->arches[i]); *sub; sub++)
			needs_add_arch(needs, *sub);
}

void needs_add_always(struct needs *needs, enum always set)
{
	static const unsigned origins[] = {NEED_PROGRAM, NEED_SETUP};
	size_t count;
	const struct always_call *calls = always_calls(set, &count);

	/* negative numbers are libseccomp's, for calls that the arch does not have */
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < needs->arch_count; k++)
			if (seccomp_syscall_resolve_name_arch(needs->arches[k], calls[i].name) >= 0)
				add_name(needs, calls[i].name, origins[set]);
}

const struct need *needs_find(const struct needs *needs, const char *name)
{
	const struct need need = {.name = (char *)(uintptr_t)name};
	size_t at;

	return sorted_find(needs->all, needs->count, sizeof(need), &need, sorted_by_name, &at)
		       ? &needs->all[at]
		       : NULL;
}

static int compare_arches(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left;
	uint32_t b = *(const uint32_t *)right;
	bool a_is_host = a == arch_native();
	bool b_is_host = b == arch_native();
	const char *a_name = arch_name(a);
	const char *b_name = arch_name(b);

	if (a_is_host != b_is_host)
		return a_is_host ? -1 : 1;
	if (!a_name || !b_name)
		return (a_name == NULL) - (b_name == NULL);
	return strcmp(a_name, b_name);
}

void needs_sort_arches(struct needs *needs)
{
	qsort(needs->arches, needs->arch_count, sizeof(needs->arches[0]), compare_arches);
}
