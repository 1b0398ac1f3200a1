#include "store/tally.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "ingest/action.h"
#include "ingest/arch.h"
#include "ingest/node.h"
#include "store/hour.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define SERIES_MAX     65536
#define PROGRAMS_MAX   32768
#define CONTAINERS_MAX 4096
#define NODES_MAX      4096
#define NAMES_MAX      (8u << 20) /* bytes of program names */
#define NAME_ROOM      16384      /* the longest comm and exe together */
#define MINUTES_MAX    (3u << 18) /* 786,432 minutes of series, 12 MiB */
#define MOVES_MAX      131072

/* Everything about an event but its time. Compared as bytes: no padding. */
struct series_key {
	uint32_t node;
	uint32_t container; /* 0: none */
	uint32_t program;
	uint32_t arch;
	int32_t nr;
	uint32_t code;
	uint8_t has_arch, attribution, reason, phase;
	uint16_t source, coverage;
};

/*
 * Events on their way to their series. With tens of thousands of series each event would wait
 * for memory twice; a queue of a few events lets those waits overlap.
 */
#define QUEUE_SIZE 16 /* power of two */

struct queued {
	struct series_key key;
	size_t slot; /* where the key hashes to */
	struct tally_batch batch;
	uint32_t pid;
	uint64_t ip;
};

/* A minute of a series that is not on disk yet. */
struct closed {
	uint32_t series; /* index */
	uint32_t minute;
	uint32_t count;
	uint16_t first, last; /* milliseconds of the minute */
};

/* One cache line: counting an event touches this and nothing else that is far away. */
struct series {
	struct series_key key;
	uint32_t id;
	uint32_t closed; /* how many closed minutes it has */
	/* the minute at hand; count 0: none */
	uint32_t minute;
	uint32_t count;
	uint16_t first, last;
	uint32_t pid; /* the latest event's */
	uint64_t ip;
};

_Static_assert(sizeof(struct series_key) == 32, "series_key is hashed and compared as bytes");
_Static_assert(sizeof(struct series) == 64, "a series is one cache line");

struct program {
	uint64_t hash;
	int64_t id;
	uint32_t at; /* in names: comm, then exe */
	uint32_t comm_n, exe_n;
	bool comm_null, exe_null;
};

/* A container whose number is known. Its id's bytes stand in names. */
struct container_ref {
	uint64_t hash;
	int64_t node, id;
	uint32_t at, n;
};

struct node {
	char label[NODE_LABEL_SIZE];
	size_t n;
	int64_t id;
};

/* Events that were counted to no container and now are to be counted to one: so many of a minute
 * go over to this series, if one without a container has them. */
struct move {
	uint32_t series; /* index */
	uint32_t minute;
	uint32_t count;
	uint32_t taken; /* of these, what was found */
	uint16_t first, last;
};

struct tally {
	uint64_t seed;
	uint64_t profile_key; /* profiles are hashed under it; the same for all writers */
	struct series *series;
	bool *series_new; /* has no row yet */
	size_t series_count;
	uint32_t *series_slots; /* index + 1 */
	struct queued queue[QUEUE_SIZE];
	unsigned queue_head, queue_tail; /* head: next to go in, tail: next to come out */
	struct program *programs;
	size_t program_count;
	uint32_t *program_slots;
	struct buf names;
	struct closed *closed;
	size_t closed_count;
	uint32_t *order; /* indexes into closed, by series: made by a flush */
	struct node *nodes;
	size_t node_count;
	struct container_ref *containers;
	size_t container_count;
	uint16_t *container_slots; /* index + 1 */
	struct move *moves;        /* NULL until something is moved */
	uint32_t *move_slots;      /* index + 1 */
	size_t move_count;
	int64_t last_id; /* of series; 0: not read yet */
	bool no_series;  /* the table was empty when last_id was read */
};

struct tally *tally_new(uint64_t profile_key)
{
	struct tally *tally = mem_new(1, sizeof(*tally));

	tally->profile_key = profile_key;
	if (getrandom(&tally->seed, sizeof(tally->seed), 0) != sizeof(tally->seed))
		mem_fail("random bytes");
	tally->series = mem_aligned(SERIES_MAX, sizeof(*tally->series));
	tally->series_new = mem_new(SERIES_MAX, sizeof(*tally->series_new));
	tally->series_slots = mem_new(2 * SERIES_MAX, sizeof(*tally->series_slots));
	tally->programs = mem_new(PROGRAMS_MAX, sizeof(*tally->programs));
	tally->program_slots = mem_new(2 * PROGRAMS_MAX, sizeof(*tally->program_slots));
	tally->containers = mem_new(CONTAINERS_MAX, sizeof(*tally->containers));
	tally->container_slots = mem_new(2 * CONTAINERS_MAX, sizeof(*tally->container_slots));
	tally->closed = mem_new(MINUTES_MAX, sizeof(*tally->closed));
	tally->order = mem_new(MINUTES_MAX, sizeof(*tally->order));
	return tally;
}

