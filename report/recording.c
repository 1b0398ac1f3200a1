#include "report/recording.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/texts.h"
#include "ingest/arch.h"
#include "report/format.h"
#include "report/json.h"
#include "report/ran.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>

/* What became of the calls of one arch. */
struct fate {
	uint32_t token;
	uint64_t killed;
	bool went_on; /* some call was not the end of its program */
};

struct member {
	struct recorded_group group; /* its lists are filled in at the end */
	bool outside;                /* in no container, and not asked for */
	bool has_container;
	bool caps_unknown, caps_differ; /* capabilities: of some container, of some two */
	struct texts containers, namespaces;
	struct fate fates[NEEDS_ARCHES_MAX];
	size_t fate_count;
};

struct recording {
	enum group_by by;
	unsigned phases;
	bool outside;
	struct member **members;
	size_t member_count;
	void *tree;          /* of members by compare_members() */
	struct member *last; /* where the last observation went: the next goes there too */
	bool too_many;       /* groups; and so many records are in none */
	uint64_t beyond;
	bool has_container;
	uint64_t left_out; /* records in no container, once finished */
	struct ran ran;    /* of all of it */
	struct evidence evidence;
	struct recorded_group *groups; /* once finished */
	size_t group_count;
};

struct recording *recording_new(enum group_by by, unsigned phases, bool outside)
{
	struct recording *recording = mem_new(1, sizeof(*recording));

	recording->by = by;
	recording->phases = phases;
	recording->outside = outside;
	return recording;
}

static void free_texts(char **all, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(all[i]);
	free(all);
}

void recorded_group_release(struct recorded_group *group)
{
	group_key_release(&group->key);
	needs_release(&group->needs);
	runs_release(&group->runs);
	spread_release(&group->spread);
	free_texts(group->containers, group->container_count);
	free_texts(group->namespaces, group->namespace_count);
	evidence_release(&group->evidence);
}

static void member_free(struct member *member)
{
	recorded_group_release(&member->group);
	texts_release(&member->containers);
	texts_release(&member->namespaces);
	free(member);
}

static void free_members(struct recording *recording)
{
	mem_tdestroy(recording->tree);
	recording->tree = NULL;
	for (size_t i = 0; i < recording->member_count; i++)
		member_free(recording->members[i]);
	free(recording->members);
	recording->members = NULL;
	recording->member_count = 0;
	recording->last = NULL;
}

void recording_free(struct recording *recording)
{
	if (!recording)
		return;
	free_members(recording);
	for (size_t i = 0; i < recording->group_count; i++)
		recorded_group_release(&recording->groups[i]);
	free(recording->groups);
	evidence_release(&recording->evidence);
	free(recording);
}

static int compare_members(const void *a, const void *b)
{
	const struct member *member_a = a, *member_b = b;

	if (member_a->outside != member_b->outside)
		return (int)member_a->outside - (int)member_b->outside;
	return group_key_compare(&member_a->group.key, &member_b->group.key);
}

static struct member *add_member(struct recording *recording, const struct member *probe)
{
	struct member *member = mem_new(1, sizeof(*member));

	member->group.key = group_key_copy(&probe->group.key);
	member->group.coverage = COVERAGE_FULL;
	member->outside = probe->outside;
	recording->members =
		mem_more(recording->members, recording->member_count, sizeof(*recording->members));
	recording->members[recording->member_count++] = member;
	mem_tsearch(member, &recording->tree, compare_members);
	return member;
}

/* NULL where there are too many. */
static struct member *member_for(struct recording *recording, const struct group_key *key,
				 bool outside)
{
	const struct member probe = {.group = {.key = *key}, .outside = outside};

	if (recording->last && compare_members(recording->last, &probe) == 0)
		return recording->last;
	struct member **found = tfind(&probe, &recording->tree, compare_members);

	if (!found && recording->member_count == RECORDING_GROUPS_MAX) {
		recording->too_many = true;
		return NULL;
	}
	recording->last = found ? *found : add_member(recording, &probe);
	return recording->last;
}

static void lower_coverage(struct recorded_group *group, enum coverage coverage)
{
	if (coverage < group->coverage)
		group->coverage = coverage;
}

static void add_names(struct member *member, const struct container *container)
{
	BUF_AUTO name = {0};

	group_put_container(&name, container->name, container->id);
	if (name.n)
		texts_add(&member->containers, buf_str(&name));
	if (container->namespace.n)
		texts_add(&member->namespaces, container->namespace);
}

