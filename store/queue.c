#include "store/queue.h"

#include "base/mem.h"
#include "store/writer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/* A batch holds about 2,000 events: changing hands costs little beside them, and all batches
 * together fit the second-level cache. */
#define BATCH_SIZE 262144
#define BATCHES    4

enum item_kind {
	ITEM_EVENT,
	ITEM_SERIAL,
	ITEM_LOSS,
	ITEM_INPUT,
	ITEM_AT,
	ITEM_HEAD,
	ITEM_WHOLE,
	ITEM_COMMIT,
	ITEM_STOP,
};

/* Every item begins with this; its size counts everything and is a multiple of eight. */
struct item {
	uint32_t size;
	uint16_t kind;
	uint16_t node_n; /* bytes of the node's name, first of the item's bytes; or SAME_NODE */
};

/* The node of the item before in the batch that has one: nearly every item. */
#define SAME_NODE UINT16_MAX

struct event_item {
	struct item item;
	uint8_t has_serial, has_arch, comm_null, exe_null;
	uint8_t attribution, reason, phase, source, coverage, full_stream;
	uint16_t comm_n, exe_n; /* bytes, after the node's */
	uint32_t serial, pid, arch, code;
	int32_t nr;
	int64_t ms;
	uint64_t ip;
	uint64_t text_mark;
	const struct container *container;
};

struct serial_item {
	struct item item;
	int64_t ms;
	uint32_t serial;
	bool is_seccomp;
};

struct loss_item {
	struct item item;
	int64_t ms;
	uint64_t count, mark;
	uint32_t kind, detail_n;
};

struct number_item {
	struct item item;
	uint64_t first, second;
};

struct input_item {
	struct item item;
	struct store_input input;
};

struct batch {
	size_t n;
	_Alignas(8) char bytes[BATCH_SIZE];
};

struct queue {
	struct store *store;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct batch *batches;
	/* Under the lock: batches handed over, and batches taken to their end. */
	uint64_t given, taken;
	struct err err; /* the thread's first error; it takes nothing more then */
	/* The putting side's own. */
	struct batch *filling;
	struct str last_node; /* in the batch that is being filled; p is NULL: none yet */
	/* The thread's own. */
	struct str node; /* of the item at hand, in its batch */
	struct record record;
	bool stop;
};

/* The node's name that an item carries or repeats; *bytes is advanced past it. */
static struct str take_node(struct queue *queue, const struct item *item, const char **bytes)
{
	if (item->node_n != SAME_NODE) {
		queue->node = str_of(*bytes, item->node_n);
		*bytes += item->node_n;
	}
	return queue->node;
}

static void take_event(struct queue *queue, const struct event_item *item, struct err *err)
{
	struct record *record = &queue->record;
	const char *bytes = (const char *)(item + 1);
	struct event event = {
		.record = record,
		.container = item->container,
		.attribution = (enum attribution)item->attribution,
		.reason = (enum unattributed)item->reason,
		.phase = (enum phase)item->phase,
		.source = (enum source_kind)item->source,
		.coverage = (enum coverage)item->coverage,
		.full_stream = item->full_stream,
		.node = take_node(queue, &item->item, &bytes),
	};
	struct put_counts *counts = &queue->store->counts;

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
	int result = writer_put(queue->store, &event, item->text_mark, err);

	counts->fresh += result == WRITER_NEW;
	counts->duplicates += result == WRITER_DUPLICATE;
	counts->expired += result == WRITER_EXPIRED;
}

static void take_serial(struct queue *queue, const struct serial_item *item, struct err *err)
{
	const char *bytes = (const char *)(item + 1);
	struct str node = take_node(queue, &item->item, &bytes);

	writer_note_serial(queue->store, node, item->ms, item->serial, item->is_seccomp, err);
}

static void take_loss(struct queue *queue, const struct loss_item *item, struct err *err)
{
	const char *bytes = (const char *)(item + 1);
	struct loss_note note = {
		.kind = (enum loss_kind)item->kind,
		.ms = item->ms,
		.count = item->count,
		.node = take_node(queue, &item->item, &bytes),
	};

	note.detail = str_of(bytes, item->detail_n);
	writer_put_loss(queue->store, &note, item->mark, err);
}

