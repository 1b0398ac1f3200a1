#include "store/writer.h"

#include "store/in_force.h"
#include "store/meta.h"

#include "base/mem.h"
#include "store/minutes.h"

/* Records without a serial that are kept of a node's minute: 1.7 MB of identities. A trace has no
 * other, and is a file that somebody made on purpose. */
#define TEXTS_MAX 131072

/* What becomes of an event. */
enum writer_put {
	WRITER_NEW,
	WRITER_DUPLICATE,
	WRITER_EXPIRED,
	WRITER_LIMITED, /* beyond a limit of the store */
};

void writer_forget(struct store *store)
{
	if (store->writing && !sqlite3_get_autocommit(store->sql.db))
		sqlite3_exec(store->sql.db, "ROLLBACK", NULL, NULL, NULL);
	store->writing = false;
	store->node = 0;
	if (!store->tally) /* the last that is made: what could not be opened has none */
		return;
	seen_reset(store->seen);
	seen_text_reset(store->seen_text);
	tally_reset(store->tally);
	lifetimes_reset(store->lifetimes);
}

/* What the writer knows beside the database, as of the last commit: where a replay begins. */
struct writer_state {
	struct put_counts counts;
	unsigned slot;
	struct store_input inputs[STORE_SLOTS];
	struct expired expired[STORE_SLOTS][EXPIRED_DAYS];
	size_t expired_count[STORE_SLOTS];
};

void writer_keep(struct store *store)
{
	if (!store->kept)
		store->kept = mem_new(1, sizeof(*store->kept));
	store->kept->counts = store->counts;
	store->kept->slot = store->slot;
	for (size_t i = 0; i < STORE_SLOTS; i++) {
		store->kept->inputs[i] = store->slots[i].input;
		store->kept->expired_count[i] = store->slots[i].expired_count;
		memcpy(store->kept->expired[i], store->slots[i].expired,
		       sizeof(store->kept->expired[i]));
		stream_keep(&store->slots[i].stream);
	}
	seen_text_keep(store->seen_text);
}

void writer_restore(struct store *store)
{
	store->counts = store->kept->counts;
	store->slot = store->kept->slot;
	for (size_t i = 0; i < STORE_SLOTS; i++) {
		store->slots[i].input = store->kept->inputs[i];
		store->slots[i].expired_count = store->kept->expired_count[i];
		store->slots[i].expired_changed = store->slots[i].expired_count > 0;
		memcpy(store->slots[i].expired, store->kept->expired[i],
		       sizeof(store->kept->expired[i]));
		stream_restore(&store->slots[i].stream);
	}
	seen_text_restore(store->seen_text);
}

void writer_select(struct store *store, unsigned slot)
{
	store->slot = slot;
	seen_text_select(store->seen_text, slot);
}

static struct slot *slot_of(struct store *store)
{
	return &store->slots[store->slot];
}

/* Rows that are known by number were another file's. How far inputs were read is written anew. */
static void forget_file(struct store *store)
{
	writer_forget(store);
	store->data_version = 0;
	for (size_t i = 0; i < STORE_SLOTS; i++) {
		struct slot *slot = &store->slots[i];

		stream_restart(&slot->stream);
		stream_keep(&slot->stream);
		slot->expired_count = 0;
		slot->input.moved = true;
		if (store->kept) {
			store->kept->expired_count[i] = 0;
			store->kept->inputs[i].moved = true;
		}
	}
}

int writer_begin(struct store *store, struct err *err)
{
	int64_t version;

	if (store->writing)
		return 0;
	int result = store_remake(store, err);

	if (result > 0)
		forget_file(store);
	if (result >= 0)
		result = sql_run(&store->sql, "BEGIN IMMEDIATE", err);

	/* Changes when another connection wrote: keys that are kept in memory may be stale. */
	if (result == 0)
		result = sql_number(&store->sql, "PRAGMA data_version", &version, err);
	if (result < 0)
		return result;
	store->writing = true;
	if (version != store->data_version) {
		tally_reset(store->tally);
		seen_reset(store->seen);
		store->node = 0;
		result = meta_horizon(&store->sql, &store->horizon_ms, err);
	}
	store->data_version = version;
	return result;
}

