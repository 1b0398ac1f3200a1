#include "store/tally_private.h"

#include "base/hash.h"
#include "base/mem.h"
#include "store/hour.h"
#include "store/store.h"

#include <stdlib.h>
#include <sys/random.h>

#define PROGRAMS_MAX   32768
#define CONTAINERS_MAX 4096
#define NODES_MAX      4096
#define NAMES_MAX      (8u << 20) /* bytes of program names */
#define NAME_ROOM      16384      /* the longest comm and exe together */
#define CHUNKS_MAX     (7u << 15) /* 1.6 million minutes of series, 14 MiB */
#define ROOM           16 /* so many events may come before it is looked whether all is full */

struct tally *tally_new(uint64_t profile_key)
{
	struct tally *tally = mem_new(1, sizeof(*tally));

	tally->profile_key = profile_key;
	tally->generation = 1;
	if (getrandom(&tally->seed, sizeof(tally->seed), 0) != sizeof(tally->seed))
		mem_fail("random bytes");
	tally->series = mem_aligned(TALLY_SERIES_MAX, sizeof(*tally->series));
	tally->series_hour = mem_new(TALLY_SERIES_MAX, sizeof(*tally->series_hour));
	tally->series_new = mem_new(TALLY_SERIES_MAX, sizeof(*tally->series_new));
	tally->series_slots = mem_new(2 * TALLY_SERIES_MAX, sizeof(*tally->series_slots));
	tally->programs = mem_new(PROGRAMS_MAX, sizeof(*tally->programs));
	tally->program_slots = mem_new(2 * PROGRAMS_MAX, sizeof(*tally->program_slots));
	tally->containers = mem_new(CONTAINERS_MAX, sizeof(*tally->containers));
	tally->container_slots = mem_new(2 * CONTAINERS_MAX, sizeof(*tally->container_slots));
	tally->nodes = mem_new(2 * NODES_MAX, sizeof(*tally->nodes));
	tally->chunks = mem_aligned(CHUNKS_MAX, sizeof(*tally->chunks));
	return tally;
}

void tally_free(struct tally *tally)
{
	if (!tally)
		return;
	free(tally->series);
	free(tally->series_new);
	free(tally->series_hour);
	free(tally->budgets);
	free(tally->series_slots);
	free(tally->programs);
	free(tally->program_slots);
	free(tally->containers);
	free(tally->container_slots);
	free(tally->chunks);
	free(tally->nodes);
	free(tally->moves);
	free(tally->move_slots);
	buf_release(&tally->names);
	free(tally);
}

void tally_reserve(struct tally *tally)
{
	mem_huge(tally->series, TALLY_SERIES_MAX, sizeof(*tally->series));
	mem_huge(tally->chunks, CHUNKS_MAX, sizeof(*tally->chunks));
}

void tally_set_budget(struct tally *tally)
{
	tally->budgets = mem_new(BUDGETS, sizeof(*tally->budgets));
}

static void forget_keys(struct tally *tally)
{
	tally->generation++;
	if (tally->series_count + tally->program_count + tally->container_count == 0)
		return; /* and their pages stay untouched */
	memset(tally->series_slots, 0, 2 * TALLY_SERIES_MAX * sizeof(*tally->series_slots));
	memset(tally->program_slots, 0, 2 * PROGRAMS_MAX * sizeof(*tally->program_slots));
	memset(tally->container_slots, 0, 2 * CONTAINERS_MAX * sizeof(*tally->container_slots));
	tally->series_count = tally->program_count = tally->container_count = 0;
	buf_clear(&tally->names);
}

static void forget_nodes(struct tally *tally)
{
	if (tally->node_count == 0)
		return; /* and its pages stay untouched */
	memset(tally->nodes, 0, 2 * NODES_MAX * sizeof(*tally->nodes));
	tally->node_count = 0;
}

void tally_reset(struct tally *tally)
{
	forget_keys(tally);
	tally_moved_forget(tally);
	tally->chunk_count = tally->closed_count = tally->open_count = 0;
	forget_nodes(tally);
	tally->last_id = 0;
	tally->no_series = false;
	if (tally->budgets)
		memset(tally->budgets, 0, BUDGETS * sizeof(*tally->budgets));
}

uint64_t tally_begun(const struct tally *tally)
{
	return tally->closed_count + tally->open_count;
}