static void take_item(struct queue *queue, const struct item *item, struct err *err)
{
	const struct number_item *number = (const void *)item;
	struct store *store = queue->store;

	switch ((enum item_kind)item->kind) {
	case ITEM_EVENT:
		take_event(queue, (const void *)item, err);
		break;
	case ITEM_SERIAL:
		take_serial(queue, (const void *)item, err);
		break;
	case ITEM_LOSS:
		take_loss(queue, (const void *)item, err);
		break;
	case ITEM_INPUT:
		writer_input_begin(store, &((const struct input_item *)item)->input, err);
		break;
	case ITEM_AT:
		store->input.offset = number->first;
		store->input.lines = number->second;
		break;
	case ITEM_HEAD:
		store->input.head = number->first;
		break;
	case ITEM_WHOLE:
		writer_input_whole(store, number->first, err);
		break;
	case ITEM_COMMIT:
		writer_commit(store, err);
		break;
	case ITEM_STOP:
		queue->stop = true;
		break;
	}
	if (!err->code && writer_full(store))
		writer_commit(store, err);
}

static void take_batch(struct queue *queue, const struct batch *batch, struct err *err)
{
	for (size_t at = 0; at < batch->n;) {
		const struct item *item = (const void *)(batch->bytes + at);

		if (!err->code || item->kind == ITEM_STOP)
			take_item(queue, item, err);
		at += item->size;
	}
	/* The transaction is gone with what it held: nothing is half-written. */
	if (err->code)
		writer_forget(queue->store);
}

static void *run(void *context)
{
	struct queue *queue = context;
	struct err err = ERR_INIT;

	while (!queue->stop) {
		pthread_mutex_lock(&queue->lock);
		while (queue->taken == queue->given)
			pthread_cond_wait(&queue->changed, &queue->lock);
		pthread_mutex_unlock(&queue->lock);

		take_batch(queue, &queue->batches[queue->taken % BATCHES], &err);

		pthread_mutex_lock(&queue->lock);
		queue->taken++;
		queue->err = err;
		if (queue->given - queue->taken <= BATCHES / 2)
			pthread_cond_broadcast(&queue->changed);
		pthread_mutex_unlock(&queue->lock);
	}
	return NULL;
}

struct queue *queue_new(struct store *store)
{
	struct queue *queue = mem_new(1, sizeof(*queue));
	sigset_t all, before;

	queue->store = store;
	queue->batches = mem_new(BATCHES, sizeof(*queue->batches));
	queue->filling = &queue->batches[0];
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->changed, NULL);
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&queue->thread, NULL, run, queue) != 0)
		mem_fail("a thread");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return queue;
}

/* Hands the batch over, and waits for a free one. */
static int hand_over(struct queue *queue, struct err *err)
{
	pthread_mutex_lock(&queue->lock);
	queue->given++;
	pthread_cond_broadcast(&queue->changed);
	/* Once all are full, it goes on when half of them are free: fewer switches. */
	if (queue->given - queue->taken == BATCHES)
		while (queue->given - queue->taken > BATCHES / 2)
			pthread_cond_wait(&queue->changed, &queue->lock);
	if (queue->err.code)
		err_set(err, queue->err.code, "%s", queue->err.message);
	queue->filling = &queue->batches[queue->given % BATCHES];
	pthread_mutex_unlock(&queue->lock);
	queue->filling->n = 0;
	queue->last_node = str_of(NULL, 0);
	return -err->code;
}

/* Room for an item and its bytes; NULL if the thread has failed. */
static void *add_item(struct queue *queue, enum item_kind kind, size_t size, size_t bytes,
		      struct err *err)
{
	size_t whole = (size + bytes + 7) / 8 * 8;

	if (queue->filling->n + whole > BATCH_SIZE && hand_over(queue, err) < 0)
		return NULL;
	struct item *item = (void *)(queue->filling->bytes + queue->filling->n);

