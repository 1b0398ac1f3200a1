#include "live/intake.h"

#include "report/message.h"
#include "ingest/action.h"
#include "ingest/kernel_text.h"
#include "ingest/stamp.h"
#include "report/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Refused lines that are kept one by one as evidence; the rest of an input is one row. */
#define REFUSED_KEPT 256

/* A first line of so many bytes tells an input from others by itself. */
#define HEAD_MIN 40

uint64_t intake_malformed(const struct intake_counts *counts)
{
	uint64_t total = 0;

	for (int i = 0; i < MALFORMED_COUNT; i++)
		total += counts->malformed[i];
	return total;
}

struct str intake_node(const struct intake *intake, struct str framed)
{
	if (intake->node)
		return str_from(intake->node);
	return framed.n ? framed : intake->host_name;
}

struct str intake_last_node(const struct intake *intake)
{
	return intake_node(intake, str_of(intake->last_node, intake->node_n));
}

/* A line of the kernel's that is no record of seccomp says of which time and whose the log is, too. */
void intake_saw_node(struct intake *intake, struct str node)
{
	if (str_eq(node, str_of(intake->last_node, intake->node_n)) ||
	    node.n > sizeof(intake->last_node))
		return;
	if (node.n)
		memcpy(intake->last_node, node.p, node.n);
	intake->node_n = node.n;
}

/* "PATH:LINE", or the source's name alone where it has no lines. */
static void put_where(struct buf *where, const struct intake *intake, const struct line *line)
{
	buf_put_str(where, str_from(intake->path));
	if (line->number)
		buf_format(where, ":%llu", (unsigned long long)line->number);
}

static void show(struct intake *intake, const char *what, const char *why, const struct line *line)
{
	BUF_AUTO shown = {0}, where = {0};

	if (intake->before_message)
		intake->before_message(intake->context);
	text_put(&shown, str_of(line->text.p, line->text.n < 160 ? line->text.n : 160));
	put_where(&where, intake, line);
	message_warning("%s: %s: %s: %s", where.p, what, why, shown.p ? shown.p : "");
}

static void explain(struct intake *intake, enum malformed why, const struct line *line)
{
	bool always = why == MALFORMED_LONG;

	if (intake->explained[why] || (!always && intake->verbose == 0))
		return;
	intake->explained[why] = true;
	show(intake, "malformed", malformed_text(why), line);
}

/* The time of what has none: that of the record before it. printk's limit loses lines within seconds of
 * the last one that was printed. */
static int64_t about(const struct intake *intake, int64_t ms)
{
	return ms ? ms : intake->last_ms;
}

/* A record that cannot be read is counted, shown, and kept as evidence of a loss. */
static int refuse(struct intake *intake, enum malformed why, const struct line *line,
		  const struct framed *framed, struct err *err)
{
	BUF_AUTO detail = {0};
	bool single = intake->refused < REFUSED_KEPT;

	intake->counts.malformed[why]++;
	intake->refused++;
	explain(intake, why, line);
	put_where(&detail, intake, line);
	buf_format(&detail, ": %s", malformed_text(why));
	/* A file that is being written ends so; the whole line comes with the next reading. */
	if (why == MALFORMED_PARTIAL)
		return 0;
	struct loss_note note = {
		.kind = LOSS_MALFORMED,
		.ms = about(intake, framed->ms),
		.count = single ? 1 : intake->refused - REFUSED_KEPT,
		.node = intake_node(intake, framed->node),
		.text = single ? line->text : str_from(intake->path),
		.detail = buf_str(&detail),
	};

	if (!single)
		note.ms = 0;
	return store_put_loss(intake->store, &note, err);
}

int intake_refuse(struct intake *intake, enum malformed why, const struct line *line, int64_t ms,
		  struct err *err)
{
	const struct framed framed = {.ms = ms};

	return refuse(intake, why, line, &framed, err);
}

struct str intake_first_line(const struct intake *intake)
{
	return str_of(intake->name, intake->name_n);
}

/* What it is known by: who reads it again, under another name or with other options, finds it. */
static struct str name_of(const struct intake *intake)
{
	return intake->name_n ? intake_first_line(intake) : str_from(intake->path);
}

int intake_leave(struct intake *intake, const struct line *line, const struct framed *framed,
		 struct err *err)
{
	struct intake_untaken *untaken = &intake->untaken;
	BUF_AUTO detail = {0};
	int64_t ms = about(intake, framed->ms);
	bool single = ++untaken->count <= REFUSED_KEPT;

