/*
 * A memo: what usual records say (ingest/usual.h), known by its hash. Records alike in all but
 * when, where and by whom have one number, so that everything that hangs on the rest is looked up once
 * for all of them.
 *
 * The hash stands for the text (base/hash.h): two given texts are taken for one with a chance of less
 * than 2^-46, and nobody who writes a log knows the key.
 */
#ifndef SCLOG_INGEST_MEMO_H
#define SCLOG_INGEST_MEMO_H

#include "base/hash.h"
#include "ingest/usual.h"

/* Records that say more are parsed each time. */
#define MEMO_TEXT 232

/* Of two words each: for numbers, and for three texts. */
#define MEMO_PAIRS (1 + HASH_PAIRS(MEMO_TEXT) + 2)

/* What decides beside comm= to compat= and the code, and the key of the hash. */
struct memo_key {
	uint64_t words[2 * MEMO_PAIRS];
	bool by_pid, by_subj;
};

struct memo;

/* Numbers go from 0 to less than size, a power of two of at most 32,768. */
struct memo *memo_new(uint32_t size, bool by_pid, bool by_subj);
void memo_free(struct memo *memo);

/* For memo_hash(); any thread may use it. */
const struct memo_key *memo_key(const struct memo *memo);

/* Hashes what a record's usual line says, for the functions below: 0 and 0 if it is too long. */
static inline void memo_hash(const struct memo_key *key, struct usual *usual)
{
	const uint64_t *words = key->words;
	const struct str what = usual_what(usual), host = usual_host(usual);
	const struct str subj = key->by_subj ? usual_subj(usual) : str_of(NULL, 0);
	hash_sum sum = 0;

	if (host.n + subj.n + what.n > MEMO_TEXT) {
		usual->hash[0] = usual->hash[1] = 0;
		return;
	}
	hash_pair(&sum, &words, (uint64_t)usual->kind << 32 | usual->code,
		  (uint64_t)what.n << 48 | (uint64_t)subj.n << 40 | (uint64_t)host.n << 32 |
			  (key->by_pid ? usual->pid : 0));
	hash_text(&sum, &words, what);
	if (host.n)
		hash_text(&sum, &words, host);
	if (subj.n)
		hash_text(&sum, &words, subj);
	usual->hash[0] = (uint64_t)sum | 1;
	usual->hash[1] = (uint64_t)(sum >> 64);
}

/* Asks for the memory that finding a record takes. */
void memo_soon(const struct memo *memo, const struct usual *usual);

/* The number of what the record says. False if it is not known. */
bool memo_find(const struct memo *memo, const struct usual *usual, uint32_t *ret_number);

/* True if it is short enough to be kept. */
static inline bool memo_fits(const struct usual *usual)
{
	return usual->hash[0] != 0;
}

/* The number that memo_add() will give next: once all are in use, those are forgotten. */
uint32_t memo_next(struct memo *memo);

/* Nothing is known any more. */
void memo_forget(struct memo *memo);

/* Keeps what the record says, which is not known yet and fits. */
void memo_add(struct memo *memo, const struct usual *usual);

#endif
