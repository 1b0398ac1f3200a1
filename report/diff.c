#include "report/diff.h"

#include "base/mem.h"
#include "report/diff_private.h"

#include <inttypes.h>
#include <linux/seccomp.h>
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

void diff_set_active(struct diff *diff, struct active *active, const struct selection *selection)
{
	diff->active = active;
	diff->since_ms = selection->has_since ? selection->since_ms : INT64_MIN;
	diff->until_ms = selection->has_until ? selection->until_ms : INT64_MAX;
	diff->is_selective = selection->container.count || selection->image.count ||
			     selection->pod.count || selection->namespace.count ||
			     selection->workload.count || selection->comm.count ||
			     selection->exe.count || selection->syscall.count;
}

void diff_ask_unused(struct diff *diff)
{
	diff->asks_unused = true;
}

void diff_ask_runs(struct diff *diff)
{
	diff->asks_runs = true;
}

void diff_join_programs(struct diff *diff)
{
	diff->joins_programs = true;
}

static void group_free(struct diff_group *group)
{
	for (size_t i = 0; i < group->finding_count; i++)
		finding_free(group->findings[i]);
	free(group->findings);
	mem_tdestroy(group->tree);
	needs_release(&group->used);
	runs_release(&group->runs);
	free(group->views);
	texts_release(&group->nodes);
	group_key_release(&group->key);
	free(group);
}

