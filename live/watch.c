#include "live/watch_private.h"

#include "base/clock.h"

#include "report/message.h"
#include "live/service.h"
#include "ingest/status.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define RETRY_MS 100

/* What a source wrote may wait so long. */
#define SOURCE_REST_MS 10

/* How long the end may take: for what the kernel still has, and for who reads the output. */
#define REST_MS  2000
#define FLUSH_MS 1000

static volatile sig_atomic_t stopped, hung_up;

static void on_stop(int signal)
{
	stopped = signal;
}

static void on_hang_up(int signal)
{
	hung_up = signal;
}

void watch_clear_status(void *context)
{
	struct watch *watch = context;

	status_line_clear(&watch->status_line);
}

static bool all_ended(const struct watch *watch)
{
	for (size_t i = 0; i < watch->source_count; i++)
		if (!source_ended(watch->sources[i]))
			return false;
	return true;
}

static bool any_unread(const struct watch *watch)
{
	for (size_t i = 0; i < watch->source_count; i++)
		if (source_unread(watch->sources[i]))
			return true;
	return false;
}

static void wait_for_more(struct watch *watch, int64_t now_ms)
{
	struct pollfd fds[SOURCES_MAX + 3];
	nfds_t count = 0;
	int64_t until = watch->next_tick_ms;
	sigset_t none;

	if (hold_count(watch->hold) && watch->next_retry_ms < until)
		until = watch->next_retry_ms;
	if (watch->listener)
		fds[count++] =
			(struct pollfd){.fd = listener_fd(watch->listener), .events = POLLIN};
	bool room = store_has_room(watch->store) && !store_trouble(watch->store);

	for (size_t i = 0; i < watch->source_count && !watch->productive && room; i++)
		fds[count++] =
			(struct pollfd){.fd = source_fd(watch->sources[i]), .events = POLLIN};
	if (printer_waiting(watch->options->printer))
		fds[count++] = (struct pollfd){.fd = printer_fd(watch->options->printer),
					       .events = POLLOUT};
	if (printer_keys_fd(watch->options->printer) >= 0)
		fds[count++] = (struct pollfd){.fd = printer_keys_fd(watch->options->printer),
					       .events = POLLIN};
	int64_t wait_ms = until > now_ms ? until - now_ms : 0;

	/* A log that is written line by line would wake us for each. */
	if (watch->productive && wait_ms > SOURCE_REST_MS)
		wait_ms = SOURCE_REST_MS;
	watch->productive = false;
	const struct timespec timeout = {wait_ms / 1000, wait_ms % 1000 * 1000000};

	/* Signals are let in only here. */
	sigemptyset(&none);
	ppoll(fds, count, &timeout, &none);
}

static int do_timely(struct watch *watch, int64_t now_ms, struct err *err)
{
	int result = 0;

	if (now_ms >= watch->next_retry_ms && hold_count(watch->hold)) {
		watch->next_retry_ms = now_ms + RETRY_MS;
		result = watch_retry_held(watch, false, err);
	}
	if (result == 0 && now_ms >= watch->next_tick_ms) {
		watch->next_tick_ms = now_ms + WATCH_TICK_MS;
		result = watch_tick(watch, err);
	}
	return result < 0 ? result : watch_end_catch_up(watch, err);
}

static bool pending_signal(void)
{
	sigset_t pending;

	if (stopped)
		return true;
	sigpending(&pending);
	return sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT);
}

/* Nobody reads any more: there is nothing left to watch for. A full disk is no reason to end. */
static bool check_output(struct watch *watch, int result)
{
	if (result < 0 && result != -EPIPE && !watch->output_failed) {
		watch->output_failed = true;
		message_error("standard output: %s: no more lines will be printed",
			      strerror(-result));
	}
	return result == -EPIPE;
}

