#include "store/stream.h"

#include "base/mem.h"

#include <stdlib.h>

/* Runs kept for one input, and rows for one node: enough for thousands of losses. */
#define RUNS_MAX 4096

/* Several writers, or an ordering by anything but time, deliver a little out of order. */
#define REORDER_RUNS 64

/* Stamps and serials are taken one after the other: they may disagree by this much. */
#define STAMP_SLACK_MS 1000

void stream_release(struct stream *stream)
{
	free(stream->runs);
	*stream = (struct stream){0};
}

static void span_widen(struct span *span, int64_t ms, bool is_other)
{
	if (ms < span->first_ms)
		span->first_ms = ms;
	if (ms > span->last_ms)
		span->last_ms = ms;
	span->complete |= is_other;
}

/* True if the run takes the serial: inside it, or next to one of its ends. */
static bool span_take(struct span *span, int64_t node, int64_t ms, uint32_t serial)
{
	if (span->node != node || serial + 1 < span->first_serial ||
	    (uint64_t)serial > (uint64_t)span->last_serial + 1)
		return false;
	if (serial < span->first_serial) {
		if (ms - span->first_ms > STAMP_SLACK_MS)
			return false;
		span->first_serial = serial;
	} else if (serial > span->last_serial) {
		if (span->last_ms - ms > STAMP_SLACK_MS)
			return false;
		span->last_serial = serial;
	} else {
		return ms >= span->first_ms - STAMP_SLACK_MS &&
		       ms <= span->last_ms + STAMP_SLACK_MS;
	}
	return true;
}

/*
 * Joins b into a if they overlap or touch, in serials and in time. The same serials at another
 * time are another boot's.
 */
static bool span_join(struct span *a, const struct span *b)
{
	if (a->node != b->node || b->first_serial < a->first_serial ||
	    (uint64_t)b->first_serial > (uint64_t)a->last_serial + 1)
		return false;
	bool touches = (uint64_t)b->first_serial == (uint64_t)a->last_serial + 1;

	if (touches ? b->first_ms < a->last_ms - STAMP_SLACK_MS
		    : b->first_ms > a->last_ms + STAMP_SLACK_MS ||
			      b->first_ms < a->first_ms - STAMP_SLACK_MS)
		return false;
	if (b->last_serial > a->last_serial)
		a->last_serial = b->last_serial;
	a->missing = touches                   ? a->missing + b->missing
		     : b->missing > a->missing ? b->missing
					       : a->missing;
	span_widen(a, b->first_ms, b->complete);
	span_widen(a, b->last_ms, b->complete);
	return true;
}

static int compare_spans(const void *left, const void *right)
{
	const struct span *a = left, *b = right;

	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	if (a->first_ms != b->first_ms)
		return a->first_ms < b->first_ms ? -1 : 1;
	if (a->first_serial != b->first_serial)
		return a->first_serial < b->first_serial ? -1 : 1;
	return a->last_serial > b->last_serial ? -1 : a->last_serial < b->last_serial;
}

/* Sorts and joins; returns how many are left. */
static size_t spans_join(struct span *spans, size_t count)
{
	size_t kept = 0;

	if (count == 0)
		return 0;
	qsort(spans, count, sizeof(*spans), compare_spans);
	for (size_t i = 1; i < count; i++)
		if (!span_join(&spans[kept], &spans[i]))
			spans[++kept] = spans[i];
	return kept + 1;
}

/* A run that grew may now touch the one that it was parted from. */
static void rejoin(struct stream *stream, size_t grown)
{
	size_t last = stream->count - 1;

	for (size_t i = last, looked = 0; looked < REORDER_RUNS; i--, looked++) {
		struct span *low = &stream->runs[grown], *high = &stream->runs[i];

		if (i != grown && low->first_serial > high->first_serial) {
			low = &stream->runs[i];
			high = &stream->runs[grown];
		}
		if (i != grown && span_join(low, high)) {
			size_t drop = (size_t)(high - stream->runs);

			memmove(high, high + 1, (last - drop) * sizeof(*high));
			stream->count--;
			return;
		}
		if (i == 0)
			return;
	}
}

