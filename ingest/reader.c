#include "ingest/reader.h"

#include "base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* What goes round fits the second-level cache. */
#define BLOCKS        4
#define LINES_MAX     2048 /* of a block */
#define STRETCHES_MAX 256

/* Blocks that were taken are given back so many at once: the thread goes on for a while then. */
#define BLOCKS_BACK (BLOCKS / 2)

struct block {
	struct reader_block out;
	char *buffer;
	struct usual *lines;
	struct serial_run *runs;
	int result; /* of input_next(), if the block is empty */
};

/*
 * The ring has one end for each thread, and two counts between them: blocks that are full, and blocks
 * that are not.
 */
struct reader {
	pthread_t thread;
	bool running;
	sem_t full, empty;
	struct block ring[BLOCKS];
	atomic_bool stop;

	/* the thread's own, while it runs */
	struct input *input;
	const struct memo_key *key;
	struct usual_before before;
	const char *parted;     /* a line that comes in parts, in the block at hand */
	struct serials serials; /* of the stretch at hand */
	bool first;             /* no line but the first was read */
	struct err err;         /* of the block whose result is negative */

	/* the taker's own */
	unsigned next, taken; /* taken: not given back yet */
};

struct reader *reader_new(void)
{
	struct reader *reader = mem_new(1, sizeof(*reader));

	for (size_t i = 0; i < BLOCKS; i++) {
		reader->ring[i].buffer = input_buffer_new();
		reader->ring[i].lines = mem_aligned(LINES_MAX, sizeof(struct usual));
		reader->ring[i].runs = mem_new(LINES_MAX, sizeof(struct serial_run));
		reader->ring[i].out.stretches = mem_new(STRETCHES_MAX, sizeof(struct stretch));
	}
	return reader;
}

void reader_free(struct reader *reader)
{
	if (!reader)
		return;
	reader_end(reader);
	for (size_t i = 0; i < BLOCKS; i++) {
		free(reader->ring[i].buffer);
		free(reader->ring[i].lines);
		free(reader->ring[i].runs);
		free(reader->ring[i].out.stretches);
	}
	free(reader);
}

/* Reads the line at p, whose newline comes before `end`. Returns where the next one begins. */
static inline const char *read_line(struct reader *reader, const char *p, const char *end,
				    struct usual *usual)
{
	usual_read(p, end, &reader->before, usual);
	if (usual_is_record(usual))
		memo_hash(reader->key, usual);
	const char *next = p + usual->line_n + 1;

	if (usual->line_n > LINE_MAX_BYTES) {
		usual->line_n = LINE_MAX_BYTES;
		usual->cut = true;
		if (input_is_parted(str_of(p, usual->line_n))) {
			reader->parted = p;
			return end;
		}
	}
	return next;
}

static void stretch_end(struct reader *reader, struct stretch *stretch)
{
	serials_end(&reader->serials);
	stretch->runs = reader->serials.done;
	stretch->run_count = reader->serials.count;
}

/* Where the block goes on: behind what the stretch at hand has. */
static struct stretch *stretch_begin(struct reader *reader, struct block *block,
				     enum stretch_kind kind, const char *text)
{
	struct reader_block *out = &block->out;
	struct stretch *before = out->count ? &out->stretches[out->count - 1] : NULL;
	struct stretch *stretch = &out->stretches[out->count++];

	if (before)
		stretch_end(reader, before);
	*stretch = (struct stretch){.kind = kind, .text = text};
	stretch->lines = before ? before->lines + before->count : block->lines;
	reader->serials = (struct serials){
		.done = before ? reader->serials.done + reader->serials.count : block->runs};
	return stretch;
}

static inline enum stretch_kind kind_of(const struct usual *usual)
{
	static const uint8_t kinds[] = {
		[USUAL_NOT] = STRETCH_ODD,       [USUAL_NOBODY] = STRETCH_AUDITD,
		[USUAL_OTHER] = STRETCH_AUDITD,  [USUAL_TEXT] = STRETCH_SYSLOG,
		[USUAL_RECORD] = STRETCH_AUDITD, [USUAL_SYSLOG] = STRETCH_SYSLOG,
	};

	return (enum stretch_kind)kinds[usual->kind];
}

/* Does the line go on with the stretch? */
static inline bool goes_on(const struct stretch *stretch, const struct usual *usual)
{
	return stretch->kind == kind_of(usual) &&
	       (usual->kind != USUAL_SYSLOG || stretch->count == 0 ||
		str_eq(usual_host(usual), usual_host(stretch->lines)));
}

/* Adds the line that lies behind those of the stretch at hand; returns its stretch. */
static inline struct stretch *add_line(struct reader *reader, struct block *block,
				       struct stretch *stretch)
{
	const struct usual *usual = stretch ? stretch->lines + stretch->count : block->lines;

	if (!stretch || reader->first || !goes_on(stretch, usual)) {
		reader->first &= !stretch;
		stretch = stretch_begin(reader, block, kind_of(usual), usual->line);
	}
	stretch->line_count++;
	stretch->count += usual->kind == USUAL_NOT || usual_is_record(usual);
	if (usual->kind == USUAL_OTHER || usual_is_record(usual)) {
		serials_note(&reader->serials, usual->serial, usual->ms,
			     usual->kind == USUAL_OTHER);
		stretch->last_ms = usual->ms;
	}
	return stretch;
}

