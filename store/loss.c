#include "store/mark.h"
#include "store/internal.h"
#include "store/match.h"
#include "store/query.h"

#include "base/buf.h"
#include "base/clock.h"

#include <stdio.h>

int loss_put(struct sql *sql, int64_t node, const struct loss_note *note, uint64_t mark,
	     struct err *err)
{
	return SQL_DO(sql,
		      "INSERT INTO loss (node, kind, at, mark, count, detail)"
		      " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (node, kind, at, mark)"
		      " DO UPDATE SET count = max(count, excluded.count)",
		      err, sql_int(node), sql_int(note->kind), sql_int(note->ms), sql_int(mark),
		      sql_int(note->count), sql_bytes(note->detail));
}

/* --- asking */

/* So many losses of a kind are said one by one, the first ones; the others in one sentence. */
#define SAID_ONE_BY_ONE 100

/* What was said of a kind, and what is left to say. */
struct rest {
	uint64_t said;
	uint64_t left;    /* rows, or holes */
	uint64_t records; /* of these, where the number is known of each */
	bool known;
	int64_t from_ms, to_ms;
	int64_t since_ms, until_ms; /* 0: that of some is not known */
};

/* One node's evidence, while it is asked for. */
struct loss_query {
	struct sql *sql;
	const struct selection *selection;
	int64_t node;
	struct str node_name;
	query_loss_fn *each;
	void *context;
	/* holes of which nobody can tell whether they are losses: one sentence for all */
	struct hole filtered;
	uint64_t filtered_count;
	/* of the kind at hand, those that are not said one by one: one sentence for all */
	struct rest rest;
	/* audit_lost: the line before */
	uint64_t lost_total;
	int64_t lost_ms;   /* 0: there is none */
	struct buf reason; /* of the entry at hand */
};

/* What an entry is told from others by, beside its node. */
enum { ENTRY_HOLE = 1000, ENTRY_FILTERED, ENTRY_REST };

/* Makes the id, which is kept where it was acknowledged, and looks whether a person has acknowledged it. */
static void identify(struct loss_query *query, struct loss *loss, const uint64_t *numbers,
		     size_t count)
{
	uint64_t hash = mark_of(0, query->node_name);

	for (size_t i = 0; i < count; i++)
		hash = mark_step(hash, numbers[i]);
	snprintf(loss->id, sizeof(loss->id), "%012llx", (unsigned long long)(hash >> 16));
	buf_clear(&query->reason);
	if (query->sql->schema < 3)
		return;
	struct err ignored = ERR_INIT;
	sqlite3_stmt *find = SQL_GET(query->sql, "SELECT reason FROM acknowledged WHERE id = ?1",
				     &ignored, sql_text(str_from(loss->id)));

	if (sql_step(query->sql, find, &ignored) > 0)
		buf_put_str(&query->reason, sql_column_name(find, 0));
	sqlite3_reset(find);
	loss->reason = buf_str(&query->reason);
}

static bool inside(const struct selection *selection, int64_t from_ms, int64_t to_ms)
{
	return (!selection->has_since || to_ms >= selection->since_ms) &&
	       (!selection->has_until || from_ms <= selection->until_ms);
}

static void put_time(struct buf *text, int64_t ms)
{
	char stamp[CLOCK_TEXT_SIZE];

	buf_put_str(text, str_from(clock_format_rfc3339_ms(ms, stamp)));
}

#define NEVER_ARRIVED " never arrived"
#define ARE_FILTERED \
	" are missing; they may be records of other types, because the logs have only one type"

/* since_ms, until_ms: 0 where the time is not known. */
static int give(struct loss_query *query, struct loss *loss, uint64_t count, bool known,
		int64_t since_ms, int64_t until_ms, struct buf *text)
{
	loss->count = count;
	loss->known = known;
	loss->text = buf_str(text);
	loss->node = query->node_name;
	loss->has_until = until_ms != 0;
	loss->until_ms = until_ms;
	loss->has_since = since_ms != 0;
	loss->since_ms = since_ms;
	return query->each(loss, query->context);
}

static void put_hole(struct buf *text, const struct loss_query *query, const struct hole *hole)
{
	buf_format(text, "node %.*s: %llu audit serial%s between ", (int)query->node_name.n,
		   query->node_name.p, (unsigned long long)hole->missing,
		   hole->missing == 1 ? "" : "s");
	put_time(text, hole->from_ms);
	buf_put_str(text, STR(" and "));
	put_time(text, hole->to_ms);
}

