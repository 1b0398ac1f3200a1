#include "store/kind.h"

#include "base/mem.h"

#include <stdlib.h>

/* All of an event; its container, if it has one, and its strings lie behind it. */
struct kind_whole {
	struct event event;
	struct record record;
};

/* A few kinds fit into a small block, many into large ones, of huge pages. */
#define BLOCK_FIRST 65536

struct block {
	struct block *before;
	size_t n, size; /* with this head */
};

struct kinds {
	struct kind all[STORE_KINDS];
	struct block *blocks; /* the latest first */
};

struct kinds *kinds_new(void)
{
	return mem_new(1, sizeof(struct kinds));
}

static void free_blocks(struct kinds *kinds)
{
	while (kinds->blocks) {
		struct block *block = kinds->blocks;

		kinds->blocks = block->before;
		free(block);
	}
}

void kinds_free(struct kinds *kinds)
{
	if (kinds)
		free_blocks(kinds);
	free(kinds);
}

static void *keep(struct kinds *kinds, size_t size)
{
	struct block *block = kinds->blocks;

	size = (size + 15) / 16 * 16;
	if (!block || block->size - block->n < size) {
		size_t least = block ? MEM_HUGE : BLOCK_FIRST;
		size_t most = size + sizeof(*block) > least ? size + sizeof(*block) : least;
		struct block *next = mem_aligned(1, most);

		if (most >= MEM_HUGE)
			mem_huge(next, 1, most);
		*next = (struct block){.before = block, .n = sizeof(*next), .size = most};
		kinds->blocks = block = next;
	}
	block->n += size;
	return (char *)block + block->n - size;
}

/* The strings of an event, each to be copied: the container's, and three more. */
#define STRINGS_MAX (CONTAINER_TEXT_COUNT + 3)

static size_t strings_of(struct kind_whole *whole, struct container *container, struct str **to)
{
	size_t count = 0;

	to[count++] = &whole->record.comm;
	to[count++] = &whole->record.exe;
	to[count++] = &whole->event.node;
	for (size_t i = 0; container && i < CONTAINER_TEXT_COUNT; i++)
		to[count++] = &container->texts[i];
	return count;
}

static size_t bytes_of(const struct event *event)
{
	size_t n = event->record->comm.n + event->record->exe.n + event->node.n;

	n += event->container ? sizeof(struct container) : 0;
	for (size_t i = 0; event->container && i < CONTAINER_TEXT_COUNT; i++)
		n += event->container->texts[i].n;
	return n;
}

void kinds_put(struct kinds *kinds, uint32_t number, const struct event *event)
{
	if (number == 0)
		free_blocks(kinds);
	struct kind_whole *whole = keep(kinds, sizeof(*whole) + bytes_of(event));
	struct container *container = event->container ? (void *)(whole + 1) : NULL;
	char *to = container ? (char *)(container + 1) : (char *)(whole + 1);
	struct str *strings[STRINGS_MAX];

	whole->event = *event;
	whole->event.container = container;
	whole->event.record = &whole->record;
	whole->record = *event->record;
	if (container) {
		*container = *event->container;
		container->has_profile = false;
		container->profile = str_of(NULL, 0);
	}
	for (size_t i = 0, count = strings_of(whole, container, strings); i < count; i++) {
		if (strings[i]->n)
			memcpy(to, strings[i]->p, strings[i]->n);
		strings[i]->p = to;
		to += strings[i]->n;
	}
	kinds->all[number] = (struct kind){
		.whole = whole,
		.trust = (uint8_t)event->trust,
		.has_container = container != NULL,
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
