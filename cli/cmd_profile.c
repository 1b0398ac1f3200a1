#include "cli/profile_private.h"

#include "base/mem.h"
#include "report/message.h"
#include "ingest/action.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* clang-format off */
static const struct option_row rows[] = {
	OPTION_TITLE("What the profile does"),
	OPTION(TEXT, 0, "default-action", "ACTION", struct profile_given, default_action,
	       "action for what was not observed: ERRNO (the default), KILL_PROCESS, LOG ..."),
	OPTION(TEXT, 0, "errno", "ERRNO", struct profile_given, errno_ret,
	       "the errno that a refused call returns; default: ENOSYS, so that libraries use "
	       "something else"),
	OPTION(COMMA_LIST, 0, "phase", "PHASE[,PHASE...]", struct profile_given, phases,
	       "use only calls of these phases: application, setup (the runtime prepares the "
	       "container), exec (processes added later); default: all"),
	OPTION(FLAG, 0, "sub-arches", NULL, struct profile_given, sub_arches,
	       "also add the architectures that the same hosts can run: x86 and x32 for "
	       "x86_64"),
	OPTION(FLAG, 0, "no-always", NULL, struct profile_given, no_always,
	       "do not add calls that any program or runtime may need"),
	OPTION_TITLE("Base profiles"),
	OPTION(TEXT, 0, "base", "FILE", struct profile_given, base,
	       "add to this profile (a file, container:NAME, pid:N ...); what it allows "
	       "stays allowed"),
	OPTION(MAYBE_LIST, 0, "merge", "FILE", struct profile_given, merge,
	       "merge the FILEs that are profiles, and the selected containers, into one"),
	OPTION(FLAG, 0, "widen", NULL, struct profile_given, widen,
	       "allow observed calls for all arguments, even if a base allows them for some "
	       "arguments or answers ENOSYS"),
	PROFILE_LOADING_ROWS(struct profile_given, judging),
	SELECTION_OPTION_ROWS(struct profile_given, selection),
	OPTION_TITLE("Output"),
	OPTION(CHOICE, 0, "by", GROUP_BY_NAMES, struct profile_given, by,
	       "write one profile for each of these into the directory -o"),
	OPTION(TEXT, 0, "shared", "NUMBER", struct profile_given, shared,
	       "write at most NUMBER profiles that workloads (or groups of --by) share, with few "
	       "unneeded calls; without -o only show the assignment"),
	OPTION(TEXT, 'o', "output", "FILE", struct profile_given, output,
	       "write FILE atomically; with --by and --shared a directory"),
	OPTION(FLAG, 0, "force", NULL, struct profile_given, force,
	       "replace existing files"),
	OPTION(TEXT, 0, "name", "NAME", struct profile_given, name,
	       "the name of a SeccompProfile; default: its container's name"),
	OPTION(FLAG, 0, "require-complete", NULL, struct profile_given, require_complete,
	       "write nothing and exit with 3 if the evidence is incomplete"),
	OPTION_TITLE("FILEs, read without a store"),
	FILE_OPTION_ROWS(struct profile_given, files),
	GLOBAL_OPTION_ROWS(FORM_NAMES),
};
/* clang-format on */

/* Groups that a message names before it only counts them. */
#define NAMED_MAX 5

/* Bytes of one such name, and of all before no other follows. */
#define NAME_BYTES  80
#define NAMED_BYTES 140

struct profiling {
	struct invocation *invocation;
	const struct profile_given *given;
	struct making making;
	struct bases bases;
	struct reading reading;
	struct recording *recording;
	size_t shared; /* --shared, or 0 */
	struct err *err;
};

/* --- recording */

static int add_container(const struct container_summary *summary, void *recording)
{
	recording_add_container(recording, summary);
	return 0;
}

static int add_observation(const struct observation *observation, void *context)
{
	const struct profiling *profiling = context;

	recording_add_observation(profiling->recording, observation);
	return 0;
}

static int end_part(void *context)
{
	const struct profiling *profiling = context;

	return recording_read_hours(profiling->recording, profiling->reading.store,
				    &profiling->reading.selection, profiling->err);
}

