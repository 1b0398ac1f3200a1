#include "cli/feed.h"

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

/* A pipe that has nothing for this long gets what it brought so far committed. */
#define IDLE_MS 1000

/* The beginning of a file, in which it shows whether it holds events twice. */
#define PAIRS_LOOKED_AT (1024 * 1024)

/* Lines between two looks at the clock and the signals: far less than a tenth of a second. */
#define LINES_PER_LOOK 4096

struct feed {
	struct store *store;
	const struct feed_options *options;
	struct feed_counts *counts;
	struct intake intake;
	struct trace *trace;
	struct assign *assign;
	struct usual_kinds *kinds;
	bool line_by_line;         /* each goes the long way */
	const struct input *input; /* at hand */
	bool has_pairs;            /* it does: has_pairs() */
	struct reader *reader;
	/* What the input at hand looks like as long as nothing of a log was found. */
	enum { BEGIN_NOTHING, BEGIN_TEXT, BEGIN_JSON, BEGIN_PROFILE, BEGIN_BINARY } begin;
	/* How far the input at hand was taken. */
	uint64_t lines, offset;
	uint64_t consumed; /* of it as it lies on disk */
	struct utsname host;
	struct progress progress;
	bool packed;          /* the input at hand is a member of an archive */
	uint64_t packed_logs; /* of the archive at hand */
	uint64_t merged_records;
	uint64_t bytes_before; /* of the inputs that are done, as they lie on disk */
	double next_commit;    /* of a pipe, in seconds of progress_now() */
};

struct stating {
	const struct feed *feed;
	struct err *err;
};

static volatile sig_atomic_t interrupted;

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

/* What stands in nothing that sclog knows is no log, and leaves nothing in the store. */
static bool is_log(const struct feed *feed)
{
	return framing_is_known(feed->intake.framing) || trace_is_one(feed->trace);
}

static int note_place(struct feed *feed, struct err *err)
{
	return is_log(feed) ? store_input_at(feed->store, feed->offset, feed->lines, err) : 0;
}

/* Now and then: progress, a signal, how far the input was read. Returns 1 to end here. */
static int look_around(struct feed *feed, const struct input *input, struct err *input_err,
		       struct err *err)
{
	progress_update(&feed->progress, feed->bytes_before + feed->consumed,
			feed->intake.counts.records);
	if (interrupted) {
		err_set(input_err, EINTR,
			"%s: interrupted after line %llu; the lines before are stored", input->path,
			(unsigned long long)feed->lines);
		return 1;
	}
	return note_place(feed, err);
}

/* What a pipe brought is to be seen, and nobody else is to wait for the store. */
static int commit(struct feed *feed, struct err *err)
{
	int result = note_place(feed, err);

	feed->next_commit = progress_now() + IDLE_MS / 1e3;
	return result < 0 ? result : store_commit(feed->store, err);
}

/* True if journald's audit transport stands in the first lines of the input, as text: its records come
 * twice, and each is looked for among the others. */
static bool has_pairs(const struct feed *feed)
{
	static const struct str word = {"]: SECCOMP auid=", 16};
	struct err ignored = ERR_INIT; /* found again, and said, when the lines are read */
	struct input whole;
	struct line line;
	bool found = false;

	if (input_open_again(&whole, feed->input, &ignored) == 0)
		while (!found && whole.offset < PAIRS_LOOKED_AT &&
		       input_next(&whole, &line, &ignored) > 0)
			found = str_find(line.text, word) < line.text.n;
	input_close(&whole);
	return found;
}

/* A file's dates are looked at before the first of them is read; of a pipe's only those so far. */
static void note_dates(struct feed *feed, const struct line *line)
{
	struct framing *framing = feed->intake.framing;
	struct err ignored = ERR_INIT;
	struct input whole;
	struct line other;

	if (!framing_wants_dates(framing, line->text))
		return;
	framing_note_date(framing, line->text);
	if (!input_is_repeatable(feed->input))
		return;
	if (input_open_again(&whole, feed->input, &ignored) == 0)
		while (input_next(&whole, &other, &ignored) > 0)
			framing_note_date(framing, other.text);
	input_close(&whole);
	framing_dates_noted(framing);
}

/* Of a text that turns out to be no log. */
static void look_at_text(struct feed *feed, struct str text)
{
	if (feed->begin >= BEGIN_PROFILE || is_log(feed))
		return;
	if (text.n && memchr(text.p, '\0', text.n))
		feed->begin = BEGIN_BINARY;
	else if (str_find(text, STR("\"defaultAction\"")) < text.n)
		feed->begin = BEGIN_PROFILE;
	else if (feed->begin == BEGIN_NOTHING && text.n)
		feed->begin = strchr("{[", text.p[0]) ? BEGIN_JSON : BEGIN_TEXT;
}