/* The block's first line, which may not be whole. */
static struct stretch *put_first(struct reader *reader, struct block *block,
				 const struct line *line)
{
	struct reader_block *out = &block->out;
	const char *end = line->text.p + line->text.n;

	out->count = 0;
	out->text = line->text.p;
	out->offset = line->offset;
	out->part = line->part;
	out->more = line->more;
	if (line->ended && !line->cut && !line->part && !line->more)
		read_line(reader, line->text.p, end + 1, block->lines);
	else
		block->lines[0] = (struct usual){.line = line->text.p,
						 .line_n = (uint32_t)line->text.n,
						 .kind = USUAL_NOT,
						 .ended = line->ended,
						 .cut = line->cut};
	return add_line(reader, block, NULL);
}

/* Takes the lines that are in the input's buffer. */
static void take_lines(struct reader *reader, struct block *block, struct stretch *stretch)
{
	const struct str rest = input_lines(reader->input);
	const char *p = rest.p, *end = p + rest.n;
	size_t count = 0;

	while (p < end && count < LINES_MAX - 1 && block->out.count < STRETCHES_MAX) {
		p = read_line(reader, p, end, stretch->lines + stretch->count);
		if (reader->parted) /* the next block begins with it */
			break;
		stretch = add_line(reader, block, stretch);
		count++;
	}
	stretch_end(reader, stretch);
	p = reader->parted ? reader->parted : p;
	reader->parted = NULL;
	input_took(reader->input, p, count);
}

/* Fills a block: waits for its first line, and takes those that came with it. */
static int fill(struct reader *reader, struct block *block)
{
	struct input *input = reader->input;
	struct line line;
	int result = input_next(input, &line, &reader->err);

	if (result <= 0)
		return result;
	take_lines(reader, block, put_first(reader, block, &line));
	block->out.end = input->offset;
	block->out.consumed = input->consumed;
	block->buffer = input_swap(input, block->buffer);
	return 1;
}

static void *run(void *context)
{
	struct reader *reader = context;
	int result = 1;

	for (unsigned next = 0; result > 0; next = (next + 1) % BLOCKS) {
		while (sem_wait(&reader->empty) < 0)
			;
		if (atomic_load(&reader->stop))
			break;
		struct block *block = &reader->ring[next];

		result = block->result = fill(reader, block);
		sem_post(&reader->full);
	}
	return NULL;
}

static int start(struct reader *reader)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int result = pthread_create(&reader->thread, NULL, run, reader);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	reader->running = result == 0;
	return -result;
}

int reader_begin(struct reader *reader, struct input *input, const struct memo_key *key,
		 struct err *err)
{
	reader->input = input;
	reader->key = key;
	reader->err = (struct err)ERR_INIT;
	reader->next = reader->taken = 0;
	reader->parted = NULL;
	reader->first = true;
	atomic_store(&reader->stop, false);
	/* nobody waits for a file */
	if (!S_ISREG(input->stat.st_mode)) {
		input->stop_fd = eventfd(0, EFD_CLOEXEC);
		if (input->stop_fd < 0)
			return err_errno(err, errno, "%s: cannot be read", input->path);
		input->stoppable = true;
	}
	input_read_ahead(input);
	sem_init(&reader->full, 0, 0);
	sem_init(&reader->empty, 0, BLOCKS);
	int result = start(reader);

	return result < 0 ? err_errno(err, -result, "%s: cannot start a thread", input->path) : 0;
}

void reader_end(struct reader *reader)
{
	const uint64_t one = 1;

	if (!reader->running)
		return;
	atomic_store(&reader->stop, true);
	if (reader->input->stoppable)
		(void)!write(reader->input->stop_fd, &one, sizeof(one));
	sem_post(&reader->empty);
	pthread_join(reader->thread, NULL);
	reader->running = false;
	sem_destroy(&reader->full);
	sem_destroy(&reader->empty);
}

/* The block that was taken last is not needed any more. */
static void give_back(struct reader *reader)
{
	if (reader->taken < BLOCKS_BACK)
		return;
	for (; reader->taken; reader->taken--)
		sem_post(&reader->empty);
}

static int wait_full(struct reader *reader, int timeout_ms)
{
	struct timespec until;

	if (sem_trywait(&reader->full) == 0)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += timeout_ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	return sem_clockwait(&reader->full, CLOCK_MONOTONIC, &until) == 0 ? 0 : -EAGAIN;
}

int reader_next(struct reader *reader, int timeout_ms, const struct reader_block **ret_block,
		struct err *err)
{
	struct block *block = &reader->ring[reader->next];

	give_back(reader);
	if (wait_full(reader, timeout_ms) < 0)
		return -EAGAIN;
	reader->next = (reader->next + 1) % BLOCKS;
	reader->taken++;
	*ret_block = &block->out;
	return block->result < 0 ? err_set(err, reader->err.code, "%s", reader->err.message)
				 : block->result;
}

bool reader_line(const struct reader_block *block, const struct stretch *stretch, size_t at,
		 struct line *line)
{
	const bool first = at == 0 && stretch == block->stretches;
	const bool odd = stretch->kind == STRETCH_ODD;

	if (at == stretch->line_count)
		return false;
	const char *p = odd       ? stretch->lines[at].line
			: at == 0 ? stretch->text
				  : line->text.p + line->text.n + 1;

	*line = (struct line){
		.text = str_of(p, odd ? stretch->lines[at].line_n
				      : (size_t)((char *)memchr(p, '\n', LINE_MAX_BYTES) - p)),
		.offset = block->offset + (uint64_t)(p - block->text),
		.ended = !odd || stretch->lines[at].ended,
		.cut = odd && stretch->lines[at].cut,
		.part = first && block->part,
		.more = first && block->more,
	};
	return true;
}