void diff_free(struct diff *diff)
{
	if (!diff)
		return;
	mem_tdestroy(diff->tree);
	for (size_t i = 0; i < diff->group_count; i++)
		group_free(diff->groups[i]);
	free(diff->groups);
	evidence_release(&diff->evidence);
	unused_release(&diff->unused);
	for (size_t i = 0; i < diff->change_count; i++)
		change_free(diff->changes[i]);
	free(diff->changes);
	free(diff);
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
	diff->groups = mem_more(diff->groups, diff->group_count, sizeof(*diff->groups));
	diff->groups[diff->group_count++] = group;
	mem_tsearch(group, &diff->tree, compare_groups);
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

/* Whose views are added; what a user said to log everything hides nothing, whatever it was. */
struct looking {
	struct diff_group *group;
	bool logs_everything;
};

/* An active_fn: the profile was in force for some of the group. */
static void add_view(void *context, const struct active_profile *in_force, struct blind *blind)
{
	const struct looking *looking = context;
	struct diff_group *group = looking->group;

	if (!in_force)
		group->unseen |= !looking->logs_everything;
	if (!blind)
		return;
	for (size_t i = 0; i < group->view_count; i++)
		if (group->views[i].blind == blind)
			return;
	group->views = mem_resize(group->views, (group->view_count + 1) * sizeof(*group->views));
	group->views[group->view_count++] = (struct diff_view){in_force, blind};
}

void diff_add_container(struct diff *diff, const struct container_summary *summary,
			struct profile *profile, struct profile *against)
{
	const struct container *container = &summary->container;
	struct group_key key = group_key_of_container(container, summary->node, diff->by);
	struct diff_group *group = group_for(diff, &key);
	const struct active_owner owner = {summary->container_row, summary->node};

	lower_coverage(group, container->coverage);
	texts_add(&group->nodes, summary->node);
	ran_add_container(&group->ran, summary->ended_ms);
	struct looking looking = {group, container->coverage == COVERAGE_FULL};

	if (diff->active)
		active_each(diff->active, &owner, diff->since_ms, diff->until_ms, false, profile,
			    against, add_view, &looking);
	else
		add_view(&looking, NULL, NULL);
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

	group->findings = mem_more(group->findings, group->finding_count, sizeof(*group->findings));
	group->findings[group->finding_count++] = finding;
	mem_tsearch(finding, &group->tree, compare_finding_keys);
	return finding;
}

static void use(struct diff *diff, struct diff_group *group, const struct observation *observation,
		struct profile *profile)
{
	group->judged_by |= unused_bit(&diff->unused, profile);
	if (observation->has_arch)
		needs_observe(&group->used, observation->arch, observation->nr);
}

static struct active_owner owner_of(const struct observation *observation)
{
	bool contained = observation->attribution == ATTRIBUTION_CONTAINER;

	return (struct active_owner){contained ? observation->container_row : 0, observation->node};
}

/* What was in force while something was recorded. */
struct regime {
	struct looking looking;
	struct blind *blind;
	size_t count;
};

static void add_regime(void *context, const struct active_profile *in_force, struct blind *blind)
{
	struct regime *regime = context;

	add_view(&regime->looking, in_force, blind);
	regime->blind = blind;
	regime->count++;
}

/* What the host does is under no container's profile. */
static struct verdict judge(struct diff *diff, struct diff_group *group,
			    const struct observation *observation, struct profile *profile,
			    struct profile *against)
{
	const struct active_owner owner = owner_of(observation);
	struct regime regime = {
		.looking = {group, observation_coverage(observation) == COVERAGE_FULL}};
	uint32_t arch = observation->arch, code = observation->code;
	int32_t nr = observation->nr;

	if (diff->active && observation->attribution != ATTRIBUTION_HOST)
		active_each(diff->active, &owner, observation->first_ms, observation->last_ms, true,
			    profile, against, add_regime, &regime);
	else
		add_regime(&regime, NULL, NULL);
	if (!profile)
		return (struct verdict){.kind = VERDICT_ALLOWED};
	if (!observation->has_arch || regime.count != 1 || !regime.blind)
		return profile_judge(profile, arch, nr);
	/* a program's own filter may kill as well, but hardly logs */
	if (code == SECCOMP_RET_LOG && !blind_explains(regime.blind, arch, nr, code))
		group->unexplained += observation->count;
	return blind_judge(regime.blind, arch, nr, code);
}

static bool is_lost(struct diff *diff, struct profile *profile, struct profile *against,
		    const struct observation *observation)
{
	size_t i = 0;

	while (i < diff->change_count && !change_is_of(diff->changes[i], profile, against))
		i++;
	if (i == diff->change_count) {
		diff->changes = mem_resize(diff->changes, (i + 1) * sizeof(struct change *));
		diff->changes[diff->change_count++] = change_new(profile, against);
	}
	return change_takes(diff->changes[i], observation->arch, observation->nr);
}

static struct group_key key_of(const struct diff *diff, const struct observation *observation)
{
	return diff->joins_programs && observation->attribution != ATTRIBUTION_CONTAINER
		       ? group_key_of_outside(observation, diff->by)
		       : group_key_of(observation, diff->by);
}

void diff_add_observation(struct diff *diff, const struct observation *observation,
			  struct profile *profile, struct profile *against)
{
	struct group_key key = key_of(diff, observation);
	struct diff_group *group = group_for(diff, &key);
	enum finding_kind kind;

	lower_coverage(group, observation_coverage(observation));
	texts_add(&group->nodes, observation->node);
	ran_add(&group->ran, observation);
	struct verdict verdict = judge(diff, group, observation, profile, against);

	evidence_add_observation(&diff->evidence, observation);
	traits_add(&group->traits, observation);
	group->killed += evidence_is_kill(observation->code) ? observation->count : 0;
	group->without_arch += observation->has_arch ? 0 : observation->count;
	if (!observation->has_arch && observation_is_beyond(observation))
		group->beyond += observation->count;
	if (diff->asks_unused)
		use(diff, group, observation, profile);
	if (!observation->has_arch)
		return;
	if (diff->asks_runs)
		runs_add(&group->runs, observation);
	group->records += observation->count;
	if (finding_kind_of(&verdict, &kind) &&
	    (!against || is_lost(diff, profile, against, observation)))
		finding_add(find_or_add_finding(group, kind, &verdict, observation), observation);
}

/* A query_observation_fn. One without an arch may be of any syscall. */
static int add_other(const struct observation *observation, void *context)
{
	struct diff *diff = context;
	const struct diff_group probe = {.key = key_of(diff, observation)};
	struct diff_group **found = tfind(&probe, &diff->tree, compare_groups);

	if (!observation->has_arch)
		evidence_add_observation(&diff->evidence, observation);
	if (!found)
		return 0;
	(*found)->has_others |= observation->has_arch;
	(*found)->without_arch += observation->has_arch ? 0 : observation->count;
	(*found)->killed += evidence_is_kill(observation->code) ? observation->count : 0;
	return 0;
}

int diff_read_others(struct diff *diff, struct store *store, const struct selection *selection,
		     struct err *err)
{
	struct selection all = *selection;

	if (selection->syscall.count + selection->arch.count == 0)
		return 0;
	all.syscall.count = 0;
	all.arch.count = 0;
	return query_observations(store, &all, add_other, diff, err);
}

int diff_read_hours(struct diff *diff, struct store *store, const struct selection *selection,
		    struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < diff->group_count && r == 0; i++)
		r = runs_read_hours(&diff->groups[i]->runs, store, selection, err);
	return r;
}

