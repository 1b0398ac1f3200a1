#include "store/batch.h"
#include "store/item.h"
#include "store/writer.h"

/* The node's name that an item carries or repeats; *bytes is advanced past it. */
static struct str take_node(struct taker *taker, const struct item *item, const char **bytes)
{
	if (item->node_n != SAME_NODE) {
		taker->node = str_of(*bytes, item->node_n);
		*bytes += item->node_n;
	}
	return taker->node;
}

/* The event that an item holds; its record is the taker's. */
static struct event event_of(struct taker *taker, const struct event_item *item)
{
	struct record *record = &taker->record;
	const char *bytes = (const char *)(item + 1);
	struct event event = {
		.record = record,
		.container = item->container,
		.attribution = (enum attribution)item->attribution,
		.reason = (enum unattributed)item->reason,
		.phase = (enum phase)item->phase,
		.source = (enum source_kind)item->source,
		.trust = (enum trust)item->trust,
		.coverage = (enum coverage)item->coverage,
		.full_stream = item->full_stream,
		.repeats = item->repeats,
		.node = take_node(taker, &item->item, &bytes),
	};

	record->has_serial = item->has_serial;
	record->has_arch = item->has_arch;
	record->comm_null = item->comm_null;
	record->exe_null = item->exe_null;
	record->serial = item->serial;
	record->pid = item->pid;
	record->arch = item->arch;
	record->code = item->code;
	record->nr = item->nr;
	record->ms = item->ms;
	record->ip = item->ip;
	record->comm = str_of(bytes, item->comm_n);
	record->exe = str_of(bytes + item->comm_n, item->exe_n);
	return event;
}

static void take_event(struct store *store, struct taker *taker, const struct event_item *item,
		       struct err *err)
{
	struct event event = event_of(taker, item);

	writer_put(store, &event, item->text_mark, err);
}

static void take_kind(struct store *store, struct taker *taker, const struct event_item *item)
{
	struct event event = event_of(taker, item);

	if (!store->kinds)
		store->kinds = kinds_new();
	event.repeats = 0;
	kinds_put(store->kinds, item->repeats, &event);
}

/* The events of the item that are not taken yet. False if the store is full before the last. */
static bool take_events(struct store *store, struct taker *taker, const struct events_item *item,
			struct err *err)
{
	const struct store_event *events = (const void *)(item + 1);
	const char *bytes = (const char *)(events + item->count);
	struct str node = take_node(taker, &item->item, &bytes);

	taker->events_taken =
		writer_put_events(store, node, events, item->count, taker->events_taken, err);
	if (taker->events_taken < item->count && !err->code)
		return false;
	taker->events_taken = 0;
	return true;
}

static void take_serial(struct store *store, struct taker *taker, const struct serial_item *item,
			struct err *err)
{
	const char *bytes = (const char *)(item + 1);
	struct str node = take_node(taker, &item->item, &bytes);

	writer_note_serial(store, node, item->ms, item->serial, (enum trust)item->trust,
			   item->is_seccomp, err);
}

static void take_loss(struct store *store, struct taker *taker, const struct loss_item *item,
		      struct err *err)
{
	const char *bytes = (const char *)(item + 1);
	struct loss_note note = {
		.kind = (enum loss_kind)item->kind,
		.ms = item->ms,
		.count = item->count,
		.node = take_node(taker, &item->item, &bytes),
	};

	note.detail = str_of(bytes, item->detail_n);
	writer_put_loss(store, &note, item->mark, err);
}

static void take_cursor(struct store *store, const struct cursor_item *item, struct err *err)
{
	const char *bytes = (const char *)(item + 1);

	writer_put_cursor(store, str_of(bytes, item->source_n),
			  str_of(bytes + item->source_n, item->place_n), err);
}

static void take_container(struct store *store, struct taker *taker,
			   const struct container_item *item, struct err *err)
{
	const char *bytes = (const char *)(item + 1);
	struct str node = take_node(taker, &item->item, &bytes);

	writer_put_container(store, node, &item->container, err);
}

static void take_lifetime(struct store *store, struct taker *taker,
			  const struct lifetime_item *item, struct err *err)
{
	const char *bytes = (const char *)(item + 1);
	struct str node = take_node(taker, &item->item, &bytes);

	writer_put_lifetime(store, node, &item->lifetime, err);
}

static void take_in_force(struct store *store, struct taker *taker,
			  const struct in_force_item *item, struct err *err)
{
	const char *bytes = (const char *)(item + 1);
	struct store_in_force in_force = item->in_force;

	in_force.node = take_node(taker, &item->item, &bytes);
	writer_put_in_force(store, &in_force, err);
}

size_t take_item(struct store *store, struct taker *taker, const struct batch *batch, size_t at,
		 struct err *err)
{
	const struct item *item = (const void *)(batch->bytes + at);
	const struct number_item *number = (const void *)item;

	switch ((enum item_kind)item->kind) {
	case ITEM_EVENT:
		take_event(store, taker, (const void *)item, err);
		break;
	case ITEM_KIND:
		take_kind(store, taker, (const void *)item);
		break;
	case ITEM_EVENTS:
		if (!take_events(store, taker, (const void *)item, err))
			return at;
		break;
	case ITEM_SERIAL:
		take_serial(store, taker, (const void *)item, err);
		break;
	case ITEM_LOSS:
		take_loss(store, taker, (const void *)item, err);
		break;
	case ITEM_INPUT:
		writer_input_begin(store, &((const struct input_item *)item)->input, err);
		break;
	case ITEM_AT:
		writer_input_at(store, number->first, number->second);
		break;
	case ITEM_HEAD:
		writer_input_head(store, number->first);
		break;
	case ITEM_SETTLE:
		writer_settle_loss(store, (enum loss_kind)number->second, number->first, err);
		break;
	case ITEM_SELECT:
		writer_select(store, (unsigned)number->first);
		break;
	case ITEM_CURSOR:
		take_cursor(store, (const void *)item, err);
		break;
	case ITEM_KNOWN:
		break;
	case ITEM_CONTAINER:
		take_container(store, taker, (const void *)item, err);
		break;
	case ITEM_LIFETIME:
		take_lifetime(store, taker, (const void *)item, err);
		break;
	case ITEM_IN_FORCE:
		take_in_force(store, taker, (const void *)item, err);
		break;
	}
	return at + item->size;
}
