#include "cli/feed_private.h"

#include "fleet/bundle.h"
#include "ingest/packed.h"
#include "ingest/sdjournal.h"
#include "ingest/tar.h"

/* Of another log, to find a stamp in it. */
#define YEAR_LOOKED_AT (1024 * 1024)

/* True if it can be read again as a log. */
static bool is_log_file(const char *path)
{
	struct stat stat_;

	return strcmp(path, "-") != 0 && stat(path, &stat_) == 0 && S_ISREG(stat_.st_mode) &&
	       !store_is_database(path) && !bundle_is(path) && !sdjournal_is_file(path);
}

static void note_dates_of(struct feed *feed, struct input *input, uint64_t until)
{
	struct err ignored = ERR_INIT; /* found again, and said, when the lines are read */
	struct line line;

	while (input->offset < until && input_next(input, &line, &ignored) > 0)
		framing_note_date(feed->intake.framing, &line);
}

/* A log without any stamp has the year of those that are read with it. */
static void note_year_of_others(struct feed *feed)
{
	struct err ignored = ERR_INIT;

	for (size_t i = 0; i < feed->path_count && framing_wants_year(feed->intake.framing); i++) {
		struct input other;

		if (!is_log_file(feed->paths[i]))
			continue;
		if (input_open(&other, feed->paths[i], &ignored) == 0)
			note_dates_of(feed, &other, YEAR_LOOKED_AT);
		input_close(&other);
	}
}

/* A file's dates are looked at before the first of them is read; of a pipe's only those so far. */
void feed_note_dates(struct feed *feed, const struct line *line)
{
	struct framing *framing = feed->intake.framing;
	struct err ignored = ERR_INIT;
	struct input whole;

	if (!framing_wants_dates(framing, line->text))
		return;
	framing_note_date(framing, line);
	if (!input_is_repeatable(feed->input))
		return;
	if (input_open_again(&whole, feed->input, &ignored) == 0)
		note_dates_of(feed, &whole, UINT64_MAX);
	input_close(&whole);
	note_year_of_others(feed);
	framing_dates_noted(framing);
}

/* ------- events that came twice (live/pairs.h) */

/* A packed_fn: looks in an input that was read for what waits. */
static int look_through(void *context, struct input *input, struct str host, struct err *input_err,
			struct err *err)
{
	struct feed *feed = context;
	struct line line;

	(void)err;
	feed_set_host(feed, host);
	intake_begin(&feed->intake, input->path, input->foreign);
	feed->input = input;
	while (pairs_wait(feed->intake.pairs) && !feed_is_interrupted() && !input_err->code &&
	       input_next(input, &line, input_err) > 0) {
		feed_note_dates(feed, &line);
		intake_look(&feed->intake, &line);
	}
	return !pairs_wait(feed->intake.pairs) || feed_is_interrupted();
}

static void look_in(struct feed *feed, const char *path)
{
	struct err ignored = ERR_INIT; /* was said when it was read */
	struct input input;

	if (input_open(&input, path, &ignored) == 0) {
		if (tar_is(&input, &ignored) > 0)
			packed_each(&input, look_through, feed, &ignored, &ignored);
		else
			look_through(feed, &input, str_of(NULL, 0), &ignored, &ignored);
	}
	input_close(&input);
}

int feed_put_waiting(struct feed *feed, struct err *err)
{
	struct pairs_held held;
	int result = 0;

	while (result == 0 && pairs_next(feed->intake.pairs, &held)) {
		/* equal lines are counted by input */
		if (held.input != feed->intake.number) {
			result = feed_note_in_force(feed, err);
			intake_begin(&feed->intake, "-", "");
			feed->intake.number = held.input;
			if (result == 0)
				result = store_input_begin(feed->store, "-", NULL, err);
		}
		int put_result = intake_put_held(&feed->intake, &held, err);

		result = result < 0 ? result : put_result;
	}
	return result < 0 ? result : feed_note_in_force(feed, err);
}

int feed_end_pairs(struct feed *feed, struct err *err)
{
	for (size_t i = 0;
	     i < feed->path_count && pairs_wait(feed->intake.pairs) && !feed_is_interrupted(); i++)
		if (is_log_file(feed->paths[i]))
			look_in(feed, feed->paths[i]);
	return pairs_wait(feed->intake.pairs) ? feed_put_waiting(feed, err) : 0;
}
