#include "store/writer.h"

void writer_forget(struct store *store)
{
	if (store->writing && !sqlite3_get_autocommit(store->sql.db))
		sqlite3_exec(store->sql.db, "ROLLBACK", NULL, NULL, NULL);
	store->writing = false;
	store->node = 0;
	if (store->seen) {
		seen_reset(store->seen);
		seen_text_reset(store->seen_text);
		tally_reset(store->tally);
	}
}

int writer_begin(struct store *store, struct err *err)
{
	int64_t version;

	if (store->writing)
		return 0;
	int result = sql_run(&store->sql, "BEGIN IMMEDIATE", err);

	/* Changes when another connection wrote: keys that are kept in memory may be stale. */
	if (result == 0)
		result = sql_number(&store->sql, "PRAGMA data_version", &version, err);
	if (result < 0)
		return result;
	store->writing = true;
	if (version != store->data_version) {
		tally_reset(store->tally);
		store->node = 0;
		result = sql_number(&store->sql, "SELECT value FROM meta WHERE key = 'horizon'",
				    &store->horizon_ms, err);
	}
	store->data_version = version;
	return result;
}

/* The node of the last event, whose name need not be looked up again. */
static int node_number(struct store *store, struct str name, int64_t *ret_node, struct err *err)
{
	if (store->node && str_eq(name, str_of(store->node_name, store->node_name_n))) {
		*ret_node = store->node;
		return 0;
	}
	int result = tally_node(store->tally, &store->sql, name, ret_node, err);

	store->node = 0;
	if (result == 0 && name.n <= sizeof(store->node_name)) {
		memcpy(store->node_name, name.p, name.n);
		store->node_name_n = name.n;
		store->node = *ret_node;
	}
	return result;
}

/* 1 if the event was never counted, 0 if it was, -errno. */
static int is_new(struct store *store, const struct event *event, int64_t node, uint64_t text_mark,
		  struct err *err)
{
	const struct record *record = event->record;

	if (record->has_serial)
		return seen_add(store->seen, &store->sql, node, record->ms, record->serial, err);
	return seen_text_add(store->seen_text, &store->sql, node, record->ms, text_mark, err);
}

/* The event is known; what the user now says of its container's coverage may be new. */
static int take_statement(struct store *store, const struct event *event, int64_t node,
			  struct err *err)
{
	int64_t id;
	int result = 0;

	if (event->container && event->container->coverage != COVERAGE_UNKNOWN)
		result = tally_container(store->tally, &store->sql, node, event->container, &id,
					 err);
	return result < 0 ? result : WRITER_DUPLICATE;
}

int writer_put(struct store *store, const struct event *event, uint64_t text_mark, struct err *err)
{
	int64_t node;
	int result = writer_begin(store, err);

	if (result < 0)
		return result;
	result = node_number(store, event->node, &node, err);
	if (result < 0)
		return result;
	if (event->full_stream && event->record->has_serial)
		stream_note(&store->stream, node, event->record->ms, event->record->serial, false);
	if (event->record->ms < store->horizon_ms && !store->backfill)
		return WRITER_EXPIRED;
	result = is_new(store, event, node, text_mark, err);
	if (result < 0)
		return result;
	if (result == 0)
		return take_statement(store, event, node, err);
	result = tally_count(store->tally, &store->sql, event, node, err);
	return result < 0 ? result : WRITER_NEW;
}

int writer_note_serial(struct store *store, struct str node_name, int64_t ms, uint32_t serial,
		       bool is_seccomp, struct err *err)
{
	int64_t node;
	int result = writer_begin(store, err);

	if (result == 0)
		result = node_number(store, node_name, &node, err);
	if (result == 0)
		stream_note(&store->stream, node, ms, serial, !is_seccomp);
	return result;
}

int writer_put_loss(struct store *store, const struct loss_note *note, uint64_t mark,
		    struct err *err)
{
	int64_t node;
	int result = writer_begin(store, err);

	if (result == 0)
		result = node_number(store, note->node, &node, err);
	sqlite3_stmt *put = result == 0 ? sql_get(&store->sql, SQL_LOSS_PUT, err) : NULL;

	/* A log that holds printk's own notice was not filtered for records: its gaps are losses. */
	if (result == 0 && note->kind == LOSS_PRINTK)
		stream_mark_full(&store->stream, node);
	if (!put)
		return -err->code;
	sqlite3_bind_int64(put, 1, node);
	sqlite3_bind_int(put, 2, note->kind);
	sqlite3_bind_int64(put, 3, note->ms);
	sqlite3_bind_int64(put, 4, (int64_t)mark);
	sqlite3_bind_int64(put, 5, (int64_t)note->count);
	sql_bind_bytes(put, 6, note->detail);
	return sql_done(&store->sql, put, err);
}

int writer_input_whole(struct store *store, uint64_t mark, struct err *err)
{
	int result = writer_begin(store, err);
	sqlite3_stmt *settle = result == 0 ? sql_get(&store->sql, SQL_LOSS_SETTLE, err) : NULL;

	if (!settle)
		return -err->code;
	sqlite3_bind_int(settle, 1, LOSS_INPUT);
	sqlite3_bind_int64(settle, 2, (int64_t)mark);
	return sql_done(&store->sql, settle, err);
}

/* How far a file was read, beside its identity: device, inode and a first-line mark, since an
 * inode number is used again as soon as a file is deleted. */
static int put_input(struct store *store, struct err *err)
{
	sqlite3_stmt *put = sql_get(&store->sql, SQL_INPUT_PUT, err);

	if (!put)
		return -err->code;
	sqlite3_bind_text(put, 1, store->input.path, -1, SQLITE_STATIC);
	sqlite3_bind_int64(put, 2, (int64_t)store->input.dev);
	sqlite3_bind_int64(put, 3, (int64_t)store->input.ino);
	sqlite3_bind_int64(put, 4, (int64_t)store->input.head);
	sqlite3_bind_int64(put, 5, (int64_t)store->input.offset);
	sqlite3_bind_int64(put, 6, (int64_t)store->input.lines);
	sqlite3_bind_int64(put, 7, (int64_t)store->input.mtime_ms);
	return sql_done(&store->sql, put, err);
}

/* What the input at hand leaves beside its rows. */
static int finish_input(struct store *store, struct err *err)
{
	int result = store->writing ? stream_flush(&store->stream, &store->sql, err) : 0;

	if (result == 0 && store->writing && store->input.is_file)
		result = put_input(store, err);
	return result;
}

int writer_input_begin(struct store *store, const struct store_input *input, struct err *err)
{
	int result = finish_input(store, err);

	store->input = *input;
	stream_restart(&store->stream);
	seen_text_restart(store->seen_text);
	return result;
}

bool writer_full(const struct store *store)
{
	return tally_full(store->tally) || seen_full(store->seen) ||
	       seen_text_full(store->seen_text) || stream_full(&store->stream);
}

int writer_commit(struct store *store, struct err *err)
{
	if (!store->writing)
		return 0;
	int result = tally_flush(store->tally, &store->sql, err);

	if (result == 0)
		result = seen_flush(store->seen, &store->sql, err);
	if (result == 0)
		result = seen_text_flush(store->seen_text, &store->sql, err);
	if (result == 0)
		result = finish_input(store, err);
	if (result == 0)
		result = sql_run(&store->sql, "COMMIT", err);
	if (result < 0)
		writer_forget(store);
	store->writing = false;
	return result;
}
