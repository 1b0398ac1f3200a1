#include "report/kept.h"

#include "base/mem.h"

#include <stdlib.h>

#define STRING_COUNT (CONTAINER_TEXT_COUNT + 3)

/* Every string of an observation, so that they can be copied in a loop. */
static void strings_of(struct observation *observation, struct str *ret_strings[STRING_COUNT])
{
	ret_strings[0] = &observation->node;
	ret_strings[1] = &observation->comm;
	ret_strings[2] = &observation->exe;
	for (size_t i = 0; i < CONTAINER_TEXT_COUNT; i++)
		ret_strings[3 + i] = &observation->container.texts[i];
}

struct kept kept_copy(const struct observation *observation)
{
	struct kept kept = {.observation = *observation};
	struct str *strings[STRING_COUNT];
	size_t n = 0;

	strings_of(&kept.observation, strings);
	for (size_t i = 0; i < STRING_COUNT; i++)
		n += strings[i]->n;
	char *to = kept.bytes = mem_new(n, 1);

	for (size_t i = 0; i < STRING_COUNT; i++) {
		if (strings[i]->n)
			memcpy(to, strings[i]->p, strings[i]->n);
		strings[i]->p = to;
		to += strings[i]->n;
	}
	return kept;
}

void kept_release(struct kept *kept)
{
	free(kept->bytes);
	kept->bytes = NULL;
}

const char *kept_source_name(enum source_kind source)
{
	return source == SOURCE_STRACE ? "strace" : "kernel";
}

bool kept_is_same(const struct observation *a, const struct observation *b)
{
	return a->container_row == b->container_row && a->attribution == b->attribution &&
	       (a->source == SOURCE_STRACE) == (b->source == SOURCE_STRACE) &&
	       a->trust == b->trust && a->nr == b->nr && a->has_arch == b->has_arch &&
	       (!a->has_arch || a->arch == b->arch) && a->code == b->code &&
	       a->comm_null == b->comm_null && a->exe_null == b->exe_null &&
	       str_eq(a->comm, b->comm) && str_eq(a->exe, b->exe) && str_eq(a->node, b->node);
}

void kept_add(struct kept *kept, const struct observation *observation)
{
	struct observation *to = &kept->observation;

	to->count += observation->count;
	to->count_exact &= observation->count_exact;
	if (observation->first_ms < to->first_ms)
		to->first_ms = observation->first_ms;
	if (observation->last_ms <= to->last_ms)
		return;
	to->last_ms = observation->last_ms;
	to->pid = observation->pid;
	to->ip = observation->ip;
}
