#include "store/stream.h"

#include "base/mem.h"

#include <stdlib.h>

/* Runs kept for one input, and rows for one node: enough for thousands of losses. */
#define RUNS_MAX 4096

/* Several writers, or an ordering by anything but time, deliver a little out of order. */
#define REORDER_RUNS 64

/* Stamps and serials are taken one after the other: they may disagree by this much. */
#define STAMP_SLACK_MS 1000

/* And so may the order of two runs, by a few ticks of the coarse clock. Less than any reboot. */
#define ORDER_SLACK_MS 20

/* A serial this near to 2^32, followed by one this near to 0, has wrapped. */
#define WRAP_SERIALS 65536u

void stream_release(struct stream *stream)
{
	free(stream->runs);
	free(stream->full);
	*stream = (struct stream){0};
}

static void span_widen(struct span *span, int64_t ms, bool is_other)
{
	if (ms < span->first_ms)
		span->first_ms = ms;
	if (ms > span->last_ms)
		span->last_ms = ms;
	span->other |= is_other;
}

/* True if the run takes the serial: inside it, or next to one of its ends. */
static bool span_take(struct span *span, int64_t node, int64_t ms, uint32_t serial)
{
	if (span->node != node || (uint64_t)serial + 1 < span->first_serial ||
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

/* What is missing of two spans that overlap. Where one lies inside the other, that one knows no
 * better of what is outside it; else the larger number is the least that can be said. */
static uint64_t missing_of(const struct span *a, const struct span *b)
{
	bool b_inside = b->last_serial <= a->last_serial;
	bool a_inside = a->first_serial == b->first_serial && a->last_serial <= b->last_serial;
	bool a_less = a->missing < b->missing;

	if (a_inside && b_inside)
		return a_less ? a->missing : b->missing;
	if (a_inside || b_inside)
		return a_inside ? b->missing : a->missing;
	return a_less ? b->missing : a->missing;
}

/*
 * Joins b into a if they overlap or touch, in serials and in time. The same serials at another
 * time are another boot's. A complete stream's and another one's stay apart: what the second
 * left out is no loss of the first.
 */
static bool span_join(struct span *a, const struct span *b)
{
	if (a->node != b->node || a->complete != b->complete || b->first_serial < a->first_serial ||
	    (uint64_t)b->first_serial > (uint64_t)a->last_serial + 1)
		return false;
	bool touches = (uint64_t)b->first_serial == (uint64_t)a->last_serial + 1;

	if (touches ? b->first_ms < a->last_ms - STAMP_SLACK_MS
		    : b->first_ms > a->last_ms + STAMP_SLACK_MS ||
			      b->first_ms < a->first_ms - STAMP_SLACK_MS)
		return false;
	a->missing = touches ? a->missing + b->missing : missing_of(a, b);
	if (b->last_serial > a->last_serial)
		a->last_serial = b->last_serial;
	span_widen(a, b->first_ms, b->other);
	span_widen(a, b->last_ms, b->other);
	return true;
}

/*
 * How many serials lie between two spans, a the earlier one. False if nothing can be said:
 * serials that start again are another boot's, and of the end of the one before nothing is
 * known; spans at the same time with serials apart are two machines under one name.
 */
static bool gap_between(const struct span *a, const struct span *b, uint64_t *ret_gap)
{
	bool wrapped =
		a->last_serial >= UINT32_MAX - WRAP_SERIALS && b->first_serial < WRAP_SERIALS;

	if (a->node != b->node || b->first_ms < a->last_ms - STAMP_SLACK_MS ||
	    (b->first_serial <= a->last_serial && !wrapped))
		return false;
	*ret_gap = b->first_serial - a->last_serial - 1; /* modulo 2^32, as serials are */
	return true;
}

static int compare_spans(const void *left, const void *right)
{
	const struct span *a = left, *b = right;

	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	if (a->complete != b->complete)
		return a->complete ? -1 : 1;
	if (a->first_ms != b->first_ms)
		return a->first_ms < b->first_ms ? -1 : 1;
	if (a->first_serial != b->first_serial)
		return a->first_serial < b->first_serial ? -1 : 1;
	return a->last_serial > b->last_serial ? -1 : a->last_serial < b->last_serial;
}

/* True if b belongs before a, although it was stamped a little later: serials that are near. */
static bool swapped(const struct span *a, const struct span *b)
{
	return a->node == b->node && a->complete == b->complete &&
	       b->first_serial < a->first_serial &&
	       a->first_serial - b->first_serial < WRAP_SERIALS &&
	       b->first_ms - a->first_ms <= ORDER_SLACK_MS;
}

/* Order of node, complete ones first, of time, and of serials where times are too near. */
static void spans_sort(struct span *spans, size_t count)
{
	if (count)
		qsort(spans, count, sizeof(*spans), compare_spans);
	for (size_t i = 1; i < count; i++) {
		struct span span = spans[i];
		size_t at = i;

		for (; at > 0 && swapped(&spans[at - 1], &span); at--)
			spans[at] = spans[at - 1];
		spans[at] = span;
	}
}

/* Sorts and joins; returns how many are left. */
static size_t spans_join(struct span *spans, size_t count)
{
	size_t kept = 0;

	if (count == 0)
		return 0;
	spans_sort(spans, count);
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
 * Runs of two boots are never joined, so that more than `keep` may be left.
 */
static size_t spans_crowd(struct span *spans, size_t count, size_t keep)
{
	size_t kept = 0, surplus = count > keep ? count - keep : 0;

	for (size_t i = 1; i < count; i++) {
		struct span *a = &spans[kept];
		const struct span *b = &spans[i];
		uint64_t gap;

		if (!surplus || a->complete != b->complete || b->first_serial <= a->last_serial ||
		    !gap_between(a, b, &gap)) {
			spans[++kept] = *b;
			continue;
		}
		a->missing += b->missing + gap;
		a->last_serial = b->last_serial;
		span_widen(a, b->last_ms, b->other);
		surplus--;
	}
	return count ? kept + 1 : 0;
}

/* Joins what can be joined. Where that gains little (many nodes, or many boots) the next look
 * comes later, so that the work stays in proportion. */
static void runs_crowd(struct stream *stream)
{
	stream->count = spans_join(stream->runs, stream->count);
	stream->count = spans_crowd(stream->runs, stream->count, RUNS_MAX / 2);
	stream->look_at = stream->count * 2 > RUNS_MAX ? stream->count * 2 : RUNS_MAX;
}

static void add_run(struct stream *stream, int64_t node, int64_t ms, uint32_t serial, bool is_other)
{
	if (stream->count >= RUNS_MAX && stream->count >= stream->look_at)
		runs_crowd(stream);
	if (stream->count >= stream->size) {
		stream->size = stream->size ? stream->size * 2 : REORDER_RUNS;
		stream->runs = mem_resize(stream->runs, stream->size * sizeof(*stream->runs));
	}
	stream->runs[stream->count++] = (struct span){.node = node,
						      .other = is_other,
						      .first_serial = serial,
						      .last_serial = serial,
						      .first_ms = ms,
						      .last_ms = ms};
}

void stream_restart(struct stream *stream)
{
	stream->full_count = 0;
}

bool stream_full(const struct stream *stream)
{
	return stream->count >= 2 * RUNS_MAX;
}

void stream_note(struct stream *stream, int64_t node, int64_t ms, uint32_t serial, bool is_other)
{
	size_t from = stream->count > REORDER_RUNS ? stream->count - REORDER_RUNS : 0;

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

/* The earliest of a kind go when a node has too many of it: they are boots long ago, and what
 * was lost in the others does not depend on them. */
static size_t drop_earliest(struct span *spans, size_t count)
{
	size_t surplus = count > RUNS_MAX ? count - RUNS_MAX : 0;

	memmove(spans, spans + surplus, (count - surplus) * sizeof(*spans));
	return count - surplus;
}

static size_t count_complete(const struct span *spans, size_t count)
{
	size_t complete = 0;

	while (complete < count && spans[complete].complete)
		complete++;
	return complete;
}

/* Brings the spans of one node down to what is kept on disk. */
static void limit_spans(struct stream *list)
{
	list->count = spans_join(list->runs, list->count);
	size_t complete = count_complete(list->runs, list->count);
	struct span *rest = list->runs + complete;
	size_t rest_count = list->count - complete;

	complete = drop_earliest(list->runs, spans_crowd(list->runs, complete, RUNS_MAX));
	rest_count = drop_earliest(rest, spans_crowd(rest, rest_count, RUNS_MAX));
	memmove(list->runs + complete, rest, rest_count * sizeof(*rest));
	list->count = complete + rest_count;
}

static int flush_node(struct sql *sql, const struct span *runs, size_t count, struct err *err)
{
	struct stream list = {0};
	int result = load_spans(sql, runs[0].node, &list, err);

	list.runs = mem_resize(list.runs, (list.count + count) * sizeof(*list.runs));
	memcpy(list.runs + list.count, runs, count * sizeof(*runs));
	list.count += count;
	if (result == 0) {
		limit_spans(&list);
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
		result = flush_node(sql, theirs.runs, theirs.count, err);
	stream_release(&theirs);
	return result;
}

static bool known_full(const struct stream *stream, int64_t node)
{
	for (size_t i = 0; i < stream->full_count; i++)
		if (stream->full[i] == node)
			return true;
	return false;
}

void stream_mark_full(struct stream *stream, int64_t node)
{
	if (known_full(stream, node))
		return;
	stream->full = mem_resize(stream->full, (stream->full_count + 1) * sizeof(*stream->full));
	stream->full[stream->full_count++] = node;
}

/* Has this input shown, now or before the last flush, a record of the node that is not SECCOMP? */
static bool node_is_full(struct stream *stream, const struct span *runs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (runs[i].other)
			stream_mark_full(stream, runs[0].node);
	return known_full(stream, runs[0].node);
}

int stream_flush(struct stream *stream, struct sql *sql, struct err *err)
{
	int result = 0;

	stream->count = spans_join(stream->runs, stream->count);
	for (size_t from = 0, to; from < stream->count && result == 0; from = to) {
		struct span *runs = stream->runs + from;

		for (to = from + 1; to < stream->count && stream->runs[to].node == runs->node;)
			to++;
		bool full = node_is_full(stream, runs, to - from);

		for (size_t i = 0; i < to - from; i++)
			runs[i].complete = full;
		result = flush_node(sql, runs, to - from, err);
	}
	stream->count = stream->look_at = 0;
	return result;
}

/* How many serials between two spans of a complete stream another one delivered. */
static uint64_t delivered_between(const struct span *a, const struct span *b,
				  const struct span *rest, size_t count)
{
	uint64_t delivered = 0;

	for (size_t i = 0; i < count; i++) {
		const struct span *span = &rest[i];

		if (span->last_ms < a->last_ms - STAMP_SLACK_MS ||
		    span->first_ms > b->first_ms + STAMP_SLACK_MS ||
		    span->last_serial <= a->last_serial || span->first_serial >= b->first_serial)
			continue;
		uint64_t low = span->first_serial > a->last_serial ? span->first_serial
								   : (uint64_t)a->last_serial + 1;
		uint64_t high = span->last_serial < b->first_serial ? span->last_serial
								    : (uint64_t)b->first_serial - 1;
		uint64_t length = high - low + 1;

		delivered += length > span->missing ? length - span->missing : 0;
	}
	return delivered;
}

struct hole_query {
	stream_hole_fn *each;
	void *context;
};

static int give_hole(const struct hole_query *query, uint64_t missing, bool filtered,
		     int64_t from_ms, int64_t to_ms)
{
	bool ordered = from_ms <= to_ms; /* the stamps of neighbours may not be */
	const struct hole hole = {missing, filtered, ordered ? from_ms : to_ms,
				  ordered ? to_ms : from_ms};

	return missing ? query->each(&hole, query->context) : 0;
}

/* The holes of complete streams: what no source delivered was lost. */
static int give_lost(const struct hole_query *query, const struct span *full, size_t count,
		     const struct span *rest, size_t rest_count)
{
	int result = 0;

	for (size_t i = 0; i < count && result == 0; i++) {
		const struct span *a = &full[i], *b = &full[i + 1];
		uint64_t gap, delivered;

		result = give_hole(query, a->missing, false, a->first_ms, a->last_ms);
		if (result != 0 || i + 1 == count || !gap_between(a, b, &gap))
			continue;
		delivered = delivered_between(a, b, rest, rest_count);
		if (gap > delivered)
			result = give_hole(query, gap - delivered, false, a->last_ms, b->first_ms);
	}
	return result;
}

/* Makes one of the complete streams' spans of a boot: what is missing in it has been said. */
static size_t make_hulls(struct span *full, size_t count)
{
	size_t kept = 0;

	for (size_t i = 1; i < count; i++) {
		struct span *a = &full[kept];
		uint64_t gap;

		if (full[i].first_serial <= a->last_serial || !gap_between(a, &full[i], &gap)) {
			full[++kept] = full[i];
			continue;
		}
		a->last_serial = full[i].last_serial;
		span_widen(a, full[i].last_ms, false);
	}
	return count ? kept + 1 : 0;
}

/* Is the span a part of one that comes before it in time? */
static bool span_holds(const struct span *outer, const struct span *inner)
{
	return inner->first_serial >= outer->first_serial &&
	       inner->last_serial <= outer->last_serial &&
	       inner->first_ms <= outer->last_ms + STAMP_SLACK_MS;
}

/* The holes between and inside what is left: what was filtered out may never have been lost. */
static int give_filtered(const struct hole_query *query, struct span *spans, size_t count)
{
	const struct span *last = NULL;
	int result = 0;

	for (size_t i = 0; i < count; i++) {
		spans[i].other = spans[i].complete;
		spans[i].missing = spans[i].complete ? 0 : spans[i].missing;
		spans[i].complete = false; /* one order for both kinds */
	}
	spans_sort(spans, count);
	for (size_t i = 0; i < count && result == 0; i++) {
		const struct span *span = &spans[i];
		uint64_t gap;

		if (last && span_holds(last, span))
			continue;
		if (last && !(last->other && span->other) && gap_between(last, span, &gap))
			result = give_hole(query, gap, true, last->last_ms, span->first_ms);
		if (result == 0)
			result = give_hole(query, span->missing, true, span->first_ms,
					   span->last_ms);
		last = span;
	}
	return result;
}

int stream_holes(struct sql *sql, int64_t node, stream_hole_fn *each, void *context,
		 struct err *err)
{
	const struct hole_query query = {each, context};
	struct stream list = {0};
	int result = load_spans(sql, node, &list, err);

	spans_sort(list.runs, list.count);
	size_t full = count_complete(list.runs, list.count), rest = list.count - full;

	if (result == 0)
		result = give_lost(&query, list.runs, full, list.runs + full, rest);
	if (result == 0) {
		size_t hulls = make_hulls(list.runs, full);

		if (rest)
			memmove(list.runs + hulls, list.runs + full, rest * sizeof(*list.runs));
		result = give_filtered(&query, list.runs, hulls + rest);
	}
	stream_release(&list);
	return result;
}

int stream_cover(struct sql *sql, int64_t node, int64_t ms, struct err *err)
{
	sqlite3_stmt *find = sql_prepare(sql,
					 "SELECT 1 FROM span WHERE node = ?1 AND first <= ?2"
					 " AND last >= ?2 AND complete LIMIT 1",
					 err);

	if (!find)
		return -err->code;
	sqlite3_bind_int64(find, 1, node);
	sqlite3_bind_int64(find, 2, ms);
	int result = sql_step(sql, find, err);

	sqlite3_finalize(find);
	return result;
}
