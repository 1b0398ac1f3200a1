#include "store/share.h"

#include "base/mem.h"
#include "ingest/node.h"
#include "store/day.h"
#include "store/in_force.h"
#include "store/internal.h"
#include "store/match.h"
#include "store/schema.h"
#include "store/share_keys.h"
#include "store/tally.h"
#include "store/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A sender may send anything: what is larger than any store of ours holds is refused. */
#define NAME_MAX_BYTES  8192
#define JSON_MAX_BYTES  (4 << 20)
#define KIND_NUMBER_MAX 4096 /* of enumerators */

enum taker_sql {
	SENDER_FIND,
	SENDER_PUT,
	DAY_FIND,
	DAY_COUNT,
	DAY_DROP,
	DAY_PUT,
	DAY_EMPTY,
	GONE_LIST,
	IN_FORCE_OPEN_DROP,
	ACKNOWLEDGE,
	NODES,
	TAKER_SQL_COUNT,
};

static const char *const texts[TAKER_SQL_COUNT] = {
	[SENDER_FIND] = "SELECT id, uuid, generation, revision FROM sender WHERE name = ?1",
	[SENDER_PUT] = "INSERT INTO sender (name, uuid, generation, revision)"
		       " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO UPDATE SET"
		       " uuid = excluded.uuid, generation = excluded.generation,"
		       " revision = excluded.revision RETURNING id",
	[DAY_FIND] = "SELECT sender, generation FROM received WHERE series = ?1 AND day = ?2",
	[DAY_COUNT] = "SELECT sum(count) FROM hour WHERE series = ?1 AND hour >= ?2 * 24"
		      " AND hour < ?2 * 24 + 24",
	[DAY_DROP] = "DELETE FROM hour WHERE series = ?1 AND hour >= ?2 * 24"
		     " AND hour < ?2 * 24 + 24",
	[DAY_PUT] = "INSERT OR REPLACE INTO received (series, day, sender, generation, revision)"
		    " VALUES (?1, ?2, ?3, ?4, ?5)",
	[DAY_EMPTY] = "INSERT OR REPLACE INTO changed (series, day, revision) VALUES (?1, ?2, 0)",
	/* of before everything was sent anew */
	[GONE_LIST] = "SELECT series, day FROM received WHERE sender = ?1 AND generation = ?2"
		      " AND revision < ?3 AND day >= ?4",
	[IN_FORCE_OPEN_DROP] = "DELETE FROM in_force WHERE node = ?1 AND container IS ?2"
			       " AND profile = ?3 AND source = ?4 AND since = ?5 AND until IS NULL",
	[ACKNOWLEDGE] = "INSERT OR IGNORE INTO acknowledged (id, at, reason, text)"
			" VALUES (?1, ?2, ?3, ?4)",
	[NODES] = "SELECT id FROM node",
};

struct share_taker {
	struct store *store;
	struct share_keys *keys;
	struct sql spans; /* theirs, in a store of its own in memory, to be joined with ours */
	bool is_copy, begun, knows;
	bool shares_nodes; /* of a copy: two senders have series of one node */
	bool foreign;      /* others may have written it: nothing of it is the kernel's word */
	struct share_head head;
	int64_t sender, generation; /* our number of the one at hand */
	bool goes_on;               /* the same store as before */
	sqlite3_stmt *statements[TAKER_SQL_COUNT];
};

struct share_taker *share_taker_new(struct store *store, bool is_copy)
{
	struct share_taker *taker = mem_new(1, sizeof(*taker));

	taker->store = store;
	taker->keys = share_keys_new();
	taker->is_copy = is_copy;
	return taker;
}

void share_taker_set_foreign(struct share_taker *taker)
{
	taker->foreign = true;
	tally_set_foreign(taker->store->tally, true);
}

void share_taker_free(struct share_taker *taker)
{
	if (!taker)
		return;
	for (size_t i = 0; i < TAKER_SQL_COUNT; i++)
		sqlite3_finalize(taker->statements[i]);
	sql_close(&taker->spans);
	writer_forget(taker->store);
	tally_set_foreign(taker->store->tally, false);
	share_keys_free(taker->keys);
	free(taker);
}

