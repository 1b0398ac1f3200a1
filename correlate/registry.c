#include "correlate/registry.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "correlate/owner.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

/* How often a container is asked for of which nothing was found. Its files may be written a moment
 * after its first process was seen. */
#define ASK_MAX 4

/* Users share so many budgets by their uid, and containers that lie in others by these. */
#define BUDGETS 16

/* What a user's files may cost: time that comes back at 1 %, of which so much can be saved up. One
 * look takes a tenth of it at most. */
#define BUDGET_NS      (INT64_C(300) * 1000000)
#define BUDGET_PERCENT 1

struct entry {
	struct entry *next; /* of the same slot */
	uint64_t hash;
	struct container *container;
	unsigned asked;
	struct budget *budget; /* NULL: root's, which has none */
	bool seen;             /* since the last sweep */
	bool described;
};

/* A container that was described anew: somebody may still point to what it was before. */
struct retired {
	struct retired *next;
	struct container *container;
};

struct budget {
	unsigned count; /* of its containers on file */
	int64_t left_ns, at_ns;
};

/* Of a sorted list of those that somebody points to. */
typedef const struct container *const used_container;

struct registry {
	struct metadata *metadata;
	registry_described_fn *described;
	void *context;
	uint64_t key;
	struct entry **slots;
	size_t slot_count; /* a power of two */
	size_t count;
	uint64_t version;
	struct retired *retired;
	size_t retired_count;
	struct budget users[BUDGETS], nested[BUDGETS];
};

struct registry *registry_new(struct metadata *metadata, registry_described_fn *described,
			      void *context)
{
	struct registry *registry = mem_new(1, sizeof(*registry));

	registry->metadata = metadata;
	registry->described = described;
	registry->context = context;
	registry->slot_count = 256;
	registry->slots = mem_new(registry->slot_count, sizeof(struct entry *));
	if (getrandom(&registry->key, sizeof(registry->key), 0) != sizeof(registry->key))
		mem_fail("random bytes");
	return registry;
}

void registry_free(struct registry *registry)
{
	if (!registry)
		return;
	for (size_t i = 0; i < registry->slot_count; i++) {
		for (struct entry *entry = registry->slots[i], *next; entry; entry = next) {
			next = entry->next;
			container_free(entry->container);
			free(entry);
		}
	}
	for (struct retired *retired = registry->retired, *next; retired; retired = next) {
		next = retired->next;
		container_free(retired->container);
		free(retired);
	}
	free(registry->slots);
	free(registry);
}

static struct entry *find(const struct registry *registry, uint64_t hash, struct str id)
{
	struct entry *entry = registry->slots[hash & (registry->slot_count - 1)];

	while (entry && (entry->hash != hash || !str_eq(entry->container->id, id)))
		entry = entry->next;
	return entry;
}

static void grow(struct registry *registry)
{
	size_t count = registry->slot_count * 2;
	struct entry **slots = mem_new(count, sizeof(struct entry *));

	for (size_t i = 0; i < registry->slot_count; i++) {
		for (struct entry *entry = registry->slots[i], *next; entry; entry = next) {
			struct entry **slot = &slots[entry->hash & (count - 1)];

			next = entry->next;
			entry->next = *slot;
			*slot = entry;
		}
	}
	free(registry->slots);
	registry->slots = slots;
	registry->slot_count = count;
}

/* The budget of which a container is; NULL: root's, which has none. */
static struct budget *budget_of(struct registry *registry, const struct metadata_hint *hint)
{
	BUF_AUTO outer = {0};

	if (hint->owner)
		return &registry->users[hint->owner % BUDGETS];
	if (hint->outer.n == 0)
		return NULL;
	owner_put_outer(&outer, hint);
	return &registry->nested[hash_bytes(registry->key, buf_str(&outer)) % BUDGETS];
}

/* Returns NULL where there is no room. */
static struct entry *add(struct registry *registry, uint64_t hash, struct budget *budget)
{
	if (registry->count >= REGISTRY_MAX || (budget && budget->count >= REGISTRY_SHARE))
		return NULL;
	struct entry *entry = mem_new(1, sizeof(*entry));