/* Every node lost what the file of before held. */
static int note_remade(struct store *store, int64_t node, struct err *err)
{
	const struct loss_note note = {.kind = LOSS_REPLACED, .ms = store->remade_ms};

	return store->remade_ms ? loss_put(&store->sql, node, &note, 0, err) : 0;
}

/* The node of the last event, whose name need not be looked up again. */
static int node_number(struct store *store, struct str name, int64_t *ret_node, struct err *err)
{
	if (store->node && str_eq(name, str_of(store->node_name, store->node_name_n))) {
		*ret_node = store->node;
		return 0;
	}
	int result = tally_node(store->tally, &store->sql, name, ret_node, err);

	if (result == 0)
		result = note_remade(store, *ret_node, err);
	store->node = 0;
	if (result == 0 && name.n <= sizeof(store->node_name)) {
		memcpy(store->node_name, name.p, name.n);
		store->node_name_n = name.n;
		store->node = *ret_node;
	}
	return result;
}

/*
 * Is the identity new? A text says nothing that the kernel said already, unless it names a
 * container where the kernel's record has none: then both stand. Returns an enum seen_added, or
 * -errno.
 */
static int add_serial(struct store *store, const struct event *event, int64_t node, struct err *err)
{
	const struct record *record = event->record;
	int kernel = event->trust == TRUST_KERNEL ? SEEN_KERNEL_NOT
						  : seen_kernel(store->seen, &store->sql, node,
								record->ms, record->serial, err);

	if (kernel < 0 || kernel == SEEN_KERNEL_THERE ||
	    (kernel == SEEN_KERNEL_OPEN && !event->container))
		return kernel < 0 ? kernel : SEEN_SHADOWED;
	return seen_add(store->seen, &store->sql, node, record->ms, record->serial, event->trust,
			!event->container, err);
}

/* The kernel said what a text had said before: of the two the kernel's counts. */
static int replace_text(struct store *store, const struct event *event, int64_t node,
			struct err *err)
{
	const struct record *record = event->record;

	if (event->trust != TRUST_KERNEL || !seen_in_text(store->seen, record->ms, record->serial))
		return 0;
	return tally_replace(store->tally, &store->sql, event, node, err);
}

/* How many of the event and its repeats were never counted; an enum seen_added, or -errno. A serial
 * is one event's alone. */
static int is_new(struct store *store, const struct event *event, int64_t node, uint64_t text_mark,
		  uint64_t *ret_fresh, struct err *err)
{
	const struct record *record = event->record;
	uint32_t fresh = 0;
	int result;

	if (record->has_serial) {
		result = add_serial(store, event, node, err);
		*ret_fresh = result == SEEN_NEW ? 1 + (uint64_t)event->repeats : 0;
		return result;
	}
	result = seen_text_add_many(
		store->seen_text, &store->sql, node, record->ms, text_mark, event->repeats,
		event->source == SOURCE_STRACE ? SIZE_MAX : TEXTS_MAX, &fresh, err);
	*ret_fresh = fresh;
	return result;
}

/* The event is known; what the user now says of its container's coverage may be new. */
static int take_statement(struct store *store, const struct event *event, int64_t node,
			  struct err *err)
{
	int64_t id;
	int result = 0;

	if (event->container->coverage != COVERAGE_UNKNOWN)
		result = tally_container(store->tally, &store->sql, node, event->container, &id,
					 err);
	return result < 0 ? result : WRITER_DUPLICATE;
}

static void note_delivered(struct store *store, const struct event *event, int64_t node)
{
	struct stream *stream = &slot_of(store)->stream;
	int64_t channel = channel_of(node, event->trust);

	stream_note(stream, channel,
		    serial_run_of(event->record->serial, event->record->ms, false));
	/* Who is in the multicast group gets every record, whatever its type. */
	if (event->source == SOURCE_NETLINK)
		stream_mark_full(stream, channel);
}

/* It was counted before: to no container, and now it has one? */
static int take_again(struct store *store, const struct event *event, int64_t node, bool shadowed,
		      struct err *err)
{
	const struct record *record = event->record;
	int result;