	intake->counts.untrusted++;
	if (untaken->count == 1)
		untaken->remedy = framed->remedy;
	untaken->here = ms == untaken->ms ? untaken->here + 1 : 1;
	untaken->ms = ms;
	if (untaken->count == 1 && intake->verbose)
		show(intake, "not counted", framed->remedy, line);
	put_where(&detail, intake, line);
	buf_format(&detail, ": %s", framed->remedy);
	struct loss_note note = {
		.kind = LOSS_UNTAKEN,
		.ms = single ? ms : 0,
		.count = single ? untaken->here : untaken->count - REFUSED_KEPT,
		.node = intake_node(intake, framed->node),
		.text = name_of(intake),
		.detail = buf_str(&detail),
	};

	return store_put_loss(intake->store, &note, err);
}

/* What a collector says of whose the record is. A name alone is one only within its pod. */
static bool owner_of(const struct framed *framed, struct buf *id, struct container *ret_owner)
{
	const struct framed_owner *owner = &framed->owner;

	if (!owner->container.n && !owner->id.n)
		return false;
	if (!owner->id.n)
		container_put_id(id, owner->namespace, owner->pod, owner->container);
	*ret_owner = (struct container){
		.id = owner->id.n ? owner->id : buf_str(id),
		.name = owner->container.n ? owner->container : owner->id,
		.pod = owner->pod,
		.namespace = owner->namespace,
		.image = owner->image,
	};
	return true;
}

static int put(struct intake *intake, const struct framed *framed, struct err *err)
{
	struct event event = {
		.record = &intake->record,
		.source = framed->source,
		.trust = framed->trust,
		.full_stream = framed->full_stream,
		.node = intake_node(intake, framed->node),
	};
	BUF_AUTO id = {0};
	struct container owner;

	if (owner_of(framed, &id, &owner))
		event.container = &owner;
	int result = intake->put(intake->context, &event, framed->text, err);

	if (result < 0)
		return result;
	intake->counts.records++;
	intake->counts.without_serial += !intake->record.has_serial;
	intake->counts.without_arch += !intake->record.has_arch;
	return 0;
}

/*
 * The last line of a file may lack its newline because it is still being written. It counts if
 * it is whole: no action is the beginning of another one, so a known action was not cut.
 */
static bool is_cut(const struct line *line, const struct framed *framed,
		   const struct record *record)
{
	return !line->ended && !framed->interpreted && !action_name(record->code);
}

/* A line that was cut where a terminal or a mail ended, within its last field: no action of the kernel's is the
 * beginning of another one. */
static bool is_wrapped(const struct record *record)
{
	static const uint32_t whole[] = {0x80000000, 0x7fc00000, 0x7ff00000,
					 0x7ffc0000, 0x30000,    0x50000};

	if (action_name(record->code) || record->rest.n)
		return false;
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		for (uint32_t part = whole[i] >> 4; part; part >>= 4)
			if (record->code == part)
				return true;
	return false;
}

/* A record that cannot be read was delivered all the same: its serial is no gap. */
static int refuse_stamped(struct intake *intake, enum malformed why, const struct line *line,
			  const struct framed *framed, struct err *err)
{
	int result =
		framed->full_stream && framed->has_serial
			? store_note_serial(intake->store, intake_node(intake, framed->node),
					    framed->ms, framed->serial, framed->trust, true, err)
			: 0;

	return result < 0 ? result : refuse(intake, why, line, framed, err);
}

static int take_record(struct intake *intake, const struct line *line, const struct framed *framed,
		       struct err *err);

/* auditd's usual tail; only behind more than that is a search worth it. */
#define TAIL_USUAL 128

/* Where a newline was lost, another record follows on the same line: it counts as well. */
static int take_joined(struct intake *intake, const struct line *line, const struct framed *framed,
		       struct err *err)
{
	struct str rest = intake->record.rest;
	struct line joined = *line;
	struct framed next = *framed;

	if (rest.n <= TAIL_USUAL || !kernel_text_claims(rest))
		return 0;
	joined.text = str_skip(rest, str_find(rest, STR("type=SECCOMP msg=audit(")));
	if (framed->trust == TRUST_KERNEL && joined.text.n)
		return intake_line(intake, &joined, err);
	/* behind another log's record anybody's text may stand */
	return framing_read_joined(intake->framing, rest, &next)
		       ? take_record(intake, line, &next, err)
		       : intake_leave(intake, line, &next, err);
}

static int parse(struct intake *intake, const struct line *line, const struct framed *framed,
		 struct err *err)
{
	enum malformed why =
		framed->interpreted
			? record_parse_interpreted(framed->fields, &intake->space, &intake->record)
			: record_parse(framed->fields, &intake->space, &intake->record);

	if (!why && is_wrapped(&intake->record))
		why = MALFORMED_WRAPPED;
	if (line->cut)
		why = MALFORMED_LONG;
	else if (!line->ended && (why || is_cut(line, framed, &intake->record)))
		why = MALFORMED_PARTIAL;
	if (why)
		return refuse_stamped(intake, why, line, framed, err);
	intake->record.ms = framed->ms;
	intake->record.serial = framed->serial;
	intake->record.has_serial = framed->has_serial;
	intake_saw(intake, framed->ms);
	return 1;
}