static bool has_node(const struct diff_group *group, struct str node)
{
	for (size_t i = 0; i < group->nodes.count; i++)
		if (str_eq(str_from(group->nodes.all[i]), node))
			return true;
	return false;
}

static bool is_concerned(struct diff_group *group, const struct loss *loss)
{
	return has_node(group, loss->node) && ran_concerns(&group->ran, loss);
}

static bool is_asked_for(const struct diff *diff, const struct loss *loss)
{
	for (size_t i = 0; i < diff->group_count; i++)
		if (is_concerned(diff->groups[i], loss))
			return true;
	return !diff->is_selective || diff->group_count == 0;
}

void diff_add_loss(struct diff *diff, const struct loss *loss)
{
	size_t before = diff->evidence.reason_count + diff->evidence.reasons_unlisted;

	if (!is_asked_for(diff, loss))
		return;
	evidence_add_loss(&diff->evidence, loss);
	if (diff->evidence.reason_count + diff->evidence.reasons_unlisted == before)
		return;
	diff->loss_reasons++;
	for (size_t i = 0; i < diff->group_count; i++)
		diff->groups[i]->is_lossy |= is_concerned(diff->groups[i], loss);
}

bool diff_group_is_flawed(const struct diff *diff, const struct diff_group *group)
{
	return diff->flawed || group->is_lossy;
}

struct evidence *diff_evidence(struct diff *diff)
{
	return &diff->evidence;
}

/* Groups that a reason holds for: the first few by name. */
struct named_groups {
	struct buf names;
	size_t count;
};

static void name_group(struct named_groups *named, const struct diff_group *group)
{
	if (named->count++ >= NAMED_GROUPS_MAX)
		return;
	buf_put_str(&named->names, named->count > 1 ? STR(", ") : STR(""));
	group_key_put(&named->names, &group->key);
}

static const char *names_of(struct named_groups *named)
{
	if (named->count > NAMED_GROUPS_MAX)
		buf_format(&named->names, " and %zu more", named->count - NAMED_GROUPS_MAX);
	return named->names.p;
}

/* One reason for all groups of that coverage of which no more than that is known. */
static void add_coverage_reason(struct diff *diff, enum coverage coverage)
{
	struct named_groups named = {.count = 0};

	for (size_t i = 0; i < diff->group_count; i++)
		if (diff->groups[i]->coverage == coverage && diff->groups[i]->unseen)
			name_group(&named, diff->groups[i]);
	if (named.count)
		evidence_add_reason(&diff->evidence, "coverage %s for %s: %s",
				    coverage_name(coverage), names_of(&named),
				    evidence_of_coverage(coverage));
	buf_release(&named.names);
}

/* Of each profile that was in force one reason, for the groups it was in force for. */
struct blind_reason {
	const struct diff_view *view;
	struct named_groups named;
};

static void note_blind(struct blind_reason *reasons, size_t *count, const struct diff_group *group,
		       const struct diff_view *view)
{
	size_t i = 0;

	if (blind_calls(view->blind, BLIND_CALL)->count == 0 &&
	    blind_arches(view->blind)->count == 0)
		return;
	while (i < *count && reasons[i].view->blind != view->blind)
		i++;
	if (i == EVIDENCE_REASONS_MAX)
		return;
	if (i == *count)
		reasons[(*count)++] = (struct blind_reason){.view = view};
	name_group(&reasons[i].named, group);
}

