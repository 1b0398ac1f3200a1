#include "cli/kinds.h"

#include "base/hash.h"
#include "base/mem.h"
#include "ingest/usual.h"

#include <stdlib.h>
#include <sys/random.h>

#define SLOTS    (2 * STORE_KINDS)
#define TEXT_MAX 232 /* longer ones are parsed each time */
#define BLOCK    64  /* lines whose kinds are looked for together: the waits for memory overlap */

/* A kind, by what its records say. Four cache lines, of which the first two or three are read. */
struct known {
	uint64_t hash;
	uint32_t code, pid; /* pid: 0 unless it decides */
	uint32_t n;
	char text[TEXT_MAX + 4]; /* the context if it decides, then comm= to compat= */
};

_Static_assert(sizeof(struct known) == 256, "whole cache lines");

struct pending {
	struct usual usual;
	enum usual_kind kind;
	uint32_t pid;
	uint64_t hash;
};

struct usual_kinds {
	struct intake *intake;
	struct assign *assign;
	bool by_pid, by_subj;
	uint64_t seed;
	struct known *all;
	uint32_t count;
	uint32_t *slots; /* number + 1 */
	struct pending pending[BLOCK];
	size_t pending_count;
	struct store_event events[STORE_EVENTS_MAX];
	size_t event_count;
};

struct usual_kinds *usual_kinds_new(struct intake *intake, struct assign *assign)
{
	struct usual_kinds *kinds = mem_new(1, sizeof(*kinds));

	kinds->intake = intake;
	kinds->assign = assign;
	kinds->by_pid = assign_by_pid(assign);
	kinds->by_subj = assign_by_subj(assign);
	if (getrandom(&kinds->seed, sizeof(kinds->seed), 0) != sizeof(kinds->seed))
		mem_fail("random bytes");
	kinds->all = mem_new(STORE_KINDS, sizeof(*kinds->all));
	kinds->slots = mem_new(SLOTS, sizeof(*kinds->slots));
	return kinds;
}

void usual_kinds_free(struct usual_kinds *kinds)
{
	if (!kinds)
		return;
	free(kinds->all);
	free(kinds->slots);
	free(kinds);
}

/* The hash of bytes that are at least sixteen: two halves side by side. */
static inline uint64_t hash_long(uint64_t seed, struct str text)
{
	uint64_t a = hash_word(seed, text.n), b = seed, words[4];
	const char *p = text.p, *end = p + text.n;

	for (; end - p > 32; p += 32) {
		memcpy(words, p, 32);
		a = hash_fold(a ^ words[0], words[1] ^ 0x9e3779b97f4a7c15u);
		b = hash_fold(b ^ words[2], words[3] ^ 0xbf58476d1ce4e5b9u);
	}
	if (end - p > 16) {
		memcpy(words, p, 16);
		a = hash_fold(a ^ words[0], words[1] ^ 0x9e3779b97f4a7c15u);
	}
	memcpy(words, end - 16, 16);
	return hash_fold(a ^ words[0], b ^ words[1]);
}

static inline void prepare(struct usual_kinds *kinds, struct pending *pending)
{
	struct usual *usual = &pending->usual;

	if (!kinds->by_subj)
		usual->subj = str_of(NULL, 0);
	pending->pid = kinds->by_pid ? usual->pid : 0;
	uint64_t seed = hash_word(kinds->seed ^ pending->pid, usual->code);

	if (usual->subj.n)
		seed = hash_bytes(seed, usual->subj);
	pending->hash = hash_long(seed, usual->what);
	__builtin_prefetch(&kinds->slots[pending->hash & (SLOTS - 1)]);
}

static int hand_over(struct usual_kinds *kinds, struct err *err)
{
	struct str node = intake_node(kinds->intake, str_of(NULL, 0));
	int result = store_put_events(kinds->intake->store, node, kinds->events, kinds->event_count,
				      err);

	kinds->event_count = 0;
	return result;
}

static inline bool is_known(const struct known *known, const struct pending *pending)
{
	const struct usual *usual = &pending->usual;
	size_t subj_n = usual->subj.n;

	return known->hash == pending->hash && known->n == subj_n + usual->what.n &&
	       known->code == usual->code && known->pid == pending->pid &&
	       memcmp(known->text + subj_n, usual->what.p, usual->what.n) == 0 &&
	       (subj_n == 0 || memcmp(known->text, usual->subj.p, subj_n) == 0);
}

static void remember(struct usual_kinds *kinds, const struct pending *pending, size_t slot)
{
	struct known *known = &kinds->all[kinds->count];
	const struct usual *usual = &pending->usual;

	known->hash = pending->hash;
	known->code = usual->code;
	known->pid = pending->pid;
	known->n = (uint32_t)(usual->subj.n + usual->what.n);
	if (usual->subj.n)
		memcpy(known->text, usual->subj.p, usual->subj.n);
	memcpy(known->text + usual->subj.n, usual->what.p, usual->what.n);
	kinds->slots[slot] = ++kinds->count;
}

/* A kind that is new: the record is parsed as any other, and said to the store. Returns 1, 0 if it is
 * no record, or too long to be kept, or -errno. */
