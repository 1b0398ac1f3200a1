#include "cli/reading.h"
#include "report/events.h"

struct events_options_given {
	struct global_options global;
	struct selection_options selection;
	struct file_options files;
	struct listing_options listing;
	bool otel;
};

/* clang-format off */
static const struct option_row rows[] = {
	SELECTION_OPTION_ROWS(struct events_options_given, selection),
	LISTING_OPTION_ROWS(struct events_options_given, listing, EVENTS_SORT_NAMES,
			    "group by one of these, with totals; JSON and CSV name the container "
			    "on every line",
			    "print only the first N lines, of each group with --by"),
	OPTION(FLAG, 0, "otel", NULL, struct events_options_given, otel,
	       "JSON: also write the values under OpenTelemetry's names"),
	OPTION_TITLE("FILEs, read without a store"),
	FILE_OPTION_ROWS(struct events_options_given, files),
	GLOBAL_OPTION_ROWS(FORMAT_NAMES),
};
/* clang-format on */

struct listing {
	struct reading *reading;
	struct events_report *report;
};

/* Lines and progress may be on the same terminal. */
static int add(const struct observation *observation, void *context)
{
	const struct listing *listing = context;

	progress_clear(&listing->reading->progress);
	return events_report_add(listing->report, observation);
}

static int check(const struct invocation *invocation, struct err *err)
{
	const struct events_options_given *given = invocation->options;

	return reading_check_otel(invocation, given->otel, err);
}

static int run(struct invocation *invocation, struct err *err)
{
	struct events_options_given *given = invocation->options;
	const struct events_options options = {
		.format = format_from_name(given->global.format),
		.grouped = given->listing.by != NULL,
		.by = group_by_from_name(given->listing.by),
		.sort = given->listing.sort,
		.limit = listing_limit(&given->listing),
		.columns = reading_columns(),
		.colour = reading_wants_colour(),
		.otel = given->otel,
		.raw = given->listing.raw,
	};
	READING_AUTO reading = {.by_part = true};
	int r = reading_open(&reading, invocation, &given->selection, &given->files, err);

	if (r < 0)
		return r;
	struct listing listing = {&reading, events_report_new(&options, stdout)};

	r = query_observations(reading.store, &reading.selection, add, &listing, err);
	if (r >= 0)
		r = reading_leave_fleet(&reading, invocation, err);
	if (r >= 0)
		r = events_report_end(listing.report);
	events_report_free(listing.report);
	return listing_end(invocation, &reading, &given->selection, r, err);
}

const struct command command_events = {
	.name = "events",
	.summary = "observations: container, program, syscall, action, count",
	.synopsis = "[OPTION...] [FILE...]",
	.examples =
		{
			{"sclog events --since 1h", "what was observed in the last hour"},
			{"sclog events --container web --sort count --limit 10",
			 "the ten calls that the container web made most often"},
			{"sclog events --by image audit.log",
			 "read a log file instead of the store; one heading for each image"},
		},
	.description = "Prints one line for each container, program, architecture, syscall and "
		       "action, from the store or from FILEs. FILEs are not stored.",
	.table = {rows, sizeof(rows) / sizeof(*rows)},
	.options_size = sizeof(struct events_options_given),
	.sandbox = SANDBOX_READ,
	.help_more = selection_help,
	.reads_fleet = true,
	.check = check,
	.run = run,
};