static void put_blind(struct buf *buf, const struct blind *blind)
{
	const struct texts *calls = blind_calls(blind, BLIND_CALL), *arches = blind_arches(blind);

	if (calls->count)
		buf_format(buf, "%zu call%s", calls->count, calls->count == 1 ? "" : "s");
	else
		buf_put_str(buf, STR("calls of other architectures"));
	buf_put_str(buf, STR(" without logging them; this profile refuses them: "));
	diff_put_names(buf, calls->count ? calls : arches);
}

static void add_blind_reasons(struct diff *diff)
{
	struct blind_reason *reasons = mem_new(EVIDENCE_REASONS_MAX, sizeof(*reasons));
	size_t count = 0;

	for (size_t i = 0; i < diff->group_count; i++)
		for (size_t k = 0; k < diff->groups[i]->view_count; k++)
			note_blind(reasons, &count, diff->groups[i], &diff->groups[i]->views[k]);
	for (size_t i = 0; i < count; i++) {
		BUF_AUTO what = {0};

		put_blind(&what, reasons[i].view->blind);
		evidence_add_reason(&diff->evidence,
				    "blind for %s: the active profile (%s) "
				    "allowed %s",
				    names_of(&reasons[i].named), reasons[i].view->in_force->source,
				    what.p);
		buf_release(&reasons[i].named.names);
	}
	free(reasons);
}

static void add_unexplained_reasons(struct diff *diff)
{
	for (size_t i = 0; i < diff->group_count; i++) {
		const struct diff_group *group = diff->groups[i];
		BUF_AUTO name = {0};

		if (!group->unexplained)
			continue;
		group_key_put(&name, &group->key);
		evidence_add_reason(&diff->evidence,
				    "%" PRIu64 " record%s of %s cannot come from the profile "
				    "that was given as the active one",
				    group->unexplained, group->unexplained == 1 ? "" : "s", name.p);
	}
}

/* Under a log-mode twin no record is an answer: everything that was called is allowed. */
static bool needs_no_record(const struct diff *diff)
{
	for (size_t i = 0; i < diff->group_count; i++)
		if (diff_group_status(diff, diff->groups[i]) != DIFF_READY)
			return false;
	return diff->group_count > 0;
}

static void conclude(struct diff *diff)
{
	diff->coverage = diff->group_count ? COVERAGE_FULL : COVERAGE_UNKNOWN;
	for (size_t i = 0; i < diff->group_count; i++)
		if (diff->groups[i]->coverage < diff->coverage)
			diff->coverage = diff->groups[i]->coverage;
	diff->flawed =
		diff->evidence.reason_count + diff->evidence.reasons_unlisted > diff->loss_reasons;
	if (!needs_no_record(diff))
		evidence_conclude(&diff->evidence);
	for (enum coverage coverage = COVERAGE_UNKNOWN; coverage < COVERAGE_FULL; coverage++)
		add_coverage_reason(diff, coverage);
	add_blind_reasons(diff);
	add_unexplained_reasons(diff);
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
		runs_finish(&group->runs);
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
	return !writing->only_differences || diff_group_differs(diff, group) ||
	       diff_group_status(diff, group) != DIFF_READY;
}

bool diff_shows_kind(const struct diff *diff, enum finding_kind kind,
		     const struct diff_writing *writing)
{
	return !writing->only_differences || diff_kind_differs(diff, kind);
}

/* Silence is an answer only where all is known. */
static bool is_all_told(const struct diff *diff)
{
	struct diff_summary summary = diff_summarize(diff);

	return diff_is_complete(diff) && summary.statuses[DIFF_UNKNOWN] == 0;
}

#define WRITER_ROW(name, word) [FORMAT_##name] = diff_write_##word,

int diff_write(const struct diff *diff, enum format format, const struct diff_writing *writing,
	       FILE *out)
{
	static void (*const writers[FORMAT_COUNT])(const struct diff *, const struct diff_writing *,
						   FILE *) = {FORMATS(WRITER_ROW)};

	if (writing->only_differences && !diff_has_differences(diff) && is_all_told(diff))
		return 0;
	writers[format](diff, writing, out);
	return format_written(out);
}
