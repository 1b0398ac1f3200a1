#include "base/clock.h"
#include "cli/command.h"
#include "cli/forget_input.h"
#include "cli/reading.h"
#include "report/amended.h"
#include "report/summary.h"

#include <errno.h>

struct forget_options {
	struct global_options global;
	struct selection_options selection;
	const char *evidence, *reason, *input;
	bool dry_run;
};

/* clang-format off */
static const struct option_row rows[] = {
	SELECTION_OPTION_ROWS(struct forget_options, selection),
	OPTION(TEXT, 0, "input", "FILE", struct forget_options, input,
	       "the records that `sclog ingest FILE` stored; --node as given to ingest"),
	OPTION_TITLE("Evidence"),
	OPTION(TEXT, 0, "evidence", "ID", struct forget_options, evidence,
	       "acknowledge this entry of the evidence instead; `sclog diff -v` shows the ids"),
	OPTION(TEXT, 0, "reason", "TEXT", struct forget_options, reason,
	       "the reason why it no longer counts; stored and shown with the entry"),
	OPTION_TITLE("Action"),
	OPTION(FLAG, 0, "dry-run", NULL, struct forget_options, dry_run,
	       "only show what would be done"),
	GLOBAL_OPTION_ROWS(FORMAT_NAMES),
};
/* clang-format on */

static int check(const struct invocation *invocation, struct err *err)
{
	const struct forget_options *options = invocation->options;

	if (options->evidence && !(options->reason && *options->reason))
		return err_set(err, EINVAL, "--evidence needs a reason: give --reason TEXT");
	if (options->reason && !options->evidence)
		return err_set(err, EINVAL, "--reason applies only with --evidence ID");
	if (options->evidence && !*options->evidence)
		return err_set(err, EINVAL, "--evidence: the id is empty");
	if (options->evidence && options->input)
		return err_set(err, EINVAL, "--evidence cannot be combined with --input");
	if (options->evidence || options->input)
		return 0;
	return reading_needs_selection(&options->selection, ", --input FILE or --evidence ID", err);
}

static int acknowledge(struct store *store, const struct forget_options *options, struct err *err)
{
	BUF_AUTO text = {0};
	int64_t now_ms;
	int r = clock_now_ms(&now_ms, err);

	if (r == 0)
		r = store_acknowledge(store, str_from(options->evidence), str_from(options->reason),
				      now_ms, options->dry_run, &text, err);
	if (r < 0 || options->global.quiet)
		return r;
	const struct summary_row all[] = {
		{.path = "acknowledged",
		 .label = options->dry_run ? "would be acknowledged" : "acknowledged",
		 .text = text.p},
	};

	buf_put_char(&text, '\0');
	return summary_write(all, 1, format_from_name(options->global.format), stdout);
}

static int forget(struct store *store, struct forget_options *options, struct selection *selection,
		  struct err *err)
{
	struct amend_counts counts;
	struct texts nodes = {0};

	if (options->evidence)
		return acknowledge(store, options, err);
	int r = 0;

	if (options->input)
		r = forget_input_select(store, options->input, selection, &options->global, &nodes,
					err);
	if (r == 0)
		r = store_forget(store, selection, options->dry_run, &counts, err);
	if (r == 0 && !options->global.quiet)
		r = amended_write(&counts, "forgotten", options->dry_run,
				  format_from_name(options->global.format), stdout);
	texts_release(&nodes);
	return r;
}

static int run(struct invocation *invocation, struct err *err)
{
	struct forget_options *options = invocation->options;
	struct selection selection;
	struct store *store = NULL;
	int r = reading_open_selected(invocation, &options->selection, options->dry_run, &selection,
				      &store, err);

	if (r == 0)
		r = forget(store, options, &selection, err);
	store_close(store);
	return r < 0 ? reading_output_failed(r, err) : EXIT_FINE;
}

const struct command command_forget = {
	.name = "forget",
	.summary = "remove records, or acknowledge evidence",
	.synopsis = "SELECTION | --input FILE | --evidence ID --reason TEXT",
	.examples =
		{
			{"sclog forget --container test --dry-run",
			 "how many records the container test has"},
			{"sclog forget --since 2026-11-20 --until 2026-11-20",
			 "remove what was recorded on one day"},
			{"sclog forget --input audit.log --container web --dry-run",
			 "how many records `sclog ingest --container web audit.log` stored"},
		},
	.description =
		"Removes the records of the selection from the store, widened to whole minutes. "
		"With --evidence, an entry of the evidence is acknowledged: it no longer makes the "
		"evidence incomplete, and is listed with its reason from then on.",
	.table = {rows, sizeof(rows) / sizeof(*rows)},
	.options_size = sizeof(struct forget_options),
	.help_more = selection_help,
	.no_files = "name the store with --db",
	.check = check,
	.run = run,
};
