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
#define BLOCKS    4
#define LINES_MAX 2048 /* of a block */

/* Blocks that were taken are given back so many at once: the thread goes on for a while then. */
#define BLOCKS_BACK (BLOCKS / 2)

struct block {
	struct reader_block out;
	char *buffer;
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
	const char *parted; /* a line that comes in parts, in the block at hand */
	struct err err;     /* of the block whose result is negative */

	/* the taker's own */
	unsigned next, taken; /* taken: not given back yet */
};

struct reader *reader_new(void)
{
	struct reader *reader = mem_new(1, sizeof(*reader));

	for (size_t i = 0; i < BLOCKS; i++) {
		reader->ring[i].buffer = input_buffer_new();
		reader->ring[i].out.lines = mem_aligned(LINES_MAX, sizeof(struct usual));
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
		free(reader->ring[i].out.lines);
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

/* The block's first line, which may not be whole. */
static void put_first(struct reader *reader, struct reader_block *block, const struct line *line)
{
	const char *end = line->text.p + line->text.n;

	block->count = 1;
	block->offset = line->offset;
	block->part = line->part;
	block->more = line->more;
	if (line->ended && !line->cut && !line->part && !line->more)
		read_line(reader, line->text.p, end + 1, block->lines);
	else
		block->lines[0] = (struct usual){.line = line->text.p,
						 .line_n = (uint32_t)line->text.n,
						 .kind = USUAL_NOT,
						 .ended = line->ended,
						 .cut = line->cut};
}

/* Fills a block: waits for its first line, and takes those that came with it. */
static int fill(struct reader *reader, struct block *block)
{
	struct reader_block *out = &block->out;
	struct input *input = reader->input;
	struct line line;
	int result = input_next(input, &line, &reader->err);

	if (result <= 0)
		return result;
	put_first(reader, out, &line);
	const struct str rest = input_lines(input);
	const char *p = rest.p, *end = p + rest.n;

	while (p < end && out->count < LINES_MAX)
		p = read_line(reader, p, end, &out->lines[out->count++]);
	if (reader->parted) { /* the next block begins with it */
		p = reader->parted;
		reader->parted = NULL;
		out->count--;
	}
	input_took(input, p, out->count - 1);
	out->end = input->offset;
	out->consumed = input->consumed;
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