static void count_paired(struct intake *intake, unsigned count)
{
	intake->counts.records += count;
	intake->counts.paired += count;
}

/* Of the audit transport in a journal's text. */
static bool has_other(const struct framed *framed)
{
	return framed->trust == TRUST_TEXT && !framed->has_serial &&
	       framed->source == SOURCE_JOURNAL;
}

/* A record with a serial that cannot be found later: of a pipe, or beside a journal that is followed. */
static bool is_noted(const struct intake *intake, const struct framed *framed)
{
	if (!framed->has_serial)
		return false;
	return intake->ends ? intake->only_once
			    : framed->trust == TRUST_TEXT && framed->source == SOURCE_SYSLOG;
}

/* Looks for the other one of the record at hand. True if that is not to be put, now or ever. */
static bool find_pair(struct intake *intake, const struct line *line, const struct framed *framed)
{
	struct str node = intake_node(intake, framed->node);
	struct pairs_held held = {.framed = *framed, .line = line->number, .input = intake->number};
	bool noted = is_noted(intake, framed);

	if (!noted && !has_other(framed))
		return false;
	if (!intake->pairs)
		intake->pairs = pairs_new();
	if (noted) {
		count_paired(intake, pairs_note(intake->pairs, node, &intake->record));
		return false;
	}
	if (pairs_take(intake->pairs, node, &intake->record)) {
		count_paired(intake, 1);
		return true;
	}
	held.framed.node = node; /* this host may be another one by then */
	return intake->ends && pairs_hold(intake->pairs, node, &intake->record, &held);
}

int intake_put_held(struct intake *intake, struct pairs_held *held, struct err *err)
{
	const struct line line = {.text = held->framed.text, .number = held->line, .ended = true};
	int result = parse(intake, &line, &held->framed, err);

	if (result > 0)
		result = put(intake, &held->framed, err);
	free(held->bytes);
	return result < 0 ? result : 0;
}

/* Most records of a plain log show by their stamp that they are of no second in question. */
static bool may_be_other(const struct intake *intake, const struct line *line)
{
	bool plain = framing_is_auditd(intake->framing) || framing_is_syslog(intake->framing);
	size_t at = str_find(line->text, STR("audit("));
	struct str rest;
	uint32_t serial;
	int64_t ms;

	if (!plain)
		return true;
	if (at == line->text.n)
		return false;
	rest = str_skip(line->text, at + 6);
	return !stamp_kernel(&rest, &ms, &serial) || pairs_wait_in(intake->pairs, ms / 1000);
}

static void look_at(struct intake *intake, const struct framed *framed)
{
	struct record *record = &intake->record;

	if (framed->kind != FRAMED_RECORD || !framed->has_serial ||
	    (framed->interpreted ? record_parse_interpreted(framed->fields, &intake->space, record)
				 : record_parse(framed->fields, &intake->space, record)))
		return;
	record->ms = framed->ms;
	record->serial = framed->serial;
	count_paired(intake, pairs_find(intake->pairs, intake_node(intake, framed->node), record));
}

void intake_look(struct intake *intake, const struct line *line)
{
	struct framed framed;

	if (!may_be_other(intake, line))
		return;
	framing_read(intake->framing, line, &framed);
	look_at(intake, &framed);
	while (framing_more(intake->framing, &framed))
		look_at(intake, &framed);
}

static int take_record(struct intake *intake, const struct line *line, const struct framed *framed,
		       struct err *err)
{
	int result = parse(intake, line, framed, err);

	if (result <= 0 || find_pair(intake, line, framed))
		return result < 0 ? result : 0;
	result = put(intake, framed, err);
	return result < 0 ? result : take_joined(intake, line, framed, err);
}

static int take_notice(struct intake *intake, const struct framed *framed, struct err *err)
{
	static const enum loss_kind kinds[] = {
		[NOTICE_PRINTK] = LOSS_PRINTK,   [NOTICE_LOST] = LOSS_COUNTER,
		[NOTICE_BACKLOG] = LOSS_BACKLOG, [NOTICE_RATE] = LOSS_RATE,
		[NOTICE_QUEUE] = LOSS_QUEUE,
	};
	struct loss_note note = {
		.kind = kinds[framed->notice.kind],
		.ms = about(intake, framed->ms),
		.count = framed->notice.count,
		.node = intake_node(intake, framed->node),
		.text = framed->text,
	};

	return store_put_loss(intake->store, &note, err);
}

