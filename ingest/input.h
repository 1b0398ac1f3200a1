/*
 * An input: a file, plain or compressed, or standard input; it gives lines.
 *
 * Memory is bounded: a line longer than LINE_MAX_BYTES is delivered cut, and its rest skipped; one of
 * JSON is delivered in parts of that length.
 *
 * A growing input is a plain file that is still being written (ingest/follow.h). Its end is none:
 * a line that lacks its newline waits for it, and clearing at_end lets reading go on. Whether it
 * is still the same file, and whose, is looked at with every read.
 */
#ifndef SCLOG_INGEST_INPUT_H
#define SCLOG_INGEST_INPUT_H

#include "base/err.h"
#include "base/file.h"
#include "ingest/line.h"

/* Four of the longest lines; a few of them fit the second-level cache. With 128 KiB the threads wake each
 * other twice as often, which takes 5 % of an ingest's time; 4 MiB were not faster. */
#define INPUT_BUFFER_SIZE (4 * LINE_MAX_BYTES)

/* Of a growing file's beginning so much is kept: more than an audit record's stamp and serial. */
#define INPUT_HEAD_MAX 256

/* Bytes of a member of an archive: those in memory, and what more() gives behind them (as read(2)). */
struct input_member {
	struct str bytes;
	ssize_t (*more)(void *context, char *to, size_t size); /* NULL: they are all */
	void *context;
	const char *foreign; /* of the archive: struct input */
};

struct input {
	int fd; /* -1 for a member */
	struct input_member member;
	size_t member_taken;
	struct gzip *gzip;       /* NULL unless it is gzip */
	struct utf16 *utf16;     /* NULL unless it is UTF-16 */
	struct octets *octets;   /* NULL unless messages are counted */
	struct archive *archive; /* NULL unless it is xz, zstd or bzip2 */
	struct raw *raw;         /* their compressed bytes */
	char *compressed;
	struct ahead *ahead; /* NULL unless input_read_ahead() */
	const char *block;   /* libarchive's, not yet taken */
	size_t block_n;
	const char *path; /* as given; borrowed */
	struct stat stat; /* when it was opened */
	char *buffer;
	size_t start, end;         /* unread bytes of buffer */
	uint64_t offset;           /* of buffer[start] in the text */
	uint64_t lines;            /* given by input_next() so far */
	_Atomic uint64_t consumed; /* bytes read from the file itself, for progress */
	bool at_end;
	bool skipping; /* inside the rest of a line that was cut */
	bool inside;   /* a line that comes in parts */
	bool growing;
	char foreign[FILE_WHY_SIZE]; /* file_is_foreign(): once it was, nothing of it is believed */
	bool no_wait;                /* may be set: a read that would wait for a pipe is -EAGAIN */
	bool stoppable; /* may be set: stop_fd, which is the input's then, ends waiting for a pipe */
	int stop_fd;
	size_t head_n; /* of a growing input */
	char head[INPUT_HEAD_MAX];
};

/*
 * Opens path ("-": standard input) and looks at its first bytes: gzip, xz, zstd and bzip2 are
 * decompressed. A directory, a missing or unreadable file is an error that says so.
 */
int input_open(struct input *input, const char *path, struct err *err);
void input_close(struct input *input);

/*
 * The same for a descriptor, which the input owns from now on, whatever is returned; path is only
 * for messages. Growing is taken back for a compressed file.
 */
int input_open_fd(struct input *input, int fd, const char *path, bool growing, struct err *err);

/* The same for a member of an archive, which is borrowed. */
int input_open_member(struct input *input, const char *path, const struct input_member *member,
		      struct err *err);

/* The input once more, from its beginning; the first one is not touched. -ESPIPE: it can be read only
 * once. Close *again whatever is returned. */
int input_open_again(struct input *again, const struct input *input, struct err *err);
bool input_is_repeatable(const struct input *input);

