#include "cli/feed_private.h"

#include "report/message.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* A pipe that has nothing for this long gets what it brought so far committed. */
#define IDLE_MS 1000

struct stating {
	const struct feed *feed;
	struct err *err;
};

static int note_place(struct feed *feed, struct err *err)
{
	return feed_is_log(feed) ? store_input_at(feed->store, feed->offset, feed->lines, err) : 0;
}

/* Now and then: progress, a signal, how far the input was read. Returns 1 to end here. */
static int look_around(struct feed *feed, const struct input *input, struct err *input_err,
		       struct err *err)
{
	progress_update(&feed->progress, feed->bytes_before + feed->consumed,
			feed->intake.counts.records);
	if (feed_is_interrupted()) {
		err_set(input_err, EINTR,
			"%s: interrupted after line %llu; the lines before are stored", input->path,
			(unsigned long long)feed->lines);
		return 1;
	}
	return note_place(feed, err);
}

/* What a pipe brought is to be seen, and nobody else is to wait for the store. */
static int commit(struct feed *feed, bool idle, struct err *err)
{
	int result = note_place(feed, err);

	/* journald writes both of two that are one event at once */
	if (result == 0 && idle && feed->path_count == 1 && pairs_wait(feed->intake.pairs))
		result = feed_put_waiting(feed, err);
	feed->next_commit = progress_now() + IDLE_MS / 1e3;
	return result < 0 ? result : store_commit(feed->store, err);
}

/* Returns 1 to end here: the rest is no log. */
static inline int take_line(struct feed *feed, const struct line *line, struct err *err)
{
	bool first = line->number == 1 && !line->part;
	int result = first ? store_input_head(feed->store, line->text, err) : 0;

	if (!feed_is_log(feed))
		looks_line(&feed->looks, line->text);
	if (result == 0 && feed->looks.is_other)
		return 1;
	if (result == 0)
		result = trace_line(feed->trace, line, err);
	if (result != 0)
		return result < 0 ? result : 0;
	feed_note_dates(feed, line);
	return intake_line(&feed->intake, line, err);
}

/* True if records with a serial must be noted now, since the input cannot be looked through later. */
static bool must_note(const struct feed *feed)
{
	return feed->intake.only_once &&
	       (feed->path_count > 1 || !framing_is_auditd(feed->intake.framing));
}

/* May usual lines go the fast way? */
static bool is_plain(const struct feed *feed)
{
	return !feed->line_by_line && !must_note(feed) && trace_is_none(feed->trace);
}

static int take_stretch(struct feed *feed, const struct reader_block *block,
			const struct stretch *stretch, struct err *err)
{
	struct line line;
	int result = is_plain(feed) ? usual_kinds_take(feed->kinds, stretch, err) : 0;

	if (result != 0) {
		feed->lines += stretch->line_count;
		return result < 0 ? result : 0;
	}
	for (size_t at = 0; result == 0 && reader_line(block, stretch, at, &line); at++) {
		line.number = feed->lines + !line.part;
		result = take_line(feed, &line, err);
		feed->lines = line.number;
	}
	return result;
}

/* Returns 1 to end here. */
static int take_block(struct feed *feed, const struct input *input,
		      const struct reader_block *block, struct err *input_err, struct err *err)
{
	feed->consumed = block->consumed;
	int result = look_around(feed, input, input_err, err);

	for (size_t i = 0; i < block->count && result == 0; i++)
		result = take_stretch(feed, block, &block->stretches[i], err);
	if (result == 0)
		feed->offset = block->end;
	return result;
}

/* A failure of the input ends it: what came before counts. */
static void add_lines(const struct feed *feed, struct err *input_err)
{
	const struct err why = *input_err;

	err_clear(input_err);
	err_set(input_err, why.code, "%s (after line %llu; the lines before are stored)",
		why.message, (unsigned long long)feed->lines);
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

		if (came < 0 && input_err->code)
			add_lines(feed, input_err);
		if (came == 0 || input_err->code)
			break;
		if (came > 0)
			result = take_block(feed, input, block, input_err, err);
		if (result == 0 && feed_is_interrupted())
			result = look_around(feed, input, input_err, err);
		/* as it pauses, and every second while it trickles */
		if (result == 0 && is_pipe && (came < 0 || progress_now() >= feed->next_commit))
			result = commit(feed, came < 0, err);
	}
	return result < 0 ? result : 0;
}

static void warn_untaken(const struct intake_untaken *untaken, const char *path)
{
	if (untaken->count)
		message_warning("%s: %" PRIu64 " line%s not counted: they look like records or "
				"notices of losses but are not framed as the kernel's (possibly "
				"forged); %s",
				path, untaken->count, untaken->count == 1 ? "" : "s",
				untaken->remedy);
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
	else if (feed->lines && !feed_is_log(feed) && !feed->packed)
		err_set(input_err, EINVAL, "%s: %s", input->path, looks_text(&feed->looks));
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

int feed_note_in_force(struct feed *feed, struct err *err)
{
	struct stating stating = {feed, err};
	struct str node = intake_last_node(&feed->intake);
	const struct container *silent = NULL;
	int result = 0;

	if (feed->intake.from_ms <= feed->intake.to_ms)
		silent = assign_silent(feed->assign, node);
	if (silent)
		result = store_put_container(feed->store, node, silent, err);
	return result < 0 ? result : assign_owners(feed->assign, put_in_force, &stating);
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
	feed->intake.only_once = !input_is_repeatable(input);
	feed->looks = (struct looks){0};
	return store_input_begin(feed->store, input->path, &input->stat, err);
}

/* An input that is open, to its end. A failure of the input itself goes into input_err. */
int feed_open_log(struct feed *feed, struct input *input, struct err *input_err, struct err *err)
{
	int result = begin_input(feed, input, err);

	if (result == 0 &&
	    reader_begin(feed->reader, input, usual_kinds_key(feed->kinds), input_err) == 0)
		result = take_lines(feed, input, input_err, err);
	reader_end(feed->reader);
	if (result == 0)
		result = intake_end(&feed->intake, !input_err->code && !input_shrunk(input), err);
	judge_input(feed, input, input_err);
	if (result == 0)
		result = feed_note_in_force(feed, err);
	if (result == 0)
		result = note_place(feed, err);
	feed->counts->lines += feed->lines;
	feed->counts->traces += trace_is_one(feed->trace);
	feed->counts->bytes += feed->offset;
	feed->bytes_before += input->consumed;
	return result;
}
