#include "cli/feed.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/message.h"
#include "cli/progress.h"
#include "correlate/assign.h"
#include "ingest/action.h"
#include "ingest/framing.h"
#include "ingest/input.h"
#include "report/text.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* A pipe that has nothing for this long gets what it brought so far committed. */
#define IDLE_MS 1000

/* Lines between two looks at the clock and the signals: far less than a tenth of a second. */
#define LINES_PER_LOOK 4096

/* Refused lines that are kept one by one as evidence; the rest of an input is one row. */
#define REFUSED_KEPT 256

struct feed {
	struct store *store;
	const struct feed_options *options;
	struct feed_counts *counts;
	struct framing *framing;
	struct assign *assign;
	struct utsname host;
	struct str host_name;
	struct progress progress;
	uint64_t bytes_before; /* of the inputs that are done, as they lie on disk */
	struct record record;
	/* the input at hand */
	const struct input *input;
	bool known_framing;              /* some line of it was a log's */
	bool binary;                     /* some line of it held a NUL byte */
	int64_t last_ms;                 /* the latest stamp seen, 0: none yet */
	double next_commit;              /* of a pipe, in seconds of progress_now() */
	uint64_t refused;                /* malformed lines of it */
	bool explained[MALFORMED_COUNT]; /* -v: the first of each kind was shown */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
	interrupted = signal;
}

uint64_t feed_malformed(const struct feed_counts *counts)
{
	uint64_t total = 0;

	for (int i = 0; i < MALFORMED_COUNT; i++)
		total += counts->malformed[i];
	return total;
}

static struct str node_name(const struct feed *feed, struct str framed)
{
	if (feed->options->node)
		return str_from(feed->options->node);
	return framed.n ? framed : feed->host_name;
}

static void explain(struct feed *feed, enum malformed why, const struct line *line)
{
	BUF_AUTO shown = {0};
	bool always = why == MALFORMED_LONG;

	if (feed->explained[why] || (!always && feed->options->verbose == 0))
		return;
	feed->explained[why] = true;
	progress_clear(&feed->progress);
	text_put(&shown, str_of(line->text.p, line->text.n < 160 ? line->text.n : 160));
	message_warning("%s:%llu: malformed: %s: %s", feed->input->path,
			(unsigned long long)line->number, malformed_text(why),
			shown.p ? shown.p : "");
}

/* A record that cannot be read is counted, shown, and kept as evidence of a loss. */
static int refuse(struct feed *feed, enum malformed why, const struct line *line,
		  const struct framed *framed, struct err *err)
{
	BUF_AUTO detail = {0};
	bool single = feed->refused < REFUSED_KEPT;

	feed->counts->malformed[why]++;
	feed->refused++;
	explain(feed, why, line);
	buf_format(&detail, "%s:%llu: %s", feed->input->path, (unsigned long long)line->number,
		   malformed_text(why));
	/* A file that is being written ends so; the whole line comes with the next reading. */
	if (why == MALFORMED_PARTIAL)
		return 0;
	struct loss_note note = {
		.kind = LOSS_MALFORMED,
		.ms = framed->ms ? framed->ms : feed->last_ms,
		.count = single ? 1 : feed->refused - REFUSED_KEPT,
		.node = node_name(feed, framed->node),
		.text = single ? line->text : str_from(feed->input->path),
		.detail = buf_str(&detail),
	};

	if (!single)
		note.ms = 0;
	return store_put_loss(feed->store, &note, err);
}

static enum source_kind source_of(enum framed_source source)
{
	static const enum source_kind kinds[] = {
		[FRAMED_BY_AUDITD] = SOURCE_LOG,
		[FRAMED_BY_SYSLOG] = SOURCE_SYSLOG,
		[FRAMED_BY_JOURNAL] = SOURCE_JOURNAL,
	};

	return kinds[source];
}

static int put(struct feed *feed, const struct line *line, const struct framed *framed,
	       struct err *err)
{
	struct event event = {
		.record = &feed->record,
		.source = source_of(framed->source),
		.full_stream = framed->full_stream,
		.node = node_name(feed, framed->node),
	};