	if (budget) {
		entry->budget = budget;
		budget->count++;
	}
	if (registry->count >= registry->slot_count)
		grow(registry);
	struct entry **slot = &registry->slots[hash & (registry->slot_count - 1)];

	entry->hash = hash;
	entry->next = *slot;
	*slot = entry;
	registry->count++;
	return entry;
}

static void replace(struct registry *registry, struct entry *entry, struct container *container)
{
	if (entry->container) {
		struct retired *retired = mem_new(1, sizeof(*retired));

		*retired = (struct retired){registry->retired, entry->container};
		registry->retired = retired;
		registry->retired_count++;
		registry->version++;
	}
	entry->container = container;
}

/* Without the profile, which is by far the most of it. */
static struct container *lean_copy(const struct container *container)
{
	struct container lean = *container;

	lean.profile = str_of(NULL, 0);
	return container_copy(&lean);
}

static void take_answer(struct registry *registry, struct entry *entry,
			const struct container *container, bool is_found, struct str trouble)
{
	entry->asked++;
	entry->described = is_found;
	if (!is_found && entry->container)
		return;
	replace(registry, entry, lean_copy(container));
	if (!registry->described(registry->context, container, trouble))
		entry->asked = entry->described = 0;
}

static void ask(struct registry *registry, struct entry *entry, const struct metadata_hint *hint)
{
	struct container *container = NULL;
	BUF_AUTO trouble = {0};
	int found = metadata_have_described(registry->metadata, hint, &container, &trouble);

	if (found >= 0)
		take_answer(registry, entry, container, found > 0, buf_str(&trouble));
	else /* at the next sight, if the answer is still missing then */
		entry->asked = entry->described = 0;
	container_free(container);
}

/* What the hint tells is all. */
static void take_hint(struct registry *registry, struct entry *entry, struct str id,
		      struct str name, const struct metadata_hint *hint)
{
	const struct container container = {.id = id, .name = name, .runtime = hint->runtime};

	entry->described = true;
	replace(registry, entry, container_copy(&container));
	registry->described(registry->context, entry->container, str_of(NULL, 0));
}

static const struct container *container_of_id(const struct registry *registry, struct str id)
{
	const struct entry *entry = find(registry, hash_bytes(registry->key, id), id);

	return entry ? entry->container : NULL;
}

/* One in a container is named after that: "web/ID". */
static void take_nested(struct registry *registry, struct entry *entry, struct str id,
			const struct metadata_hint *hint)
{
	BUF_AUTO outer = {0}, name = {0};

	owner_put_outer(&outer, hint);

	const struct container *container = container_of_id(registry, buf_str(&outer));

	buf_put_str(&name, container && container->name.n ? container->name : buf_str(&outer));
	buf_put_str(&name, str_skip(id, outer.n));
	take_hint(registry, entry, id, buf_str(&name), hint);
}

/* Asks the files, unless their user's time is used up: then it may be asked at the next sight. */
static void ask_in_budget(struct registry *registry, struct entry *entry,
			  const struct metadata_hint *hint, struct budget *budget)
{
	int64_t began_ns = clock_ns(CLOCK_MONOTONIC);

	if (!budget) {
		ask(registry, entry, hint);
		return;
	}
	budget->left_ns += (began_ns - budget->at_ns) / 100 * BUDGET_PERCENT;
	if (!budget->at_ns || budget->left_ns > BUDGET_NS)
		budget->left_ns = BUDGET_NS;
	budget->at_ns = began_ns;
	if (budget->left_ns > 0) {
		ask(registry, entry, hint);
		budget->left_ns -= clock_ns(CLOCK_MONOTONIC) - began_ns;
	}
}

static void describe_entry(struct registry *registry, struct entry *entry, struct str id,
			   const struct metadata_hint *hint, bool again)
{
	struct budget *budget = budget_of(registry, hint);

	if (hint->outer.n || !registry->metadata) {
		if (entry->container)
			return;
		if (hint->outer.n)
			take_nested(registry, entry, id, hint);
		else
			take_hint(registry, entry, id, id, hint);
		return;
	}
	if (again || (!entry->described && entry->asked < ASK_MAX))
		ask_in_budget(registry, entry, hint, budget);
	if (!entry->container) {
		/* without a name, so that it is asked about at the next sight */
		take_hint(registry, entry, id, str_of(NULL, 0), hint);
		entry->described = false;
	}
}

