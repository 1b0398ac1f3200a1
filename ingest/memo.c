#include "ingest/memo.h"

#include "base/mem.h"

#include <stdlib.h>
#include <sys/random.h>

/* Of the hash's second word; the rest of it is there. */
#define NUMBER_BITS 0xffffu

/* Four in a cache line. */
struct known {
	uint64_t hash;
	uint64_t more; /* with the number and one more in its low bits; 0: the slot is free */
};

struct memo {
	struct memo_key key;
	uint32_t size, count;
	struct known *slots; /* twice the size */
};

struct memo *memo_new(uint32_t size, bool by_pid, bool by_subj)
{
	struct memo *memo = mem_new(1, sizeof(*memo));

	memo->key.by_pid = by_pid;
	memo->key.by_subj = by_subj;
	if (getrandom(memo->key.words, sizeof(memo->key.words), 0) != sizeof(memo->key.words))
		mem_fail("random bytes");
	memo->size = size;
	memo->slots = mem_new(2 * (size_t)size, sizeof(*memo->slots));
	return memo;
}

void memo_free(struct memo *memo)
{
	if (!memo)
		return;
	free(memo->slots);
	free(memo);
}

const struct memo_key *memo_key(const struct memo *memo)
{
	return &memo->key;
}

static inline struct known *slot_at(const struct memo *memo, uint64_t at)
{
	return &memo->slots[at & (2 * (uint64_t)memo->size - 1)];
}

/* Where the record is, or belongs. */
static inline struct known *find(const struct memo *memo, const struct usual *usual)
{
	for (uint64_t at = usual->hash[0] >> 32;; at++) {
		struct known *known = slot_at(memo, at);

		if (!known->more || (known->hash == usual->hash[0] &&
				     (known->more ^ usual->hash[1]) <= NUMBER_BITS))
			return known;
	}
}

void memo_soon(const struct memo *memo, const struct usual *usual)
{
	__builtin_prefetch(slot_at(memo, usual->hash[0] >> 32));
}

bool memo_find(const struct memo *memo, const struct usual *usual, uint32_t *ret_number)
{
	const struct known *known = find(memo, usual);

	*ret_number = (uint32_t)(known->more & NUMBER_BITS) - 1;
	return known->more != 0;
}

void memo_forget(struct memo *memo)
{
	memset(memo->slots, 0, 2 * (size_t)memo->size * sizeof(*memo->slots));
	memo->count = 0;
}

uint32_t memo_next(struct memo *memo)
{
	if (memo->count == memo->size)
		memo_forget(memo);
	return memo->count;
}

void memo_add(struct memo *memo, const struct usual *usual)
{
	const uint32_t number = memo_next(memo);

	*find(memo, usual) = (struct known){
		.hash = usual->hash[0],
		.more = (usual->hash[1] & ~(uint64_t)NUMBER_BITS) | (number + 1),
	};
	memo->count++;
}
