#include "cli/judging.h"
#include "cli/reading.h"
#include "report/diff.h"

#include <errno.h>
#include <stdlib.h>

struct diff_options {
	struct global_options global;
	struct selection_options selection;
	struct file_options files;
	struct profile_options_given judging;
	const char *against, *by;
	bool strict, unused, require_complete, raw;
};

/* clang-format off */
static const struct option_row rows[] = {
	OPTION_TITLE("Profile"),
	PROFILE_OPTION_ROWS(struct diff_options, judging),
	OPTION(TEXT, 0, "against", "PROFILE", struct diff_options, against,
	       "only calls that this profile allows: what breaks when you change from it"),
	SELECTION_OPTION_ROWS(struct diff_options, selection),
	OPTION_TITLE("Output"),
	OPTION(CHOICE, 0, "by", GROUP_BY_NAMES, struct diff_options, by,
	       "group by one of these; default: container"),
	OPTION(FLAG, 0, "strict", NULL, struct diff_options, strict,
	       "also report ENOSYS fallbacks as differences"),
	OPTION(FLAG, 0, "unused", NULL, struct diff_options, unused,
	       "also list the syscalls that the profile allows and that were not observed"),
	OPTION(FLAG, 0, "require-complete", NULL, struct diff_options, require_complete,
	       "exit with 3 if the evidence is incomplete"),
	RAW_OPTION_ROW(struct diff_options, raw),
	OPTION_TITLE("FILEs, read without a store"),
	FILE_OPTION_ROWS(struct diff_options, files),
	GLOBAL_OPTION_ROWS(FORMAT_NAMES),
};
/* clang-format on */

/* What the callbacks of the queries need. */
struct comparison {
	struct diff *diff;
	struct judges judges, against; /* the latter unless its name is NULL */
	struct active *active;
	bool unused; /* is asked for */
	bool shows_ids;
	const struct reading *reading;
	struct err *err;
};

/* Both profiles as that container is given them; NULL: as what is in no container. */
static int find_profiles(struct comparison *comparison, const struct container *container,
			 struct profile **ret_profile, struct profile **ret_against)
{
	int r = judges_find(&comparison->judges, container, ret_profile, comparison->err);

	*ret_against = NULL;
	if (r == 0 && comparison->against.name)
		r = judges_find(&comparison->against, container, ret_against, comparison->err);
	return r;
}

static int add_container(const struct container_summary *summary, void *context)
{
	struct comparison *comparison = context;
	struct profile *profile, *against;
	int r = find_profiles(comparison, &summary->container, &profile, &against);

	if (r < 0)
		return r;
	diff_add_container(comparison->diff, summary, profile, against);
	return 0;
}

static int add_observation(const struct observation *observation, void *context)
{
	struct comparison *comparison = context;
	bool contained = observation->attribution == ATTRIBUTION_CONTAINER;
	struct profile *profile, *against;
	int r = find_profiles(comparison, contained ? &observation->container : NULL, &profile,
			      &against);

	if (r < 0)
		return r;
	diff_add_observation(comparison->diff, observation, profile, against);
	return 0;
}

static int end_part(void *context)
{
	const struct comparison *comparison = context;

	return diff_read_hours(comparison->diff, comparison->reading->store,
			       &comparison->reading->selection, comparison->err);
}

static int add_loss(const struct loss *loss, void *context)
{
	struct comparison *comparison = context;

	diff_add_loss(comparison->diff, loss);
	return 0;
}

static int compare(struct comparison *comparison, struct reading *reading,
		   struct invocation *invocation)
{
	struct store *store = reading->store;
	const struct selection *selection = &reading->selection;
	int r = active_load(store, &comparison->judges.options, &selection->syscall,
			    &comparison->active, comparison->err);

	diff_set_active(comparison->diff, comparison->active, selection);
	if (r >= 0)
		r = query_known_containers(store, selection, add_container, comparison,
					   comparison->err);

	if (r >= 0)
		r = query_observations_by_part(store, selection, add_observation, end_part,
					       comparison, comparison->err);
	if (r >= 0)
		r = diff_read_others(comparison->diff, store, selection, comparison->err);
	if (r >= 0)
		r = reading_leave_fleet(reading, invocation, comparison->err);
	if (r >= 0)
		r = query_losses(store, selection, add_loss, comparison, comparison->err);
	if (r < 0)
		return r;
	reading_add_reasons(reading, diff_evidence(comparison->diff));
	diff_evidence(comparison->diff)->shows_ids = comparison->shows_ids;
	diff_finish(comparison->diff);
	return 0;
}

static int write_diff(const struct comparison *comparison, const struct reading *reading,
		      const struct invocation *invocation, struct err *err)
{
	const struct diff_options *given = invocation->options;
	BUF_AUTO where = {0};
	const struct diff_writing writing = {
		.profile = profile_info(comparison->judges.all[0].profile),
		.against = comparison->against.name
				   ? profile_info(comparison->against.all[0].profile)
				   : (struct profile_info){0},
		.selection = &reading->selection,
		.is_fleet = !reading->one_shot && fleet_is_url(given->global.db),
		.colour = reading_wants_colour(),
		.columns = reading_columns(),
		.raw = given->raw,
		.only_differences = given->global.quiet,
		.each_group = given->global.verbose || given->by,
		.verbose = given->global.verbose,
		.where = reading_where(reading, invocation, &given->files, &where),
	};
	int r = diff_write(comparison->diff, format_from_name(given->global.format), &writing,
			   stdout);

	return r < 0 ? reading_output_failed(r, err) : 0;
}

