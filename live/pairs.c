#include "live/pairs.h"

#include "base/mem.h"

#include <stdlib.h>

#define BUCKETS 65536
#define NOTHING UINT32_MAX

/* Of a bucket: records that are all the same are a flood. */
#define LOOKED_AT_MAX 4096

struct key {
	int64_t second;
	uint64_t ip;
	uint32_t pid, arch, code;
	int32_t nr;
	size_t node_n;
	char node[64]; /* its end, where it is longer */
};

struct waiting {
	struct key key;
	struct pairs_held held; /* bytes NULL: gone */
	int64_t other_ms;       /* then its other, which is that once however often it comes */
	uint32_t other_serial;
	uint32_t next; /* in its bucket */
};

struct pairs {
	struct key noted[PAIRS_NOTED]; /* a ring; second 0: free */
	size_t next_noted;
	struct waiting *waiting;
	uint32_t *buckets;     /* NULL while none waited */
	uint8_t seconds[8192]; /* bits, by the second's lowest 16 */
	size_t count, first;
	size_t left; /* of those that wait */
};

struct pairs *pairs_new(void)
{
	return mem_new(1, sizeof(struct pairs));
}

void pairs_free(struct pairs *pairs)
{
	if (!pairs)
		return;
	for (size_t i = pairs->first; i < pairs->count; i++)
		free(pairs->waiting[i].held.bytes);
	free(pairs->waiting);
	free(pairs->buckets);
	free(pairs);
}

static struct key key_of(struct str node, const struct record *record)
{
	struct key key = {.second = record->ms / 1000,
			  .ip = record->ip,
			  .pid = record->pid,
			  .arch = record->arch,
			  .code = record->code,
			  .nr = record->nr,
			  .node_n = node.n};

	if (node.n > sizeof(key.node))
		node = str_skip(node, node.n - sizeof(key.node));
	if (node.n)
		memcpy(key.node, node.p, node.n);
	return key;
}

static bool same(const struct key *a, const struct key *b)
{
	return a->second == b->second && a->ip == b->ip && a->pid == b->pid && a->arch == b->arch &&
	       a->code == b->code && a->nr == b->nr && a->node_n == b->node_n &&
	       memcmp(a->node, b->node, sizeof(a->node)) == 0;
}

/* Which second and process it is suffices to tell most of them apart. */
static size_t bucket_of(const struct key *key)
{
	uint64_t hash = ((uint64_t)key->second << 20 ^ key->pid ^ key->ip << 7) *
			UINT64_C(0x9e3779b97f4a7c15);

	return hash >> 48;
}

static bool is_other_of(const struct waiting *gone, const struct record *record)
{
	return !gone->held.bytes && gone->other_ms == record->ms &&
	       gone->other_serial == record->serial;
}

static bool settle(struct pairs *pairs, struct waiting *waiting, const struct record *record)
{
	if (!waiting)
		return false;
	waiting->other_ms = record->ms;
	waiting->other_serial = record->serial;
	free(waiting->held.bytes);
	waiting->held.bytes = NULL;
	pairs->left--;
	return true;
}

/* In each log it is the other of one: of those of a log, which stand together in a bucket, either one is
 * gone because of it, or one that waits goes. */
unsigned pairs_find(struct pairs *pairs, struct str node, const struct record *record)
{
	struct key key = key_of(node, record);
	struct waiting *candidate = NULL;
	unsigned found = 0;
	bool done = false;
	size_t input = 0;
	uint32_t at = pairs->left ? pairs->buckets[bucket_of(&key)] : NOTHING;

	for (unsigned looked = 0; at != NOTHING && looked < LOOKED_AT_MAX; looked++) {
		struct waiting *waiting = &pairs->waiting[at];

		at = waiting->next;
		if (!same(&waiting->key, &key))
			continue;
		if (waiting->held.input != input) {
			found += settle(pairs, candidate, record);
			candidate = NULL;
			done = false;
			input = waiting->held.input;
		}
		done |= is_other_of(waiting, record);
		candidate = done ? NULL : waiting->held.bytes ? waiting : candidate;
	}
	return found + settle(pairs, candidate, record);
}

unsigned pairs_note(struct pairs *pairs, struct str node, const struct record *record)
{
	unsigned found = pairs_find(pairs, node, record);

	if (found)
		return found;
	pairs->noted[pairs->next_noted] = key_of(node, record);
	pairs->next_noted = (pairs->next_noted + 1) % PAIRS_NOTED;
	return 0;
}

bool pairs_take(struct pairs *pairs, struct str node, const struct record *record)
{
	struct key key = key_of(node, record);

	for (size_t i = 0; i < PAIRS_NOTED; i++) {
		if (!pairs->noted[i].second || !same(&pairs->noted[i], &key))
			continue;
		pairs->noted[i].second = 0;
		return true;
	}
	return false;
}

static struct str copy(char **to, struct str text)
{
	struct str copied = str_of(*to, text.n);

	if (text.n)
		memcpy(*to, text.p, text.n);
	*to += text.n;
	return copied;
}

/* Its texts borrow a line that goes. */
static void keep(struct pairs_held *held)
{
	struct framed *framed = &held->framed;
	char *to = held->bytes = mem_new(framed->text.n + framed->node.n + framed->fields.n + 1, 1);

	framed->text = copy(&to, framed->text);
	framed->node = copy(&to, framed->node);
	framed->fields = copy(&to, framed->fields);
}

bool pairs_hold(struct pairs *pairs, struct str node, const struct record *record,
		const struct pairs_held *held)
{
	if (pairs->count == PAIRS_HELD_MAX)
		return false;
	if (!pairs->buckets) {
		pairs->buckets = mem_new(BUCKETS, sizeof(*pairs->buckets));
		memset(pairs->buckets, 0xff, BUCKETS * sizeof(*pairs->buckets)); /* NOTHING */
	}
	pairs->waiting = mem_more(pairs->waiting, pairs->count, sizeof(*pairs->waiting));
	struct waiting *waiting = &pairs->waiting[pairs->count];
	struct key key = key_of(node, record);
	uint32_t *bucket = &pairs->buckets[bucket_of(&key)];

	*waiting = (struct waiting){.key = key, .held = *held, .next = *bucket};
	keep(&waiting->held);
	*bucket = (uint32_t)pairs->count++;
	pairs->seconds[(uint16_t)key.second / 8] |= (uint8_t)(1 << key.second % 8);
	pairs->left++;
	return true;
}

bool pairs_wait(const struct pairs *pairs)
{
	return pairs && pairs->left;
}

bool pairs_wait_in(const struct pairs *pairs, int64_t second)
{
	return pairs_wait(pairs) && pairs->seconds[(uint16_t)second / 8] & 1 << second % 8;
}

bool pairs_next(struct pairs *pairs, struct pairs_held *ret_held)
{
	while (pairs->first < pairs->count) {
		struct pairs_held *held = &pairs->waiting[pairs->first++].held;

		if (!held->bytes)
			continue;
		*ret_held = *held;
		held->bytes = NULL;
		pairs->left--;
		return true;
	}
	return false;
}
