#include "live/evidence.h"

#include "base/clock.h"

#include "report/message.h"

#include <stdio.h>
#include <time.h>

/* Processes that named containers of others are said once in so long. */
#define REFUSED_MS 60000

/* ms: 0 where it is not known when. */
static int add_at(struct evidence *evidence, enum loss_kind kind, int64_t ms, uint64_t count,
		  const char *text, struct err *err)
{
	const struct loss_note note = {
		.kind = kind,
		.ms = ms,
		.count = count,
		.node = evidence->node,
		.text = str_from(text),
		.detail = str_from(text),
	};

	if (store_has_room(evidence->store))
		return store_put_loss(evidence->store, &note, err);
	evidence->late |= 1u << kind;
	return 0;
}

int evidence_add(struct evidence *evidence, enum loss_kind kind, uint64_t count, const char *text,
		 struct err *err)
{
	int64_t ms = clock_ms(CLOCK_REALTIME);

	/* one row a minute, however often it happens */
	return add_at(evidence, kind, count ? ms : ms - ms % 60000, count, text, err);
}

void evidence_drop_record(struct evidence *evidence)
{
	if (evidence->dropped++ == 0)
		evidence->dropped_ms = clock_ms(CLOCK_REALTIME);
}

int evidence_add_step(struct evidence *evidence, int64_t step_ms, struct err *err)
{
	BUF_AUTO text = {0};

	buf_format(&text, "the clock was changed by %lld ms", (long long)step_ms);
	status_line_clear(evidence->status_line);
	message_warning("%s: records from around this time may be attributed late", text.p);
	return evidence_add(evidence, LOSS_CLOCK, 0, text.p, err);
}

int evidence_take_state(struct evidence *evidence, const struct audit_state *state, struct err *err)
{
	uint32_t grown = state->lost - evidence->lost;
	bool counts = evidence->has_lost && state->lost > evidence->lost;
	/* under which the serials show the same records as missing */
	bool limited = state->rate_limit || evidence->rate_limit;
	int64_t now_ms = clock_ms(CLOCK_REALTIME), before_ms = evidence->asked_ms;
	char stamp[CLOCK_TEXT_SIZE], text[64 + CLOCK_TEXT_SIZE];

	evidence->asked_ms = now_ms;
	evidence->has_lost = true;
	evidence->lost = state->lost;
	evidence->rate_limit = state->rate_limit;
	if (!counts)
		return 0;
	/* this process was held up, or the clock changed */
	bool is_late = now_ms - before_ms > LOSS_SOON_MS || now_ms < before_ms;

	snprintf(text, sizeof(text), "the kernel's audit_lost increased%s%s",
		 is_late ? " after " : "",
		 is_late ? clock_format_rfc3339_ms(before_ms, stamp) : "");
	return add_at(evidence, limited ? LOSS_RATE : LOSS_GREW, is_late ? 0 : now_ms, grown, text,
		      err);
}

static int write_dropped(struct evidence *evidence, struct err *err)
{
	if (!evidence->dropped || store_trouble(evidence->store))
		return 0;
	const struct loss_note note = {
		.kind = LOSS_DROPPED,
		.ms = evidence->dropped_ms,
		.count = evidence->dropped,
		.node = evidence->node,
		.text = STR("memory"),
		.detail = STR("the store could not be written"),
	};

	status_line_clear(evidence->status_line);
	message_warning("%llu records did not fit in memory while the store was not "
			"writable: counted as lost",
			(unsigned long long)evidence->dropped);
	evidence->dropped = 0;
	return store_put_loss(evidence->store, &note, err);
}

static int write_forgotten(struct evidence *evidence, const struct attributor *attributor,
			   struct err *err)
{
	static const char text[] = "more processes ran at once than sclog can track: some "
				   "were forgotten";
	uint64_t forgotten = attribute_forgotten(attributor);

	if (forgotten == evidence->forgotten)
		return 0;
	if (evidence->forgotten == 0) {
		status_line_clear(evidence->status_line);
		message_warning("more than %d processes run at once: records of forgotten "
				"processes may be unattributed",
				PROCESS_MAX);
	}
	evidence->forgotten = forgotten;
	return evidence_add(evidence, LOSS_PROCESSES, 0, text, err);
}

static int write_refused(struct evidence *evidence, const struct attributor *attributor, bool final,
			 struct err *err)
{
	struct refused_claims refused = attribute_refused(attributor);
	int64_t ms = clock_ms(CLOCK_REALTIME);
	BUF_AUTO text = {0};

	if (refused.count == evidence->refused ||
	    (!final && ms - evidence->refused_ms < REFUSED_MS))
		return 0;
	buf_format(&text, "claimed by uid %u", refused.uid);
	const struct loss_note note = {
		.kind = LOSS_CLAIMED,
		.ms = ms,
		.count = refused.count - evidence->refused,
		.node = evidence->node,
		.text = buf_str(&text),
		.detail = buf_str(&text),
	};

	status_line_clear(evidence->status_line);
	message_warning("%llu processes named a container of another user (%s): they count as "
			"host processes",
			(unsigned long long)note.count, text.p);
	evidence->refused = refused.count;
	evidence->refused_ms = ms;
	return store_put_loss(evidence->store, &note, err);
}

static int write_late(struct evidence *evidence, struct err *err)
{
	int result = 0;

	for (int kind = 0; kind < LOSS_KIND_COUNT && result == 0; kind++) {
		if (!(evidence->late & 1u << kind) || !store_has_room(evidence->store))
			continue;
		evidence->late &= ~(1u << kind);
		result = add_at(evidence, (enum loss_kind)kind, 0, 0,
				"while the store could not be written", err);
	}
	return result;
}

int evidence_write(struct evidence *evidence, const struct attributor *attributor, bool final,
		   struct err *err)
{
	int result = 0;

	if (store_has_room(evidence->store))
		result = write_dropped(evidence, err);
	if (result == 0 && store_has_room(evidence->store))
		result = write_forgotten(evidence, attributor, err);
	if (result == 0 && store_has_room(evidence->store))
		result = write_refused(evidence, attributor, final, err);
	return result == 0 ? write_late(evidence, err) : result;
}