/*
 * Makes fewer of them by closing the earliest holes: what is missing there is kept as a number.
 * Runs of two boots are never joined.
 */
static size_t spans_crowd(struct span *spans, size_t count, size_t keep)
{
	size_t kept = 0, surplus = count > keep ? count - keep : 0;

	for (size_t i = 1; i < count; i++) {
		struct span *a = &spans[kept];
		const struct span *b = &spans[i];

		if (!surplus || a->node != b->node || b->first_serial <= a->last_serial) {
			spans[++kept] = *b;
			continue;
		}
		a->missing += b->missing + b->first_serial - a->last_serial - 1;
		a->last_serial = b->last_serial;
		span_widen(a, b->last_ms, b->complete);
		surplus--;
	}
	return count ? kept + 1 : 0;
}

static void add_run(struct stream *stream, int64_t node, int64_t ms, uint32_t serial, bool is_other)
{
	if (stream->count == RUNS_MAX) {
		stream->count = spans_join(stream->runs, stream->count);
		stream->count = spans_crowd(stream->runs, stream->count, RUNS_MAX / 2);
	}
	if (stream->count == stream->size) {
		stream->size = stream->size ? stream->size * 2 : REORDER_RUNS;
		stream->runs = mem_resize(stream->runs, stream->size * sizeof(*stream->runs));
	}
	stream->runs[stream->count++] = (struct span){.node = node,
						      .complete = is_other,
						      .first_serial = serial,
						      .last_serial = serial,
						      .first_ms = ms,
						      .last_ms = ms};
}

void stream_restart(struct stream *stream)
{
	stream->complete = false;
}

void stream_note(struct stream *stream, int64_t node, int64_t ms, uint32_t serial, bool is_other)
{
	size_t from = stream->count > REORDER_RUNS ? stream->count - REORDER_RUNS : 0;

	stream->complete |= is_other;
	for (size_t i = stream->count; i-- > from;) {
		struct span *run = &stream->runs[i];
		uint32_t length = run->last_serial - run->first_serial;

		if (!span_take(run, node, ms, serial))
			continue;
		span_widen(run, ms, is_other);
		if (stream->count > 1 && run->last_serial - run->first_serial != length)
			rejoin(stream, i);
		return;
	}
	add_run(stream, node, ms, serial, is_other);
}

/* Reads a node's spans behind those that are in the list. */
static int load_spans(struct sql *sql, int64_t node, struct stream *list, struct err *err)
{
	sqlite3_stmt *find = sql_get(sql, SQL_SPAN_LIST, err);
	int result;

	if (!find)
		return -err->code;
	sqlite3_bind_int64(find, 1, node);
	while ((result = sql_step(sql, find, err)) > 0) {
		list->runs = mem_resize(list->runs, (list->count + 1) * sizeof(*list->runs));
		list->runs[list->count++] = (struct span){
			.node = node,
			.complete = sqlite3_column_int(find, 0),
			.first_serial = (uint32_t)sqlite3_column_int64(find, 1),
			.last_serial = (uint32_t)sqlite3_column_int64(find, 2),
			.first_ms = sqlite3_column_int64(find, 3),
			.last_ms = sqlite3_column_int64(find, 4),
			.missing = (uint64_t)sqlite3_column_int64(find, 5),
		};
	}
	sqlite3_reset(find);
	return result;
}

static int write_span(struct sql *sql, const struct span *span, struct err *err)
{
	sqlite3_stmt *add = sql_get(sql, SQL_SPAN_ADD, err);

	if (!add)
		return -err->code;
	sqlite3_bind_int64(add, 1, span->node);
	sqlite3_bind_int(add, 2, span->complete);
	sqlite3_bind_int64(add, 3, span->first_serial);
	sqlite3_bind_int64(add, 4, span->last_serial);
	sqlite3_bind_int64(add, 5, span->first_ms);
	sqlite3_bind_int64(add, 6, span->last_ms);
	sqlite3_bind_int64(add, 7, (int64_t)span->missing);
	return sql_done(sql, add, err);
}

