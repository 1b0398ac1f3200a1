#include "cli/judging.h"
#include "cli/output.h"
#include "cli/reading.h"

#include "base/clock.h"
#include "report/digest/write.h"
#include "store/bookmark.h"

#include <errno.h>
#include <stdlib.h>

struct report_options {
	struct global_options global;
	struct selection_options selection;
	struct file_options files;
	struct profile_options_given judging;
	const char *by, *output, *since_last;
	bool require_complete, drift;
};

/* clang-format off */
static const struct option_row rows[] = {
	OPTION_TITLE("Report"),
	OPTION(CHOICE, 0, "by", GROUP_BY_NAMES, struct report_options, by,
	       "group by one of these; default: workload"),
	OPTION(FLAG, 0, "drift", NULL, struct report_options, drift,
	       "also report the calls that came or went between two versions of a workload's "
	       "image; the default of --by is then image"),
	OPTION(TEXT, 0, "since-last", "NAME", struct report_options, since_last,
	       "only what was stored since the last report of that NAME"),
	OPTION(TEXT, 'o', "output", "FILE", struct report_options, output,
	       "write FILE atomically"),
	OPTION(FLAG, 0, "require-complete", NULL, struct report_options, require_complete,
	       "exit with 3 if the evidence is incomplete"),
	OPTION_TITLE("Profile: also report what it would break"),
	PROFILE_OPTION_ROWS(struct report_options, judging),
	SELECTION_OPTION_ROWS(struct report_options, selection),
	OPTION_TITLE("FILEs, read without a store"),
	FILE_OPTION_ROWS(struct report_options, files),
	GLOBAL_OPTION_ROWS(DIGEST_FORMAT_NAMES),
};
/* clang-format on */

/* What the callbacks of the queries need. */
struct gathering {
	struct judges judges;
	struct diff *diff; /* without a profile only for its evidence */
	struct active *active;
	struct digest *digest;
	struct drift *drift; /* NULL: not asked for */
	struct timeline timeline;
	bool has_timeline;
	bool has_mark;              /* a report was made before under the name that is given */
	struct bookmark last, next; /* its mark, and the one that this report leaves */
	struct err *err;
};

static int find_profile(struct gathering *gathering, const struct container *container,
			struct profile **ret_profile)
{
	*ret_profile = NULL;
	return gathering->judges.name
		       ? judges_find(&gathering->judges, container, ret_profile, gathering->err)
		       : 0;
}

static int add_container(const struct container_summary *summary, void *context)
{
	struct gathering *gathering = context;
	struct profile *profile;
	int r = find_profile(gathering, &summary->container, &profile);

	if (r == 0)
		diff_add_container(gathering->diff, summary, profile, NULL);
	return r;
}

static int add_before(const struct observation *observation, void *context)
{
	struct gathering *gathering = context;

	digest_add_before(gathering->digest, observation);
	if (gathering->drift)
		drift_add(gathering->drift, observation, true);
	return 0;
}

static int add_observation(const struct observation *observation, void *context)
{
	struct gathering *gathering = context;
	bool contained = observation->attribution == ATTRIBUTION_CONTAINER;
	struct profile *profile;
	int r = find_profile(gathering, contained ? &observation->container : NULL, &profile);

	if (r < 0)
		return r;
	diff_add_observation(gathering->diff, observation, profile, NULL);
	digest_add(gathering->digest, observation, profile);
	if (gathering->drift)
		drift_add(gathering->drift, observation, false);
	if (gathering->has_timeline)
		timeline_add(&gathering->timeline, observation);
	return 0;
}

static int add_loss(const struct loss *loss, void *context)
{
	struct gathering *gathering = context;

	diff_add_loss(gathering->diff, loss);
	return 0;
}

/* The part of it that came since the mark; the rest was there before. */
static int add_since(const struct observation *observation, void *context)
{
	struct gathering *gathering = context;
	uint64_t before = bookmark_before(&gathering->last, observation);
	struct observation since = *observation, earlier = *observation;

	earlier.count = before;
	if (before)
		add_before(&earlier, gathering);
	if (before == observation->count)
		return 0;
	since.count -= before;
	return add_observation(&since, gathering);
}

/* What came since a mark is in no window: it is the mark that bounds it. */
static int find_mark(struct gathering *gathering, const struct reading *reading, const char *name)
{
	int64_t now_ms;
	int r = clock_now_ms(&now_ms, gathering->err);

	if (r == 0)
		r = bookmark_take(reading->store, now_ms, &gathering->next, gathering->err);
	if (r == 0)
		r = bookmark_find(reading->store, name, &gathering->last, gathering->err);
	gathering->has_mark = r > 0;
	return r < 0 ? r : 0;
}