static int conclude(const struct comparison *comparison, const struct reading *reading,
		    const struct diff_options *given)
{
	if (reading_exit_code(reading) != EXIT_FINE)
		return EXIT_TROUBLE;
	if (given->require_complete && !diff_is_complete(comparison->diff))
		return EXIT_INCOMPLETE;
	return diff_has_differences(comparison->diff) ? EXIT_DIFFERENCES : EXIT_FINE;
}

static int check(const struct invocation *invocation, struct err *err)
{
	const struct diff_options *given = invocation->options;

	if (!given->judging.profile)
		return err_set(err, EINVAL,
			       "--profile PROFILE is required: a file, or a name such as docker or "
			       "runtime-default");
	if (strcmp(given->judging.profile, "-") != 0)
		return 0;
	for (size_t i = 0; i < invocation->operand_count; i++)
		if (strcmp(invocation->operands[i], "-") == 0)
			return err_set(err, EINVAL, "`-` cannot be both the profile and a FILE");
	return 0;
}

static int diff_everything(struct invocation *invocation, struct comparison *comparison,
			   struct err *err)
{
	struct diff_options *given = invocation->options;
	READING_AUTO reading = {.by_part = true, .needs_hours = given->global.verbose};
	struct profile *profile;
	/* The profile first: a mistake in it shows before long reading. */
	int r = judges_find(&comparison->judges, NULL, &profile, err);

	if (r == 0 && comparison->against.name)
		r = judges_find(&comparison->against, NULL, &profile, err);
	if (r < 0)
		return r;
	if (!given->global.quiet)
		judges_warn_of_lint(&comparison->judges);
	r = reading_open(&reading, invocation, &given->selection, &given->files, err);
	comparison->reading = &reading;
	if (r == 0)
		r = compare(comparison, &reading, invocation);
	if (r == 0)
		r = write_diff(comparison, &reading, invocation, err);
	return r < 0 ? r : conclude(comparison, &reading, given);
}

static int run(struct invocation *invocation, struct err *err)
{
	const struct diff_options *given = invocation->options;
	struct comparison comparison = {
		.unused = given->unused && !given->global.quiet,
		.shows_ids = given->global.verbose,
		.err = err,
	};
	struct profile_options_given old = given->judging;
	int r = judges_init(&comparison.judges, &given->judging, err);

	old.profile = given->against;
	if (r == 0)
		r = judges_init(&comparison.against, &old, err);
	invocation->misused = r < 0;
	if (r < 0)
		return r;
	comparison.judges.db = given->global.db;
	comparison.against.db = given->global.db;
	invocation->looks_at_processes =
		judges_look_at_processes(&comparison.judges) ||
		(given->against && judges_look_at_processes(&comparison.against));
	r = judges_acquire(&comparison.judges, err);
	if (r == 0 && given->against)
		r = judges_acquire(&comparison.against, err);
	if (r == 0)
		r = invocation_sandbox(invocation, err);
	if (r == 0) {
		comparison.diff = diff_new(group_by_from_name(given->by), given->strict);
		if (comparison.unused)
			diff_ask_unused(comparison.diff);
		if (given->global.verbose)
			diff_ask_runs(comparison.diff);
		r = diff_everything(invocation, &comparison, err);
		diff_free(comparison.diff);
		active_free(comparison.active);
	}
	judges_release(&comparison.judges);
	judges_release(&comparison.against);
	return r;
}

const struct command command_diff = {
	.name = "diff",
	.summary = "observed syscalls that a profile would not allow",
	.synopsis = "--profile PROFILE [OPTION...] [FILE...]",
	.examples =
		{
			{"sclog diff --profile web.json --container web",
			 "what web.json would break in the container web"},
			{"sclog diff --profile docker@29 --against docker@28 --by workload",
			 "what an upgrade of Docker would break that works today"},
			{"sclog diff --profile web.json audit.log",
			 "read a log file instead of the store"},
		},
	.description =
		"Shows what the kernel would do under the profile with the syscalls that were "
		"observed, in the store or in FILEs: refused; logged (allowed, but only to be "
		"logged); falls back (refused with ENOSYS, so that programs use something else); "
		"conditional (allowed for some arguments; records carry no arguments). A call "
		"that was refused when it was made counts, too: the workload needs it. It also "
		"shows how complete the evidence is.\nExit status: 0 if nothing is missing, 1 if "
		"something is refused or only logged, 2 on error, 3 with --require-complete if "
		"the evidence is incomplete.",
	.table = {rows, sizeof(rows) / sizeof(*rows)},
	.options_size = sizeof(struct diff_options),
	.sandbox = SANDBOX_READ,
	.help_more = selection_help,
	.reads_fleet = true,
	.check = check,
	.run = run,
};
