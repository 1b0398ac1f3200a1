#include "cli/profile_private.h"

#include "base/mem.h"
#include "base/texts.h"
#include "cli/output.h"
#include "report/json.h"
#include "report/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#define ASSIGNMENT "assignment.json"

/* --- finding */

static int number_names(const struct sharing *sharing, struct texts *names, struct err *err)
{
	for (size_t i = 0; i < sharing->group_count; i++)
		for (size_t j = 0; j < sharing->groups[i]->needs.count; j++)
			texts_add(names, str_from(sharing->groups[i]->needs.all[j].name));
	texts_sort(names);
	return names->count <= PARTITION_CALLS_MAX
		       ? 0
		       : err_set(err, E2BIG, "--shared: more than %d different calls",
				 PARTITION_CALLS_MAX);
}

struct wanted {
	struct partition_set set;
	size_t group;
};

static int compare_wanted(const void *a, const void *b)
{
	const struct wanted *wanted_a = a, *wanted_b = b;
	int order = memcmp(wanted_a->set.bits, wanted_b->set.bits, sizeof(wanted_a->set.bits));

	return order ? order
		     : (wanted_a->group > wanted_b->group) - (wanted_a->group < wanted_b->group);
}

static int compare_first(const void *a, const void *b)
{
	const struct wanted *wanted_a = a, *wanted_b = b;

	return (wanted_a->group > wanted_b->group) - (wanted_a->group < wanted_b->group);
}

static struct wanted *want(const struct sharing *sharing, const struct texts *names)
{
	struct wanted *all = mem_new(sharing->group_count + 1, sizeof(*all));

	for (size_t i = 0; i < sharing->group_count; i++) {
		const struct needs *needs = &sharing->groups[i]->needs;

		all[i].group = i;
		for (size_t j = 0, at; j < needs->count; j++)
			if (texts_find(names, needs->all[j].name, &at))
				partition_add(&all[i].set, at);
	}
	return all;
}

/* Those that need the same are one set. Its number is left in sharing->parts for now. */
static struct partition_set *collect(struct sharing *sharing, struct wanted *all, size_t *ret_count)
{
	size_t count = sharing->group_count, distinct = 0;
	MEM_AUTO struct wanted *firsts = mem_new(count + 1, sizeof(*firsts));
	MEM_AUTO size_t *first_of = mem_new(count + 1, sizeof(*first_of));
	MEM_AUTO size_t *numbers = mem_new(count + 1, sizeof(*numbers));
	struct partition_set *sets = mem_new(count + 1, sizeof(*sets));

	qsort(all, count, sizeof(*all), compare_wanted);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 ||
		    memcmp(all[i].set.bits, all[i - 1].set.bits, sizeof(all[i].set.bits)) != 0)
			firsts[distinct++] = all[i];
		first_of[all[i].group] = firsts[distinct - 1].group;
	}
	/* in the order of the groups, so that the answer does not depend on anything else */
	qsort(firsts, distinct, sizeof(*firsts), compare_first);
	for (size_t i = 0; i < distinct; i++) {
		numbers[firsts[i].group] = i;
		sets[i] = firsts[i].set;
	}
	for (size_t i = 0; i < count; i++) {
		sharing->parts[i] = numbers[first_of[i]];
		sets[sharing->parts[i]].weight++;
	}
	*ret_count = distinct;
	return sets;
}

static void join_groups(struct sharing *sharing)
{
	MEM_AUTO struct recorded_group **members =
		mem_new(sharing->group_count + 1, sizeof(struct recorded_group *));

	sharing->joined = mem_new(sharing->partition.part_count + 1, sizeof(*sharing->joined));
	for (size_t part = 0; part < sharing->partition.part_count; part++) {
		size_t count = 0;
		BUF_AUTO name = {0};

		for (size_t i = 0; i < sharing->group_count; i++)
			if (sharing->parts[i] == part)
				members[count++] = sharing->groups[i];
		buf_format(&name, "shared-%zu", part + 1);
		sharing->joined[part] = recorded_join(buf_str(&name), members, count);
	}
}

int sharing_find(struct sharing *sharing, struct recorded_group **groups, size_t group_count,
		 size_t count, struct err *err)
{
	struct texts names = {0};
	size_t set_count;

	*sharing = (struct sharing){.groups = groups, .group_count = group_count};
	sharing->parts = mem_new(group_count + 1, sizeof(*sharing->parts));
	int r = number_names(sharing, &names, err);

	if (r == 0) {
		MEM_AUTO struct wanted *all = want(sharing, &names);
		MEM_AUTO struct partition_set *sets = collect(sharing, all, &set_count);

		r = partition_find(sets, set_count, count, &sharing->partition, err);
		for (size_t i = 0; r == 0 && i < group_count; i++)
			sharing->parts[i] = sets[sharing->parts[i]].part;
	}
	if (r == 0)
		join_groups(sharing);
	texts_release(&names);
	return r;
}

