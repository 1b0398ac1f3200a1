#include "live/kinds.h"

#include "base/mem.h"

#include <stdlib.h>

/* Lines between asking for memory and going to it: so many waits overlap. */
#define SLOT_AHEAD  24
#define KNOWN_AHEAD 12

struct usual_kinds {
	struct intake *intake;
	struct assign *assign;
	struct memo *memo;
	struct store_event events[STORE_EVENTS_MAX];
	size_t event_count;
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

static int hand_over(struct usual_kinds *kinds, struct err *err)
{
	struct str node = intake_node(kinds->intake, str_of(NULL, 0));
	int result = store_put_events(kinds->intake->store, node, kinds->events, kinds->event_count,
				      err);

	kinds->event_count = 0;
	return result;
}

/* A kind that is new: the record is parsed as any other, and said to the store. Returns 1, 0 if it is
 * no record, or too long to be kept, or -errno. */
static int add(struct usual_kinds *kinds, const struct usual *usual, uint32_t *ret_number,
	       struct err *err)
{
	struct event event = {
		.record = &kinds->intake->record,
		.source = SOURCE_LOG,
		.trust = TRUST_KERNEL,
		.full_stream = true,
		.node = intake_node(kinds->intake, str_of(NULL, 0)),
	};

	if (!memo_fits(kinds->memo, usual) ||
	    record_parse(usual_fields(usual), &kinds->intake->space, &kinds->intake->record) !=
		    MALFORMED_NONE)
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

/* Odd in its values: the long way, in its turn. */
static int put_odd(struct usual_kinds *kinds, const struct usual *usual, struct err *err)
{
	struct line line = {.text = usual_line(usual), .ended = true};
	int result = hand_over(kinds, err);

	return result < 0 ? result : intake_line(kinds->intake, &line, err);
}

static int put_record(struct usual_kinds *kinds, const struct usual *usual, struct err *err)
{
	uint32_t number;
	int result = memo_find(kinds->memo, usual, &number) ? 1 : add(kinds, usual, &number, err);

	if (result <= 0)
		return result < 0 ? result : put_odd(kinds, usual, err);
	kinds->intake->counts.records++;
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

static void put_serial(struct usual_kinds *kinds, const struct usual *usual)
{
	const struct store_event *last =
		kinds->event_count ? &kinds->events[kinds->event_count - 1] : NULL;

	/* The other records of an event carry its serial and stamp again, right behind it. */
	if (last && last->kind == STORE_NO_KIND && last->serial == usual->serial &&
	    last->ms == usual->ms)
		return;
	kinds->events[kinds->event_count++] = (struct store_event){
		.kind = STORE_NO_KIND,
		.serial = usual->serial,
		.ms = usual->ms,
	};
}

int usual_kinds_take(struct usual_kinds *kinds, const struct usual *lines, size_t count,
		     struct err *err)
{
	int result = 0;
	size_t i = 0;

	for (; i < count && result == 0 && lines[i].kind != USUAL_NOT; i++) {
		if (i + SLOT_AHEAD < count && lines[i + SLOT_AHEAD].kind == USUAL_RECORD)
			memo_soon(kinds->memo, &lines[i + SLOT_AHEAD]);
		if (i + KNOWN_AHEAD < count && lines[i + KNOWN_AHEAD].kind == USUAL_RECORD)
			memo_sooner(kinds->memo, &lines[i + KNOWN_AHEAD]);
		if (lines[i].kind == USUAL_RECORD)
			result = put_record(kinds, &lines[i], err);
		else if (lines[i].kind == USUAL_OTHER)
			put_serial(kinds, &lines[i]);
		if (kinds->event_count == STORE_EVENTS_MAX)
			result = result < 0 ? result : hand_over(kinds, err);
	}
	if (result == 0)
		result = hand_over(kinds, err);
	return result < 0 ? result : (int)i;
}
