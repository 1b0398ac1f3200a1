#include "store/tally.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "ingest/action.h"
#include "ingest/arch.h"
#include "ingest/node.h"
#include "store/minutes.h"

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

struct tally {
	uint64_t seed;
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
	int64_t last_id;           /* of series; 0: not read yet */
	bool no_series;            /* the table was empty when last_id was read */
};

struct tally *tally_new(void)
{
	struct tally *tally = mem_new(1, sizeof(*tally));

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

void tally_reset(struct tally *tally)
{
	forget_keys(tally);
	tally->closed_count = 0;
	tally->queue_head = tally->queue_tail = 0;
	tally->node_count = 0;
	tally->last_id = 0;
	tally->no_series = false;
}

bool tally_full(const struct tally *tally)
{
	return tally->closed_count >= MINUTES_MAX - QUEUE_SIZE ||
	       tally->series_count >= SERIES_MAX - QUEUE_SIZE ||
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

static int container_add(struct sql *sql, int64_t node, const struct container *container,
			 int64_t *ret_id, struct err *err)
{
	sqlite3_stmt *add = sql_get(sql, SQL_CONTAINER_ADD, err);

	if (!add)
		return -err->code;
	sqlite3_bind_int64(add, 1, node);
	bind_text(add, 2, container->id);
	bind_text(add, 3, container->name);
	bind_text(add, 4, container->runtime);
	bind_text(add, 5, container->image);
	bind_text(add, 6, container->pod);
	bind_text(add, 7, container->namespace);
	bind_text(add, 8, container->workload);
	if (container->has_caps)
		sqlite3_bind_int64(add, 9, (int64_t)container->caps);
	sqlite3_bind_int(add, 10, container->coverage);
	return insert(sql, add, ret_id, err);
}

/* What the user says of coverage now is known now; silence changes nothing. */
static int container_update(struct sql *sql, int64_t id, const struct container *container,
			    struct err *err)
{
	if (container->coverage == COVERAGE_UNKNOWN)
		return 0;
	sqlite3_stmt *update = sql_get(sql, SQL_CONTAINER_UPDATE, err);

	if (!update)
		return -err->code;
	sqlite3_bind_int64(update, 1, id);
	sqlite3_bind_int(update, 2, container->coverage);
	return sql_done(sql, update, err);
}

static int container_store(struct sql *sql, int64_t node, const struct container *container,
			   int64_t *ret_id, struct err *err)
{
	sqlite3_stmt *find = sql_get(sql, SQL_CONTAINER_FIND, err);

	if (!find)
		return -err->code;
	sqlite3_bind_int64(find, 1, node);
	bind_text(find, 2, container->id);
	int result = find_number(sql, find, ret_id, err);

	if (result > 0)
		return container_update(sql, *ret_id, container, err);
	return result < 0 ? result : container_add(sql, node, container, ret_id, err);
}

static bool container_is(const struct tally *tally, const struct container_ref *ref, uint64_t hash,
			 int64_t node, struct str id)
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
		const struct container_ref *ref =
			&tally->containers[tally->container_slots[slot] - 1];

		if (container_is(tally, ref, hash, node, container->id)) {
			*ret_id = ref->id;
			return 0;
		}
	}
	struct container_ref ref = {.hash = hash, .node = node, .n = (uint32_t)container->id.n};
	int result = container_store(sql, node, container, &ref.id, err);

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

int tally_count(struct tally *tally, struct sql *sql, const struct event *event, int64_t node,
		struct err *err)
{
	struct tally_batch one = {1, event->record->ms, event->record->ms};

