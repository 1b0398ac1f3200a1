#include "ingest/memo.h"

#include "base/mem.h"

#include <stdlib.h>
#include <sys/random.h>

#define TEXT_MAX 232 /* longer ones are parsed each time */

/* One behind the other, each from a multiple of eight bytes on: close together, so that few pages hold
 * them. */
struct known {
	uint64_t hash;
	uint32_t number, code, pid; /* pid: 0 unless it decides */
	uint8_t kind, host_n;       /* enum usual_kind; a host is never longer */
	uint16_t n;
	char text[]; /* the host, the context if it decides, comm= to compat= */
};

/* There is room for so many bytes of each. */
#define KNOWN_BYTES 128

struct memo {
	struct memo_key key;
	uint32_t size, count;
	char *known;
	size_t known_n, known_size;
	uint32_t *slots; /* where in it, / 8 + 1; twice the size */
};

struct memo *memo_new(uint32_t size, bool by_pid, bool by_subj)
{
	struct memo *memo = mem_new(1, sizeof(*memo));

	memo->key.by_pid = by_pid;
	memo->key.by_subj = by_subj;
	if (getrandom(&memo->key.seed, sizeof(memo->key.seed), 0) != sizeof(memo->key.seed))
		mem_fail("random bytes");
	memo->size = size;
	memo->known_size = (size_t)size * KNOWN_BYTES + sizeof(struct known) + TEXT_MAX;
	memo->known = mem_new(1, memo->known_size);
	memo->slots = mem_new(2 * (size_t)size, sizeof(*memo->slots));
	return memo;
}

void memo_free(struct memo *memo)
{
	if (!memo)
		return;
	free(memo->known);
	free(memo->slots);
	free(memo);
}

const struct memo_key *memo_key(const struct memo *memo)
{
	return &memo->key;
}

static inline size_t slot_of(const struct memo *memo, const struct usual *usual)
{
	return (size_t)usual->hash & (2 * (size_t)memo->size - 1);
}

void memo_soon(const struct memo *memo, const struct usual *usual)
{
	__builtin_prefetch(&memo->slots[slot_of(memo, usual)]);
}

/* What a slot that is in use leads to. */
static inline struct known *known_at(const struct memo *memo, size_t slot)
{
	return (void *)(memo->known + (size_t)(memo->slots[slot] - 1) * 8);
}

void memo_sooner(const struct memo *memo, const struct usual *usual)
{
	size_t slot = slot_of(memo, usual);
	const char *known = memo->slots[slot] ? (char *)known_at(memo, slot) : memo->known;

	__builtin_prefetch(known);
	__builtin_prefetch(known + 64);
	__builtin_prefetch(known + 104);
}

static inline bool is_known(const struct memo *memo, const struct known *known,
			    const struct usual *usual)
{
	struct str subj = memo_subj(&memo->key, usual), what = usual_what(usual);
	struct str host = usual_host(usual);
	const char *text = known->text;

	return known->hash == usual->hash && known->n == host.n + subj.n + what.n &&
	       known->code == usual->code && known->pid == memo_pid(&memo->key, usual) &&
	       known->kind == usual->kind && known->host_n == host.n &&
	       memcmp(text + host.n + subj.n, what.p, what.n) == 0 &&
	       (host.n == 0 || memcmp(text, host.p, host.n) == 0) &&
	       (subj.n == 0 || memcmp(text + host.n, subj.p, subj.n) == 0);
}

bool memo_find(const struct memo *memo, const struct usual *usual, uint32_t *ret_number)
{
	size_t slot = slot_of(memo, usual);

	for (; memo->slots[slot]; slot = (slot + 1) & (2 * (size_t)memo->size - 1)) {
		const struct known *known = known_at(memo, slot);

		if (!is_known(memo, known, usual))
			continue;
		*ret_number = known->number;
		return true;
	}
	return false;
}

bool memo_fits(const struct memo *memo, const struct usual *usual)
{
	return (size_t)usual->host_n + memo_subj(&memo->key, usual).n + usual->what_n <= TEXT_MAX;
}

void memo_forget(struct memo *memo)
{
	memset(memo->slots, 0, 2 * (size_t)memo->size * sizeof(*memo->slots));
	memo->count = 0;
	memo->known_n = 0;
}

uint32_t memo_next(struct memo *memo)
{
	if (memo->count == memo->size ||
	    memo->known_size - memo->known_n < sizeof(struct known) + TEXT_MAX)
		memo_forget(memo);
	return memo->count;
}

void memo_add(struct memo *memo, const struct usual *usual)
{
	const struct str parts[] = {usual_host(usual), memo_subj(&memo->key, usual),
				    usual_what(usual)};
	uint32_t number = memo_next(memo);
	struct known *known = (void *)(memo->known + memo->known_n);
	size_t slot = slot_of(memo, usual);

	known->hash = usual->hash;
	known->number = number;
	known->code = usual->code;
	known->pid = memo_pid(&memo->key, usual);
	known->kind = usual->kind;
	known->host_n = usual->host_n;
	known->n = 0;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].n)
			memcpy(known->text + known->n, parts[i].p, parts[i].n);
		known->n = (uint16_t)(known->n + parts[i].n);
	}
	while (memo->slots[slot])
		slot = (slot + 1) & (2 * (size_t)memo->size - 1);
	memo->slots[slot] = (uint32_t)(memo->known_n / 8 + 1);
	memo->known_n += (sizeof(*known) + known->n + 7) / 8 * 8;
	memo->count++;
}
