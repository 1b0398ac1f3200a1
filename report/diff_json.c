#include "report/diff_private.h"

#include "ingest/arch.h"
#include "report/json.h"

#include <stdlib.h>

json_t *diff_profile_json(const struct profile_info *profile)
{
	json_t *object = json_object();

	json_object_set_new(object, "source", json_from_str(str_from(profile->source)));
	json_object_set_new(object, "format", json_from_known(str_from(profile->format)));
	json_object_set_new(object, "loader", json_string(loader_name(profile->loader)));
	json_object_set_new(object, "runtime", json_string(runtime_name(profile->runtime)));
	json_object_set_new(object, "default_action",
			    json_from_known(str_from(profile->default_action)));
	return object;
}

json_t *diff_window_json(const struct selection *selection)
{
	json_t *object = json_object();

	json_object_set_new(object, "since",
			    json_from_ms(selection->since_ms, selection->has_since));
	json_object_set_new(object, "until",
			    json_from_ms(selection->until_ms, selection->has_until));
	return object;
}

static json_t *programs_json(const struct finding *finding)
{
	json_t *programs = json_array();

	for (size_t i = 0; i < finding->program_count; i++)
		json_array_append_new(programs, json_from_str(finding->programs[i]));
	return programs;
}

static json_t *finding_json(const struct finding *finding)
{
	char name[SYSCALL_NAME_SIZE], arch[FORMAT_NAME_SIZE];
	json_t *object = json_object();

	syscall_name(finding->arch, finding->nr, name);
	json_object_set_new(object, "syscall", json_string(name));
	json_object_set_new(object, "nr", json_integer(finding->nr));
	json_object_set_new(object, "arch",
			    json_string(format_arch(finding->arch, finding->nr, arch)));
	finding_put_verdict(object, &finding->verdict);
	json_object_set_new(object, "count", json_from_count(finding->count));
	json_object_set_new(object, "first", json_from_ms(finding->first_ms, true));
	json_object_set_new(object, "last", json_from_ms(finding->last_ms, true));
	json_object_set_new(object, "programs", programs_json(finding));
	if (finding->programs_cut)
		json_object_set_new(object, "programs_cut", json_true());
	if (finding->kind == FINDING_CONDITIONAL)
		json_object_set_new(object, "conditions", finding_conditions(&finding->verdict));
	return object;
}

static void put_unused(json_t *object, const struct diff *diff, const struct diff_group *group,
		       const struct diff_writing *writing)
{
	json_t *list = json_array();
	const char **names;

	json_object_set_new(object, "unused", list);
	if (!diff_shows_unused(diff, writing))
		return;
	size_t count = unused_names(&diff->unused, group->judged_by, &group->used, &names);

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(names[i]));
	free(names);
	json_object_set_new(object, "unused_valid",
			    json_boolean(!diff_unused_doubt(diff, group, writing->selection)));
}

/* The texts are released. */
static json_t *texts_json(struct texts *texts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < texts->count; i++)
		json_array_append_new(list, json_string(texts->all[i]));
	texts_release(texts);
	return list;
}

/* Null where it is not known of all of the group; several have no hash in common. */
static json_t *in_force_json(const struct diff_group *group)
{
	const struct active_profile *first = group->view_count ? group->views[0].in_force : NULL;
	json_t *object;
	bool same = true;

	if (group->unseen || !first)
		return json_null();
	for (size_t i = 1; i < group->view_count; i++)
		same = same && strcmp(group->views[i].in_force->hash, first->hash) == 0;
	object = json_object();
	json_object_set_new(object, "source",
			    same ? json_from_str(str_from(first->source)) : json_string("several"));
	json_object_set_new(object, "hash", same ? json_string(first->hash) : json_null());
	return object;
}

static void add_command(void *context, const char *command)
{
	json_array_append_new(context, json_from_str(str_from(command)));
}

static void put_status(json_t *object, const struct diff *diff, const struct diff_group *group,
		       const struct diff_writing *writing)
{
	json_t *next = json_array();
	struct texts names;

	json_object_set_new(object, "status",
			    json_string(diff_status_name(diff_group_status(diff, group))));
	json_object_set_new(object, "in_force", in_force_json(group));
	diff_group_calls(group, BLIND_CALL, &names);
	json_object_set_new(object, "blind", texts_json(&names));
	diff_group_arches(group, &names);
	json_object_set_new(object, "blind_arches", texts_json(&names));
	diff_group_calls(group, BLIND_ALREADY, &names);
	json_object_set_new(object, "already", texts_json(&names));
	traits_put_json(&group->traits, object);
	diff_group_next(diff, group, writing, add_command, next);
	json_object_set_new(object, "next", next);
}

json_t *diff_summary_json(const struct diff *diff)
{
	struct diff_summary summary = diff_summarize(diff);

	return json_pack("{s:I, s:I, s:I, s:I}", "groups", (json_int_t)summary.groups, "ready",
			 (json_int_t)summary.statuses[DIFF_READY], "breaking",
			 (json_int_t)summary.statuses[DIFF_BREAKING], "unknown",
			 (json_int_t)summary.statuses[DIFF_UNKNOWN]);
}

json_t *diff_group_json(const struct diff *diff, const struct diff_group *group,
			const struct diff_writing *writing)
{
	json_t *object = json_object();

	json_object_set_new(object, "key", group_key_json(&group->key));
	json_object_set_new(object, "coverage", json_string(coverage_name(group->coverage)));
	json_object_set_new(object, "records", json_from_count(group->records));
	for (size_t kind = 0; kind < FINDING_KIND_COUNT; kind++)
		json_object_set_new(object, finding_kind_name((enum finding_kind)kind),
				    json_array());
	for (size_t i = 0; i < group->finding_count; i++) {
		const struct finding *finding = group->findings[i];
		json_t *list = json_object_get(object, finding_kind_name(finding->kind));

		if (diff_shows_kind(diff, finding->kind, writing))
			json_array_append_new(list, finding_json(finding));
	}
	put_status(object, diff, group, writing);
	put_unused(object, diff, group, writing);
	if (diff->asks_runs)
		json_object_set_new(object, "seen", runs_json(&group->runs));
	return object;
}

static void write_groups(const struct diff *diff, const struct diff_writing *writing, FILE *out)
{
	const char *before = "\n";

	for (size_t i = 0; i < diff->group_count; i++) {
		if (!diff_shows_group(diff, diff->groups[i], writing))
			continue;
		fputs(before, out);
		json_put(diff_group_json(diff, diff->groups[i], writing), false, out);
		before = ",\n";
	}
}

/* A line for each member and each group: a fleet's groups need not all be in memory as JSON. */
void diff_write_json(const struct diff *diff, const struct diff_writing *writing, FILE *out)
{
	fputs("{\"profile\":", out);
	json_put(diff_profile_json(&writing->profile), false, out);
	if (writing->against.source) {
		fputs(",\n\"against\":", out);
		json_put(diff_profile_json(&writing->against), false, out);
	}
	fputs(",\n\"window\":", out);
	json_put(diff_window_json(writing->selection), false, out);
	fputs(",\n\"evidence\":", out);
	json_put(evidence_json(&diff->evidence), false, out);
	fputs(",\n\"summary\":", out);
	json_put(diff_summary_json(diff), false, out);
	fprintf(out, ",\n\"coverage\":\"%s\",\n\"groups\":[", coverage_name(diff->coverage));
	write_groups(diff, writing, out);
	fputs("]}\n", out);
}
