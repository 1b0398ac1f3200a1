#include "cli/reading.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "base/scan.h"
#include "fleet/fleet.h"
#include "ingest/envelope/envelope.h"
#include "report/message.h"
#include "report/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_UNKNOWN 80
#define LIMIT_DIGITS    9

int file_check_unwrap(const char *name, struct err *err)
{
	return envelope_is_name(name) ? 0 : nearest_refuse(err, name, ENVELOPE_NAMES);
}

struct feed_options file_feed_options(const struct file_options *options,
				      const struct global_options *global,
				      const struct stated *stated)
{
	struct feed_options feed = {
		.in_force = stated,
		.coverage = stated->coverage,
		.map = options->map,
		.timezone = options->timezone,
		.trust_all = options->trust_all,
		.date_order = options->date_order,
		.framing = options->framing,
		.unwrap = options->unwrap,
		.mixed = options->mixed,
		.quiet = global->quiet,
		.verbose = global->verbose,
	};

	if (options->coverage)
		coverage_from_name(str_from(options->coverage), &feed.coverage);
	return feed;
}

int file_load_stated(const struct file_options *options, const struct global_options *global,
		     struct stated *stated, struct err *err)
{
	*stated = (struct stated){0};
	if (!options->in_force)
		return 0;
	if (options->coverage)
		return err_set(err, EINVAL,
			       "--coverage and --in-force cannot be combined: give "
			       "one of them");
	return stated_load(stated, options->in_force, global->db, err);
}

/* What the operands are: stores bring their own names, logs have none. */
struct operands {
	bool logs, stores;
};

static struct operands look_at(const struct invocation *invocation)
{
	struct operands operands = {0};

	for (size_t i = 0; i < invocation->operand_count; i++) {
		if (store_is_database(invocation->operands[i]))
			operands.stores = true;
		else
			operands.logs = true;
	}
	return operands;
}

/*
 * Takes the one value that names the input. The selection keeps it if there is something else
 * to choose from; by itself it would choose everything.
 */
static int take_name(const char *option, struct choice *choice, bool keeps, const char **ret_name,
		     struct err *err)
{
	if (choice->count > 1)
		return err_set(err, EINVAL,
			       "--%s names all records in FILEs: give it only "
			       "once",
			       option);
	if (choice->count == 0)
		return 0;
	*ret_name = choice->values[0];
	if (!keeps)
		*choice = (struct choice){0};
	return 0;
}

static int open_files(struct reading *reading, struct invocation *invocation,
		      const struct file_options *options, struct err *err)
{
	struct selection *selection = &reading->selection;
	struct feed_options feed = file_feed_options(options, invocation->global, &reading->stated);
	struct operands operands = look_at(invocation);
	const char *container = NULL;
	int r = 0;

	if (operands.logs && !options->map)
		r = take_name("container", &selection->container, operands.stores, &container, err);
	if (container)
		feed.labels.name = str_from(container);
	if (r == 0 && operands.logs)
		r = take_name("node", &selection->node, operands.stores, &feed.node, err);
	if (r < 0) {
		invocation->misused = true;
		return r;
	}
	reading->one_shot = true;
	r = store_open(NULL, STORE_MEMORY, NULL, &reading->store, err);
	if (r < 0)
		return r;
	return feed_paths(reading->store, invocation->operands, invocation->operand_count, &feed,
			  &reading->counts, err);
}

int reading_check_store(const char *path, const struct invocation *invocation, struct err *err)
{
	if (access(path, F_OK) == 0 || errno != ENOENT)
		return 0;
	bool takes_files = strstr(invocation->command->synopsis, "[FILE...]") != NULL;

	return err_set(
		err, ENOENT,
		"no store at '%s': create it with `sclog ingest FILE...` or `sclog watch`, or "
		"name another with --db%s%s%s",
		path, takes_files ? "; `sclog " : "", takes_files ? invocation->command->name : "",
		takes_files ? " FILE...` needs none" : "");
}