static inline int take_line(struct feed *feed, const struct line *line, struct err *err)
{
	bool first = line->number == 1 && !line->part;
	int result = first ? store_input_head(feed->store, line->text, err) : 0;

	look_at_text(feed, line->text);
	if (result == 0)
		result = trace_line(feed->trace, line, err);
	if (result != 0)
		return result < 0 ? result : 0;
	if (first && !str_starts(line->text, STR("type=")))
		feed->has_pairs = has_pairs(feed);
	note_dates(feed, line);
	return intake_line(&feed->intake, line, err);
}

/* Takes lines of a block from `at` on: those that are usual, or one. Returns how many. */
static int take_some(struct feed *feed, const struct reader_block *block, size_t at, size_t most,
		     struct err *err)
{
	if (!feed->line_by_line && !feed->has_pairs && !feed->intake.has_single &&
	    !intake_is_foreign(&feed->intake) && trace_is_none(feed->trace)) {
		int taken = usual_kinds_take(feed->kinds, block->lines + at, most, err);

		if (taken != 0)
			return taken;
	}
	struct line line = reader_line(block, at);

	line.number = feed->lines + !line.part;
	int result = take_line(feed, &line, err);

	return result < 0 ? result : 1;
}

/* Returns 1 to end here. */
static int take_block(struct feed *feed, const struct input *input,
		      const struct reader_block *block, struct err *input_err, struct err *err)
{
	feed->consumed = block->consumed;
	for (size_t at = 0; at < block->count;) {
		size_t most = LINES_PER_LOOK - feed->lines % LINES_PER_LOOK;

		feed->offset = reader_line(block, at).offset;
		int result = most == LINES_PER_LOOK ? look_around(feed, input, input_err, err) : 0;

		if (result != 0)
			return result;
		if (most > block->count - at)
			most = block->count - at;
		result = take_some(feed, block, at, most, err);
		if (result < 0)
			return result;
		feed->lines += (uint64_t)result - (at == 0 && block->part);
		at += (size_t)result;
	}
	feed->offset = block->end;
	return 0;
}

/* All lines of an input. A failure of the input itself goes into input_err. */
static int take_lines(struct feed *feed, const struct input *input, struct err *input_err,
		      struct err *err)
{
	bool is_pipe = !S_ISREG(input->stat.st_mode);
	const struct reader_block *block;
	int result = 0;

	while (result == 0) {
		int came = reader_next(feed->reader, IDLE_MS, &block, input_err);

		if (came == 0 || input_err->code)
			break;
		if (came > 0)
			result = take_block(feed, input, block, input_err, err);
		if (result == 0 && interrupted)
			result = look_around(feed, input, input_err, err);
		/* as it pauses, and every second while it trickles */
		if (result == 0 && is_pipe && (came < 0 || progress_now() >= feed->next_commit))
			result = commit(feed, err);
	}
	return result < 0 ? result : 0;
}

static void warn_untaken(const struct intake_untaken *untaken, const char *path)
{
	if (untaken->count)
		message_warning("%s: %" PRIu64 " line%s not counted: they look like records or "
				"notices of losses but are not framed as the kernel's (possibly "
				"forged); --trust-all counts them%s",
				path, untaken->count, untaken->count == 1 ? "" : "s",
				untaken->of_another_log
					? ", or --mixed where several logs were joined"
					: "");
}

static const char *why_no_log(const struct feed *feed)
{
	if (feed->begin == BEGIN_BINARY)
		return "binary data, not a log that sclog knows";
	if (feed->begin == BEGIN_PROFILE)
		return "a seccomp profile, not a log: give it with --profile or --in-force";
	if (feed->begin == BEGIN_JSON)
		return "JSON of an unknown collector: sclog-formats(7) lists those that are read";
	return "text without audit records: sclog-formats(7) lists the logs that are read";
}

/* What an input as a whole is worth a word for. */
static void judge_input(struct feed *feed, const struct input *input, struct err *input_err)
{
	uint64_t shrunk = input_shrunk(input);

	if (shrunk)
		err_set(input_err, EIO,
			"%s: became %llu bytes shorter while it was read: lines may be lost; "
			"the lines read are stored",
			input->path, (unsigned long long)shrunk);
	else if (feed->lines && !is_log(feed) && !feed->packed)
		err_set(input_err, EINVAL, "%s: %s", input->path, why_no_log(feed));
	if (input_err->code || feed->options->quiet)
		return;
	progress_clear(&feed->progress);
	if (feed->lines == 0)
		message_warning("%s: is empty", input->path);
	warn_untaken(&feed->intake.untaken, input->path);
	if (trace_has_table(feed->trace))
		message_warning("%s: a table of strace -c omits calls that did not return, such as "
				"exit_group, and calls that strace has no name for",
				input->path);
}

/* Whether something is there that can be a log. A folder and a mistyped path are a mistake of who
 * named them; so is what holds no records. A stream ends where the user ends it. */
