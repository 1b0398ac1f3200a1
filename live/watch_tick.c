#include "report/message.h"
#include "live/service.h"
#include "live/watch_private.h"
#include "ingest/status.h"

#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Where the terminal does not say how wide it is, and for the service manager. */
#define STATUS_COLUMNS 80

/* Ticks between two questions about the kernel's lost counter. */
#define ASK_TICKS 20

/* Ticks between two sweeps, and how many containers there have to be for one. */
#define SWEEP_TICKS 600
#define SWEEP_FROM  2048

/* Processes that named containers of others are said once in so long. */
#define REFUSED_MS 60000

struct putting {
	struct watch *watch;
	struct err *err;
};

static int put_lifetime(void *context, const struct attributed_lifetime *lifetime)
{
	struct putting *putting = context;
	const struct store_lifetime stored = {
		.pid = lifetime->pid,
		.start_ms = lifetime->start_ms,
		.end_ms = lifetime->end_ms,
		.entering = lifetime->entering,
		.container = lifetime->container,
	};

	/* It comes again. */
	if (!store_has_room(putting->watch->store))
		return -EAGAIN;
	return store_put_lifetime(putting->watch->store, putting->watch->node, &stored,
				  putting->err);
}

/* What the kernel dropped itself shows in no serial. */
int watch_ask_kernel(struct watch *watch, struct err *err)
{
	struct audit_state state;
	struct err ignored = ERR_INIT;
	uint32_t grown;

	if (!watch->multicast || !store_has_room(watch->store) ||
	    audit_state_get(&state, &ignored) < 0)
		return 0;
	grown = state.lost - watch->lost_before;
	bool counts = watch->has_lost && state.lost > watch->lost_before;

	watch->has_lost = true;
	watch->lost_before = state.lost;
	if (!counts)
		return 0;
	/* Under a rate limit the serials show the same records as missing. */
	return watch_note_loss(watch, state.rate_limit ? LOSS_RATE : LOSS_GREW, grown,
			       "the kernel's audit_lost grew", err);
}

static void say_trouble(struct watch *watch)
{
	const char *trouble = store_trouble(watch->store);
	bool is = trouble != NULL;

	if (is == watch->said_trouble)
		return;
	watch->said_trouble = is;
	watch_clear_status(watch);
	if (is)
		message_error("%s: still watching; new records are kept in memory", trouble);
	else
		message_warning("the store is writable again");
}

int watch_note_dropped(struct watch *watch, struct err *err)
{
	if (!watch->dropped || store_trouble(watch->store) || !store_has_room(watch->store))
		return 0;
	const struct loss_note note = {
		.kind = LOSS_DROPPED,
		.ms = watch->dropped_ms,
		.count = watch->dropped,
		.node = watch->node,
		.text = STR("memory"),
		.detail = STR("the store could not be written"),
	};

	watch_clear_status(watch);
	message_warning("%llu records did not fit in memory while the store was not "
			"writable: counted as lost",
			(unsigned long long)watch->dropped);
	watch->dropped = 0;
	return store_put_loss(watch->store, &note, err);
}

int watch_note_forgotten(struct watch *watch, struct err *err)
{
	static const char text[] = "more processes ran at once than sclog can track: some "
				   "were forgotten";
	uint64_t forgotten = attribute_forgotten(watch->attributor);

	if (forgotten == watch->forgotten || !store_has_room(watch->store))
		return 0;
	if (watch->forgotten == 0) {
		watch_clear_status(watch);
		message_warning("more than %d processes run at once: records of forgotten "
				"processes may be unattributed",
				PROCESS_MAX);
	}
	watch->forgotten = forgotten;
	return watch_note_loss(watch, LOSS_PROCESSES, 0, text, err);
}

int watch_note_claims(struct watch *watch, struct err *err)
{
	struct refused_claims refused = attribute_refused(watch->attributor);
	int64_t now_ms = watch_clock_ms(CLOCK_REALTIME);
	BUF_AUTO text = {0};

	if (refused.count == watch->refused || now_ms - watch->refused_ms < REFUSED_MS ||
	    !store_has_room(watch->store))
		return 0;
	buf_format(&text, "claimed by uid %u", refused.uid);
	const struct loss_note note = {
		.kind = LOSS_CLAIMED,
		.ms = now_ms,
		.count = refused.count - watch->refused,
		.node = watch->node,
		.text = buf_str(&text),
		.detail = buf_str(&text),
	};

	watch_clear_status(watch);
	message_warning("%llu processes named a container that is not their user's (%s):"
			" they count to the host",
			(unsigned long long)note.count, text.p);
	watch->refused = refused.count;
	watch->refused_ms = now_ms;
	return store_put_loss(watch->store, &note, err);
}

