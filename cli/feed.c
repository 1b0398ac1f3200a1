#include "cli/feed_private.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "report/message.h"
#include "cli/progress.h"
#include "cli/trace.h"
#include "correlate/assign.h"
#include "fleet/bundle.h"
#include "ingest/framing.h"
#include "ingest/packed.h"
#include "ingest/reader.h"
#include "ingest/sdjournal.h"
#include "ingest/tar.h"
#include "live/kinds.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

bool feed_is_interrupted(void)
{
	return interrupted;
}

static void on_signal(int signal)
{
	interrupted = signal;
}

static void before_message(void *context)
{
	struct feed *feed = context;

	progress_clear(&feed->progress);
}

/* Says whose the event is, and puts it. */
static int put(void *context, struct event *event, struct str text, struct err *err)
{
	struct feed *feed = context;

	assign_event(feed->assign, event);
	return store_put(feed->store, event, text, err);
}

/* Whether something is there that can be a log. A folder and a mistyped path are a mistake of who
 * named them; so is what holds no records. A stream ends where the user ends it. */
static bool may_hold_more(const struct feed *feed, const char *path, const struct err *why)
{
	bool is_stream = strcmp(path, "-") == 0;
	struct stat stat_;

	if ((is_stream ? fstat(STDIN_FILENO, &stat_) : stat(path, &stat_)) < 0)
		return errno == ENOTDIR && why->code == EBADMSG; /* of an archive */
	if (S_ISDIR(stat_.st_mode) || (why->code == EINVAL && !feed_is_log(feed)))
		return false;
	return why->code != EINTR || S_ISREG(stat_.st_mode);
}

/* The input was read to its end: what was evidence of it is none. Of another stream it says nothing. */
static int settle(struct feed *feed, const char *path, struct str place, struct err *err)
{
	const struct str line = intake_first_line(&feed->intake);
	int result = 0;

	if (line.n && !intake_is_foreign(&feed->intake))
		result = store_settle_loss(feed->store, LOSS_INPUT, line, err);
	if (result == 0 && strcmp(path, "-") != 0)
		result = store_settle_loss(feed->store, LOSS_INPUT, place, err);
	return result;
}

/* An input that could not be read, or not to its end, is evidence until it was: by its first line
 * under any name, or by its path where not even that could be read. */
static int note_unread(struct feed *feed, const char *path, const struct err *why, struct err *err)
{
	MEM_AUTO char *real = realpath(path, NULL);
	const struct str place = str_from(real ? real : path);
	const struct str line = intake_first_line(&feed->intake);

	if (why->code == 0)
		return settle(feed, path, place, err);
	if (!may_hold_more(feed, path, why))
		return 0;
	struct loss_note note = {
		.kind = LOSS_INPUT,
		.ms = feed->intake.last_ms,
		.node = intake_last_node(&feed->intake),
		.text = line.n ? line : place,
		.detail = str_from(why->message),
	};

	return store_put_loss(feed->store, &note, err);
}

/* Lines that name no host are that one's. */
void feed_set_host(struct feed *feed, struct str host)
{
	struct str name = host.n ? host : str_from(feed->host.nodename);

	feed->intake.host_name = name;
	framing_set_host(feed->intake.framing, name);
	usual_kinds_forget(feed->kinds);
}

/* What became of an input; its failure is said and kept. */
static int end_input(struct feed *feed, const char *path, const struct err *input_err,
		     struct err *err)
{
	feed->counts->failed += input_err->code != 0;
	if (input_err->code) {
		progress_clear(&feed->progress);
		message_error("%s", input_err->message);
	}
	return note_unread(feed, path, input_err, err);
}

/* A packed_fn. A member with a log's name that is none is left. */
static int feed_packed(void *context, struct input *member, struct str host, struct err *member_err,
		       struct err *err)
{
	struct feed *feed = context;
	int result = 0;

	feed_set_host(feed, host);
	feed->packed = true;
	if (!member_err->code)
		result = feed_open_log(feed, member, member_err, err);
	else
		intake_begin(&feed->intake, member->path, member->foreign);
	feed->packed = false;
	if (result < 0 || (!member_err->code && !feed_is_log(feed)))
		return result;
	feed->packed_logs++;
	feed->counts->files += !member_err->code;
	result = end_input(feed, member->path, member_err, err);
	return result < 0 ? result : interrupted ? 1 : 0;
}

static int feed_archive(struct feed *feed, struct input *input, struct err *input_err,
			struct err *err)
{
	int result;

