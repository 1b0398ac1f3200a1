#include "store/batch.h"
#include "store/item.h"
#include "store/writer.h"

#define WORD_OF_ITEM(field, type, last) event.field = (type)item->words[EVENT_AT_##field];

/* The event that an item holds; its record is the taker's. */
static struct event event_of(struct taker *taker, const struct event_item *item)
{
	struct record *record = &taker->record;
	const char *bytes = (const char *)(item + 1);
	struct event event = {
		.record = record,
		.container = item->container,
		.full_stream = item->full_stream,
		.repeats = item->repeats,
		.node = item->node,
	};

	EVENT_WORDS(WORD_OF_ITEM)
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
	taker->events_taken = writer_put_events(store, &item->events, taker->events_taken, err);
	if (taker->events_taken < item->events.count && !err->code)
		return false;
	taker->events_taken = 0;
	return true;
}

static void take_loss(struct store *store, const struct put *put, struct err *err)
{
	struct loss_note note = put->loss.note;

	note.node = put->node;
	writer_put_loss(store, &note, put->loss.mark, err);
}

static void take_in_force(struct store *store, const struct put *put, struct err *err)
{
	struct store_in_force in_force = put->in_force;

	in_force.node = put->node;
	writer_put_in_force(store, &in_force, err);
}

static void take_put(struct store *store, const struct put *put, struct err *err)
{
	switch (put->kind) {
	case PUT_SERIAL:
		writer_note_serial(store, put->node, put->serial.ms, put->serial.serial,
				   put->serial.trust, put->serial.is_seccomp, err);
		break;
	case PUT_LOSS:
		take_loss(store, put, err);
		break;
	case PUT_SETTLE:
		writer_settle_loss(store, put->settle.kind, put->settle.mark, err);
		break;
	case PUT_INPUT:
		writer_input_begin(store, (const void *)put->input.p, err);
		break;
	case PUT_AT:
		writer_input_at(store, put->at.offset, put->at.lines);
		break;
	case PUT_HEAD:
		writer_input_head(store, put->head);
		break;
	case PUT_SELECT:
		writer_select(store, put->slot);
		break;
	case PUT_CURSOR:
		writer_put_cursor(store, put->cursor.source, put->cursor.place, err);
		break;
	case PUT_CONTAINER:
		writer_put_container(store, put->node, &put->container, err);
		break;
	case PUT_ENDED:
		writer_put_ended(store, put->node, put->ended.container, put->ended.ms, err);
		break;
	case PUT_LIFETIME:
		writer_put_lifetime(store, put->node, &put->lifetime, err);
		break;
	case PUT_IN_FORCE:
		take_in_force(store, put, err);
		break;
	case PUT_KNOWN:
	case PUT_KIND_COUNT:
		break;
	}
}

size_t take_item(struct store *store, struct taker *taker, const struct batch *batch, size_t at,
		 struct err *err)
{
	const struct item *item = (const void *)(batch->bytes + at);

	switch (item->kind) {
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
	default:
		take_put(store, &((const struct put_item *)item)->put, err);
	}
	return at + item->size;
}
