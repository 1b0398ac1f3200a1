#include "store/batch.h"
#include "store/item.h"
#include "store/queue.h"

#include "base/mem.h"

#include <stddef.h>
#include <stdlib.h>

/* Names longer than any system makes are cut, so that every item fits into a batch. */
#define NODE_MAX       255
#define NAME_MAX_N     8192
#define DETAIL_MAX     4096
#define SOURCE_MAX     255
#define PLACE_MAX      65536
#define CONTAINER_TEXT 4096 /* each of a container's strings */

struct batch *batch_new(size_t size)
{
	struct batch *batch = mem_new(1, sizeof(*batch));

	batch->size = size;
	batch->bytes = mem_new(1, size); /* aligned for whatever lies in it, as malloc does */
	return batch;
}

void batch_free(struct batch *batch)
{
	if (!batch)
		return;
	free(batch->bytes);
	free(batch);
}

void pack_begin(struct pack *pack, struct batch *batch)
{
	*pack = (struct pack){.batch = batch};
	batch->n = 0;
}

static size_t whole(size_t size)
{
	return (size + 7) / 8 * 8;
}

/* An item at the end of the batch, which has room for it. */
static void *add_item(struct pack *pack, unsigned kind, size_t size)
{
	struct item *item = (void *)(pack->batch->bytes + pack->batch->n);

	pack->batch->n += whole(size);
	item->size = (uint32_t)whole(size);
	item->kind = (uint16_t)kind;
	return item;
}

static char *put_bytes(char *to, struct str bytes)
{
	if (bytes.n)
		memcpy(to, bytes.p, bytes.n);
	return to + bytes.n;
}

static struct str capped(struct str bytes, size_t most)
{
	return str_of(bytes.p, bytes.n < most ? bytes.n : most);
}

/* The node's name in the batch: the last one's is there, and nearly every item has it. */
static struct str put_node(struct pack *pack, char **to, struct str node)
{
	if (!pack->last_node.p || !str_eq(pack->last_node, node)) {
		pack->last_node = str_of(*to, node.n);
		*to = put_bytes(*to, node);
	}
	return pack->last_node;
}

/* What is packed of a kind: so much of struct put, and these strings, cut to so many bytes. */
struct shape {
	size_t size;
	struct {
		size_t at, most;
	} strings[CONTAINER_TEXT_COUNT + 1];
};

#define SIZE(member) (offsetof(struct put, member) + sizeof(((struct put *)NULL)->member))
#define STRING(member, most)                       \
	{                                          \
		offsetof(struct put, member), most \
	}
#define TEXT_STRING(field, column, key) STRING(container.field, CONTAINER_TEXT),

/* clang-format off */
static const struct shape shapes[PUT_KIND_COUNT] = {
	[PUT_SERIAL] = {.size = SIZE(serial)},
	[PUT_LOSS] = {SIZE(loss), {STRING(loss.note.detail, DETAIL_MAX)}},
	[PUT_SETTLE] = {.size = SIZE(settle)},
	[PUT_INPUT] = {SIZE(input), {STRING(input, sizeof(struct store_input))}},
	[PUT_AT] = {.size = SIZE(at)},
	[PUT_HEAD] = {.size = SIZE(head)},
	[PUT_SELECT] = {.size = SIZE(slot)},
	[PUT_CURSOR] = {SIZE(cursor), {STRING(cursor.source, SOURCE_MAX),
		STRING(cursor.place, PLACE_MAX)}},
	[PUT_KNOWN] = {SIZE(container), {CONTAINER_TEXTS(TEXT_STRING)}},
	[PUT_CONTAINER] = {SIZE(container), {CONTAINER_TEXTS(TEXT_STRING)
		STRING(container.profile, PROFILE_MAX)}},
	[PUT_ENDED] = {SIZE(ended), {STRING(ended.container, CONTAINER_TEXT)}},
	[PUT_LIFETIME] = {.size = SIZE(lifetime)},
	[PUT_IN_FORCE] = {SIZE(in_force), {STRING(in_force.container, CONTAINER_TEXT),
		STRING(in_force.source, CONTAINER_TEXT), STRING(in_force.profile, PROFILE_MAX)}},
};
/* clang-format on */

/* A string of the put that the shape names; NULL behind the last. */
static struct str *string_of(struct put *put, size_t i)
{
	const struct shape *shape = &shapes[put->kind];

	if (i == sizeof(shape->strings) / sizeof(shape->strings[0]) || !shape->strings[i].most)
		return NULL;
	return (void *)((char *)put + shape->strings[i].at);
}

/* Cuts the strings; returns what the item takes. */
static size_t cut(struct put *put)
{
	const struct shape *shape = &shapes[put->kind];
	struct str *string;

	put->node = capped(put->node, NODE_MAX);
	size_t size = offsetof(struct put_item, put) + whole(shape->size) + put->node.n;

	for (size_t i = 0; (string = string_of(put, i)); i++) {
		*string = capped(*string, shape->strings[i].most);
		size += string->n;
	}
	return size;
}

static struct put *add_put(struct pack *pack, const struct put *put, size_t size)
{
	struct put_item *item = add_item(pack, put->kind, size);
	char *to = (char *)&item->put + whole(shapes[put->kind].size);
	struct str *string;

