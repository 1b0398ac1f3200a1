#include "store/queue.h"

#include "base/mem.h"
#include "store/writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Batches in use at most: a few that go round, or 16 MiB that wait for a commit. */
#define BATCHES         4
#define BATCHES_PATIENT 64

/* A patient queue commits by itself when so many are kept: memory is flat in a storm. */
#define COMMIT_AT (BATCHES_PATIENT / 2)

/* A commit that failed is tried again after so long. */
#define RETRY_MS 1000

/* A patient queue that is merely busy makes its caller wait so long before it says so. */
#define ROOM_WAIT_MS 2000

struct queue {
	struct store *store;
	pthread_t thread;
	bool patient;
	size_t most; /* batches in use */

	/* The putting side's own. */
	struct pack pack;

	/* Under the lock, down to `taker`. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Batches are numbered as they are handed over; number N is in ring[N % BATCHES_PATIENT]
	 * from `given` to `freed`. taken: how many the thread has brought to the store. */
	struct batch *ring[BATCHES_PATIENT];
	uint64_t given, taken, freed;
	struct batch *spare[BATCHES_PATIENT];
	size_t spare_count;
	/* Commits that were asked for, and the answer to those that were done. */
	uint64_t asked, done;
	uint64_t commit_after; /* when so many batches are taken */
	struct err answer;
	struct err err;     /* the thread has given up; it takes nothing more */
	struct err trouble; /* the last commit failed, and will be tried again */
	struct timespec retry_at;
	struct put_counts counts;
	bool stop;

	/* The thread's own. */
	struct taker taker;
	/* Where the first kept batch is not committed yet: what came before is. */
	size_t committed_at;
};

static struct timespec after_ms(long ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += ms % 1000 * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_nsec -= 1000000000;
		at.tv_sec++;
	}
	return at;
}

static bool is_past(const struct timespec *at)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > at->tv_sec || (now.tv_sec == at->tv_sec && now.tv_nsec >= at->tv_nsec);
}

/* Batches before that number are not needed any more. */
static void free_until(struct queue *queue, uint64_t number)
{
	for (; queue->freed < number; queue->freed++) {
		struct batch **batch = &queue->ring[queue->freed % BATCHES_PATIENT];

		if ((*batch)->size > BATCH_SIZE)
			batch_free(*batch);
		else
			queue->spare[queue->spare_count++] = *batch;
		*batch = NULL;
	}
}

/* After a storm the memory is given back. */
static void drop_spares(struct queue *queue)
{
	while (queue->spare_count > BATCHES - 1)
		batch_free(queue->spare[--queue->spare_count]);
}

/* Everything up to there is committed. Called with the lock held. */
static void settle_commit(struct queue *queue, uint64_t number, size_t at)
{
	uint64_t kept = queue->taken - queue->freed;

	free_until(queue, number);
	queue->committed_at = at;
	queue->trouble.code = 0;
	if (kept < COMMIT_AT / 2)
		drop_spares(queue);
	if (queue->patient)
		writer_keep(queue->store);
}

/* The database has forgotten what was not committed. Called with the lock held. */
static void fail(struct queue *queue, const struct err *why)
{
	if (queue->patient && sql_error_passes(why->code)) {
		queue->trouble = *why;
		queue->retry_at = after_ms(RETRY_MS);
		queue->taken = queue->freed;
		writer_restore(queue->store);
	} else {
		queue->err = *why;
	}
	queue->counts = queue->store->counts;
	queue->answer = *why;
	queue->done = queue->asked;
}

/* What passes by itself is tried again after the next commit, and is no failure of this one. */
static void prune(struct queue *queue, struct err *err)
{
	if (keep_a_little(queue->store, err) < 0 && sql_error_passes(err->code))
		err_clear(err);
}

/* Writes what fills the memory: what was taken of batch `number` up to `at`, in the middle of it. */
static void write_inside(struct queue *queue, uint64_t number, size_t at, struct err *err)
{
	if (writer_write_seen(queue->store, err) != 0 || writer_commit(queue->store, err) < 0)
		return;
	prune(queue, err);
	pthread_mutex_lock(&queue->lock);
	if (queue->patient)
		settle_commit(queue, number, at);
	pthread_mutex_unlock(&queue->lock);
}

/* Brings a batch to the store; returns where an error ended it. */
static void take_batch(struct queue *queue, const struct batch *batch, uint64_t number, size_t at,
		       struct err *err)
{
	struct store *store = queue->store;

	while (at < batch->n && !err->code) {
		at = take_item(store, &queue->taker, batch, at, err);
		if (!err->code && writer_full(store))
			write_inside(queue, number, at, err);
	}
	/* The transaction is gone with what it held: nothing is half-written. */
	if (err->code)
		writer_forget(store);
}

