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
	char host[UINT8_MAX]; /* of the header of a syslog's last record */
	size_t host_n;
	struct str node; /* whose the events are */
	struct store_event events[STORE_EVENTS_MAX];
	size_t event_count;
	struct serials serials; /* of all records */
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
	kinds->node = str_of(NULL, 0);
}

static int hand_over(struct usual_kinds *kinds, struct err *err)
{
	const struct store_events events = {
		.node = kinds->node,
		.trust = framing_is_syslog(kinds->intake->framing) ? TRUST_TEXT : TRUST_KERNEL,
		.events = kinds->events,
		.count = kinds->event_count,
		.runs = kinds->serials.done,
		.run_count = kinds->serials.count,
	};

	kinds->event_count = kinds->serials.count = 0;
	return store_put_events(kinds->intake->store, &events, err);
}

/* All that was taken: something else comes next. */
static int hand_over_all(struct usual_kinds *kinds, struct err *err)
{
	serials_end(&kinds->serials);
	return hand_over(kinds, err);
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
		.trust = is_syslog ? TRUST_TEXT : TRUST_KERNEL,
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
	int result = hand_over(kinds, err);

	if (result == 0)
		result = store_put_kind(kinds->intake->store, *ret_number, &event, err);
	if (result < 0)
		return result;
	memo_add(kinds->memo, usual);
	return 1;
}

/* The events to come are of another host, or of this one where the line names none. */
static int set_host(struct usual_kinds *kinds, struct str host, struct err *err)
{
	int result = hand_over_all(kinds, err);

	memcpy(kinds->host, host.n ? host.p : "", host.n);
	kinds->host_n = host.n;
	kinds->node = intake_node(
		kinds->intake, framing_node(kinds->intake->framing, str_of(kinds->host, host.n)));
	return result;
}

static inline bool is_host(const struct usual_kinds *kinds, struct str host)
{
	return kinds->node.p && host.n == kinds->host_n &&
	       (host.n == 0 || memcmp(host.p, kinds->host, host.n) == 0);
}

/* Odd in its values: the long way, in its turn. */
static int put_odd(struct usual_kinds *kinds, const struct usual *usual, struct err *err)
{
	struct line line = {.text = usual_line(usual), .ended = true};
	int result = hand_over_all(kinds, err);

	return result < 0 ? result : intake_line(kinds->intake, &line, err);
}

static int put_record(struct usual_kinds *kinds, const struct usual *usual, struct err *err)
{
	uint32_t number;
	int result =
		is_host(kinds, usual_host(usual)) ? 0 : set_host(kinds, usual_host(usual), err);

	if (result < 0)
		return result;
	result = memo_find(kinds->memo, usual, &number) ? 1 : add(kinds, usual, &number, err);
	if (result <= 0)
		return result < 0 ? result : put_odd(kinds, usual, err);
	kinds->intake->counts.records++;
	serials_note(&kinds->serials, usual->serial, usual->ms, false);
	intake_saw(kinds->intake, usual->ms);
	kinds->events[kinds->event_count++] = (struct store_event){
		.kind = number,
		.serial = usual->serial,
		.ms = usual->ms,
		.ip = usual->ip,
		.pid = usual->pid,
	};
	return 0;
}

static int put_serial(struct usual_kinds *kinds, const struct usual *usual, struct err *err)
{
	static const struct str none = {NULL, 0};
	int result = is_host(kinds, none) ? 0 : set_host(kinds, none, err);

	serials_note(&kinds->serials, usual->serial, usual->ms, true);
	return result;
}

/* May the line be taken in a log of that framing? */
static inline bool is_usual(enum usual_kind kind, bool is_syslog)
{
	return is_syslog ? kind == USUAL_SYSLOG || kind == USUAL_TEXT
			 : kind == USUAL_RECORD || kind == USUAL_OTHER || kind == USUAL_NOBODY;
}

static inline void prefetch(const struct usual_kinds *kinds, const struct usual *line, size_t left)
{
	if (AHEAD < left && usual_is_record(&line[AHEAD]))
		memo_soon(kinds->memo, &line[AHEAD]);
}

static int take(struct usual_kinds *kinds, const struct usual *lines, size_t count, bool is_syslog,
		struct err *err)
{
	int result = 0;
	size_t i = 0;

	for (; i < count && result == 0 && is_usual(lines[i].kind, is_syslog); i++) {
		prefetch(kinds, &lines[i], count - i);
		if (usual_is_record(&lines[i]))
			result = put_record(kinds, &lines[i], err);
		else if (lines[i].kind == USUAL_OTHER)
			result = put_serial(kinds, &lines[i], err);
		if (kinds->event_count == STORE_EVENTS_MAX || serials_full(&kinds->serials))
			result = result < 0 ? result : hand_over(kinds, err);
	}
	if (result == 0)
		result = hand_over_all(kinds, err);
	return result < 0 ? result : (int)i;
}

int usual_kinds_take(struct usual_kinds *kinds, const struct usual *lines, size_t count,
		     struct err *err)
{
	const struct intake *intake = kinds->intake;

	if (framing_is_auditd(intake->framing))
		return take(kinds, lines, count, false, err);
	return framing_is_syslog(intake->framing) ? take(kinds, lines, count, true, err) : 0;
}
