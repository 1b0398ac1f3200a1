#include "ingest/input.h"

#include "base/library.h"
#include "base/mem.h"
#include "ingest/ahead.h"
#include "ingest/gzip.h"
#include "ingest/octets.h"
#include "ingest/utf16.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define FUNCTIONS(X)                         \
	X(archive_error_string)              \
	X(archive_read_data_block)           \
	X(archive_read_free)                 \
	X(archive_read_new)                  \
	X(archive_read_next_header)          \
	X(archive_read_open)                 \
	X(archive_read_support_filter_bzip2) \
	X(archive_read_support_filter_xz)    \
	X(archive_read_support_filter_zstd)  \
	X(archive_read_support_format_empty) \
	X(archive_read_support_format_raw)   \
	X(archive_set_error)                 \
	X(archive_version_string)

static struct {
	FUNCTIONS(LIBRARY_POINTER)
} libarchive;

static const struct library library = {INPUT_LIBRARY, {FUNCTIONS(LIBRARY_NAME)}};

struct magic {
	const char *bytes;
	size_t length;
};

static const struct magic gzip_magic = {"\x1f\x8b", 2}; /* RFC 1952 */

static const struct magic compressed[] = {
	{"\xfd"
	 "7zXZ\0",
	 6},                     /* xz */
	{"\x28\xb5\x2f\xfd", 4}, /* zstd, RFC 8878 */
	{"BZh", 3},              /* bzip2 */
};

static bool begins_with(const struct input *input, const struct magic *magic)
{
	return str_starts(str_of(input->buffer, input->end), str_of(magic->bytes, magic->length));
}

static bool is_compressed(const struct input *input)
{
	for (size_t i = 0; i < sizeof(compressed) / sizeof(compressed[0]); i++)
		if (begins_with(input, &compressed[i]))
			return true;
	return false;
}

static bool is_member(const struct input *input)
{
	return input->member.bytes.p || input->member.more;
}

static bool would_wait(const struct input *input)
{
	struct pollfd poll_fd = {.fd = input->fd, .events = POLLIN};

	/* a decompressor does not go on after a read that failed */
	return input->no_wait && !input->raw && !is_member(input) && poll(&poll_fd, 1, 0) == 0;
}

/* Waits for a pipe, or until it is to end. */
static bool is_stopped(const struct input *input)
{
	struct pollfd fds[] = {{.fd = input->fd, .events = POLLIN},
			       {.fd = input->stop_fd, .events = POLLIN}};

	return input->stoppable && poll(fds, 2, -1) > 0 && fds[1].revents;
}

static ssize_t read_member(struct input *input, char *to, size_t size)
{
	const struct input_member *member = &input->member;
	struct str left = str_skip(member->bytes, input->member_taken);

	if (!left.n)
		return member->more ? member->more(member->context, to, size) : 0;
	size = size < left.n ? size : left.n;
	memcpy(to, left.p, size);
	input->member_taken += size;
	return (ssize_t)size;
}

/* A signal ends the wait: EINTR is for the caller to look at. */
static ssize_t read_bytes(struct input *input, char *to, size_t size)
{
	ssize_t n = -1;

	if (would_wait(input)) {
		errno = EAGAIN;
		return -1;
	}
	if (is_member(input))
		n = read_member(input, to, size);
	else if (is_stopped(input))
		errno = EINTR;
	else
		n = read(input->fd, to, size);
	if (n > 0)
		input->consumed += (uint64_t)n;
	return n;
}

/* The file's own bytes for a decompressor: first those that were looked at, then the rest. */
struct raw {
	struct input *input;
	char *bytes;
	size_t peeked, taken;
};

static ssize_t raw_read(void *context, char *to, size_t size)
{
	struct raw *raw = context;
	size_t left = raw->peeked - raw->taken;

	if (!left)
		return read_bytes(raw->input, to, size);
	size = size < left ? size : left;
	memcpy(to, raw->bytes + raw->taken, size);
	raw->taken += size;
	return (ssize_t)size;
}

/* What was looked at moves to the decompressor; the buffer is for its text from now on. */
static struct raw *raw_new(struct input *input)
{
	struct raw *raw = mem_new(1, sizeof(*raw));

	*raw = (struct raw){.input = input, .bytes = input->buffer, .peeked = input->end};
	input->buffer = input_buffer_new();
	input->end = 0;
	input->raw = raw;
	return raw;
}