void tally_free(struct tally *tally)
{
	if (!tally)
		return;
	free(tally->series);
	free(tally->series_new);
	free(tally->series_slots);
	free(tally->programs);
	free(tally->program_slots);
	free(tally->containers);
	free(tally->container_slots);
	free(tally->closed);
	free(tally->order);
	free(tally->nodes);
	free(tally->moves);
	free(tally->move_slots);
	buf_release(&tally->names);
	free(tally);
}

void tally_reserve(struct tally *tally)
{
	/* calloc's pages are there when they are written to; nothing is counted in them yet */
	memset(tally->closed + tally->closed_count, 1,
	       (MINUTES_MAX - tally->closed_count) * sizeof(*tally->closed));
	memset(tally->order, 1, MINUTES_MAX * sizeof(*tally->order));
}

static void forget_keys(struct tally *tally)
{
	memset(tally->series_slots, 0, 2 * SERIES_MAX * sizeof(*tally->series_slots));
	memset(tally->program_slots, 0, 2 * PROGRAMS_MAX * sizeof(*tally->program_slots));
	memset(tally->container_slots, 0, 2 * CONTAINERS_MAX * sizeof(*tally->container_slots));
	tally->series_count = tally->program_count = tally->container_count = 0;
	buf_clear(&tally->names);
}

static void forget_moves(struct tally *tally)
{
	if (tally->move_count)
		memset(tally->move_slots, 0, 2 * MOVES_MAX * sizeof(*tally->move_slots));
	tally->move_count = 0;
}

void tally_reset(struct tally *tally)
{
	forget_keys(tally);
	forget_moves(tally);
	tally->closed_count = 0;
	tally->queue_head = tally->queue_tail = 0;
	tally->node_count = 0;
	tally->last_id = 0;
	tally->no_series = false;
}

bool tally_full(const struct tally *tally)
{
	return tally->closed_count >= MINUTES_MAX - QUEUE_SIZE ||
	       tally->series_count >= SERIES_MAX - QUEUE_SIZE || tally->move_count >= MOVES_MAX ||
	       tally->program_count >= PROGRAMS_MAX - 1 || tally->names.n >= NAMES_MAX - NAME_ROOM;
}

/* Runs a look-up whose bindings are set: 1 and the number in its first column, or 0. */
static int find_number(struct sql *sql, sqlite3_stmt *find, int64_t *ret_number, struct err *err)
{
	int result = sql_step(sql, find, err);

	if (result > 0)
		*ret_number = sqlite3_column_int64(find, 0);
	sqlite3_reset(find);
	return result;
}

static int insert(struct sql *sql, sqlite3_stmt *add, int64_t *ret_id, struct err *err)
{
	int result = sql_done(sql, add, err);

	*ret_id = sqlite3_last_insert_rowid(sql->db);
	return result;
}

static int node_store(struct sql *sql, struct str label, struct str name, int64_t *ret_id,
		      struct err *err)
{
	sqlite3_stmt *find = sql_get(sql, SQL_NODE_FIND, err);

	if (!find)
		return -err->code;
	sqlite3_bind_text(find, 1, label.p, (int)label.n, SQLITE_STATIC);
	int result = find_number(sql, find, ret_id, err);

	if (result != 0)
		return result < 0 ? result : 0;
	sqlite3_stmt *add = sql_get(sql, SQL_NODE_ADD, err);

	if (!add)
		return -err->code;
	sqlite3_bind_text(add, 1, label.p, (int)label.n, SQLITE_STATIC);
	sqlite3_bind_text(add, 2, name.p, (int)name.n, SQLITE_STATIC);
	return insert(sql, add, ret_id, err);
}

int tally_node(struct tally *tally, struct sql *sql, struct str name, int64_t *ret_node,
	       struct err *err)
{
	char label_bytes[NODE_LABEL_SIZE];
	struct str label = node_label(name, label_bytes);

	for (size_t i = tally->node_count; i-- > 0;) {
		if (str_eq(label, str_of(tally->nodes[i].label, tally->nodes[i].n))) {
			*ret_node = tally->nodes[i].id;
			return 0;
		}
	}
	int result = node_store(sql, label, name, ret_node, err);

