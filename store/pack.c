#include "store/batch.h"
#include "store/item.h"
#include "store/queue.h"

#include "base/mem.h"

#include <stdlib.h>

/* Names longer than any system makes are cut, so that every item fits into a batch. A profile is
 * not: what is longer than this is not known. */
#define NODE_MAX       255
#define NAME_MAX_N     8192
#define DETAIL_MAX     4096
#define SOURCE_MAX     255
#define PLACE_MAX      65536
#define CONTAINER_TEXT 4096 /* each of a container's strings */
#define PROFILE_MAX    (1u << 20)

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
static void *add_item(struct pack *pack, enum item_kind kind, size_t size)
{
	struct item *item = (void *)(pack->batch->bytes + pack->batch->n);

	pack->batch->n += whole(size);
	item->size = (uint32_t)whole(size);
	item->kind = (uint16_t)kind;
	item->node_n = 0;
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

/* Puts the node's name first among the item's bytes, unless it is the last one's. */
static char *put_node(struct pack *pack, struct item *item, char *to, struct str node)
{
	if (pack->last_node.p && str_eq(pack->last_node, node)) {
		item->node_n = SAME_NODE;
		return to;
	}
	item->node_n = (uint16_t)node.n;
	pack->last_node = str_of(to, node.n);
	return put_bytes(to, node);
}

/* The container with its strings cut to what is packed; *ret_bytes is how many these are. */
static struct container cut_container(const struct container *container, bool with_profile,
				      size_t *ret_bytes)
{
	struct container cut = *container;

	if (!with_profile || cut.profile.n > PROFILE_MAX)
		cut.has_profile = false;
	if (!cut.has_profile)
		cut.profile = str_of(NULL, 0);
	*ret_bytes = cut.profile.n;
	for (size_t i = 0; i < CONTAINER_TEXT_COUNT; i++) {
		cut.texts[i] = capped(cut.texts[i], CONTAINER_TEXT);
		*ret_bytes += cut.texts[i].n;
	}
	return cut;
}

static void put_container(struct container_item *item, char *to, const struct container *cut)
{
	item->container = *cut;
	for (size_t i = 0; i < CONTAINER_TEXT_COUNT; i++) {
		item->container.texts[i].p = to;
		to = put_bytes(to, cut->texts[i]);
	}
	put_bytes(to, cut->profile);
	item->container.profile.p = to;
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
	size_t bytes = 0;
	int result = queue_room(queue, whole(size), ret_pack, err);

	*ret_packed = NULL;
	if (result < 0 || !container)
		return result;
	*ret_packed = known(*ret_pack, container);
	if (*ret_packed)
		return 0;
	struct container cut = cut_container(container, false, &bytes);
	size_t known_size = sizeof(struct container_item) + bytes;

	/* both in one batch */
	result = queue_room(queue, whole(known_size) + whole(size), ret_pack, err);
	if (result < 0)
		return result;
	struct container_item *item = add_item(*ret_pack, ITEM_KNOWN, known_size);
	size_t slot = container_slot(container);

	put_container(item, (char *)(item + 1), &cut);
	*ret_packed = &item->container;
	(*ret_pack)->containers[slot].given = container;
	(*ret_pack)->containers[slot].packed = *ret_packed;
	return 0;
}

static int put_event(struct queue *queue, enum item_kind kind, const struct event *event,
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
		.attribution = (uint8_t)event->attribution,
		.reason = (uint8_t)event->reason,
		.phase = (uint8_t)event->phase,
		.source = (uint8_t)event->source,
		.trust = (uint8_t)event->trust,
		.coverage = (uint8_t)event->coverage,
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
	put_bytes(put_bytes(put_node(pack, &item->item, (char *)(item + 1), node), comm), exe);
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

int pack_events(struct queue *queue, struct str node, const struct store_event *events,
		size_t count, struct err *err)
{
	struct pack *pack;

	node = capped(node, NODE_MAX);
	size_t bytes = count * sizeof(*events), size = sizeof(struct events_item) + bytes + node.n;
	int result = queue_room(queue, whole(size), &pack, err);

	if (result < 0)
		return result;
	struct events_item *item = add_item(pack, ITEM_EVENTS, size);

	item->count = count;
	memcpy(item + 1, events, bytes);
	put_node(pack, &item->item, (char *)(item + 1) + bytes, node);
	return 0;
}

int pack_serial(struct queue *queue, struct str node, int64_t ms, uint32_t serial, enum trust trust,
		bool is_seccomp, struct err *err)
{
	struct pack *pack;

	node = capped(node, NODE_MAX);
	size_t size = sizeof(struct serial_item) + node.n;
	int result = queue_room(queue, whole(size), &pack, err);

	if (result < 0)
		return result;
	struct serial_item *item = add_item(pack, ITEM_SERIAL, size);

	item->ms = ms;
	item->serial = serial;
	item->trust = (uint8_t)trust;
	item->is_seccomp = is_seccomp;
	put_node(pack, &item->item, (char *)(item + 1), node);
	return 0;
}

int pack_loss(struct queue *queue, const struct loss_note *note, uint64_t mark, struct err *err)
{
	struct str node = capped(note->node, NODE_MAX), detail = capped(note->detail, DETAIL_MAX);
	size_t size = sizeof(struct loss_item) + node.n + detail.n;
	struct pack *pack;
	int result = queue_room(queue, whole(size), &pack, err);

	if (result < 0)
		return result;
	struct loss_item *item = add_item(pack, ITEM_LOSS, size);

	item->ms = note->ms;
	item->count = note->count;
	item->mark = mark;
	item->kind = note->kind;
	item->detail_n = (uint32_t)detail.n;
	put_bytes(put_node(pack, &item->item, (char *)(item + 1), node), detail);
	return 0;
}

int pack_input(struct queue *queue, const struct store_input *input, struct err *err)
{
	struct pack *pack;
	int result = queue_room(queue, whole(sizeof(struct input_item)), &pack, err);

	if (result < 0)
		return result;
	((struct input_item *)add_item(pack, ITEM_INPUT, sizeof(struct input_item)))->input =
		*input;
	return 0;
}

static int pack_numbers(struct queue *queue, enum item_kind kind, uint64_t first, uint64_t second,
			struct err *err)
{
	struct pack *pack;
	int result = queue_room(queue, whole(sizeof(struct number_item)), &pack, err);

	if (result < 0)
		return result;
	struct number_item *item = add_item(pack, kind, sizeof(*item));

	item->first = first;
	item->second = second;
	return 0;
}

int pack_input_at(struct queue *queue, uint64_t offset, uint64_t lines, struct err *err)
{
	return pack_numbers(queue, ITEM_AT, offset, lines, err);
}

int pack_settle(struct queue *queue, enum loss_kind kind, uint64_t mark, struct err *err)
{
	return pack_numbers(queue, ITEM_SETTLE, mark, kind, err);
}

int pack_input_head(struct queue *queue, uint64_t head, struct err *err)
{
	return pack_numbers(queue, ITEM_HEAD, head, 0, err);
}

int pack_select(struct queue *queue, unsigned slot, struct err *err)
{
	return pack_numbers(queue, ITEM_SELECT, slot, 0, err);
}

int pack_cursor(struct queue *queue, struct str source, struct str place, struct err *err)
{
	struct pack *pack;

	source = capped(source, SOURCE_MAX);
	place = capped(place, PLACE_MAX);
	size_t size = sizeof(struct cursor_item) + source.n + place.n;
	int result = queue_room(queue, whole(size), &pack, err);

	if (result < 0)
		return result;
	struct cursor_item *item = add_item(pack, ITEM_CURSOR, size);

	item->source_n = (uint32_t)source.n;
	item->place_n = (uint32_t)place.n;
	put_bytes(put_bytes((char *)(item + 1), source), place);
	return 0;
}

int pack_container(struct queue *queue, struct str node, const struct container *container,
		   struct err *err)
{
	struct container cut;
	struct pack *pack;
	size_t bytes;

	node = capped(node, NODE_MAX);
	cut = cut_container(container, true, &bytes);
	size_t size = sizeof(struct container_item) + node.n + bytes;
	int result = queue_room(queue, whole(size), &pack, err);

	if (result < 0)
		return result;
	struct container_item *item = add_item(pack, ITEM_CONTAINER, size);

	put_container(item, put_node(pack, &item->item, (char *)(item + 1), node), &cut);
	return 0;
}

int pack_lifetime(struct queue *queue, struct str node, const struct store_lifetime *lifetime,
		  struct err *err)
{
	const struct container *container;
	struct pack *pack;

	node = capped(node, NODE_MAX);
	size_t size = sizeof(struct lifetime_item) + node.n;
	int result = room_beside(queue, size, lifetime->container, &pack, &container, err);

	if (result < 0)
		return result;
	struct lifetime_item *item = add_item(pack, ITEM_LIFETIME, size);

	item->lifetime = *lifetime;
	item->lifetime.container = container;
	put_node(pack, &item->item, (char *)(item + 1), node);
	return 0;
}

int pack_in_force(struct queue *queue, const struct store_in_force *in_force, struct err *err)
{
	struct store_in_force cut = *in_force;
	struct pack *pack;

	cut.node = capped(in_force->node, NODE_MAX);
	cut.container = capped(in_force->container, CONTAINER_TEXT);
	cut.source = capped(in_force->source, CONTAINER_TEXT);
	if (cut.profile.n > PROFILE_MAX)
		return 0;
	size_t size = sizeof(struct in_force_item) + cut.node.n + cut.container.n + cut.source.n +
		      cut.profile.n;
	int result = queue_room(queue, whole(size), &pack, err);

	if (result < 0)
		return result;
	struct in_force_item *item = add_item(pack, ITEM_IN_FORCE, size);
	char *to = put_node(pack, &item->item, (char *)(item + 1), cut.node);

	item->in_force = cut;
	item->in_force.container.p = to;
	item->in_force.source.p = put_bytes(to, cut.container);
	item->in_force.profile.p =
		put_bytes((char *)(uintptr_t)item->in_force.source.p, cut.source);
	put_bytes((char *)(uintptr_t)item->in_force.profile.p, cut.profile);
	return 0;
}