bool tally_full(const struct tally *tally)
{
	return tally->chunk_count >= CHUNKS_MAX - ROOM ||
	       tally->series_count >= TALLY_SERIES_MAX - ROOM ||
	       tally->move_count >= TALLY_MOVES_MAX ||
	       tally->program_count >= PROGRAMS_MAX - ROOM ||
	       tally->names.n >= NAMES_MAX - NAME_ROOM;
}

/* Where it is, or would be: then its id is 0. */
static struct tally_node_ref *find_node(const struct tally *tally, struct str label)
{
	size_t slot = (size_t)hash_bytes(tally->seed, label);

	for (;; slot++) {
		struct tally_node_ref *node = &tally->nodes[slot & (2 * NODES_MAX - 1)];

		if (!node->id || str_eq(label, str_of(node->label, node->n)))
			return node;
	}
}

int tally_node(struct tally *tally, struct sql *sql, struct str name, int64_t *ret_node,
	       struct err *err)
{
	char label_bytes[NODE_LABEL_SIZE];
	struct str label = node_label(name, label_bytes);

	struct tally_node_ref *node = find_node(tally, label);

	if (node->id) {
		*ret_node = node->id;
		return 0;
	}
	int result = tally_row_node(sql, label, name, ret_node, err);

	if (result < 0)
		return result;
	if (++tally->node_count > NODES_MAX) {
		forget_nodes(tally);
		node = find_node(tally, label);
	}
	memcpy(node->label, label.p, label.n);
	node->n = label.n;
	node->id = *ret_node;
	return 0;
}

static bool container_is(const struct tally *tally, const struct tally_container_ref *ref,
			 uint64_t hash, int64_t node, struct str id)
{
	return ref->hash == hash && ref->node == node &&
	       str_eq(id, str_of(tally->names.p + ref->at, ref->n));
}

int tally_container(struct tally *tally, struct sql *sql, int64_t node,
		    const struct container *container, int64_t *ret_id, struct err *err)
{
	uint64_t hash = hash_bytes(hash_word(tally->seed, (uint64_t)node), container->id);
	size_t slot = (size_t)hash & (2 * CONTAINERS_MAX - 1);

	for (; tally->container_slots[slot]; slot = (slot + 1) & (2 * CONTAINERS_MAX - 1)) {
		const struct tally_container_ref *ref =
			&tally->containers[tally->container_slots[slot] - 1];

		if (container_is(tally, ref, hash, node, container->id)) {
			*ret_id = ref->id;
			return 0;
		}
	}
	struct tally_container_ref ref = {
		.hash = hash, .node = node, .n = (uint32_t)container->id.n};
	int result = tally_row_container(tally, sql, node, container, &ref.id, err);

	if (result < 0)
		return result;
	*ret_id = ref.id;
	/* More than are kept are asked for each time; a flush makes room again. */
	if (tally->container_count == CONTAINERS_MAX)
		return 0;
	ref.at = (uint32_t)tally->names.n;
	buf_put_str(&tally->names, container->id);
	tally->containers[tally->container_count] = ref;
	tally->container_slots[slot] = (uint16_t)++tally->container_count;
	return 0;
}

static inline bool program_is(const struct tally *tally, const struct tally_program *program,
			      const struct record *record)
{
	const char *names = tally->names.p + program->at;

	return program->comm_null == record->comm_null && program->exe_null == record->exe_null &&
	       program->comm_n == record->comm.n && program->exe_n == record->exe.n &&
	       memcmp(names, record->comm.p ? record->comm.p : "", program->comm_n) == 0 &&
	       memcmp(names + program->comm_n, record->exe.p ? record->exe.p : "",
		      program->exe_n) == 0;
}