	if (result < 0)
		return result;
	if (tally->node_count == NODES_MAX)
		tally->node_count = 0;
	tally->nodes = mem_resize(tally->nodes, (tally->node_count + 1) * sizeof(*tally->nodes));
	struct node *node = &tally->nodes[tally->node_count++];

	memcpy(node->label, label.p, label.n);
	node->n = label.n;
	node->id = *ret_node;
	return 0;
}

static void bind_text(sqlite3_stmt *statement, int index, struct str text)
{
	sqlite3_bind_text(statement, index, text.n ? text.p : "", (int)text.n, SQLITE_STATIC);
}

/* The number of a profile's text, which is kept once. */
static int profile_store(struct tally *tally, struct sql *sql, struct str json, int64_t *ret_id,
			 struct err *err)
{
	int64_t hash = (int64_t)hash_bytes(tally->profile_key, json);
	sqlite3_stmt *find = sql_get(sql, SQL_PROFILE_FIND, err);

	if (!find)
		return -err->code;
	sqlite3_bind_int64(find, 1, hash);
	sql_bind_bytes(find, 2, json);
	int result = find_number(sql, find, ret_id, err);

	if (result != 0)
		return result < 0 ? result : 0;
	sqlite3_stmt *add = sql_get(sql, SQL_PROFILE_ADD, err);

	if (!add)
		return -err->code;
	sqlite3_bind_int64(add, 1, hash);
	sql_bind_bytes(add, 2, json);
	return insert(sql, add, ret_id, err);
}

/* ?3 to ?11 of both statements that write a container. */
static void bind_container(sqlite3_stmt *statement, const struct container *container,
			   int64_t profile)
{
	bind_text(statement, 3, container->name);
	bind_text(statement, 4, container->runtime);
	bind_text(statement, 5, container->image);
	bind_text(statement, 6, container->pod);
	bind_text(statement, 7, container->namespace);
	bind_text(statement, 8, container->workload);
	if (container->has_caps)
		sqlite3_bind_int64(statement, 9, (int64_t)container->caps);
	sqlite3_bind_int(statement, 10, container->coverage);
	if (profile)
		sqlite3_bind_int64(statement, 11, profile);
}

static int container_add(struct sql *sql, int64_t node, const struct container *container,
			 int64_t profile, int64_t *ret_id, struct err *err)
{
	sqlite3_stmt *add = sql_get(sql, SQL_CONTAINER_ADD, err);

	if (!add)
		return -err->code;
	sqlite3_bind_int64(add, 1, node);
	bind_text(add, 2, container->id);
	bind_container(add, container, profile);
	return insert(sql, add, ret_id, err);
}

/* What is known now is known; silence changes nothing. */
static int container_update(struct sql *sql, int64_t id, const struct container *container,
			    int64_t profile, struct err *err)
{
	sqlite3_stmt *update = sql_get(sql, SQL_CONTAINER_UPDATE, err);

	if (!update)
		return -err->code;
	bind_container(update, container, profile);
	sqlite3_bind_int64(update, 12, id);
	return sql_done(sql, update, err);
}

static int container_store(struct tally *tally, struct sql *sql, int64_t node,
			   const struct container *container, int64_t *ret_id, struct err *err)
{
	int64_t profile = 0;
	int result = container->has_profile
			     ? profile_store(tally, sql, container->profile, &profile, err)
			     : 0;
	sqlite3_stmt *find = result == 0 ? sql_get(sql, SQL_CONTAINER_FIND, err) : NULL;

	if (!find)
		return -err->code;
	sqlite3_bind_int64(find, 1, node);
	bind_text(find, 2, container->id);
	result = find_number(sql, find, ret_id, err);
	if (result > 0)
		return container_update(sql, *ret_id, container, profile, err);
	return result < 0 ? result : container_add(sql, node, container, profile, ret_id, err);
}

static bool container_is(const struct tally *tally, const struct container_ref *ref, uint64_t hash,
			 int64_t node, struct str id)
{
	return ref->hash == hash && ref->node == node &&
	       str_eq(id, str_of(tally->names.p + ref->at, ref->n));
}

int tally_describe(struct tally *tally, struct sql *sql, int64_t node,
		   const struct container *container, struct err *err)
{
	int64_t id;

	return container_store(tally, sql, node, container, &id, err);
}