static int add_loss(const struct loss *loss, void *recording)
{
	recording_add_loss(recording, loss);
	return 0;
}

static enum group_by group_by_of(const struct profile_given *given)
{
	if (given->by)
		return group_by_from_name(given->by);
	if (given->shared)
		return GROUP_BY_WORKLOAD;
	return given->merge.count ? GROUP_BY_ALL : GROUP_BY_RUNS;
}

static int record(struct profiling *profiling)
{
	struct store *store = profiling->reading.store;
	const struct selection *selection = &profiling->reading.selection;

	profiling->recording =
		recording_new(group_by_of(profiling->given), profiling->making.phases,
			      selection->host || selection->unattributed);
	int r = query_known_containers(store, selection, add_container, profiling->recording,
				       profiling->err);

	if (r >= 0)
		r = query_observations_by_part(store, selection, add_observation, end_part,
					       profiling, profiling->err);
	if (r >= 0)
		r = reading_leave_fleet(&profiling->reading, profiling->invocation, profiling->err);
	if (r >= 0)
		r = query_losses(store, selection, add_loss, profiling->recording, profiling->err);
	if (r < 0)
		return r;
	reading_add_reasons(&profiling->reading, recording_evidence(profiling->recording));
	recording_finish(profiling->recording);
	profiling->making.recording = profiling->recording;
	return 0;
}

/* --- what a profile may be made of */

static bool on_one_node(struct recorded_group *const *groups, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (!str_eq(groups[i]->key.values[GROUP_NODE], groups[0]->key.values[GROUP_NODE]))
			return false;
	return true;
}

/* Names are of any length, and the message has to end in what to do. */
static void put_short(struct buf *names, const struct recorded_group *group, bool with_node)
{
	struct str node = group->key.values[GROUP_NODE];
	BUF_AUTO name = {0};

	group_key_put(&name, &group->key);
	if (with_node)
		buf_format(&name, " on %.*s", (int)node.n, node.p);
	size_t n = name.n < NAME_BYTES ? name.n : NAME_BYTES;

	/* not within a character of UTF-8 */
	while (n && n < name.n && ((unsigned char)name.p[n] & 0xc0) == 0x80)
		n--;
	buf_put_str(names, str_of(name.p, n));
	buf_put_str(names, n < name.n ? STR("...") : STR(""));
}

static int refuse_mixture(struct profiling *profiling, struct recorded_group *const *groups,
			  size_t count)
{
	bool one_node = on_one_node(groups, count);
	BUF_AUTO names = {0};
	size_t named = 0;

	while (named < count && named < NAMED_MAX && names.n < NAMED_BYTES) {
		buf_put_str(&names, named ? STR(", ") : STR(""));
		put_short(&names, groups[named++], !one_node);
	}
	if (count > named)
		buf_format(&names, " and %zu more", count - named);
	return err_set(profiling->err, EINVAL,
		       "the selection has %zu containers: %s. Choose one with %s, write one "
		       "profile for each with --by name -o DIR, or merge them with --merge",
		       count, names.p, one_node ? "--container" : "--container and --node");
}

static const char *when(const struct profiling *profiling)
{
	return profiling->making.phases == RECORDING_ALL_PHASES ? "" : " and those phases";
}

static int refuse_nothing(struct profiling *profiling, const struct recorded_group *group)
{
	BUF_AUTO label = {0};

	if (group)
		group_key_put(&label, &group->key);
	return err_set(profiling->err, ENODATA,
		       "nothing was observed in this selection%s%s%.200s; nothing written. Run the "
		       "workload under a profile that logs everything (defaultAction SCMP_ACT_LOG) "
		       "while `sclog watch` runs, or read its log with `sclog ingest`; `sclog "
		       "containers` lists the known containers",
		       when(profiling), group ? ", of " : "", group ? label.p : "");
}