static la_ssize_t archive_source(struct archive *archive, void *context, const void **ret_bytes)
{
	struct input *input = context;
	ssize_t n = raw_read(input->raw, input->compressed, INPUT_BUFFER_SIZE);

	*ret_bytes = input->compressed;
	if (n < 0)
		libarchive.archive_set_error(archive, errno, "%s", strerror(errno));
	return n;
}

static int open_archive(struct input *input, struct err *err)
{
	struct archive_entry *entry;

	if (library_load(&library, &libarchive, err) < 0)
		return err_prefix(err, "%s", input->path);
	struct archive *archive = libarchive.archive_read_new();

	if (!archive)
		mem_fail("libarchive");
	raw_new(input);
	input->compressed = mem_new(1, INPUT_BUFFER_SIZE);
	input->archive = archive;
	libarchive.archive_read_support_filter_xz(archive);
	libarchive.archive_read_support_filter_zstd(archive);
	libarchive.archive_read_support_filter_bzip2(archive);
	libarchive.archive_read_support_format_raw(archive);
	libarchive.archive_read_support_format_empty(archive);
	int result = libarchive.archive_read_open(archive, input, NULL, archive_source, NULL);

	if (result == ARCHIVE_OK)
		result = libarchive.archive_read_next_header(archive, &entry);
	if (result == ARCHIVE_EOF)
		input->at_end = true; /* an empty file, compressed */
	else if (result != ARCHIVE_OK)
		return err_set(err, EBADMSG, "%s: cannot be decompressed: %s", input->path,
			       libarchive.archive_error_string(archive));
	return 0;
}

/* Standard input is the caller's word, unless it was taken from a file. */
static bool is_handed_over(const struct stat *stat)
{
	struct stat given;

	return !S_ISREG(stat->st_mode) && fstat(STDIN_FILENO, &given) == 0 &&
	       given.st_dev == stat->st_dev && given.st_ino == stat->st_ino;
}

static void look_whose(struct input *input, const struct stat *stat)
{
	if (!input->foreign[0] && !is_member(input) && !is_handed_over(stat))
		file_stat_is_foreign(input->fd, stat, input->foreign);
}