static int loop(struct watch *watch, struct err *err)
{
	int result = 0;

	while (result >= 0 && !pending_signal() && !all_ended(watch)) {
		if (hung_up)
			watch->next_tick_ms = hung_up = 0;
		int heard = watch_take_heard(watch, err);
		int taken = heard < 0 ? heard : watch_take_sources(watch, err);
		int64_t now_ms = clock_ms(CLOCK_MONOTONIC);

		describers_take(watch->describers, 0);
		result = taken < 0 ? taken : do_timely(watch, now_ms, err);
		if (result < 0)
			break;
		int keys = printer_take_keys(watch->options->printer);

		if (keys < 0)
			return 0;
		if (keys > 0)
			watch_show_status(watch);
		if (printer_waiting(watch->options->printer)) {
			watch_clear_status(watch);
			if (check_output(watch, printer_flush(watch->options->printer, 0)))
				return 0;
		}
		watch->productive = watch->productive || taken;
		if (!heard && !taken)
			wait_for_more(watch, now_ms);
	}
	return result;
}

/*
 * Waits until the kernel's thread has given out what was logged before: it can still have records
 * in its queue, and one in its hands. Without the right to ask, a moment is all.
 */
static int wait_for_kernel(struct watch *watch, int64_t until_ms, struct err *err)
{
	struct audit_state state = {.backlog = 0};
	int result = 0;

	while (result >= 0 && watch->netlink && clock_ms(CLOCK_MONOTONIC) < until_ms &&
	       helper_audit_state(watch->helper, &state) == 0 && state.backlog > 0) {
		result = watch_take_heard(watch, err);
		poll(NULL, 0, 1);
	}
	poll(NULL, 0, SOURCE_REST_MS);
	return result;
}

/* Takes what was written, and what the kernel had queued, when the end came. */
static int take_rest(struct watch *watch, struct err *err)
{
	int64_t until_ms = clock_ms(CLOCK_MONOTONIC) + REST_MS;
	int result = watch_take_unkept(watch, until_ms, err);

	if (result < 0 || !watch->listener)
		return result;
	result = wait_for_kernel(watch, until_ms, err);
	listener_finish(watch->listener);
	while (result >= 0 && clock_ms(CLOCK_MONOTONIC) < until_ms) {
		bool finished = listener_finished(watch->listener);

		result = watch_take_heard(watch, err);
		if (result == 0 && finished)
			break;
		if (result == 0)
			poll(&(struct pollfd){.fd = listener_fd(watch->listener), .events = POLLIN},
			     1, SOURCE_REST_MS);
	}
	return result;
}

/* What is held is decided, and everything is written. */
static int end(struct watch *watch, struct err *err)
{
	int result;

	service_stopping();
	result = take_rest(watch, err);
	describers_take(watch->describers, REST_MS);
	if (result >= 0)
		result = watch_retry_held(watch, true, err);
	if (result >= 0)
		result = watch_ask_kernel(watch, err);
	if (result >= 0)
		result = evidence_write(&watch->evidence, watch->attributor, true, err);
	if (result >= 0)
		result = watch_commit_soon(watch, err);
	if (result >= 0)
		result = store_commit(watch->store, err);
	watch_say_trouble(watch);
	watch_clear_status(watch);
	check_output(watch, printer_flush(watch->options->printer, FLUSH_MS));
	return result;
}

static void handle_signals(void)
{
	struct sigaction stop = {.sa_handler = on_stop}, hang_up = {.sa_handler = on_hang_up};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGHUP);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	/* A terminal that is closed ends it; auditd sends one to its plugins to say "look again". */
	sigaction(SIGHUP, isatty(STDERR_FILENO) ? &stop : &hang_up, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

int watch_run(struct store *store, const struct watch_options *options, struct err *err)
{
	struct watch watch = {.store = store, .options = options, .procfs = {.fd = -1}};
	int result;

	stopped = hung_up = 0;
	handle_signals();
	result = watch_open(&watch, err);
	if (result == 0) {
		status_line_init(&watch.status_line,
				 options->quiet || printer_is_table(options->printer));
		result = watch_start_listener(&watch, err);
		watch_sync(&watch, 0);
		if (result == 0)
			result = attribute_scan(watch.attributor, err);
		watch_say_sources(&watch);
		if (result == 0)
			result = loop(&watch, err);
		/* What was heard is kept even if something failed. */
		struct err ignored = ERR_INIT;
		int ended = end(&watch, result < 0 ? &ignored : err);

		result = result < 0 ? result : ended;
	}
	bool unread = watch.output_failed || (options->once && any_unread(&watch));

	watch_close(&watch);
	return result < 0 ? result : unread;
}