/* Said of each group already; what was observed there is not nothing. */
static int refuse_unnamed(struct profiling *profiling)
{
	return err_set(profiling->err, ENODATA,
		       "no %s is known for anything in this selection; nothing written. Try "
		       "--by name",
		       profiling->given->by ? profiling->given->by : "workload");
}

/*
 * A record stands for a call that the profile in force logged. Where that profile allowed others
 * in silence, they are needed as well, and only a base knows them.
 */
static int check_coverage(struct profiling *profiling, const struct recorded_group *group)
{
	BUF_AUTO label = {0};

	group_key_put(&label, &group->key);
	if (group->coverage == COVERAGE_UNKNOWN && !profiling->given->global.quiet)
		message_warning("coverage unknown for %s: %s. The profile may lack calls that were "
				"not logged; if the log has everything, read it with `sclog ingest "
				"--coverage full`",
				label.p, evidence_of_coverage(group->coverage));
	if (group->coverage == COVERAGE_UNKNOWN || group->coverage == COVERAGE_FULL ||
	    profiling->bases.count)
		return 0;
	return err_set(profiling->err, EINVAL,
		       "coverage %s for %.200s: %s. The log shows only part of what it "
		       "needs; name the profile that was active (or the original of the "
		       "log-mode profile) with --base FILE",
		       coverage_name(group->coverage), label.p,
		       evidence_of_coverage(group->coverage));
}

static int check_group(struct profiling *profiling, const struct recorded_group *group)
{
	if (group->needs.count == 0 && group->needs.unnamed_count)
		return err_set(profiling->err, ENODATA,
			       "the observed syscalls have no name here (the first is number "
			       "%" PRId32 "): no profile can allow them",
			       group->needs.unnamed[0].nr);
	if (group->needs.count == 0 && profiling->bases.count == 0)
		return refuse_nothing(profiling, group);
	return check_coverage(profiling, group);
}

/* --- products */

static bool is_complete(const struct profiling *profiling, const struct recorded_group *group)
{
	BUF_AUTO label = {0};

	if (!profiling->given->require_complete ||
	    recorded_is_complete(profiling->recording, group))
		return true;
	json_t *evidence = recorded_evidence(profiling->recording, group);
	const json_t *reasons = json_object_get(evidence, "reasons");

	group_key_put(&label, &group->key);
	message_error("the evidence for %s is incomplete; nothing written:", label.p);
	for (size_t i = 0; i < json_array_size(reasons); i++)
		message_error("  %s", json_string_value(json_array_get(reasons, i)));
	json_decref(evidence);
	return false;
}

static bool is_observed(const struct recorded_group *group)
{
	return group->needs.count || group->needs.unnamed_count;
}

/* Groups that logged nothing get no file where others get theirs, nor do those that nobody could
 * name: their containers have only in common that something is not known of them. */
static bool has_file(const struct profiling *profiling, const struct recorded_group *group)
{
	BUF_AUTO label = {0};
	bool observed = is_observed(group);

	if (observed && group_key_is_named(&group->key))
		return true;
	group_key_put(&label, &group->key);
	if (!profiling->given->global.quiet)
		message_warning("%s: %s", label.p,
				observed ? "its name is not known, and its containers may "
					   "differ: skipped (try --by name)"
					 : "nothing was observed: skipped");
	return false;
}

static int make_each(struct profiling *profiling, struct product *products, size_t count)
{
	bool complete = true;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		complete = is_complete(profiling, products[i].group) && complete;
		r = check_group(profiling, products[i].group);
		if (r == 0)
			r = product_make(&profiling->making, &products[i], profiling->err);
	}
	if (r < 0)
		return r;
	return complete ? EXIT_FINE : EXIT_INCOMPLETE;
}

/* Groups that get a file; the array is the caller's to free. */
static struct recorded_group **groups_with_files(const struct profiling *profiling,
						 struct recorded_group *groups, size_t count,
						 size_t *ret_count, size_t *ret_observed)
{
	struct recorded_group **all = mem_new(count + 1, sizeof(struct recorded_group *));

	*ret_count = *ret_observed = 0;
	for (size_t i = 0; i < count; i++) {
		*ret_observed += is_observed(&groups[i]);
		if (has_file(profiling, &groups[i]))
			all[(*ret_count)++] = &groups[i];
	}
	return all;
}

