#include "report/diff.h"

#include "base/mem.h"
#include "report/diff_private.h"

#include <search.h>
#include <stdlib.h>

/* Groups that a reason names before it only counts them. */
#define NAMED_GROUPS_MAX 5

struct diff *diff_new(enum group_by by, bool strict)
{
	struct diff *diff = mem_new(1, sizeof(*diff));

	diff->by = by;
	diff->strict = strict;
	return diff;
}

void diff_ask_unused(struct diff *diff)
{
	diff->asks_unused = true;
}

static void keep_node(void *node)
{
	(void)node; /* the arrays own what the trees find */
}

static void group_free(struct diff_group *group)
{
	for (size_t i = 0; i < group->finding_count; i++)
		finding_free(group->findings[i]);
	free(group->findings);
	tdestroy(group->tree, keep_node);
	needs_release(&group->used);
	group_key_release(&group->key);
	free(group);
}

void diff_free(struct diff *diff)
{
	if (!diff)
		return;
	tdestroy(diff->tree, keep_node);
	for (size_t i = 0; i < diff->group_count; i++)
		group_free(diff->groups[i]);
	free(diff->groups);
	evidence_release(&diff->evidence);
	unused_release(&diff->unused);
	free(diff);
}

/* Doubles an array of pointers when it is full. */
static void *grow(void *array, size_t count, size_t *size)
{
	if (count < *size)
		return array;
	*size = *size ? *size * 2 : 8;
	return mem_resize(array, *size * sizeof(void *));
}

static int compare_groups(const void *a, const void *b)
{
	const struct diff_group *group_a = a, *group_b = b;

	if (group_a->is_rest != group_b->is_rest)
		return (int)group_a->is_rest - (int)group_b->is_rest;
	return group_key_compare(&group_a->key, &group_b->key);
}

static struct diff_group *find_or_add_group(struct diff *diff, const struct diff_group *probe)
{
	struct diff_group **found = tfind(probe, &diff->tree, compare_groups);

	if (found)
		return *found;
	struct diff_group *group = mem_new(1, sizeof(*group));

	group->key = group_key_copy(&probe->key);
	group->is_rest = probe->is_rest;
	group->coverage = COVERAGE_FULL;
	diff->groups = grow(diff->groups, diff->group_count, &diff->group_size);
	diff->groups[diff->group_count++] = group;
	tsearch(group, &diff->tree, compare_groups);
	return group;
}

static struct diff_group *group_for(struct diff *diff, const struct group_key *key)
{
	struct diff_group probe = {.key = *key};

	if (diff->last && compare_groups(diff->last, &probe) == 0)
		return diff->last;
	if (diff->group_count >= DIFF_GROUPS_MAX && key->attribution == ATTRIBUTION_UNATTRIBUTED &&
	    !tfind(&probe, &diff->tree, compare_groups))
		probe = (struct diff_group){
			.is_rest = true,
			.key = {.by = key->by, .attribution = ATTRIBUTION_UNATTRIBUTED},
		};
	diff->last = find_or_add_group(diff, &probe);
	return diff->last;
}

static void lower_coverage(struct diff_group *group, enum coverage coverage)
{
	if (coverage < group->coverage)
		group->coverage = coverage;
}

void diff_add_container(struct diff *diff, const struct container *container, struct str node,
			struct profile *profile)
{
	struct group_key key = group_key_of_container(container, node, diff->by);
	struct diff_group *group = group_for(diff, &key);

	lower_coverage(group, container->coverage);
	if (diff->asks_unused && profile)
		group->judged_by |= unused_bit(&diff->unused, profile);
}

static int compare_finding_keys(const void *a, const void *b)
{
	return finding_compare_key(a, b);
}

static struct finding *find_or_add_finding(struct diff_group *group, enum finding_kind kind,
					   const struct verdict *verdict,
					   const struct observation *observation)
{
	struct finding probe = {
		.kind = kind,
		.arch = observation->arch,
		.nr = observation->nr,
		.verdict = *verdict,
	};
	struct finding **found = tfind(&probe, &group->tree, compare_finding_keys);

	if (found)
		return *found;
	struct finding *finding = finding_new(kind, verdict, observation);

	group->findings = grow(group->findings, group->finding_count, &group->finding_size);
	group->findings[group->finding_count++] = finding;
	tsearch(finding, &group->tree, compare_finding_keys);
	return finding;
}

static void use(struct diff *diff, struct diff_group *group, const struct observation *observation,
		struct profile *profile)
{
	group->judged_by |= unused_bit(&diff->unused, profile);
	group->killed += evidence_is_kill(observation->code) ? observation->count : 0;
	if (observation->has_arch)
		needs_observe(&group->used, observation->arch, observation->nr);
	else
		group->without_arch += observation->count;
}

