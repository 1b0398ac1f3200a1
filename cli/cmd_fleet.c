#include "base/clock.h"
#include "cli/command.h"
#include "cli/reading.h"
#include "fleet/bundle.h"
#include "fleet/fleet.h"
#include "report/digest/metrics.h"
#include "report/message.h"
#include "report/summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct fleet_options {
	struct global_options global;
	const char *node, *keep_days;
	bool print, dry_run;
};

/* clang-format off */
static const struct option_row rows[] = {
	OPTION_TITLE("init"),
	OPTION(TEXT, 0, "node", "NAME", struct fleet_options, node,
	       "create a role for this node instead; it can write only its own rows"),
	OPTION(TEXT, 0, "keep-days", "NUMBER", struct fleet_options, keep_days,
	       "keep this many days; default: as before, at first 365"),
	OPTION(FLAG, 0, "print", NULL, struct fleet_options, print,
	       "only print the SQL of the schema"),
	OPTION_TITLE("forget"),
	OPTION(FLAG, 0, "dry-run", NULL, struct fleet_options, dry_run,
	       "only show what would be removed"),
	GLOBAL_OPTION_ROWS("text|json|csv|prometheus"),
};
/* clang-format on */

/* What an action works on: the database, and the command line. */
struct action {
	struct fleet *fleet;
	const struct fleet_options *options;
	unsigned keep_days; /* 0: as it is set */
	char **names;       /* behind the action: of bundles, or of nodes */
	size_t name_count;
};
typedef int action_fn(const struct action *action, struct err *err);

static int write_rows(const struct action *action, const struct summary_row *all, size_t count)
{
	const struct global_options *global = &action->options->global;

	return global->quiet ? 0
			     : summary_write(all, count, format_from_name(global->format), stdout);
}

static int init(const struct action *action, struct err *err)
{
	static const char *const names[] = {
		[FLEET_EXISTED] = "exists",
		[FLEET_CREATED] = "created",
		[FLEET_GRANTED] = "existed, and can send now",
	};
	const char *node = action->options->node;
	enum fleet_made made = FLEET_EXISTED;
	unsigned keep_days = action->keep_days;
	int r = node ? fleet_add_node(action->fleet, node, &made, err)
		     : fleet_init(action->fleet, &keep_days, &made, err);
	const struct summary_row of_node[] = {
		{.path = "node", .label = "node", .text = node},
		{.path = "role", .label = "role", .text = names[made]},
	};
	const struct summary_row of_schema[] = {
		{.path = "schema", .label = "schema", .text = names[made]},
		{.path = "keep_days", .label = "keeps days", .count = keep_days},
	};

	return r < 0 ? r : write_rows(action, node ? of_node : of_schema, 2);
}

/* A document each in JSON. */
static int forget(const struct action *action, struct err *err)
{
	bool dry_run = action->options->dry_run;
	int r = 0;

	for (size_t i = 0; i < action->name_count && r == 0; i++) {
		struct fleet_forgotten forgotten;

		r = fleet_forget_node(action->fleet, action->names[i], dry_run, &forgotten, err);
		const struct summary_row all[] = {
			{.path = "node", .label = "node", .text = action->names[i]},
			{.path = "rows",
			 .label = dry_run ? "  would drop rows" : "  dropped rows",
			 .count = forgotten.rows},
			{.path = "roles",
			 .label = dry_run ? "  would drop roles" : "  dropped roles",
			 .count = forgotten.has_role},
		};

		if (r == 0)
			r = write_rows(action, all, sizeof(all) / sizeof(all[0]));
	}
	return r;
}

static int load_file(struct fleet *fleet, const char *path, struct fleet_pushed *ret_pushed,
		     struct err *err)
{
	struct err why = ERR_INIT;
	struct store *store = NULL;
	struct share_head head;
	int r = bundle_open(path, &store, &head, err);
	const struct fleet_push push = {.head = &head};

	if (r == 0)
		r = fleet_push(fleet, store, &push, ret_pushed, &why);
	store_close(store);
	return why.code ? err_set(err, why.code, "bundle '%s': %s", path, why.message) : r;
}

