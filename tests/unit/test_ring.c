/*
 * The ring between two threads: what is put comes out once, whole and in order, not before it is
 * published; what is published by way of two rings keeps the order of the publications.
 *
 * The threads' cases say little of memory order on x86-64 by themselves: run them under
 * -fsanitize=thread too, which knows what is not ordered.
 */
#include "base/ring.h"
#include "tests/valgrind.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define SIZE  4096
#define ITEMS 300000

/* Where other programs take the CPU too, a full ring waits for it a thousand times: after so long a
 * tenth of the items is enough. */
#define ENOUGH_SECONDS 5

static int setup(void **state)
{
	struct ring *ring = aligned_alloc(64, (sizeof(*ring) + 63) / 64 * 64);

	assert_non_null(ring);
	ring_init(ring, SIZE);
	*state = ring;
	return 0;
}

static int teardown(void **state)
{
	ring_release(*state);
	free(*state);
	return 0;
}

/* An item of n bytes, each of them `byte`. */
static bool put_bytes(struct ring *ring, size_t n, unsigned char byte)
{
	void *item = ring_put(ring, n);

	if (!item)
		return false;
	assert_int_equal((uintptr_t)item % 8, 0);
	memset(item, byte, n);
	return true;
}

static void take_bytes(struct ring *ring, size_t n, unsigned char byte)
{
	size_t got;
	const unsigned char *item = ring_take(ring, &got);

	assert_non_null(item);
	assert_int_equal(got, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(item[i], byte);
}

static void assert_nothing(struct ring *ring)
{
	size_t n;

	assert_null(ring_take(ring, &n));
}

static void nothing_is_seen_before_it_is_published(void **state)
{
	struct ring *ring = *state;

	ring_look(ring);
	assert_nothing(ring);
	assert_true(put_bytes(ring, 10, 'a'));
	assert_true(put_bytes(ring, 0, 'b'));
	ring_look(ring);
	assert_nothing(ring);
	ring_publish(ring);
	assert_true(put_bytes(ring, 3, 'c')); /* put after the publication: not yet */
	assert_nothing(ring);                 /* published after the look: not yet */
	ring_look(ring);
	take_bytes(ring, 10, 'a');
	take_bytes(ring, 0, 'b');
	assert_nothing(ring);
	ring_publish(ring);
	assert_nothing(ring);
	ring_look(ring);
	take_bytes(ring, 3, 'c');
	assert_nothing(ring);
}

/* A ring that nothing was put into takes no memory but for its first pages. */
static void memory_is_taken_as_it_is_filled(void **state)
{
	const size_t size = 16u << 20, page = (size_t)sysconf(_SC_PAGESIZE);
	struct ring *ring = *state;
	size_t count = 0;

	if (under_valgrind()) /* whose calloc(3) writes every byte */
		skip();
	unsigned char *resident = calloc(size / page, 1);

	assert_non_null(resident);
	ring_release(ring);
	ring_init(ring, size);
	assert_true(put_bytes(ring, 100, 'a'));
	char *from = (char *)(((uintptr_t)ring->bytes + page - 1) / page * page);

	assert_int_equal(mincore(from, size - page, resident), 0);
	for (size_t i = 0; i < size / page; i++)
		count += resident[i] & 1;
	assert_in_range(count * page, 0, size / 4);
	free(resident);
}

/* Who keeps up gets the same memory again, and never waits for an item that half of it holds. */
static void reader_that_keeps_up_needs_little_memory(void **state)
{
	struct ring *ring = *state;
	char *furthest = ring->bytes;

	for (size_t i = 0; i < 1000; i++) {
		char *item = ring_put(ring, 40);

		assert_non_null(item);
		furthest = item > furthest ? item : furthest;
		memset(item, (int)i & 0xff, 40);
		ring_publish(ring);
		ring_look(ring);
		take_bytes(ring, 40, (unsigned char)i);
		ring_done(ring);
	}
	assert_in_range(furthest - ring->bytes, 0, SIZE / 4);
	for (size_t i = 0; i < 100; i++) {
		assert_true(put_bytes(ring, i % 2 ? SIZE / 2 - 16 : 8, 'x'));
		ring_publish(ring);
		ring_look(ring);
		take_bytes(ring, i % 2 ? SIZE / 2 - 16 : 8, 'x');
		ring_done(ring);
	}
}

/* Puts until there is no room; returns how many. */
static size_t fill(struct ring *ring, size_t n)
{
	size_t count = 0;

	while (put_bytes(ring, n, (unsigned char)count))
		count++;
	ring_publish(ring);
	return count;
}

static void full_ring_takes_nothing_more_and_loses_nothing(void **state)
{
	struct ring *ring = *state;
	size_t count = fill(ring, 100);

	/* an item needs its bytes at least, and no more than 16 beside them */
	assert_true(count <= SIZE / 100 && count >= SIZE / 116);
	assert_null(ring_put(ring, 100));
	ring_look(ring);
	for (size_t i = 0; i < count; i++)
		take_bytes(ring, 100, (unsigned char)i);
	assert_nothing(ring);
}

static void room_comes_back_when_it_is_done_with_not_when_it_is_taken(void **state)
{
	struct ring *ring = *state;
	size_t count = fill(ring, 100);

	ring_look(ring);
	take_bytes(ring, 100, 0);
	take_bytes(ring, 100, 1);
	assert_null(ring_put(ring, 100)); /* somebody may still read them */
	ring_done(ring);
	assert_true(put_bytes(ring, 100, 200));
	ring_publish(ring);
	for (size_t i = 2; i < count; i++)
		take_bytes(ring, 100, (unsigned char)i);
	ring_look(ring);
	take_bytes(ring, 100, 200);
	assert_nothing(ring);
}

/* Every way in which an item can meet the end of the memory, item sizes from 0 to 200 bytes. */
static void items_lie_in_one_piece_where_the_memory_ends(void **state)
{
	struct ring *ring = *state;

	for (size_t n = 0; n <= 200; n++) {
		for (size_t i = 0; i < 3 * SIZE / (n + 8); i++) {
			unsigned char byte = (unsigned char)(n + i);

			assert_true(put_bytes(ring, n, byte));
			ring_publish(ring);
			ring_look(ring);
			take_bytes(ring, n, byte);
			assert_nothing(ring);
			ring_done(ring);
		}
	}
}

/* The positions that only grow: half a ring lies before their wrap, half behind it. */
static void positions_wrap(void **state)
{
	struct ring *ring = *state;
	size_t near_end = SIZE_MAX - SIZE / 2 + 1;

	ring->put = ring->at = ring->end = near_end;
	atomic_store(&ring->published, near_end);
	atomic_store(&ring->taken, near_end);
	for (int round = 0; round < 4; round++) {
		size_t count = fill(ring, 120);

		/* it is empty, and so begins anew, with room up to where it was */
		assert_true(count >= SIZE / 2 / 136 - 1);
		ring_look(ring);
		for (size_t i = 0; i < count; i++)
			take_bytes(ring, 120, (unsigned char)i);
		assert_nothing(ring);
		ring_done(ring);
	}
}

/* --- two threads */

struct numbered {
	uint64_t number;
	unsigned char bytes[];
};

static size_t size_of_number(uint64_t number)
{
	return number * 2654435761u % 331;
}

static void put_numbered(struct ring *ring, uint64_t number)
{
	size_t n = size_of_number(number);
	struct numbered *item;

	while (!(item = ring_put(ring, sizeof(*item) + n))) {
		ring_publish(ring);
		sched_yield();
	}
	item->number = number;
	memset(item->bytes, (int)(number & 0xff), n);
}

static void check_numbered(const struct numbered *item, size_t n, uint64_t number)
{
	assert_int_equal(item->number, number);
	assert_int_equal(n, sizeof(*item) + size_of_number(number));
	for (size_t i = 0; i < n - sizeof(*item); i++)
		assert_int_equal(item->bytes[i], number & 0xff);
}

static int64_t now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Rings and how many items come; that is settled before the last is published. */
struct passing {
	struct ring *ring, *effects;
	_Atomic uint64_t items;
};

static bool are_enough(uint64_t items, int64_t since)
{
	return items >= ITEMS || (items >= ITEMS / 10 && now_seconds() - since > ENOUGH_SECONDS);
}

static void *put_all(void *context)
{
	struct passing *passing = context;
	int64_t since = now_seconds();
	uint64_t number = 0;

	while (!are_enough(number, since)) {
		put_numbered(passing->ring, number);
		if (number++ % 7 == 0)
			ring_publish(passing->ring);
	}
	atomic_store(&passing->items, number);
	ring_publish(passing->ring);
	return NULL;
}

static void two_threads_pass_everything_once_and_in_order(void **state)
{
	struct ring *ring = *state;
	struct passing passing = {.ring = ring, .items = ITEMS};
	pthread_t thread;
	uint64_t number = 0;

	assert_int_equal(pthread_create(&thread, NULL, put_all, &passing), 0);
	while (number < atomic_load(&passing.items)) {
		const struct numbered *item;
		size_t n;

		ring_look(ring);
		while ((item = ring_take(ring, &n)) != NULL)
			check_numbered(item, n, number++);
		ring_done(ring);
		sched_yield();
	}
	pthread_join(thread, NULL);
	ring_look(ring);
	assert_nothing(ring);
}

struct pair {
	struct ring causes, effects;
};

/* As a listener does: effects are taken in first but shown last, when their causes are shown. */
static void *put_pairs(void *context)
{
	struct passing *passing = context;
	int64_t since = now_seconds();
	uint64_t number = 0;

	for (bool last = false; !last;) {
		uint64_t count = 1 + number * 2246822519u % 3;
		uint64_t end = number + count < ITEMS ? number + count : ITEMS;

		/* three effects always fit where all before were taken */
		for (uint64_t i = number; i < end; i++) {
			struct numbered *item;

			while (!(item = ring_put(passing->effects, sizeof(*item))))
				sched_yield();
			item->number = i;
		}
		for (uint64_t i = number; i < end; i++)
			put_numbered(passing->ring, i);
		number = end;
		last = are_enough(number, since);
		if (last)
			atomic_store(&passing->items, number);
		ring_publish(passing->ring);
		ring_publish(passing->effects);
	}
	return NULL;
}

/* Everything of the causes' ring, also what comes while it is taken. */
static uint64_t take_causes(struct ring *ring, uint64_t next)
{
	const struct numbered *item;
	size_t n;

	for (;;) {
		ring_done(ring);
		item = ring_take(ring, &n);
		if (!item) {
			ring_look(ring);
			item = ring_take(ring, &n);
		}
		if (!item)
			return next;
		check_numbered(item, n, next++);
	}
}

static void no_effect_is_seen_before_its_cause(void **state)
{
	struct pair *pair = aligned_alloc(64, sizeof(*pair));
	pthread_t thread;
	uint64_t causes = 0, effects = 0;

	(void)state;
	assert_non_null(pair);
	ring_init(&pair->causes, SIZE);
	ring_init(&pair->effects, SIZE);
	struct passing passing = {.ring = &pair->causes, .effects = &pair->effects, .items = ITEMS};

	assert_int_equal(pthread_create(&thread, NULL, put_pairs, &passing), 0);
	while (effects < atomic_load(&passing.items)) {
		const struct numbered *item;
		size_t n;

		ring_look(&pair->effects);
		causes = take_causes(&pair->causes, causes);
		while ((item = ring_take(&pair->effects, &n)) != NULL) {
			assert_int_equal(item->number, effects++);
			assert_true(item->number < causes);
		}
		ring_done(&pair->effects);
		sched_yield();
	}
	assert_int_equal(causes, passing.items);
	pthread_join(thread, NULL);
	ring_release(&pair->causes);
	ring_release(&pair->effects);
	free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_seen_before_it_is_published, setup,
						teardown),
		cmocka_unit_test_setup_teardown(memory_is_taken_as_it_is_filled, setup, teardown),
		cmocka_unit_test_setup_teardown(reader_that_keeps_up_needs_little_memory, setup,
						teardown),
		cmocka_unit_test_setup_teardown(full_ring_takes_nothing_more_and_loses_nothing,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			room_comes_back_when_it_is_done_with_not_when_it_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(items_lie_in_one_piece_where_the_memory_ends, setup,
						teardown),
		cmocka_unit_test_setup_teardown(positions_wrap, setup, teardown),
		cmocka_unit_test_setup_teardown(two_threads_pass_everything_once_and_in_order,
						setup, teardown),
		cmocka_unit_test(no_effect_is_seen_before_its_cause),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