	return tally_count_batch(tally, sql, event, node, &one, err);
}

/* What an hour's row holds in all. */
struct total {
	uint64_t count;
	int64_t first_ms, last_ms;
};

static void total_add(struct total *total, uint64_t count, int64_t first_ms, int64_t last_ms)
{
	if (total->count == 0 || first_ms < total->first_ms)
		total->first_ms = first_ms;
	if (total->count == 0 || last_ms > total->last_ms)
		total->last_ms = last_ms;
	total->count += count;
}

/* Loads what the hour's row has. rolled_up: its minutes were given up, only totals are left. */
static int hour_load(struct sql *sql, int64_t series, int64_t hour, struct minutes *minutes,
		     bool *ret_rolled_up, struct total *total, struct err *err)
{
	sqlite3_stmt *find = sql_get(sql, SQL_HOUR_FIND, err);

	if (!find)
		return -err->code;
	sqlite3_bind_int64(find, 1, series);
	sqlite3_bind_int64(find, 2, hour);
	int result = sql_step(sql, find, err);

	*ret_rolled_up = result > 0 && sqlite3_column_type(find, 0) == SQLITE_NULL;
	if (result > 0)
		*total = (struct total){(uint64_t)sqlite3_column_int64(find, 1),
					sqlite3_column_int64(find, 2),
					sqlite3_column_int64(find, 3)};
	if (result > 0 && !*ret_rolled_up && !minutes_unpack(sql_column_bytes(find, 0), minutes))
		result = err_set(err, EUCLEAN, "store '%s': minutes are damaged", sql->path);
	sqlite3_reset(find);
	return result < 0 ? result : 0;
}

int tally_minute_count(struct tally *tally, struct sql *sql, const struct event *event,
		       int64_t node, int64_t minute, uint64_t *ret_count, struct err *err)
{
	struct series_key key;
	struct minutes minutes = {0};
	struct total total = {0};
	bool rolled_up;
	int result = key_of(tally, sql, event, node, &key, err);

	*ret_count = 0;
	if (result < 0)
		return result;
	const struct series *series = series_get(tally, sql, key_slot(tally, &key), &key, err);

	if (!series)
		return -err->code;
	result = hour_load(sql, series->id, minute / 60, &minutes, &rolled_up, &total, err);
	*ret_count = minutes.minute[minute % 60].count;
	return result;
}

static int hour_write(struct sql *sql, int64_t series, int64_t hour, const struct total *total,
		      const struct buf *packed, struct err *err)
{
	sqlite3_stmt *put = sql_get(sql, SQL_HOUR_PUT, err);

	if (!put)
		return -err->code;
	sqlite3_bind_int64(put, 1, series);
	sqlite3_bind_int64(put, 2, hour);
	sqlite3_bind_int64(put, 3, (int64_t)total->count);
	sqlite3_bind_int64(put, 4, total->first_ms);
	sqlite3_bind_int64(put, 5, total->last_ms);
	if (packed->n)
		sqlite3_bind_blob(put, 6, packed->p, (int)packed->n, SQLITE_STATIC);
	return sql_done(sql, put, err);
}

/* Merges minutes of one hour, already gathered in order, into its row. */
static int hour_merge(struct sql *sql, const struct series *series, bool is_new,
		      const struct closed *from, const struct closed *to, struct buf *packed,
		      struct err *err)
{
	struct minutes minutes = {0};
	struct total total = {0};
	bool rolled_up = false;
	int64_t hour = from->minute / 60;

	if (!is_new) {
		int result = hour_load(sql, series->id, hour, &minutes, &rolled_up, &total, err);

		if (result < 0)
			return result;
	}
	for (const struct closed *at = from; at < to; at++) {
		int64_t base = (int64_t)at->minute * MINUTE_MS;

		minute_add(&minutes.minute[at->minute % 60], at->count, at->first, at->last);
		total_add(&total, at->count, base + at->first, base + at->last);
	}
	buf_clear(packed);
	if (!rolled_up)
		minutes_pack(&minutes, packed);
	return hour_write(sql, series->id, hour, &total, packed, err);
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

int tally_flush(struct tally *tally, struct sql *sql, struct err *err)
{
	int result = queue_drain(tally, sql, err);

	if (result == 0) {
		order_closed(tally);
		result = write_all(tally, sql, err);
	}
	tally->closed_count = 0;
	/* What was new is on disk now: keys may be forgotten, and other rows may be found. */
	tally->no_series = false;
	if (tally->series_count > SERIES_MAX / 4 * 3 ||
	    tally->program_count > PROGRAMS_MAX / 4 * 3 || tally->names.n > NAMES_MAX / 2 ||
	    tally->container_count == CONTAINERS_MAX)
		forget_keys(tally);
	return result;
}