static const struct container *look_up(struct registry *registry, const struct metadata_hint *hint,
				       bool again)
{
	BUF_AUTO id = {0};

	owner_put_id(&id, hint);

	uint64_t hash = hash_bytes(registry->key, buf_str(&id));
	struct entry *entry = find(registry, hash, buf_str(&id));

	if (!entry)
		entry = add(registry, hash, budget_of(registry, hint));
	if (!entry)
		return NULL;
	entry->seen = true;
	describe_entry(registry, entry, buf_str(&id), hint, again);
	return entry->container;
}

const struct container *registry_find(const struct registry *registry,
				      const struct metadata_hint *hint)
{
	BUF_AUTO id = {0};

	owner_put_id(&id, hint);
	return container_of_id(registry, buf_str(&id));
}

struct metadata *registry_metadata(const struct registry *registry)
{
	return registry->metadata;
}

const struct container *registry_container(struct registry *registry,
					   const struct metadata_hint *hint)
{
	return look_up(registry, hint, false);
}

const struct container *registry_created(struct registry *registry,
					 const struct metadata_hint *hint)
{
	/* users leave root's containers the other half */
	bool is_full = registry->retired_count >=
		       (hint->owner ? REGISTRY_RETIRED_MAX / 2 : REGISTRY_RETIRED_MAX);

	return look_up(registry, hint, registry->metadata != NULL && !is_full);
}

const struct container *registry_restore(struct registry *registry,
					 const struct container *container)
{
	uint64_t hash = hash_bytes(registry->key, container->id);
	struct entry *entry = find(registry, hash, container->id);

	if (!entry)
		entry = add(registry, hash, NULL);
	if (!entry)
		return NULL;
	if (!entry->container)
		entry->container = lean_copy(container);
	return entry->container;
}

void registry_answer(struct registry *registry, const struct metadata_hint *hint,
		     const struct container *container, bool is_found, struct str trouble,
		     int64_t took_ns)
{
	BUF_AUTO id = {0};

	owner_put_id(&id, hint);

	struct entry *entry = find(registry, hash_bytes(registry->key, buf_str(&id)), buf_str(&id));

	if (hint->owner)
		budget_of(registry, hint)->left_ns -= took_ns;
	if (entry && container)
		take_answer(registry, entry, container, is_found, trouble);
}

static int compare_pointers(const void *a, const void *b)
{
	uintptr_t left = (uintptr_t) * (used_container *)a,
		  right = (uintptr_t) * (used_container *)b;

	return (left > right) - (left < right);
}

static bool is_used(const struct container *container, used_container *used, size_t count)
{
	return count && bsearch(&container, used, count, sizeof(*used), compare_pointers);
}

static void sweep_retired(struct registry *registry, used_container *used, size_t count)
{
	for (struct retired **place = &registry->retired; *place;) {
		struct retired *retired = *place;

		if (is_used(retired->container, used, count)) {
			place = &retired->next;
			continue;
		}
		*place = retired->next;
		registry->retired_count--;
		container_free(retired->container);
		free(retired);
	}
}

static void sweep_slot(struct registry *registry, struct entry **place, used_container *used,
		       size_t count)
{
	while (*place) {
		struct entry *entry = *place;
		bool keep = entry->seen || is_used(entry->container, used, count);

		entry->seen = false;
		if (keep) {
			place = &entry->next;
			continue;
		}
		*place = entry->next;
		if (entry->budget)
			entry->budget->count--;
		container_free(entry->container);
		free(entry);
		registry->count--;
	}
}

void registry_sweep(struct registry *registry, const struct container **used, size_t count)
{
	if (count)
		qsort(used, count, sizeof(*used), compare_pointers);
	sweep_retired(registry, used, count);
	for (size_t i = 0; i < registry->slot_count; i++)
		sweep_slot(registry, &registry->slots[i], used, count);
	registry->version++;
}

uint64_t registry_version(const struct registry *registry)
{
	return registry->version;
}

size_t registry_count(const struct registry *registry)
{
	return registry->count;
}

size_t registry_size(const struct registry *registry)
{
	return registry->count + registry->retired_count;
}
