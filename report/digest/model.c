#include "report/digest/model.h"

#include "base/mem.h"
#include "ingest/action.h"
#include "ingest/arch.h"
#include "report/diff_private.h"
#include "report/json.h"

const char *model_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

uint64_t model_count(const json_t *object, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(object, key));

	return number < 0 ? 0 : (uint64_t)number;
}

const json_t *model_list(const json_t *object, const char *key)
{
	return json_object_get(object, key);
}

static json_t *call_json(const struct digest_call *call)
{
	char name[SYSCALL_NAME_SIZE], text[FORMAT_NAME_SIZE];
	json_t *object = json_object(), *programs = json_array();

	syscall_name(call->arch, call->nr, name);
	json_object_set_new(object, "syscall", json_string(name));
	json_object_set_new(object, "nr", json_integer(call->nr));
	json_object_set_new(object, "arch",
			    call->has_arch ? json_string(format_arch(call->arch, call->nr, text))
					   : json_null());
	json_object_set_new(object, "action", json_string(format_action(call->code, text)));
	json_object_set_new(object, "count", json_from_count(call->count));
	json_object_set_new(object, "first", json_from_ms(call->first_ms, true));
	json_object_set_new(object, "last", json_from_ms(call->last_ms, true));
	for (size_t i = 0; i < call->program_count; i++)
		json_array_append_new(programs, json_from_str(call->programs[i]));
	json_object_set_new(object, "programs", programs);
	return object;
}

void model_fill(json_t *object, const struct model_group *group)
{
	json_t *calls = json_object_get(object, "new");

	for (size_t i = 0; group->seen && i < group->seen->call_count; i++)
		if (group->seen->calls[i].is_new)
			json_array_append_new(calls, call_json(&group->seen->calls[i]));
}

/* What the group did: into the object that says what a profile would do with it. */
static void put_doings(json_t *object, const struct digest_group *group,
		       const struct digest_facts *facts)
{
	json_t *refused = json_array();

	for (size_t i = 0; group && i < group->call_count; i++)
		if (group->calls[i].is_observed && action_refuses(group->calls[i].code))
			json_array_append_new(refused, call_json(&group->calls[i]));
	json_object_set_new(object, "first",
			    json_from_ms(group ? group->first_ms : 0, group != NULL));
	json_object_set_new(object, "last",
			    json_from_ms(group ? group->last_ms : 0, group != NULL));
	json_object_set_new(object, "new", json_array());
	json_object_set_new(object, "refused", refused);
	json_object_set_new(object, "io_uring", json_boolean(group && group->traits.io_uring));
	json_object_set_new(object, "seen",
			    group && !facts->mark ? runs_json(&group->runs) : json_null());
}

struct model_group *model_groups(const struct digest_facts *facts, size_t *ret_count)
{
	static const enum diff_status order[] = {DIFF_BREAKING, DIFF_UNKNOWN, DIFF_READY};
	size_t count, total = facts->diff ? facts->diff->group_count : 0;
	struct digest_group *const *seen = digest_groups(facts->digest, &count);
	struct model_group *groups = mem_new(total + count + 1, sizeof(*groups));

	*ret_count = 0;
	for (size_t i = 0; i < count && !facts->diff; i++)
		groups[(*ret_count)++] = (struct model_group){.seen = seen[i]};
	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		for (size_t k = 0; k < total; k++) {
			const struct diff_group *judged = facts->diff->groups[k];

			if (diff_group_status(facts->diff, judged) == order[i])
				groups[(*ret_count)++] = (struct model_group){
					judged, digest_find(facts->digest, &judged->key)};
		}
	return groups;
}

static json_t *group_json(const struct digest_facts *facts, const struct model_group *group)
{
	const struct group_key *key = group->judged ? &group->judged->key : &group->seen->key;
	const struct diff_writing writing = {
		.profile = facts->profile,
		.selection = facts->selection,
		.where = facts->where,
	};
	json_t *object = group->judged ? diff_group_json(facts->diff, group->judged, &writing)
				       : json_object();
	BUF_AUTO title = {0};

	group_key_put_name(&title, key);
	if (!group->judged) {
		json_object_set_new(object, "key", group_key_json(key));
		json_object_set_new(object, "records", json_from_count(group->seen->records));
	}
	json_object_set_new(object, "title", json_from_str(buf_str(&title)));
	put_doings(object, group->seen, facts);
	return object;
}

static json_t *summary_json(const struct digest_facts *facts)
{
	size_t count, with_new = 0, with_refused = 0;
	struct digest_group *const *all = digest_groups(facts->digest, &count);
	json_t *object = facts->diff ? diff_summary_json(facts->diff) : json_object();

	for (size_t i = 0; i < count; i++) {
		with_new += all[i]->new_count > 0;
		with_refused += all[i]->refused_count > 0;
	}
	if (!facts->diff)
		json_object_set_new(object, "groups", json_from_count(count));
	json_object_set_new(object, "new", json_from_count(with_new));
	json_object_set_new(object, "refused", json_from_count(with_refused));
	return object;
}

static json_t *since_last_json(const struct digest_facts *facts)
{
	if (!facts->mark)
		return json_null();
	return json_pack("{s:o,s:o}", "name", json_from_str(str_from(facts->mark)), "at",
			 json_from_ms(facts->mark_ms, facts->has_mark_ms));
}

/* What to do next, of the first groups that leave something to do. */
#define NEXT_MAX 3

static bool has(const json_t *list, const json_t *value)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_equal(json_array_get(list, i), value))
			return true;
	return false;
}

static json_t *next_json(const json_t *groups)
{
	json_t *list = json_array();

	for (size_t i = 0; i < json_array_size(groups); i++) {
		const json_t *own = model_list(json_array_get(groups, i), "next");

		for (size_t k = 0; k < json_array_size(own); k++)
			if (json_array_size(list) < NEXT_MAX && !has(list, json_array_get(own, k)))
				json_array_append(list, json_array_get(own, k));
	}
	return list;
}

json_t *digest_model(const struct digest_facts *facts, bool with_new)
{
	json_t *object = json_object(), *groups = json_array();
	size_t count;
	MEM_AUTO struct model_group *all = model_groups(facts, &count);

	json_object_set_new(object, "generated", json_from_ms(facts->now_ms, true));
	json_object_set_new(object, "window", diff_window_json(facts->selection));
	json_object_set_new(object, "since_last", since_last_json(facts));
	json_object_set_new(object, "profile",
			    facts->diff ? diff_profile_json(&facts->profile) : json_null());
	json_object_set_new(object, "summary", summary_json(facts));
	json_object_set_new(object, "evidence", evidence_json(facts->evidence));
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(groups, group_json(facts, &all[i]));
		if (with_new)
			model_fill(json_array_get(groups, i), &all[i]);
	}
	json_object_set_new(object, "groups", groups);
	json_object_set_new(object, "drift", facts->drift ? drift_json(facts->drift) : json_null());
	json_object_set_new(object, "next", next_json(groups));
	return object;
}