	queue->filling->n += whole;
	item->size = (uint32_t)whole;
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

/* Names longer than any system makes are cut, so that every item fits into a batch. */
static struct str capped(struct str bytes, size_t most)
{
	return str_of(bytes.p, bytes.n < most ? bytes.n : most);
}

/* Puts the node's name first among the item's bytes, unless it is the last one's. */
static char *put_node(struct queue *queue, struct item *item, char *to, struct str node)
{
	if (queue->last_node.p && str_eq(queue->last_node, node)) {
		item->node_n = SAME_NODE;
		return to;
	}
	item->node_n = (uint16_t)node.n;
	queue->last_node = str_of(to, node.n);
	return put_bytes(to, node);
}

#define NODE_MAX   255
#define NAME_MAX_N 8192
#define DETAIL_MAX 4096

int queue_put(struct queue *queue, const struct event *event, uint64_t text_mark, struct err *err)
{
	const struct record *record = event->record;
	struct str node = capped(event->node, NODE_MAX);
	struct str comm = capped(record->comm, NAME_MAX_N), exe = capped(record->exe, NAME_MAX_N);
	struct event_item *item =
		add_item(queue, ITEM_EVENT, sizeof(*item), node.n + comm.n + exe.n, err);

	if (!item)
		return -err->code;
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
		.coverage = (uint8_t)event->coverage,
		.full_stream = event->full_stream,
		.comm_n = (uint16_t)comm.n,
		.exe_n = (uint16_t)exe.n,
		.serial = record->serial,
		.pid = record->pid,
		.arch = record->arch,
		.code = record->code,
		.nr = record->nr,
		.ms = record->ms,
		.ip = record->ip,
		.text_mark = text_mark,
		.container = event->container,
	};
	char *to = put_node(queue, &item->item, (char *)(item + 1), node);

	put_bytes(put_bytes(to, comm), exe);
	return 0;
}

int queue_note_serial(struct queue *queue, struct str node, int64_t ms, uint32_t serial,
		      bool is_seccomp, struct err *err)
{
	node = capped(node, NODE_MAX);
	struct serial_item *item = add_item(queue, ITEM_SERIAL, sizeof(*item), node.n, err);

	if (!item)
		return -err->code;
	item->ms = ms;
	item->serial = serial;
	item->is_seccomp = is_seccomp;
	put_node(queue, &item->item, (char *)(item + 1), node);
	return 0;
}

int queue_put_loss(struct queue *queue, const struct loss_note *note, uint64_t mark,
		   struct err *err)
{
	struct str node = capped(note->node, NODE_MAX), detail = capped(note->detail, DETAIL_MAX);
	struct loss_item *item = add_item(queue, ITEM_LOSS, sizeof(*item), node.n + detail.n, err);

	if (!item)
		return -err->code;
	item->ms = note->ms;
	item->count = note->count;
	item->mark = mark;
	item->kind = note->kind;
	item->detail_n = (uint32_t)detail.n;
	put_bytes(put_node(queue, &item->item, (char *)(item + 1), node), detail);
	return 0;
}

int queue_input_begin(struct queue *queue, const struct store_input *input, struct err *err)
{
	struct input_item *item = add_item(queue, ITEM_INPUT, sizeof(*item), 0, err);

	if (!item)
		return -err->code;
	item->input = *input;
	return 0;
}

static int add_numbers(struct queue *queue, enum item_kind kind, uint64_t first, uint64_t second,
		       struct err *err)
{
	struct number_item *item = add_item(queue, kind, sizeof(*item), 0, err);

	if (!item)
		return -err->code;
	item->first = first;
	item->second = second;
	return 0;
}

int queue_input_at(struct queue *queue, uint64_t offset, uint64_t lines, struct err *err)
{
	return add_numbers(queue, ITEM_AT, offset, lines, err);
}

int queue_input_whole(struct queue *queue, uint64_t mark, struct err *err)
{
	return add_numbers(queue, ITEM_WHOLE, mark, 0, err);
}

int queue_input_head(struct queue *queue, uint64_t head, struct err *err)
{
	return add_numbers(queue, ITEM_HEAD, head, 0, err);
}

static void wait_until_taken(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	while (queue->taken != queue->given)
		pthread_cond_wait(&queue->changed, &queue->lock);
	pthread_mutex_unlock(&queue->lock);
}

int queue_wait(struct queue *queue, bool commit, struct err *err)
{
	if (commit)
		add_numbers(queue, ITEM_COMMIT, 0, 0, err);
	hand_over(queue, err);
	wait_until_taken(queue);
	if (queue->err.code)
		err_set(err, queue->err.code, "%s", queue->err.message);
	return -err->code;
}

void queue_free(struct queue *queue)
{
	struct err err = ERR_INIT;

	if (!queue)
		return;
	/* An error that nobody asked for any more: the thread still takes the stop. */
	if (add_numbers(queue, ITEM_STOP, 0, 0, &err) < 0)
		add_numbers(queue, ITEM_STOP, 0, 0, &err);
	hand_over(queue, &err);
	pthread_join(queue->thread, NULL);
	pthread_cond_destroy(&queue->changed);
	pthread_mutex_destroy(&queue->lock);
	free(queue->batches);
	free(queue);
}
