#include "correlate/registry.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <sys/random.h>

/* How often a container is asked for of which nothing was found. Its files may be written a moment
 * after its first process was seen. */
#define ASK_MAX 4

struct entry {
	struct entry *next; /* of the same slot */
	uint64_t hash;
	struct container *container;
	unsigned asked;
	bool seen; /* since the last sweep */
	bool described;
};

/* A container that was described anew: somebody may still point to what it was before. */
struct retired {
	struct retired *next;
	struct container *container;
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

static struct entry *add(struct registry *registry, uint64_t hash)
{
	struct entry *entry = mem_new(1, sizeof(*entry));

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

static void ask(struct registry *registry, struct entry *entry, const struct metadata_hint *hint)
{
	struct container *container = NULL;
	BUF_AUTO trouble = {0};
	bool found = metadata_describe(registry->metadata, hint, &container, &trouble);

	entry->asked++;
	entry->described = found;
	if (found || !entry->container) {
		replace(registry, entry, lean_copy(container));
		if (!registry->described(registry->context, container, buf_str(&trouble)))
			entry->asked = entry->described = 0;
	}
	container_free(container);
}

static void take_hint(struct registry *registry, struct entry *entry,
		      const struct metadata_hint *hint)
{
	const struct container container = {
		.id = hint->id, .name = hint->id, .runtime = hint->runtime};

	entry->described = true;
	replace(registry, entry, container_copy(&container));
	registry->described(registry->context, entry->container, str_of(NULL, 0));
}

static const struct container *look_up(struct registry *registry, const struct metadata_hint *hint,
				       bool again)
{
	uint64_t hash = hash_bytes(registry->key, hint->id);
	struct entry *entry = find(registry, hash, hint->id);

	if (!entry)
		entry = add(registry, hash);
	entry->seen = true;
	if (!registry->metadata) {
		if (!entry->container)
			take_hint(registry, entry, hint);
	} else if (again || (!entry->described && entry->asked < ASK_MAX)) {
		ask(registry, entry, hint);
	}
	return entry->container;
}

const struct container *registry_container(struct registry *registry,
					   const struct metadata_hint *hint)
{
	return look_up(registry, hint, false);
}

const struct container *registry_created(struct registry *registry,
					 const struct metadata_hint *hint)
{
	return look_up(registry, hint, registry->metadata != NULL);
}

const struct container *registry_restore(struct registry *registry,
					 const struct container *container)
{
	uint64_t hash = hash_bytes(registry->key, container->id);
	struct entry *entry = find(registry, hash, container->id);

	if (!entry) {
		entry = add(registry, hash);
		entry->container = lean_copy(container);
	}
	return entry->container;
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