int tally_container(struct tally *tally, struct sql *sql, int64_t node,
		    const struct container *container, int64_t *ret_id, struct err *err)
{
	uint64_t hash = hash_bytes(hash_word(tally->seed, (uint64_t)node), container->id);
	size_t slot = (size_t)hash & (2 * CONTAINERS_MAX - 1);

	for (; tally->container_slots[slot]; slot = (slot + 1) & (2 * CONTAINERS_MAX - 1)) {
		const struct container_ref *ref =
			&tally->containers[tally->container_slots[slot] - 1];

		if (container_is(tally, ref, hash, node, container->id)) {
			*ret_id = ref->id;
			return 0;
		}
	}
	struct container_ref ref = {.hash = hash, .node = node, .n = (uint32_t)container->id.n};
	int result = container_store(tally, sql, node, container, &ref.id, err);

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

static void bind_name(sqlite3_stmt *statement, int index, struct str name, bool null)
{
	if (!null)
		sql_bind_bytes(statement, index, name);
}

static int program_store(struct sql *sql, const struct record *record, int64_t *ret_id,
			 struct err *err)
{
	sqlite3_stmt *find = sql_get(sql, SQL_PROGRAM_FIND, err);

	if (!find)
		return -err->code;
	bind_name(find, 1, record->comm, record->comm_null);
	bind_name(find, 2, record->exe, record->exe_null);
	int result = find_number(sql, find, ret_id, err);

	if (result != 0)
		return result < 0 ? result : 0;
	sqlite3_stmt *add = sql_get(sql, SQL_PROGRAM_ADD, err);

	if (!add)
		return -err->code;
	bind_name(add, 1, record->comm, record->comm_null);
	bind_name(add, 2, record->exe, record->exe_null);
	return insert(sql, add, ret_id, err);
}

static inline bool program_is(const struct tally *tally, const struct program *program,
			      const struct record *record)
{
	const char *names = tally->names.p + program->at;

	return program->comm_null == record->comm_null && program->exe_null == record->exe_null &&
	       program->comm_n == record->comm.n && program->exe_n == record->exe.n &&
	       memcmp(names, record->comm.p ? record->comm.p : "", program->comm_n) == 0 &&
	       memcmp(names + program->comm_n, record->exe.p ? record->exe.p : "",
		      program->exe_n) == 0;
}

static int program_number(struct tally *tally, struct sql *sql, const struct record *record,
			  uint32_t *ret_index, struct err *err)
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
	struct program program = {
		.hash = hash,
		.at = (uint32_t)tally->names.n,
		.comm_n = (uint32_t)record->comm.n,
		.exe_n = (uint32_t)record->exe.n,
		.comm_null = record->comm_null,
		.exe_null = record->exe_null,
	};
	int result = program_store(sql, record, &program.id, err);

	if (result < 0)
		return result;
	buf_put_str(&tally->names, record->comm);
	buf_put_str(&tally->names, record->exe);
	tally->programs[tally->program_count] = program;
	*ret_index = (uint32_t)tally->program_count;
	tally->program_slots[slot] = (uint32_t)++tally->program_count;
	return 0;
}

static void bind_series_key(sqlite3_stmt *statement, int at, const struct tally *tally,
			    const struct series_key *key)
{
	sqlite3_bind_int64(statement, at, tally->programs[key->program].id);
	sqlite3_bind_int(statement, at + 1, key->nr);
	if (key->container)
		sqlite3_bind_int64(statement, at + 2, key->container);
	sqlite3_bind_int64(statement, at + 3, key->node);
	if (key->has_arch)
		sqlite3_bind_int64(statement, at + 4, key->arch);
	sqlite3_bind_int64(statement, at + 5, key->code);
	sqlite3_bind_int(statement, at + 6, key->attribution);
	sqlite3_bind_int(statement, at + 7, key->reason);
	sqlite3_bind_int(statement, at + 8, key->phase);
	sqlite3_bind_int(statement, at + 9, key->source);
	sqlite3_bind_int(statement, at + 10, key->coverage);
}

static int read_last_id(struct tally *tally, struct sql *sql, struct err *err)
{
	if (tally->last_id)
		return 0;
	int result = sql_number(sql, "SELECT max(id) FROM series", &tally->last_id, err);

	tally->no_series = tally->last_id == 0;
	if (result == 0 && tally->last_id >= UINT32_MAX - SERIES_MAX)
		return err_set(err, EOVERFLOW, "store '%s': more series than it can number",
			       sql->path);
	return result;
}

/* Finds the row of the series, or takes a number for the one that the flush will insert. */
static int series_store(struct tally *tally, struct sql *sql, struct series *series, bool *ret_new,
			struct err *err)
{
	int64_t id = 0;
	int result = read_last_id(tally, sql, err);