static int open_store(struct reading *reading, const struct invocation *invocation, struct err *err)
{
	char *path = invocation->global->db ? mem_copy(str_from(invocation->global->db))
					    : store_default_path();
	int r = reading_check_store(path, invocation, err);

	if (r == 0)
		r = store_open(path, STORE_READ, NULL, &reading->store, err);
	free(path);
	return r;
}

static void show_rows(void *progress, uint64_t rows)
{
	progress_rows(progress, rows);
}

void reading_warn_of_limits(const char *node)
{
	if (*node)
		message_warning("this role sees only what node %s sent: use a role that is a member"
				" of sclog_reader to see all nodes",
				node);
}

void reading_note_left_out(const struct fleet_pushed *pushed)
{
	if (pushed->left_out)
		message_note("records of %" PRIu64 " node%s not sent, because %s: the first is %s",
			     pushed->left_out, pushed->left_out == 1 ? "" : "s",
			     pushed->left_out == 1 ? "it pushes its own" : "they push their own",
			     pushed->first_left_out);
}

/* A node's role that is asked about that node sees all that was asked for. */
static void note_limits(struct reading *reading)
{
	const struct choice *nodes = &reading->selection.node;
	const char *node = fleet_sees_only(reading->fleet);

	if (nodes->count == 1 && strcmp(nodes->values[0], node) == 0)
		return;
	snprintf(reading->sees_only, sizeof(reading->sees_only), "%s", node);
	reading_warn_of_limits(node);
}

/* What the fleet has of the window, as a store in memory. */
static int open_fleet(struct reading *reading, struct invocation *invocation, struct err *err)
{
	int r = invocation_sandbox(invocation, err);

	reading->shown = (struct fleet_progress){show_rows, &reading->progress};
	if (r == 0)
		r = store_open(NULL, STORE_MEMORY, NULL, &reading->store, err);
	progress_begin(&reading->progress, 0, invocation->global->quiet);
	if (r == 0)
		r = fleet_open(invocation->global->db, &reading->fleet, err);
	if (r == 0 && reading->by_part)
		r = fleet_read_parts(reading->fleet, reading->store, &reading->selection,
				     reading->needs_hours, &reading->shown, &reading->parts, err);
	else if (r == 0)
		r = fleet_read(reading->fleet, reading->store, &reading->selection, reading->before,
			       &reading->shown, err);
	if (r < 0 || !reading->parts)
		progress_clear(&reading->progress);
	if (r == 0)
		note_limits(reading);
	return r < 0 || reading->parts ? r : reading_leave_fleet(reading, invocation, err);
}

static void note_damage(struct reading *reading)
{
	reading->damage = *fleet_damage(reading->fleet);
	if (reading->damage.rows)
		message_warning("%" PRIu64
				" rows left out, the first of node %s: they are damaged or"
				" forged",
				reading->damage.rows, reading->damage.node);
	if (reading->damage.of_others)
		message_warning("%" PRIu64 " row%s left out: node %s sent the first, about node %s,"
				" which pushes its own; `sclog push` on node %s removes such rows",
				reading->damage.of_others,
				reading->damage.of_others == 1 ? "" : "s", reading->damage.teller,
				reading->damage.other, reading->damage.teller);
}

static void close_fleet(struct reading *reading)
{
	if (reading->parts)
		progress_clear(&reading->progress);
	if (reading->fleet)
		note_damage(reading);
	fleet_parts_free(reading->parts);
	fleet_close(reading->fleet);
	reading->parts = NULL;
	reading->fleet = NULL;
}

int reading_leave_fleet(struct reading *reading, struct invocation *invocation, struct err *err)
{
	close_fleet(reading);
	return invocation_leave_fleet(invocation, err);
}

int reading_open_store(struct invocation *invocation, bool dry_run, struct store **ret_store,
		       struct err *err)
{
	const char *db = invocation->global->db;

