#include "report/diff_private.h"

#include "ingest/arch.h"
#include "report/text.h"

#include <inttypes.h>
#include <string.h>

/* Names in a sentence, and calls in a command, before others are only counted. */
#define NAMES_MAX 12
#define CALLS_MAX 6

static bool has_blind_calls(const struct diff_group *group)
{
	for (size_t i = 0; i < group->view_count; i++)
		if (blind_calls(group->views[i].blind, BLIND_CALL)->count)
			return true;
	return false;
}

static bool is_blind(const struct diff_group *group)
{
	for (size_t i = 0; i < group->view_count; i++)
		if (blind_arches(group->views[i].blind)->count)
			return true;
	return has_blind_calls(group);
}

/* A profile that logs everything logs something: no record is none of an answer. */
static bool is_unobserved(const struct diff_group *group)
{
	return group->records == 0 && !group->has_others &&
	       (group->coverage == COVERAGE_FULL || group->view_count == 0);
}

static bool breaks(const struct diff *diff, const struct diff_group *group)
{
	for (size_t i = 0; i < group->finding_count; i++)
		if (group->findings[i]->kind != FINDING_LOGGED &&
		    diff_kind_differs(diff, group->findings[i]->kind))
			return true;
	return false;
}

enum diff_status diff_group_status(const struct diff *diff, const struct diff_group *group)
{
	if (breaks(diff, group))
		return DIFF_BREAKING;
	if (group->unseen || group->unexplained || group->without_arch || group->killed ||
	    is_unobserved(group) || is_blind(group) || diff_group_is_flawed(diff, group))
		return DIFF_UNKNOWN;
	return DIFF_READY;
}

const char *diff_status_name(enum diff_status status)
{
	static const char *const names[] = {
		[DIFF_READY] = "ready",
		[DIFF_BREAKING] = "breaking",
		[DIFF_UNKNOWN] = "unknown",
	};

	return names[status];
}

static void add_all(struct texts *names, const struct texts *more)
{
	for (size_t i = 0; i < more->count; i++)
		texts_add(names, str_from(more->all[i]));
}

/* What was observed and is refused is missing, also where the active profile refused it. */
static void remove_observed(struct texts *names, const struct diff_group *group)
{
	struct texts observed = {0};
	char name[SYSCALL_NAME_SIZE];

	for (size_t i = 0; i < group->finding_count; i++)
		if (syscall_name(group->findings[i]->arch, group->findings[i]->nr, name))
			texts_add(&observed, str_from(name));
	texts_sort(&observed);
	texts_remove(names, &observed);
	texts_release(&observed);
}

void diff_group_calls(const struct diff_group *group, enum blind_kind kind, struct texts *ret_names)
{
	*ret_names = (struct texts){0};
	for (size_t i = 0; i < group->view_count; i++)
		add_all(ret_names, blind_calls(group->views[i].blind, kind));
	texts_sort(ret_names);
	if (kind != BLIND_ALREADY)
		return;
	for (size_t i = 0; i < group->view_count; i++)
		texts_remove(ret_names, blind_calls(group->views[i].blind, BLIND_CALL));
	remove_observed(ret_names, group);
}

void diff_group_arches(const struct diff_group *group, struct texts *ret_names)
{
	*ret_names = (struct texts){0};
	for (size_t i = 0; i < group->view_count; i++)
		add_all(ret_names, blind_arches(group->views[i].blind));
	texts_sort(ret_names);
}

void diff_put_names(struct buf *buf, const struct texts *names)
{
	for (size_t i = 0; i < names->count && i < NAMES_MAX; i++)
		buf_format(buf, "%s%s", i ? ", " : "", names->all[i]);
	if (names->count > NAMES_MAX)
		buf_format(buf, " and %zu more", names->count - NAMES_MAX);
}

static void put_blind(struct buf *buf, const struct diff_group *group)
{
	struct texts names;

	diff_group_arches(group, &names);
	if (names.count && !has_blind_calls(group)) {
		buf_put_str(buf, STR("the active profile allowed calls of other architectures "
				     "without logging: "));
		diff_put_names(buf, &names);
	}
	texts_release(&names);
	diff_group_calls(group, BLIND_CALL, &names);
	if (names.count) {
		buf_format(buf,
			   "the active profile allowed %zu call%s without logging: ", names.count,
			   names.count == 1 ? "" : "s");
		diff_put_names(buf, &names);
	}
	texts_release(&names);
}

