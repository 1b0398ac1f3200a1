#include "base/clock.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/reading.h"
#include "cli/retention.h"
#include "report/summary.h"

struct prune_options {
	struct global_options global;
	struct retention_options retention;
	const char *config;
	bool dry_run;
};

/* clang-format off */
static const struct option_row rows[] = {
	OPTION_TITLE("Retention (TIME: 36h, 7d, 52w, or forever)"),
	RETENTION_OPTION_ROWS(struct prune_options, retention.),
	OPTION(TEXT, 0, "config", "FILE", struct prune_options, config,
	       "configuration file; default: /etc/sclog/sclog.conf, if it exists"),
	OPTION(FLAG, 0, "dry-run", NULL, struct prune_options, dry_run,
	       "only show what would be done"),
	GLOBAL_OPTION_ROWS(FORMAT_NAMES),
};
/* clang-format on */

static int write_counts(const struct prune_counts *counts, bool dry_run, enum format format)
{
	char horizon[CLOCK_TEXT_SIZE];
	const struct summary_row all[] = {
		{.path = "horizon",
		 .label = "horizon: older records are refused",
		 .text = clock_format_rfc3339_ms(counts->horizon_ms, horizon)},
		{.path = "hours_without_minutes",
		 .label = dry_run ? "hours that would lose their counts by minute"
				  : "hours that lost their counts by minute",
		 .count = counts->to_hours},
		{.path = "hours_into_days",
		 .label = dry_run ? "hours to be merged into days" : "hours merged into days",
		 .count = counts->to_days},
		{.path = "dropped.hours",
		 .label = "dropped: hours and days",
		 .count = counts->hours},
		{.path = "dropped.records", .label = "dropped: records", .count = counts->records},
		{.path = "dropped.series",
		 .label = "dropped: different calls of programs",
		 .count = counts->series},
		{.path = "dropped.containers",
		 .label = "dropped: containers",
		 .count = counts->containers},
		{.path = "dropped.identities",
		 .label = "dropped: minutes in which repeats are recognised",
		 .count = counts->identities},
		{.path = "dropped.evidence",
		 .label = "dropped: evidence and inputs",
		 .count = counts->evidence},
	};

	return summary_write(all, sizeof(all) / sizeof(all[0]), format, stdout);
}

static int prune(struct invocation *invocation, struct prune_counts *counts, struct err *err)
{
	const struct prune_options *options = invocation->options;
	struct store_retention retention;
	struct store *store = NULL;
	int64_t now_ms = 0;
	int r = retention_parse(&options->retention, &retention, err);

	invocation->misused = r < 0;
	if (r == 0)
		r = clock_now_ms(&now_ms, err);
	if (r == 0)
		r = reading_open_store(invocation, options->dry_run, &store, err);
	if (r == 0)
		r = store_prune(store, &retention, now_ms, options->dry_run, counts, err);
	store_close(store);
	return r;
}

static int run(struct invocation *invocation, struct err *err)
{
	struct prune_options *options = invocation->options;
	const struct config_target target = {.retention = &options->retention};
	struct config config = {0};
	struct prune_counts counts = {0};
	int r = config_load(options->config, options->config != NULL, &target, &config, err);
	if (r == 0)
		r = prune(invocation, &counts, err);
	config_release(&config);
	if (r == 0 && !options->global.quiet)
		r = write_counts(&counts, options->dry_run,
				 format_from_name(options->global.format));
	return r < 0 ? reading_output_failed(r, err) : EXIT_FINE;
}

const struct command command_prune = {
	.name = "prune",
	.summary = "keep old records with less detail; drop the oldest",
	.synopsis = "[OPTION...]",
	.examples =
		{
			{"sclog prune --dry-run",
			 "what the retention of sclog.conf would drop now"},
			{"sclog prune --keep-minutes 7d --keep-days 52w",
			 "keep minutes for a week and days for a year"},
		},
	.description =
		"Merges the counts of old minutes into hours and those of old hours into days, and "
		"drops what is older than the retention. It is safe while `sclog watch` runs, which "
		"does the same by itself once a day.",
	.table = {rows, sizeof(rows) / sizeof(*rows)},
	.options_size = sizeof(struct prune_options),
	.no_files = "name the store with --db",
	.run = run,
};
