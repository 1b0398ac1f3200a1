#include "cli/reading.h"
#include "report/containers.h"

struct containers_options {
	struct global_options global;
	struct selection_options selection;
	struct file_options files;
	bool raw;
};

/* clang-format off */
static const struct option_row rows[] = {
	SELECTION_OPTION_ROWS(struct containers_options, selection),
	OPTION_TITLE("Output"),
	OPTION(FLAG, 0, "raw", NULL, struct containers_options, raw,
	       "csv: names as the bytes that they are; default: control characters escaped, an "
	       "apostrophe before what a spreadsheet would take for a formula"),
	OPTION_TITLE("FILEs, read without a store"),
	FILE_OPTION_ROWS(struct containers_options, files),
	GLOBAL_OPTION_ROWS(FORMAT_NAMES),
};
/* clang-format on */

static int add(const struct container_summary *summary, void *report)
{
	return containers_report_add(report, summary);
}

static int write_report(struct reading *reading, const struct containers_options *given,
			struct err *err)
{
	struct containers_report *report = containers_report_new(
		format_from_name(given->global.format), reading_wants_colour(), stdout);

	if (given->raw)
		containers_report_raw(report);
	int r = query_containers(reading->store, &reading->selection, add, report, err);

	if (r >= 0)
		r = containers_report_end(report);
	containers_report_free(report);
	return r < 0 ? reading_output_failed(r, err) : 0;
}

static int run(struct invocation *invocation, struct err *err)
{
	struct containers_options *given = invocation->options;
	READING_AUTO reading = {0};
	int r = reading_open(&reading, invocation, &given->selection, &given->files, err);

	if (r < 0)
		return r;
	r = write_report(&reading, given, err);
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
		},
	.description =
		"Lists all containers, also those without records: number of records, number "
		"of different syscalls, and coverage (whether the active profile logged "
		"everything).",
	.table = {rows, sizeof(rows) / sizeof(*rows)},
	.options_size = sizeof(struct containers_options),
	.sandbox = SANDBOX_READ,
	.help_more = selection_help,
	.run = run,
};