/* Once for each observation as well: what all have in common does not change by that. */
static void add_caps(struct member *member, const struct container *container)
{
	struct recorded_group *group = &member->group;

	if (!member->has_container)
		group->caps = container->caps;
	member->has_container = true;
	member->caps_unknown |= !container->has_caps;
	group->has_caps = !member->caps_unknown;
	member->caps_differ |= group->caps != container->caps;
	group->caps_differ = group->has_caps && member->caps_differ;
	group->caps &= container->caps;
}

void recording_add_container(struct recording *recording, const struct container_summary *summary)
{
	const struct container *container = &summary->container;
	struct group_key key = group_key_of_container(container, summary->node, recording->by);
	struct member *member = member_for(recording, &key, false);

	recording->has_container = true;
	ran_add_container(&recording->ran, summary->ended_ms);
	if (!member)
		return;
	lower_coverage(&member->group, container->coverage);
	spread_add_node(&member->group.spread, summary->node);
	add_names(member, container);
	add_caps(member, container);
}

static void add_fate(struct member *member, const struct observation *observation)
{
	uint32_t token = arch_token(observation->arch, observation->nr);
	size_t i = 0;

	while (i < member->fate_count && member->fates[i].token != token)
		i++;
	if (i == NEEDS_ARCHES_MAX)
		return; /* no more are in the needs either */
	if (i == member->fate_count)
		member->fates[member->fate_count++].token = token;
	if (evidence_is_kill(observation->code))
		member->fates[i].killed += observation->count;
	else
		member->fates[i].went_on = true;
}

static void widen_window(struct recorded_group *group, const struct observation *observation)
{
	if (group->records == 0 || observation->first_ms < group->first_ms)
		group->first_ms = observation->first_ms;
	if (group->records == 0 || observation->last_ms > group->last_ms)
		group->last_ms = observation->last_ms;
}

static struct member *member_of(struct recording *recording, const struct observation *observation)
{
	bool contained = observation->attribution == ATTRIBUTION_CONTAINER;
	struct group_key key = contained ? group_key_of(observation, recording->by)
					 : group_key_of_outside(observation, recording->by);

	recording->has_container |= contained;
	return member_for(recording, &key, !contained && !recording->outside);
}

void recording_add_observation(struct recording *recording, const struct observation *observation)
{
	ran_add(&recording->ran, observation);
	if (!(recording->phases & (1U << observation->phase)))
		return;
	struct member *member = member_of(recording, observation);

	if (!member) {
		recording->beyond += observation->count;
		return;
	}
	struct recorded_group *group = &member->group;

	lower_coverage(group, observation_coverage(observation));
	evidence_add_observation(&group->evidence, observation);
	traits_add(&group->traits, observation);
	if (observation->attribution == ATTRIBUTION_CONTAINER) {
		add_names(member, &observation->container);
		add_caps(member, &observation->container);
	}
	if (!observation->has_arch)
		return;
	needs_observe(&group->needs, observation->arch, observation->nr);
	runs_add(&group->runs, observation);
	spread_add(&group->spread, observation);
	add_fate(member, observation);
	widen_window(group, observation);
	group->records += observation->count;
}

void recording_add_loss(struct recording *recording, const struct loss *loss)
{
	if (ran_concerns(&recording->ran, loss))
		evidence_add_loss(&recording->evidence, loss);
}

struct evidence *recording_evidence(struct recording *recording)
{
	return &recording->evidence;
}

int recording_read_hours(struct recording *recording, struct store *store,
			 const struct selection *selection, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < recording->member_count && r == 0; i++)
		r = runs_read_hours(&recording->members[i]->group.runs, store, selection, err);
	return r;
}

/* An arch that the filter does not know ends a program at its first call (seccomp(2)). */
static void conclude_fates(struct member *member)
{
	for (size_t i = 0; i < member->fate_count; i++) {
		const struct fate *fate = &member->fates[i];
		char text[FORMAT_NAME_SIZE];
		bool is_x32 = arch_audit(fate->token) != fate->token;

		if (fate->went_on)
			continue;
		evidence_add_reason(
			&member->group.evidence,
			"programs of architecture %s were killed (%" PRIu64 " record%s), so "
			"their later calls are unknown",
			format_arch(arch_audit(fate->token), is_x32 ? ARCH_X32_BIT : 0, text),
			fate->killed, fate->killed == 1 ? "" : "s");
	}
}

