/*
 * A lock-free queue of items between two threads, a producer and a consumer.
 *
 * Items become visible to the consumer together, with ring_publish(), so that a producer can order
 * what it puts into two rings.
 */
#ifndef SCLOG_BASE_RING_H
#define SCLOG_BASE_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	char *bytes;
	size_t size; /* a power of two */
	/* The producer's. */
	size_t put; /* after the last item. Positions only grow; their low bits are the index */
	/* Shared: the end of the visible items, and of those taken. */
	_Alignas(64) _Atomic size_t published;
	_Alignas(64) _Atomic size_t taken;
	/* The consumer's. */
	_Alignas(64) size_t at;
	size_t end; /* `published` at the last ring_look() */
};

void ring_init(struct ring *ring, size_t size);
void ring_release(struct ring *ring);

/* Room for an item of n bytes, at most half of the ring, aligned to eight. NULL if the ring is too
 * full. */
void *ring_put(struct ring *ring, size_t n);

/* Makes the items visible. */
static inline void ring_publish(struct ring *ring)
{
	atomic_store_explicit(&ring->published, ring->put, memory_order_release);
}

/* Starts a round: ring_take() returns the items that are visible now, and no later ones. */
static inline void ring_look(struct ring *ring)
{
	ring->end = atomic_load_explicit(&ring->published, memory_order_acquire);
}

/* The next item of the round, or NULL. Valid until ring_done(). */
void *ring_take(struct ring *ring, size_t *ret_n);

/* Frees the room of all items taken so far. */
static inline void ring_done(struct ring *ring)
{
	atomic_store_explicit(&ring->taken, ring->at, memory_order_release);
}

#endif