void intake_say_foreign(struct intake *intake)
{
	if (intake->foreign_said)
		return;
	intake->foreign_said = true;
	if (intake->before_message)
		intake->before_message(intake->context);
	message_note("%s %s: its records count as text, which anyone could have written; if you "
		     "trust it, read it again after `chown %u FILE && chmod go-w FILE`",
		     intake->path, intake->foreign, (unsigned)geteuid());
}

/* Of a file that others can write, no framing proves anything. */
static void lower_trust(struct intake *intake, struct framed *framed)
{
	if (!intake_is_foreign(intake) || framed->trust == TRUST_TEXT)
		return;
	if (framed->kind == FRAMED_RECORD)
		intake_say_foreign(intake);
	framed->trust = TRUST_TEXT;
}

static int take_framed(struct intake *intake, const struct line *line, struct framed *framed,
		       struct err *err)
{
	lower_trust(intake, framed);
	switch (framed->kind) {
	case FRAMED_RECORD:
		intake_saw_node(intake, framed->node);
		return take_record(intake, line, framed, err);
	case FRAMED_UNSTAMPED:
		return refuse(intake, line->ended ? MALFORMED_STAMP : MALFORMED_PARTIAL, line,
			      framed, err);
	case FRAMED_AMBIGUOUS:
		return refuse(intake, MALFORMED_DATE, line, framed, err);
	case FRAMED_UNREADABLE:
		return refuse(intake, MALFORMED_NUMBER, line, framed, err);
	case FRAMED_BROKEN:
		return refuse(intake, MALFORMED_JSON, line, framed, err);
	case FRAMED_NOTICE:
		return take_notice(intake, framed, err);
	case FRAMED_UNTRUSTED:
		return intake_leave(intake, line, framed, err);
	case FRAMED_UNKNOWN:
	case FRAMED_TEXT:
	case FRAMED_OTHER:
		if (line->cut && framing_is_known(intake->framing))
			return refuse(intake, MALFORMED_LONG, line, framed, err);
		return 0;
	case FRAMED_AUDIT:
		intake_saw_node(intake, framed->node);
		intake_saw(intake, framed->ms);
		return store_note_serial(intake->store, intake_node(intake, framed->node),
					 framed->ms, framed->serial, framed->trust, false, err);
	}
	return 0;
}

static void name(struct intake *intake, struct str head)
{
	size_t n = snprintf(intake->name, sizeof(intake->name), "%s\n",
			    head.n < HEAD_MIN ? intake->path : "");

	n = n < sizeof(intake->name) / 2 ? n : sizeof(intake->name) / 2;
	head.n = head.n < sizeof(intake->name) - n ? head.n : sizeof(intake->name) - n;
	memcpy(intake->name + n, head.p, head.n);
	intake->name_n = n + head.n;
}

/* A line on its way: framing, record, event, store. */
int intake_line(struct intake *intake, const struct line *line, struct err *err)
{
	struct framed framed;
	int result;

	if (line->number == 1 && !line->part)
		name(intake, line->text);
	framing_read(intake->framing, line, &framed);
	result = take_framed(intake, line, &framed, err);
	while (result == 0 && framing_more(intake->framing, &framed))
		result = take_framed(intake, line, &framed, err);
	return result;
}

int intake_framed(struct intake *intake, const struct framed *framed, struct str text,
		  struct err *err)
{
	const struct line line = {.text = text, .ended = true};
	struct framed whole = *framed;

	whole.text = text;
	return take_framed(intake, &line, &whole, err);
}

void intake_begin(struct intake *intake, const char *path, const char *foreign)
{
	intake->path = path;
	intake->foreign = foreign;
	intake->foreign_said = false;
	intake->last_ms = 0;
	intake->from_ms = INT64_MAX;
	intake->to_ms = INT64_MIN;
	intake->refused = 0;
	intake->untaken = (struct intake_untaken){0};
	intake->name_n = intake->node_n = 0;
	intake->number++;
	intake->only_once = false;
	if (intake->framing)
		framing_restart(intake->framing);
}

static int end_framing(struct intake *intake, struct err *err)
{
	struct framed framed;
	int result = 0;

	for (bool more = framing_end(intake->framing, &framed); more && result == 0;
	     more = framing_more(intake->framing, &framed)) {
		const struct line line = {.text = framed.text, .ended = true};

		result = take_framed(intake, &line, &framed, err);
	}
	return result;
}

int intake_end(struct intake *intake, bool whole, struct err *err)
{
	int result = end_framing(intake, err);

	return result < 0 || !whole || intake->untaken.count
		       ? result
		       : store_settle_loss(intake->store, LOSS_UNTAKEN, name_of(intake), err);
}

void intake_release(struct intake *intake)
{
	pairs_free(intake->pairs);
	intake->pairs = NULL;
	framing_free(intake->framing);
	intake->framing = NULL;
}