static int add(struct usual_kinds *kinds, const struct pending *pending, size_t slot,
	       struct err *err)
{
	const struct usual *usual = &pending->usual;
	struct event event = {
		.record = &kinds->intake->record,
		.source = SOURCE_LOG,
		.full_stream = true,
		.node = intake_node(kinds->intake, str_of(NULL, 0)),
	};

	if (usual->subj.n + usual->what.n > TEXT_MAX ||
	    record_parse(usual->fields, &kinds->intake->record) != MALFORMED_NONE)
		return 0;
	if (kinds->count == STORE_KINDS) {
		memset(kinds->slots, 0, SLOTS * sizeof(*kinds->slots));
		kinds->count = 0;
		slot = pending->hash & (SLOTS - 1);
	}
	assign_event(kinds->assign, &event);
	/* events of the kind that had the number go before */
	int result = hand_over(kinds, err);

	if (result == 0)
		result = store_put_kind(kinds->intake->store, kinds->count, &event, err);
	if (result < 0)
		return result;
	remember(kinds, pending, slot);
	return 1;
}

/* Returns as add() does. */
static inline int find(struct usual_kinds *kinds, const struct pending *pending,
		       uint32_t *ret_number, struct err *err)
{
	size_t slot = pending->hash & (SLOTS - 1);

	for (; kinds->slots[slot]; slot = (slot + 1) & (SLOTS - 1)) {
		*ret_number = kinds->slots[slot] - 1;
		if (is_known(&kinds->all[*ret_number], pending))
			return 1;
	}
	int result = add(kinds, pending, slot, err);

	*ret_number = kinds->count - 1;
	return result;
}

/* The other records of an event carry its serial and stamp again, right behind it. */
static inline bool is_noted(const struct usual_kinds *kinds, const struct usual *usual)
{
	if (kinds->event_count == 0)
		return false;
	const struct store_event *last = &kinds->events[kinds->event_count - 1];

	return last->kind == STORE_NO_KIND && last->serial == usual->serial &&
	       last->ms == usual->ms;
}

/* Odd in its values: the long way, in its turn. */
static int put_odd(struct usual_kinds *kinds, const struct usual *usual, struct err *err)
{
	struct line line = {.text = usual->line, .ended = true};
	int result = hand_over(kinds, err);

	return result < 0 ? result : intake_line(kinds->intake, &line, err);
}

static inline int put_one(struct usual_kinds *kinds, const struct pending *pending, struct err *err)
{
	const struct usual *usual = &pending->usual;
	uint32_t number = STORE_NO_KIND;

	if (pending->kind == USUAL_OTHER && is_noted(kinds, usual))
		return 0;
	if (pending->kind == USUAL_RECORD) {
		int result = find(kinds, pending, &number, err);

		if (result <= 0)
			return result < 0 ? result : put_odd(kinds, usual, err);
		kinds->intake->counts.records++;
		kinds->intake->last_ms = usual->ms;
	}
	kinds->events[kinds->event_count++] = (struct store_event){
		.kind = number,
		.serial = usual->serial,
		.ms = usual->ms,
		.ip = pending->kind == USUAL_RECORD ? usual->ip : 0,
		.pid = pending->kind == USUAL_RECORD ? usual->pid : 0,
	};
	return kinds->event_count == STORE_EVENTS_MAX ? hand_over(kinds, err) : 0;
}

static inline void prefetch_kinds(const struct usual_kinds *kinds)
{
	for (size_t i = 0; i < kinds->pending_count; i++) {
		const struct pending *pending = &kinds->pending[i];
		uint32_t number = pending->kind == USUAL_RECORD
					  ? kinds->slots[pending->hash & (SLOTS - 1)]
					  : 0;

		if (!number)
			continue;
		__builtin_prefetch(&kinds->all[number - 1]);
		__builtin_prefetch((const char *)&kinds->all[number - 1] + 64);
		__builtin_prefetch((const char *)&kinds->all[number - 1] + 128);
	}
}

/* In the order of the lines. */
static int put_pending(struct usual_kinds *kinds, struct err *err)
{
	int result = 0;

	prefetch_kinds(kinds);
	for (size_t i = 0; i < kinds->pending_count && result == 0; i++)
		result = put_one(kinds, &kinds->pending[i], err);
	kinds->pending_count = 0;
	return result;
}

int usual_kinds_take(struct usual_kinds *kinds, struct str lines, unsigned most,
		     const char **ret_end, struct err *err)
{
	const char *p = lines.p, *end = p + lines.n;
	unsigned taken = 0;
	int result = 0;

	for (; p < end && taken < most && result == 0; taken++) {
		struct pending *pending = &kinds->pending[kinds->pending_count];

		pending->kind = usual_read(p, end, &pending->usual);
		if (pending->kind == USUAL_NOT)
			break;
		p += pending->usual.line.n + 1;
		if (pending->kind == USUAL_NOBODY)
			continue;
		if (pending->kind == USUAL_RECORD)
			prepare(kinds, pending);
		if (++kinds->pending_count == BLOCK)
			result = put_pending(kinds, err);
	}
	if (result == 0)
		result = put_pending(kinds, err);
	if (result == 0)
		result = hand_over(kinds, err);
	*ret_end = p;
	return result < 0 ? result : (int)taken;
}