/* "serials 148553-148560": which ones, where that is known. */
static void put_serials(struct buf *text, const struct hole *hole)
{
	for (size_t i = 0; i < hole->range_count; i++) {
		const struct serial_range *range = &hole->ranges[i];

		buf_put_str(text, i                    ? STR(", ")
				  : hole->missing == 1 ? STR(": serial ")
						       : STR(": serials "));
		buf_format(text, "%u", range->first);
		if (range->last != range->first)
			buf_format(text, "-%u", range->last);
	}
}

/* True if this one is to be said by itself; else it is added to the rest. */
static bool say(struct rest *rest, uint64_t records, bool known, int64_t from_ms, int64_t to_ms,
		int64_t since_ms, int64_t until_ms)
{
	if (rest->said < SAID_ONE_BY_ONE) {
		rest->said++;
		return true;
	}
	if (rest->left++ == 0) {
		rest->known = true;
		rest->from_ms = from_ms;
		rest->to_ms = to_ms;
		rest->since_ms = since_ms;
		rest->until_ms = until_ms;
	}
	if (!since_ms || since_ms < rest->since_ms)
		rest->since_ms = since_ms;
	if (!until_ms || (rest->until_ms && until_ms > rest->until_ms))
		rest->until_ms = until_ms;
	rest->records += known ? records : 0;
	rest->known &= known;
	rest->from_ms = from_ms < rest->from_ms ? from_ms : rest->from_ms;
	rest->to_ms = to_ms > rest->to_ms ? to_ms : rest->to_ms;
	return false;
}

#define LOSS_ROW(name, counts, when, text) {text, counts, when},

static const struct {
	const char *text;
	enum loss_counts counts;
	enum loss_when when;
} kinds[] = {LOSS_KINDS(LOSS_ROW)};

void query_put_loss(struct buf *buf, uint64_t count, const char *what)
{
	struct str left = str_from(what);

	if (count)
		buf_format(buf, "%llu ", (unsigned long long)count);
	while (left.n) {
		size_t open = str_chr(left, '{');

		buf_put_str(buf, str_of(left.p, open));
		left = str_skip(left, open);
		if (left.n == 0)
			break;
		left = str_skip(left, 1);
		size_t bar = str_chr(left, '|'), close = str_chr(left, '}');

		buf_put_str(buf, count == 1 ? str_of(left.p, bar)
					    : str_of(left.p + bar + 1, close - bar - 1));
		left = str_skip(left, close + 1);
	}
}

/* The rest of this kind, or of ENTRY_HOLE, in one sentence; what comes next is of another kind. */
static int give_rest(struct loss_query *query, unsigned kind)
{
	const char *what = kind == ENTRY_HOLE       ? "audit serials" NEVER_ARRIVED
			   : kind < LOSS_KIND_COUNT ? kinds[kind].text
						    : "";
	struct rest rest = query->rest;
	struct loss loss = {.count = 0};
	BUF_AUTO text = {0};

	query->rest = (struct rest){0};
	if (rest.left == 0)
		return 0;
	buf_format(&text, "node %.*s: %llu more: ", (int)query->node_name.n, query->node_name.p,
		   (unsigned long long)rest.left);
	query_put_loss(&text, rest.records, what);
	if (rest.to_ms) {
		buf_put_str(&text, STR(", between "));
		put_time(&text, rest.from_ms);
		buf_put_str(&text, STR(" and "));
		put_time(&text, rest.to_ms);
	}
	const uint64_t numbers[] = {
		ENTRY_REST,          rest.left, rest.records, kind, (uint64_t)rest.from_ms,
		(uint64_t)rest.to_ms};

	identify(query, &loss, numbers, sizeof(numbers) / sizeof(numbers[0]));
	loss.what = what;
	return give(query, &loss, rest.records, rest.known, rest.since_ms, rest.until_ms, &text);
}

static void add_filtered(struct loss_query *query, const struct hole *hole)
{
	struct hole *sum = &query->filtered;

	if (query->filtered_count++ == 0)
		*sum = (struct hole){.from_ms = hole->from_ms, .to_ms = hole->to_ms};
	sum->missing += hole->missing;
	if (hole->from_ms < sum->from_ms)
		sum->from_ms = hole->from_ms;
	if (hole->to_ms > sum->to_ms)
		sum->to_ms = hole->to_ms;
}

