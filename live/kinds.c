#include "live/kinds.h"

#include "base/mem.h"

#include "ingest/action.h"
#include <stdlib.h>

/* Lines between asking for memory and going to it: so many waits overlap. */
#define AHEAD 16

struct usual_kinds {
	struct intake *intake;
	struct assign *assign;
	struct memo *memo;
	bool foreign;         /* what is known is of a foreign log: its kernel's records are text */
	char host[UINT8_MAX]; /* of the stretch's records, by a syslog's header */
	struct str node;      /* whose the events are */
	struct store_event events[STORE_EVENTS_MAX];
	size_t event_count;
	const struct stretch *stretch; /* at hand */
};

struct usual_kinds *usual_kinds_new(struct intake *intake, struct assign *assign)
{
	struct usual_kinds *kinds = mem_new(1, sizeof(*kinds));

	kinds->intake = intake;
	kinds->assign = assign;
	kinds->memo = memo_new(STORE_KINDS, assign_by_pid(assign), assign_by_subj(assign));
	return kinds;
}

void usual_kinds_free(struct usual_kinds *kinds)
{
	if (!kinds)
		return;
	memo_free(kinds->memo);
	free(kinds);
}

const struct memo_key *usual_kinds_key(const struct usual_kinds *kinds)
{
	return memo_key(kinds->memo);
}

void usual_kinds_forget(struct usual_kinds *kinds)
{
	memo_forget(kinds->memo);
}

static enum trust trust_of(const struct usual_kinds *kinds)
{
	return kinds->stretch->kind == STRETCH_SYSLOG || kinds->foreign ? TRUST_TEXT : TRUST_KERNEL;
}

/* The events that were taken, and at the stretch's end its serials. */
static int hand_over(struct usual_kinds *kinds, bool at_end, struct err *err)
{
	const struct store_events events = {
		.node = kinds->node,
		.trust = trust_of(kinds),
		.events = kinds->events,
		.count = kinds->event_count,
		.runs = kinds->stretch->runs,
		.run_count = at_end ? kinds->stretch->run_count : 0,
	};

	kinds->event_count = 0;
	return store_put_events(kinds->intake->store, &events, err);
}

/* A kind that is new: the record is parsed as any other, and said to the store. Returns 1, 0 if it is
 * no record, or too long to be kept, or -errno. */
static int add(struct usual_kinds *kinds, const struct usual *usual, uint32_t *ret_number,
	       struct err *err)
{
	bool is_syslog = usual->kind == USUAL_SYSLOG;
	struct event event = {
		.record = &kinds->intake->record,
		.source = is_syslog ? SOURCE_SYSLOG : SOURCE_LOG,
		.trust = trust_of(kinds),
		.full_stream = true,
		.node = kinds->node,
	};

	if (!memo_fits(usual) ||
	    record_parse(usual_fields(usual), &kinds->intake->space, &kinds->intake->record) !=
		    MALFORMED_NONE ||
	    !action_name(event.record->code)) /* of a line that was wrapped, perhaps */
		return 0;
	*ret_number = memo_next(kinds->memo);
	assign_event(kinds->assign, &event);
	/* events of the kind that had the number go before */
	int result = hand_over(kinds, false, err);

	if (result == 0)
		result = store_put_kind(kinds->intake->store, *ret_number, &event, err);
	if (result < 0)
		return result;
	memo_add(kinds->memo, usual);
	return 1;
}

/* Whose the stretch is: this host's where its lines name none. */
static void set_host(struct usual_kinds *kinds)
{
	const struct stretch *stretch = kinds->stretch;
	struct str host = stretch->count ? usual_host(stretch->records) : str_of(NULL, 0);

	if (host.n)
		memcpy(kinds->host, host.p, host.n);
	host = framing_node(kinds->intake->framing, str_of(kinds->host, host.n));
	kinds->node = intake_node(kinds->intake, host);
	intake_saw_node(kinds->intake, host);
}

static void set_foreign(struct usual_kinds *kinds)
{
	bool foreign = intake_is_foreign(kinds->intake);

	if (foreign != kinds->foreign)
		memo_forget(kinds->memo);
	kinds->foreign = foreign;
	if (foreign && kinds->stretch->kind == STRETCH_AUDITD && kinds->stretch->count)
		intake_say_foreign(kinds->intake);
}

/* Odd in its values: the long way, in its turn. */
static int put_odd(struct usual_kinds *kinds, const struct usual *usual, struct err *err)
{
	struct line line = {.text = usual_line(usual), .ended = true};
	int result = hand_over(kinds, false, err);

	return result < 0 ? result : intake_line(kinds->intake, &line, err);
}

static int put_record(struct usual_kinds *kinds, const struct usual *usual, struct err *err)
{
	uint32_t number;
	int result = memo_find(kinds->memo, usual, &number) ? 1 : add(kinds, usual, &number, err);

	if (result <= 0)
		return result < 0 ? result : put_odd(kinds, usual, err);
	kinds->intake->counts.records++;
	kinds->events[kinds->event_count++] = (struct store_event){
		.kind = number,
		.serial = usual->serial,
		.ms = usual->ms,
		.ip = usual->ip,
		.pid = usual->pid,
	};
	return kinds->event_count == STORE_EVENTS_MAX ? hand_over(kinds, false, err) : 0;
}

static int take(struct usual_kinds *kinds, struct err *err)
{
	const struct stretch *stretch = kinds->stretch;
	int result = 0;

	for (size_t i = 0; i < stretch->count && result == 0; i++) {
		if (i + AHEAD < stretch->count)
			memo_soon(kinds->memo, &stretch->records[i + AHEAD]);
		result = put_record(kinds, &stretch->records[i], err);
	}
	return result < 0 ? result : hand_over(kinds, true, err);
}

int usual_kinds_take(struct usual_kinds *kinds, const struct stretch *stretch, struct err *err)
{
	struct intake *intake = kinds->intake;

	if (stretch->kind == STRETCH_ODD ||
	    !(stretch->kind == STRETCH_SYSLOG ? framing_is_syslog(intake->framing)
					      : framing_is_auditd(intake->framing)))
		return 0;
	if (!stretch->run_count) /* nothing of ours */
		return 1;
	kinds->stretch = stretch;
	set_host(kinds);
	set_foreign(kinds);
	for (size_t i = 0; i < stretch->run_count; i++) {
		intake_saw(intake, stretch->runs[i].first_ms);
		intake_saw(intake, stretch->runs[i].last_ms);
	}
	intake->last_ms = stretch->last_ms;
	int result = take(kinds, err);

	return result < 0 ? result : 1;
}
