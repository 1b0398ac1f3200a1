#include "cli/reading.h"
#include "report/containers.h"

struct containers_options_given {
	struct global_options global;
	struct selection_options selection;
	struct file_options files;
	struct listing_options listing;
};

/* clang-format off */
static const struct option_row rows[] = {
	SELECTION_OPTION_ROWS(struct containers_options_given, selection),
	LISTING_OPTION_ROWS(struct containers_options_given, listing, CONTAINERS_SORT_NAMES,
			    "one line for each of these, with the sums of its containers",
			    "print only the first N lines"),
	OPTION_TITLE("FILEs, read without a store"),
	FILE_OPTION_ROWS(struct containers_options_given, files),
	GLOBAL_OPTION_ROWS(FORMAT_NAMES),
};
/* clang-format on */

static int add(const struct container_summary *summary, void *report)
{
	containers_report_add(report, summary);
	return 0;
}

static int add_observation(const struct observation *observation, void *report)
{
	containers_report_add_observation(report, observation);
	return 0;
}

static int run(struct invocation *invocation, struct err *err)
{
	struct containers_options_given *given = invocation->options;
	const struct containers_options options = {
		.format = format_from_name(given->global.format),
		.grouped = given->listing.by != NULL,
		.by = group_by_from_name(given->listing.by),
		.sort = given->listing.sort,
		.limit = listing_limit(&given->listing),
		.columns = reading_columns(),
		.colour = reading_wants_colour(),
		.raw = given->listing.raw,
	};
	READING_AUTO reading = {.by_part = true};
	int r = reading_open(&reading, invocation, &given->selection, &given->files, err);

	if (r < 0)
		return r;
	struct containers_report *report = containers_report_new(&options, stdout);

	r = query_containers(reading.store, &reading.selection, add, report, err);
	if (r >= 0 && options.grouped)
		r = query_observations(reading.store, &reading.selection, add_observation, report,
				       err);
	if (r >= 0)
		r = reading_leave_fleet(&reading, invocation, err);
	if (r >= 0)
		r = containers_report_end(report);
	containers_report_free(report);
	return listing_end(invocation, &reading, &given->selection, r, err);
}

const struct command command_containers = {
	.name = "containers",
	.summary = "containers, their records and their coverage",
	.synopsis = "[OPTION...] [FILE...]",
	.examples =
		{
			{"sclog containers", "all containers in the store"},
			{"sclog containers --image 'nginx*' --since 7d",
			 "containers of these images that were seen in the last 7 days"},
			{"sclog containers --by image --sort records --limit 10",
			 "the ten images with the most records, with the sums of their containers"},
		},
	.description =
		"Lists all containers, also those without records: number of records, number "
		"of different syscalls, and coverage (whether the active profile logged "
		"everything).",
	.table = {rows, sizeof(rows) / sizeof(*rows)},
	.options_size = sizeof(struct containers_options_given),
	.sandbox = SANDBOX_READ,
	.help_more = selection_help,
	.reads_fleet = true,
	.run = run,
};