static int write_products(struct profiling *profiling, struct product *products, size_t count)
{
	enum form form = profiling->making.form;

	products_number(products, count, form);
	int r = make_each(profiling, products, count);

	return r == EXIT_FINE
		       ? products_write(products, count, form, profiling->given, profiling->err)
		       : r;
}

static int write_each(struct profiling *profiling, struct recorded_group **groups, size_t count)
{
	struct product *products = mem_new(count + 1, sizeof(*products));

	for (size_t i = 0; i < count; i++)
		products[i] = product_of(groups[i]);
	int r = write_products(profiling, products, count);

	for (size_t i = 0; i < count; i++)
		product_release(&products[i]);
	free(products);
	return r;
}

/* --- shared profiles */

static int write_joined(struct profiling *profiling, const struct sharing *sharing)
{
	const struct profile_given *given = profiling->given;
	size_t count = sharing->partition.part_count;
	MEM_AUTO struct recorded_group **joined =
		mem_new(count + 1, sizeof(struct recorded_group *));

	for (size_t i = 0; i < count; i++)
		joined[i] = &sharing->joined[i];
	int r = sharing_check_file(given, profiling->err);

	if (r == 0)
		r = write_each(profiling, joined, count);
	if (r == EXIT_FINE)
		r = sharing_write_file(sharing, profiling->making.form, given, profiling->err);
	return r;
}

static int write_shared(struct profiling *profiling, struct recorded_group **groups, size_t count)
{
	struct sharing sharing = {.groups = NULL};
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++) {
		/* else the profiles are checked */
		r = profiling->given->output ? 0 : check_group(profiling, groups[i]);
		making_complete(&profiling->making, groups[i]);
	}
	if (r == 0)
		r = sharing_find(&sharing, groups, count, profiling->shared, profiling->err);
	if (r == 0 && profiling->given->output)
		r = write_joined(profiling, &sharing);
	if (r == 0 && !profiling->given->global.quiet)
		sharing_write_text(&sharing, stdout);
	sharing_release(&sharing);
	return r;
}

static int write_several(struct profiling *profiling, struct recorded_group *groups, size_t count)
{
	size_t made, observed;
	MEM_AUTO struct recorded_group **all =
		groups_with_files(profiling, groups, count, &made, &observed);

	if (made)
		return profiling->shared ? write_shared(profiling, all, made)
					 : write_each(profiling, all, made);
	return observed ? refuse_unnamed(profiling) : refuse_nothing(profiling, NULL);
}

static int write_one(struct profiling *profiling, struct recorded_group *group)
{
	int r = group ? check_group(profiling, group) : 0;

	if (r == 0 && group && !is_complete(profiling, group))
		return EXIT_INCOMPLETE;
	struct product product = product_of(group);

	if (r == 0)
		r = product_make(&profiling->making, &product, profiling->err);
	if (r == 0)
		r = product_write(&product, profiling->given, profiling->err);
	if (r == 0 && profiling->given->output && !profiling->given->global.quiet)
		message_note("%s: %s", profiling->given->output, product.summary);
	product_release(&product);
	return r;
}

static bool wants_folder(const struct profile_given *given)
{
	return given->by && group_by_from_name(given->by) != GROUP_BY_ALL;
}

static void warn_of_outside(const struct profiling *profiling)
{
	uint64_t outside = recording_outside(profiling->recording);

	if (outside && !profiling->given->global.quiet)
		message_warning("skipped %" PRIu64 " record%s no container (select them with "
				"--unattributed or --host)",
				outside, outside == 1 ? " that belongs to" : "s that belong to");
}

/* Those of which something was observed in the selection; the array is the caller's to free. */
static struct recorded_group **observed_groups(struct recorded_group *groups, size_t count,
					       size_t *ret_count)
{
	struct recorded_group **observed = mem_new(count + 1, sizeof(struct recorded_group *));

	*ret_count = 0;
	for (size_t i = 0; i < count; i++)
		if (is_observed(&groups[i]))
			observed[(*ret_count)++] = &groups[i];
	return observed;
}