static void identify_hole(struct loss_query *query, struct loss *loss, const struct hole *hole,
			  uint64_t entry)
{
	const uint64_t numbers[] = {entry, (uint64_t)hole->from_ms, (uint64_t)hole->to_ms,
				    hole->missing};

	identify(query, loss, numbers, sizeof(numbers) / sizeof(numbers[0]));
}

static int take_hole(const struct hole *hole, void *context)
{
	struct loss_query *query = context;
	struct loss loss = {.count = 0};
	BUF_AUTO text = {0};

	if (!inside(query->selection, hole->from_ms, hole->to_ms))
		return 0;
	if (hole->filtered) {
		add_filtered(query, hole);
		return 0;
	}
	identify_hole(query, &loss, hole, ENTRY_HOLE);
	if (!loss.reason.n && !say(&query->rest, hole->missing, true, hole->from_ms, hole->to_ms,
				   hole->from_ms, hole->to_ms))
		return 0;
	put_hole(&text, query, hole);
	buf_put_str(&text, STR(NEVER_ARRIVED));
	put_serials(&text, hole);
	loss.what = "audit serials" NEVER_ARRIVED;
	return give(query, &loss, hole->missing, true, hole->from_ms, hole->to_ms, &text);
}

/* A log of one record type has a hole at every record of another: thousands say no more than
 * their sum. */
static int give_filtered(struct loss_query *query)
{
	struct loss loss = {.count = 0};
	BUF_AUTO text = {0};

	if (query->filtered_count == 0)
		return 0;
	identify_hole(query, &loss, &query->filtered, ENTRY_FILTERED);
	put_hole(&text, query, &query->filtered);
	buf_put_str(&text, STR(ARE_FILTERED));
	loss.what = "audit serials" ARE_FILTERED;
	return give(query, &loss, 0, false, query->filtered.from_ms, query->filtered.to_ms, &text);
}

/* Until when it lasted: its number says so of a span. */
static int64_t end_of(enum loss_kind kind, int64_t ms, uint64_t count)
{
	bool is_span =
		kind == LOSS_HIDDEN && count < (uint64_t)(INT64_MAX / 2) && ms < INT64_MAX / 2;

	return is_span ? ms + (int64_t)count : ms;
}

/*
 * The earliest time at which records can have been lost; 0: unknown. audit_lost counts since its last
 * message. printk's limit lets the first lines of an interval through and drops those after them, so
 * what it suppressed is younger than the last record that arrived.
 */
static int since_of(struct loss_query *query, enum loss_kind kind, int64_t ms, int64_t *ret_ms,
		    struct err *err)
{
	int result = 0;

	*ret_ms = ms && kinds[kind].when == LOSS_SOON ? ms - LOSS_SOON_MS : 0;
	if (kind == LOSS_COUNTER)
		*ret_ms = query->lost_ms;
	if (kind == LOSS_PRINTK && ms)
		result = stream_last_by(query->sql, query->node, ms, ret_ms, err);
	/* stamps can be slightly out of order */
	if (kind == LOSS_PRINTK && *ret_ms)
		*ret_ms -= LOSS_SOON_MS;
	return result;
}

/* Nothing that was lost is later; 0: that is not known. */
static int64_t until_of(enum loss_kind kind, int64_t ms, uint64_t count)
{
	return ms && kinds[kind].when != LOSS_FOUND ? end_of(kind, ms, count) : 0;
}

/* True if the number is one of records. */
static bool is_known(enum loss_kind kind, uint64_t count)
{
	return count && kinds[kind].counts == LOSS_RECORDS;
}

static int give_note(struct loss_query *query, struct loss *loss, enum loss_kind kind, int64_t ms,
		     int64_t since_ms, uint64_t count, struct str detail)
{
	BUF_AUTO text = {0};

	buf_format(&text, "node %.*s: ", (int)query->node_name.n, query->node_name.p);
	/* of a span the number is how long it was */
	query_put_loss(&text, kind == LOSS_HIDDEN ? 0 : count, kinds[kind].text);
	if (ms) {
		buf_put_str(&text, kind == LOSS_HIDDEN ? STR(" from ") : STR(", "));
		put_time(&text, ms);
	}
	if (kind == LOSS_HIDDEN) {
		buf_put_str(&text, STR(" to "));
		put_time(&text, end_of(kind, ms, count));
	}
	if (detail.n) {
		buf_put_str(&text, STR(": "));
		buf_put_str(&text, detail);
	}
	loss->what = kinds[kind].text;
	return give(query, loss, kind == LOSS_HIDDEN ? 0 : count, is_known(kind, count), since_ms,
		    until_of(kind, ms, count), &text);
}