	if (result == 0 && !tally->no_series) {
		sqlite3_stmt *find = sql_get(sql, SQL_SERIES_FIND, err);

		if (!find)
			return -err->code;
		bind_series_key(find, 1, tally, &series->key);
		result = find_number(sql, find, &id, err);
	}
	if (result < 0)
		return result;
	*ret_new = result == 0;
	series->id = (uint32_t)(*ret_new ? ++tally->last_id : id);
	return 0;
}

static inline size_t key_slot(const struct tally *tally, const struct series_key *key)
{
	uint64_t words[sizeof(*key) / sizeof(uint64_t)];
	uint64_t hash = tally->seed;

	memcpy(words, key, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i += 2)
		hash = hash_fold(hash ^ words[i], words[i + 1] ^ 0x9e3779b97f4a7c15u);
	return (size_t)hash & (2 * SERIES_MAX - 1);
}

static struct series *series_add_key(struct tally *tally, struct sql *sql, size_t slot,
				     const struct series_key *key, struct err *err)
{
	struct series *series = &tally->series[tally->series_count];

	*series = (struct series){.key = *key};
	if (series_store(tally, sql, series, &tally->series_new[tally->series_count], err) < 0)
		return NULL;
	tally->series_slots[slot] = (uint32_t)++tally->series_count;
	return series;
}

static inline struct series *series_get(struct tally *tally, struct sql *sql, size_t slot,
					const struct series_key *key, struct err *err)
{
	for (; tally->series_slots[slot]; slot = (slot + 1) & (2 * SERIES_MAX - 1)) {
		struct series *series = &tally->series[tally->series_slots[slot] - 1];

		if (memcmp(&series->key, key, sizeof(*key)) == 0)
			return series;
	}
	return series_add_key(tally, sql, slot, key, err);
}

/* The minute at hand is put aside. */
static void series_close(struct tally *tally, struct series *series)
{
	tally->closed[tally->closed_count++] = (struct closed){
		.series = (uint32_t)(series - tally->series),
		.minute = series->minute,
		.count = series->count,
		.first = series->first,
		.last = series->last,
	};
	series->closed++;
	series->count = 0;
}

static void series_add(struct tally *tally, struct series *series, const struct tally_batch *batch)
{
	uint32_t minute = (uint32_t)(batch->first_ms / MINUTE_MS);
	uint16_t first = (uint16_t)(batch->first_ms % MINUTE_MS);
	uint16_t last = (uint16_t)(batch->last_ms % MINUTE_MS);

	if (series->count &&
	    (series->minute != minute || (uint64_t)series->count + batch->count > UINT32_MAX))
		series_close(tally, series);
	if (series->count == 0) {
		series->minute = minute;
		series->first = first;
		series->last = last;
	}
	series->first = first < series->first ? first : series->first;
	series->last = last > series->last ? last : series->last;
	series->count += (uint32_t)batch->count;
}

/* The oldest queued event reaches its series. */
static int queue_take(struct tally *tally, struct sql *sql, struct err *err)
{
	const struct queued *queued = &tally->queue[tally->queue_tail++ & (QUEUE_SIZE - 1)];
	struct series *series = series_get(tally, sql, queued->slot, &queued->key, err);

	if (!series)
		return -err->code;
	series_add(tally, series, &queued->batch);
	series->pid = queued->pid;
	series->ip = queued->ip;
	return 0;
}

static int queue_drain(struct tally *tally, struct sql *sql, struct err *err)
{
	int result = 0;

	while (result == 0 && tally->queue_tail != tally->queue_head)
		result = queue_take(tally, sql, err);
	return result;
}

/* Asks for the memory that the event will need: its slot now, and the series of the event that
 * is half way through, whose slot has come meanwhile. Inlined by force: gcc takes a function of
 * prefetches alone for one without effect, and drops the call. */
static inline __attribute__((always_inline)) void queue_prefetch(struct tally *tally, size_t slot)
{
	unsigned middle = tally->queue_head - QUEUE_SIZE / 2;

	__builtin_prefetch(&tally->series_slots[slot]);
	if ((int)(middle - tally->queue_tail) < 0)
		return;
	uint32_t index = tally->series_slots[tally->queue[middle & (QUEUE_SIZE - 1)].slot];

	if (index)
		__builtin_prefetch(&tally->series[index - 1], 1);
}