static int open_descriptor(struct input *input, struct err *err)
{
	if (strcmp(input->path, "-") == 0) {
		input->fd = dup(STDIN_FILENO);
	} else {
		input->fd = open(input->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	}
	if (input->fd < 0)
		return err_errno(err, errno, "%s: cannot open", input->path);
	if (fstat(input->fd, &input->stat) < 0)
		return err_errno(err, errno, "%s", input->path);
	if (S_ISDIR(input->stat.st_mode))
		return err_set(err, EISDIR, "%s: is a directory: name the log files in it",
			       input->path);
	return 0;
}

/* A block at a time: archive_read_data() would drop what came before the damage. */
static ssize_t archive_text(struct input *input, char *to, size_t size, struct err *err)
{
	const void *block;
	la_int64_t offset;

	while (!input->block_n) {
		int code = libarchive.archive_read_data_block(input->archive, &block,
							      &input->block_n, &offset);

		if (code == ARCHIVE_EOF)
			return 0;
		if (code != ARCHIVE_OK)
			return err_set(err, EBADMSG, "compressed data is damaged: %s",
				       libarchive.archive_error_string(input->archive));
		input->block = block;
	}
	size = size < input->block_n ? size : input->block_n;
	memcpy(to, input->block, size);
	input->block += size;
	input->block_n -= size;
	return (ssize_t)size;
}

/* Text: decompressed where it has to be. */
static ssize_t decode_text(void *context, char *to, size_t size, struct err *err)
{
	struct input *input = context;
	ssize_t n;

	if (input->gzip)
		n = gzip_read(input->gzip, to, size, err);
	else if (input->archive)
		n = archive_text(input, to, size, err);
	else if (input->utf16)
		n = utf16_read(input->utf16, to, size);
	else if (input->raw)
		n = raw_read(input->raw, to, size);
	else
		n = read_bytes(input, to, size);
	return n < 0 && !err->code ? err_errno(err, errno, "read") : n;
}

static ssize_t make_text(void *context, char *to, size_t size, struct err *err)
{
	struct input *input = context;

	return input->octets ? octets_read(input->octets, to, size, err)
			     : decode_text(input, to, size, err);
}

/* Counts before messages are known from the first one, for which nothing waits. A growing file is followed
 * from line end to line end: it may have such counts only if its messages end with a newline, too. */
static int look_for_octets(struct input *input, struct err *err)
{
	bool waits = !S_ISREG(input->stat.st_mode) && !is_member(input);
	int result = input->raw ? input_fill(input, err) : 1;
	struct str text = str_of(input->buffer, input->end);
	enum octets_answer answer;

	for (;; text.n = input->end) {
		answer = octets_look(text, result == 0);
		if (result <= 0 || waits || answer != OCTETS_UNSURE || text.n >= OCTETS_LOOK)
			break;
		result = input_fill(input, err);
	}
	if (result < 0 || answer != OCTETS_YES)
		return result < 0 ? result : 0;
	if (input->growing)
		return str_chr(text, '\n') < text.n
			       ? 0
			       : err_set(err, ENOTSUP,
					 "%s: its messages have lengths instead of newlines, so "
					 "it cannot be followed; read it with `sclog ingest`",
					 input->path);
	input->octets = octets_new(decode_text, input, text);
	input->at_end = false;
	input->end = 0;
	if (!input->raw)
		raw_new(input);
	return 0;
}

/* Looks at the first bytes, and chooses by them how the text is had. */
static int begin(struct input *input, struct err *err)
{
	int result;

	look_whose(input, &input->stat);
	posix_fadvise(input->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	input->buffer = input_buffer_new();
	do {
		result = input_fill(input, err);
	} while (result > 0 && input->end < 6);
	if (result < 0)
		return result;
	bool gzip = begins_with(input, &gzip_magic), archive = is_compressed(input);
	bool utf16 = utf16_is(input->buffer, input->end);

	if (gzip || archive || utf16)
		input->growing = input->at_end = false;
	if (gzip)
		input->gzip = gzip_new(raw_read, raw_new(input));
	if (utf16)
		input->utf16 = utf16_new(raw_read, raw_new(input));
	result = archive ? open_archive(input, err) : 0;
	return result < 0 ? result : look_for_octets(input, err);
}

int input_open(struct input *input, const char *path, struct err *err)
{
	*input = (struct input){.fd = -1, .path = path};
	int result = open_descriptor(input, err);

	return result < 0 ? result : begin(input, err);
}

int input_open_fd(struct input *input, int fd, const char *path, bool growing, struct err *err)
{
	*input = (struct input){.fd = fd, .path = path, .growing = growing};
	if (fstat(fd, &input->stat) < 0)
		return err_errno(err, errno, "%s", path);
	return begin(input, err);
}

int input_open_member(struct input *input, const char *path, const struct input_member *member,
		      struct err *err)
{
	*input = (struct input){.fd = -1, .path = path, .member = *member};
	snprintf(input->foreign, sizeof(input->foreign), "%s", member->foreign);
	return begin(input, err);
}

bool input_is_repeatable(const struct input *input)
{
	if (is_member(input))
		return !input->member.more;
	return strcmp(input->path, "-") != 0 && S_ISREG(input->stat.st_mode);
}

int input_open_again(struct input *again, const struct input *input, struct err *err)
{
	*again = (struct input){.fd = -1, .path = input->path};
	if (!input_is_repeatable(input))
		return err_set(err, ESPIPE, "%s: can be read only once", input->path);
	return is_member(input) ? input_open_member(again, input->path, &input->member, err)
				: input_open(again, input->path, err);
}

void input_close(struct input *input)
{
	ahead_free(input->ahead);
	if (input->archive)
		libarchive.archive_read_free(input->archive);
	gzip_free(input->gzip);
	utf16_free(input->utf16);
	octets_free(input->octets);
	if (input->fd >= 0)
		close(input->fd);
	if (input->stoppable)
		close(input->stop_fd);
	if (input->raw)
		free(input->raw->bytes);
	free(input->raw);
	free(input->compressed);
	free(input->buffer);
	*input = (struct input){.fd = -1};
}

static ssize_t read_text(struct input *input, char *to, size_t size, struct err *err)
{
	struct err why = ERR_INIT;
	ssize_t n = input->ahead ? ahead_read(input->ahead, to, size, &why)
				 : make_text(input, to, size, &why);

	return n >= 0 ? n : err_set(err, why.code, "%s: %s", input->path, why.message);
}

void input_read_ahead(struct input *input)
{
	/* without a thread the reader does it itself */
	if (input->raw && !input->at_end)
		input->ahead = ahead_new(make_text, input);
}

/*
 * After each read of a growing file: does it still hold what was read before, and so what was
 * read now? copytruncate and `>` empty a file in place, and it may have grown again since.
 */
static int check_same(struct input *input, struct err *err)
{
	char head[INPUT_HEAD_MAX];
	uint64_t place = input->offset + (input->end - input->start);
	ssize_t n = pread(input->fd, head, sizeof(head), 0);
	struct stat now;

	if (n < 0 || fstat(input->fd, &now) < 0)
		return err_errno(err, errno, "%s", input->path);
	if ((uint64_t)now.st_size < place || (size_t)n < input->head_n ||
	    memcmp(head, input->head, input->head_n) != 0)
		return err_set(err, ESTALE, "%s: was truncated", input->path);
	look_whose(input, &now);
	input->head_n = (size_t)n;
	memcpy(input->head, head, input->head_n);
	return 0;
}

int input_fill(struct input *input, struct err *err)
{
	size_t room;

	if (input->at_end)
		return 0;
	if (input->start) {
		memmove(input->buffer, input->buffer + input->start, input->end - input->start);
		input->end -= input->start;
		input->start = 0;
	}
	room = INPUT_BUFFER_SIZE - input->end;
	ssize_t n = read_text(input, input->buffer + input->end, room, err);

	if (n < 0)
		return (int)n;
	if (input->growing && check_same(input, err) < 0)
		return -err->code;
	/* A file gives as much as it has: less is its end for now, and no second read is needed. */
	input->at_end = n == 0 || (input->growing && (size_t)n < room);
	input->end += (size_t)n;
	return n > 0;
}

struct str input_lines(const struct input *input)
{
	const char *from = input->buffer + input->start;
	size_t n = input->end - input->start;
	const char *last = n && !input->skipping && !input->inside ? memrchr(from, '\n', n) : NULL;
	struct str lines = str_of(from, last ? (size_t)(last - from) + 1 : 0);

	/* a line that is longer has one of these places */
	for (size_t at = LINE_MAX_BYTES; at < lines.n; at += LINE_MAX_BYTES) {
		const char *before = memrchr(from, '\n', at), *line = before ? before + 1 : from;
		const char *newline = memchr(from + at, '\n', lines.n - at);

		if (newline - line > LINE_MAX_BYTES)
			lines.n = (size_t)(line - from);
	}
	return lines;
}

/* Drops bytes up to and with the newline that ends a line which was cut. */
static int skip_rest(struct input *input, struct err *err)
{
	for (;;) {
		struct str have = str_of(input->buffer + input->start, input->end - input->start);
		size_t n = str_chr(have, '\n');
		bool found = n < have.n;

		input->start += found ? n + 1 : n;
		input->offset += found ? n + 1 : n;
		if (found)
			break;
		int result = input_fill(input, err);

		if (result <= 0)
			return result;
	}
	input->skipping = false;
	return 1;
}

/* A line, or the next part of one. */
static int take(struct input *input, size_t n, size_t used, struct line *ret_line)
{
	ret_line->text = str_of(input->buffer + input->start, n);
	ret_line->part = input->inside;
	input->lines += !ret_line->part;
	ret_line->number = input->lines;
	ret_line->offset = input->offset;
	input->inside = ret_line->more;
	input->start += used;
	input->offset += used;
	return 1;
}

bool input_is_parted(struct str text)
{
	static const struct str marks[] = {{"\xef\xbb\xbf", 3}, {"\x1e", 1}, {"data: ", 6}};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (str_starts(text, marks[i]))
			text = str_skip(text, marks[i].n);
	return text.n > 1 && ((text.p[0] == '{' && strchr("\" ", text.p[1])) ||
			      (text.p[0] == '[' && strchr("{[\"", text.p[1])));
}

/* A line that is too long: its beginning, or the next part. */
static int take_long(struct input *input, struct str have, struct line *ret_line)
{
	ret_line->more = input->inside || input_is_parted(have);
	ret_line->cut = input->skipping = !ret_line->more;
	ret_line->ended |= ret_line->more;
	return take(input, LINE_MAX_BYTES, LINE_MAX_BYTES, ret_line);
}

int input_next_slow(struct input *input, struct line *ret_line, struct err *err)
{
	if (input->skipping) {
		int result = skip_rest(input, err);

		if (result <= 0)
			return result;
	}
	size_t looked = 0;

	*ret_line = (struct line){.number = 0};
	for (;;) {
		struct str have = str_of(input->buffer + input->start, input->end - input->start);
		size_t n = looked + str_chr(str_skip(have, looked), '\n');

		ret_line->ended = n < have.n;
		if (n > LINE_MAX_BYTES)
			return take_long(input, have, ret_line);
		if (ret_line->ended)
			return take(input, n, n + 1, ret_line);
		looked = have.n;
		int result = input_fill(input, err);

		if (result < 0)
			return result;
		if (result == 0)
			return have.n && !input->growing ? take(input, have.n, have.n, ret_line)
							 : 0;
	}
}

int input_peek(struct input *input, size_t n, bool (*wanted)(struct str so_far),
	       struct str *ret_bytes, struct err *err)
{
	for (;;) {
		*ret_bytes = str_of(input->buffer + input->start, input->end - input->start);
		if (ret_bytes->n >= n || (ret_bytes->n && !wanted(*ret_bytes)))
			return 0;
		int result = input_fill(input, err);

		if (result <= 0)
			return result;
	}
}

int input_next_bytes(struct input *input, struct str *ret_bytes, struct err *err)
{
	int result = input->end > input->start ? 1 : input_fill(input, err);

	*ret_bytes = str_of(input->buffer + input->start, input->end - input->start);
	input->offset += ret_bytes->n;
	input->start = input->end;
	return result;
}

int input_first_line(struct input *input, struct str *ret_line, struct err *err)
{
	for (;;) {
		struct str have = str_of(input->buffer + input->start, input->end - input->start);
		size_t n = str_chr(have, '\n');

		*ret_line = str_of(have.p, n < LINE_MAX_BYTES ? n : LINE_MAX_BYTES);
		if (n < have.n || n > LINE_MAX_BYTES)
			return 1;
		int result = input_fill(input, err);

		if (result < 0)
			return result;
		if (result == 0)
			return have.n && !input->growing;
	}
}

/* A plain file is not read to get to a place in it. */
static int seek(struct input *input, uint64_t offset, struct err *err)
{
	char before;
	ssize_t n = pread(input->fd, &before, 1, (off_t)(offset - 1));

	if (n < 0 || lseek(input->fd, (off_t)offset, SEEK_SET) < 0)
		return err_errno(err, errno, "%s", input->path);
	input->start = input->end = 0;
	input->offset = offset;
	input->at_end = false;
	return n == 1 && before == '\n';
}

/*
 * gzip ends with the length of its text, modulo 2^32 (RFC 1952, 2.3.1): what was read to its end
 * need not be decompressed to find that out. With several members it is the last one's length,
 * which is not the whole's.
 */
static bool is_gzip_end(const struct input *input, uint64_t offset)
{
	unsigned char length[4];

	return input->gzip && input->stat.st_size > 4 &&
	       pread(input->fd, length, 4, input->stat.st_size - 4) == 4 &&
	       (length[0] | length[1] << 8 | length[2] << 16 | (uint32_t)length[3] << 24) ==
		       (uint32_t)offset;
}

int input_skip_to(struct input *input, uint64_t offset, struct err *err)
{
	bool plain = !input->raw && S_ISREG(input->stat.st_mode);
	char before = '\n';

	if (offset && plain)
		return seek(input, offset, err);
	if (offset && is_gzip_end(input, offset)) {
		input->start = input->end = 0;
		input->offset = offset;
		input->at_end = true;
	}
	while (input->offset < offset) {
		size_t have = input->end - input->start;
		size_t n = offset - input->offset < have ? (size_t)(offset - input->offset) : have;

		if (n)
			before = input->buffer[input->start + n - 1];
		input->start += n;
		input->offset += n;
		if (input->offset == offset)
			break;
		int result = input_fill(input, err);

		if (result <= 0)
			return result;
	}
	return before == '\n';
}

bool input_buffered(const struct input *input)
{
	return input->end > input->start &&
	       memchr(input->buffer + input->start, '\n', input->end - input->start);
}

char *input_buffer_new(void)
{
	return mem_new(1, INPUT_BUFFER_SIZE + INPUT_SLACK);
}

char *input_swap(struct input *input, char *buffer)
{
	char *taken = input->buffer;

	input->end -= input->start;
	memcpy(buffer, taken + input->start, input->end);
	input->start = 0;
	input->buffer = buffer;
	return taken;
}

uint64_t input_shrunk(const struct input *input)
{
	struct stat now;

	if (!S_ISREG(input->stat.st_mode) || fstat(input->fd, &now) < 0)
		return 0;
	uint64_t size = (uint64_t)now.st_size, seen = (uint64_t)input->stat.st_size;

	return size < seen ? seen - size : 0;
}

const char *input_library_version(void)
{
	struct err err = ERR_INIT;
	bool loaded = library_load(&library, &libarchive, &err) == 0;

	return loaded ? libarchive.archive_version_string() : "libarchive (not installed)";
}