	if (!event->container)
		return WRITER_DUPLICATE;
	if (!record->has_serial || shadowed || !seen_claim(store->seen, record->ms, record->serial))
		return take_statement(store, event, node, err);
	result = tally_move(store->tally, &store->sql, event, node, err);
	if (result == 0)
		result = replace_text(store, event, node, err);
	return result < 0 ? result : WRITER_DUPLICATE;
}

static void note_expired(struct slot *slot, int64_t node, int64_t ms, uint64_t count)
{
	int64_t day = ms / STORE_DAY_MS;
	size_t i = 0;

	while (i < slot->expired_count &&
	       (slot->expired[i].node != node || slot->expired[i].day != day))
		i++;
	if (i == EXPIRED_DAYS)
		i--;
	else if (i == slot->expired_count)
		slot->expired[slot->expired_count++] = (struct expired){.node = node, .day = day};
	slot->expired[i].count += count;
	slot->expired_changed = true;
}

/* The same input again finds its own rows: they say what is the most of it that had expired. */
static int write_expired(struct store *store, struct slot *slot, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < slot->expired_count && result == 0; i++) {
		const struct expired *expired = &slot->expired[i];
		/* the end of that day: where a window begins says more than where it ends */
		const struct loss_note note = {.kind = LOSS_EXPIRED,
					       .ms = (expired->day + 1) * STORE_DAY_MS - 1,
					       .count = expired->count,
					       .detail = str_from(slot->input.path)};

		result = loss_put(&store->sql, expired->node, &note, slot->input.head, err);
	}
	return result;
}

/* What of the store has a limit; the numbers tell its evidence apart. */
enum limit {
	LIMIT_SERIALS,
	LIMIT_TEXTS,
};

static const char *const limit_words[] = {
	[LIMIT_SERIALS] = "too many serials were used more than once in a minute",
	[LIMIT_TEXTS] = "too many records without a serial in a minute",
};

/* Beyond a limit of the store: evidence, once a minute of a node. */
static int refuse(struct store *store, int64_t node, int64_t ms, enum limit limit, struct err *err)
{
	const struct limited limited = {node, ms / MINUTE_MS, limit};

	if (memcmp(&store->limited, &limited, sizeof(limited)) == 0)
		return WRITER_LIMITED;
	store->limited = limited;
	const struct loss_note note = {.kind = LOSS_LIMIT,
				       .ms = limited.minute * MINUTE_MS,
				       .detail = str_from(limit_words[limit])};
	int result = loss_put(&store->sql, node, &note, limit, err);

	return result < 0 ? result : WRITER_LIMITED;
}

/* Counts the event unless it was counted before; an enum writer_put, or -errno. */
static int put_event(struct store *store, const struct event *event, int64_t node,
		     uint64_t text_mark, uint64_t *ret_fresh, struct err *err)
{
	const struct record *record = event->record;
	int result = is_new(store, event, node, text_mark, ret_fresh, err);

	if (result == SEEN_REFUSED)
		return refuse(store, node, record->ms,
			      record->has_serial ? LIMIT_SERIALS : LIMIT_TEXTS, err);
	if (result == SEEN_KNOWN || result == SEEN_SHADOWED)
		return take_again(store, event, node, result == SEEN_SHADOWED, err);
	if (result >= 0 && record->has_serial)
		result = replace_text(store, event, node, err);
	if (result < 0)
		return result;
	const struct tally_batch batch = {*ret_fresh, record->ms, record->ms};

	result = tally_count_batch(store->tally, &store->sql, event, node, &batch, err);
	return result < 0 ? result : WRITER_NEW;
}

static void count_put(struct store *store, int result, uint64_t all, uint64_t fresh)
{
	struct put_counts *counts = &store->counts;

	counts->fresh += fresh;
	counts->expired += result == WRITER_EXPIRED ? all : 0;
	counts->limited += result == WRITER_LIMITED ? all : 0;
	counts->duplicates += result == WRITER_NEW || result == WRITER_DUPLICATE ? all - fresh : 0;
}

