#include "report/message.h"

#include "base/clock.h"
#include "ingest/node.h"
#include "live/watch_private.h"

#include <errno.h>

/* How long a record of a set-up process waits for evidence of its container. */
#define HOLD_MS 700

/* What is taken of a source before others get a turn. */
#define ENTRIES_PER_TURN 4096

/* auditd writes a record within this time after the kernel made it: a file that is read for what
 * happened before netlink was bound is followed for so long. */
#define CATCH_UP_MS 5000

/* How long the listener gets to answer, and how often it is asked. */
#define SYNC_MS    50
#define SYNC_TRIES 20

/* Under a storm it happens again and again: said once in so long. */
#define OVERRUN_SAID_MS 60000

/* A record that is this much older than the last sync was made before it. */
#define STAMP_SLACK_MS 20

/* Did the same event come before, by another source? */
static bool came_before(struct watch *watch, const struct record *record)
{
	struct recent *recent;

	if (!watch->recent || !record->has_serial)
		return false;
	recent = &watch->recent[record->serial % RECENT_SIZE];
	if (recent->serial == record->serial && recent->ms == record->ms)
		return true;
	*recent = (struct recent){record->ms, record->serial};
	return false;
}

/* The event is attributed: it is put and printed. Returns -EAGAIN if the store's memory is used up,
 * 0, or another -errno. */
static int finish(struct watch *watch, const struct event *event, struct str text, struct err *err)
{
	int result = store_put(watch->store, event, text, err);

	if (result < 0)
		return result;
	printer_event(watch->options->printer, event, came_before(watch, event->record));
	watch->events++;
	return 0;
}

/* What is older than --from was delivered all the same: its serial is no gap. */
static int pass_over(struct watch *watch, const struct event *event, struct err *err)
{
	const struct record *record = event->record;

	return event->full_stream && record->has_serial
		       ? store_note_serial(watch->store, event->node, record->ms, record->serial,
					   event->trust, true, err)
		       : 0;
}

/* rsyslog shortens a host's name where uname does not: see ingest/node.h. */
static bool is_of_this_node(const struct watch *watch, struct str node)
{
	char label[NODE_LABEL_SIZE], ours[NODE_LABEL_SIZE];

	return str_eq(node, watch->node) ||
	       str_eq(node_label(node, label), node_label(watch->node, ours));
}

static void warn_of_other_node(struct watch *watch, struct str node)
{
	if (watch->said_other_node)
		return;
	watch->said_other_node = true;
	watch_clear_status(watch);
	message_warning("records of node '%.*s' stay unattributed: this host is '%.*s'; if both "
			"are this host, give --node %.*s",
			(int)node.n, node.p, (int)watch->node.n, watch->node.p, (int)node.n,
			node.p);
}

/* As attribute_event(). This host's processes tell nothing of another node's record. */
static bool attribute(struct watch *watch, struct event *event, bool final)
{
	if (is_of_this_node(watch, event->node))
		return attribute_event(watch->attributor, event, final);
	warn_of_other_node(watch, event->node);
	event->attribution = ATTRIBUTION_UNATTRIBUTED;
	event->reason = UNATTRIBUTED_LOG_ALONE;
	event->phase = phase_of(event->record);
	return true;
}

static bool hold(struct watch *watch, const struct event *event, struct str text)
{
	return hold_add(watch->hold, event, text, watch->slot, clock_ms(CLOCK_MONOTONIC) + HOLD_MS);
}

int watch_put(void *context, struct event *event, struct str text, struct err *err)
{
	struct watch *watch = context;

	if (event->record->ms < watch->options->from_ms)
		return pass_over(watch, event, err);
	if (!attribute(watch, event, false)) {
		if (hold(watch, event, text))
			return 0;
		attribute(watch, event, true);
	}
	int result = finish(watch, event, text, err);

	if (result != -EAGAIN)
		return result;
	if (!hold(watch, event, text))
		evidence_drop_record(&watch->evidence);
	return 0;
}

struct retry {
	struct watch *watch;
	struct err *err;
};

