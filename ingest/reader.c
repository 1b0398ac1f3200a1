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

/* Blocks that go round, and threads that read lines of them. */
#define BLOCKS  6
#define THREADS 2

/* Blocks that were taken are given back so many at once: the threads go on for a while then. */
#define BLOCKS_BACK (BLOCKS / 2)

/* Once there are so many stretches in a block, its remaining lines are odd. */
#define STRETCHES_MAX 2048

struct block {
	struct reader_block out;
	struct str lines;      /* whole ones, behind the first */
	struct stretch *alone; /* takes no second line: of the input's first line */
	char *buffer;
	struct usual *records;
	struct serial_run *runs;
	int result; /* of input_next() */
	sem_t full;
};

struct worker {
	struct reader *reader;
	pthread_t thread;
	bool running;
	struct usual_before before;
	struct serials serials; /* of the stretch at hand */
};

/*
 * One thread at a time fetches the next block, and reads its lines while the other one fetches.
 * Blocks go round in the order in which they were fetched.
 */
struct reader {
	struct worker workers[THREADS];
	struct block ring[BLOCKS];
	sem_t empty;
	atomic_bool stop;
	const struct memo_key *key;

	pthread_mutex_t lock; /* of what follows */
	struct input *input;
	unsigned fetched;
	bool ended;
	struct err err; /* of the block whose result is negative */

	/* the taker's own */
	unsigned next, taken; /* taken: not given back yet */
};

struct reader *reader_new(void)
{
	struct reader *reader = mem_new(1, sizeof(*reader));

	pthread_mutex_init(&reader->lock, NULL);
	for (size_t i = 0; i < THREADS; i++)
		reader->workers[i].reader = reader;
	for (size_t i = 0; i < BLOCKS; i++) {
		struct block *block = &reader->ring[i];

		block->buffer = input_buffer_new();
		block->records =
			mem_aligned(INPUT_BUFFER_SIZE / USUAL_RECORD_MIN + 2, sizeof(struct usual));
		block->runs =
			mem_new(INPUT_BUFFER_SIZE / USUAL_OTHER_MIN + 2, sizeof(struct serial_run));
		block->out.stretches = mem_new(STRETCHES_MAX, sizeof(struct stretch));
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
		free(reader->ring[i].records);
		free(reader->ring[i].runs);
		free(reader->ring[i].out.stretches);
	}
	pthread_mutex_destroy(&reader->lock);
	free(reader);
}

static void stretch_end(struct worker *worker, struct stretch *stretch)
{
	serials_end(&worker->serials);
	stretch->runs = worker->serials.done;
	stretch->run_count = worker->serials.count;
}

/* Where the block goes on: behind what the stretch at hand has. */
static struct stretch *stretch_begin(struct worker *worker, struct block *block,
				     enum stretch_kind kind, const char *text)
{
	struct reader_block *out = &block->out;
	struct stretch *before = out->count ? &out->stretches[out->count - 1] : NULL;
	struct stretch *stretch = &out->stretches[out->count++];

	if (before)
		stretch_end(worker, before);
	*stretch = (struct stretch){
		.kind = out->count == STRETCHES_MAX ? STRETCH_ODD : kind,
		.text = text,
		.records = before ? before->records + before->count : block->records,
	};
	worker->serials = (struct serials){
		.done = before ? worker->serials.done + worker->serials.count : block->runs};
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
static inline bool goes_on(const struct block *block, const struct stretch *stretch,
			   const struct usual *usual)
{
	if (block->out.count == STRETCHES_MAX)
		return true;
	return stretch->kind == kind_of(usual) && stretch != block->alone &&
	       (usual->kind != USUAL_SYSLOG || stretch->count == 0 ||
		str_eq(usual_host(usual), usual_host(stretch->records)));
}

/* Adds the line that lies behind the records of the stretch at hand; returns its stretch. */
static inline struct stretch *add_line(struct worker *worker, struct block *block,
				       struct stretch *stretch)
{
	const struct usual *usual = stretch ? stretch->records + stretch->count : block->records;

	if (!stretch || !goes_on(block, stretch, usual))
		stretch = stretch_begin(worker, block, kind_of(usual), usual->line);
	stretch->line_count++;
	if (stretch->kind == STRETCH_ODD)
		return stretch;
	stretch->count += usual_is_record(usual);
	if (usual->kind == USUAL_OTHER || usual_is_record(usual)) {
		serials_note(&worker->serials, usual->serial, usual->ms,
			     usual->kind == USUAL_OTHER);
		stretch->last_ms = usual->ms;
	}
	return stretch;
}

/* Reads the line at p, whose newline comes before `end`. Returns where the next one begins. */
static inline const char *read_line(struct worker *worker, const char *p, const char *end,
				    struct usual *usual)
{
	usual_read(p, end, &worker->before, usual);
	if (usual_is_record(usual))
		memo_hash(worker->reader->key, usual);
	return p + usual->line_n + 1;
}

/* The first line may not be whole. */
static void read_lines(struct worker *worker, struct block *block)
{
	const struct line *first = &block->out.first;
	const char *p = block->lines.p, *end = p + block->lines.n;
	struct stretch *stretch;

	block->out.count = 0;
	if (first->ended && !first->cut && !first->part && !first->more)
		read_line(worker, first->text.p, p, block->records);
	else
		block->records[0] = (struct usual){.line = first->text.p, .kind = USUAL_NOT};
	stretch = add_line(worker, block, NULL);
	while (p < end) {
		p = read_line(worker, p, end, stretch->records + stretch->count);
		stretch = add_line(worker, block, stretch);
	}
	stretch_end(worker, stretch);
}

/* Waits for a line, and fetches all that came with it. */
static int fetch(struct reader *reader, struct block *block)
{
	struct input *input = reader->input;
	int result = input_next(input, &block->out.first, &reader->err);

	if (result <= 0)
		return result;
	block->lines = input_lines(input);
	block->alone = reader->fetched == 1 ? block->out.stretches : NULL;
	input_skip_lines(input, block->lines);
	block->out.end = input->offset;
	block->out.consumed = input->consumed;
	block->buffer = input_swap(input, block->buffer);
	return 1;
}

/* The next block of the ring, with what is read of it; NULL at the end. */
static struct block *fetch_next(struct reader *reader)
{
	struct block *block = NULL;