/* audit_lost is a running total of a boot: what it grew by was lost since the line before. */
static uint64_t grown(struct loss_query *query, int64_t ms, uint64_t total)
{
	uint64_t by = total >= query->lost_total ? total - query->lost_total : total;

	query->lost_total = total;
	query->lost_ms = ms;
	return by;
}

/*
 * Is the line moot? What printk suppressed matters only where no complete stream delivered the
 * same records. Its time is that of the record before them.
 */
static int is_moot(struct loss_query *query, enum loss_kind kind, int64_t ms, struct err *err)
{
	return kind == LOSS_PRINTK ? stream_cover(query->sql, query->node, ms, err) : 0;
}

/* A newer sclog may know more kinds: an input that was not read to its end says the least. */
static enum loss_kind kind_of(int64_t number)
{
	return number >= 0 && number < LOSS_KIND_COUNT ? (enum loss_kind)number : LOSS_INPUT;
}

static int give_row(struct loss_query *query, sqlite3_stmt *row, struct err *err)
{
	enum loss_kind kind = kind_of(sqlite3_column_int64(row, 0));
	int64_t ms = sql_column_ms(row, 1);
	uint64_t count = (uint64_t)sqlite3_column_int64(row, 2);

	int64_t since_ms;

	if (since_of(query, kind, ms, &since_ms, err) < 0)
		return -err->code;
	if (kind == LOSS_COUNTER)
		count = grown(query, ms, count);
	int64_t end_ms = end_of(kind, ms, count);

	if ((ms && !inside(query->selection, kind == LOSS_SIZE ? 0 : ms, end_ms)) ||
	    (kind == LOSS_COUNTER && count == 0))
		return 0;
	int moot = is_moot(query, kind, ms, err);

	if (moot != 0)
		return moot < 0 ? moot : 0;
	const uint64_t numbers[] = {kind, (uint64_t)ms, (uint64_t)sqlite3_column_int64(row, 4)};
	struct loss loss = {.count = 0};

	identify(query, &loss, numbers, sizeof(numbers) / sizeof(numbers[0]));
	if (!loss.reason.n && !say(&query->rest, count, is_known(kind, count), ms, end_ms, since_ms,
				   until_of(kind, ms, count)))
		return 0;
	return give_note(query, &loss, kind, ms, since_ms, count, sql_column_name(row, 3));
}

static int give_rows(struct loss_query *query, struct err *err)
{
	struct sql *sql = query->sql;
	sqlite3_stmt *rows = SQL_PREPARE(
		sql,
		/* by count as well: running totals of one second come in any order */
		"SELECT kind, at, count, detail, mark FROM loss WHERE node = ?1 ORDER BY kind, at, count",
		err, sql_int(query->node));
	enum loss_kind last = LOSS_KIND_COUNT;
	int result;

	while ((result = sql_step(sql, rows, err)) > 0) {
		enum loss_kind kind = kind_of(sqlite3_column_int64(rows, 0));

		result = kind == last ? 0 : give_rest(query, last);
		last = kind;
		if (result == 0)
			result = give_row(query, rows, err);
		if (result < 0)
			break;
	}
	sqlite3_finalize(rows);
	return result < 0 ? result : give_rest(query, last);
}

static int give_node(struct loss_query *query, struct err *err)
{
	int result = stream_holes(query->sql, query->node, take_hole, query, err);

	if (result == 0)
		result = give_rest(query, ENTRY_HOLE);
	if (result == 0)
		result = give_filtered(query);
	return result == 0 ? give_rows(query, err) : result;
}

int query_losses(struct store *store, const struct selection *selection, query_loss_fn *each,
		 void *context, struct err *err)
{
	struct sql *sql = store_asking(store, err);
	sqlite3_stmt *nodes =
		sql ? sql_prepare(sql, "SELECT id, name FROM node ORDER BY name", err) : NULL;
	int result;

	while ((result = sql_step(sql, nodes, err)) > 0) {
		struct loss_query query = {
			.sql = sql,
			.selection = selection,
			.node = sqlite3_column_int64(nodes, 0),
			.node_name = sql_column_name(nodes, 1),
			.each = each,
			.context = context,
		};

		if (!match_node(selection, query.node_name))
			continue;
		result = give_node(&query, err);
		buf_release(&query.reason);
		if (result < 0)
			break;
	}
	sqlite3_finalize(nodes);
	return result;
}