static int write_recorded(struct profiling *profiling)
{
	size_t count, observed_count;
	struct recorded_group *groups = recording_groups(profiling->recording, &count);
	MEM_AUTO struct recorded_group **observed = observed_groups(groups, count, &observed_count);

	warn_of_outside(profiling);
	if (profiling->shared || wants_folder(profiling->given))
		return write_several(profiling, groups, count);
	if (observed_count > 1)
		return refuse_mixture(profiling, observed, observed_count);
	if (observed_count == 1)
		return write_one(profiling, observed[0]);
	return refuse_nothing(profiling, count == 1 ? &groups[0] : NULL);
}

/* --- the way of the data */

/* Profiles to join and nothing said of observations: then none are meant. */
static bool is_merge_alone(const struct profiling *profiling)
{
	return profiling->bases.count > (size_t)profiling->bases.has_base &&
	       !profiling->bases.log_count && !profiling->given->by && !profiling->shared &&
	       !selection_is_given(&profiling->given->selection);
}

/* What is about observations would be ignored where none are asked for, and one of these promises
 * that the evidence is complete. */
static int refuse_without_observations(struct profiling *profiling)
{
	const struct profile_given *given = profiling->given;
	const char *option = given->require_complete ? "require-complete"
			     : given->phases.count   ? "phase"
			     : given->sub_arches     ? "sub-arches"
						     : NULL;

	if (!option)
		return 0;
	profiling->invocation->misused = true;
	return err_set(profiling->err, EINVAL,
		       "--%s needs observations, but only profiles are being merged: add a "
		       "selection, --by, or a log file",
		       option);
}

static int read_and_write(struct profiling *profiling)
{
	struct profile_given *given = profiling->invocation->options;
	struct invocation logs = *profiling->invocation;

	logs.operands = profiling->bases.logs;
	logs.operand_count = profiling->bases.log_count;
	profiling->reading = (struct reading){.by_part = true, .needs_hours = true};
	int r = reading_open(&profiling->reading, &logs, &given->selection, &given->files,
			     profiling->err);

	profiling->invocation->misused = logs.misused;
	profiling->invocation->uses_fleet = logs.uses_fleet;
	if (r == 0 && reading_exit_code(&profiling->reading) != EXIT_FINE)
		r = err_set(profiling->err, EIO,
			    "some FILEs could not be read completely; nothing written");
	if (r == 0)
		r = record(profiling);
	return r < 0 ? r : write_recorded(profiling);
}

static int make(struct profiling *profiling)
{
	struct profile *profiles[BASES_MAX];
	/* The bases first: a mistake in one shows before long reading. */
	int r = bases_load(&profiling->bases, NULL, profiles, profiling->err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < profiling->bases.count && !profiling->given->global.quiet; i++)
		judges_warn_of_lint(&profiling->bases.all[i]);
	if (!is_merge_alone(profiling))
		return read_and_write(profiling);
	r = refuse_without_observations(profiling);
	return r < 0 ? r : write_one(profiling, NULL);
}

/* How a base is resolved; said of none, it would be ignored. */
static int refuse_judging(const struct profile_given *given, struct err *err)
{
	const struct profile_options_given *judging = &given->judging;
	const char *option = judging->loader           ? "loader"
			     : judging->caps           ? "caps"
			     : judging->cap_add.count  ? "cap-add"
			     : judging->cap_drop.count ? "cap-drop"
			     : judging->kernel         ? "kernel"
						       : NULL;

	if (!option)
		return 0;
	return err_set(err, EINVAL, "--%s applies only with --base or --merge", option);
}

#define SHARED_MAX 1000