	if (fleet_is_url(db))
		return err_set(err, EINVAL,
			       "--db names a fleet's database, but this command needs a store: "
			       "give a file");
	char *path = db ? mem_copy(str_from(db)) : store_default_path();
	int r = reading_check_store(path, invocation, err);

	if (r == 0)
		r = invocation_sandbox(invocation, err);
	if (r == 0)
		r = store_open(path, dry_run ? STORE_READ : STORE_WRITE, NULL, ret_store, err);
	free(path);
	return r;
}

int reading_open_selected(struct invocation *invocation, struct selection_options *options,
			  bool dry_run, struct selection *ret_selection, struct store **ret_store,
			  struct err *err)
{
	int r = selection_parse(options, ret_selection, err);

	invocation->misused = r < 0;
	if (r == 0)
		r = reading_open_store(invocation, dry_run, ret_store, err);
	return r < 0 ? r : reading_check_names(invocation, *ret_store, ret_selection, err);
}

int reading_needs_selection(const struct selection_options *options, const char *else_,
			    struct err *err)
{
	if (selection_is_given(options))
		return 0;
	return err_set(err, EINVAL,
		       "nothing is selected: give --container, --since or another option of the "
		       "selection%s",
		       else_);
}

/* Said of a store, these would be ignored; that is worth an error. */
static int refuse_file_options(const struct file_options *options, struct err *err)
{
	const char *given = options->map          ? "map"
			    : options->timezone   ? "timezone"
			    : options->coverage   ? "coverage"
			    : options->in_force   ? "in-force"
			    : options->date_order ? "date-order"
			    : options->framing    ? "framing"
			    : options->unwrap     ? "unwrap"
			    : options->mixed      ? "mixed"
			    : options->trust_all  ? "trust-all"
						  : NULL;

	if (!given)
		return 0;
	return err_set(err, EINVAL, "--%s applies only when FILEs are given", given);
}

static void warn_of(uint64_t lines, const char *why)
{
	if (lines)
		message_warning("%" PRIu64 " line%s not counted: %s", lines, lines == 1 ? "" : "s",
				why);
}

static void warn(const struct reading *reading, const struct global_options *global)
{
	uint64_t malformed = intake_malformed(&reading->counts.in);

	if (!reading->one_shot || global->quiet)
		return;
	warn_of(malformed, "malformed records; -v shows the first of each kind");
	warn_of(reading->counts.expired, "older than what the store accepts");
}

int reading_open(struct reading *reading, struct invocation *invocation,
		 struct selection_options *selection_options,
		 const struct file_options *file_options, struct err *err)
{
	int r;

	*reading = (struct reading){.before = reading->before,
				    .by_part = reading->by_part,
				    .needs_hours = reading->needs_hours};
	r = selection_parse(selection_options, &reading->selection, err);
	if (r == 0 && invocation->operand_count == 0)
		r = refuse_file_options(file_options, err);
	else if (r == 0)
		r = file_load_stated(file_options, invocation->global, &reading->stated, err);
	if (r < 0) {
		invocation->misused = true;
		return r;
	}
	if (invocation->operand_count == 0 && fleet_is_url(invocation->global->db)) {
		r = open_fleet(reading, invocation, err);
		return r < 0 ? r
			     : reading_check_names(invocation, reading->store, &reading->selection,
						   err);
	}
	r = invocation_leave_fleet(invocation, err);
	if (r < 0)
		return r;
	bool one_shot = invocation->operand_count > 0;

	r = one_shot ? open_files(reading, invocation, file_options, err)
		     : open_store(reading, invocation, err);
	if (r == 0)
		warn(reading, invocation->global);
	return r < 0 ? r
		     : reading_check_names(invocation, reading->store, &reading->selection, err);
}

void reading_close(struct reading *reading)
{
	close_fleet(reading);
	if (reading->store)
		store_close(reading->store);
	reading->store = NULL;
	stated_release(&reading->stated);
}