static int replace_spans(struct sql *sql, const struct stream *list, struct err *err)
{
	sqlite3_stmt *clear = sql_get(sql, SQL_SPAN_CLEAR, err);

	if (!clear)
		return -err->code;
	sqlite3_bind_int64(clear, 1, list->runs[0].node);
	int result = sql_done(sql, clear, err);

	for (size_t i = 0; i < list->count && result == 0; i++)
		result = write_span(sql, &list->runs[i], err);
	return result;
}

static int flush_node(struct sql *sql, const struct span *runs, size_t count, bool complete,
		      struct err *err)
{
	struct stream list = {0};
	int result = load_spans(sql, runs[0].node, &list, err);

	for (size_t i = 0; i < count && result == 0; i++) {
		list.runs = mem_resize(list.runs, (list.count + 1) * sizeof(*list.runs));
		list.runs[list.count] = runs[i];
		list.runs[list.count++].complete |= complete;
	}
	if (result == 0) {
		list.count = spans_join(list.runs, list.count);
		list.count = spans_crowd(list.runs, list.count, RUNS_MAX);
		result = replace_spans(sql, &list, err);
	}
	stream_release(&list);
	return result;
}

int stream_merge(struct sql *from, int64_t from_node, struct sql *sql, int64_t node,
		 struct err *err)
{
	struct stream theirs = {0};
	int result = load_spans(from, from_node, &theirs, err);

	for (size_t i = 0; i < theirs.count; i++)
		theirs.runs[i].node = node;
	if (result == 0 && theirs.count)
		result = flush_node(sql, theirs.runs, theirs.count, false, err);
	stream_release(&theirs);
	return result;
}

int stream_flush(struct stream *stream, struct sql *sql, struct err *err)
{
	int result = 0;

	stream->count = spans_join(stream->runs, stream->count);
	for (size_t from = 0, to; from < stream->count && result == 0; from = to) {
		for (to = from + 1;
		     to < stream->count && stream->runs[to].node == stream->runs[from].node;)
			to++;
		result = flush_node(sql, stream->runs + from, to - from, stream->complete, err);
	}
	stream->count = 0;
	return result;
}

/* The hole between two spans of a node. Serials that start again are another boot's: nothing
 * is known of the end of the one before. */
static bool hole_between(const struct span *a, const struct span *b, struct hole *ret_hole)
{
	if (b->first_serial <= a->last_serial)
		return false;
	*ret_hole = (struct hole){
		.missing = (uint64_t)b->first_serial - a->last_serial - 1,
		.filtered = !a->complete || !b->complete,
		.from_ms = a->last_ms,
		.to_ms = b->first_ms,
	};
	return ret_hole->missing > 0;
}

int stream_holes(struct sql *sql, int64_t node, stream_hole_fn *each, void *context,
		 struct err *err)
{
	struct stream list = {0};
	int result = load_spans(sql, node, &list, err);

	for (size_t i = 0; i < list.count && result == 0; i++) {
		const struct span *span = &list.runs[i];
		struct hole hole = {
			.missing = span->missing,
			.filtered = !span->complete,
			.from_ms = span->first_ms,
			.to_ms = span->last_ms,
		};

		if (hole.missing)
			result = each(&hole, context);
		if (result == 0 && i + 1 < list.count && hole_between(span, span + 1, &hole))
			result = each(&hole, context);
	}
	stream_release(&list);
	return result;
}

int stream_cover(struct sql *sql, int64_t node, int64_t ms, struct err *err)
{
	struct stream list = {0};
	int result = load_spans(sql, node, &list, err);

	for (size_t i = 0; i < list.count && result == 0; i++)
		if (list.runs[i].complete && ms >= list.runs[i].first_ms &&
		    ms <= list.runs[i].last_ms)
			result = 1;
	stream_release(&list);
	return result;
}
