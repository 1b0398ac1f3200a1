#include "profile/compose/needs.h"

#include "base/mem.h"
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

/* Where the name is, or where it belongs. */
static size_t place_of(const struct needs *needs, const char *name, bool *ret_found)
{
	size_t low = 0;
	size_t high = needs->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(needs->all[middle].name, name);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = false;
	return low;
}

/* Bounded by the names that exist: libseccomp's and those of the table of newer ones. */
static void add_name(struct needs *needs, const char *name, unsigned origins)
{
	bool found;
	size_t at = place_of(needs, name, &found);

	if (found) {
		needs->all[at].origins |= origins;
		return;
	}
	if (needs->count == needs->size) {
		needs->size = needs->size ? needs->size * 2 : 64;
		needs->all = mem_resize(needs->all, needs->size * sizeof(*needs->all));
	}
	memmove(needs->all + at + 1, needs->all + at, (needs->count - at) * sizeof(*needs->all));
	needs->all[at].name = mem_copy(str_from(name));
	needs->all[at].origins = origins;
	needs->count++;
}

static int compare_unnamed(const struct unnamed *a, const struct unnamed *b)
{
	if (a->audit_arch != b->audit_arch)
		return a->audit_arch < b->audit_arch ? -1 : 1;
	return (a->nr > b->nr) - (a->nr < b->nr);
}

/* Where there is room for one more: behind the last, or in its place. */
static void make_room(struct needs *needs)
{
	if (needs->unnamed_count == NEEDS_UNNAMED_MAX) {
		needs->unnamed_unlisted += needs->unnamed[--needs->unnamed_count].seen;
		return;
	}
	if (needs->unnamed_count < needs->unnamed_size)
		return;
	needs->unnamed_size = needs->unnamed_size ? needs->unnamed_size * 2 : 8;
	needs->unnamed = mem_resize(needs->unnamed, needs->unnamed_size * sizeof(*needs->unnamed));
}

/* Sorted, and of too many the first are kept, so that what is told of them does not depend on the
 * order of the log: one that was driven out comes after all that are kept, and does not return. */
static void add_unnamed(struct needs *needs, uint32_t audit_arch, int32_t nr, size_t seen)
{
	const struct unnamed unnamed = {.audit_arch = audit_arch, .nr = nr, .seen = seen};
	size_t at = 0;

	while (at < needs->unnamed_count && compare_unnamed(&needs->unnamed[at], &unnamed) < 0)
		at++;
	if (at == NEEDS_UNNAMED_MAX) {
		needs->unnamed_unlisted += seen;
		return;
	}
	if (at < needs->unnamed_count && compare_unnamed(&needs->unnamed[at], &unnamed) == 0) {
		needs->unnamed[at].seen += seen;
		return;
	}
	make_room(needs);
	memmove(needs->unnamed + at + 1, needs->unnamed + at,
		(needs->unnamed_count - at) * sizeof(*needs->unnamed));
	needs->unnamed[at] = unnamed;
	needs->unnamed_count++;
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

/* libseccomp's negative numbers stand for what that arch does not have. */
static bool arch_has(uint32_t token, const char *name)
{
	return seccomp_syscall_resolve_name_arch(token, name) >= 0;
}

static bool an_arch_has(const struct needs *needs, const char *name)
{
	for (size_t i = 0; i < needs->arch_count; i++)
		if (arch_has(needs->arches[i], name))
			return true;
	return false;
}

void needs_add_always(struct needs *needs, enum always set)
{
	static const unsigned origins[ALWAYS_COUNT] = {
		[ALWAYS_PROGRAM] = NEED_PROGRAM,
		[ALWAYS_SETUP] = NEED_SETUP,
	};
	size_t count;
	const struct always_call *calls = always_calls(set, &count);

	for (size_t i = 0; i < count; i++)
		if (an_arch_has(needs, calls[i].name))
			add_name(needs, calls[i].name, origins[set]);
}

const struct need *needs_find(const struct needs *needs, const char *name)
{
	bool found;
	size_t at = place_of(needs, name, &found);

	return found ? &needs->all[at] : NULL;
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