/*
 * Before anything was taken: the bytes that the text begins with, so many if it has them and they
 * could be `wanted`, which looks at what is there so far. Returns 0 or -errno; borrowed until the
 * next call.
 */
int input_peek(struct input *input, size_t n, bool (*wanted)(struct str so_far),
	       struct str *ret_bytes, struct err *err);

/* The next bytes of the text, not by lines. Returns 1, 0 at the end, or -errno; borrowed until the
 * next call. */
int input_next_bytes(struct input *input, struct str *ret_bytes, struct err *err);

/*
 * Before anything was taken: the first line, cut as input_next() cuts it. Returns 1, 0 if there is
 * none (yet), or -errno. Borrowed until the next call.
 */
int input_first_line(struct input *input, struct str *ret_line, struct err *err);

/*
 * Before anything was taken: goes to an offset of the (decompressed) text where a line begins.
 * Returns 1, 0 if no line can begin there because the byte before it is no newline, or there is
 * none (then close the input: nothing can be read of it any more), or -errno. Lines are counted
 * from there.
 */
int input_skip_to(struct input *input, uint64_t offset, struct err *err);

/* From now on compressed text is decompressed by a thread of its own, ahead of who reads it; nobody
 * may move the input any more. */
void input_read_ahead(struct input *input);

/* Fills the buffer further; part of input_next(). Returns 1, 0 at the end, or -errno. */
int input_fill(struct input *input, struct err *err);

/* The slow end of input_next(): a line that is not wholly in the buffer. */
int input_next_slow(struct input *input, struct line *ret_line, struct err *err);

/* So many bytes behind the buffer may be read, whatever is in them. */
#define INPUT_SLACK 192

/* Whole lines that are in the buffer, from the next one on, as far as none is too long; empty if
 * there is none. */
struct str input_lines(const struct input *input);

/* These are taken, and not counted. */
static inline void input_skip_lines(struct input *input, struct str lines)
{
	input->start += lines.n;
	input->offset += lines.n;
}

/* The next line, if the whole of it is in the buffer. */
static inline bool input_next_buffered(struct input *input, struct line *ret_line)
{
	const char *from = input->buffer + input->start;
	size_t n = input->end - input->start;
	const char *newline = n ? memchr(from, '\n', n) : NULL;

	if (!newline || input->skipping || input->inside)
		return false;
	n = (size_t)(newline - from);
	if (n > LINE_MAX_BYTES)
		return false;
	*ret_line = (struct line){.text = str_of(from, n),
				  .number = ++input->lines,
				  .offset = input->offset,
				  .ended = true};
	input->start += n + 1;
	input->offset += n + 1;
	return true;
}

/*
 * The next line. Returns 1, 0 at the end, or -errno: a read error or damaged compression, after
 * every whole line before it was delivered; -EAGAIN with no_wait, while a plain pipe holds no whole
 * line (to be asked again; what it holds stays); -ESTALE if a growing file became another one: shorter,
 * or it begins differently (what was read of the new one is dropped).
 */
static inline int input_next(struct input *input, struct line *ret_line, struct err *err)
{
	return input_next_buffered(input, ret_line) ? 1 : input_next_slow(input, ret_line, err);
}

/* True if a line that is too long comes in parts, by its beginning. */
bool input_is_parted(struct str beginning);

/* True if the next line is in the buffer. */
bool input_buffered(const struct input *input);

/* A buffer for input_swap(); free it with free(). */
char *input_buffer_new(void);

/* Gives away the buffer with what was taken of it, for another one; the rest moves there. */
char *input_swap(struct input *input, char *buffer);

/* Bytes by which a regular file became shorter than what was read of it; 0 if it did not. */
uint64_t input_shrunk(const struct input *input);

/* libarchive, for struct library. */
#define INPUT_LIBRARY "libarchive.so.13", "libarchive13 (Debian), libarchive (Fedora)"

/* libarchive's version, for --version. */
const char *input_library_version(void);

#endif
