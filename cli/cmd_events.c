#include "cli/reading.h"
#include "report/events.h"

struct events_options_given {
	struct global_options global;
	struct selection_options selection;
	struct file_options files;
	const char *by, *sort, *limit;
	bool raw, otel;
};

/* clang-format off */
static const struct option_row rows[] = {
	SELECTION_OPTION_ROWS(struct events_options_given, selection),
	OPTION_TITLE("Output"),
	OPTION(CHOICE, 0, "by", GROUP_BY_NAMES, struct events_options_given, by,
	       "text: a heading for each, with totals; json and csv name every container on "
	       "every line"),
	OPTION(CHOICE, 0, "sort", EVENTS_SORT_NAMES, struct events_options_given, sort,
	       "sort by this; the largest counts and the latest times first"),
	OPTION(TEXT, 0, "limit", "N", struct events_options_given, limit,
	       "print only the first N lines, of each group with --by"),
	OPTION(FLAG, 0, "otel", NULL, struct events_options_given, otel,
	       "JSON: also write what is known under OpenTelemetry's names"),
	OPTION(FLAG, 0, "raw", NULL, struct events_options_given, raw,
	       "csv: names unchanged, byte by byte; default: escape control characters, and put "
"an apostrophe before a spreadsheet formula"),
	OPTION_TITLE("FILEs, read without a store"),
	FILE_OPTION_ROWS(struct events_options_given, files),
	GLOBAL_OPTION_ROWS(FORMAT_NAMES),
};
/* clang-format on */

static int add(const struct observation *observation, void *report)
{
	return events_report_add(report, observation);
}

static int write_report(struct reading *reading, const struct events_options_given *given,
			size_t limit, struct err *err)
{
	const struct events_options options = {
		.format = format_from_name(given->global.format),
		.grouped = given->by != NULL,
		.by = group_by_from_name(given->by),
		.sort = events_sort_from_name(given->sort),
		.limit = limit,
		.columns = reading_columns(),
		.colour = reading_wants_colour(),
		.otel = given->otel,
		.raw = given->raw,
	};
	struct events_report *report = events_report_new(&options, stdout);
	int r = query_observations(reading->store, &reading->selection, add, report, err);

	if (r >= 0)
		r = events_report_end(report);
	events_report_free(report);
	return r < 0 ? reading_output_failed(r, err) : 0;
}

static int run(struct invocation *invocation, struct err *err)
{
	struct events_options_given *given = invocation->options;
	READING_AUTO reading = {0};
	size_t limit = 0;
	int r = reading_limit(invocation, given->limit, &limit, err);

	if (r == 0)
		r = reading_check_otel(invocation, given->otel, err);
	if (r == 0)
		r = reading_open(&reading, invocation, &given->selection, &given->files, err);
	if (r < 0)
		return r;
	r = write_report(&reading, given, limit, err);
	return r < 0 ? r : (int)reading_exit_code(&reading);
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
	.run = run,
};
