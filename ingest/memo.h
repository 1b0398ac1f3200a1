/*
 * A memo: what usual records say (ingest/usual.h), known by its bytes. Records alike in all but
 * when, where and by whom have one number, so that everything that hangs on the rest is looked up once
 * for all of them.
 */
#ifndef SCLOG_INGEST_MEMO_H
#define SCLOG_INGEST_MEMO_H

#include "base/hash.h"
#include "ingest/usual.h"

/* What decides beside comm= to compat= and the code, and the key of the hash. */
struct memo_key {
	uint64_t seed;
	bool by_pid, by_subj;
};

struct memo;

/* Numbers go from 0 to less than size, a power of two. */
struct memo *memo_new(uint32_t size, bool by_pid, bool by_subj);
void memo_free(struct memo *memo);

/* For memo_hash(); any thread may use it. */
const struct memo_key *memo_key(const struct memo *memo);

/* What of a record decides. */
static inline struct str memo_subj(const struct memo_key *key, const struct usual *usual)
{
	return key->by_subj ? usual_subj(usual) : str_of(NULL, 0);
}

static inline uint32_t memo_pid(const struct memo_key *key, const struct usual *usual)
{
	return key->by_pid ? usual->pid : 0;
}

/* Of a record's usual line, which is kept in it for the functions below. */
static inline uint64_t memo_hash(const struct memo_key *key, const struct usual *usual)
{
	uint64_t hash =
		key->seed ^ memo_pid(key, usual) ^ ((uint64_t)usual->kind << 32 | usual->code);

	if (usual->host_n)
		hash = hash_bytes(hash, usual_host(usual));
	if (key->by_subj)
		hash = hash_bytes(hash, usual_subj(usual));
	return hash_long(hash, usual_what(usual));
}

/* Asks for the memory that finding a record takes: first the one, a little later the other. */
void memo_soon(const struct memo *memo, const struct usual *usual);
void memo_sooner(const struct memo *memo, const struct usual *usual);

/* The number of what the record says. False if it is not known. */
bool memo_find(const struct memo *memo, const struct usual *usual, uint32_t *ret_number);

/* True if it is short enough to be kept. */
bool memo_fits(const struct memo *memo, const struct usual *usual);

/* The number that memo_add() will give next: once all are in use, those are forgotten. */
uint32_t memo_next(struct memo *memo);

/* Nothing is known any more. */
void memo_forget(struct memo *memo);

/* Keeps what the record says, which is not known yet and fits. */
void memo_add(struct memo *memo, const struct usual *usual);

#endif