int writer_put(struct store *store, const struct event *event, uint64_t text_mark, struct err *err)
{
	uint64_t fresh = 0;
	int64_t node;
	int result = writer_begin(store, err);

	if (result == 0)
		result = node_number(store, event->node, &node, err);
	if (result < 0)
		return result;
	if (event->full_stream && event->record->has_serial)
		note_delivered(store, event, node);
	if (event->record->ms < store->horizon_ms && !store->backfill) {
		result = WRITER_EXPIRED;
		note_expired(slot_of(store), node, event->record->ms, 1 + (uint64_t)event->repeats);
	} else {
		result = put_event(store, event, node, text_mark, &fresh, err);
	}
	count_put(store, result, 1 + (uint64_t)event->repeats, fresh);
	return result < 0 ? result : 0;
}

/* The series of the event's kind, with its node and container at hand. Returns 1 if it had to be
 * looked for. */
static int find_series(struct store *store, struct kind *kind, const struct store_event *event,
		       int64_t node, struct err *err)
{
	uint32_t generation = tally_generation(store->tally);
	uint32_t hour = (uint32_t)(event->ms / HOUR_MS);

	if (kind->generation == generation && kind->hour == hour)
		return 0;
	int result = tally_series_get(store->tally, &store->sql, kind_event(kind, event), node,
				      &kind->series, err);

	kind->generation = generation;
	kind->hour = hour;
	return result < 0 ? result : 1;
}

/* An event that was counted before. */
static int put_again(struct store *store, struct kind *kind, const struct store_event *event,
		     int64_t node, bool shadowed, struct err *err)
{
	int result = kind->has_container
			     ? take_again(store, kind_event(kind, event), node, shadowed, err)
			     : WRITER_DUPLICATE;

	count_put(store, result, 1, 0);
	return result < 0 ? result : kind->has_container;
}

/* What add_serial() says of a text. */
static bool is_shadowed(struct store *store, const struct kind *kind,
			const struct store_event *event, int64_t node, struct err *err)
{
	int kernel = seen_kernel(store->seen, &store->sql, node, event->ms, event->serial, err);

	return kernel == SEEN_KERNEL_THERE || (kernel == SEEN_KERNEL_OPEN && !kind->has_container);
}

/* Returns 1 if more than counting was to be done: the store may be full now. */
static int put_one(struct store *store, int64_t node, const struct store_event *event,
		   struct err *err)
{
	struct kind *kind = kinds_get(store->kinds, event->kind);

	if (event->ms < store->horizon_ms && !store->backfill) {
		store->counts.expired++;
		note_expired(slot_of(store), node, event->ms, 1);
		return 0;
	}
	if (kind->trust == TRUST_TEXT && is_shadowed(store, kind, event, node, err))
		return put_again(store, kind, event, node, true, err);
	int result = err->code ? -err->code
			       : seen_add(store->seen, &store->sql, node, event->ms, event->serial,
					  (enum trust)kind->trust, !kind->has_container, err);

	if (result == SEEN_REFUSED) {
		store->counts.limited++;
		return refuse(store, node, event->ms, LIMIT_SERIALS, err);
	}
	if (result != SEEN_NEW)
		return result < 0 ? result : put_again(store, kind, event, node, false, err);
	store->counts.fresh++;
	result = find_series(store, kind, event, node, err);
	if (result >= 0)
		tally_count_one(store->tally, kind->series, event);
	if (result < 0 || kind->trust == TRUST_TEXT ||
	    !seen_in_text(store->seen, event->ms, event->serial))
		return result;
	result = tally_replace(store->tally, &store->sql, kind_event(kind, event), node, err);
	return result < 0 ? result : 1;
}

/* After so many events it is looked whether the minutes' memory is used; it has room for more of
 * them than that (tally_full()). */
#define LOOK_EVENTS 8

/* Asks for the memory of the events that come soon: each lies somewhere else. */
static inline void prefetch(struct store *store, const struct store_event *event)
{
	const struct kind *next = kinds_get(store->kinds, event[4].kind % STORE_KINDS);

	kinds_prefetch(store->kinds, event[8].kind, event[16].kind);
	if (next->series)
		tally_prefetch(store->tally, next->series);
}

size_t writer_put_events(struct store *store, const struct store_events *events, size_t from,
			 struct err *err)
{
	int64_t node;
	int result = writer_begin(store, err);