/* Returns 1 if the program is not known and may not be made. */
static int program_number(struct tally *tally, struct sql *sql, const struct record *record,
			  bool make, uint32_t *ret_index, struct err *err)
{
	uint64_t hash = hash_bytes(hash_bytes(tally->seed, record->comm), record->exe);
	size_t slot = (size_t)hash & (2 * PROGRAMS_MAX - 1);

	for (; tally->program_slots[slot]; slot = (slot + 1) & (2 * PROGRAMS_MAX - 1)) {
		uint32_t index = tally->program_slots[slot] - 1;

		if (tally->programs[index].hash == hash &&
		    program_is(tally, &tally->programs[index], record)) {
			*ret_index = index;
			return 0;
		}
	}
	struct tally_program program = {
		.hash = hash,
		.at = (uint32_t)tally->names.n,
		.comm_n = (uint32_t)record->comm.n,
		.exe_n = (uint32_t)record->exe.n,
		.comm_null = record->comm_null,
		.exe_null = record->exe_null,
	};
	int result = tally_row_program(sql, record, make, &program.id, err);

	if (result != 0)
		return result;
	buf_put_str(&tally->names, record->comm);
	buf_put_str(&tally->names, record->exe);
	tally->programs[tally->program_count] = program;
	*ret_index = (uint32_t)tally->program_count;
	tally->program_slots[slot] = (uint32_t)++tally->program_count;
	return 0;
}

static inline size_t key_slot(const struct tally *tally, const struct tally_key *key)
{
	uint64_t words[sizeof(*key) / sizeof(uint64_t)];
	uint64_t hash = tally->seed;

	memcpy(words, key, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i += 2)
		hash = hash_fold(hash ^ words[i], words[i + 1] ^ 0x9e3779b97f4a7c15u);
	return (size_t)hash & (2 * TALLY_SERIES_MAX - 1);
}

static struct tally_series *series_add_key(struct tally *tally, struct sql *sql, size_t slot,
					   const struct tally_key *key, struct err *err)
{
	struct tally_series *series = &tally->series[tally->series_count];

	*series = (struct tally_series){.key = *key};
	if (tally_row_series(tally, sql, series, &tally->series_new[tally->series_count], err) < 0)
		return NULL;
	tally->series_hour[tally->series_count] = 0;
	tally->series_slots[slot] = (uint32_t)++tally->series_count;
	return series;
}

/* The series of that key, or NULL; *slot is then where it is to be added. */
static inline struct tally_series *series_find(struct tally *tally, size_t *slot,
					       const struct tally_key *key)
{
	for (; tally->series_slots[*slot]; *slot = (*slot + 1) & (2 * TALLY_SERIES_MAX - 1)) {
		struct tally_series *series = &tally->series[tally->series_slots[*slot] - 1];

		if (memcmp(&series->key, key, sizeof(*key)) == 0)
			return series;
	}
	return NULL;
}

/* Does the key's program stand for all that are beyond the budget? No record has an empty exe. */
static bool is_beyond(const struct tally *tally, const struct tally_key *key)
{
	const struct tally_program *program = &tally->programs[key->program];

	return program->comm_null && program->exe_n == 0 && !program->exe_null;
}

static int without_program(struct tally *tally, struct sql *sql, struct tally_key *key,
			   struct err *err)
{
	const struct record beyond = {.comm_null = true};

	key->words[EVENT_AT_phase] = PHASE_APPLICATION;
	return program_number(tally, sql, &beyond, true, &key->program, err);
}

/* The next coarser key, for what is beyond the budget: first without the program, then all of an
 * action as one. */
static int coarsen(struct tally *tally, struct sql *sql, struct tally_key *key, struct err *err)
{
	if (!is_beyond(tally, key))
		return without_program(tally, sql, key, err);
	key->has_arch = 0;
	key->arch = 0;
	key->nr = -1;
	key->code &= 0xffff0000; /* SECCOMP_RET_ACTION_FULL: the rest is data */
	return 0;
}

/* 1 if the series may be counted in that hour: it was already, or the budget has room. */
static int is_within(struct tally *tally, struct sql *sql, const struct tally_key *key,
		     const struct tally_series *series, uint32_t hour, struct err *err)
{
	bool whole = !is_beyond(tally, key);
	int64_t id = series ? series->id : 0;
	int result = 0;

	if (!whole && !key->has_arch)
		return 1;
	if (!series)
		result = tally_row_series_find(tally, sql, key, &id, err);
	if (result >= 0 && id && !(series && tally->series_new[series - tally->series]))
		result = tally_budget_has_hour(sql, id, hour, err);
	else if (result >= 0)
		result = 0;
	if (result != 0)
		return result;
	result = tally_budget_ask(tally, sql, key, whole ? BUDGET_WHOLE : BUDGET_MOST, hour, err);
	if (result > 0)
		tally_budget_use(tally, key, hour,
				 1 + (whole ? (uint32_t)(tally->name_bytes / BUDGET_NAME) : 0));
	return result;
}