static inline int key_of(struct tally *tally, struct sql *sql, const struct event *event,
			 int64_t node, struct series_key *ret_key, struct err *err)
{
	const struct record *record = event->record;
	int64_t container = 0;

	*ret_key = (struct series_key){
		.node = (uint32_t)node,
		.arch = record->has_arch ? record->arch : 0,
		.nr = record->nr,
		.code = record->code,
		.has_arch = record->has_arch,
		.attribution = (uint8_t)event->attribution,
		.reason = (uint8_t)event->reason,
		.phase = (uint8_t)event->phase,
		.source = (uint16_t)event->source,
		.coverage = (uint16_t)event->coverage,
	};
	int result = program_number(tally, sql, record, &ret_key->program, err);

	if (result == 0 && event->container)
		result = tally_container(tally, sql, node, event->container, &container, err);
	ret_key->container = (uint32_t)container;
	return result;
}

int tally_count_batch(struct tally *tally, struct sql *sql, const struct event *event, int64_t node,
		      const struct tally_batch *batch, struct err *err)
{
	const struct record *record = event->record;
	struct series_key key;
	int result = key_of(tally, sql, event, node, &key, err);

	if (result == 0 && tally->queue_head - tally->queue_tail == QUEUE_SIZE)
		result = queue_take(tally, sql, err);
	if (result < 0)
		return result;
	struct queued *queued = &tally->queue[tally->queue_head & (QUEUE_SIZE - 1)];

	*queued = (struct queued){key, key_slot(tally, &key), *batch, record->pid, record->ip};
	queue_prefetch(tally, queued->slot);
	tally->queue_head++;
	return 0;
}

int tally_minute_count(struct tally *tally, struct sql *sql, const struct event *event,
		       int64_t node, int64_t minute, uint64_t *ret_count, struct err *err)
{
	struct series_key key;
	struct hour hour;
	int result = key_of(tally, sql, event, node, &key, err);

	*ret_count = 0;
	if (result < 0)
		return result;
	const struct series *series = series_get(tally, sql, key_slot(tally, &key), &key, err);

	if (!series)
		return -err->code;
	result = hour_load(sql, series->id, minute / 60, &hour, err);
	*ret_count = hour.minutes.minute[minute % 60].count;
	return result;
}

/* Merges minutes of one hour, already gathered in order, into its row. */
static int hour_merge(struct sql *sql, const struct series *series, bool is_new,
		      const struct closed *from, const struct closed *to, struct buf *packed,
		      struct err *err)
{
	struct hour hour = {.count = 0};
	int64_t number = from->minute / 60;
	int result = is_new ? 0 : hour_load(sql, series->id, number, &hour, err);

	if (result < 0)
		return result;
	for (const struct closed *at = from; at < to; at++)
		hour_add(&hour, at->minute, at->count, at->first, at->last);
	return hour_write(sql, series->id, number, &hour, packed, err);
}

static int compare_closed(const void *left, const void *right)
{
	const struct closed *a = left, *b = right;

	return a->minute < b->minute ? -1 : a->minute > b->minute;
}

/*
 * Orders the closed minutes by series: a counting sort, whose memory accesses do not wait for
 * each other as those along a list would.
 */
static void order_closed(struct tally *tally)
{
	uint32_t *at = mem_new(tally->series_count, sizeof(*at));
	uint32_t next = 0;

	for (size_t i = 0; i < tally->series_count; i++) {
		at[i] = next;
		next += tally->series[i].closed;
	}
	for (size_t i = 0; i < tally->closed_count; i++)
		tally->order[at[tally->closed[i].series]++] = (uint32_t)i;
	free(at);
}

struct closed_list {
	struct closed *closed;
	size_t count, size;
};

static void closed_list_add(struct closed_list *list, const struct closed *closed)
{
	if (list->count == list->size) {
		list->size = list->size ? list->size * 2 : 64;
		list->closed = mem_resize(list->closed, list->size * sizeof(*list->closed));
	}
	list->closed[list->count++] = *closed;
}

/* The series' minutes, the one at hand included, in order of time. `from` is where the series'
 * closed ones begin in the order. */
static void gather(const struct tally *tally, const struct series *series, size_t from,
		   struct closed_list *list)
{
	bool ordered = true;

	list->count = 0;
	for (size_t i = from; i < from + series->closed; i++)
		closed_list_add(list, &tally->closed[tally->order[i]]);
	if (series->count)
		closed_list_add(list, &(struct closed){.minute = series->minute,
						       .count = series->count,
						       .first = series->first,
						       .last = series->last});
	for (size_t i = 1; i < list->count; i++)
		ordered &= list->closed[i - 1].minute < list->closed[i].minute;
	if (!ordered)
		qsort(list->closed, list->count, sizeof(*list->closed), compare_closed);
}

static int series_insert(struct tally *tally, struct sql *sql, const struct series *series,
			 struct err *err)
{
	const struct series_key *key = &series->key;
	sqlite3_stmt *add = sql_get(sql, SQL_SERIES_ADD, err);
	char name[SYSCALL_NAME_SIZE], action[16];

