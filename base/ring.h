/*
 * A ring of bytes between two threads: one puts items, the other takes them, in order.
 *
 * No locks: each side owns its end. Items are put without being seen, and become visible
 * together by ring_publish(); so a thread can order what it puts into two rings.
 */
#ifndef SCLOG_BASE_RING_H
#define SCLOG_BASE_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	char *bytes;
	size_t size; /* a power of two */
	/* The putting side's. */
	size_t put; /* behind the last item; positions only grow, their low bits are the place */
	/* Shared: how far items are visible, and how far they were taken. */
	_Alignas(64) _Atomic size_t published;
	_Alignas(64) _Atomic size_t taken;
	/* The taking side's. */
	_Alignas(64) size_t at;
	size_t end; /* what was published when it last looked */
};

void ring_init(struct ring *ring, size_t size);
void ring_release(struct ring *ring);

/* Room for an item of n bytes, at most half of the ring, aligned to eight; NULL if there is none
 * now. */
void *ring_put(struct ring *ring, size_t n);

/* Shows what was put. */
static inline void ring_publish(struct ring *ring)
{
	atomic_store_explicit(&ring->published, ring->put, memory_order_release);
}

/* Looks how far items are visible: ring_take() gives those, and none that came later. */
static inline void ring_look(struct ring *ring)
{
	ring->end = atomic_load_explicit(&ring->published, memory_order_acquire);
}

/* The next item of the last look, or NULL. It lives until ring_done(). */
void *ring_take(struct ring *ring, size_t *ret_n);

/* Gives back the room of everything taken so far. */
static inline void ring_done(struct ring *ring)
{
	atomic_store_explicit(&ring->taken, ring->at, memory_order_release);
}

#endif