static int check_shared(struct profiling *profiling)
{
	const struct profile_given *given = profiling->given;
	char *end;
	unsigned long number = strtoul(given->shared, &end, 10);

	if (*end || !isdigit((unsigned char)given->shared[0]) || number < 1 || number > SHARED_MAX)
		return err_set(profiling->err, EINVAL,
			       "--shared: '%s' is not a number from 1 to %d", given->shared,
			       SHARED_MAX);
	if (given->by && !wants_folder(given))
		return err_set(profiling->err, EINVAL,
			       "--shared cannot be combined with --by %s: it is for several groups",
			       given->by);
	if (given->name)
		return err_set(profiling->err, EINVAL,
			       "--name names one profile, but --shared writes several: remove one "
			       "of them");
	profiling->shared = number;
	return 0;
}

static int check(struct profiling *profiling)
{
	const struct profile_given *given = profiling->given;
	unsigned standard_inputs = given->base && strcmp(given->base, "-") == 0;

	for (size_t i = 0; i < profiling->invocation->operand_count; i++)
		standard_inputs += strcmp(profiling->invocation->operands[i], "-") == 0;
	for (size_t i = 0; i < given->merge.count; i++)
		standard_inputs += strcmp(given->merge.values[i], "-") == 0;
	if (standard_inputs > 1)
		return err_set(profiling->err, EINVAL,
			       "`-` is given more than once: standard input can be read only "
			       "once");
	if (given->shared && check_shared(profiling) < 0)
		return -EINVAL;
	if (wants_folder(given) && !given->shared &&
	    (!given->output || strcmp(given->output, "-") == 0))
		return err_set(profiling->err, EINVAL,
			       "--by %s writes several files: give a directory with -o DIR",
			       given->by);
	if (wants_folder(given) && given->name)
		return err_set(profiling->err, EINVAL,
			       "--name names one profile, but --by %s writes several: remove "
			       "one of them",
			       given->by);
	if (given->widen && !given->base && given->merge.count == 0)
		return err_set(profiling->err, EINVAL, "--widen requires --base or --merge");
	if (!given->base && given->merge.count == 0 && refuse_judging(given, profiling->err) < 0)
		return -EINVAL;
	return making_init(&profiling->making, given, profiling->err);
}

static int run(struct invocation *invocation, struct err *err)
{
	struct profiling profiling = {
		.invocation = invocation, .given = invocation->options, .err = err};
	int r = check(&profiling);

	if (r < 0) {
		invocation->misused = true;
		return r;
	}
	profiling.making.bases = &profiling.bases;
	invocation->output = profiling.given->output;
	r = bases_acquire(&profiling.bases, profiling.given, invocation, err);
	if (r == 0) {
		for (size_t i = 0; i < profiling.bases.count; i++)
			invocation->looks_at_processes |=
				judges_look_at_processes(&profiling.bases.all[i]);
		r = invocation_sandbox(invocation, err);
	}
	if (r == 0)
		r = make(&profiling);
	recording_free(profiling.recording);
	reading_close(&profiling.reading);
	making_release(&profiling.making);
	bases_release(&profiling.bases);
	return r;
}

const struct command command_profile = {
	.name = "profile",
	.summary = "write the profile that the observations need",
	.synopsis = "[OPTION...] [FILE...]",
	.examples =
		{
			{"sclog profile --container web -o web.json",
			 "write the profile that the container web needs"},
			{"sclog profile --container web --base base.json",
			 "add what the container web needs to an existing profile"},
			{"sclog profile --by name -o profiles",
			 "write one profile for each container name into the directory profiles"},
		},
	.description =
		"Writes the smallest seccomp profile that allows what was observed, in "
		"the store or in FILEs, alone or added to other profiles. It is checked before "
		"it is written: it allows every observed call, and nothing else except calls "
		"that a base allows or an option adds. Its origin is recorded in x-sclog: "
		"window, records, containers, losses.\nExit status: 0; 2 on error, and if "
		"nothing was observed; 3 with --require-complete if the evidence is incomplete.",
	.table = {rows, sizeof(rows) / sizeof(*rows)},
	.options_size = sizeof(struct profile_given),
	.sandbox = SANDBOX_READ,
	.help_more = selection_help,
	.reads_fleet = true,
	.run = run,
};