	assign_event(feed->assign, &event);
	int result = store_put(feed->store, &event, line->text, err);

	if (result < 0)
		return result;
	feed->counts->records++;
	feed->counts->without_serial += !feed->record.has_serial;
	feed->counts->without_arch += !feed->record.has_arch;
	return 0;
}

/*
 * The last line of a file may lack its newline because it is still being written. It counts if
 * it is whole: no action is the beginning of another one, so a known action was not cut.
 */
static bool is_cut(const struct line *line, const struct framed *framed,
		   const struct record *record)
{
	return !line->ended && !framed->interpreted && !action_name(record->code);
}

static int take_line(struct feed *feed, const struct line *line, struct err *err);

/* A record that cannot be read was delivered all the same: its serial is no gap. */
static int refuse_stamped(struct feed *feed, enum malformed why, const struct line *line,
			  const struct framed *framed, struct err *err)
{
	int result = framed->full_stream && framed->has_serial
			     ? store_note_serial(feed->store, node_name(feed, framed->node),
						 framed->ms, framed->serial, true, err)
			     : 0;

	return result < 0 ? result : refuse(feed, why, line, framed, err);
}

/* auditd's usual tail; only behind more than that is a search worth it. */
#define TAIL_USUAL 128

/* Where a newline was lost, another record follows on the same line: it counts as well. */
static int take_joined(struct feed *feed, const struct line *line, struct str rest, struct err *err)
{
	size_t at = rest.n > TAIL_USUAL ? str_find(rest, STR("type=SECCOMP msg=audit(")) : rest.n;
	struct line joined = *line;

	if (at == rest.n)
		return 0;
	joined.text = str_skip(rest, at);
	return take_line(feed, &joined, err);
}

static int take_record(struct feed *feed, const struct line *line, const struct framed *framed,
		       struct err *err)
{
	enum malformed why = framed->interpreted
				     ? record_parse_interpreted(framed->fields, &feed->record)
				     : record_parse(framed->fields, &feed->record);

	if (line->cut)
		why = MALFORMED_LONG;
	else if (!line->ended && (why || is_cut(line, framed, &feed->record)))
		why = MALFORMED_PARTIAL;
	if (why)
		return refuse_stamped(feed, why, line, framed, err);
	feed->record.ms = framed->ms;
	feed->record.serial = framed->serial;
	feed->record.has_serial = framed->has_serial;
	feed->last_ms = framed->ms;
	int result = put(feed, line, framed, err);

	return result < 0 ? result : take_joined(feed, line, feed->record.rest, err);
}

static int take_notice(struct feed *feed, const struct line *line, const struct framed *framed,
		       struct err *err)
{
	static const enum loss_kind kinds[] = {
		[FRAMED_NOTICE_PRINTK] = LOSS_PRINTK,   [FRAMED_NOTICE_LOST] = LOSS_COUNTER,
		[FRAMED_NOTICE_BACKLOG] = LOSS_BACKLOG, [FRAMED_NOTICE_RATE] = LOSS_RATE,
		[FRAMED_NOTICE_QUEUE] = LOSS_QUEUE,
	};
	struct loss_note note = {
		.kind = kinds[framed->notice],
		.ms = framed->ms,
		.count = framed->count,
		.node = node_name(feed, framed->node),
		.text = line->text,
	};

	return store_put_loss(feed->store, &note, err);
}

/* Any other text than a log may be somebody's log, but hardly one with bytes that are no text. */
#define TEXT_LINE_MIN 16

static void note_kind(struct feed *feed, const struct line *line, enum framed_kind kind)
{
	if (feed->known_framing)
		return;
	if (kind == FRAMED_UNKNOWN)
		feed->binary = true;
	else if (kind != FRAMED_TEXT || (line->text.n >= TEXT_LINE_MIN && utf8_valid(line->text)))
		feed->known_framing = true;
}

