#include "store/kind.h"

#include "base/mem.h"

#include <stdlib.h>

/* All of an event; its strings lie behind it. */
struct kind_whole {
	struct event event;
	struct container container;
	struct record record;
};

struct kinds {
	struct kind all[STORE_KINDS];
};

struct kinds *kinds_new(void)
{
	return mem_new(1, sizeof(struct kinds));
}

void kinds_free(struct kinds *kinds)
{
	for (size_t i = 0; kinds && i < STORE_KINDS; i++)
		free(kinds->all[i].whole);
	free(kinds);
}

/* The strings of an event, each to be copied: the container's, and three more. */
#define STRINGS_MAX (CONTAINER_TEXT_COUNT + 3)

static size_t strings_of(struct kind_whole *whole, struct str **to)
{
	size_t count = 0;

	to[count++] = &whole->record.comm;
	to[count++] = &whole->record.exe;
	to[count++] = &whole->event.node;
	for (size_t i = 0; whole->event.container && i < CONTAINER_TEXT_COUNT; i++)
		to[count++] = &whole->container.texts[i];
	return count;
}

static size_t bytes_of(const struct event *event)
{
	size_t n = event->record->comm.n + event->record->exe.n + event->node.n;

	for (size_t i = 0; event->container && i < CONTAINER_TEXT_COUNT; i++)
		n += event->container->texts[i].n;
	return n;
}

void kinds_put(struct kinds *kinds, uint32_t number, const struct event *event)
{
	struct kind_whole *whole = mem_new(1, sizeof(*whole) + bytes_of(event));
	char *to = (char *)(whole + 1);
	struct str *strings[STRINGS_MAX];

	whole->event = *event;
	whole->record = *event->record;
	whole->event.record = &whole->record;
	if (event->container) {
		whole->container = *event->container;
		whole->container.has_profile = false;
		whole->container.profile = str_of(NULL, 0);
		whole->event.container = &whole->container;
	}
	for (size_t i = 0, count = strings_of(whole, strings); i < count; i++) {
		if (strings[i]->n)
			memcpy(to, strings[i]->p, strings[i]->n);
		strings[i]->p = to;
		to += strings[i]->n;
	}
	free(kinds->all[number].whole);
	kinds->all[number] = (struct kind){
		.whole = whole,
		.trust = (uint8_t)event->trust,
		.has_container = event->container != NULL,
	};
}

struct kind *kinds_get(struct kinds *kinds, uint32_t number)
{
	return &kinds->all[number];
}

void kinds_prefetch(struct kinds *kinds, uint32_t sooner, uint32_t soon)
{
	if (soon < STORE_KINDS)
		__builtin_prefetch(&kinds->all[soon]);
	if (sooner < STORE_KINDS && kinds->all[sooner].series)
		__builtin_prefetch(kinds->all[sooner].series, 1);
}

const struct event *kind_event(struct kind *kind, const struct store_event *event)
{
	struct record *record = &kind->whole->record;

	record->ms = event->ms;
	record->serial = event->serial;
	record->pid = event->pid;
	record->ip = event->ip;
	return &kind->whole->event;
}