bool share_taker_knows(const struct share_taker *taker)
{
	return taker->knows;
}

const struct share_head *share_taker_head(const struct share_taker *taker)
{
	return &taker->head;
}

static sqlite3_stmt *get(struct share_taker *taker, enum taker_sql id, struct err *err)
{
	sqlite3_stmt **statement = &taker->statements[id];

	if (!*statement)
		*statement = sql_prepare(&taker->store->sql, texts[id], err);
	if (*statement) {
		sqlite3_reset(*statement);
		sqlite3_clear_bindings(*statement);
	}
	return *statement;
}

/* Runs a statement with numbers: 1 and its first columns, 0 where it gives no row. */
static int run_numbers(struct share_taker *taker, enum taker_sql id, const int64_t *given,
		       int given_count, int64_t *ret_numbers, int ret_count, struct err *err)
{
	sqlite3_stmt *statement = get(taker, id, err);

	if (!statement)
		return -err->code;
	for (int i = 0; i < given_count; i++)
		sqlite3_bind_int64(statement, i + 1, given[i]);
	int result = sql_step(&taker->store->sql, statement, err);

	for (int i = 0; i < ret_count && result > 0; i++)
		ret_numbers[i] = sqlite3_column_int64(statement, i);
	sqlite3_reset(statement);
	return result;
}

static int bad(struct err *err, const char *what)
{
	return err_set(err, EUCLEAN, "damaged or forged: %s", what);
}

/* --- keys */

static void put_key(struct share_taker *taker, enum share_kind kind, int64_t key, int64_t id)
{
	share_keys_put(taker->keys, kind, taker->sender, key, id);
}

/* A null value names nothing: 0. */
static int find_key(struct share_taker *taker, enum share_kind kind,
		    const struct share_value *value, int64_t *ret_id, struct err *err)
{
	*ret_id =
		value->null ? 0 : share_keys_find(taker->keys, kind, taker->sender, value->number);
	return value->null || *ret_id ? 0 : bad(err, "a row names one that is not there");
}

/* --- the head */

static void fill_head(struct share_head *head, const struct share_value *values)
{
	*head = (struct share_head){
		.revision = values[2].number,
		.since = values[3].number,
		.first_day = values[4].number,
	};
	snprintf(head->name, sizeof(head->name), "%.*s", (int)values[0].bytes.n, values[0].bytes.p);
	snprintf(head->uuid, sizeof(head->uuid), "%.*s", (int)values[1].bytes.n, values[1].bytes.p);
}

/* Whether it goes on from what is known of the sender. */
static int follow(struct share_taker *taker, bool same, int64_t generation, int64_t revision,
		  struct err *err)
{
	const struct share_head *head = &taker->head;

	taker->knows = same && head->revision <= revision;
	taker->goes_on = same;
	taker->generation = same ? generation : generation + 1;
	if (taker->knows || head->since == 0 || (same && head->since <= revision))
		return 0;
	return err_set(err, ESTALE, SHARE_STALE, head->name, head->since, "the store",
		       same ? revision : 0);
}

/* Whoever is not believed is not the sender that it says it is. */
static void bind_sender(sqlite3_stmt *statement, const struct share_taker *taker)
{
	BUF_AUTO name = {0};

	buf_format(&name, "%s%s", taker->foreign ? "text:" : "", taker->head.name);
	sqlite3_bind_text(statement, 1, name.p, (int)name.n, SQLITE_TRANSIENT);
}

static int find_sender(struct share_taker *taker, struct err *err)
{
	sqlite3_stmt *find = get(taker, SENDER_FIND, err);

	if (!find)
		return -err->code;
	bind_sender(find, taker);
	int result = sql_step(&taker->store->sql, find, err);

	if (result >= 0)
		result = follow(
			taker,
			result > 0 && str_eq(sql_column_bytes(find, 1), str_from(taker->head.uuid)),
			result > 0 ? sqlite3_column_int64(find, 2) : 0,
			result > 0 ? sqlite3_column_int64(find, 3) : 0, err);
	sqlite3_reset(find);
	return result;
}

