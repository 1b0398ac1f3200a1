/*
 * What a command that only asks reads: the store, or the FILEs of one call, which go into a
 * store in memory of which nothing is kept.
 */
#ifndef SCLOG_CLI_READING_H
#define SCLOG_CLI_READING_H

#include "cli/command.h"
#include "cli/feed.h"
#include "cli/progress.h"
#include "cli/selection.h"
#include "fleet/fleet.h"
#include "report/evidence.h"

/* What is said about FILEs; part of a command's struct of options. */
struct file_options {
	const char *map, *timezone, *coverage, *in_force;
	const char *framing, *unwrap, *date_order;
	bool trust_all, mixed;
};

#define COVERAGE_NAMES "full|partial|none|unknown"

/* clang-format off */
#define FILE_OPTION_ROWS(type, at)                                                                \
	OPTION(TEXT, 0, "map", "FILE", type, at.map,                                              \
	       "containers by `pid=N CONTAINER`, `comm=...`, `exe=...`, `subj=...`, one per line"),  \
	OPTION(TEXT, 0, "timezone", "ZONE", type, at.timezone,                                    \
	       "time zone of `ausearch -i` output; default: this host's"),                        \
	OPTION(CHOICE, 0, "coverage", COVERAGE_NAMES, type, at.coverage,                          \
	       "what the active profile logged: everything, only what its base refuses, or "      \
	       "nothing that it refused; default: unknown"),                                      \
	OPTION(TEXT, 0, "in-force", "PROFILE", type, at.in_force,                                 \
	       "the profile that was active when the records were made (a file, docker@28.0, "    \
	       "unconfined, container:NAME ...)"),                                                \
	OPTION(CHOICE, 0, "date-order", DATE_ORDER_NAMES, type, at.date_order,                    \
	       "how `ausearch -i` wrote dates; default: as the file's dates show"),               \
	OPTION(CHOICE, 0, "framing", FRAMING_NAMES, type, at.framing,                             \
	       "format around a log's records; default: detected from its first lines"),          \
	OPTION_CHECKED(TEXT, 0, "unwrap", "NAME", type, at.unwrap, file_check_unwrap,             \
	       "envelope to remove from each line, or `none`; names: sclog-formats(7)"),           \
	OPTION(FLAG, 0, "mixed", NULL, type, at.mixed,                                            \
	       "a log may mix several framings (concatenated logs)"),                             \
	OPTION(FLAG, 0, "trust-all", NULL, type, at.trust_all,                                    \
	       "accept every record, for logs that have lost their framing")
/* clang-format on */

/* An option_check_fn. */
int file_check_unwrap(const char *name, struct err *err);

/* The options for feed_paths() without container and node, which commands treat differently. What
 * is stated has been loaded. */
struct feed_options file_feed_options(const struct file_options *options,
				      const struct global_options *global,
				      const struct stated *stated);

/* Loads what --in-force names; nothing where it is not given. Before the sandbox is entered. */
int file_load_stated(const struct file_options *options, const struct global_options *global,
		     struct stated *stated, struct err *err);

struct reading {
	/* set by the caller, of a fleet: all at once with what it needs of before its window, or by parts
	 * (fleet_read_parts()) */
	enum fleet_before before;
	bool by_part, needs_hours;
	struct store *store;
	struct selection selection; /* borrows from the selection_options */
	struct stated stated;       /* --in-force */
	bool one_shot;              /* FILEs were read: then counts says what of */
	struct feed_counts counts;
	struct fleet *fleet; /* while it is asked */
	struct fleet_parts *parts;
	char sees_only[SHARE_NAME_SIZE]; /* the one node of the fleet that could be read; "": all */
	struct fleet_damage damage;
	struct progress progress;
	struct fleet_progress shown;
};

/*
 * Parses the selection, then opens the store or reads the invocation's operands, and warns (not
 * with --quiet) of what was read but not counted. A missing store is an error that says how to
 * make one; a misuse of options is marked in the invocation.
 *
 * With operands, --container and --node name what is read instead of choosing from it, unless
 * --map or a store among the operands brings names of its own.
 */
