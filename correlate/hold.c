#include "correlate/hold.h"

#include "base/mem.h"

#include <stdlib.h>

/* Its strings lie behind it. */
struct held {
	struct held *next;
	int64_t until_ns;
	unsigned slot;
	struct event event;
	struct record record;
	struct str text;
	char bytes[];
};

struct hold {
	struct held *first, **last;
	size_t count, count_of[HOLD_SLOTS];
};

struct hold *hold_new(void)
{
	struct hold *hold = mem_new(1, sizeof(*hold));

	hold->last = &hold->first;
	return hold;
}

void hold_free(struct hold *hold)
{
	if (!hold)
		return;
	for (struct held *held = hold->first, *next; held; held = next) {
		next = held->next;
		free(held);
	}
	free(hold);
}

static struct str put_bytes(char **to, struct str bytes)
{
	char *at = *to;

	if (bytes.n)
		memcpy(at, bytes.p, bytes.n);
	*to += bytes.n;
	return str_of(at, bytes.n);
}

bool hold_add(struct hold *hold, const struct event *event, struct str text, unsigned slot,
	      int64_t until_ns)
{
	const struct record *record = event->record;
	struct held *held;

	if (hold->count >= HOLD_MAX)
		return false;
	held = mem_new(1, sizeof(*held) + event->node.n + record->comm.n + record->exe.n + text.n);
	*held = (struct held){
		.until_ns = until_ns,
		.slot = slot,
		.event = *event,
		.record = *record,
	};
	char *to = held->bytes;

	held->event.record = &held->record;
	held->event.node = put_bytes(&to, event->node);
	held->record.comm = put_bytes(&to, record->comm);
	held->record.exe = put_bytes(&to, record->exe);
	held->record.subj = held->record.rest = str_of(NULL, 0);
	held->text = put_bytes(&to, text);
	*hold->last = held;
	hold->last = &held->next;
	hold->count++;
	hold->count_of[slot]++;
	return true;
}

int hold_retry(struct hold *hold, int64_t now_ns, hold_fn *try, void *context)
{
	struct held **place = &hold->first;

	while (*place) {
		struct held *held = *place;
		int result = try(context, &held->event, held->text, held->slot,
				 now_ns >= held->until_ns);

		if (result < 0)
			return result;
		if (result == 0) {
			place = &held->next;
			continue;
		}
		*place = held->next;
		if (!held->next)
			hold->last = place;
		hold->count--;
		hold->count_of[held->slot]--;
		free(held);
	}
	return 0;
}

size_t hold_count(const struct hold *hold)
{
	return hold->count;
}

size_t hold_count_of(const struct hold *hold, unsigned slot)
{
	return hold->count_of[slot];
}
