#include "correlate/hold.h"

#include "base/mem.h"

#include <stdlib.h>

struct held {
	struct held *next;
	int64_t until_ns;
	unsigned slot;
	struct event event;
	/* the record without its strings, which stand in bytes */
	int64_t ms;
	uint64_t ip;
	uint32_t serial, pid, arch, code;
	int32_t nr;
	bool has_serial, has_arch, comm_null, exe_null;
	size_t node_n, comm_n, exe_n, text_n;
	char bytes[];
};

struct hold {
	struct held *first, **last;
	size_t count, count_of[HOLD_SLOTS];
	struct record record; /* of the event that is tried */
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

static char *put_bytes(char *to, struct str bytes)
{
	if (bytes.n)
		memcpy(to, bytes.p, bytes.n);
	return to + bytes.n;
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
		.ms = record->ms,
		.ip = record->ip,
		.serial = record->serial,
		.pid = record->pid,
		.arch = record->arch,
		.code = record->code,
		.nr = record->nr,
		.has_serial = record->has_serial,
		.has_arch = record->has_arch,
		.comm_null = record->comm_null,
		.exe_null = record->exe_null,
		.node_n = event->node.n,
		.comm_n = record->comm.n,
		.exe_n = record->exe.n,
		.text_n = text.n,
	};
	char *to = put_bytes(put_bytes(held->bytes, event->node), record->comm);

	put_bytes(put_bytes(to, record->exe), text);
	*hold->last = held;
	hold->last = &held->next;
	hold->count++;
	hold->count_of[slot]++;
	return true;
}

static struct str take_bytes(const char **at, size_t n)
{
	const char *p = *at;

	*at += n;
	return str_of(p, n);
}

static int try_one(struct hold *hold, struct held *held, bool final, hold_fn *try, void *context)
{
	struct record *record = &hold->record;
	const char *at = held->bytes;

	record->ms = held->ms;
	record->ip = held->ip;
	record->serial = held->serial;
	record->pid = held->pid;
	record->arch = held->arch;
	record->code = held->code;
	record->nr = held->nr;
	record->has_serial = held->has_serial;
	record->has_arch = held->has_arch;
	record->comm_null = held->comm_null;
	record->exe_null = held->exe_null;
	held->event.record = record;
	held->event.node = take_bytes(&at, held->node_n);
	record->comm = take_bytes(&at, held->comm_n);
	record->exe = take_bytes(&at, held->exe_n);
	return try(context, &held->event, str_of(at, held->text_n), held->slot, final);
}

int hold_retry(struct hold *hold, int64_t now_ns, hold_fn *try, void *context)
{
	struct held **place = &hold->first;

	while (*place) {
		struct held *held = *place;
		int result = try_one(hold, held, now_ns >= held->until_ns, try, context);

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
