#include "report/group.h"

#include "base/mem.h"
#include "report/json.h"
#include "report/text.h"

#include <stdlib.h>

#define BIT(part) (1U << (part))

static const struct grouping {
	const char *name;
	unsigned parts;
	unsigned main; /* of these: what a group is named for, 0: nothing that could be unknown */
} groupings[] = {
	[GROUP_BY_CONTAINER] = {"container", BIT(GROUP_NODE) | BIT(GROUP_CONTAINER) | BIT(GROUP_ID),
				0},
	[GROUP_BY_NAME] = {"name", BIT(GROUP_CONTAINER), 0},
	[GROUP_BY_IMAGE] = {"image", BIT(GROUP_IMAGE), BIT(GROUP_IMAGE)},
	[GROUP_BY_POD] = {"pod", BIT(GROUP_NAMESPACE) | BIT(GROUP_POD), BIT(GROUP_POD)},
	[GROUP_BY_WORKLOAD] = {"workload", BIT(GROUP_NAMESPACE) | BIT(GROUP_WORKLOAD),
			       BIT(GROUP_WORKLOAD)},
	[GROUP_BY_NAMESPACE] = {"namespace", BIT(GROUP_NAMESPACE), BIT(GROUP_NAMESPACE)},
	[GROUP_BY_NODE] = {"node", BIT(GROUP_NODE), BIT(GROUP_NODE)},
	[GROUP_BY_ALL] = {"all", 0, 0},
	[GROUP_BY_RUNS] = {"container",
			   BIT(GROUP_NODE) | BIT(GROUP_NAMESPACE) | BIT(GROUP_POD) |
				   BIT(GROUP_IMAGE) | BIT(GROUP_CONTAINER),
			   0},
	[GROUP_BY_LABELS] = {"container",
			     BIT(GROUP_NODE) | BIT(GROUP_NAMESPACE) | BIT(GROUP_CONTAINER) |
				     BIT(GROUP_WORKLOAD),
			     0},
	[GROUP_BY_SHARED] = {"profile", BIT(GROUP_CONTAINER), 0},
};

static const char *const part_names[] = {
	[GROUP_NODE] = "node",
	[GROUP_NAMESPACE] = "namespace",
	[GROUP_POD] = "pod",
	[GROUP_IMAGE] = "image",
	[GROUP_CONTAINER] = "container",
	[GROUP_ID] = "id",
	[GROUP_COMM] = "comm",
	[GROUP_EXE] = "exe",
	[GROUP_WORKLOAD] = "workload",
};

enum group_by group_by_from_name(const char *name)
{
	for (size_t i = 0; name && i < sizeof(groupings) / sizeof(*groupings); i++)
		if (strcmp(groupings[i].name, name) == 0)
			return (enum group_by)i;
	return GROUP_BY_CONTAINER;
}

const char *group_by_noun(enum group_by by)
{
	if (by == GROUP_BY_ALL)
		return "group";
	return groupings[by == GROUP_BY_NAME ? GROUP_BY_CONTAINER : by].name;
}

static bool mixes_attributions(enum group_by by)
{
	return by == GROUP_BY_NODE || by == GROUP_BY_ALL;
}

static void set_part(struct group_key *key, enum group_part part, struct str value, bool known)
{
	key->values[part] = value;
	key->known |= known ? BIT(part) : 0;
}

struct group_key group_key_of_container(const struct container *container, struct str node,
					enum group_by by)
{
	struct group_key key = {
		.by = by,
		.attribution = ATTRIBUTION_CONTAINER,
		.parts = groupings[by].parts,
	};

	set_part(&key, GROUP_NODE, node, node.n > 0);
	set_part(&key, GROUP_NAMESPACE, container->namespace, container->namespace.n > 0);
	set_part(&key, GROUP_POD, container->pod, container->pod.n > 0);
	set_part(&key, GROUP_IMAGE, container->image, container->image.n > 0);
	set_part(&key, GROUP_CONTAINER, container->name.n ? container->name : container->id, true);
	set_part(&key, GROUP_ID, container->id, container->id.n > 0);
	set_part(&key, GROUP_WORKLOAD, container->workload, container->workload.n > 0);
	/* What no label names is a workload by its own name. */
	if (by == GROUP_BY_WORKLOAD && container->workload.n == 0)
		key.parts |= BIT(GROUP_CONTAINER);
	return key;
}

struct group_key group_key_of_outside(const struct observation *observation, enum group_by by)
{
	if (mixes_attributions(by))
		return group_key_of_container(&observation->container, observation->node, by);

	struct group_key key = {
		.by = by,
		.attribution = observation->attribution,
		.parts = BIT(GROUP_NODE),
	};

	set_part(&key, GROUP_NODE, observation->node, observation->node.n > 0);
	return key;
}

struct group_key group_key_of(const struct observation *observation, enum group_by by)
{
	if (observation->attribution == ATTRIBUTION_CONTAINER || mixes_attributions(by))
		return group_key_of_container(&observation->container, observation->node, by);

	struct group_key key = group_key_of_outside(observation, by);

	if (observation->attribution == ATTRIBUTION_HOST)
		return key;
	key.parts |= BIT(GROUP_COMM) | BIT(GROUP_EXE);
	set_part(&key, GROUP_COMM, observation->comm, !observation->comm_null);
	set_part(&key, GROUP_EXE, observation->exe, !observation->exe_null);
	return key;
}

struct group_key group_key_copy(const struct group_key *key)
{
	struct group_key copy = *key;

	for (size_t i = 0; i < GROUP_PART_COUNT; i++)
		copy.values[i] = str_of(mem_copy(key->values[i]), key->values[i].n);
	return copy;
}