static int load(const struct action *action, struct err *err)
{
	struct fleet_pushed pushed;
	uint64_t rows_sent = 0, known = 0;

	for (size_t i = 0; i < action->name_count; i++) {
		int r = load_file(action->fleet, action->names[i], &pushed, err);

		if (r < 0)
			return r;
		if (!action->options->global.quiet)
			reading_note_left_out(&pushed);
		rows_sent += pushed.rows;
		known += pushed.known;
	}
	const struct summary_row all[] = {
		{.path = "bundles", .label = "bundles", .count = action->name_count},
		{.path = "known_bundles", .label = "loaded before", .count = known},
		{.path = "rows", .label = "rows", .count = rows_sent},
	};

	return write_rows(action, all, sizeof(all) / sizeof(all[0]));
}

static int prune(const struct action *action, struct err *err)
{
	uint64_t days = 0;
	int r = fleet_prune(action->fleet, &days, err);
	const struct summary_row all[] = {
		{.path = "days", .label = "dropped: days", .count = days}};

	return r < 0 ? r : write_rows(action, all, 1);
}

struct status {
	enum format format;
	size_t senders;
};

/* A line of status: a document each in JSON, so that a thousand nodes need no memory. */
static int write_sender(const struct fleet_sender *sender, void *context)
{
	struct status *status = context;
	char pushed[CLOCK_TEXT_SIZE] = "never", name[SHARE_NAME_SIZE], uuid[SHARE_UUID_SIZE];
	const struct summary_row all[] = {
		{.path = "node", .label = "node", .text = name},
		{.path = "pushed", .label = "  pushed", .text = pushed},
		{.path = "behind_seconds",
		 .label = "  seconds ago",
		 .count = (uint64_t)(sender->behind_ms < 0 ? 0 : sender->behind_ms / 1000)},
		{.path = "revision", .label = "  revision", .count = (uint64_t)sender->revision},
		{.path = "generation",
		 .label = "  stores so far",
		 .count = (uint64_t)sender->generation},
		{.path = "days", .label = "  days", .count = sender->days},
		{.path = "records", .label = "  records", .count = sender->records},
		{.path = "store", .label = "  store", .text = uuid},
	};

	snprintf(name, sizeof(name), "%.*s", (int)sender->name.n, sender->name.p);
	snprintf(uuid, sizeof(uuid), "%.*s", (int)sender->uuid.n, sender->uuid.p);
	if (sender->behind_ms >= 0)
		clock_format_rfc3339_ms(sender->pushed_ms, pushed);
	status->senders++;
	return summary_write(all, sizeof(all) / sizeof(all[0]), status->format, stdout);
}

struct metrics {
	struct buf times, records;
};

static int add_metrics(const struct fleet_sender *sender, void *context)
{
	struct metrics *metrics = context;
	BUF_AUTO label = {0};

	metrics_put_label(&label, "node", sender->name);
	if (sender->behind_ms >= 0)
		buf_format(&metrics->times,
			   "sclog_fleet_push_timestamp_seconds{%s} %" PRId64 ".%03" PRId64 "\n",
			   label.p, sender->pushed_ms / 1000, sender->pushed_ms % 1000);
	buf_format(&metrics->records, "sclog_fleet_records{%s} %" PRIu64 "\n", label.p,
		   sender->records);
	return 0;
}

static int write_metrics(struct fleet *fleet, struct err *err)
{
	struct metrics metrics = {.times = {0}};
	int r = fleet_status(fleet, add_metrics, &metrics, err);

	if (r == 0) {
		metrics_put_head(stdout, "sclog_fleet_push_timestamp_seconds", "gauge",
				 "When the node last sent, by the server's clock.");
		fwrite(metrics.times.p, 1, metrics.times.n, stdout);
		metrics_put_head(stdout, "sclog_fleet_records", "gauge",
				 "Number of the node's records in the fleet.");
		fwrite(metrics.records.p, 1, metrics.records.n, stdout);
	}
	buf_release(&metrics.times);
	buf_release(&metrics.records);
	return r;
}

static bool wants_metrics(const struct global_options *global)
{
	return global->format && strcmp(global->format, "prometheus") == 0;
}

