#include "live/pairs.h"

#include "base/mem.h"

#include <stdlib.h>

/* Both transports get an event at once; syslog's time is in whole seconds. */
#define WAIT_MS 2000

struct key {
	int64_t second;
	uint64_t ip;
	uint32_t pid, arch, code;
	int32_t nr;
	size_t node_n;
	char node[64]; /* its end, where it is longer */
};

struct pairs {
	struct key serials[PAIRS_MAX]; /* a ring; second 0: free */
	size_t next_serial;
	struct key waiting[PAIRS_MAX]; /* as held */
	struct pairs_held held[PAIRS_MAX];
	size_t first, count; /* of those that wait: a ring */
};

struct pairs *pairs_new(void)
{
	return mem_new(1, sizeof(struct pairs));
}

void pairs_free(struct pairs *pairs)
{
	for (size_t i = 0; pairs && i < PAIRS_MAX; i++)
		free(pairs->held[i].bytes);
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

bool pairs_take_serial(struct pairs *pairs, struct str node, const struct record *record)
{
	struct key key = key_of(node, record);

	for (size_t i = 0; i < pairs->count; i++) {
		size_t at = (pairs->first + i) % PAIRS_MAX;

		if (!pairs->held[at].bytes || !same(&pairs->waiting[at], &key))
			continue;
		free(pairs->held[at].bytes);
		pairs->held[at].bytes = NULL;
		return true;
	}
	pairs->serials[pairs->next_serial] = key;
	pairs->next_serial = (pairs->next_serial + 1) % PAIRS_MAX;
	return false;
}

bool pairs_take(struct pairs *pairs, struct str node, const struct record *record)
{
	struct key key = key_of(node, record);

	for (size_t i = 0; i < PAIRS_MAX; i++) {
		if (!pairs->serials[i].second || !same(&pairs->serials[i], &key))
			continue;
		pairs->serials[i].second = 0;
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

void pairs_hold(struct pairs *pairs, struct str node, const struct record *record,
		const struct framed *framed, uint64_t line)
{
	size_t at = (pairs->first + pairs->count) % PAIRS_MAX;
	struct pairs_held *held = &pairs->held[at];

	*held = (struct pairs_held){.framed = *framed, .line = line};
	held->bytes = mem_new(framed->text.n + framed->node.n + framed->fields.n + 1, 1);
	char *to = held->bytes;

	held->framed.text = copy(&to, framed->text);
	held->framed.node = copy(&to, framed->node);
	held->framed.fields = copy(&to, framed->fields);
	pairs->waiting[at] = key_of(node, record);
	pairs->count++;
}

bool pairs_next(struct pairs *pairs, int64_t ms, struct pairs_held *ret_held)
{
	while (pairs->count) {
		struct pairs_held *held = &pairs->held[pairs->first];

		if (held->bytes && pairs->count < PAIRS_MAX && ms != INT64_MAX &&
		    ms < held->framed.ms + WAIT_MS)
			return false;
		*ret_held = *held;
		held->bytes = NULL;
		pairs->first = (pairs->first + 1) % PAIRS_MAX;
		pairs->count--;
		if (ret_held->bytes)
			return true;
	}
	return false;
}
