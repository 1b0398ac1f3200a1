/*
 * A reader: a thread that reads an input ahead of whoever takes its lines, cuts it into lines, and
 * looks at each whether it is usual (ingest/usual.h).
 *
 * Lines come in blocks, in their order. How far it is ahead is bounded: it waits when all blocks are
 * full. Signals are the other threads'.
 */
#ifndef SCLOG_INGEST_READER_H
#define SCLOG_INGEST_READER_H

#include "ingest/input.h"
#include "ingest/memo.h"

struct reader;

/* The block lives until the next one is asked for. */
struct reader_block {
	struct usual *lines;
	size_t count;
	bool part, more;   /* the first line is a part of one: line.h */
	uint64_t offset;   /* of the first line in the text */
	uint64_t end;      /* how far the text is read with the last one */
	uint64_t consumed; /* of the file itself */
};

struct reader *reader_new(void);
void reader_free(struct reader *reader);

/* Begins to read the input, which is the thread's until reader_end(). key: of the memo that usual
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

/* A line of the block, as input_next() gives it but for its number. */
static inline struct line reader_line(const struct reader_block *block, size_t at)
{
	const struct usual *line = &block->lines[at];

	return (struct line){
		.text = usual_line(line),
		.offset = block->offset + (uint64_t)(line->line - block->lines->line),
		.ended = line->ended,
		.cut = line->cut,
		.part = at == 0 && block->part,
		.more = at == 0 && block->more,
	};
}

#endif