/* The series that an event of that key and hour counts to. */
static struct tally_series *series_within(struct tally *tally, struct sql *sql, size_t slot,
					  struct tally_key key, uint32_t hour, struct err *err)
{
	for (;;) {
		struct tally_series *series = series_find(tally, &slot, &key);

		if (series && tally->series_hour[series - tally->series] == hour)
			return series;
		int result = is_within(tally, sql, &key, series, hour, err);

		if (result > 0 && !series)
			series = series_add_key(tally, sql, slot, &key, err);
		if (result > 0 && series)
			tally->series_hour[series - tally->series] = hour;
		if (result != 0)
			return result < 0 ? NULL : series;
		if (coarsen(tally, sql, &key, err) < 0)
			return NULL;
		slot = key_slot(tally, &key);
	}
}

static inline struct tally_series *series_get(struct tally *tally, struct sql *sql, size_t slot,
					      const struct tally_key *key, uint32_t hour,
					      struct err *err)
{
	struct tally_series *series = series_find(tally, &slot, key);

	if (series && (!hour || (series->count && series->minute / 60 == hour)))
		return series;
	if (hour)
		return series_within(tally, sql, slot, *key, hour, err);
	return series_add_key(tally, sql, slot, key, err);
}

/* The chunk that has so many slots left for that minute. */
static inline struct tally_chunk *chunk_for(struct tally *tally, struct tally_series *series,
					    unsigned slots)
{
	struct tally_chunk *chunk = &tally->chunks[series->chunk - 1];

	if (series->chunk && chunk->used + slots <= TALLY_SLOTS &&
	    series->minute - chunk->base + 0x8000 <= UINT16_MAX)
		return chunk;
	chunk = &tally->chunks[tally->chunk_count++];
	chunk->before = series->chunk & 0xffffff;
	chunk->used = 0;
	chunk->base = series->minute;
	series->chunk = (uint32_t)tally->chunk_count;
	return chunk;
}

/* The minute at hand is put aside. */
static void series_close(struct tally *tally, struct tally_series *series)
{
	bool many = series->count > UINT16_MAX;
	struct tally_chunk *chunk = chunk_for(tally, series, 1 + many);

	if (many)
		memcpy(&chunk->slots[chunk->used++], &series->count, sizeof(series->count));
	chunk->slots[chunk->used++] = (struct tally_slot){
		.minute = (int16_t)(series->minute - chunk->base),
		.count = many ? 0 : (uint16_t)series->count,
		.first = series->first,
		.last = series->last,
	};
	series->count = 0;
	tally->closed_count++;
	tally->open_count--;
}

void tally_series_add(struct tally *tally, struct tally_series *series,
		      const struct tally_batch *batch)
{
	uint32_t minute = (uint32_t)(batch->first_ms / MINUTE_MS);
	uint16_t first = (uint16_t)(batch->first_ms % MINUTE_MS);
	uint16_t last = (uint16_t)(batch->last_ms % MINUTE_MS);

	if (series->count &&
	    (series->minute != minute || (uint64_t)series->count + batch->count > UINT32_MAX))
		series_close(tally, series);
	if (series->count == 0) {
		tally->open_count++;
		series->minute = minute;
		series->first = first;
		series->last = last;
	}
	series->first = first < series->first ? first : series->first;
	series->last = last > series->last ? last : series->last;
	series->count += (uint32_t)batch->count;
}

/* The hour whose budget counts; 0: none does. A trace is a file that somebody made on purpose. */
static inline uint32_t budget_hour(const struct tally *tally, const struct event *event)
{
	return tally->budgets && event->source != SOURCE_STRACE
		       ? (uint32_t)(event->record->ms / HOUR_MS)
		       : 0;
}

#define KEY_WORD(field, type, last) (uint8_t) event->field,

static inline int key_of(struct tally *tally, struct sql *sql, const struct event *event,
			 int64_t node, uint32_t hour, struct tally_key *ret_key, struct err *err)
{
	const struct record *record = event->record;
	int64_t container = 0;
	int result = 0, room = 1;

	*ret_key = (struct tally_key){
		.node = (uint32_t)node,
		.arch = record->has_arch ? record->arch : 0,
		.nr = record->nr,
		.code = record->code,
		.has_arch = record->has_arch,
		.words = {EVENT_WORDS(KEY_WORD)},
	};
	if (event->container)
		result = tally_container(tally, sql, node, event->container, &container, err);
	ret_key->container = (uint32_t)container;
	tally->name_bytes = record->comm.n + record->exe.n;
	if (result == 0 && hour)
		room = result = tally_budget_ask(tally, sql, ret_key, BUDGET_WHOLE, hour, err);
	if (result < 0)
		return result;
	result = program_number(tally, sql, record, room > 0, &ret_key->program, err);
	return result > 0 ? without_program(tally, sql, ret_key, err) : result;
}