/* Takes the next batch. The lock is held before and after, not meanwhile. */
static void take_next(struct queue *queue)
{
	uint64_t number = queue->taken;
	const struct batch *batch = queue->ring[number % BATCHES_PATIENT];
	struct err err = ERR_INIT;
	size_t at = number == queue->freed ? queue->committed_at : 0;

	pthread_mutex_unlock(&queue->lock);
	take_batch(queue, batch, number, at, &err);
	pthread_mutex_lock(&queue->lock);
	if (err.code) {
		fail(queue, &err);
	} else {
		queue->taken++;
		if (!queue->patient)
			free_until(queue, queue->taken);
		queue->counts = queue->store->counts;
	}
	pthread_cond_broadcast(&queue->changed);
}

/* Commits what was taken, all of it. The lock is held before and after, not meanwhile. */
static void commit_now(struct queue *queue)
{
	uint64_t asked = queue->commit_after <= queue->taken ? queue->asked : queue->done;
	struct err err = ERR_INIT;

	pthread_mutex_unlock(&queue->lock);
	if (writer_commit(queue->store, &err) == 0)
		prune(queue, &err);
	pthread_mutex_lock(&queue->lock);
	if (err.code) {
		fail(queue, &err);
	} else {
		settle_commit(queue, queue->taken, 0);
		queue->answer = err;
		queue->done = asked;
		queue->counts = queue->store->counts;
	}
	pthread_cond_broadcast(&queue->changed);
}

static bool commit_is_due(const struct queue *queue)
{
	uint64_t kept = queue->taken - queue->freed;

	if (queue->asked != queue->done && queue->taken >= queue->commit_after)
		return true;
	/* in trouble one batch is tried, before all are brought to the store again */
	return queue->patient && kept && (queue->trouble.code || kept >= COMMIT_AT);
}

/* Waits for something to do. Called with the lock held. */
static void wait_for_work(struct queue *queue)
{
	while (!queue->stop) {
		bool asked = queue->asked != queue->done;
		bool work = queue->taken != queue->given || asked;

		if (!queue->trouble.code && (work || commit_is_due(queue)))
			return;
		if (!queue->trouble.code)
			pthread_cond_wait(&queue->changed, &queue->lock);
		else if (asked || is_past(&queue->retry_at))
			return;
		else
			pthread_cond_timedwait(&queue->changed, &queue->lock, &queue->retry_at);
	}
}

/* After an error that stays nothing is taken; nobody is to wait for it. */
static void drain(struct queue *queue)
{
	queue->taken = queue->given;
	free_until(queue, queue->given);
	queue->done = queue->asked;
	pthread_cond_broadcast(&queue->changed);
}

static void *run(void *context)
{
	struct queue *queue = context;

	pthread_mutex_lock(&queue->lock);
	for (;;) {
		wait_for_work(queue);
		if (queue->stop)
			break;
		if (queue->err.code)
			drain(queue);
		else if (commit_is_due(queue) || queue->taken == queue->given)
			commit_now(queue);
		else
			take_next(queue);
	}
	pthread_mutex_unlock(&queue->lock);
	return NULL;
}

static void start(struct queue *queue)
{
	pthread_condattr_t clock;
	sigset_t all, before;

	pthread_mutex_init(&queue->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&queue->changed, &clock);
	pthread_condattr_destroy(&clock);
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&queue->thread, NULL, run, queue) != 0)
		mem_fail("a thread");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct queue *queue_new(struct store *store)
{
	struct queue *queue = mem_new(1, sizeof(*queue));

	queue->store = store;
	queue->patient = store->patient;
	queue->most = store->patient ? BATCHES_PATIENT : BATCHES;
	queue->counts = store->counts;
	if (queue->patient)
		writer_keep(store);
	pack_begin(&queue->pack, batch_new(BATCH_SIZE));
	start(queue);
	return queue;
}

/* The batch that is being filled changes hands, if it holds anything, and an empty one takes its
 * place. Called with the lock held; one more must fit. */
static void hand_over(struct queue *queue, size_t size)
{
	struct batch *batch = NULL;

	if (queue->pack.batch->n == 0) {
		if (size <= queue->pack.batch->size)
			return;
		batch_free(queue->pack.batch);
	} else {
		queue->ring[queue->given++ % BATCHES_PATIENT] = queue->pack.batch;
		pthread_cond_broadcast(&queue->changed);
	}
	if (size <= BATCH_SIZE && queue->spare_count)
		batch = queue->spare[--queue->spare_count];
	pack_begin(&queue->pack, batch ? batch : batch_new(size > BATCH_SIZE ? size : BATCH_SIZE));
}

/* Can one more batch be handed over? One of those in use is being filled. `last` is kept for a
 * commit that somebody waits for. */
static bool has_room(const struct queue *queue, bool last)
{
	return queue->given - queue->freed + 2 + (queue->patient && !last) <= queue->most;
}

