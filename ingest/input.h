/*
 * An input: a file, plain or compressed, or standard input; it gives lines.
 *
 * Memory is bounded: a line longer than LINE_MAX_BYTES is delivered cut, and its rest skipped.
 */
#ifndef SCLOG_INGEST_INPUT_H
#define SCLOG_INGEST_INPUT_H

#include "base/err.h"
#include "ingest/line.h"

#include <sys/stat.h>

struct input {
	int fd;
	struct gzip *gzip;       /* NULL unless it is gzip */
	struct archive *archive; /* NULL unless it is xz, zstd or bzip2 */
	struct raw *raw;         /* their compressed bytes */
	char *compressed;
	const char *block; /* libarchive's, not yet taken */
	size_t block_n;
	const char *path; /* as given; borrowed */
	struct stat stat; /* when it was opened */
	char *buffer;
	size_t start, end; /* unread bytes of buffer */
	uint64_t offset;   /* of buffer[start] in the text */
	uint64_t lines;    /* delivered so far */
	uint64_t consumed; /* bytes read from the file itself, for progress */
	bool at_end;
	bool skipping; /* inside the rest of a line that was cut */
};

/*
 * Opens path ("-": standard input) and looks at its first bytes: gzip, xz, zstd and bzip2 are
 * decompressed. A directory, a missing or unreadable file is an error that says so.
 */
int input_open(struct input *input, const char *path, struct err *err);
void input_close(struct input *input);

/* Fills the buffer further; part of input_next(). Returns 1, 0 at the end, or -errno. */
int input_fill(struct input *input, struct err *err);

/* The slow end of input_next(): a line that is not wholly in the buffer. */
int input_next_slow(struct input *input, struct line *ret_line, struct err *err);

/*
 * The next line. Returns 1, 0 at the end, or -errno: a read error or damaged compression, after
 * every whole line before it was delivered.
 */
static inline int input_next(struct input *input, struct line *ret_line, struct err *err)
{
	const char *from = input->buffer + input->start;
	size_t n = input->end - input->start;
	const char *newline = n ? memchr(from, '\n', n) : NULL;

	if (!newline || input->skipping)
		return input_next_slow(input, ret_line, err);
	n = (size_t)(newline - from);
	ret_line->text = str_of(from, n);
	ret_line->number = ++input->lines;
	ret_line->offset = input->offset;
	ret_line->ended = true;
	ret_line->cut = n > LINE_MAX_BYTES;
	if (ret_line->cut)
		ret_line->text.n = LINE_MAX_BYTES;
	input->start += n + 1;
	input->offset += n + 1;
	return 1;
}

/* True if the next line is in the buffer. */
bool input_buffered(const struct input *input);

/*
 * True if the next line can be had without waiting: it is in the buffer, or the input is no
 * pipe, or the pipe has bytes now. Waits for at most that long.
 */
bool input_ready(const struct input *input, int timeout_ms);

/* Bytes by which a regular file became shorter than what was read of it; 0 if it did not. */
uint64_t input_shrunk(const struct input *input);

/* libarchive's version, for --version. */
const char *input_library_version(void);

#endif