static void conclude(struct member *member)
{
	struct recorded_group *group = &member->group;

	evidence_conclude(&group->evidence);
	if (group->coverage != COVERAGE_FULL)
		evidence_add_reason(&group->evidence, "coverage %s: %s",
				    coverage_name(group->coverage),
				    evidence_of_coverage(group->coverage));
	conclude_fates(member);
	runs_finish(&group->runs);
	texts_sort(&member->containers);
	texts_sort(&member->namespaces);
}

/* The group leaves its member, which stays behind empty. */
static void take_group(struct recording *recording, struct member *member)
{
	struct recorded_group *group = &recording->groups[recording->group_count++];

	conclude(member);
	*group = member->group;
	group->containers = member->containers.all;
	group->container_count = member->containers.count;
	group->namespaces = member->namespaces.all;
	group->namespace_count = member->namespaces.count;
	member->group = (struct recorded_group){0};
	member->containers = member->namespaces = (struct texts){0};
	recording->evidence.records += group->evidence.records;
	recording->evidence.without_arch += group->evidence.without_arch;
}

static int compare_groups(const void *a, const void *b)
{
	const struct recorded_group *group_a = a, *group_b = b;

	return group_key_compare(&group_a->key, &group_b->key);
}

void recording_finish(struct recording *recording)
{
	recording->groups = mem_new(recording->member_count, sizeof(*recording->groups));
	for (size_t i = 0; i < recording->member_count; i++) {
		struct member *member = recording->members[i];

		if (member->outside && recording->has_container)
			recording->left_out += member->group.evidence.records +
					       member->group.evidence.without_arch;
		else
			take_group(recording, member);
	}
	free_members(recording);
	qsort(recording->groups, recording->group_count, sizeof(*recording->groups),
	      compare_groups);
	if (recording->group_count == 0)
		evidence_conclude(&recording->evidence);
	if (recording->too_many)
		evidence_add_reason(
			&recording->evidence, "more than %d groups: %" PRIu64 " record%s left out",
			RECORDING_GROUPS_MAX, recording->beyond, recording->beyond == 1 ? "" : "s");
}

struct recorded_group *recording_groups(struct recording *recording, size_t *ret_count)
{
	*ret_count = recording->group_count;
	return recording->groups;
}

uint64_t recording_outside(const struct recording *recording)
{
	return recording->left_out;
}

static void put_more(json_t *list, size_t more)
{
	if (more)
		json_array_append_new(list, json_sprintf("and %zu more", more));
}

static json_t *containers_json(const struct recorded_group *group)
{
	json_t *list = json_array();
	size_t shown = group->container_count < RECORDED_LISTED_MAX ? group->container_count
								    : RECORDED_LISTED_MAX;

	for (size_t i = 0; i < shown; i++)
		json_array_append_new(list, json_from_str(str_from(group->containers[i])));
	put_more(list, group->container_count - shown);
	return list;
}

/* The group's own first: of the recording's there may be too many. */
static json_t *reasons_json(const struct evidence *own, const struct evidence *whole)
{
	const struct evidence *const parts[] = {own, whole};
	json_t *list = json_array();
	size_t more = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		for (size_t j = 0; j < parts[i]->reason_count; j++) {
			if (json_array_size(list) == RECORDED_LISTED_MAX)
				more++;
			else
				json_array_append_new(
					list, json_from_str(buf_str(&parts[i]->reasons[j].text)));
		}
		more += parts[i]->reasons_unlisted;
	}
	put_more(list, more);
	return list;
}

json_t *recorded_evidence(const struct recording *recording, const struct recorded_group *group)
{
	json_t *object = json_object();

	if (group->records) {
		json_object_set_new(object, "since", json_from_ms(group->first_ms, true));
		json_object_set_new(object, "until", json_from_ms(group->last_ms, true));
	}
	json_object_set_new(object, "records", json_from_count(group->records));
	json_object_set_new(object, "containers", containers_json(group));
	json_object_set_new(object, "coverage", json_string(coverage_name(group->coverage)));
	json_object_set_new(object, "complete",
			    json_boolean(recorded_is_complete(recording, group)));
	json_object_set_new(object, "lost", json_from_count(recording->evidence.lost));
	json_object_set_new(object, "reasons",
			    reasons_json(&group->evidence, &recording->evidence));
	json_object_set_new(object, "acknowledged",
			    evidence_acknowledged_texts(&recording->evidence));
	traits_put_json(&group->traits, object);
	runs_put_flat(&group->runs, object);
	spread_put_json(&group->spread, RECORDED_LISTED_MAX, object);
	return object;
}

bool recorded_is_complete(const struct recording *recording, const struct recorded_group *group)
{
	return !recording->evidence.incomplete && !group->evidence.incomplete;
}