	pthread_mutex_lock(&reader->lock);
	if (!reader->ended && !atomic_load(&reader->stop)) {
		block = &reader->ring[reader->fetched++ % BLOCKS];
		block->result = fetch(reader, block);
		reader->ended = block->result <= 0;
	}
	pthread_mutex_unlock(&reader->lock);
	return block;
}

static void *run(void *context)
{
	struct worker *worker = context;
	struct reader *reader = worker->reader;
	struct block *block;

	for (;;) {
		while (sem_wait(&reader->empty) < 0)
			;
		block = fetch_next(reader);
		if (!block)
			return NULL;
		if (block->result > 0)
			read_lines(worker, block);
		sem_post(&block->full);
	}
}

static int start(struct worker *worker)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int result = pthread_create(&worker->thread, NULL, run, worker);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	worker->running = result == 0;
	return -result;
}

/* One thread does for a small file. */
static size_t threads_for(const struct input *input)
{
	return S_ISREG(input->stat.st_mode) && input->stat.st_size <= INPUT_BUFFER_SIZE ? 1
											: THREADS;
}

int reader_begin(struct reader *reader, struct input *input, const struct memo_key *key,
		 struct err *err)
{
	reader->input = input;
	reader->key = key;
	reader->err = (struct err)ERR_INIT;
	reader->next = reader->taken = reader->fetched = 0;
	reader->ended = false;
	atomic_store(&reader->stop, false);
	/* nobody waits for a file */
	if (!S_ISREG(input->stat.st_mode)) {
		input->stop_fd = eventfd(0, EFD_CLOEXEC);
		if (input->stop_fd < 0)
			return err_errno(err, errno, "%s: cannot be read", input->path);
		input->stoppable = true;
	}
	input_read_ahead(input);
	sem_init(&reader->empty, 0, BLOCKS);
	for (size_t i = 0; i < BLOCKS; i++)
		sem_init(&reader->ring[i].full, 0, 0);
	int result = start(&reader->workers[0]);

	if (result < 0)
		return err_errno(err, -result, "%s: cannot start a thread", input->path);
	for (size_t i = 1; i < threads_for(input); i++)
		(void)start(&reader->workers[i]); /* the first one does without */
	return 0;
}

void reader_end(struct reader *reader)
{
	const uint64_t one = 1;

	if (!reader->workers[0].running)
		return;
	atomic_store(&reader->stop, true);
	if (reader->input->stoppable)
		(void)!write(reader->input->stop_fd, &one, sizeof(one));
	for (size_t i = 0; i < THREADS; i++)
		sem_post(&reader->empty);
	for (size_t i = 0; i < THREADS; i++) {
		if (reader->workers[i].running)
			pthread_join(reader->workers[i].thread, NULL);
		reader->workers[i].running = false;
	}
	sem_destroy(&reader->empty);
	for (size_t i = 0; i < BLOCKS; i++)
		sem_destroy(&reader->ring[i].full);
}

/* The block that was taken last is not needed any more. */
static void give_back(struct reader *reader)
{
	if (reader->taken < BLOCKS_BACK)
		return;
	for (; reader->taken; reader->taken--)
		sem_post(&reader->empty);
}

static int wait_full(struct block *block, int timeout_ms)
{
	struct timespec until;

	if (sem_trywait(&block->full) == 0)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += timeout_ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	return sem_clockwait(&block->full, CLOCK_MONOTONIC, &until) == 0 ? 0 : -EAGAIN;
}

int reader_next(struct reader *reader, int timeout_ms, const struct reader_block **ret_block,
		struct err *err)
{
	struct block *block = &reader->ring[reader->next];

	give_back(reader);
	if (wait_full(block, timeout_ms) < 0)
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
	const char *p = at ? line->text.p + line->text.n + 1 : stretch->text;

	if (at == stretch->line_count)
		return false;
	if (at == 0 && stretch == block->stretches) {
		*line = block->first;
		return true;
	}
	const char *newline = memchr(p, '\n', LINE_MAX_BYTES + 1);

	*line = (struct line){
		.text = str_of(p, (size_t)(newline - p)),
		.offset = block->first.offset + (uint64_t)(p - block->first.text.p),
		.ended = true,
	};
	return true;
}