/* A line on its way: framing, record, event, store. */
static int take_line(struct feed *feed, const struct line *line, struct err *err)
{
	struct framed framed;

	framing_read(feed->framing, line, &framed);
	note_kind(feed, line, framed.kind);
	switch (framed.kind) {
	case FRAMED_RECORD:
		return take_record(feed, line, &framed, err);
	case FRAMED_UNSTAMPED:
		return refuse(feed, line->ended ? MALFORMED_STAMP : MALFORMED_PARTIAL, line,
			      &framed, err);
	case FRAMED_NOTICE:
		return take_notice(feed, line, &framed, err);
	case FRAMED_UNTRUSTED:
		feed->counts->untrusted++;
		return 0;
	case FRAMED_UNKNOWN:
	case FRAMED_TEXT:
	case FRAMED_OTHER:
		if (line->cut)
			return refuse(feed, MALFORMED_LONG, line, &framed, err);
		return 0;
	case FRAMED_AUDIT:
		return store_note_serial(feed->store, node_name(feed, framed.node), framed.ms,
					 framed.serial, false, err);
	}
	return 0;
}

/* Now and then: progress, a signal, how far the input was read. Returns 1 to end here. */
static int look_around(struct feed *feed, struct input *input, struct err *input_err,
		       struct err *err)
{
	progress_update(&feed->progress, feed->bytes_before + input->consumed,
			feed->counts->records);
	if (interrupted) {
		err_set(input_err, EINTR,
			"%s: interrupted after line %llu: what was read until then is stored",
			input->path, (unsigned long long)input->lines);
		return 1;
	}
	return store_input_at(feed->store, input->offset, input->lines, err);
}

static int commit(struct feed *feed, const struct input *input, struct err *err)
{
	int result = store_input_at(feed->store, input->offset, input->lines, err);

	return result < 0 ? result : store_commit(feed->store, err);
}

/*
 * Waits for a pipe. What it brought is committed when it pauses, and every second while it
 * trickles: it is to be seen, and nobody else is to wait for the store.
 */
static int wait_for_input(struct feed *feed, const struct input *input, struct err *err)
{
	int result = 0;

	if (input_buffered(input))
		return 0;
	if (progress_now() >= feed->next_commit || !input_ready(input, IDLE_MS)) {
		result = commit(feed, input, err);
		feed->next_commit = progress_now() + IDLE_MS / 1e3;
	}
	while (result == 0 && !interrupted && !input_ready(input, IDLE_MS))
		;
	return result;
}

/* All lines of an input. A failure of the input itself goes into input_err. */
static int take_lines(struct feed *feed, struct input *input, struct err *input_err,
		      struct err *err)
{
	struct line line;
	int result = 0;

	for (;;) {
		if (input->lines % LINES_PER_LOOK == 0)
			result = look_around(feed, input, input_err, err);
		if (result != 0)
			break;
		if (!S_ISREG(input->stat.st_mode))
			result = wait_for_input(feed, input, err);
		if (result < 0 || (interrupted && look_around(feed, input, input_err, err)) ||
		    input_next(input, &line, input_err) <= 0)
			break;
		if (line.number == 1)
			result = store_input_head(feed->store, line.text, err);
		if (result == 0)
			result = take_line(feed, &line, err);
		if (result < 0)
			break;
	}
	return result < 0 ? result : 0;
}

/* What an input as a whole is worth a word for. */
static void judge_input(struct feed *feed, const struct input *input, struct err *input_err)
{
	uint64_t shrunk = input_shrunk(input);

	if (shrunk)
		err_set(input_err, EIO,
			"%s: became %llu bytes shorter while it was read: lines may be lost; what"
			" was read is stored",
			input->path, (unsigned long long)shrunk);
	else if (input->lines && feed->binary && !feed->known_framing)
		err_set(input_err, EINVAL, "%s:1: this is no log that sclog knows: binary data",
			input->path);
	if (input_err->code || feed->options->quiet)
		return;
	progress_clear(&feed->progress);
	if (input->lines == 0)
		message_warning("%s: is empty", input->path);
}

