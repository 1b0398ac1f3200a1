#include "base/ring.h"

#include "base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Once all is taken and this part of the ring is used, it begins anew: a reader that keeps up needs no
 * more memory, and finds it in the cache. Until the reader has come round, only that part has room. */
#define PART 8

/* Before each item; one with this size says that the rest of the memory up to its end is left
 * out, so that every item lies in one piece. */
struct head {
	uint32_t size; /* with this head, a multiple of eight */
	uint32_t n;
};

#define SKIP UINT32_MAX

void ring_init(struct ring *ring, size_t size)
{
	memset(ring, 0, sizeof(*ring));
	ring->bytes = mem_new(1, size); /* pages are allocated when first written */
	ring->size = size;
}

void ring_release(struct ring *ring)
{
	free(ring->bytes);
	ring->bytes = NULL;
}

void *ring_put(struct ring *ring, size_t n)
{
	size_t whole = (sizeof(struct head) + n + 7) / 8 * 8;
	size_t taken = atomic_load_explicit(&ring->taken, memory_order_acquire);
	size_t place = ring->put & (ring->size - 1);
	bool anew = taken == ring->put && place > ring->size / PART && place >= whole;
	size_t skipped = anew || place + whole > ring->size ? ring->size - place : 0;

	if (ring->put + skipped + whole - taken > ring->size)
		return NULL;
	if (skipped) {
		*(struct head *)(void *)(ring->bytes + place) = (struct head){SKIP, 0};
		ring->put += skipped;
		place = 0;
	}
	struct head *head = (void *)(ring->bytes + place);

	*head = (struct head){(uint32_t)whole, (uint32_t)n};
	ring->put += whole;
	return head + 1;
}

void *ring_take(struct ring *ring, size_t *ret_n)
{
	while (ring->at != ring->end) {
		size_t place = ring->at & (ring->size - 1);
		struct head *head = (void *)(ring->bytes + place);

		if (head->size != SKIP) {
			ring->at += head->size;
			*ret_n = head->n;
			return head + 1;
		}
		ring->at += ring->size - place;
	}
	return NULL;
}