	memcpy(&item->put, put, shapes[put->kind].size);
	for (size_t i = 0; (string = string_of(&item->put, i)); i++) {
		char *at = to;

		to = put_bytes(to, *string);
		string->p = at;
	}
	if (put->node.p)
		item->put.node = put_node(pack, &to, put->node);
	return &item->put;
}

static size_t container_slot(const struct container *container)
{
	return (size_t)((uintptr_t)container / 16 * 0x9e3779b97f4a7c15u >> 58) % PACKED_CONTAINERS;
}

/* The copy of a container in the batch, if it is there. Its owner may have learned more of it, or
 * another one may lie at the same place now: what events go by must still be the same. */
static const struct container *known(const struct pack *pack, const struct container *container)
{
	size_t slot = container_slot(container);
	const struct container *packed = pack->containers[slot].packed;

	if (!packed || pack->containers[slot].given != container ||
	    packed->coverage != container->coverage ||
	    !str_eq(packed->id, capped(container->id, CONTAINER_TEXT)))
		return NULL;
	return packed;
}

/* Makes room for an item that points to a container, and for the container unless it is in the
 * batch. *ret_packed: where that is. */
static int room_beside(struct queue *queue, size_t size, const struct container *container,
		       struct pack **ret_pack, const struct container **ret_packed, struct err *err)
{
	int result = queue_room(queue, whole(size), ret_pack, err);

	*ret_packed = NULL;
	if (result < 0 || !container)
		return result;
	*ret_packed = known(*ret_pack, container);
	if (*ret_packed)
		return 0;
	struct put known_put = {.kind = PUT_KNOWN, .container = *container};

	known_put.container.has_profile = false;
	known_put.container.profile = str_of(NULL, 0);
	size_t known_size = cut(&known_put);

	/* both in one batch */
	result = queue_room(queue, whole(known_size) + whole(size), ret_pack, err);
	if (result < 0)
		return result;
	size_t slot = container_slot(container);

	*ret_packed = &add_put(*ret_pack, &known_put, known_size)->container;
	(*ret_pack)->containers[slot].given = container;
	(*ret_pack)->containers[slot].packed = *ret_packed;
	return 0;
}

#define WORD_BYTE(field, type, last) (uint8_t) event->field,

static int put_event(struct queue *queue, unsigned kind, const struct event *event,
		     uint64_t text_mark, struct err *err)
{
	const struct record *record = event->record;
	struct str node = capped(event->node, NODE_MAX);
	struct str comm = capped(record->comm, NAME_MAX_N), exe = capped(record->exe, NAME_MAX_N);
	size_t size = sizeof(struct event_item) + node.n + comm.n + exe.n;
	const struct container *container;
	struct pack *pack;
	int result = room_beside(queue, size, event->container, &pack, &container, err);

	if (result < 0)
		return result;
	struct event_item *item = add_item(pack, kind, size);

	*item = (struct event_item){
		.item = item->item,
		.has_serial = record->has_serial,
		.has_arch = record->has_arch,
		.comm_null = record->comm_null,
		.exe_null = record->exe_null,
		.words = {EVENT_WORDS(WORD_BYTE)},
		.full_stream = event->full_stream,
		.comm_n = (uint16_t)comm.n,
		.exe_n = (uint16_t)exe.n,
		.serial = record->serial,
		.pid = record->pid,
		.arch = record->arch,
		.code = record->code,
		.nr = record->nr,
		.repeats = event->repeats,
		.ms = record->ms,
		.ip = record->ip,
		.text_mark = text_mark,
		.container = container,
	};
	char *to = put_bytes(put_bytes((char *)(item + 1), comm), exe);

	item->node = put_node(pack, &to, node);
	return 0;
}

int pack_event(struct queue *queue, const struct event *event, uint64_t text_mark, struct err *err)
{
	return put_event(queue, ITEM_EVENT, event, text_mark, err);
}

int pack_kind(struct queue *queue, uint32_t number, const struct event *event, struct err *err)
{
	struct event numbered = *event;

	numbered.repeats = number;
	return put_event(queue, ITEM_KIND, &numbered, 0, err);
}

int pack_events(struct queue *queue, const struct store_events *given, struct err *err)
{
	struct store_events events = *given;
	size_t events_n = events.count * sizeof(*events.events);
	size_t runs_n = events.run_count * sizeof(*events.runs);
	struct pack *pack;

	events.node = capped(events.node, NODE_MAX);
	size_t size = sizeof(struct events_item) + events_n + runs_n + events.node.n;
	int result = queue_room(queue, whole(size), &pack, err);

	if (result < 0)
		return result;
	struct events_item *item = add_item(pack, ITEM_EVENTS, size);
	char *to = (char *)(item + 1);

	item->events = events;
	item->events.events = (const void *)to;
	to = put_bytes(to, str_of((const char *)events.events, events_n));
	item->events.runs = (const void *)to;
	to = put_bytes(to, str_of((const char *)events.runs, runs_n));
	item->events.node = put_node(pack, &to, events.node);
	return 0;
}

int pack_put(struct queue *queue, const struct put *put, struct err *err)
{
	const struct container *container = NULL;
	struct put packed = *put;
	struct pack *pack;
	size_t size = cut(&packed);

	if (put->kind == PUT_LIFETIME)
		container = put->lifetime.container;
	int result = room_beside(queue, size, container, &pack, &container, err);

	if (result < 0)
		return result;
	if (put->kind == PUT_LIFETIME)
		packed.lifetime.container = container;
	add_put(pack, &packed, size);
	return 0;
}
