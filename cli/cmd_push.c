#include "base/clock.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/reading.h"
#include "cli/sending.h"
#include "fleet/bundle.h"
#include "fleet/fleet.h"
#include "report/message.h"
#include "report/summary.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#define INTERVAL_MS (15 * 60 * 1000)

struct push_options {
	struct global_options global;
	struct sending_options sending;
	const char *config;
	bool all, force, repeat;
};

/* clang-format off */
static const struct option_row rows[] = {
	OPTION_TITLE("Sending"),
	SENDING_OPTION_ROWS(struct push_options, sending.),
	OPTION(FLAG, 0, "repeat", NULL, struct push_options, repeat,
	       "do not exit: send to the database at regular intervals"),
	OPTION(FLAG, 0, "all", NULL, struct push_options, all,
	       "send everything, not only what changed"),
	OPTION(FLAG, 0, "force", NULL, struct push_options, force, "replace FILE if it exists"),
	OPTION(TEXT, 0, "config", "FILE", struct push_options, config,
	       "configuration file, whose [fleet] has the defaults; default: "
	       "/etc/sclog/sclog.conf, if it exists"),
	GLOBAL_OPTION_ROWS(FORMAT_NAMES),
};
/* clang-format on */

static int check_usage(const struct invocation *invocation, struct err *err)
{
	const struct push_options *options = invocation->options;
	const struct sending_options *sending = &options->sending;

	if (!sending->to || !*sending->to)
		return err_set(err, EINVAL,
			       "--to FILE or --to postgresql://HOST/DATABASE is required (or `to`"
			       " in [fleet] of sclog.conf)");
	if (options->repeat && !fleet_is_url(sending->to))
		return err_set(err, EINVAL,
			       "--repeat needs a database: give --to postgresql://HOST/DATABASE");
	return 0;
}

/* The options that are about repeating, before the configuration gives them, too. */
static int check(const struct invocation *invocation, struct err *err)
{
	const struct push_options *options = invocation->options;

	if ((options->sending.interval || options->sending.jitter) && !options->repeat)
		return err_set(err, EINVAL, "--%s applies only with --repeat",
			       options->sending.interval ? "interval" : "jitter");
	return 0;
}

static int write_sent(const struct share_head *head, size_t bytes, enum format format)
{
	const struct summary_row all[] = {
		{.path = "node", .label = "node", .text = head->name},
		{.path = "revision", .label = "revision", .count = (uint64_t)head->revision},
		{.path = "since", .label = "since revision", .count = (uint64_t)head->since},
		{.path = "bytes", .label = "bytes", .count = bytes},
	};

	return summary_write(all, sizeof(all) / sizeof(all[0]), format, stdout);
}

static int write_pushed(const struct fleet_pushed *pushed, enum format format)
{
	const struct summary_row all[] = {
		{.path = "node", .label = "node", .text = pushed->head.name},
		{.path = "revision", .label = "revision", .count = (uint64_t)pushed->head.revision},
		{.path = "since", .label = "since revision", .count = (uint64_t)pushed->head.since},
		{.path = "rows", .label = "rows", .count = pushed->rows},
		{.path = "attempts", .label = "attempts", .count = pushed->attempts},
	};

	return summary_write(all, sizeof(all) / sizeof(all[0]), format, stdout);
}

static void show_rows(void *progress, uint64_t sent)
{
	progress_rows(progress, sent);
}

