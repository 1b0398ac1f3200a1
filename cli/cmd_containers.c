#include "cli/reading.h"
#include "report/containers.h"

struct containers_options_given {
	struct global_options global;
	struct selection_options selection;
	struct file_options files;
	const char *by, *sort, *limit;
	bool raw;
};

/* clang-format off */
static const struct option_row rows[] = {
	SELECTION_OPTION_ROWS(struct containers_options_given, selection),
	OPTION_TITLE("Output"),
	OPTION(CHOICE, 0, "by", GROUP_BY_NAMES, struct containers_options_given, by,
	       "one line for each of these: its containers, added up"),
	OPTION(CHOICE, 0, "sort", CONTAINERS_SORT_NAMES, struct containers_options_given, sort,
	       "sort by this; the largest counts and the latest times first"),
	OPTION(TEXT, 0, "limit", "N", struct containers_options_given, limit,
	       "print only the first N lines"),
	OPTION(FLAG, 0, "raw", NULL, struct containers_options_given, raw,
	       "csv: names unchanged, byte by byte; default: escape control characters, and put "
"an apostrophe before a spreadsheet formula"),
	OPTION_TITLE("FILEs, read without a store"),
	FILE_OPTION_ROWS(struct containers_options_given, files),
	GLOBAL_OPTION_ROWS(FORMAT_NAMES),
};
/* clang-format on */

static int add(const struct container_summary *summary, void *report)
{
	return containers_report_add(report, summary);
}

static int add_observation(const struct observation *observation, void *report)
{
	return containers_report_add_observation(report, observation);
}

static int write_report(struct reading *reading, const struct containers_options_given *given,
			size_t limit, struct err *err)
{
	const struct containers_options options = {
		.format = format_from_name(given->global.format),
		.grouped = given->by != NULL,
		.by = group_by_from_name(given->by),
		.sort = containers_sort_from_name(given->sort),
		.limit = limit,
		.columns = reading_columns(),
		.colour = reading_wants_colour(),
		.raw = given->raw,
	};
	struct containers_report *report = containers_report_new(&options, stdout);
	int r = query_containers(reading->store, &reading->selection, add, report, err);

	if (r >= 0 && options.grouped)
		r = query_observations(reading->store, &reading->selection, add_observation, report,
				       err);
	if (r >= 0)
		r = containers_report_end(report);
	containers_report_free(report);
	return r < 0 ? reading_output_failed(r, err) : 0;
}

static int run(struct invocation *invocation, struct err *err)
{
	struct containers_options_given *given = invocation->options;
	READING_AUTO reading = {0};
	size_t limit = 0;
	int r = reading_limit(invocation, given->limit, &limit, err);

	if (r == 0)
		r = reading_open(&reading, invocation, &given->selection, &given->files, err);
	if (r < 0)
		return r;
	r = write_report(&reading, given, limit, err);
	return r < 0 ? r : (int)reading_exit_code(&reading);
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
			 "the ten images with the most records, each with its containers added up"},
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