int reading_open(struct reading *reading, struct invocation *invocation,
		 struct selection_options *selection_options,
		 const struct file_options *file_options, struct err *err);
void reading_close(struct reading *reading);

/* With by_part: all observations have been asked for. */
int reading_leave_fleet(struct reading *reading, struct invocation *invocation, struct err *err);

#define READING_AUTO __attribute__((cleanup(reading_close))) struct reading

/* An error that says how to make one if there is no store at that path. */
int reading_check_store(const char *path, const struct invocation *invocation, struct err *err);

/* Opens the store of a command that changes what it holds: it must exist. With dry_run it is only
 * read. */
int reading_open_store(struct invocation *invocation, bool dry_run, struct store **ret_store,
		       struct err *err);

/* Parses the selection, then opens the store of a command that changes what it selects, whose names must
 * be known. */
int reading_open_selected(struct invocation *invocation, struct selection_options *options,
			  bool dry_run, struct selection *ret_selection, struct store **ret_store,
			  struct err *err);

/* A selection for which something was given: -EINVAL if it would be everything. */
int reading_needs_selection(const struct selection_options *options, const char *else_,
			    struct err *err);

/* -ENOENT with the nearest names where one of the selection's names, as a container's, an image's, a
 * pod's, a namespace's, a workload's or a node's, is not known at all, at whatever time.
 * reading_open() does so. */
int reading_check_names(const struct invocation *invocation, struct store *store,
			const struct selection *selection, struct err *err);

/* What reading the FILEs alone can know of the evidence: reasons why it is not complete. */
void reading_add_reasons(const struct reading *reading, struct evidence *evidence);

/* Says that a role sees the rows of one node only, if it does: fleet_sees_only(). */
void reading_warn_of_limits(const char *node);

/* Says which nodes of a store were not sent. */
void reading_note_left_out(const struct fleet_pushed *pushed);

/* Appends what a command line needs to read the same, "" or " --db a.db" or the FILEs, and returns
 * all of it. */
const char *reading_where(const struct reading *reading, const struct invocation *invocation,
			  const struct file_options *options, struct buf *where);

/* EXIT_TROUBLE if a FILE could not be read, else EXIT_FINE. */
enum exit_code reading_exit_code(const struct reading *reading);

/* err for a report that could not be written, if the query itself did not fail. */
int reading_output_failed(int r, struct err *err);

/* How a listing is arranged; part of a command's struct of options. */
struct listing_options {
	const char *by, *sort, *limit;
	bool raw;
};

/* clang-format off */
#define LISTING_OPTION_ROWS(type, at, sorts, by_help, limit_help)                                 \
	OPTION_TITLE("Output"),                                                                   \
	OPTION(CHOICE, 0, "by", GROUP_BY_NAMES, type, at.by, by_help),                            \
	OPTION(CHOICE, 0, "sort", sorts, type, at.sort,                                           \
	       "sort by this; the largest counts and the latest times first"),                    \
	OPTION_CHECKED(TEXT, 0, "limit", "N", type, at.limit, listing_check_limit, limit_help),   \
	RAW_OPTION_ROW(type, at.raw)
#define RAW_OPTION_ROW(type, field)                                                               \
	OPTION(FLAG, 0, "raw", NULL, type, field,                                                 \
	       "csv: names unchanged, byte by byte; default: escape control characters, and put " \
	       "an apostrophe before a spreadsheet formula")
/* clang-format on */

/* An option_check_fn, and the number; 0: not given. */
int listing_check_limit(const char *text, struct err *err);
size_t listing_limit(const struct listing_options *options);

/* Ends a listing: r is what its report returned, how many things it listed or an error. Where a person
 * would see nothing, says that there is nothing. Returns the exit code. */
int listing_end(const struct invocation *invocation, const struct reading *reading,
		const struct selection_options *selection, int r, struct err *err);

/* Whether standard output is to be coloured: a terminal, and no NO_COLOR. */
bool reading_wants_colour(void);

/* The columns of the terminal that standard output is; 0: it is none, and lines may be of any length. */
size_t reading_columns(void);

/* --otel is about JSON. */
int reading_check_otel(const struct invocation *invocation, bool otel, struct err *err);

#endif