/* An input that is there and could not be read, or not to its end, is evidence until it was. */
static int note_unread(struct feed *feed, const char *path, const struct err *why, struct err *err)
{
	if (why->code == 0)
		return store_input_whole(feed->store, path, err);
	if (why->code == ENOENT || why->code == EINTR)
		return 0;
	struct loss_note note = {
		.kind = LOSS_INPUT,
		.ms = feed->last_ms,
		.node = node_name(feed, str_of(NULL, 0)),
		.text = str_from(path),
		.detail = str_from(why->message),
	};

	return store_put_loss(feed->store, &note, err);
}

static int begin_input(struct feed *feed, const struct input *input, struct err *err)
{
	feed->input = input;
	feed->known_framing = feed->binary = false;
	feed->last_ms = 0;
	feed->refused = 0;
	feed->next_commit = progress_now() + IDLE_MS / 1e3;
	framing_restart(feed->framing);
	return store_input_begin(feed->store, input->path, &input->stat, err);
}

static int feed_log(struct feed *feed, const char *path, struct err *err)
{
	struct err input_err = ERR_INIT;
	struct input input;
	int result = 0;

	if (input_open(&input, path, &input_err) == 0) {
		result = begin_input(feed, &input, err);
		if (result == 0)
			result = take_lines(feed, &input, &input_err, err);
		judge_input(feed, &input, &input_err);
		if (result == 0)
			result = store_input_at(feed->store, input.offset, input.lines, err);
		feed->counts->lines += input.lines;
		feed->counts->bytes += input.offset;
		feed->bytes_before += input.consumed;
	}
	if (result == 0)
		result = note_unread(feed, path, &input_err, err);
	feed->counts->failed += input_err.code != 0;
	feed->counts->files += input_err.code == 0;
	if (input_err.code) {
		progress_clear(&feed->progress);
		message_error("%s", input_err.message);
	}
	input_close(&input);
	return result;
}

static int feed_store(struct feed *feed, const char *path, struct err *err)
{
	struct merge_result merged = {0};
	int result = store_merge(feed->store, path, &merged, err);

	if (result < 0)
		return result;
	feed->counts->files++;
	feed->counts->merged_stores++;
	feed->counts->records += merged.records;
	feed->counts->fresh += merged.added;
	feed->counts->duplicates += merged.duplicates;
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
			       "--timezone %s: not known here: give a name such as Europe/Berlin,"
			       " UTC, or a POSIX rule such as CET-1CEST",
			       name);
	setenv("TZ", name, 1);
	tzset();
	return 0;
}

static int feed_open(struct feed *feed, struct err *err)
{
	struct framing_options framing = {.trust_all = feed->options->trust_all};
	int result = set_timezone(feed->options->timezone, err);

	if (result == 0)
		result = clock_now_ms(&framing.now_ms, err);
	if (result < 0)
		return result;
	uname(&feed->host);
	feed->host_name = str_from(feed->host.nodename);
	framing.host = feed->host_name;
	result = framing_new(&framing, &feed->framing, err);
	if (result == 0)
		result = assign_new(feed->options->container, feed->options->map,
				    feed->options->coverage, &feed->assign, err);
	return result;
}

static int feed_each(struct feed *feed, char *const *paths, size_t count, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < count && result == 0 && !interrupted; i++)
		result = strcmp(paths[i], "-") != 0 && store_is_database(paths[i])
				 ? feed_store(feed, paths[i], err)
				 : feed_log(feed, paths[i], err);
	return result == 0 ? store_commit(feed->store, err) : result;
}

static void add_put_counts(struct feed *feed)
{
	struct put_counts put = store_put_counts(feed->store);

	feed->counts->fresh += put.fresh;
	feed->counts->duplicates += put.duplicates;
	feed->counts->expired += put.expired;
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
	framing_free(feed.framing);
	assign_free(feed.assign);
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGTERM, &old_term, NULL);
	counts->seconds = progress_now() - started;
	return result;
}
