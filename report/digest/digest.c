#include "report/digest/digest.h"

#include "base/mem.h"
#include "base/sorted.h"
#include "ingest/action.h"
#include "ingest/arch.h"

#include <search.h>
#include <stdlib.h>

struct digest {
	enum group_by by;
	bool knows_before;
	struct digest_group **groups;
	size_t group_count;
	void *tree; /* of groups by their keys, see tsearch(3) */
};

struct digest *digest_new(enum group_by by, bool knows_before)
{
	struct digest *digest = mem_new(1, sizeof(*digest));

	digest->by = by;
	digest->knows_before = knows_before;
	return digest;
}

bool digest_knows_before(const struct digest *digest)
{
	return digest->knows_before;
}

static void group_free(struct digest_group *group)
{
	for (size_t i = 0; i < group->call_count; i++)
		for (size_t j = 0; j < group->calls[i].program_count; j++)
			free((void *)(uintptr_t)group->calls[i].programs[j].p);
	free(group->calls);
	runs_release(&group->runs);
	free(group->title);
	group_key_release(&group->key);
	free(group);
}

void digest_free(struct digest *digest)
{
	if (!digest)
		return;
	mem_tdestroy(digest->tree);
	for (size_t i = 0; i < digest->group_count; i++)
		group_free(digest->groups[i]);
	free(digest->groups);
	free(digest);
}

static int compare_groups(const void *a, const void *b)
{
	const struct digest_group *group_a = a, *group_b = b;

	return group_key_compare(&group_a->key, &group_b->key);
}

static struct digest_group *group_for(struct digest *digest, const struct observation *observation)
{
	bool contained = observation->attribution == ATTRIBUTION_CONTAINER;
	struct digest_group probe = {
		.key = contained ? group_key_of(observation, digest->by)
				 : group_key_of_outside(observation, digest->by),
	};
	struct digest_group **found = tfind(&probe, &digest->tree, compare_groups);

	if (found)
		return *found;
	struct digest_group *group = mem_new(1, sizeof(*group));
	BUF_AUTO title = {0};

	group->key = group_key_copy(&probe.key);
	group_key_put_name(&title, &group->key);
	group->title = mem_copy(buf_str(&title));
	digest->groups = mem_more(digest->groups, digest->group_count, sizeof(*digest->groups));
	digest->groups[digest->group_count++] = group;
	mem_tsearch(group, &digest->tree, compare_groups);
	return group;
}

static int compare_calls(const void *a, const void *b)
{
	const struct digest_call *one = a, *other = b;

	if (one->has_arch != other->has_arch)
		return (int)one->has_arch - (int)other->has_arch;
	if (one->arch != other->arch)
		return one->arch < other->arch ? -1 : 1;
	if (one->nr != other->nr)
		return one->nr < other->nr ? -1 : 1;
	return (one->code > other->code) - (one->code < other->code);
}

/* NULL where the group has as many calls as are kept. */
static struct digest_call *call_for(struct digest_group *group,
				    const struct observation *observation)
{
	struct digest_call call = {
		.has_arch = observation->has_arch,
		.arch = observation->has_arch ? observation->arch : 0,
		.nr = observation->nr,
		.code = observation->code,
		.count_exact = true,
	};
	size_t at;

	if (sorted_find(group->calls, group->call_count, sizeof(call), &call, compare_calls, &at))
		return &group->calls[at];
	if (group->call_count == DIGEST_CALLS_MAX)
		return NULL;
	group->calls = sorted_insert(group->calls, group->call_count++, sizeof(call), at, &call);
	return &group->calls[at];
}

void digest_add_before(struct digest *digest, const struct observation *observation)
{
	struct digest_call *call = call_for(group_for(digest, observation), observation);

	if (call)
		call->was_before = true;
}

static void add_program(struct digest_call *call, const struct observation *observation)
{
	if (observation->comm_null)
		return;
	for (size_t i = 0; i < call->program_count; i++)
		if (str_eq(call->programs[i], observation->comm))
			return;
	if (call->program_count < DIGEST_PROGRAMS_MAX)
		call->programs[call->program_count++] =
			str_of(mem_copy(observation->comm), observation->comm.n);
}

static void widen(bool first, int64_t *first_ms, int64_t *last_ms,
		  const struct observation *observation)
{
	if (first || observation->first_ms < *first_ms)
		*first_ms = observation->first_ms;
	if (first || observation->last_ms > *last_ms)
		*last_ms = observation->last_ms;
}

static void judge(struct digest_call *call, struct profile *profile)
{
	if (call->judged || !profile || !call->has_arch)
		return;
	struct verdict verdict = profile_judge(profile, call->arch, call->nr);

	call->judged = true;
	call->allowed = !finding_kind_of(&verdict, &call->kind);
}

void digest_add(struct digest *digest, const struct observation *observation,
		struct profile *profile)
{
	struct digest_group *group = group_for(digest, observation);
	struct digest_call *call = call_for(group, observation);

	runs_add(&group->runs, observation);
	traits_add(&group->traits, observation);
	widen(group->records == 0, &group->first_ms, &group->last_ms, observation);
	group->records += observation->count;
	if (!call) {
		group->calls_cut += observation->count;
		return;
	}
	widen(!call->is_observed, &call->first_ms, &call->last_ms, observation);
	call->is_observed = true;
	call->count += observation->count;
	call->count_exact &= observation->count_exact;
	add_program(call, observation);
	judge(call, profile);
}

int digest_read_hours(struct digest *digest, struct store *store, const struct selection *selection,
		      struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < digest->group_count && r == 0; i++) {
		r = runs_read_hours(&digest->groups[i]->runs, store, selection, err);
		runs_finish(&digest->groups[i]->runs);
	}
	return r;
}

static int sort_groups(const void *a, const void *b)
{
	return compare_groups(*(struct digest_group *const *)a, *(struct digest_group *const *)b);
}

static void count_calls(struct digest_group *group, bool knows_before)
{
	for (size_t i = 0; i < group->call_count; i++) {
		struct digest_call *call = &group->calls[i];

		call->is_new = knows_before && call->is_observed && !call->was_before;
		group->new_count += call->is_new;
		group->refused_count += call->is_observed && action_refuses(call->code);
	}
}

void digest_finish(struct digest *digest)
{
	size_t kept = 0;

	for (size_t i = 0; i < digest->group_count; i++) {
		struct digest_group *group = digest->groups[i];

		if (group->records == 0) {
			tdelete(group, &digest->tree, compare_groups);
			group_free(group);
			continue;
		}
		count_calls(group, digest->knows_before);
		digest->groups[kept++] = group;
	}
	digest->group_count = kept;
	if (kept)
		qsort(digest->groups, kept, sizeof(*digest->groups), sort_groups);
}

struct digest_group *const *digest_groups(const struct digest *digest, size_t *ret_count)
{
	*ret_count = digest->group_count;
	return digest->groups;
}

const struct digest_group *digest_find(const struct digest *digest, const struct group_key *key)
{
	const struct digest_group probe = {.key = *key};
	struct digest_group **found = tfind(&probe, &digest->tree, compare_groups);

	return found ? *found : NULL;
}