static int status(const struct action *action, struct err *err)
{
	const struct global_options *global = &action->options->global;
	struct status shown = {.format = format_from_name(global->format)};
	int r = wants_metrics(global) ? write_metrics(action->fleet, err)
				      : fleet_status(action->fleet, write_sender, &shown, err);

	if (r < 0)
		return r;
	reading_warn_of_limits(fleet_sees_only(action->fleet));
	if (!shown.senders && !wants_metrics(global) && !global->quiet)
		message_note("no node has sent anything: run `sclog push` on each node");
	return 0;
}

static const struct {
	const char *name;
	action_fn *run;
	bool takes_names;
} actions[] = {
	{"init", init, false},     {"migrate", init, false}, {"load", load, true},
	{"status", status, false}, {"prune", prune, false},  {"forget", forget, true},
};

static action_fn *action_of(const struct invocation *invocation)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (invocation->operand_count &&
		    (invocation->operand_count > 1) == actions[i].takes_names &&
		    strcmp(invocation->operands[0], actions[i].name) == 0)
			return actions[i].run;
	return NULL;
}

static int check_usage(const struct invocation *invocation, unsigned *ret_keep_days,
		       struct err *err)
{
	const struct fleet_options *options = invocation->options;
	char *end = NULL;
	unsigned long days = options->keep_days ? strtoul(options->keep_days, &end, 10) : 0;

	*ret_keep_days = (unsigned)days;
	if (!action_of(invocation))
		return err_set(
			err, EINVAL,
			"expected init, migrate, load FILE..., status, prune or forget NODE...");
	if (options->dry_run && strcmp(invocation->operands[0], "forget") != 0)
		return err_set(err, EINVAL, "--dry-run applies only to forget");
	if (wants_metrics(&options->global) && strcmp(invocation->operands[0], "status") != 0)
		return err_set(err, EINVAL, "--format prometheus applies only to status");
	if (options->keep_days && (*end || days < 1 || days > 36500))
		return err_set(err, EINVAL, "--keep-days: '%s' is not a number from 1 to 36500",
			       options->keep_days);
	if (!options->print && !fleet_is_url(options->global.db))
		return err_set(err, EINVAL,
			       "--db postgresql://HOST/DATABASE is required: the fleet's database");
	return 0;
}

static int run(struct invocation *invocation, struct err *err)
{
	const struct fleet_options *options = invocation->options;
	struct fleet *fleet = NULL;
	unsigned keep_days;
	int r = check_usage(invocation, &keep_days, err);

	invocation->misused = r < 0;
	if (r == 0 && options->print) {
		BUF_AUTO sql = {0};

		fleet_schema(&sql, keep_days);
		fwrite(sql.p, 1, sql.n, stdout);
		return EXIT_FINE;
	}
	if (r == 0)
		r = invocation_sandbox(invocation, err);
	if (r == 0)
		r = fleet_open(options->global.db, &fleet, err);
	const struct action action = {fleet, options, keep_days, invocation->operands + 1,
				      invocation->operand_count - 1};

	if (r == 0)
		r = action_of(invocation)(&action, err);
	fleet_close(fleet);
	return r < 0 ? reading_output_failed(r, err) : EXIT_FINE;
}

const struct command command_fleet = {
	.name = "fleet",
	.summary = "set up a fleet's database, and see who sends to it",
	.synopsis = "init|migrate|status|prune|load|forget [FILE|NODE...] --db URL",
	.examples =
		{
			{"sclog fleet init --print", "print the schema in SQL"},
			{"sclog fleet init --db postgresql://db.example/sclog",
			 "create the schema, or its missing parts"},
			{"sclog fleet status --db postgresql://db.example/sclog",
			 "when each node last sent"},
		},
	.description =
		"Sets up the PostgreSQL database that `sclog push` sends to, for its owner: tables "
		"with a partition for each day, and roles. `prune` drops days that are older than "
		"the retention. `load` sends bundles of nodes that cannot reach the database "
		"(`sclog push --to FILE`). `forget` removes nodes: their rows and roles.",
	.table = {rows, sizeof(rows) / sizeof(*rows)},
	.options_size = sizeof(struct fleet_options),
	.reads_fleet = true,
	.run = run,
};