bool queue_has_room(struct queue *queue, size_t size)
{
	const struct batch *batch = queue->pack.batch;

	if (batch->size - batch->n >= size)
		return true;
	pthread_mutex_lock(&queue->lock);
	bool room = has_room(queue, false);

	pthread_mutex_unlock(&queue->lock);
	return room;
}

/* Waits until one more fits. Called with the lock held. */
static int wait_for_room(struct queue *queue)
{
	struct timespec until = after_ms(ROOM_WAIT_MS);

	if (has_room(queue, false))
		return 0;
	/* Once all are full, it goes on when half of them are free: fewer switches. */
	while (!queue->patient && queue->given - queue->freed + 1 > queue->most / 2)
		pthread_cond_wait(&queue->changed, &queue->lock);
	while (queue->patient && !has_room(queue, false)) {
		if (queue->trouble.code || is_past(&until))
			return -EAGAIN;
		pthread_cond_timedwait(&queue->changed, &queue->lock, &until);
	}
	return 0;
}

static int thread_error(const struct queue *queue, struct err *err)
{
	return queue->err.code ? err_set(err, queue->err.code, "%s", queue->err.message) : 0;
}

int queue_room(struct queue *queue, size_t size, struct pack **ret_pack, struct err *err)
{
	*ret_pack = &queue->pack;
	if (queue->pack.batch->n + size <= queue->pack.batch->size)
		return 0;
	pthread_mutex_lock(&queue->lock);
	int result = wait_for_room(queue);

	if (result == 0)
		hand_over(queue, size);
	if (thread_error(queue, err) < 0)
		result = -err->code;
	pthread_mutex_unlock(&queue->lock);
	return result;
}

/* Asks for a commit and waits for it. True if it was of everything that was put. */
static bool commit_round(struct queue *queue, struct err *err)
{
	pthread_mutex_lock(&queue->lock);
	if (!queue->patient)
		wait_for_room(queue);
	bool all = queue->pack.batch->n == 0 || has_room(queue, true);

	if (all)
		hand_over(queue, 0);
	uint64_t number = ++queue->asked;

	queue->commit_after = queue->given;
	pthread_cond_broadcast(&queue->changed);
	while (queue->done < number && !queue->err.code)
		pthread_cond_wait(&queue->changed, &queue->lock);
	if (thread_error(queue, err) == 0 && queue->answer.code)
		err_set(err, queue->answer.code, "%s", queue->answer.message);
	pthread_mutex_unlock(&queue->lock);
	return all;
}

int queue_commit(struct queue *queue, struct err *err)
{
	while (!commit_round(queue, err) && !err->code)
		;
	return -err->code;
}

int queue_commit_soon(struct queue *queue, struct err *err)
{
	pthread_mutex_lock(&queue->lock);
	int result = thread_error(queue, err);
	bool busy = queue->asked != queue->done || queue->trouble.code;

	/* What is asked for while one is under way would only cut batches short. */
	if (result == 0 && !busy) {
		if (has_room(queue, false))
			hand_over(queue, 0);
		queue->asked++;
		queue->commit_after = queue->given;
		pthread_cond_broadcast(&queue->changed);
	}
	pthread_mutex_unlock(&queue->lock);
	return result;
}

int queue_settle(struct queue *queue, struct err *err)
{
	pthread_mutex_lock(&queue->lock);
	int result = wait_for_room(queue);

	if (result == 0)
		hand_over(queue, 0);
	while (queue->taken != queue->given && !queue->err.code && !queue->trouble.code)
		pthread_cond_wait(&queue->changed, &queue->lock);
	if (thread_error(queue, err) < 0)
		result = -err->code;
	pthread_mutex_unlock(&queue->lock);
	return result;
}

struct put_counts queue_counts(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	struct put_counts counts = queue->counts;

	pthread_mutex_unlock(&queue->lock);
	return counts;
}

bool queue_trouble(struct queue *queue, char *to, size_t size)
{
	pthread_mutex_lock(&queue->lock);
	const struct err *why = queue->err.code ? &queue->err : &queue->trouble;
	bool is = why->code != 0;

	if (is)
		snprintf(to, size, "%s", why->message);
	pthread_mutex_unlock(&queue->lock);
	return is;
}

size_t queue_waiting(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	size_t bytes = queue->pack.batch->n ? queue->pack.batch->size : 0;

	for (uint64_t number = queue->freed; number < queue->given; number++)
		bytes += queue->ring[number % BATCHES_PATIENT]->size;
	pthread_mutex_unlock(&queue->lock);
	return bytes;
}

void queue_free(struct queue *queue)
{
	if (!queue)
		return;
	pthread_mutex_lock(&queue->lock);
	queue->stop = true;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->lock);
	pthread_join(queue->thread, NULL);
	free_until(queue, queue->given);
	while (queue->spare_count)
		batch_free(queue->spare[--queue->spare_count]);
	batch_free(queue->pack.batch);
	pthread_cond_destroy(&queue->changed);
	pthread_mutex_destroy(&queue->lock);
	free(queue);
}