	if (!add)
		return -err->code;
	sqlite3_bind_int64(add, 1, series->id);
	bind_series_key(add, 2, tally, key);
	if (key->has_arch) {
		const char *arch = arch_name(arch_token(key->arch, key->nr));

		syscall_name(key->arch, key->nr, name);
		sqlite3_bind_text(add, 13, name, -1, SQLITE_STATIC);
		if (arch)
			sqlite3_bind_text(add, 14, arch, -1, SQLITE_STATIC);
	}
	snprintf(action, sizeof(action), "0x%x", key->code);
	const char *known = action_name(key->code);

	sqlite3_bind_text(add, 15, known ? known : action, -1, SQLITE_STATIC);
	sqlite3_bind_int64(add, 16, series->pid);
	sqlite3_bind_int64(add, 17, (int64_t)series->ip);
	return sql_done(sql, add, err);
}

static int series_write(struct tally *tally, struct sql *sql, size_t index,
			const struct closed_list *list, struct buf *packed, struct err *err)
{
	struct series *series = &tally->series[index];
	bool is_new = tally->series_new[index];
	const struct closed *minutes = list->closed;
	int result = is_new ? series_insert(tally, sql, series, err) : 0;

	for (size_t from = 0, to; from < list->count && result == 0; from = to) {
		uint32_t hour = minutes[from].minute / 60;

		for (to = from + 1; to < list->count && minutes[to].minute / 60 == hour;)
			to++;
		result = hour_merge(sql, series, is_new, minutes + from, minutes + to, packed, err);
	}
	tally->series_new[index] = false;
	series->closed = 0;
	series->count = 0;
	return result;
}

static int write_all(struct tally *tally, struct sql *sql, struct err *err)
{
	BUF_AUTO packed = {0};
	struct closed_list list = {0};
	size_t from = 0;
	int result = 0;

	for (size_t i = 0; i < tally->series_count && result == 0; i++) {
		const struct series *series = &tally->series[i];
		size_t closed = series->closed;

		if (closed == 0 && series->count == 0)
			continue;
		gather(tally, series, from, &list);
		from += closed;
		result = series_write(tally, sql, i, &list, &packed, err);
	}
	free(list.closed);
	return result;
}

/* The move's slot: where it is, or where it belongs. */
static size_t move_slot(const struct tally *tally, uint32_t series, uint32_t minute)
{
	size_t slot = (size_t)hash_word(hash_word(tally->seed, series), minute);

	for (;; slot++) {
		slot &= 2 * MOVES_MAX - 1;
		if (!tally->move_slots[slot])
			return slot;
		const struct move *move = &tally->moves[tally->move_slots[slot] - 1];

		if (move->series == series && move->minute == minute)
			return slot;
	}
}

int tally_move(struct tally *tally, struct sql *sql, const struct event *event, int64_t node,
	       struct err *err)
{
	const struct record *record = event->record;
	uint32_t minute = (uint32_t)(record->ms / MINUTE_MS);
	uint16_t ms = (uint16_t)(record->ms % MINUTE_MS);
	struct series_key key;
	int result = key_of(tally, sql, event, node, &key, err);

	if (result < 0)
		return result;
	struct series *series = series_get(tally, sql, key_slot(tally, &key), &key, err);

	if (!series)
		return -err->code;
	if (!tally->moves) {
		tally->moves = mem_new(MOVES_MAX, sizeof(*tally->moves));
		tally->move_slots = mem_new(2 * MOVES_MAX, sizeof(*tally->move_slots));
	}
	series->pid = record->pid;
	series->ip = record->ip;
	uint32_t index = (uint32_t)(series - tally->series);
	size_t slot = move_slot(tally, index, minute);

	if (!tally->move_slots[slot]) {
		tally->moves[tally->move_count] = (struct move){index, minute, 0, 0, ms, ms};
		tally->move_slots[slot] = (uint32_t)++tally->move_count;
	}
	struct move *move = &tally->moves[tally->move_slots[slot] - 1];

	move->count++;
	move->first = ms < move->first ? ms : move->first;
	move->last = ms > move->last ? ms : move->last;
	return 0;
}

struct donors {
	int64_t *ids;
	size_t count, size;
};

/* The series without a container that the events may have been counted to: of the same node,
 * program, arch, number and action. Those of the same source and phase come first. */
static int find_donors(struct tally *tally, struct sql *sql, const struct series_key *key,
		       struct donors *donors, struct err *err)
{
	sqlite3_stmt *list = sql_get(sql, SQL_DONOR_LIST, err);
	int result;

