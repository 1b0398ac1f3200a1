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

/* The strings of an event, each to be copied. */
#define STRINGS_MAX 10

static size_t strings_of(struct kind_whole *whole, struct str **to)
{
	struct container *container = &whole->container;
	struct str *const all[STRINGS_MAX] = {
		&whole->record.comm,   &whole->record.exe,   &whole->event.node, &container->id,
		&container->name,      &container->runtime,  &container->image,  &container->pod,
		&container->namespace, &container->workload,
	};

	memcpy(to, all, sizeof(all));
	return whole->event.container ? STRINGS_MAX : 3;
}

static size_t bytes_of(const struct event *event)
{
	const struct container none = {.id = {NULL, 0}},
			       *c = event->container ? event->container : &none;

	return event->record->comm.n + event->record->exe.n + event->node.n + c->id.n + c->name.n +
	       c->runtime.n + c->image.n + c->pod.n + c->namespace.n + c->workload.n;
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
		.trust = event->trust,
		.full_stream = event->full_stream,
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