void sharing_release(struct sharing *sharing)
{
	for (size_t i = 0; sharing->joined && i < sharing->partition.part_count; i++)
		recorded_group_release(&sharing->joined[i]);
	free(sharing->joined);
	free(sharing->parts);
}

/* --- writing */

static size_t excess_of(const struct sharing *sharing, size_t group)
{
	return sharing->joined[sharing->parts[group]].needs.count -
	       sharing->groups[group]->needs.count;
}

static void put_members(const struct sharing *sharing, size_t part, struct buf *text)
{
	for (size_t i = 0; i < sharing->group_count; i++) {
		BUF_AUTO name = {0};

		if (sharing->parts[i] != part)
			continue;
		group_key_put(&name, &sharing->groups[i]->key);
		buf_put_str(text, STR("  "));
		text_put(text, buf_str(&name));
		buf_format(text, ": needs %zu calls, %zu unneeded\n",
			   sharing->groups[i]->needs.count, excess_of(sharing, i));
	}
}

void sharing_write_text(const struct sharing *sharing, FILE *out)
{
	const struct partition *partition = &sharing->partition;
	BUF_AUTO text = {0};

	buf_format(&text,
		   "%zu profile%s for %zu group%s: %" PRIu64 " unneeded calls in all; no choice "
		   "has fewer than %" PRIu64 "\n",
		   partition->part_count, partition->part_count == 1 ? "" : "s",
		   sharing->group_count, sharing->group_count == 1 ? "" : "s", partition->excess,
		   partition->bound);
	for (size_t part = 0; part < partition->part_count; part++) {
		buf_format(&text, "shared-%zu: %zu calls\n", part + 1,
			   sharing->joined[part].needs.count);
		put_members(sharing, part, &text);
	}
	fwrite(text.p, 1, text.n, out);
}

static json_t *part_json(const struct sharing *sharing, size_t part, enum form form)
{
	json_t *object = json_object(), *groups = json_array();

	json_object_set_new(object, "file",
			    json_sprintf("shared-%zu%s", part + 1, form_suffix(form)));
	json_object_set_new(object, "calls", json_from_count(sharing->joined[part].needs.count));
	for (size_t i = 0; i < sharing->group_count; i++) {
		BUF_AUTO title = {0};

		if (sharing->parts[i] != part)
			continue;
		json_t *group = json_object();

		group_key_put_name(&title, &sharing->groups[i]->key);
		json_object_set_new(group, "key", group_key_json(&sharing->groups[i]->key));
		json_object_set_new(group, "title", json_from_str(buf_str(&title)));
		json_object_set_new(group, "calls",
				    json_from_count(sharing->groups[i]->needs.count));
		json_object_set_new(group, "excess", json_from_count(excess_of(sharing, i)));
		json_array_append_new(groups, group);
	}
	json_object_set_new(object, "groups", groups);
	return object;
}

static void put_path(struct buf *path, const struct profile_given *given)
{
	buf_format(path, "%s/%s", given->output, ASSIGNMENT);
}

int sharing_check_file(const struct profile_given *given, struct err *err)
{
	struct stat status;
	BUF_AUTO path = {0};

	put_path(&path, given);
	if (given->force || lstat(path.p, &status) < 0)
		return 0;
	return err_set(err, EEXIST, "'%s' exists; use --force to replace it. Nothing was written",
		       path.p);
}

int sharing_write_file(const struct sharing *sharing, enum form form,
		       const struct profile_given *given, struct err *err)
{
	json_t *object = json_object(), *profiles = json_array();
	BUF_AUTO path = {0};

	put_path(&path, given);
	for (size_t part = 0; part < sharing->partition.part_count; part++)
		json_array_append_new(profiles, part_json(sharing, part, form));
	json_object_set_new(object, "profiles", profiles);
	json_object_set_new(object, "groups", json_from_count(sharing->group_count));
	json_object_set_new(object, "excess", json_from_count(sharing->partition.excess));
	json_object_set_new(object, "bound", json_from_count(sharing->partition.bound));
	char *text = json_dumps(object, JSON_INDENT(2));
	BUF_AUTO bytes = {0};

	buf_format(&bytes, "%s\n", text ? text : "");
	free(text);
	json_decref(object);
	return output_write(path.p, given->force, buf_str(&bytes), err);
}