	feed->packed_logs = 0;
	result = packed_each(input, feed_packed, feed, input_err, err);
	feed_set_host(feed, str_of(NULL, 0));
	intake_begin(&feed->intake, input->path, input->foreign);
	if (result == 0 && !feed->packed_logs)
		err_set(input_err, EINVAL,
			"%s: an archive without a log such as audit.log, messages, syslog, "
			"kern.log, dmesg or journalctl: unpack it and name the logs",
			input->path);
	return result < 0 ? result : 0;
}

static int feed_log(struct feed *feed, const char *path, struct err *err)
{
	struct err input_err = ERR_INIT;
	struct input input;
	int result = 0, is_tar = 0;

	intake_begin(&feed->intake, path,
		     NULL); /* of one that cannot be opened, nothing is known */
	if (input_open(&input, path, &input_err) == 0)
		is_tar = tar_is(&input, &input_err);
	if (is_tar > 0)
		result = feed_archive(feed, &input, &input_err, err);
	else if (!input_err.code)
		result = feed_open_log(feed, &input, &input_err, err);
	feed->counts->files += !input_err.code && !is_tar; /* of an archive its logs */
	if (result == 0)
		result = end_input(feed, path, &input_err, err);
	input_close(&input);
	return result;
}

/* Not everything of a file that others can write is taken. */
static void note_foreign(struct feed *feed, const char *path, const char *foreign)
{
	if (!foreign[0])
		return;
	progress_clear(&feed->progress);
	message_note(
		"%s %s: its records count as text, and its profiles, coverage and acknowledged "
		"evidence are skipped; if you trust it, run `chown %u FILE && chmod go-w FILE` "
		"and read it from a directory of your own",
		path, foreign, (unsigned)geteuid());
}

/* Entries of a journal's file, to its end. */
static int take_entries(struct feed *feed, struct sdjournal *journal, struct err *input_err,
			struct err *err)
{
	struct framed framed;
	struct str text;
	int result = 0;

	while (result == 0 && !interrupted &&
	       sdjournal_next(journal, &framed, &text, input_err) > 0) {
		feed->lines++;
		result = intake_framed(&feed->intake, &framed, text, err);
	}
	if (interrupted)
		err_set(input_err, EINTR, "%s: interrupted; the entries before are stored",
			feed->intake.path);
	return result;
}

static int feed_journal(struct feed *feed, const char *path, struct err *err)
{
	const struct sdjournal_options options = {.file = path, .host = feed->intake.host_name};
	struct err input_err = ERR_INIT;
	struct sdjournal *journal = NULL;
	int result = 0;

	feed->lines = 0;
	if (sdjournal_open(&options, &journal, &input_err) == 0) {
		intake_begin(&feed->intake, path, sdjournal_foreign(journal));
		feed->intake.only_once = true;
		result = take_entries(feed, journal, &input_err, err);
	}
	sdjournal_close(journal);
	if (result == 0)
		result = intake_end(&feed->intake, !input_err.code, err);
	if (result == 0)
		result = feed_note_in_force(feed, err);
	if (result == 0)
		result = note_unread(feed, path, &input_err, err);
	feed->counts->lines += feed->lines;
	feed->counts->failed += input_err.code != 0;
	feed->counts->files += input_err.code == 0;
	if (input_err.code)
		message_error("%s", input_err.message);
	return result;
}

static int feed_store(struct feed *feed, const char *path, struct err *err)
{
	struct merge_result merged = {0};
	int result = store_merge(feed->store, path, &merged, err);

	if (result < 0)
		return result;
	note_foreign(feed, path, merged.foreign);
	feed->counts->files++;
	feed->counts->merged_stores++;
	feed->intake.counts.records += merged.records;
	feed->counts->fresh += merged.added;
	feed->counts->duplicates += merged.duplicates;
	return 0;
}

static int feed_bundle(struct feed *feed, const char *path, struct err *err)
{
	struct bundle_counts loaded;
	int result = store_commit(feed->store, err);

	if (result == 0)
		result = bundle_load(feed->store, path, &loaded, err);
	if (result < 0)
		return result;
	note_foreign(feed, path, loaded.foreign);
	feed->counts->files++;
	feed->counts->bundles++;
	feed->counts->known_bundles += loaded.known;
	return 0;
}

static uint64_t total_bytes(char *const *paths, size_t count)
{
	uint64_t total = 0;
	struct stat stat_;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(paths[i], "-") == 0 || stat(paths[i], &stat_) < 0 ||
		    !S_ISREG(stat_.st_mode))
			return 0;
		total += (uint64_t)stat_.st_size;
	}
	return total;
}

