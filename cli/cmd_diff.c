#include "cli/message.h"
#include "cli/reading.h"
#include "report/diff.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

struct diff_options {
	struct global_options global;
	struct selection_options selection;
	struct file_options files;
	const char *profile, *loader, *runtime, *caps, *kernel, *by;
	struct option_list cap_add, cap_drop;
	bool strict, require_complete;
};

/* clang-format off */
static const struct option_row rows[] = {
	OPTION_TITLE("Profile"),
	OPTION(TEXT, 0, "profile", "FILE", struct diff_options, profile,
	       "the seccomp profile to judge by (`-`: standard input)"),
	OPTION(CHOICE, 0, "loader", "auto|docker|podman|oci", struct diff_options, loader,
	       "who reads the profile; default auto, by its shape"),
	OPTION(CHOICE, 0, "runtime", "runc|crun", struct diff_options, runtime,
	       "who builds the filter; default runc"),
	OPTION(TEXT, 0, "caps", "CAP[,CAP...]", struct diff_options, caps,
	       "capabilities that the profile's conditions see; default the container's own where "
	       "known, else Docker's 14"),
	OPTION(LIST, 0, "cap-add", "CAP[,CAP...]", struct diff_options, cap_add,
	       "and these, as `docker run --cap-add`"),
	OPTION(LIST, 0, "cap-drop", "CAP[,CAP...]", struct diff_options, cap_drop,
	       "but not these, as `docker run --cap-drop`"),
	OPTION(TEXT, 0, "kernel", "N.M", struct diff_options, kernel,
	       "kernel version that the profile's conditions see; default this host's"),
	SELECTION_OPTION_ROWS(struct diff_options, selection),
	OPTION_TITLE("Answer"),
	OPTION(CHOICE, 0, "by", GROUP_BY_NAMES, struct diff_options, by,
	       "one answer for each of these; default container"),
	OPTION(FLAG, 0, "strict", NULL, struct diff_options, strict,
	       "a refusal with ENOSYS that programs fall back from is a difference too"),
	OPTION(FLAG, 0, "require-complete", NULL, struct diff_options, require_complete,
	       "exit with 3 when the evidence is not complete"),
	OPTION_TITLE("FILEs, read without a store"),
	FILE_OPTION_ROWS(struct diff_options, files),
	GLOBAL_OPTION_ROWS(FORMAT_NAMES),
};
/* clang-format on */

/* Sets of capabilities that containers of one diff may have between them. */
#define JUDGES_MAX 64

/*
 * The profile, resolved once for each set of capabilities that the containers have: a rule may
 * ask for a capability, so that two containers can get two answers.
 */
struct judges {
	const struct diff_options *given;
	struct profile_options options;
	bool has_caps; /* --caps: the containers' own do not matter */
	caps add, drop;
	struct judge {
		caps caps;
		struct profile *profile;
	} all[JUDGES_MAX];
	size_t count;
};

static void judges_release(struct judges *judges)
{
	for (size_t i = 0; i < judges->count; i++)
		profile_free(judges->all[i].profile);
}

static int parse_caps(const char *option, const char *list, caps *ret_caps, struct err *err)
{
	int r = caps_parse(list, ret_caps, err);

	if (r < 0)
		err_prefix(err, "--%s", option);
	return r;
}

static int parse_caps_list(const char *option, const struct option_list *lists, caps *ret_caps,
			   struct err *err)
{
	for (size_t i = 0; i < lists->count; i++) {
		caps some;
		int r = parse_caps(option, lists->values[i], &some, err);

		if (r < 0)
			return r;
		*ret_caps |= some;
	}
	return 0;
}

/* "5.10", and what uname(1) says: "5.10.0-28-amd64". */
static int parse_kernel(const char *text, struct profile_options *options, struct err *err)
{
	char rest;
	int n = sscanf(text, "%4u.%4u%c", &options->kernel_major, &options->kernel_minor, &rest);

	if (n == 2 || (n == 3 && rest == '.'))
		return 0;
	return err_set(err, EINVAL, "--kernel: '%s' is no version; write it as 5.10", text);
}