/* After the report is out. */
static int keep_mark(const struct gathering *gathering, struct invocation *invocation,
		     const char *name, struct err *err)
{
	struct store *store;
	int r = reading_open_store(invocation, false, &store, err);

	if (r == 0) {
		r = bookmark_put(store, name, &gathering->next, err);
		store_close(store);
	}
	return r;
}

static int query_before(struct gathering *gathering, const struct reading *reading)
{
	struct selection before = reading->selection;

	if (!before.has_since)
		return 0;
	before.has_since = false;
	before.has_until = true;
	before.until_ms = reading->selection.since_ms - 1;
	return query_observations(reading->store, &before, add_before, gathering, gathering->err);
}

static int judge_containers(struct gathering *gathering, const struct reading *reading)
{
	int r = active_load(reading->store, &gathering->judges.options, &reading->selection.syscall,
			    &gathering->active, gathering->err);

	diff_set_active(gathering->diff, gathering->active, &reading->selection);
	return r < 0 ? r
		     : query_known_containers(reading->store, &reading->selection, add_container,
					      gathering, gathering->err);
}

static int gather(struct gathering *gathering, const struct reading *reading,
		  const struct report_options *given)
{
	struct store *store = reading->store;
	const struct selection *selection = &reading->selection;
	int r = query_before(gathering, reading);

	if (r >= 0)
		r = judge_containers(gathering, reading);
	if (r >= 0)
		r = query_observations(store, selection,
				       given->since_last ? add_since : add_observation, gathering,
				       gathering->err);
	if (r >= 0)
		r = diff_read_others(gathering->diff, store, selection, gathering->err);
	if (r >= 0 && gathering->has_timeline)
		r = timeline_fill(&gathering->timeline, store, gathering->err);
	if (r >= 0 && digest_is_detailed(given->global.format) && !given->since_last)
		r = digest_read_hours(gathering->digest, store, selection, gathering->err);
	if (r >= 0)
		r = query_losses(store, selection, add_loss, gathering, gathering->err);
	if (r < 0)
		return r;
	reading_add_reasons(reading, diff_evidence(gathering->diff));
	diff_finish(gathering->diff);
	digest_finish(gathering->digest);
	if (gathering->drift)
		drift_finish(gathering->drift);
	return 0;
}

static bool is_metrics(const struct report_options *given)
{
	return given->global.format && strcmp(given->global.format, "prometheus") == 0;
}

static enum group_by grouping(const struct report_options *given)
{
	if (given->by)
		return group_by_from_name(given->by);
	if (given->drift)
		return GROUP_BY_IMAGE;
	return is_metrics(given) ? GROUP_BY_LABELS : GROUP_BY_WORKLOAD;
}

/* Nothing of a report is seen before it is whole. */
static int write_report(const struct gathering *gathering, const struct reading *reading,
			const struct invocation *invocation, struct err *err)
{
	const struct report_options *given = invocation->options;
	BUF_AUTO where = {0};
	struct digest_facts facts = {
		.digest = gathering->digest,
		.by = grouping(given),
		.diff = given->judging.profile ? gathering->diff : NULL,
		.drift = gathering->drift,
		.evidence = diff_evidence(gathering->diff),
		.timeline = gathering->has_timeline ? &gathering->timeline : NULL,
		.selection = &reading->selection,
		.where = reading_where(reading, invocation, &given->files, &where),
		.mark = given->since_last,
		.has_mark_ms = gathering->has_mark,
		.mark_ms = gathering->last.at_ms,
		.columns = 80,
	};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int r = out ? clock_now_ms(&facts.now_ms, err) : err_errno(err, errno, "the report");

	if (r == 0 && is_metrics(given))
		r = store_share_lag(reading->store, &facts.lag, err);
	if (r == 0) {
		if (facts.diff) {
			facts.judge = gathering->judges.all[0].profile;
			facts.profile = profile_info(facts.judge);
		}
		if (!given->global.quiet || digest_speaks(&facts))
			r = digest_write(&facts, given->global.format, out);
	}
	bool is_cut = out && ferror(out);

	if (out && (fclose(out) != 0 || is_cut || !text) && r == 0)
		r = err_errno(err, ENOMEM, "the report");
	if (r == 0 && (size || given->output))
		r = output_write(given->output ? given->output : "-", true, str_of(text, size),
				 err);
	free(text);
	return r;
}

static int conclude(const struct gathering *gathering, const struct reading *reading,
		    const struct report_options *given)
{
	if (reading_exit_code(reading) != EXIT_FINE)
		return EXIT_TROUBLE;
	if (given->require_complete && !diff_is_complete(gathering->diff))
		return EXIT_INCOMPLETE;
	return diff_has_differences(gathering->diff) ? EXIT_DIFFERENCES : EXIT_FINE;
}