static bool may_hold_more(const struct feed *feed, const char *path, const struct err *why)
{
	bool is_stream = strcmp(path, "-") == 0;
	struct stat stat_;

	if ((is_stream ? fstat(STDIN_FILENO, &stat_) : stat(path, &stat_)) < 0 ||
	    S_ISDIR(stat_.st_mode) || (why->code == EINVAL && !is_log(feed)))
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

/* An assign_owner_fn: which profile was in force for what came from that input. */
static int put_in_force(void *context, const struct container *container, struct str node)
{
	struct stating *stating = context;
	const struct feed *feed = stating->feed;
	const struct stated *stated = feed->options->in_force;
	const struct store_in_force in_force = {
		.node = node,
		.container = container ? container->id : str_of(NULL, 0),
		.profile = buf_str(&stated->json),
		.source = str_from(stated->source),
		.since_ms = feed->intake.from_ms,
		.until_ms = feed->intake.to_ms,
	};

	if (!stated->source || feed->intake.from_ms > feed->intake.to_ms)
		return 0;
	return store_put_in_force(feed->store, &in_force, stating->err);
}

/* Says so of each owner; and of the container that the input is said to be of, which is known from now
 * on, if it did nothing that was logged. */
static int state_in_force(struct feed *feed, struct err *err)
{
	struct str node = intake_last_node(&feed->intake);
	const struct container *silent = NULL;
	int result = 0;

	if (feed->intake.from_ms <= feed->intake.to_ms)
		silent = assign_silent(feed->assign, node);
	if (silent)
		result = store_put_container(feed->store, node, silent, err);
	return result < 0 ? result
			  : assign_owners(feed->assign, put_in_force, &(struct stating){feed, err});
}

static int begin_input(struct feed *feed, const struct input *input, struct err *err)
{
	intake_begin(&feed->intake, input->path, input->foreign);
	trace_begin(feed->trace, input);
	if (feed->options->in_force->source) /* of each owner in each input */
		usual_kinds_forget(feed->kinds);
	feed->next_commit = progress_now() + IDLE_MS / 1e3;
	feed->lines = feed->offset = feed->consumed = 0;
	feed->input = input;
	feed->has_pairs = false;
	feed->begin = BEGIN_NOTHING;
	return store_input_begin(feed->store, input->path, &input->stat, err);
}

/* An input that is open, to its end. A failure of the input itself goes into input_err. */
static int feed_open_log(struct feed *feed, struct input *input, struct err *input_err,
			 struct err *err)
{
	int result = begin_input(feed, input, err);

	if (result == 0 &&
	    reader_begin(feed->reader, input, usual_kinds_key(feed->kinds), input_err) == 0)
		result = take_lines(feed, input, input_err, err);
	reader_end(feed->reader);
	judge_input(feed, input, input_err);
	if (result == 0)
		result = intake_end(&feed->intake, !input_err->code, err);
	if (result == 0)
		result = state_in_force(feed, err);
	if (result == 0)
		result = note_place(feed, err);
	feed->counts->lines += feed->lines;
	feed->counts->traces += trace_is_one(feed->trace);
	feed->counts->bytes += feed->offset;
	feed->bytes_before += input->consumed;
	return result;
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

/* Lines that name no host are that one's. */
static void set_host(struct feed *feed, struct str host)
{
	feed->intake.host_name = host;
	framing_set_host(feed->intake.framing, host);
	usual_kinds_forget(feed->kinds);
}

/* A packed_fn. A member with a log's name that is none is left. */
static int feed_packed(void *context, struct input *member, struct str host, struct err *member_err,
		       struct err *err)
{
	struct feed *feed = context;
	int result = 0;

	set_host(feed, host.n ? host : str_from(feed->host.nodename));
	feed->packed = true;
	if (!member_err->code)
		result = feed_open_log(feed, member, member_err, err);
	feed->packed = false;
	if (result < 0 || (!member_err->code && !is_log(feed)))
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
	set_host(feed, str_from(feed->host.nodename));
	intake_begin(&feed->intake, input->path);
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
		"evidence are left out; if you trust it, read it after `chown %u FILE && chmod "
		"go-w FILE`, in a folder of yours",
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
		result = take_entries(feed, journal, &input_err, err);
	}
	sdjournal_close(journal);
	if (result == 0)
		result = intake_end(&feed->intake, !input_err.code, err);
	if (result == 0)
		result = state_in_force(feed, err);
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

static int feed_each(struct feed *feed, char *const *paths, size_t count, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < count && result == 0 && !interrupted; i++) {
		if (strcmp(paths[i], "-") != 0 && store_is_database(paths[i]))
			result = feed_store(feed, paths[i], err);
		else if (strcmp(paths[i], "-") != 0 && bundle_is(paths[i]))
			result = feed_bundle(feed, paths[i], err);
		else if (strcmp(paths[i], "-") != 0 && sdjournal_is_file(paths[i]))
			result = feed_journal(feed, paths[i], err);
		else
			result = feed_log(feed, paths[i], err);
	}
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
	struct feed feed = {.store = store, .options = options, .counts = counts};
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
		result = feed_each(&feed, paths, count, err);
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
