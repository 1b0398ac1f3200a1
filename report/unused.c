#include "report/unused.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/answers/numbers.h"
#include "profile/filter/filter.h"

#include <stdlib.h>

void unused_release(struct unused *unused)
{
	for (size_t i = 0; i < unused->count; i++)
		needs_release(&unused->all[i].passes);
	*unused = (struct unused){0};
}

uint64_t unused_bit(struct unused *unused, struct profile *profile)
{
	for (size_t i = 0; i < unused->count; i++)
		if (unused->all[i].profile == profile)
			return UINT64_C(1) << i;
	if (unused->count == UNUSED_PROFILES_MAX)
		return 0;
	unused->all[unused->count].profile = profile;
	return UINT64_C(1) << unused->count++;
}

/* What the kernel shows to no filter is no profile's to take away. */
static bool passes(struct profile *profile, uint32_t audit_arch, int64_t nr)
{
	struct verdict verdict = profile_judge(profile, audit_arch, nr);

	return verdict.origin != VERDICT_BY_KERNEL && verdict_passes(verdict.kind);
}

static void ask_arch(struct unused_profile *asked, uint32_t token)
{
	uint32_t audit_arch = arch_audit(token);
	struct named_number *numbers;
	size_t count = numbers_named(token, &numbers);

	for (size_t i = 0; i < count; i++)
		if (passes(asked->profile, audit_arch, numbers[i].nr))
			needs_observe(&asked->passes, audit_arch, (int32_t)numbers[i].nr);
	free(numbers);
}

/* Without a filter everything passes: what programs of this machine can call. */
static void ask_unfiltered(struct unused_profile *asked)
{
	struct needs native = {0};

	needs_add_arch(&native, arch_native());
	needs_add_sub_arches(&native);
	for (size_t i = 0; i < native.arch_count; i++)
		ask_arch(asked, native.arches[i]);
	needs_release(&native);
}

static void ask(struct unused_profile *asked)
{
	const struct filter *filter = profile_filter(asked->profile);

	if (!filter)
		ask_unfiltered(asked);
	for (size_t i = 0; filter && i < filter->arch_count; i++)
		ask_arch(asked, filter->arches[i].token);
}

void unused_ask(struct unused *unused)
{
	for (size_t i = 0; i < unused->count; i++)
		ask(&unused->all[i]);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of a sorted list, each once. */
static size_t each_once(const char **names, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
			names[kept++] = names[i];
	return kept;
}

size_t unused_names(const struct unused *unused, uint64_t set, const struct needs *used,
		    const char ***ret_names)
{
	const char **names = NULL;
	size_t count = 0;

	for (size_t i = 0; i < unused->count; i++) {
		const struct needs *some = &unused->all[i].passes;

		if (!(set & UINT64_C(1) << i))
			continue;
		names = mem_resize(names, (count + some->count + 1) * sizeof(*names));
		for (size_t j = 0; j < some->count; j++)
			if (!needs_find(used, some->all[j].name))
				names[count++] = some->all[j].name;
	}
	if (count)
		qsort(names, count, sizeof(*names), compare_names);
	*ret_names = names;
	return each_once(names, count);
}