static int retry(void *context, struct event *event, struct str text, unsigned slot, bool final)
{
	struct retry *at = context;

	if (!store_has_room(at->watch->store) || !attribute(at->watch, event, final))
		return 0;
	int result = store_select(at->watch->store, slot, at->err);

	if (result == 0)
		result = finish(at->watch, event, text, at->err);
	if (result == -EAGAIN)
		return 0;
	return result < 0 ? result : 1;
}

int watch_retry_held(struct watch *watch, bool final, struct err *err)
{
	struct retry at = {watch, err};

	return hold_retry(watch->hold, final ? INT64_MAX : clock_ms(CLOCK_MONOTONIC), retry, &at);
}

static int take_processes(struct watch *watch, struct err *err)
{
	struct heard_process heard;
	int result = 0;

	while (result == 0 && listener_process(watch->listener, &heard)) {
		if (!heard.lost) {
			attribute_process(watch->attributor, &heard.event, &heard.look);
			continue;
		}
		result = attribute_scan(watch->attributor, err);
		if (result == 0)
			result = evidence_add(
				&watch->evidence, LOSS_PROCESSES, 0,
				"fork and exec events were lost; /proc was read again", err);
	}
	return result;
}

void watch_sync(struct watch *watch, int64_t ms)
{
	struct err err = ERR_INIT;

	if (!watch->listener || (ms && ms + STAMP_SLACK_MS < watch->synced_ms))
		return;
	watch->synced_ms = clock_ms(CLOCK_REALTIME);
	for (int i = 0; i < SYNC_TRIES && !listener_sync(watch->listener, SYNC_MS); i++)
		take_processes(watch, &err);
	take_processes(watch, &err);
}

static int take_overrun(struct watch *watch, struct err *err)
{
	int result = evidence_add(&watch->evidence, LOSS_OVERRUN, 0,
				  "the audit multicast group delivered records faster than they "
				  "were read",
				  err);

	int64_t now_ms = clock_ms(CLOCK_MONOTONIC);

	if (!watch->overran_ms || now_ms - watch->overran_ms >= OVERRUN_SAID_MS) {
		watch->overran_ms = now_ms;
		watch_clear_status(watch);
		message_warning(
			"records arrived faster than they were read: their serial numbers are "
			"stored as lost%s",
			watch->catch_up_name ? " unless the log has them" : "");
	}
	return result < 0 ? result : watch_begin_catch_up(watch, err);
}

int watch_add_source(struct watch *watch, const char *name, bool from_now, bool once,
		     struct source **ret_source, struct err *err)
{
	/* beside others the file is the log's */
	bool is_log = source_usual_path(name) || watch->options->source_count < 2;
	const struct source_options options = {
		.name = name,
		.path = is_log ? watch->options->file : NULL,
		.proc_root = watch->options->proc_root,
		.slot = (unsigned)watch->source_count,
		.from_now = from_now,
		.once = once,
	};
	int result = source_open(&watch->intake, &options, ret_source, err);

	if (result < 0)
		return result;
	watch->sources[watch->source_count++] = *ret_source;
	if (source_multicast(*ret_source))
		watch->netlink = *ret_source;
	return 0;
}

void watch_set_catch_up(struct watch *watch, struct source *log)
{
	source_look_again(log);
	watch->catch_up = log;
	watch->catch_up_name = source_name(log);
	watch->catch_up_until_ms = clock_ms(CLOCK_MONOTONIC) + CATCH_UP_MS;
}

int watch_begin_catch_up(struct watch *watch, struct err *err)
{
	struct source *log = watch->catch_up;
	int result = 0;

	if (!watch->catch_up_name)
		return 0;
	if (!log)
		result = watch_add_source(watch, watch->catch_up_name, false, false, &log, err);
	if (result == 0)
		watch_set_catch_up(watch, log);
	return result;
}

bool watch_holds(const struct watch *watch, const struct source *source)
{
	return hold_count_of(watch->hold, source_slot(source)) > 0;
}

