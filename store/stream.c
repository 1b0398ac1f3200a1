#include "store/stream.h"
#include "store/statements.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

/* Runs kept for one input, and rows for one node: enough for thousands of losses. */
#define RUNS_MAX 4096

/* Several writers, or an ordering by anything but time, deliver a little out of order. */
#define REORDER_RUNS 64

/*
 * The order of two runs may disagree with their stamps', too: a caller may be kept off the processors between the two, and
 * between its serial and its place in the queue. With ten tasks a processor, 13,299 records of
 * others came between, a commit among them, and counted as lost. Less than any reboot takes.
 */
#define ORDER_SLACK_MS 500

/* A run is moved past so many others at most: a file that somebody made may hold only such. */
#define MOVES_MAX 1024

/* A serial this near to 2^32, followed by one this near to 0, has wrapped. */
#define WRAP_SERIALS 65536u

/* More than a store of ours ever holds of a node: it keeps RUNS_MAX of each boot at most. */
#define SPANS_MAX 65536

/* A flush looks at so many of a node's latest spans, unless it brings more or older ones. */
#define TAIL_SPANS 64

void stream_release(struct stream *stream)
{
	free(stream->runs);
	free(stream->full);
	free(stream->kept_full);
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
	if (a->channel != b->channel || a->complete != b->complete ||
	    b->first_serial < a->first_serial ||
	    (uint64_t)b->first_serial > (uint64_t)a->last_serial + 1)
		return false;
	bool touches = (uint64_t)b->first_serial == (uint64_t)a->last_serial + 1;

	if (touches ? b->first_ms < a->last_ms - SERIAL_SLACK_MS
		    : b->first_ms > a->last_ms + SERIAL_SLACK_MS ||
			      b->first_ms < a->first_ms - SERIAL_SLACK_MS)
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

	if (a->channel != b->channel || b->first_ms < a->last_ms - SERIAL_SLACK_MS ||
	    (b->first_serial <= a->last_serial && !wrapped))
		return false;
	*ret_gap = b->first_serial - a->last_serial - 1; /* modulo 2^32, as serials are */
	return true;
}

