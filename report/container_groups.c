#include "report/container_groups.h"

#include "base/mem.h"

#include <search.h>
#include <stdlib.h>

void container_groups_release(struct container_groups *groups)
{
	mem_tdestroy(groups->tree);
	for (size_t i = 0; i < groups->count; i++) {
		group_key_release(&groups->all[i]->key);
		free(groups->all[i]->calls);
		free(groups->all[i]);
	}
	free(groups->all);
	*groups = (struct container_groups){0};
}

static int compare_keys(const void *a, const void *b)
{
	const struct container_group *one = a, *other = b;

	return group_key_compare(&one->key, &other->key);
}

static struct container_group *group_for(struct container_groups *groups,
					 const struct container *container, struct str node)
{
	const struct container_group probe = {
		.key = group_key_of_container(container, node, groups->by)};
	struct container_group **found = tfind(&probe, &groups->tree, compare_keys);

	if (found)
		return *found;
	struct container_group *group = mem_new(1, sizeof(*group));

	group->key = group_key_copy(&probe.key);
	group->coverage = COVERAGE_FULL;
	groups->all = mem_more(groups->all, groups->count, sizeof(struct container_group *));
	groups->all[groups->count++] = group;
	mem_tsearch(group, &groups->tree, compare_keys);
	return group;
}

void container_groups_add(struct container_groups *groups, const struct container_summary *summary)
{
	struct container_group *group = group_for(groups, &summary->container, summary->node);

	group->containers++;
	if (summary->container.coverage < group->coverage)
		group->coverage = summary->container.coverage;
	if (!summary->has_records)
		return;
	group->records += summary->records;
	if (!group->has_records || summary->first_ms < group->first_ms)
		group->first_ms = summary->first_ms;
	if (!group->has_records || summary->last_ms > group->last_ms)
		group->last_ms = summary->last_ms;
	group->has_records = true;
}

static int compare_calls(const void *a, const void *b)
{
	const uint64_t *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

static void join_calls(struct container_group *group)
{
	size_t kept = 0;

	if (group->call_count == 0)
		return;
	qsort(group->calls, group->call_count, sizeof(*group->calls), compare_calls);
	for (size_t i = 1; i < group->call_count; i++)
		if (group->calls[i] != group->calls[kept])
			group->calls[++kept] = group->calls[i];
	group->call_count = kept + 1;
}

/* Many containers make the same calls: room is only made for what is left when they are joined. */
void container_groups_add_observation(struct container_groups *groups,
				      const struct observation *observation)
{
	if (observation->attribution != ATTRIBUTION_CONTAINER)
		return;
	struct container_group *group =
		group_for(groups, &observation->container, observation->node);
	uint64_t arch = observation->has_arch ? observation->arch : 0;

	if (group->call_count == group->call_size) {
		join_calls(group);
		group->call_size = group->call_count * 2 + 64;
		group->calls = mem_resize(group->calls, group->call_size * sizeof(*group->calls));
	}
	group->calls[group->call_count++] = arch << 32 | (uint32_t)observation->nr;
}

static int compare_groups(const void *a, const void *b)
{
	return compare_keys(*(struct container_group *const *)a,
			    *(struct container_group *const *)b);
}

void container_groups_finish(struct container_groups *groups)
{
	if (groups->count)
		qsort(groups->all, groups->count, sizeof(struct container_group *), compare_groups);
	for (size_t i = 0; i < groups->count; i++) {
		join_calls(groups->all[i]);
		groups->all[i]->syscalls = groups->all[i]->call_count;
	}
}