void group_key_release(struct group_key *key)
{
	for (size_t i = 0; i < GROUP_PART_COUNT; i++)
		free((void *)(uintptr_t)key->values[i].p);
	*key = (struct group_key){0};
}

int group_key_compare(const struct group_key *a, const struct group_key *b)
{
	if (a->attribution != b->attribution)
		return (int)a->attribution - (int)b->attribution;
	if (a->parts != b->parts)
		return a->parts < b->parts ? -1 : 1;
	for (size_t i = 0; i < GROUP_PART_COUNT; i++) {
		if (!(a->parts & BIT(i)))
			continue;
		int order = (int)!(a->known & BIT(i)) - (int)!(b->known & BIT(i));

		if (order == 0)
			order = str_compare(a->values[i], b->values[i]);
		if (order)
			return order;
	}
	return 0;
}

json_t *group_key_json(const struct group_key *key)
{
	json_t *object = json_object();

	if (!mixes_attributions(key->by))
		json_object_set_new(object, "attribution",
				    json_string(attribution_name(key->attribution)));
	for (size_t i = 0; i < GROUP_PART_COUNT; i++)
		if (key->parts & BIT(i))
			json_object_set_new(
				object, part_names[i],
				json_from_str_or_null(key->values[i], !(key->known & BIT(i))));
	return object;
}

bool group_key_is_named(const struct group_key *key)
{
	unsigned main = key->parts == groupings[key->by].parts ? groupings[key->by].main : 0;

	return key->attribution != ATTRIBUTION_CONTAINER || (key->known & main) == main;
}

static bool is_pause(const struct group_key *key)
{
	return key->by == GROUP_BY_WORKLOAD && key->parts & BIT(GROUP_CONTAINER) &&
	       key->known & BIT(GROUP_POD) && str_eq(key->values[GROUP_CONTAINER], STR("POD"));
}

bool group_key_is_workload(const struct group_key *key)
{
	return (key->attribution == ATTRIBUTION_CONTAINER && !is_pause(key)) ||
	       mixes_attributions(key->by);
}

static void put_part(struct buf *buf, const struct group_key *key, enum group_part part)
{
	if (!(key->known & BIT(part)))
		buf_put_str(buf, STR("(not known)"));
	else if (part == GROUP_IMAGE)
		text_put(buf, text_known_image(key->values[part]));
	else if (part == GROUP_CONTAINER && is_pause(key))
		buf_put_str(buf, STR("POD (pause containers of pods)"));
	else if (part == GROUP_CONTAINER || part == GROUP_ID)
		text_put(buf, text_known_id(key->values[part]));
	else
		text_put(buf, key->values[part]);
}

void group_put_program(struct buf *buf, struct str comm, bool comm_null, struct str exe,
		       bool exe_null)
{
	if (comm_null)
		buf_put_char(buf, '-');
	else
		text_put(buf, comm);
	if (exe_null)
		return;
	buf_put_str(buf, STR(" ("));
	text_put(buf, exe);
	buf_put_char(buf, ')');
}

void group_put_container(struct buf *buf, struct str name, struct str id)
{
	if (name.n == 0 || str_eq(name, id)) {
		text_put(buf, text_known_id(id));
		return;
	}
	text_put(buf, text_known_id(name));
	if (id.n == 0)
		return;
	buf_put_str(buf, STR(" ("));
	text_put(buf, text_short_id(id));
	buf_put_char(buf, ')');
}

static void put_outside(struct buf *buf, const struct group_key *key)
{
	if (key->attribution == ATTRIBUTION_HOST) {
		buf_put_str(buf, STR("host "));
		put_part(buf, key, GROUP_NODE);
		return;
	}
	buf_put_str(buf, STR("unattributed "));
	if (!(key->parts & BIT(GROUP_COMM))) {
		buf_put_str(buf, STR("on node "));
		put_part(buf, key, GROUP_NODE);
		return;
	}
	if (!(key->known & (BIT(GROUP_COMM) | BIT(GROUP_EXE)))) {
		put_part(buf, key, GROUP_COMM);
		return;
	}
	group_put_program(buf, key->values[GROUP_COMM], !(key->known & BIT(GROUP_COMM)),
			  key->values[GROUP_EXE], !(key->known & BIT(GROUP_EXE)));
}

/* Compose has workloads and no namespaces, docker run has neither: what is not there is not to be
 * missed. */
static bool is_named_without(const struct group_key *key, size_t part)
{
	return key->by == GROUP_BY_WORKLOAD && !(key->known & BIT(part)) &&
	       (part == GROUP_NAMESPACE || key->parts & BIT(GROUP_CONTAINER));
}

static void put_named(struct buf *buf, const struct group_key *key)
{
	for (size_t i = 0, n = 0; i < GROUP_PART_COUNT; i++) {
		if (!(key->parts & BIT(i)) || is_named_without(key, i))
			continue;
		if (n++)
			buf_put_char(buf, '/');
		put_part(buf, key, (enum group_part)i);
	}
}

void group_key_put_name(struct buf *buf, const struct group_key *key)
{
	if (key->attribution != ATTRIBUTION_CONTAINER)
		put_outside(buf, key);
	else if (key->by == GROUP_BY_CONTAINER)
		group_put_container(buf, key->values[GROUP_CONTAINER], key->values[GROUP_ID]);
	else if (key->by == GROUP_BY_RUNS || key->by == GROUP_BY_LABELS)
		put_part(buf, key, GROUP_CONTAINER);
	else
		put_named(buf, key);
}

void group_key_put(struct buf *buf, const struct group_key *key)
{
	if (key->attribution == ATTRIBUTION_CONTAINER) {
		buf_put_str(buf, str_from(groupings[key->by].name));
		if (groupings[key->by].parts)
			buf_put_char(buf, ' ');
	}
	group_key_put_name(buf, key);
}