/* The words were checked by the option table. */
static int judges_init(struct judges *judges, const struct diff_options *given, struct err *err)
{
	struct profile_options *options = &judges->options;
	int r = 0;

	judges->given = given;
	*options = profile_options_default();
	if (given->loader && strcmp(given->loader, "auto") != 0)
		loader_from_name(str_from(given->loader), &options->loader);
	if (given->runtime)
		runtime_from_name(str_from(given->runtime), &options->runtime);
	judges->has_caps = given->caps != NULL;
	if (given->caps)
		r = parse_caps("caps", given->caps, &options->caps, err);
	if (r == 0)
		r = parse_caps_list("cap-add", &given->cap_add, &judges->add, err);
	if (r == 0)
		r = parse_caps_list("cap-drop", &given->cap_drop, &judges->drop, err);
	if (r == 0 && given->kernel)
		r = parse_kernel(given->kernel, options, err);
	return r;
}

/* As moby's TweakCapabilities(): ALL added is all but the dropped; otherwise adding comes last. */
static caps tweak(const struct judges *judges, caps base)
{
	caps every = 0;

	caps_from_name(STR("ALL"), &every);
	if ((judges->add & every) == every)
		return every & ~judges->drop;
	return (base & ~judges->drop) | judges->add;
}

static int load(struct judges *judges, caps wanted, struct profile **ret_profile, struct err *err)
{
	struct profile_options options = judges->options;

	if (judges->count == JUDGES_MAX)
		return err_set(
			err, E2BIG,
			"the containers have more than %d sets of capabilities between them: "
			"select fewer, or say --caps",
			JUDGES_MAX);
	options.caps = wanted;
	int r = profile_load(judges->given->profile, &options, ret_profile, err);

	if (r == 0)
		judges->all[judges->count++] = (struct judge){wanted, *ret_profile};
	return r;
}

/* The profile for one container's capabilities; NULL for the default ones. */
static int judges_find(struct judges *judges, const struct container *container,
		       struct profile **ret_profile, struct err *err)
{
	bool own = container && container->has_caps && !judges->has_caps;
	caps wanted = tweak(judges, own ? container->caps : judges->options.caps);

	for (size_t i = 0; i < judges->count; i++) {
		if (judges->all[i].caps == wanted) {
			*ret_profile = judges->all[i].profile;
			return 0;
		}
	}
	return load(judges, wanted, ret_profile, err);
}

static void warn_of_lint(const struct profile *profile)
{
	const char *given = profile_info(profile).source;
	const char *source = strcmp(given, "-") == 0 ? "standard input" : given;
	size_t count;
	const struct lint *lint = profile_lint(profile, &count);

	for (size_t i = 0; i < count; i++)
		message_warning("%s: %s%s%s", source, lint[i].where ? lint[i].where : "",
				lint[i].where ? ": " : "", lint[i].message);
}

/* What the callbacks of the queries need. */
struct comparison {
	struct diff *diff;
	struct judges judges;
	struct err *err;
};

static int add_container(const struct container_summary *summary, void *context)
{
	struct comparison *comparison = context;

	diff_add_container(comparison->diff, &summary->container, summary->node);
	return 0;
}

static int add_observation(const struct observation *observation, void *context)
{
	struct comparison *comparison = context;
	bool contained = observation->attribution == ATTRIBUTION_CONTAINER;
	struct profile *profile;
	int r = judges_find(&comparison->judges, contained ? &observation->container : NULL,
			    &profile, comparison->err);

	if (r < 0)
		return r;
	diff_add_observation(comparison->diff, observation, profile);
	return 0;
}

static int add_loss(const struct loss *loss, void *context)
{
	struct comparison *comparison = context;

	diff_add_loss(comparison->diff, loss);
	return 0;
}