void diff_put_doubt(struct buf *buf, const struct diff *diff, const struct diff_group *group)
{
	if (group->beyond)
		buf_format(buf,
			   "%" PRIu64 " of its records exceed the store's limit of different "
			   "calls per hour",
			   group->beyond);
	else if (group->unseen)
		buf_put_str(buf, str_from(evidence_of_coverage(group->coverage)));
	else if (group->unexplained)
		buf_put_str(buf, STR("some records cannot come from the profile that was given "
				     "as the active one"));
	else if (is_blind(group))
		put_blind(buf, group);
	else if (group->killed)
		buf_put_str(buf, STR("a program was killed, so its later calls are unknown"));
	else if (group->without_arch)
		buf_put_str(buf, STR("some of its records have no architecture"));
	else if (is_unobserved(group))
		buf_put_str(buf, STR("nothing was observed"));
	else if (diff_group_is_flawed(diff, group))
		buf_put_str(buf, STR("records may be missing (see the evidence)"));
}

struct diff_summary diff_summarize(const struct diff *diff)
{
	struct diff_summary summary = {.groups = diff->group_count};

	for (size_t i = 0; i < diff->group_count; i++)
		summary.statuses[diff_group_status(diff, diff->groups[i])]++;
	return summary;
}

/* --- what to do next */

static void put_option(struct buf *buf, const struct group_key *key, enum group_part part,
		       const char *option)
{
	if (!(key->parts & key->known & 1U << part) || key->values[part].n == 0)
		return;
	buf_format(buf, " --%s ", option);
	text_put_word(buf, strcmp(option, "container") == 0 ? text_known_id(key->values[part])
							    : key->values[part]);
}

/* Containers of two nodes can have the same name or id. */
static bool wants_node(const struct diff *diff, const struct diff_group *group,
		       const struct selection *selection)
{
	const struct group_key *key = &group->key;

	if (key->by != GROUP_BY_CONTAINER || selection->node.count)
		return true;
	for (size_t i = 0; i < diff->group_count; i++)
		if (!str_eq(diff->groups[i]->key.values[GROUP_NODE], key->values[GROUP_NODE]))
			return true;
	return false;
}

static void put_selection(struct buf *buf, const struct group_key *key, bool with_node)
{
	static const struct {
		enum group_part part;
		const char *option;
	} options[] = {
		{GROUP_NAMESPACE, "namespace"},
		{GROUP_POD, "pod"},
		{GROUP_IMAGE, "image"},
		{GROUP_WORKLOAD, "workload"},
	};

	if (key->attribution == ATTRIBUTION_HOST)
		buf_put_str(buf, STR(" --host"));
	if (key->attribution == ATTRIBUTION_UNATTRIBUTED)
		buf_put_str(buf, STR(" --unattributed"));
	put_option(buf, key, GROUP_ID, "container");
	if (!(key->parts & 1U << GROUP_ID))
		put_option(buf, key, GROUP_CONTAINER, "container");
	if (with_node)
		put_option(buf, key, GROUP_NODE, "node");
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		put_option(buf, key, options[i].part, options[i].option);
}

static void put_explain(struct buf *buf, const struct diff *diff, const struct diff_group *group)
{
	char name[SYSCALL_NAME_SIZE];
	struct texts names = {0};

	for (size_t i = 0; i < group->finding_count && names.count < CALLS_MAX; i++) {
		const struct finding *finding = group->findings[i];

		if (diff_kind_differs(diff, finding->kind) &&
		    syscall_name(finding->arch, finding->nr, name))
			texts_add(&names, str_from(name));
	}
	texts_sort(&names);
	for (size_t i = 0; i < names.count; i++)
		buf_format(buf, " %s", names.all[i]);
	texts_release(&names);
}

void diff_group_next(const struct diff *diff, const struct diff_group *group,
		     const struct diff_writing *writing, diff_next_fn *each, void *context)
{
	enum diff_status status = diff_group_status(diff, group);
	BUF_AUTO profile = {0}, line = {0}, explain = {0};

	text_put_word(&profile, str_from(writing->profile.source));
	if (status == DIFF_BREAKING) {
		buf_format(&line, "sclog profile --base %s", profile.p);
		put_selection(&line, &group->key, wants_node(diff, group, writing->selection));
		buf_put_str(&line, str_from(writing->where));
		each(context, line.p);
		buf_format(&explain, "sclog explain %s", profile.p);
		put_explain(&explain, diff, group);
		each(context, explain.p);
	} else if (status == DIFF_UNKNOWN && (group->unseen || group->unexplained)) {
		each(context, "sclog ingest --in-force PROFILE FILE...");
	} else if (status == DIFF_UNKNOWN && is_blind(group)) {
		buf_format(&line, "sclog logmode %s", profile.p);
		each(context, line.p);
	} else if (status == DIFF_UNKNOWN) {
		each(context, is_unobserved(group) ? "sclog watch" : "sclog doctor");
	}
}