static int compare_spans(const void *left, const void *right)
{
	const struct span *a = left, *b = right;

	if (a->channel != b->channel)
		return a->channel < b->channel ? -1 : 1;
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
	return a->channel == b->channel && a->complete == b->complete &&
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

		for (; at > 0 && i - at < MOVES_MAX && swapped(&spans[at - 1], &span); at--)
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

/* Joins the span into the run, whichever of them comes first. */
static bool run_join(struct span *run, const struct span *span)
{
	struct span low = *span;

	if (span->first_serial >= run->first_serial)
		return span_join(run, span);
	if (!span_join(&low, run))
		return false;
	*run = low;
	return true;
}

/* A run that grew may now touch the one that it was parted from. */
static void rejoin(struct stream *stream, size_t grown)
{
	size_t last = stream->count - 1;
	size_t to = stream->count > REORDER_RUNS ? stream->count - REORDER_RUNS : 0;

	for (size_t i = last + 1; i-- > to;) {
		if (i == grown || !run_join(&stream->runs[grown], &stream->runs[i]))
			continue;
		memmove(&stream->runs[i], &stream->runs[i + 1], (last - i) * sizeof(*stream->runs));
		stream->count--;
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

static void add_run(struct stream *stream, const struct span *span)
{
	if (stream->count >= RUNS_MAX && stream->count >= stream->look_at)
		runs_crowd(stream);
	if (stream->count >= stream->size) {
		stream->size = stream->size ? stream->size * 2 : REORDER_RUNS;
		stream->runs = mem_resize(stream->runs, stream->size * sizeof(*stream->runs));
	}
	stream->runs[stream->count++] = *span;
}

void stream_restart(struct stream *stream)
{
	stream->full_count = 0;
}

void stream_keep(struct stream *stream)
{
	size_t bytes = stream->full_count * sizeof(*stream->full);

	stream->kept_full_count = stream->full_count;
	if (!bytes)
		return;
	stream->kept_full = mem_resize(stream->kept_full, bytes);
	memcpy(stream->kept_full, stream->full, bytes);
}

void stream_restore(struct stream *stream)
{
	stream->count = stream->look_at = 0;
	stream->full_count = 0;
	for (size_t i = 0; i < stream->kept_full_count; i++)
		stream_mark_full(stream, stream->kept_full[i]);
}

bool stream_full(const struct stream *stream)
{
	return stream->count >= 2 * RUNS_MAX;
}

void stream_note(struct stream *stream, int64_t channel, struct serial_run serials)
{
	const struct span span = {.channel = channel,
				  .other = serials.other,
				  .first_serial = serials.first,
				  .last_serial = serials.last,
				  .first_ms = serials.first_ms,
				  .last_ms = serials.last_ms};
	size_t from = stream->count > REORDER_RUNS ? stream->count - REORDER_RUNS : 0;

	for (size_t i = stream->count; i-- > from;) {
		struct span *run = &stream->runs[i];
		uint32_t length = run->last_serial - run->first_serial;

		if (!run_join(run, &span))
			continue;
		if (stream->count > 1 && run->last_serial - run->first_serial != length)
			rejoin(stream, i);
		return;
	}
	add_run(stream, &span);
}

/* Reads the rows of a statement whose bindings are set, behind the spans that are in the list. */
static int take_spans(struct sql *sql, sqlite3_stmt *rows, int64_t channel, struct stream *list,
		      struct err *err)
{
	int result;

	while ((result = sql_step(sql, rows, err)) > 0) {
		if (list->count >= SPANS_MAX)
			return err_set(err, EUCLEAN, "store '%s': it has too many runs of serials",
				       sql->path);
		list->runs = mem_resize(list->runs, (list->count + 1) * sizeof(*list->runs));
		list->runs[list->count++] = (struct span){
			.channel = channel,
			.complete = sqlite3_column_int(rows, 0),
			.first_serial = (uint32_t)sqlite3_column_int64(rows, 1),
			.last_serial = (uint32_t)sqlite3_column_int64(rows, 2),
			.first_ms = sql_column_ms(rows, 3),
			.last_ms = sql_column_ms(rows, 4),
			.missing = (uint64_t)sqlite3_column_int64(rows, 5),
			.row = sqlite3_column_int64(rows, 6),
		};
	}
	sqlite3_reset(rows);
	return result;
}

#define SPANS "SELECT complete, first_serial, last_serial, first, last, missing, rowid FROM span"

/* All of a channel's spans. */
static int load_spans(struct sql *sql, int64_t channel, struct stream *list, struct err *err)
{
	/* of a store of schema 1 or 2: what it has counts as the kernel's */
	const char *text = sql->schema >= 3 ? SPANS
				   " WHERE node = ?1 AND trust = ?2 ORDER BY first, first_serial"
					    : SPANS
				   " WHERE node = ?1 AND ?2 = 1 ORDER BY first, first_serial";

	return take_spans(sql, SQL_GET(sql, text, err, sql_int(channel >> 1), sql_int(channel & 1)),
			  channel, list, err);
}

/* The latest of a node's spans of one kind. */
static int load_tail(struct sql *sql, int64_t channel, bool complete, struct stream *list,
		     struct err *err)
{
	return take_spans(sql,
			  SQL_GET(sql,
				  SPANS " WHERE node = ?1 AND trust = ?2 AND complete = ?3"
					" ORDER BY first DESC, first_serial DESC LIMIT ?4",
				  err, sql_int(channel >> 1), sql_int(channel & 1),
				  sql_int(complete), sql_int(TAIL_SPANS)),
			  channel, list, err);
}

static int write_span(struct sql *sql, const struct span *span, struct err *err)
{
	return SQL_DO(sql, SPAN_ADD, err, sql_int(span->channel >> 1), sql_int(span->complete),
		      sql_int(span->first_serial), sql_int(span->last_serial),
		      sql_int(span->first_ms), sql_int(span->last_ms), sql_int(span->missing),
		      sql_int(span->channel & 1));
}

/* By everything but the row. */
static int compare_whole(const void *left, const void *right)
{
	const struct span *a = left, *b = right;
	int order = compare_spans(a, b);

	if (order)
		return order;
	if (a->last_ms != b->last_ms)
		return a->last_ms < b->last_ms ? -1 : 1;
	return a->missing < b->missing ? -1 : a->missing > b->missing;
}

static int drop_span(struct sql *sql, const struct span *span, struct err *err)
{
	return SQL_DO(sql, "DELETE FROM span WHERE rowid = ?1", err, sql_int(span->row));
}

/* Brings the rows from what they are to what they are to be; what stays is not written. */
static int replace_spans(struct sql *sql, struct stream *old, struct stream *list, struct err *err)
{
	size_t at = 0;
	int result = 0;

	if (old->count)
		qsort(old->runs, old->count, sizeof(*old->runs), compare_whole);
	qsort(list->runs, list->count, sizeof(*list->runs), compare_whole);
	for (size_t i = 0; i < list->count && result == 0; i++) {
		int order = 1;

		while (result == 0 && at < old->count &&
		       (order = compare_whole(&old->runs[at], &list->runs[i])) < 0)
			result = drop_span(sql, &old->runs[at++], err);
		if (at < old->count && order == 0)
			at++;
		else if (result == 0)
			result = write_span(sql, &list->runs[i], err);
	}
	while (result == 0 && at < old->count)
		result = drop_span(sql, &old->runs[at++], err);
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

/*
 * Is what was loaded all that new spans may have to do with? Spans are joined with those next to
 * them in the order of time, so that the tail is enough when it begins before them.
 */
static bool tail_is_enough(const struct stream *tail, const struct span *runs, size_t count)
{
	int64_t from_ms = runs[0].first_ms;

	if (tail->count < TAIL_SPANS)
		return true;
	for (size_t i = 1; i < count; i++)
		from_ms = runs[i].first_ms < from_ms ? runs[i].first_ms : from_ms;
	return tail->runs[tail->count - 1].first_ms < from_ms - SERIAL_SLACK_MS - ORDER_SLACK_MS;
}

/* Adds spans of one node and one kind to those on file. whole: all of these are looked at, and
 * brought down to what is kept. */
static int flush_node(struct sql *sql, const struct span *runs, size_t count, bool whole,
		      struct err *err)
{
	struct stream old = {0}, list = {0};
	int result = whole ? 0 : load_tail(sql, runs[0].channel, runs[0].complete, &old, err);

	if (result == 0 && (whole || !tail_is_enough(&old, runs, count))) {
		old.count = 0;
		whole = true;
		result = load_spans(sql, runs[0].channel, &old, err);
	}
	list.count = old.count + count;
	list.runs = mem_new(list.count, sizeof(*list.runs));
	if (old.count)
		memcpy(list.runs, old.runs, old.count * sizeof(*runs));
	memcpy(list.runs + old.count, runs, count * sizeof(*runs));
	if (result == 0) {
		if (whole)
			limit_spans(&list);
		else
			list.count = spans_join(list.runs, list.count);
		result = replace_spans(sql, &old, &list, err);
	}
	stream_release(&list);
	stream_release(&old);
	return result;
}

int stream_merge(struct sql *from, int64_t from_node, enum trust highest, struct sql *sql,
		 int64_t node, struct err *err)
{
	int result = 0;

	for (int trust = 0; trust <= TRUST_KERNEL && result == 0; trust++) {
		struct stream theirs = {0};

		result = load_spans(from, channel_of(from_node, (enum trust)trust), &theirs, err);
		for (size_t i = 0; i < theirs.count; i++)
			theirs.runs[i].channel = channel_of(
				node, (enum trust)trust < highest ? (enum trust)trust : highest);
		if (result == 0 && theirs.count)
			result = flush_node(sql, theirs.runs, theirs.count, true, err);
		stream_release(&theirs);
	}
	return result;
}

static bool known_full(const struct stream *stream, int64_t channel)
{
	for (size_t i = 0; i < stream->full_count; i++)
		if (stream->full[i] == channel)
			return true;
	return false;
}

void stream_mark_full(struct stream *stream, int64_t channel)
{
	if (known_full(stream, channel))
		return;
	stream->full = mem_resize(stream->full, (stream->full_count + 1) * sizeof(*stream->full));
	stream->full[stream->full_count++] = channel;
}

/* Has this input shown, now or before the last flush, a record of the node that is not SECCOMP? */
static bool node_is_full(struct stream *stream, const struct span *runs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (runs[i].other)
			stream_mark_full(stream, runs[0].channel);
	return known_full(stream, runs[0].channel);
}

int stream_flush(struct stream *stream, struct sql *sql, struct err *err)
{
	int result = 0;

	stream->count = spans_join(stream->runs, stream->count);
	for (size_t from = 0, to; from < stream->count && result == 0; from = to) {
		struct span *runs = stream->runs + from;

		for (to = from + 1;
		     to < stream->count && stream->runs[to].channel == runs->channel;)
			to++;
		bool full = node_is_full(stream, runs, to - from);

		for (size_t i = 0; i < to - from; i++)
			runs[i].complete = full;
		/* now and then all are looked at, so that they never become too many */
		stream->added += to - from;
		result = flush_node(sql, runs, to - from, stream->added > RUNS_MAX / 4, err);
		if (stream->added > RUNS_MAX / 4)
			stream->added = 0;
	}
	stream->count = stream->look_at = 0;
	return result;
}

/* Adds a range of serials to those that a hole names; more than it has room for are not named. */
static void hole_name(struct hole *hole, uint32_t first, uint32_t last)
{
	if (hole->range_count < HOLE_RANGES)
		hole->ranges[hole->range_count] = (struct serial_range){first, last};
	hole->range_count++;
}

/* By the serials' distance from where the hole begins, which they may wrap in. */
struct delivered {
	uint64_t from, to; /* distances from the serial before the hole: 1 is its first one */
};

static int compare_delivered(const void *left, const void *right)
{
	const struct delivered *a = left, *b = right;

	return a->from < b->from ? -1 : a->from > b->from;
}

/*
 * The part of a span that lies in the gap between two others, as distances from the first one's
 * end. False if there is none. What is missing in the span itself is not known by its serials.
 */
static bool part_inside(const struct span *a, const struct span *b, uint64_t gap,
			const struct span *span, struct delivered *ret_part)
{
	if (span->last_ms < a->last_ms - SERIAL_SLACK_MS ||
	    span->first_ms > b->first_ms + SERIAL_SLACK_MS)
		return false;
	bool wrapped = b->first_serial <= a->last_serial;

	if (!wrapped &&
	    (span->last_serial <= a->last_serial || span->first_serial >= b->first_serial))
		return false;
	uint64_t from = (uint32_t)(span->first_serial - a->last_serial);
	uint64_t to = (uint32_t)(span->last_serial - a->last_serial);

	if (!wrapped && span->first_serial <= a->last_serial)
		from = 1;
	else if (wrapped && from > gap && to <= gap)
		from = 1;
	if (from > gap || from == 0)
		return false;
	*ret_part = (struct delivered){from, to > gap || to < from ? gap : to};
	return true;
}

/* What of the gap between two spans of a complete stream no other one delivered. */
static void look_into_gap(const struct span *a, const struct span *b, uint64_t gap,
			  const struct span *rest, size_t count, struct hole *hole)
{
	struct delivered *parts = mem_new(count + 1, sizeof(*parts));
	uint64_t next = 1, uncertain = 0;
	size_t part_count = 0;

	for (size_t i = 0; i < count; i++) {
		if (!part_inside(a, b, gap, &rest[i], &parts[part_count]))
			continue;
		uint64_t length = parts[part_count].to - parts[part_count].from + 1;

		uncertain += rest[i].missing < length ? rest[i].missing : length;
		part_count++;
	}
	if (part_count)
		qsort(parts, part_count, sizeof(*parts), compare_delivered);
	parts[part_count] = (struct delivered){gap + 1, gap + 1};
	for (size_t i = 0; i <= part_count; i++) {
		if (parts[i].from > next) {
			hole->missing += parts[i].from - next;
			hole_name(hole, a->last_serial + (uint32_t)next,
				  a->last_serial + (uint32_t)(parts[i].from - 1));
		}
		if (parts[i].to >= next)
			next = parts[i].to + 1;
	}
	hole->missing += uncertain;
	if (uncertain)
		hole->range_count = 0;
	free(parts);
}

struct hole_query {
	stream_hole_fn *each;
	void *context;
};

static int give_hole(const struct hole_query *query, struct hole *hole)
{
	int64_t from_ms = hole->from_ms;

	if (hole->missing == 0)
		return 0;
	if (from_ms > hole->to_ms) { /* the stamps of neighbours may not be in order */
		hole->from_ms = hole->to_ms;
		hole->to_ms = from_ms;
	}
	if (hole->range_count > HOLE_RANGES)
		hole->range_count = 0;
	return query->each(hole, query->context);
}

/* What is missing inside a span: how much is known, not which serials. */
static int give_inner(const struct hole_query *query, const struct span *span, bool filtered)
{
	struct hole hole = {.missing = span->missing,
			    .filtered = filtered,
			    .from_ms = span->first_ms,
			    .to_ms = span->last_ms};

	return give_hole(query, &hole);
}

/* The holes of complete streams: what no source delivered was lost. */
static int give_lost(const struct hole_query *query, const struct span *full, size_t count,
		     const struct span *rest, size_t rest_count)
{
	int result = 0;

	for (size_t i = 0; i < count && result == 0; i++) {
		const struct span *a = &full[i], *b = &full[i + 1];
		uint64_t gap;

		result = give_inner(query, a, false);
		if (result != 0 || i + 1 == count || (a->said && b->said) ||
		    !gap_between(a, b, &gap) || gap == 0)
			continue;
		struct hole hole = {.from_ms = a->last_ms, .to_ms = b->first_ms};

		look_into_gap(a, b, gap, rest, rest_count, &hole);
		result = give_hole(query, &hole);
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
		a->said &= full[i].said;
		span_widen(a, full[i].last_ms, false);
	}
	return count ? kept + 1 : 0;
}

/* Is the span a part of one that comes before it in time? */
static bool span_holds(const struct span *outer, const struct span *inner)
{
	return inner->first_serial >= outer->first_serial &&
	       inner->last_serial <= outer->last_serial &&
	       inner->first_ms <= outer->last_ms + SERIAL_SLACK_MS;
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
		struct hole hole = {.filtered = true, .to_ms = span->first_ms};

		if (last && !(last->other && span->other) && !(last->said && span->said) &&
		    gap_between(last, span, &gap)) {
			hole.missing = gap;
			hole.from_ms = last->last_ms;
			result = give_hole(query, &hole);
		}
		if (result == 0)
			result = give_inner(query, span, true);
		last = span;
	}
	return result;
}

/* The holes of a list in order, and what is left of it when they are said: hulls, then the rest. */
static int give_holes(const struct hole_query *query, struct stream *list,
		      const struct stream *filling)
{
	size_t full = count_complete(list->runs, list->count), rest = list->count - full;
	int result = give_lost(query, list->runs, full, filling->runs, filling->count);
	size_t hulls = make_hulls(list->runs, full);

	if (rest)
		memmove(list->runs + hulls, list->runs + full, rest * sizeof(*list->runs));
	list->count = hulls + rest;
	return result == 0 ? give_filtered(query, list->runs, list->count) : result;
}

static void list_copy(struct stream *to, const struct stream *from, size_t at)
{
	size_t count = from->count - at;

	to->runs = mem_resize(to->runs, (to->count + count + 1) * sizeof(*to->runs));
	if (count)
		memcpy(to->runs + to->count, from->runs + at, count * sizeof(*to->runs));
	to->count += count;
}

/*
 * What the kernel's streams left, as spans among those of texts: what is between them has been said,
 * and they fill what is missing in a text.
 */
static void add_said(struct stream *texts, const struct stream *kernel, int64_t channel)
{
	size_t from = texts->count;

	list_copy(texts, kernel, 0);
	for (size_t i = from; i < texts->count; i++) {
		struct span *span = &texts->runs[i];

		span->channel = channel;
		span->complete = span->other; /* as give_filtered() leaves it */
		span->missing = 0;
		span->said = true;
	}
}

int stream_holes(struct sql *sql, int64_t node, stream_hole_fn *each, void *context,
		 struct err *err)
{
	const int64_t text = channel_of(node, TRUST_TEXT);
	const struct hole_query query = {each, context};
	struct stream kernel = {0}, texts = {0}, filling = {0};
	int result = load_spans(sql, channel_of(node, TRUST_KERNEL), &kernel, err);

	if (result == 0)
		result = load_spans(sql, text, &texts, err);
	if (result == 0) {
		spans_sort(kernel.runs, kernel.count);
		size_t full = count_complete(kernel.runs, kernel.count);

		list_copy(&filling, &kernel, full);
		result = give_holes(&query, &kernel, &filling);
	}
	if (result == 0 && texts.count) {
		bool alone = kernel.count == 0;

		add_said(&texts, &kernel, text);
		spans_sort(texts.runs, texts.count);
		size_t full = alone ? count_complete(texts.runs, texts.count) : 0;

		filling.count = 0;
		list_copy(&filling, &texts, full);
		result = give_holes(&query, &texts, &filling);
	}
	stream_release(&kernel);
	stream_release(&texts);
	stream_release(&filling);
	return result;
}

int stream_cover(struct sql *sql, int64_t node, int64_t ms, struct err *err)
{
#define COVER "SELECT 1 FROM span WHERE node = ?1 AND first <= ?2 AND last > ?2 AND complete = 1"
	sqlite3_stmt *find = SQL_PREPARE(sql, sql->schema >= 3 ? COVER " AND trust = 1" : COVER,
					 err, sql_int(node), sql_int(ms));
	int result = sql_step(sql, find, err);

	sqlite3_finalize(find);
	return result;
}

int stream_last_by(struct sql *sql, int64_t node, int64_t ms, int64_t *ret_ms, struct err *err)
{
	*ret_ms = 0;
	if (sql->schema < 3)
		return 0;
	sqlite3_stmt *find = SQL_PREPARE(sql,
					 "SELECT max(last) FROM span WHERE node = ?1 AND last <= ?2"
					 " AND complete = 1 AND trust = 1",
					 err, sql_int(node), sql_int(ms));
	int result = sql_step(sql, find, err);

	if (result > 0)
		*ret_ms = sql_column_ms(find, 0);
	sqlite3_finalize(find);
	return result < 0 ? result : 0;
}
