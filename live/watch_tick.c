#include "report/message.h"

#include "base/clock.h"
#include "live/service.h"
#include "live/watch_private.h"

#include <errno.h>
#include <stdio.h>

/* Ticks between two questions about the kernel's lost counter. */
#define ASK_TICKS 20

/* Ticks between two sweeps, and how many containers there have to be for one. */
#define SWEEP_TICKS 600
#define SWEEP_FROM  2048

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

/* Each once: a store that is full gives up something all the time. */
static void say_shrunk(struct watch *watch)
{
	struct store_shrunk shrunk = store_shrunk(watch->store), *said = &watch->said_shrunk;

	if (said->horizon_ms == 0 && shrunk.horizon_ms) {
		watch_clear_status(watch);
		message_warning("the store reached its max-size: it gives up its oldest detail");
	}
	if (said->dropped == 0 && shrunk.dropped) {
		watch_clear_status(watch);
		message_warning("the store reached its max-size: it drops its oldest records");
	}
	*said = shrunk;
}

void watch_say_trouble(struct watch *watch)
{
	const char *trouble = store_trouble(watch->store);
	bool is = trouble != NULL;

	if (store_was_remade(watch->store)) {
		watch_clear_status(watch);
		message_warning("the store was deleted or replaced: created again; earlier records "
				"are missing");
	}
	say_shrunk(watch);
	if (is == watch->said_trouble)
		return;
	watch->said_trouble = is;
	watch_clear_status(watch);
	if (is)
		message_error("%s: still watching; new records are kept in memory", trouble);
	else
		message_warning("the store is writable again");
}

static int note_clock(struct watch *watch, struct err *err)
{
	int64_t step_ms = attribute_clocks(watch->attributor);

	return step_ms ? evidence_add_step(&watch->evidence, step_ms, err) : 0;
}

bool watch_is_of_this_host(const struct watch *watch)
{
	return watch->netlink || (!watch->options->file && !watch->options->node);
}

static int look_for_hiding(struct watch *watch, struct err *err)
{
	struct hiding hiding;

	if (!watch->helper || !watch_is_of_this_host(watch))
		return 0;
	int r = helper_hiding(watch->helper, &hiding);

	/* without the right to see the rules there is still the rest */
	if (r < 0 && r != -EPERM)
		return 0;
	return hidden_take(&watch->hidden, &hiding, clock_ms(CLOCK_REALTIME), &watch->evidence,
			   err);
}

int watch_ask_kernel(struct watch *watch, struct err *err)
{
	struct audit_state state;
	int result = look_for_hiding(watch, err);

	if (result < 0)
		return result;
	if (!watch->netlink || !watch->helper || !store_has_room(watch->store) ||
	    helper_audit_state(watch->helper, &state) < 0)
		return 0;
	return evidence_take_state(&watch->evidence, &state, err);
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

void watch_show_status(struct watch *watch)
{
	struct printer_counts printed = printer_counts(watch->options->printer);
	const struct live_status status = {
		.records_per_second =
			(double)(watch->events - watch->events_before) * 1e3 / WATCH_TICK_MS,
		.events = watch->events,
		.fresh = printed.fresh,
		.containers = registry_count(watch->registry),
		.lost = watch->evidence.dropped,
		.waiting = store_waiting(watch->store),
		.trouble = store_trouble(watch->store),
		.source = watch->netlink ? source_name(watch->netlink)
					 : source_label(watch->sources[0]),
	};

	status_line_show(&watch->status_line, &status);
	printer_show(watch->options->printer, &status);
}

static int mark(struct watch *watch, struct source *source, struct err *err)
{
	/* What is held was read, but is not put yet. */
	if (watch_holds(watch, source) || !store_has_room(watch->store))
		return 0;
	return source_mark(source, err);
}

int watch_commit_soon(struct watch *watch, struct err *err)
{
	struct putting putting = {watch, err};
	int result = attribute_changed(watch->attributor, put_lifetime, &putting);

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
	if (result == 0 && watch->ticks % ASK_TICKS == 0)
		result = watch_look_for_ended(watch, err);
	if (result == 0)
		result = evidence_write(&watch->evidence, watch->attributor, false, err);
	if (result == 0)
		result = watch_commit_soon(watch, err);
	sweep(watch);
	watch_say_trouble(watch);
	say_restart(watch);
	watch_show_status(watch);
	service_alive();
	watch->ticks++;
	watch->events_before = watch->events;
	return result;
}