void reading_add_reasons(const struct reading *reading, struct evidence *evidence)
{
	const struct feed_counts *counts = &reading->counts;

	if (reading->sees_only[0])
		evidence_add_reason(evidence, "only node %s of the fleet could be read",
				    reading->sees_only);
	if (reading->damage.rows)
		evidence_add_reason(evidence,
				    "%" PRIu64
				    " rows of the fleet, the first of node %s, are damaged or"
				    " forged",
				    reading->damage.rows, reading->damage.node);
	if (reading->damage.of_others)
		evidence_add_reason(
			evidence,
			"%" PRIu64 " row%s of the fleet not counted: node %s sent the first,"
			" about node %s, which pushes its own",
			reading->damage.of_others, reading->damage.of_others == 1 ? "" : "s",
			reading->damage.teller, reading->damage.other);
	if (counts->failed)
		evidence_add_reason(evidence,
				    "%" PRIu64 " input%s could not be read "
				    "completely",
				    counts->failed, counts->failed == 1 ? "" : "s");
	if (counts->in.without_serial)
		evidence_add_reason(evidence,
				    "%" PRIu64 " record%s without a serial number: losses "
				    "between them cannot be detected, and a record may be "
				    "counted twice",
				    counts->in.without_serial,
				    counts->in.without_serial == 1 ? "" : "s");
}

static void put_option(struct buf *where, const char *option, const char *value)
{
	if (!value)
		return;
	buf_format(where, " --%s ", option);
	text_put_word(where, str_from(value));
}

const char *reading_where(const struct reading *reading, const struct invocation *invocation,
			  const struct file_options *options, struct buf *where)
{
	put_option(where, "db", reading->one_shot ? NULL : invocation->global->db);
	put_option(where, "map", options->map);
	put_option(where, "timezone", options->timezone);
	put_option(where, "coverage", options->coverage);
	put_option(where, "in-force", options->in_force);
	for (size_t i = 0; i < invocation->operand_count; i++) {
		buf_put_char(where, ' ');
		text_put_word(where, str_from(invocation->operands[i]));
	}
	return where->p ? where->p : "";
}

enum exit_code reading_exit_code(const struct reading *reading)
{
	return reading->counts.failed ? EXIT_TROUBLE : EXIT_FINE;
}

int reading_output_failed(int r, struct err *err)
{
	return err->code ? r : err_errno(err, -r, "cannot write to standard output");
}

bool reading_wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	/* no-color.org: any value but the empty one */
	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term &&
	       strcmp(term, "dumb") != 0;
}

size_t reading_columns(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	/* a terminal that does not know its size, such as a serial line */
	return size.ws_col ? size.ws_col : COLUMNS_UNKNOWN;
}

static bool parse_limit(const char *text, uint64_t *ret_limit)
{
	const char *end = scan_decimal(text, text + strlen(text), LIMIT_DIGITS, ret_limit);

	return end != text && *end == '\0' && *ret_limit;
}

int listing_check_limit(const char *text, struct err *err)
{
	uint64_t limit;

	return parse_limit(text, &limit)
		       ? 0
		       : err_set(err, EINVAL, "'%s' is not a number from 1 to 999999999", text);
}

size_t listing_limit(const struct listing_options *options)
{
	uint64_t limit = 0;

	return options->limit && parse_limit(options->limit, &limit) ? limit : 0;
}

int listing_end(const struct invocation *invocation, const struct reading *reading,
		const struct selection_options *selection, int r, struct err *err)
{
	const struct global_options *global = invocation->global;

	if (r < 0)
		return reading_output_failed(r, err);
	if (r == 0 && !global->quiet && format_from_name(global->format) == FORMAT_TEXT)
		message_note("no %s%s", invocation->command->name,
			     selection_is_given(selection) ? " match this selection"
			     : reading->one_shot           ? " in these files"
							   : " in this store yet");
	return (int)reading_exit_code(reading);
}

int reading_check_otel(const struct invocation *invocation, bool otel, struct err *err)
{
	if (!otel || format_from_name(invocation->global->format) == FORMAT_JSON)
		return 0;
	return err_set(err, EINVAL, "--otel applies only with --format json");
}