	if (result == 0)
		result = node_number(store, events->node, &node, err);
	if (result < 0)
		return from;
	for (size_t at = from; at < events->count; at++) {
		const struct store_event *event = &events->events[at];

		if (at + 16 < events->count)
			prefetch(store, event);
		result = put_one(store, node, event, err);
		if (result < 0)
			return at;
		if (seen_full(store->seen) ||
		    ((result > 0 || at % LOOK_EVENTS == 0) && writer_full(store)))
			return at + 1;
	}
	for (size_t i = 0; i < events->run_count; i++)
		stream_note(&slot_of(store)->stream, channel_of(node, events->trust),
			    events->runs[i]);
	return events->count;
}

int writer_note_serial(struct store *store, struct str node_name, int64_t ms, uint32_t serial,
		       enum trust trust, bool is_seccomp, struct err *err)
{
	int64_t node;
	int result = writer_begin(store, err);

	if (result == 0)
		result = node_number(store, node_name, &node, err);
	if (result == 0)
		stream_note(&slot_of(store)->stream, channel_of(node, trust),
			    serial_run_of(serial, ms, !is_seccomp));
	return result;
}

int writer_put_loss(struct store *store, const struct loss_note *note, uint64_t mark,
		    struct err *err)
{
	int64_t node;
	int result = writer_begin(store, err);

	if (result == 0)
		result = node_number(store, note->node, &node, err);
	if (result < 0)
		return result;
	/* A log that holds printk's own notice was not filtered for records: its gaps are losses. */
	for (int trust = 0; note->kind == LOSS_PRINTK && trust <= TRUST_KERNEL; trust++)
		stream_mark_full(&slot_of(store)->stream, channel_of(node, (enum trust)trust));
	return loss_put(&store->sql, node, note, mark, err);
}

int writer_settle_loss(struct store *store, enum loss_kind kind, uint64_t mark, struct err *err)
{
	int result = writer_begin(store, err);

	return result < 0 ? result
			  : SQL_DO(&store->sql, "DELETE FROM loss WHERE kind = ?1 AND mark = ?2",
				   err, sql_int(kind), sql_int(mark));
}

int writer_put_cursor(struct store *store, struct str source, struct str place, struct err *err)
{
	int result = writer_begin(store, err);

	return result < 0 ? result
			  : SQL_DO(&store->sql,
				   "INSERT OR REPLACE INTO cursor (source, place) VALUES (?1, ?2)",
				   err, sql_text(source), sql_bytes(place));
}

int writer_put_container(struct store *store, struct str node_name,
			 const struct container *container, struct err *err)
{
	int64_t node;
	int result = writer_begin(store, err);

	if (result == 0)
		result = node_number(store, node_name, &node, err);
	return result < 0 ? result
			  : tally_describe(store->tally, &store->sql, node, container, err);
}

int writer_put_ended(struct store *store, struct str node_name, struct str container, int64_t ms,
		     struct err *err)
{
	int64_t node;
	int result = writer_begin(store, err);

	if (result == 0)
		result = node_number(store, node_name, &node, err);
	return result < 0 ? result
			  : SQL_DO(&store->sql,
				   "UPDATE container SET ended = nullif(?3, 0)"
				   " WHERE node = ?1 AND cid = ?2 AND ended IS NOT nullif(?3, 0)",
				   err, sql_int(node), sql_bytes(container), sql_int(ms));
}

int writer_put_in_force(struct store *store, const struct store_in_force *in_force, struct err *err)
{
	const struct container named = {.id = in_force->container};
	int64_t node, container = 0, profile;
	int result = writer_begin(store, err);

	if (result == 0)
		result = node_number(store, in_force->node, &node, err);
	if (result == 0 && in_force->container.n)
		result = tally_container(store->tally, &store->sql, node, &named, &container, err);
	if (result == 0)
		result = tally_profile(store->tally, &store->sql, in_force->profile, &profile, err);
	return result < 0 ? result
			  : in_force_put(&store->sql, node, container, profile, in_force, err);
}

