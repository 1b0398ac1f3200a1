/*
 * A reader: threads that read an input ahead of whoever takes its lines. By turns they cut it into
 * blocks of whole lines; at the same time they look at each line whether it is usual
 * (ingest/usual.h).
 *
 * Blocks come in their order. A block has stretches: lines of one log that are usual, of which only
 * the records and the serials are given, or lines that are not. How far the threads are ahead is
 * bounded: they wait when all blocks are full. Signals are the other threads'.
 */
#ifndef SCLOG_INGEST_READER_H
#define SCLOG_INGEST_READER_H

#include "ingest/input.h"
#include "ingest/memo.h"
#include "ingest/serials.h"

struct reader;

enum stretch_kind {
	STRETCH_ODD,    /* each line is for somebody to read: reader_line() */
	STRETCH_AUDITD, /* usual in a log of auditd's */
	STRETCH_SYSLOG, /* usual in a log of a syslog daemon's; the records are of one host */
};

/* Lines that follow each other. The first one of an input is a stretch of its own. */
struct stretch {
	enum stretch_kind kind;
	const char *text; /* line_count lines, each with its newline but for the block's first */
	size_t line_count;
	/* of what is usual */
	struct usual *records;
	size_t count;
	const struct serial_run *runs;
	size_t run_count;
	int64_t last_ms; /* the last stamp; 0: none */
};

/* The block lives until the next one is asked for. */
struct reader_block {
	struct stretch *stretches;
	size_t count;
	struct line first; /* which may not be whole */
	uint64_t end;      /* how far the text is read with the last one */
	uint64_t consumed; /* of the file itself */
};

struct reader *reader_new(void);
void reader_free(struct reader *reader);

/* Begins to read the input, which is the threads' until reader_end(). key: of the memo that usual
 * lines are hashed for. Returns 0 or -errno. */
int reader_begin(struct reader *reader, struct input *input, const struct memo_key *key,
		 struct err *err);
void reader_end(struct reader *reader);

/*
 * The next block, which holds a line at least. Returns 1, 0 at the end, what input_next() returned
 * if the input failed, or -EAGAIN with an empty err when nothing came for so long, or a signal came.
 * Not to be asked again after 0 or another error.
 */
int reader_next(struct reader *reader, int timeout_ms, const struct reader_block **ret_block,
		struct err *err);

/* The stretch's next line, as input_next() gives it but for its number; `line` is the one before, whatever
 * it is for the first. False behind the last. */
bool reader_line(const struct reader_block *block, const struct stretch *stretch, size_t at,
		 struct line *line);

#endif