	donors->count = 0;
	if (!list)
		return -err->code;
	sqlite3_bind_int64(list, 1, tally->programs[key->program].id);
	sqlite3_bind_int(list, 2, key->nr);
	sqlite3_bind_int64(list, 3, key->node);
	if (key->has_arch)
		sqlite3_bind_int64(list, 4, key->arch);
	sqlite3_bind_int64(list, 5, key->code);
	sqlite3_bind_int(list, 6, key->source);
	sqlite3_bind_int(list, 7, key->phase);
	while ((result = sql_step(sql, list, err)) > 0) {
		if (donors->count == donors->size) {
			donors->size = donors->size ? donors->size * 2 : 16;
			donors->ids = mem_resize(donors->ids, donors->size * sizeof(*donors->ids));
		}
		donors->ids[donors->count++] = sqlite3_column_int64(list, 0);
	}
	sqlite3_reset(list);
	return result;
}

/* Takes the events of an hour's moves out of what one donor has. */
static int take_from_donor(struct sql *sql, int64_t donor, struct move *from, struct move *to,
			   struct buf *packed, struct err *err)
{
	int64_t number = from->minute / 60;
	uint64_t sum = 0;
	struct hour hour;
	int result = hour_load(sql, donor, number, &hour, err);

	for (struct move *move = from; move < to && result == 0; move++) {
		uint64_t taken =
			hour_take(&hour, number, move->minute % 60, move->count - move->taken);

		move->taken += (uint32_t)taken;
		sum += taken;
	}
	return result == 0 && sum ? hour_write(sql, donor, number, &hour, packed, err) : result;
}

static int compare_moves(const void *left, const void *right)
{
	const struct move *a = left, *b = right;

	if (a->series != b->series)
		return a->series < b->series ? -1 : 1;
	return a->minute < b->minute ? -1 : a->minute > b->minute;
}

/* What was taken is counted once more: to the container's series. */
static uint64_t count_taken(struct tally *tally, const struct move *from, const struct move *to)
{
	uint64_t sum = 0;

	for (const struct move *move = from; move < to; move++) {
		int64_t base = (int64_t)move->minute * MINUTE_MS;
		struct tally_batch batch = {move->taken, base + move->first, base + move->last};

		if (move->taken)
			series_add(tally, &tally->series[move->series], &batch);
		sum += move->taken;
	}
	return sum;
}

/* Everything is on disk: what is to be moved is taken from there, an hour of a series at a time. */
static int make_moves(struct tally *tally, struct sql *sql, uint64_t *ret_moved, struct err *err)
{
	struct donors donors = {0};
	struct move *moves = tally->moves;
	BUF_AUTO packed = {0};
	int result = 0;

	qsort(moves, tally->move_count, sizeof(*moves), compare_moves);
	for (size_t from = 0, to; from < tally->move_count && result == 0; from = to) {
		const struct move *first = &moves[from];

		for (to = from + 1; to < tally->move_count && moves[to].series == first->series &&
				    moves[to].minute / 60 == first->minute / 60;)
			to++;
		if (from == 0 || first[-1].series != first->series)
			result = find_donors(tally, sql, &tally->series[first->series].key, &donors,
					     err);
		for (size_t i = 0; i < donors.count && result == 0; i++)
			result = take_from_donor(sql, donors.ids[i], moves + from, moves + to,
						 &packed, err);
		if (result == 0)
			*ret_moved += count_taken(tally, moves + from, moves + to);
	}
	forget_moves(tally);
	free(donors.ids);
	return result;
}

static int write_counts(struct tally *tally, struct sql *sql, struct err *err)
{
	order_closed(tally);
	int result = write_all(tally, sql, err);

	tally->closed_count = 0;
	/* What was new is on disk now: keys may be forgotten, and other rows may be found. */
	tally->no_series = false;
	return result;
}

int tally_flush(struct tally *tally, struct sql *sql, uint64_t *ret_moved, struct err *err)
{
	int result = queue_drain(tally, sql, err);

	*ret_moved = 0;
	if (result == 0)
		result = write_counts(tally, sql, err);
	if (result == 0 && tally->move_count) {
		result = make_moves(tally, sql, ret_moved, err);
		if (result == 0)
			result = write_counts(tally, sql, err);
	}
	if (tally->series_count > SERIES_MAX / 4 * 3 ||
	    tally->program_count > PROGRAMS_MAX / 4 * 3 || tally->names.n > NAMES_MAX / 2 ||
	    tally->container_count == CONTAINERS_MAX)
		forget_keys(tally);
	return result;
}