int writer_put_lifetime(struct store *store, struct str node_name,
			const struct store_lifetime *lifetime, struct err *err)
{
	int64_t node, container = 0;
	int result = writer_begin(store, err);

	if (result == 0)
		result = node_number(store, node_name, &node, err);
	if (result == 0 && lifetime->container)
		result = tally_container(store->tally, &store->sql, node, lifetime->container,
					 &container, err);
	if (result == 0)
		lifetimes_add(store->lifetimes, node, container, lifetime);
	return result;
}

/* How far a file was read, beside its identity: device, inode and a first-line mark, since an
 * inode number is used again as soon as a file is deleted. */
static int put_input(struct store *store, const struct store_input *input, struct err *err)
{
	return SQL_DO(&store->sql,
		      "INSERT INTO input (path, dev, ino, head, offset, lines, at)"
		      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
		      " ON CONFLICT (path, dev, ino, head) DO UPDATE SET"
		      " offset = max(offset, excluded.offset),"
		      " lines = max(lines, excluded.lines), at = excluded.at",
		      err, sql_text(str_from(input->path)), sql_int(input->dev),
		      sql_int(input->ino), sql_int(input->head), sql_int(input->offset),
		      sql_int(input->lines), sql_int(input->mtime_ms));
}

/* What the input of a slot leaves beside its rows. */
static int finish_input(struct store *store, struct slot *slot, struct err *err)
{
	bool moved = slot->input.is_file && slot->input.moved;
	bool anything = slot->stream.count || moved || slot->expired_changed;
	int result = anything ? writer_begin(store, err) : 0;

	if (result == 0 && slot->stream.count)
		result = stream_flush(&slot->stream, &store->sql, err);
	if (result == 0 && moved)
		result = put_input(store, &slot->input, err);
	if (result == 0 && slot->expired_changed)
		result = write_expired(store, slot, err);
	slot->input.moved = slot->expired_changed = false;
	return result;
}

int writer_input_begin(struct store *store, const struct store_input *input, struct err *err)
{
	struct slot *slot = slot_of(store);
	int result = finish_input(store, slot, err);

	slot->input = *input;
	slot->expired_count = 0;
	stream_restart(&slot->stream);
	seen_text_restart(store->seen_text, store->slot);
	return result;
}

void writer_input_at(struct store *store, uint64_t offset, uint64_t lines)
{
	struct store_input *input = &slot_of(store)->input;

	input->moved |= input->offset != offset || input->lines != lines;
	input->offset = offset;
	input->lines = lines;
}

void writer_input_head(struct store *store, uint64_t head)
{
	slot_of(store)->input.head = head;
}

static bool needs_commit(const struct store *store)
{
	return tally_full(store->tally) || keep_is_due(store) || seen_text_full(store->seen_text) ||
	       lifetimes_full(store->lifetimes) || stream_full(&store->slots[store->slot].stream);
}

bool writer_full(const struct store *store)
{
	return seen_full(store->seen) || needs_commit(store);
}

int writer_write_seen(struct store *store, struct err *err)
{
	if (needs_commit(store))
		return 0;
	int result = seen_flush(store->seen, &store->sql, err);

	if (result < 0)
		writer_forget(store);
	return result < 0 ? result : 1;
}

static int flush_all(struct store *store, struct err *err)
{
	uint64_t moved = 0;
	int result = tally_flush(store->tally, &store->sql, &moved, err);

	store->counts.reattributed += moved;
	if (result == 0)
		result = seen_flush(store->seen, &store->sql, err);
	if (result == 0)
		result = seen_text_flush(store->seen_text, &store->sql, err);
	if (result == 0)
		result = lifetimes_flush(store->lifetimes, &store->sql, err);
	return result;
}

int writer_commit(struct store *store, struct err *err)
{
	int result = 0;

	/* this may begin a transaction: a log can have grown by lines that are nobody's */
	for (size_t i = 0; i < STORE_SLOTS && result == 0; i++)
		result = finish_input(store, &store->slots[i], err);
	if (result == 0 && store->writing)
		result = flush_all(store, err);
	if (result == 0 && store->writing)
		result = sql_run(&store->sql, "COMMIT", err);
	if (result < 0)
		writer_forget(store);
	store->writing = false;
	return result;
}