/* Local times in logs are somebody's: --timezone says whose. A name that the C library does not
 * find would silently be UTC. */
static int set_timezone(const char *name, struct err *err)
{
	char path[512];

	if (!name)
		return 0;
	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
	bool is_rule = strpbrk(name, "0123456789") && !strchr(name, '/');

	if (strstr(name, "..") || (!is_rule && strcmp(name, "UTC") != 0 && access(path, R_OK) < 0))
		return err_set(err, EINVAL,
			       "--timezone %s: unknown time zone: give a name such as "
			       "Europe/Berlin, UTC, or a POSIX rule such as CET-1CEST",
			       name);
	setenv("TZ", name, 1);
	tzset();
	return 0;
}

static int feed_open(struct feed *feed, struct err *err)
{
	struct framing_options framing = {
		.trust_all = feed->options->trust_all,
		.date_order = feed->options->date_order,
		.framing = feed->options->framing,
		.unwrap = feed->options->unwrap,
		.mixed = feed->options->mixed,
	};
	int result = set_timezone(feed->options->timezone, err);

	if (result == 0)
		result = clock_now_ms(&framing.now_ms, err);
	if (result < 0)
		return result;
	uname(&feed->host);
	feed->intake = (struct intake){
		.store = feed->store,
		.node = feed->options->node,
		.host_name = str_from(feed->host.nodename),
		.verbose = feed->options->verbose,
		.before_message = before_message,
		.put = put,
		.context = feed,
		.ends = true,
	};
	feed->trace = trace_new(&feed->intake, framing.now_ms);
	framing.host = feed->intake.host_name;
	feed->intake.framing = framing_new(&framing);
	result = assign_new(&feed->options->labels, feed->options->map, feed->options->coverage,
			    &feed->assign, err);
	if (result < 0)
		return result;
	feed->kinds = usual_kinds_new(&feed->intake, feed->assign);
	feed->reader = reader_new();
	/* for tests: the same must come of both ways */
	feed->line_by_line = getenv("SCLOG_LINE_BY_LINE");
	return 0;
}

static int feed_each(struct feed *feed, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < feed->path_count && result == 0 && !interrupted; i++) {
		const char *path = feed->paths[i];

		if (strcmp(path, "-") != 0 && store_is_database(path))
			result = feed_store(feed, path, err);
		else if (strcmp(path, "-") != 0 && bundle_is(path))
			result = feed_bundle(feed, path, err);
		else if (strcmp(path, "-") != 0 && sdjournal_is_file(path))
			result = feed_journal(feed, path, err);
		else
			result = feed_log(feed, path, err);
	}
	if (result == 0)
		result = feed_end_pairs(feed, err);
	return result == 0 ? store_commit(feed->store, err) : result;
}

static void add_put_counts(struct feed *feed)
{
	struct put_counts put = store_put_counts(feed->store);

	feed->counts->fresh += put.fresh;
	feed->counts->duplicates += put.duplicates;
	feed->counts->expired += put.expired;
	feed->counts->limited += put.limited;
	feed->counts->in = feed->intake.counts;
	feed->counts->duplicates += feed->intake.counts.paired;
	feed->counts->in.records += feed->merged_records;
}

int feed_paths(struct store *store, char *const *paths, size_t count,
	       const struct feed_options *options, struct feed_counts *counts, struct err *err)
{
	struct sigaction action = {.sa_handler = on_signal}, old_int, old_term;
	struct feed feed = {.store = store,
			    .options = options,
			    .counts = counts,
			    .paths = paths,
			    .path_count = count};
	uint64_t total = total_bytes(paths, count);
	double started = progress_now();
	int result;

	*counts = (struct feed_counts){0};
	sigaction(SIGINT, &action, &old_int);
	sigaction(SIGTERM, &action, &old_term);
	progress_begin(&feed.progress, total, options->quiet);
	store_expect(store, total);
	result = feed_open(&feed, err);
	if (result == 0)
		result = feed_each(&feed, err);
	add_put_counts(&feed);
	progress_clear(&feed.progress);
	intake_release(&feed.intake);
	trace_free(feed.trace);
	reader_free(feed.reader);
	usual_kinds_free(feed.kinds);
	assign_free(feed.assign);
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGTERM, &old_term, NULL);
	counts->seconds = progress_now() - started;
	return result;
}