static int note_clock(struct watch *watch, struct err *err)
{
	int64_t step_ms = attribute_clocks(watch->attributor);
	BUF_AUTO text = {0};

	if (step_ms == 0)
		return 0;
	buf_format(&text, "the clock was stepped by %lld ms", (long long)step_ms);
	watch_clear_status(watch);
	message_warning("%s: records from around this time may be attributed late", text.p);
	return watch_note_loss(watch, LOSS_CLOCK, 0, text.p, err);
}

static size_t terminal_columns(void)
{
	struct winsize size;

	/* One less: a line that fills the last column moves on. */
	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u
									       : STATUS_COLUMNS;
}

/* What is remembered of what was seen is bounded. */
static void say_restart(struct watch *watch)
{
	if (watch->said_restart || novelty_restarts(printer_novelty(watch->options->printer)) == 0)
		return;
	watch->said_restart = true;
	watch_clear_status(watch);
	message_warning("more than %d first uses: lines printed as NEW from now on may be "
			"repeated",
			NOVELTY_MAX);
}

static void show_status(struct watch *watch)
{
	struct printer_counts printed = printer_counts(watch->options->printer);
	BUF_AUTO text = {0};
	const struct live_status status = {
		.records_per_second =
			(double)(watch->events - watch->events_before) * 1e3 / WATCH_TICK_MS,
		.events = watch->events,
		.fresh = printed.fresh,
		.containers = registry_count(watch->registry),
		.lost = watch->dropped,
		.waiting = store_waiting(watch->store),
		.trouble = store_trouble(watch->store),
		.source = watch->multicast ? "netlink" : source_label(watch->sources[0]),
	};

	buf_put_str(&text, STR("")); /* a text, even where nothing fits */
	live_status_put(&text, &status, watch->shows_status ? terminal_columns() : STATUS_COLUMNS);
	service_status(text.p);
	if (!watch->shows_status)
		return;
	fprintf(stderr, "\r%s\033[K", text.p);
	watch->status_shown = true;
}

static int mark(struct watch *watch, struct source *source, struct err *err)
{
	/* What is held was read, but is not put yet. */
	if (hold_count_of(watch->hold, source_slot(source)) || !store_has_room(watch->store))
		return 0;
	return source_mark(source, err);
}

/* Until when the multicast group was listened to; a quiet host's disk is left alone. */
static int mark_multicast(struct watch *watch, struct err *err)
{
	char place[128];

	if (!watch->multicast || watch->events == watch->events_before ||
	    !store_has_room(watch->store))
		return 0;
	snprintf(place, sizeof(place), "%s %lld", watch->boot_id,
		 (long long)watch_clock_ms(CLOCK_REALTIME));
	return store_put_cursor(watch->store, "netlink", str_from(place), err);
}

int watch_commit_soon(struct watch *watch, struct err *err)
{
	struct putting putting = {watch, err};
	int result = attribute_changed(watch->attributor, put_lifetime, &putting);

	if (result == 0)
		result = mark_multicast(watch, err);

	for (size_t i = 0; i < watch->source_count && result == 0; i++)
		result = mark(watch, watch->sources[i], err);
	if (result == 0 || result == -EAGAIN)
		result = store_commit_soon(watch->store, err);
	return result == -EAGAIN ? 0 : result;
}

/* A socket that cannot be read any more: whoever started this is to start it again. */
static int check_listener(struct watch *watch, struct err *err)
{
	struct err trouble = ERR_INIT;

	if (watch->listener)
		trouble = listener_trouble(watch->listener);
	return trouble.code ? err_set(err, trouble.code, "%s", trouble.message) : 0;
}

/* Containers come and go for months: those of which no process is on file any more are forgotten. */
static void sweep(struct watch *watch)
{
	if (watch->ticks % SWEEP_TICKS == 0 && registry_size(watch->registry) > SWEEP_FROM &&
	    hold_count(watch->hold) == 0)
		attribute_sweep(watch->attributor);
}

int watch_tick(struct watch *watch, struct err *err)
{
	int result = check_listener(watch, err);

	if (result == 0)
		result = note_clock(watch, err);
	if (result == 0 && watch->ticks % ASK_TICKS == 0)
		result = watch_ask_kernel(watch, err);
	if (result == 0)
		result = watch_note_dropped(watch, err);
	if (result == 0)
		result = watch_note_forgotten(watch, err);
	if (result == 0)
		result = watch_note_claims(watch, err);
	if (result == 0)
		result = watch_note_late(watch, err);
	if (result == 0)
		result = watch_commit_soon(watch, err);
	sweep(watch);
	say_trouble(watch);
	say_restart(watch);
	show_status(watch);
	service_alive();
	watch->ticks++;
	watch->events_before = watch->events;
	return result;
}