static bool is_done(const struct watch *watch, const struct source *source)
{
	if (source_ended(source))
		return true;
	return source == watch->catch_up && source_caught_up(source) &&
	       clock_ms(CLOCK_MONOTONIC) > watch->catch_up_until_ms;
}

static int take_entry(struct watch *watch, struct source *source, enum source_given given,
		      const struct source_entry *entry, struct err *err)
{
	struct intake *intake = source_intake(source);

	switch (given) {
	case SOURCE_FILE:
		return source_begin_file(source, !watch_holds(watch, source), err);
	case SOURCE_LINE:
		return intake_line(intake, &entry->line, err);
	case SOURCE_FRAMED:
		return intake_framed(intake, &entry->framed, entry->line.text, err);
	case SOURCE_OVERRUN:
		return take_overrun(watch, err);
	default:
		return 0;
	}
}

/* Some entries of a source; of one that is heard all is taken, room or not. Returns 1 if there may be
 * more. */
static int take_source(struct watch *watch, struct source *source, struct err *err)
{
	bool is_heard = source_is_heard(source), begun = false, synced = false;
	struct source_entry entry;

	watch->slot = source_slot(source);
	for (int i = 0; i < ENTRIES_PER_TURN && !source_ended(source); i++) {
		bool room = store_has_room(watch->store);
		int result = room && !begun ? source_turn(source, err) : 0;

		if (result < 0 || (!room && !is_heard))
			return result;
		begun = begun || room;
		/* What was read in one go is not of a later process. */
		synced = is_heard || (synced && source_is_buffered(source));
		int given = source_next(source, &entry, err);

		if (given == SOURCE_END || given == SOURCE_NOTHING || given < 0)
			return given < 0 ? given : 0;
		if (!room && given == SOURCE_FRAMED) {
			evidence_drop_record(&watch->evidence);
			continue;
		}
		if ((given == SOURCE_LINE || given == SOURCE_FRAMED) && !synced) {
			watch_sync(watch, given == SOURCE_FRAMED ? entry.framed.ms : 0);
			synced = true;
		}
		result = take_entry(watch, source, (enum source_given)given, &entry, err);
		if (result < 0)
			return result;
		if (given == SOURCE_LINE && !source_is_buffered(source))
			return 1;
	}
	return !source_ended(source);
}

int watch_take_heard(struct watch *watch, struct err *err)
{
	if (!watch->listener)
		return 0;
	/* The records are those of this look: their processes come before. */
	listener_look(watch->listener);
	int result = take_processes(watch, err);

	return result < 0 || !watch->netlink ? result : take_source(watch, watch->netlink, err);
}

/* Takes from all sources by turns. Returns 1 if there may be more. */
int watch_take_sources(struct watch *watch, struct err *err)
{
	int more = 0;

	/* A log keeps what the store has no room for. */
	if (store_trouble(watch->store))
		return 0;
	for (size_t i = 0; i < watch->source_count && store_has_room(watch->store); i++) {
		int result = source_is_heard(watch->sources[i])
				     ? 0
				     : take_source(watch, watch->sources[i], err);

		if (result < 0)
			return result;
		more |= result > 0;
	}
	return more;
}

int watch_take_unkept(struct watch *watch, int64_t until_ms, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < watch->source_count && result >= 0; i++) {
		struct source *source = watch->sources[i];

		do {
			result = source_is_kept(source) ? 0 : take_source(watch, source, err);
		} while (result > 0 && clock_ms(CLOCK_MONOTONIC) < until_ms);
	}
	return result < 0 ? result : 0;
}

/* The catch-up is over: its place is kept, and its slot serves the next one. */
int watch_end_catch_up(struct watch *watch, struct err *err)
{
	struct source *source = watch->catch_up;

	if (!source || !is_done(watch, source) || !store_has_room(watch->store) ||
	    watch_holds(watch, source))
		return 0;
	int result = source_mark(source, err);

	watch->source_count--;
	watch->catch_up = NULL;
	source_close(source);
	return result;
}
