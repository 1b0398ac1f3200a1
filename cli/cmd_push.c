#include "cli/command.h"
#include "cli/output.h"
#include "cli/reading.h"
#include "fleet/bundle.h"
#include "fleet/fleet.h"
#include "report/summary.h"

#include <errno.h>

struct push_options {
	struct global_options global;
	const char *to, *node;
	bool all, force;
};

/* clang-format off */
static const struct option_row rows[] = {
	OPTION_TITLE("What is sent, and where"),
	OPTION(TEXT, 0, "to", "FILE|URL", struct push_options, to,
	       "write a bundle, or send to a fleet's database (postgresql://HOST/DATABASE)"),
	OPTION(TEXT, 0, "node", "NAME", struct push_options, node,
	       "name of the sender; default: the only node in the store, else this host's name"),
	OPTION(FLAG, 0, "all", NULL, struct push_options, all,
	       "send everything, not only what changed"),
	OPTION(FLAG, 0, "force", NULL, struct push_options, force, "replace FILE if it exists"),
	GLOBAL_OPTION_ROWS(FORMAT_NAMES),
};
/* clang-format on */

static int check_usage(const struct invocation *invocation, struct err *err)
{
	const struct push_options *options = invocation->options;

	if (invocation->operand_count)
		return err_set(err, EINVAL, "'%s': push takes no FILEs; name the store with --db",
			       invocation->operands[0]);
	if (!options->to || !*options->to)
		return err_set(err, EINVAL,
			       "--to FILE or --to postgresql://HOST/DATABASE is required");
	if (options->node && (!*options->node || strlen(options->node) >= SHARE_NAME_SIZE))
		return err_set(err, EINVAL, "--node: the name must have 1 to %d bytes",
			       SHARE_NAME_SIZE - 1);
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

static int push_to_fleet(struct store *store, const struct push_options *options, struct err *err)
{
	const struct fleet_push push = {.name = options->node, .all = options->all};
	struct fleet *fleet = NULL;
	struct fleet_pushed pushed;
	int r = fleet_open(options->to, &fleet, err);

	if (r == 0)
		r = fleet_push(fleet, store, &push, &pushed, err);
	fleet_close(fleet);
	if (r < 0 || options->global.quiet)
		return r;
	const struct summary_row all[] = {
		{.path = "node", .label = "node", .text = pushed.head.name},
		{.path = "revision", .label = "revision", .count = (uint64_t)pushed.head.revision},
		{.path = "since", .label = "since revision", .count = (uint64_t)pushed.head.since},
		{.path = "rows", .label = "rows", .count = pushed.rows},
		{.path = "attempts", .label = "attempts", .count = pushed.attempts},
	};

	return summary_write(all, sizeof(all) / sizeof(all[0]),
			     format_from_name(options->global.format), stdout);
}

static int push(struct store *store, const struct push_options *options, struct err *err)
{
	struct share_head head;
	BUF_AUTO bundle = {0};

	if (fleet_is_url(options->to))
		return push_to_fleet(store, options, err);
	int r = bundle_make(store, options->node, options->all, &bundle, &head, err);

	if (r == 0)
		r = output_write(options->to, options->force, buf_str(&bundle), err);
	if (r == 0)
		r = store_share_set_bundled(store, head.revision, err);
	if (r == 0 && !options->global.quiet)
		r = write_sent(&head, bundle.n, format_from_name(options->global.format));
	return r;
}

static int run(struct invocation *invocation, struct err *err)
{
	const struct push_options *options = invocation->options;
	struct store *store = NULL;
	int r = check_usage(invocation, err);

	invocation->misused = r < 0;
	/* connecting asks for names, keys and certificates: that needs what the sandbox forbids */
	invocation->sandboxed |= fleet_is_url(options->to);
	invocation->output = fleet_is_url(options->to) ? NULL : options->to;
	if (r == 0)
		r = reading_open_store(invocation, false, &store, err);
	if (r == 0)
		r = push(store, options, err);
	store_close(store);
	return r < 0 ? reading_output_failed(r, err) : EXIT_FINE;
}

const struct command command_push = {
	.name = "push",
	.summary = "send what changed in this store to a database or a bundle",
	.synopsis = "[OPTION...] --to FILE|URL",
	.examples =
		{
			{"sclog push --to node7.bundle",
			 "what changed since the last bundle; `sclog ingest` loads it into another store"},
			{"sclog push --all --force --to node7.bundle",
			 "everything, for a store that knows nothing of this one"},
		},
	.description =
		"Sends what changed in the store since the last time: counts by day, containers, "
		"the profiles in force, and the evidence. Loading it twice changes nothing.",
	.table = {rows, sizeof(rows) / sizeof(*rows)},
	.options_size = sizeof(struct push_options),
	.run = run,
};