static int put_sender(struct share_taker *taker, struct err *err)
{
	sqlite3_stmt *put = get(taker, SENDER_PUT, err);

	if (!put)
		return -err->code;
	bind_sender(put, taker);
	sqlite3_bind_text(put, 2, taker->head.uuid, -1, SQLITE_STATIC);
	sqlite3_bind_int64(put, 3, taker->generation);
	sqlite3_bind_int64(put, 4, taker->head.revision);
	int result = sql_step(&taker->store->sql, put, err);

	if (result > 0)
		taker->sender = sqlite3_column_int64(put, 0);
	sqlite3_reset(put);
	return result < 0 ? result : 0;
}

static int begin(struct share_taker *taker, struct err *err)
{
	struct sql *spans = &taker->spans;
	int result = writer_begin(taker->store, err);

	if (result == 0)
		result = sql_open(spans, ":memory:", "in memory",
				  SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
	if (result == 0 && taker->is_copy) /* until a series may have to be found */
		result = sql_run(&taker->store->sql, "DROP INDEX series_key", err);
	spans->schema = SCHEMA_VERSION;
	return result == 0 ? schema_build(spans, 0, SCHEMA_VERSION, err) : result;
}

static int put_head(struct share_taker *taker, const struct share_value *values, struct err *err)
{
	int result = 0;

	fill_head(&taker->head, values);
	if (taker->head.name[0] == '\0' || taker->head.uuid[0] == '\0' || taker->head.revision < 1)
		return bad(err, "it does not say who sent it");
	if (!taker->begun)
		result = begin(taker, err);
	taker->begun = true;
	if (result == 0 && !taker->is_copy)
		result = find_sender(taker, err);
	return result == 0 && !taker->knows ? put_sender(taker, err) : result;
}

/* --- what counts hang on */

static int find_number(struct sql *sql, sqlite3_stmt *find, int64_t *ret_id, struct err *err)
{
	int result = sql_step(sql, find, err);

	if (result > 0)
		*ret_id = sqlite3_column_int64(find, 0);
	sqlite3_reset(find);
	return result;
}

/* Series of two senders may be the same one only where both have its node. */
static int note_node(struct share_taker *taker, int64_t node, struct err *err)
{
	int64_t first = share_keys_find(taker->keys, SHARE_NODE, 0, node);

	share_keys_put(taker->keys, SHARE_NODE, 0, node, taker->sender);
	if (!taker->is_copy || taker->shares_nodes || first == 0 || first == taker->sender)
		return 0;
	taker->shares_nodes = true;
	return sql_run(&taker->store->sql, SCHEMA_SERIES_KEY, err);
}

static int put_node(struct share_taker *taker, const struct share_value *values, struct err *err)
{
	int64_t node;

	if (values[0].bytes.n == 0 || values[0].bytes.n >= NODE_LABEL_SIZE)
		return bad(err, "a node has no name");
	int result = tally_node(taker->store->tally, &taker->store->sql,
				values[values[1].bytes.n ? 1 : 0].bytes, &node, err);

	return result == 0 ? note_node(taker, node, err) : result;
}

static int find_node(struct share_taker *taker, const struct share_value *label, int64_t *ret_id,
		     struct err *err)
{
	return tally_node(taker->store->tally, &taker->store->sql, label->bytes, ret_id, err);
}

static void bind_name(sqlite3_stmt *statement, int index, const struct share_value *name)
{
	if (!name->null)
		sql_bind_bytes(statement, index, name->bytes);
}

static int put_program(struct share_taker *taker, const struct share_value *values, struct err *err)
{
	struct sql *sql = &taker->store->sql;
	sqlite3_stmt *find = sql_get(sql, SQL_PROGRAM_FIND, err);
	sqlite3_stmt *add = find ? sql_get(sql, SQL_PROGRAM_ADD, err) : NULL;
	int64_t id;

	if (!add)
		return -err->code;
	bind_name(find, 1, &values[1]);
	bind_name(find, 2, &values[2]);
	int result = find_number(sql, find, &id, err);

	if (result == 0) {
		bind_name(add, 1, &values[1]);
		bind_name(add, 2, &values[2]);
		result = sql_done(sql, add, err);
		id = sqlite3_last_insert_rowid(sql->db);
	}
	if (result >= 0)
		put_key(taker, SHARE_PROGRAM, values[0].number, id);
	return result < 0 ? result : 0;
}

static int put_profile(struct share_taker *taker, const struct share_value *values, struct err *err)
{
	int64_t id;
	int result =
		tally_profile(taker->store->tally, &taker->store->sql, values[1].bytes, &id, err);

	if (result >= 0)
		put_key(taker, SHARE_PROFILE, values[0].number, id);
	return result < 0 ? result : 0;
}

static int container_profile(struct share_taker *taker, int64_t container,
			     const struct share_value *value, struct err *err)
{
	int64_t profile;
	int result = find_key(taker, SHARE_PROFILE, value, &profile, err);

	if (result < 0 || !profile || taker->foreign)
		return result;
	sqlite3_stmt *put = sql_prepare(&taker->store->sql,
					"UPDATE container SET profile = ?2 WHERE id = ?1", err);

	if (!put)
		return -err->code;
	sqlite3_bind_int64(put, 1, container);
	sqlite3_bind_int64(put, 2, profile);
	result = sql_done(&taker->store->sql, put, err);
	sqlite3_finalize(put);
	return result;
}

static struct container container_of(const struct share_value *values)
{
	const struct share_value *caps = &values[2 + CONTAINER_TEXT_COUNT], *coverage = caps + 1;
	struct container container = {
		.has_caps = !caps->null,
		.caps = (uint64_t)caps->number,
		.coverage = coverage->number >= 0 && coverage->number <= COVERAGE_FULL
				    ? (enum coverage)coverage->number
				    : COVERAGE_UNKNOWN,
	};

	for (size_t i = 0; i < CONTAINER_TEXT_COUNT; i++)
		container.texts[i] = values[2 + i].bytes;
	return container;
}

bool share_selects(const struct selection *selection, enum share_kind kind,
		   const struct share_value *values)
{
	struct selection anywhere = *selection;

	if (kind == SHARE_NODE)
		return selection->node.count && (match_node(selection, values[0].bytes) ||
						 match_node(selection, values[1].bytes));
	if (kind != SHARE_CONTAINER || !match_names_containers(selection))
		return false;
	const struct container container = container_of(values);

	anywhere.node.count = 0; /* the row has its label, not its name */
	return match_container(&anywhere, &container, values[1].bytes);
}

static int put_container(struct share_taker *taker, const struct share_value *values,
			 struct err *err)
{
	struct store *store = taker->store;
	struct container container = container_of(values);
	int64_t node, id = 0;
	int result = find_node(taker, &values[1], &node, err);

	if (result == 0)
		result = tally_describe(store->tally, &store->sql, node, &container, err);
	sqlite3_stmt *find = result == 0 ? sql_get(&store->sql, SQL_CONTAINER_FIND, err) : NULL;

	if (!find)
		return -err->code;
	sqlite3_bind_int64(find, 1, node);
	sqlite3_bind_text(find, 2, container.id.n ? container.id.p : "", (int)container.id.n,
			  SQLITE_STATIC);
	result = find_number(&store->sql, find, &id, err);
	if (result > 0)
		result = container_profile(taker, id, &values[4 + CONTAINER_TEXT_COUNT], err);
	if (result >= 0)
		put_key(taker, SHARE_CONTAINER, values[0].number, id);
	return result < 0 ? result : 0;
}

/* What a series is keyed by, from that place of both statements on. */
static void bind_series(const struct share_taker *taker, sqlite3_stmt *statement, int at,
			const struct share_value *values, int64_t node, int64_t container,
			int64_t program)
{
	sqlite3_bind_int64(statement, at, program);
	sqlite3_bind_int64(statement, at + 1, values[4].number);
	if (container)
		sqlite3_bind_int64(statement, at + 2, container);
	sqlite3_bind_int64(statement, at + 3, node);
	if (!values[5].null)
		sqlite3_bind_int64(statement, at + 4, values[5].number);
	sqlite3_bind_int64(statement, at + 5, values[6].number); /* code */
	for (int i = 0; i < EVENT_WORD_COUNT; i++)
		sqlite3_bind_int64(statement, at + 6 + i, values[7 + i].number);
	if (taker->foreign) {
		sqlite3_bind_int(statement, at + 6 + EVENT_AT_coverage, COVERAGE_UNKNOWN);
		sqlite3_bind_int(statement, at + 6 + EVENT_AT_trust, TRUST_TEXT);
	}
}

static int add_series(struct share_taker *taker, const struct share_value *values, int64_t node,
		      int64_t container, int64_t program, int64_t *ret_id, struct err *err)
{
	struct sql *sql = &taker->store->sql;
	sqlite3_stmt *add = sql_get(sql, SQL_SERIES_ADD, err);

	if (!add)
		return -err->code;
	const struct share_value *names = &values[7 + EVENT_WORD_COUNT];
	int at = 8 + EVENT_WORD_COUNT;

	bind_series(taker, add, 2, values, node, container, program);
	for (int i = 0; i < 3; i++) /* syscall, arch_name, action */
		if (!names[i].null)
			sql_bind_bytes(add, at + i, names[i].bytes);
	sqlite3_bind_int64(add, at + 3, names[3].number);
	sqlite3_bind_int64(add, at + 4, names[4].number);
	int result = sql_done(sql, add, err);

	*ret_id = sqlite3_last_insert_rowid(sql->db);
	return result;
}

/* A sender gives each of its series once. Where nobody else can give it, none has to be found. */
static int find_series(struct share_taker *taker, const struct share_value *values, int64_t node,
		       int64_t container, int64_t program, int64_t *ret_id, struct err *err)
{
	struct sql *sql = &taker->store->sql;

	if (taker->is_copy && !taker->shares_nodes)
		return 0;
	sqlite3_stmt *find = sql_get(sql, SQL_SERIES_FIND, err);

	if (!find)
		return -err->code;
	bind_series(taker, find, 1, values, node, container, program);
	return find_number(sql, find, ret_id, err);
}

static int put_series(struct share_taker *taker, const struct share_value *values, struct err *err)
{
	int64_t node, container, program, id = 0;
	int result = find_node(taker, &values[1], &node, err);

	for (int i = 6; i < 13; i++)
		if (values[i].number < 0 || (i > 6 && values[i].number > KIND_NUMBER_MAX))
			return bad(err, "a series has numbers that are none");
	if (result == 0)
		result = find_key(taker, SHARE_CONTAINER, &values[2], &container, err);
	if (result == 0)
		result = find_key(taker, SHARE_PROGRAM, &values[3], &program, err);
	if (result == 0)
		result = find_series(taker, values, node, container, program, &id, err);
	if (result == 0)
		result = add_series(taker, values, node, container, program, &id, err);
	if (result >= 0)
		put_key(taker, SHARE_SERIES, values[0].number, id);
	return result < 0 ? result : 0;
}

/* --- counts */

static int note_overlap(struct share_taker *taker, int64_t series, int64_t day, struct err *err)
{
	struct sql *sql = &taker->store->sql;
	sqlite3_stmt *node = sql_prepare(sql, "SELECT node FROM series WHERE id = ?1", err);
	sqlite3_stmt *put = node ? sql_get(sql, SQL_LOSS_PUT, err) : NULL;
	int64_t number = 0;

	if (!put) {
		sqlite3_finalize(node);
		return -err->code;
	}
	sqlite3_bind_int64(node, 1, series);
	if (sql_step(sql, node, err) > 0)
		number = sqlite3_column_int64(node, 0);
	sqlite3_finalize(node);
	sqlite3_bind_int64(put, 1, number);
	sqlite3_bind_int(put, 2, LOSS_OVERLAP);
	sqlite3_bind_int64(put, 3, day * STORE_DAY_MS);
	sqlite3_bind_int64(put, 4, 0);
	sqlite3_bind_int64(put, 5, 0);
	sqlite3_bind_text(put, 6, taker->head.name, -1, SQLITE_STATIC);
	return sql_done(sql, put, err);
}

/*
 * Whether the day at hand replaces what is here of it: always where that came from the same store.
 * Of another one (a store that was made anew, or read here as well) the larger count stays: it may
 * have read more of the same logs.
 */
static int replaces(struct share_taker *taker, int64_t series, int64_t day, int64_t count,
		    struct err *err)
{
	const int64_t given[] = {series, day};
	int64_t known[2] = {0}, ours = 0;
	int result = run_numbers(taker, DAY_FIND, given, 2, known, 2, err);

	if (result < 0)
		return result;
	bool received = result > 0;

	if (received && known[0] == taker->sender && known[1] == taker->generation)
		return 1;
	result = run_numbers(taker, DAY_COUNT, given, 2, &ours, 1, err);
	if (result >= 0 && ours && !received)
		result = note_overlap(taker, series, day, err);
	if (result < 0 || (ours && taker->foreign))
		return result < 0 ? result : 0;
	return count >= ours;
}

static int put_hours(struct share_taker *taker, int64_t series, int64_t day, struct str packed,
		     struct err *err)
{
	struct sql *sql = &taker->store->sql;
	struct day_hour hour;
	int more;

	while ((more = day_take(&packed, day, &hour)) > 0) {
		sqlite3_stmt *put = sql_get(sql, SQL_HOUR_PUT, err);

		if (!put)
			return -err->code;
		sqlite3_bind_int64(put, 1, series);
		sqlite3_bind_int64(put, 2, hour.hour);
		sqlite3_bind_int64(put, 3, (int64_t)hour.count);
		sqlite3_bind_int64(put, 4, hour.first_ms);
		sqlite3_bind_int64(put, 5, hour.last_ms);
		if (!hour.rolled_up)
			sqlite3_bind_blob(put, 6, hour.minutes.p, (int)hour.minutes.n,
					  SQLITE_STATIC);
		int result = sql_done(sql, put, err);

		if (result < 0)
			return result;
	}
	return more < 0 ? bad(err, "a day's hours are none") : 0;
}

static int put_day(struct share_taker *taker, const struct share_value *day_value,
		   const struct share_value *series_value, int64_t count, struct str packed,
		   struct err *err)
{
	int64_t series, day = day_value->number;
	int result = find_key(taker, SHARE_SERIES, series_value, &series, err);

	if (result < 0)
		return result;
	if (taker->is_copy)
		return put_hours(taker, series, day, packed, err);
	result = replaces(taker, series, day, count, err);
	if (result <= 0)
		return result;
	const int64_t given[] = {series, day, taker->sender, taker->generation,
				 taker->head.revision};

	result = run_numbers(taker, DAY_DROP, given, 2, NULL, 0, err);
	if (result >= 0)
		result = run_numbers(taker, DAY_PUT, given, 5, NULL, 0, err);
	return result < 0 ? result : put_hours(taker, series, day, packed, err);
}

/* A copy that is sent on has to say that nothing is left of the day. */
static int put_empty(struct share_taker *taker, const struct share_value *values, struct err *err)
{
	int64_t given[] = {0, values[0].number};
	int result = find_key(taker, SHARE_SERIES, &values[1], &given[0], err);

	if (result < 0)
		return result;
	result = run_numbers(taker, DAY_EMPTY, given, 2, NULL, 0, err);
	return result < 0 ? result : 0;
}

/* --- evidence */

static int put_in_force(struct share_taker *taker, const struct share_value *values,
			struct err *err)
{
	const struct store_in_force in_force = {
		.source = values[4].bytes,
		.has_actions = !values[5].null,
		.actions = (unsigned)values[5].number,
		.since_ms = values[6].number,
		.is_open = values[7].null,
		.until_ms = values[7].number,
	};
	int64_t node, container, profile;
	int result = find_node(taker, &values[1], &node, err);

	if (result == 0)
		result = find_key(taker, SHARE_CONTAINER, &values[2], &container, err);
	if (result == 0)
		result = find_key(taker, SHARE_PROFILE, &values[3], &profile, err);
	/* it may have ended since it was sent */
	sqlite3_stmt *drop = result == 0 ? get(taker, IN_FORCE_OPEN_DROP, err) : NULL;

	if (!drop)
		return -err->code;
	sqlite3_bind_int64(drop, 1, node);
	if (container)
		sqlite3_bind_int64(drop, 2, container);
	sqlite3_bind_int64(drop, 3, profile);
	sql_bind_bytes(drop, 4, in_force.source);
	sqlite3_bind_int64(drop, 5, in_force.since_ms);
	result = sql_done(&taker->store->sql, drop, err);
	return result < 0 ? result
			  : in_force_merge(&taker->store->sql, node, container, profile, &in_force,
					   err);
}

static int put_span(struct share_taker *taker, const struct share_value *values, struct err *err)
{
	int64_t node;
	int result = find_node(taker, &values[1], &node, err);
	sqlite3_stmt *add = result == 0 ? sql_get(&taker->spans, SQL_SPAN_ADD, err) : NULL;

	if (!add)
		return -err->code;
	sqlite3_bind_int64(add, 1, node);
	sqlite3_bind_int64(add, 2, values[3].number != 0);
	for (int i = 4; i < 9; i++) /* first_serial, last_serial, first, last, missing */
		sqlite3_bind_int64(add, i - 1, values[i].number);
	sqlite3_bind_int64(add, 8, values[2].number == TRUST_KERNEL && !taker->foreign);
	return sql_done(&taker->spans, add, err);
}

static int put_loss(struct share_taker *taker, const struct share_value *values, struct err *err)
{
	const struct loss_note note = {
		.kind = (enum loss_kind)values[2].number,
		.ms = values[3].number,
		.count = (uint64_t)values[5].number,
		.node = values[1].bytes,
		.detail = values[6].bytes,
	};

	if (values[2].number < 0 || values[2].number > KIND_NUMBER_MAX)
		return bad(err, "an entry of the evidence is none");
	return writer_put_loss(taker->store, &note, (uint64_t)values[4].number, err);
}

static int put_acknowledged(struct share_taker *taker, const struct share_value *values,
			    struct err *err)
{
	sqlite3_stmt *put = get(taker, ACKNOWLEDGE, err);

	if (!put)
		return -err->code;
	sql_bind_bytes(put, 1, values[1].bytes);
	sqlite3_bind_int64(put, 2, values[2].number);
	sql_bind_bytes(put, 3, values[3].bytes);
	sql_bind_bytes(put, 4, values[4].bytes);
	return sql_done(&taker->store->sql, put, err);
}

/* --- rows */

static int check_sizes(enum share_kind kind, const struct share_value *values, struct err *err)
{
	const struct share_table *table = &share_tables[kind];
	size_t most = kind == SHARE_PROFILE || kind == SHARE_DAY ? JSON_MAX_BYTES : NAME_MAX_BYTES;

	for (size_t i = 0; i < table->count; i++)
		if (table->columns[i].type != SHARE_INT && values[i].bytes.n > most)
			return bad(err, "a value is too large");
	return 0;
}

int share_taker_put(struct share_taker *taker, enum share_kind kind,
		    const struct share_value *values, struct err *err)
{
	int result = check_sizes(kind, values, err);

	if (result < 0)
		return result;
	if (!taker->begun && kind != SHARE_HEAD)
		return bad(err, "it does not say who sent it");
	switch (kind) {
	case SHARE_HEAD:
		return put_head(taker, values, err);
	case SHARE_NODE:
		return put_node(taker, values, err);
	case SHARE_PROGRAM:
		return put_program(taker, values, err);
	case SHARE_PROFILE:
		return put_profile(taker, values, err);
	case SHARE_CONTAINER:
		return put_container(taker, values, err);
	case SHARE_SERIES:
		return put_series(taker, values, err);
	case SHARE_DAY:
		return put_day(taker, &values[0], &values[1], values[2].number, values[5].bytes,
			       err);
	case SHARE_EMPTY:
		if (taker->is_copy)
			return put_empty(taker, values, err);
		return put_day(taker, &values[0], &values[1], 0, str_of(NULL, 0), err);
	case SHARE_IN_FORCE:
		return taker->foreign ? 0 : put_in_force(taker, values, err);
	case SHARE_SPAN:
		return put_span(taker, values, err);
	case SHARE_LOSS:
		return put_loss(taker, values, err);
	case SHARE_ACKNOWLEDGED:
		return taker->foreign ? 0 : put_acknowledged(taker, values, err);
	case SHARE_KIND_COUNT:
		break;
	}
	return bad(err, "a row is of no kind");
}

/* Everything was sent anew: what is not among it was forgotten there. */
static int drop_gone(struct share_taker *taker, struct err *err)
{
	sqlite3_stmt *list = get(taker, GONE_LIST, err);
	int result;

	if (!list)
		return -err->code;
	sqlite3_bind_int64(list, 1, taker->sender);
	sqlite3_bind_int64(list, 2, taker->generation);
	sqlite3_bind_int64(list, 3, taker->head.revision);
	sqlite3_bind_int64(list, 4, taker->head.first_day);
	while ((result = sql_step(&taker->store->sql, list, err)) > 0) {
		const int64_t given[] = {sqlite3_column_int64(list, 0),
					 sqlite3_column_int64(list, 1)};

		result = run_numbers(taker, DAY_DROP, given, 2, NULL, 0, err);
		if (result < 0)
			break;
	}
	return result;
}

static int join_spans(struct share_taker *taker, struct err *err)
{
	sqlite3_stmt *nodes = get(taker, NODES, err);
	int result;

	if (!nodes)
		return -err->code;
	while ((result = sql_step(&taker->store->sql, nodes, err)) > 0) {
		int64_t node = sqlite3_column_int64(nodes, 0);

		result = stream_merge(&taker->spans, node, TRUST_KERNEL, &taker->store->sql, node,
				      err);
		if (result < 0)
			break;
	}
	sqlite3_reset(nodes);
	return result;
}

static int drop_unused(struct share_taker *taker, struct err *err)
{
	return sql_run(&taker->store->sql,
		       "DELETE FROM received WHERE NOT EXISTS (SELECT 1 FROM hour WHERE"
		       " hour.series = received.series AND hour.hour >= received.day * 24"
		       " AND hour.hour < received.day * 24 + 24);"
		       "DELETE FROM series WHERE NOT EXISTS"
		       " (SELECT 1 FROM hour WHERE hour.series = series.id)",
		       err);
}

int share_taker_finish(struct share_taker *taker, struct err *err)
{
	int result = 0;

	if (!taker->begun)
		return bad(err, "it does not say who sent it");
	if (!taker->knows && taker->goes_on && taker->head.since == 0 && !taker->is_copy)
		result = drop_gone(taker, err);
	if (result == 0)
		result = join_spans(taker, err);
	if (result == 0 && !taker->is_copy)
		result = drop_unused(taker, err);
	for (size_t i = 0; i < TAKER_SQL_COUNT; i++)
		if (taker->statements[i])
			sqlite3_reset(taker->statements[i]);
	return result < 0 ? result : writer_commit(taker->store, err);
}
