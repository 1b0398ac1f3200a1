#include "cli/command.h"
#include "cli/reading.h"
#include "report/amended.h"

#include <errno.h>

struct relabel_options {
	struct global_options global;
	struct selection_options selection;
	const char *to, *to_image, *to_pod, *to_namespace, *to_workload;
	bool dry_run;
};

/* clang-format off */
static const struct option_row rows[] = {
	OPTION_TITLE("New labels"),
	OPTION(TEXT, 0, "to", "NAME", struct relabel_options, to,
	       "move the records to this container, by name or id; created if it does not exist"),
	OPTION(TEXT, 0, "to-image", "IMAGE", struct relabel_options, to_image,
	       "image of the container"),
	OPTION(TEXT, 0, "to-pod", "POD", struct relabel_options, to_pod, "Kubernetes pod"),
	OPTION(TEXT, 0, "to-namespace", "NAMESPACE", struct relabel_options, to_namespace,
	       "Kubernetes namespace"),
	OPTION(TEXT, 0, "to-workload", "WORKLOAD", struct relabel_options, to_workload,
	       "workload that the container belongs to"),
	OPTION(FLAG, 0, "dry-run", NULL, struct relabel_options, dry_run,
	       "only show what would be done"),
	SELECTION_OPTION_ROWS(struct relabel_options, selection),
	GLOBAL_OPTION_ROWS(FORMAT_NAMES),
};
/* clang-format on */

static struct str given(const char *text)
{
	return text ? str_from(text) : str_of(NULL, 0);
}

static struct container labels_of(const struct relabel_options *options)
{
	return (struct container){
		.id = given(options->to),
		.name = given(options->to),
		.image = given(options->to_image),
		.pod = given(options->to_pod),
		.namespace = given(options->to_namespace),
		.workload = given(options->to_workload),
	};
}

static int check(const struct invocation *invocation, struct err *err)
{
	const struct relabel_options *options = invocation->options;
	const struct container to = labels_of(options);

	if (!to.name.n && !to.image.n && !to.pod.n && !to.namespace.n && !to.workload.n)
		return err_set(
			err, EINVAL,
			"no new label: give --to NAME, --to-image, --to-pod, --to-namespace or"
			" --to-workload");
	return reading_needs_selection(&options->selection, "", err);
}

static int run(struct invocation *invocation, struct err *err)
{
	struct relabel_options *options = invocation->options;
	const struct container to = labels_of(options);
	struct amend_counts counts = {0};
	struct selection selection;
	struct store *store = NULL;
	int r = reading_open_selected(invocation, &options->selection, options->dry_run, &selection,
				      &store, err);

	if (r == 0)
		r = store_relabel(store, &selection, &to, options->dry_run, &counts, err);
	store_close(store);
	if (r == 0 && !options->global.quiet)
		r = amended_write(&counts, "relabelled", options->dry_run,
				  format_from_name(options->global.format), stdout);
	return r < 0 ? reading_output_failed(r, err) : EXIT_FINE;
}

const struct command command_relabel = {
	.name = "relabel",
	.summary = "move records to another container, or change its labels",
	.synopsis = "--to NAME SELECTION",
	.examples =
		{
			{"sclog relabel --container wbe --to web",
			 "the records of the container wbe belong to web"},
			{"sclog relabel --unattributed --comm nginx --to web",
			 "the same for records of nginx whose container is unknown"},
			{"sclog relabel --container web --to-namespace shop --to-workload shop-web",
			 "change the namespace and the workload of the container web"},
		},
	.description =
		"Moves the records of the selection to another container of the same node. Without "
		"--to, the records stay, and only the labels of their containers change.",
	.table = {rows, sizeof(rows) / sizeof(*rows)},
	.options_size = sizeof(struct relabel_options),
	.help_more = selection_help,
	.no_files = "name the store with --db",
	.check = check,
	.run = run,
};
