#include "report/recording.h"

#include "base/texts.h"

static void join_window(struct recorded_group *to, const struct recorded_group *from)
{
	if (from->records == 0)
		return;
	if (to->records == 0 || from->first_ms < to->first_ms)
		to->first_ms = from->first_ms;
	if (to->records == 0 || from->last_ms > to->last_ms)
		to->last_ms = from->last_ms;
	to->records += from->records;
}

static void join_caps(struct recorded_group *to, const struct recorded_group *from)
{
	to->caps_differ |= from->caps_differ || from->caps != to->caps;
	to->caps &= from->caps;
	to->has_caps &= from->has_caps;
}

/* A reason is one of the group that it is known of. */
static void join_evidence(struct recorded_group *to, const struct recorded_group *from)
{
	BUF_AUTO name = {0};

	group_key_put_name(&name, &from->key);
	to->evidence.records += from->evidence.records;
	to->evidence.without_arch += from->evidence.without_arch;
	to->evidence.forgeable += from->evidence.forgeable;
	for (size_t i = 0; i < from->evidence.reason_count; i++)
		evidence_add_reason(&to->evidence, "%.200s: %s", name.n ? name.p : "",
				    from->evidence.reasons[i].text.p);
	to->evidence.reasons_unlisted += from->evidence.reasons_unlisted;
	to->evidence.incomplete |= from->evidence.incomplete;
	to->traits.refused += from->traits.refused;
	to->traits.io_uring |= from->traits.io_uring;
}

static void join(struct recorded_group *to, const struct recorded_group *from,
		 struct texts *containers, struct texts *namespaces)
{
	needs_join(&to->needs, &from->needs);
	if (from->coverage < to->coverage)
		to->coverage = from->coverage;
	join_window(to, from);
	join_caps(to, from);
	join_evidence(to, from);
	for (size_t i = 0; i < from->container_count; i++)
		texts_add(containers, str_from(from->containers[i]));
	for (size_t i = 0; i < from->namespace_count; i++)
		texts_add(namespaces, str_from(from->namespaces[i]));
}

struct recorded_group recorded_join(struct str name, struct recorded_group *const *groups,
				    size_t count)
{
	const struct group_key key = {
		.by = GROUP_BY_SHARED,
		.attribution = ATTRIBUTION_CONTAINER,
		.parts = 1U << GROUP_CONTAINER,
		.known = 1U << GROUP_CONTAINER,
		.values[GROUP_CONTAINER] = name,
	};
	struct recorded_group joined = {
		.key = group_key_copy(&key),
		.coverage = COVERAGE_FULL,
		.has_caps = count > 0,
		.caps = count ? groups[0]->caps : 0,
	};
	struct texts containers = {0}, namespaces = {0};

	for (size_t i = 0; i < count; i++)
		join(&joined, groups[i], &containers, &namespaces);
	texts_sort(&containers);
	texts_sort(&namespaces);
	joined.caps_differ &= joined.has_caps;
	joined.containers = containers.all;
	joined.container_count = containers.count;
	joined.namespaces = namespaces.all;
	joined.namespace_count = namespaces.count;
	return joined;
}
