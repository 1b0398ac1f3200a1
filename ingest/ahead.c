#include "ingest/ahead.h"

#include "base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#define PIECES     4
#define PIECE_SIZE 262144

struct piece {
	char *bytes;
	ssize_t n;    /* as make() returned it */
	size_t taken; /* the reader's; 0 in a piece that it has not waited for */
};

struct ahead {
	pthread_t thread;
	ahead_fn *make;
	void *context;
	sem_t full, empty;
	struct piece ring[PIECES];
	struct err err; /* of the last piece */
	atomic_bool stop;
	unsigned next; /* the reader's */
};

static void wait_for(sem_t *count)
{
	while (sem_wait(count) < 0)
		;
}

static void *run(void *context)
{
	struct ahead *ahead = context;
	ssize_t n = 1;

	for (unsigned next = 0; n > 0; next = (next + 1) % PIECES) {
		struct piece *piece = &ahead->ring[next];

		wait_for(&ahead->empty);
		if (atomic_load(&ahead->stop))
			break;
		n = ahead->make(ahead->context, piece->bytes, PIECE_SIZE, &ahead->err);
		piece->n = n;
		sem_post(&ahead->full);
	}
	return NULL;
}

static void release(struct ahead *ahead)
{
	for (size_t i = 0; i < PIECES; i++)
		free(ahead->ring[i].bytes);
	sem_destroy(&ahead->full);
	sem_destroy(&ahead->empty);
	free(ahead);
}

struct ahead *ahead_new(ahead_fn *make, void *context)
{
	struct ahead *ahead = mem_new(1, sizeof(*ahead));
	sigset_t all, before;

	ahead->make = make;
	ahead->context = context;
	sem_init(&ahead->full, 0, 0);
	sem_init(&ahead->empty, 0, PIECES);
	for (size_t i = 0; i < PIECES; i++)
		ahead->ring[i].bytes = mem_new(1, PIECE_SIZE);
	/* Signals are the other threads'. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int result = pthread_create(&ahead->thread, NULL, run, ahead);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (result == 0)
		return ahead;
	release(ahead);
	return NULL;
}

void ahead_free(struct ahead *ahead)
{
	if (!ahead)
		return;
	atomic_store(&ahead->stop, true);
	sem_post(&ahead->empty);
	pthread_join(ahead->thread, NULL);
	release(ahead);
}

ssize_t ahead_read(struct ahead *ahead, char *to, size_t size, struct err *err)
{
	struct piece *piece = &ahead->ring[ahead->next];

	if (piece->taken == 0)
		wait_for(&ahead->full);
	if (piece->n <= 0)
		return piece->n < 0 ? err_set(err, ahead->err.code, "%s", ahead->err.message) : 0;
	size_t left = (size_t)piece->n - piece->taken;

	size = size < left ? size : left;
	memcpy(to, piece->bytes + piece->taken, size);
	piece->taken += size;
	if (size == left) {
		ahead->next = (ahead->next + 1) % PIECES;
		piece->taken = 0;
		sem_post(&ahead->empty);
	}
	return (ssize_t)size;
}