void diff_add_observation(struct diff *diff, const struct observation *observation,
			  struct profile *profile)
{
	struct group_key key = group_key_of(observation, diff->by);
	struct diff_group *group = group_for(diff, &key);
	enum finding_kind kind;

	lower_coverage(group, observation->container.coverage);
	evidence_add_observation(&diff->evidence, observation);
	if (diff->asks_unused)
		use(diff, group, observation, profile);
	if (!observation->has_arch)
		return;
	group->records += observation->count;
	struct verdict verdict = profile_judge(profile, observation->arch, observation->nr);

	if (finding_kind_of(&verdict, &kind))
		finding_add(find_or_add_finding(group, kind, &verdict, observation), observation);
}

struct evidence *diff_evidence(struct diff *diff)
{
	return &diff->evidence;
}

/* One reason for all groups of that coverage, naming the first few. */
static void add_coverage_reason(struct diff *diff, enum coverage coverage)
{
	BUF_AUTO names = {0};
	size_t n = 0;

	for (size_t i = 0; i < diff->group_count; i++) {
		if (diff->groups[i]->coverage != coverage || n++ >= NAMED_GROUPS_MAX)
			continue;
		buf_put_str(&names, n > 1 ? STR(", ") : STR(""));
		group_key_put(&names, &diff->groups[i]->key);
	}
	if (n > NAMED_GROUPS_MAX)
		buf_format(&names, " and %zu more", n - NAMED_GROUPS_MAX);
	if (n)
		evidence_add_reason(&diff->evidence, "coverage %s for %s: %s",
				    coverage_name(coverage), names.p,
				    evidence_of_coverage(coverage));
}

static void conclude(struct diff *diff)
{
	diff->coverage = diff->group_count ? COVERAGE_FULL : COVERAGE_UNKNOWN;
	for (size_t i = 0; i < diff->group_count; i++)
		if (diff->groups[i]->coverage < diff->coverage)
			diff->coverage = diff->groups[i]->coverage;
	diff->flawed = diff->evidence.incomplete;
	evidence_conclude(&diff->evidence);
	for (enum coverage coverage = COVERAGE_UNKNOWN; coverage < COVERAGE_FULL; coverage++)
		add_coverage_reason(diff, coverage);
}

static int sort_groups(const void *a, const void *b)
{
	return compare_groups(*(struct diff_group *const *)a, *(struct diff_group *const *)b);
}

static int sort_findings(const void *a, const void *b)
{
	return finding_compare(*(struct finding *const *)a, *(struct finding *const *)b);
}

void diff_finish(struct diff *diff)
{
	if (diff->group_count)
		qsort(diff->groups, diff->group_count, sizeof(*diff->groups), sort_groups);
	for (size_t i = 0; i < diff->group_count; i++) {
		struct diff_group *group = diff->groups[i];

		if (group->finding_count)
			qsort(group->findings, group->finding_count, sizeof(*group->findings),
			      sort_findings);
	}
	unused_ask(&diff->unused);
	conclude(diff);
}

bool diff_kind_differs(const struct diff *diff, enum finding_kind kind)
{
	return kind == FINDING_MISSING || kind == FINDING_LOGGED ||
	       (kind == FINDING_FALLBACK && diff->strict);
}

bool diff_group_differs(const struct diff *diff, const struct diff_group *group)
{
	for (size_t i = 0; i < group->finding_count; i++)
		if (diff_kind_differs(diff, group->findings[i]->kind))
			return true;
	return false;
}

bool diff_has_differences(const struct diff *diff)
{
	for (size_t i = 0; i < diff->group_count; i++)
		if (diff_group_differs(diff, diff->groups[i]))
			return true;
	return false;
}

bool diff_is_complete(const struct diff *diff)
{
	return !diff->evidence.incomplete;
}

bool diff_shows_group(const struct diff *diff, const struct diff_group *group,
		      const struct diff_writing *writing)
{
	return !writing->only_differences || diff_group_differs(diff, group);
}

bool diff_shows_kind(const struct diff *diff, enum finding_kind kind,
		     const struct diff_writing *writing)
{
	return !writing->only_differences || diff_kind_differs(diff, kind);
}

int diff_write(const struct diff *diff, enum format format, const struct diff_writing *writing,
	       FILE *out)
{
	static void (*const writers[])(const struct diff *, const struct diff_writing *, FILE *) = {
		[FORMAT_TEXT] = diff_write_text,
		[FORMAT_JSON] = diff_write_json,
		[FORMAT_CSV] = diff_write_csv,
	};

	if (writing->only_differences && !writing->evidence && !diff_has_differences(diff))
		return 0;
	writers[format](diff, writing, out);
	return format_written(out);
}
