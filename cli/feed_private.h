/*
 * How inputs are fed: feed.c takes them one by one, feed_log.c reads the lines of a log, and
 * feed_again.c looks a second time at what was read. Internal to these.
 */
#ifndef SCLOG_CLI_FEED_PRIVATE_H
#define SCLOG_CLI_FEED_PRIVATE_H

#include "cli/feed.h"
#include "cli/progress.h"
#include "cli/trace.h"
#include "correlate/assign.h"
#include "ingest/framing.h"
#include "ingest/looks.h"
#include "ingest/reader.h"
#include "live/kinds.h"

#include <sys/utsname.h>

struct feed {
	struct store *store;
	const struct feed_options *options;
	struct feed_counts *counts;
	char *const *paths;
	size_t path_count;
	struct intake intake;
	struct trace *trace;
	struct assign *assign;
	struct usual_kinds *kinds;
	bool line_by_line;         /* each goes the long way */
	const struct input *input; /* at hand */
	struct reader *reader;
	struct looks looks; /* of the input at hand, as long as it is no log */
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

/* A signal asked for the end. */
bool feed_is_interrupted(void);

/* What stands in nothing that sclog knows is no log, and leaves nothing in the store. */
static inline bool feed_is_log(const struct feed *feed)
{
	return framing_is_known(feed->intake.framing) || trace_is_one(feed->trace);
}

/* Reads an input that is open to its end. A failure of the input itself goes into input_err. */
int feed_open_log(struct feed *feed, struct input *input, struct err *input_err, struct err *err);

/* Notes which profile was in force for whose records came from the input at hand; and of the container that
 * the input is said to be of, which is known from now on, if it did nothing that was logged. */
int feed_note_in_force(struct feed *feed, struct err *err);

/* Lines that name no host are that one's; empty: this host's. */
void feed_set_host(struct feed *feed, struct str host);

/* A file's dates, and its year, are looked at before the first line that needs them; of a pipe's only
 * those so far. */
void feed_note_dates(struct feed *feed, const struct line *line);

/* All inputs were read: events that came twice count once (live/pairs.h). */
int feed_end_pairs(struct feed *feed, struct err *err);

/* Puts what waits for its other no longer. */
int feed_put_waiting(struct feed *feed, struct err *err);

#endif
