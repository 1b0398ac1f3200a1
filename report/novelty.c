#include "report/novelty.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "ingest/node.h"

#include <stdlib.h>
#include <sys/random.h>

#define SLOTS_MIN 1024
#define SLOTS_MAX 262144

/* Three quarters of the slots are used at most: then there are twice as many, and in the end as
 * many as there may be. */
_Static_assert(NOVELTY_MAX == SLOTS_MAX / 4 * 3, "the set starts over where it cannot grow");

struct novelty {
	uint64_t seed;
	uint64_t *slots; /* hashes; 0 is an empty slot, and a hash of 0 is kept as 1 */
	size_t slot_count;
	size_t count;
	uint64_t restarts;
	/* of the last node, whose name nearly every event has */
	struct buf node;
	uint64_t node_hash;
};

struct key {
	struct str node;
	enum attribution attribution;
	struct str owner; /* a container's id, else the comm */
	bool owner_null;
	bool has_arch;
	uint32_t arch;
	int32_t nr;
	uint32_t code;
};

struct novelty *novelty_new(void)
{
	struct novelty *novelty = mem_new(1, sizeof(*novelty));

	if (getrandom(&novelty->seed, sizeof(novelty->seed), 0) != sizeof(novelty->seed))
		mem_fail("random bytes");
	novelty->slots = mem_new(SLOTS_MIN, sizeof(*novelty->slots));
	novelty->slot_count = SLOTS_MIN;
	return novelty;
}

void novelty_free(struct novelty *novelty)
{
	if (!novelty)
		return;
	free(novelty->slots);
	buf_release(&novelty->node);
	free(novelty);
}

static uint64_t hash_node(struct novelty *novelty, struct str node)
{
	char label[NODE_LABEL_SIZE];

	if (!novelty->node.p || !str_eq(node, buf_str(&novelty->node))) {
		buf_clear(&novelty->node);
		buf_put_str(&novelty->node, node);
		novelty->node_hash = hash_bytes(novelty->seed, node_label(node, label));
	}
	return novelty->node_hash;
}

static uint64_t hash_of(struct novelty *novelty, const struct key *key)
{
	uint64_t hash = hash_node(novelty, key->node);

	hash = hash_word(hash, (uint64_t)key->attribution << 2 | (uint64_t)key->owner_null << 1 |
				       (uint64_t)key->has_arch);
	hash = hash_bytes(hash, key->owner_null ? STR("") : key->owner);
	hash = hash_word(hash, (uint64_t)(key->has_arch ? key->arch : 0) << 32 | (uint32_t)key->nr);
	hash = hash_word(hash, key->code);
	return hash ? hash : 1;
}

/* Where the hash is, or the empty slot where it belongs; a quarter of the slots is empty. */
static uint64_t *slot_of(const struct novelty *novelty, uint64_t hash)
{
	size_t mask = novelty->slot_count - 1, i = hash & mask;

	while (novelty->slots[i] && novelty->slots[i] != hash)
		i = (i + 1) & mask;
	return &novelty->slots[i];
}

static void grow(struct novelty *novelty)
{
	uint64_t *old = novelty->slots;
	size_t old_count = novelty->slot_count;

	novelty->slot_count *= 2;
	novelty->slots = mem_new(novelty->slot_count, sizeof(*novelty->slots));
	for (size_t i = 0; i < old_count; i++)
		if (old[i])
			*slot_of(novelty, old[i]) = old[i];
	free(old);
}

static void start_over(struct novelty *novelty)
{
	memset(novelty->slots, 0, novelty->slot_count * sizeof(*novelty->slots));
	novelty->count = 0;
	novelty->restarts++;
}

static bool add(struct novelty *novelty, const struct key *key)
{
	uint64_t hash = hash_of(novelty, key);

	if (*slot_of(novelty, hash))
		return false;
	if (novelty->count == NOVELTY_MAX)
		start_over(novelty);
	else if (novelty->count == novelty->slot_count / 4 * 3)
		grow(novelty);
	*slot_of(novelty, hash) = hash;
	novelty->count++;
	return true;
}

bool novelty_add(struct novelty *novelty, const struct event *event)
{
	const struct record *record = event->record;
	bool contained = event->container != NULL;
	const struct key key = {
		.node = event->node,
		.attribution = event->attribution,
		.owner = contained ? event->container->id : record->comm,
		.owner_null = !contained && record->comm_null,
		.has_arch = record->has_arch,
		.arch = record->arch,
		.nr = record->nr,
		.code = record->code,
	};

	return add(novelty, &key);
}

bool novelty_add_observation(struct novelty *novelty, const struct observation *observation)
{
	bool contained = observation->attribution == ATTRIBUTION_CONTAINER;
	const struct key key = {
		.node = observation->node,
		.attribution = observation->attribution,
		.owner = contained ? observation->container.id : observation->comm,
		.owner_null = !contained && observation->comm_null,
		.has_arch = observation->has_arch,
		.arch = observation->arch,
		.nr = observation->nr,
		.code = observation->code,
	};

	return add(novelty, &key);
}

size_t novelty_count(const struct novelty *novelty)
{
	return novelty->count;
}

uint64_t novelty_restarts(const struct novelty *novelty)
{
	return novelty->restarts;
}