static int report(struct invocation *invocation, struct gathering *gathering, struct err *err)
{
	struct report_options *given = invocation->options;
	enum group_by by = grouping(given);
	READING_AUTO reading = {.before = given->drift ? FLEET_BEFORE_ALL : FLEET_BEFORE_ANY};
	struct profile *profile;
	int r = given->judging.profile ? judges_find(&gathering->judges, NULL, &profile, err) : 0;

	if (r == 0)
		r = reading_open(&reading, invocation, &given->selection, &given->files, err);
	if (r == 0 && given->since_last)
		r = find_mark(gathering, &reading, given->since_last);
	if (r < 0)
		return r;
	gathering->digest = digest_new(by, reading.selection.has_since || gathering->has_mark);
	if (given->drift)
		gathering->drift = drift_new(reading.selection.has_since || gathering->has_mark);
	/* of what came since a report the store knows the number, not the hours */
	gathering->has_timeline = given->global.format && !given->since_last &&
				  strcmp(given->global.format, "html") == 0;
	gathering->diff = diff_new(by, false);
	diff_join_programs(gathering->diff);
	r = gather(gathering, &reading, given);
	if (r == 0)
		r = write_report(gathering, &reading, invocation, err);
	if (r == 0 && given->since_last)
		r = keep_mark(gathering, invocation, given->since_last, err);
	return r < 0 ? r : conclude(gathering, &reading, given);
}

static bool is_for_people(const char *format)
{
	return !format || strcmp(format, "text") == 0 || strcmp(format, "markdown") == 0 ||
	       strcmp(format, "html") == 0 || strcmp(format, "json") == 0;
}

/* What came since the last report is known of a store alone, and by itself. */
static int check(const struct invocation *invocation, struct err *err)
{
	const struct report_options *given = invocation->options;

	if (given->drift && !is_for_people(given->global.format))
		return err_set(err, EINVAL,
			       "--drift applies only to the formats text, markdown, html and json");
	if (!given->since_last)
		return 0;
	if (!*given->since_last)
		return err_set(err, EINVAL, "--since-last needs a name");
	if (given->selection.since || given->selection.until)
		return err_set(err, EINVAL,
			       "--since-last cannot be combined with --since or --until");
	if (invocation->operand_count)
		return err_set(err, EINVAL, "--since-last reads the store, not FILEs");
	return 0;
}

static int acquire(struct invocation *invocation, struct gathering *gathering, struct err *err)
{
	const struct report_options *given = invocation->options;
	int r;

	if (!given->judging.profile)
		return 0;
	r = judges_init(&gathering->judges, &given->judging, err);
	if (r < 0) {
		invocation->misused = true;
		return r;
	}
	gathering->judges.db = given->global.db;
	invocation->looks_at_processes = judges_look_at_processes(&gathering->judges);
	return judges_acquire(&gathering->judges, err);
}

static int run(struct invocation *invocation, struct err *err)
{
	const struct report_options *given = invocation->options;
	struct gathering gathering = {.err = err};
	int r = acquire(invocation, &gathering, err);

	invocation->output = given->output;
	if (r == 0)
		r = invocation_sandbox(invocation, err);
	if (r == 0)
		r = report(invocation, &gathering, err);
	diff_free(gathering.diff);
	active_free(gathering.active);
	digest_free(gathering.digest);
	drift_free(gathering.drift);
	timeline_release(&gathering.timeline);
	bookmark_release(&gathering.last);
	bookmark_release(&gathering.next);
	judges_release(&gathering.judges);
	return r;
}

const struct command command_report = {
	.name = "report",
	.summary = "what is new, refused or would break; for mail and dashboards",
	.synopsis = "[OPTION...] [FILE...]",
	.examples =
		{
			{"sclog report --since 1d --profile docker",
			 "the last day: new and refused calls, and what that profile would break"},
			{"sclog report --since-last nightly --quiet",
			 "what is new since the last such report; no output if nothing is new"},
			{"sclog report --by image --drift",
			 "which calls came or went with a new version of a workload's image"},
		},
	.description =
		"Reports for each workload which calls are new (made in the time window and never "
		"before), which were refused, and, with --profile, which calls that profile would "
		"refuse. It also says how complete the evidence is. A container without a "
		"workload is reported by its own name.\n"
		"Exit status: 0 if nothing is missing, 1 if the profile would refuse or only log "
		"something, 2 on error, 3 with --require-complete if the evidence is incomplete.",
	.table = {rows, sizeof(rows) / sizeof(*rows)},
	.options_size = sizeof(struct report_options),
	.sandbox = SANDBOX_READ,
	.help_more = selection_help,
	.reads_fleet = true,
	.check = check,
	.run = run,
};
