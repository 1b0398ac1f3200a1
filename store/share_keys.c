#include "store/share_keys.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

#define SIZE_FIRST 1024

/* An empty slot has the id 0. */
struct slot {
	int64_t key, id;
	uint32_t sender, kind;
};

/* Open addressing, at most half full. */
struct share_keys {
	uint64_t seed; /* the sender chooses its keys */
	struct slot *slots;
	size_t size, count;
};

struct share_keys *share_keys_new(void)
{
	struct share_keys *keys = mem_new(1, sizeof(*keys));

	keys->seed = store_share_random();
	keys->size = SIZE_FIRST;
	keys->slots = mem_new(keys->size, sizeof(*keys->slots));
	return keys;
}

void share_keys_free(struct share_keys *keys)
{
	if (keys)
		free(keys->slots);
	free(keys);
}

/* Where it is, or would be. */
static struct slot *find(const struct share_keys *keys, const struct slot *wanted)
{
	uint64_t hash = hash_word(keys->seed, (uint64_t)wanted->sender << 32 | wanted->kind);
	size_t at = (size_t)hash_word(hash, (uint64_t)wanted->key) & (keys->size - 1);

	for (;; at = (at + 1) & (keys->size - 1)) {
		struct slot *slot = &keys->slots[at];

		if (!slot->id || (slot->key == wanted->key && slot->sender == wanted->sender &&
				  slot->kind == wanted->kind))
			return slot;
	}
}

static void grow(struct share_keys *keys)
{
	struct slot *old = keys->slots;
	size_t size = keys->size;

	keys->size *= 2;
	keys->slots = mem_new(keys->size, sizeof(*keys->slots));
	for (size_t i = 0; i < size; i++)
		if (old[i].id)
			*find(keys, &old[i]) = old[i];
	free(old);
}

void share_keys_put(struct share_keys *keys, enum share_kind kind, int64_t sender, int64_t key,
		    int64_t id)
{
	const struct slot slot = {key, id, (uint32_t)sender, kind};
	struct slot *to = find(keys, &slot);

	keys->count += !to->id;
	*to = slot;
	if (keys->count * 2 > keys->size)
		grow(keys);
}

int64_t share_keys_find(const struct share_keys *keys, enum share_kind kind, int64_t sender,
			int64_t key)
{
	const struct slot wanted = {key, 0, (uint32_t)sender, kind};

	return find(keys, &wanted)->id;
}