int tally_series_get(struct tally *tally, struct sql *sql, const struct event *event, int64_t node,
		     struct tally_series **ret_series, struct err *err)
{
	uint32_t hour = budget_hour(tally, event);
	struct tally_key key;
	int result = key_of(tally, sql, event, node, hour, &key, err);

	if (result < 0)
		return result;
	*ret_series = series_get(tally, sql, key_slot(tally, &key), &key, hour, err);
	return *ret_series ? 0 : -err->code;
}

int tally_count_batch(struct tally *tally, struct sql *sql, const struct event *event, int64_t node,
		      const struct tally_batch *batch, struct err *err)
{
	struct tally_series *series;
	int result = tally_series_get(tally, sql, event, node, &series, err);

	if (result < 0)
		return result;
	tally_series_add(tally, series, batch);
	series->pid = event->record->pid;
	series->ip = event->record->ip;
	return 0;
}

uint32_t tally_generation(const struct tally *tally)
{
	return tally->generation;
}

void tally_prefetch(const struct tally *tally, const struct tally_series *series)
{
	if (series->chunk && series->minute != tally->minute)
		__builtin_prefetch(&tally->chunks[series->chunk - 1], 1);
}

void tally_count_one(struct tally *tally, struct tally_series *series,
		     const struct store_event *event)
{
	if ((uint64_t)(event->ms - tally->minute_ms) >= MINUTE_MS) {
		tally->minute = (uint32_t)(event->ms / MINUTE_MS);
		tally->minute_ms = (int64_t)tally->minute * MINUTE_MS;
	}
	uint16_t at = (uint16_t)(event->ms - tally->minute_ms);

	if (series->count && (series->minute != tally->minute || series->count == UINT32_MAX))
		series_close(tally, series);
	if (series->count == 0) {
		tally->open_count++;
		series->minute = tally->minute;
		series->first = series->last = at;
	}
	series->first = at < series->first ? at : series->first;
	series->last = at > series->last ? at : series->last;
	series->count++;
	series->pid = event->pid;
	series->ip = event->ip;
}

int tally_minute_count(struct tally *tally, struct sql *sql, const struct event *event,
		       int64_t node, int64_t minute, uint64_t *ret_count, struct err *err)
{
	struct tally_series *series;
	struct hour hour;
	int result = tally_series_get(tally, sql, event, node, &series, err);

	*ret_count = 0;
	if (result < 0)
		return result;
	result = hour_load(sql, series->id, minute / 60, &hour, err);
	*ret_count = hour.minutes.minute[minute % 60].count;
	return result;
}

int tally_series_row(struct tally *tally, struct sql *sql, const struct event *event, int64_t node,
		     int64_t *ret_id, struct err *err)
{
	struct tally_series *series;
	int result = tally_series_get(tally, sql, event, node, &series, err);

	if (result < 0)
		return result;
	size_t index = (size_t)(series - tally->series);

	*ret_id = series->id;
	if (!tally->series_new[index])
		return 0;
	series->pid = event->record->pid;
	series->ip = event->record->ip;
	result = tally_row_series_add(tally, sql, index, index + 1, false, err);
	tally->series_new[index] = false;
	return result;
}

int tally_flush(struct tally *tally, struct sql *sql, uint64_t *ret_moved, struct err *err)
{
	int result = tally_hour_write(tally, sql, err);

	*ret_moved = 0;
	if (result == 0 && tally->move_count) {
		result = tally_moved_make(tally, sql, ret_moved, err);
		if (result == 0)
			result = tally_hour_write(tally, sql, err);
	}
	if (tally->series_count > TALLY_SERIES_MAX / 4 * 3 ||
	    tally->program_count > PROGRAMS_MAX / 4 * 3 || tally->names.n > NAMES_MAX / 2 ||
	    tally->container_count == CONTAINERS_MAX)
		forget_keys(tally);
	return result;
}