static int push_to_fleet(struct store *store, const struct push_options *options, struct err *err)
{
	struct progress progress;
	const struct fleet_progress shown = {show_rows, &progress};
	const struct fleet_push push = {
		.name = options->sending.node, .all = options->all, .progress = &shown};
	struct fleet *fleet = NULL;
	struct fleet_pushed pushed;
	int64_t now_ms = 0;
	int r = fleet_open(options->sending.to, &fleet, err);

	progress_begin(&progress, 0, options->global.quiet);
	if (r == 0)
		r = fleet_push(fleet, store, &push, &pushed, err);
	progress_clear(&progress);
	fleet_close(fleet);
	if (r == 0)
		r = clock_now_ms(&now_ms, err);
	if (r == 0)
		r = store_share_set_pushed(store, &pushed.last, now_ms, err);
	if (r == 0 && !options->global.quiet)
		reading_note_left_out(&pushed);
	return r < 0 || options->global.quiet
		       ? r
		       : write_pushed(&pushed, format_from_name(options->global.format));
}

static int push_to_file(struct store *store, const struct push_options *options, struct err *err)
{
	struct share_head head;
	BUF_AUTO bundle = {0};
	int r = bundle_make(store, options->sending.node, options->all, &bundle, &head, err);

	if (r == 0)
		r = output_write(options->sending.to, options->force, buf_str(&bundle), err);
	if (r == 0)
		r = store_share_set_bundled(store, head.revision, err);
	if (r == 0 && !options->global.quiet)
		r = write_sent(&head, bundle.n, format_from_name(options->global.format));
	return r;
}

static int push(struct invocation *invocation, struct err *err)
{
	const struct push_options *options = invocation->options;
	struct store *store = NULL;
	int r = reading_open_store(invocation, false, &store, err);

	if (r == 0)
		r = fleet_is_url(options->sending.to) ? push_to_fleet(store, options, err)
						      : push_to_file(store, options, err);
	store_close(store);
	return r;
}

static void wait_ms(int64_t ms)
{
	poll(NULL, 0, (int)ms);
}

/* Nodes that start together do not send together: each has a moment of its own. */
static _Noreturn void repeat(struct invocation *invocation)
{
	const struct push_options *options = invocation->options;
	int64_t interval_ms = sending_span(options->sending.interval, INTERVAL_MS);
	int64_t jitter_ms = sending_span(options->sending.jitter, interval_ms);

	wait_ms((int64_t)(store_share_random() % (uint64_t)jitter_ms));
	for (;;) {
		struct err err = ERR_INIT;
		int r = push(invocation, &err);

		if (r < 0)
			message_error("%s", err.code ? err.message : strerror(-r));
		fflush(stdout);
		wait_ms(interval_ms);
	}
}

static int push_configured(struct invocation *invocation, struct err *err)
{
	const struct push_options *options = invocation->options;
	int r = check_usage(invocation, err);

	invocation->misused = r < 0;
	if (r < 0)
		return r;
	invocation->uses_fleet = fleet_is_url(options->sending.to);
	invocation->output = fleet_is_url(options->sending.to) ? NULL : options->sending.to;
	if (options->repeat)
		repeat(invocation);
	return push(invocation, err);
}

static int run(struct invocation *invocation, struct err *err)
{
	struct push_options *options = invocation->options;
	const struct config_target target = {.sending = &options->sending};
	struct config config = {0};
	int r = config_load(options->config, options->config != NULL, &target, &config, err);

	if (r == 0)
		r = push_configured(invocation, err);
	config_release(&config);
	return r < 0 ? reading_output_failed(r, err) : EXIT_FINE;
}

const struct command command_push = {
	.name = "push",
	.summary = "send what changed in this store to a database or a bundle",
	.synopsis = "[OPTION...] [--to FILE|URL]",
	.examples =
		{
			{"sclog push --to node7.bundle",
			 "what changed since the last bundle; `sclog ingest` loads it into another store"},
			{"sclog push --all --force --to node7.bundle",
			 "all rows, for a store without the earlier bundles"},
		},
	.description =
		"Sends what changed in the store since the last time: counts by day, containers, "
		"the active profiles, and the evidence. Loading it twice changes nothing.",
	.table = {rows, sizeof(rows) / sizeof(*rows)},
	.options_size = sizeof(struct push_options),
	.no_files = "name the store with --db",
	.check = check,
	.run = run,
};