/* What only reading the FILEs can know. */
static void add_reading(struct diff *diff, const struct reading *reading)
{
	const struct feed_counts *counts = &reading->counts;

	if (counts->failed)
		diff_add_reason(diff, "%" PRIu64 " input%s could not be read to the end",
				counts->failed, counts->failed == 1 ? "" : "s");
	if (counts->without_serial)
		diff_add_reason(diff,
				"%" PRIu64 " record%s came without a serial: what was lost between "
				"them cannot be seen, and one may be counted twice",
				counts->without_serial, counts->without_serial == 1 ? "" : "s");
}

static int compare(struct comparison *comparison, const struct reading *reading)
{
	struct store *store = reading->store;
	const struct selection *selection = &reading->selection;
	int r = query_containers(store, selection, add_container, comparison, comparison->err);

	if (r >= 0)
		r = query_observations(store, selection, add_observation, comparison,
				       comparison->err);
	if (r >= 0)
		r = query_losses(store, selection, add_loss, comparison, comparison->err);
	if (r < 0)
		return r;
	add_reading(comparison->diff, reading);
	diff_finish(comparison->diff);
	return 0;
}

static int write_diff(const struct comparison *comparison, const struct reading *reading,
		      const struct diff_options *given, struct err *err)
{
	bool incomplete = given->require_complete && !diff_is_complete(comparison->diff);
	const struct diff_writing writing = {
		.profile = profile_info(comparison->judges.all[0].profile),
		.selection = &reading->selection,
		.colour = reading_wants_colour(),
		.only_differences = given->global.quiet,
		.evidence = !given->global.quiet || incomplete,
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

static int check(struct invocation *invocation, const struct diff_options *given, struct err *err)
{
	if (!given->profile)
		return err_set(err, EINVAL,
			       "no profile given: --profile FILE says what to judge by");
	if (strcmp(given->profile, "-") != 0)
		return 0;
	for (size_t i = 0; i < invocation->operand_count; i++)
		if (strcmp(invocation->operands[i], "-") == 0)
			return err_set(err, EINVAL,
				       "standard input cannot be both the profile and a FILE");
	return 0;
}

static int diff_everything(struct invocation *invocation, struct comparison *comparison,
			   struct err *err)
{
	struct diff_options *given = invocation->options;
	READING_AUTO reading = {0};
	struct profile *profile;
	/* The profile first: a mistake in it shows before long reading. */
	int r = judges_find(&comparison->judges, NULL, &profile, err);

	if (r < 0)
		return r;
	if (!given->global.quiet)
		warn_of_lint(profile);
	r = reading_open(&reading, invocation, &given->selection, &given->files, err);
	if (r == 0)
		r = compare(comparison, &reading);
	if (r == 0)
		r = write_diff(comparison, &reading, given, err);
	return r < 0 ? r : conclude(comparison, &reading, given);
}

static int run(struct invocation *invocation, struct err *err)
{
	const struct diff_options *given = invocation->options;
	struct comparison comparison = {.err = err};
	int r = check(invocation, given, err);

	if (r == 0)
		r = invocation_sandbox(invocation, err);
	if (r == 0)
		r = judges_init(&comparison.judges, given, err);
	if (r < 0) {
		invocation->misused = true;
		return r;
	}
	comparison.diff = diff_new(group_by_from_name(given->by), given->strict);
	r = diff_everything(invocation, &comparison, err);
	diff_free(comparison.diff);
	judges_release(&comparison.judges);
	return r;
}

const struct command command_diff = {
	.name = "diff",
	.summary = "observed syscalls that a profile would not allow",
	.synopsis = "--profile FILE [OPTION...] [FILE...]",
	.description =
		"Judges what was observed, in the store or in FILEs, by what the kernel would "
		"do under the profile: missing (refused), logged (let through only to be "
		"logged), fallback (refused with ENOSYS on purpose), conditional (allowed for "
		"some arguments, of which a record carries none) - and says how complete the "
		"evidence is.\n"
		"Exits with 0 when nothing is missing, 1 when something is missing or logged, "
		"2 on trouble, 3 with --require-complete when the evidence is not complete.",
	.table = {rows, sizeof(rows) / sizeof(*rows)},
	.options_size = sizeof(struct diff_options),
	.help_more = selection_help,
	.run = run,
};
