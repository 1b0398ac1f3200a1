#include "store/share.h"

#include "base/mem.h"
#include "ingest/node.h"
#include "store/in_force.h"
#include "store/internal.h"
#include "store/mark.h"
#include "store/received.h"
#include "store/schema.h"
#include "store/share_keys.h"
#include "store/tally.h"
#include "store/writer.h"
#include "store/statements.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define KIND_NUMBER_MAX 4096 /* of enumerators */

/* The id of what is not taken since it is of a node that the sender does not speak for. */
#define LEFT_OUT (-1)

struct share_taker {
	struct store *store;
	struct share_keys *keys, *series_keys;
	struct sql spans; /* theirs, in a store of its own in memory, to be joined with ours */
	bool is_copy, begun;
	bool shares_nodes; /* of a copy: two senders have series of one node */
	struct share_head head;
	struct received received;  /* the sender at hand */
	char own[NODE_LABEL_SIZE]; /* its label */
	size_t own_n;
	struct share_keys *senders; /* marks of the labels of all */
	uint64_t senders_seed;
	bool has_acknowledged;
};

struct share_taker *share_taker_new(struct store *store, bool is_copy)
{
	struct share_taker *taker = mem_new(1, sizeof(*taker));

	taker->store = store;
	taker->keys = share_keys_new();
	taker->series_keys = share_keys_new();
	taker->senders = share_keys_new();
	taker->senders_seed = store_share_random();
	taker->is_copy = is_copy;
	taker->received.sql = &store->sql;
	taker->received.head = &taker->head;
	return taker;
}

void share_taker_set_foreign(struct share_taker *taker)
{
	taker->received.foreign = true;
	tally_set_foreign(taker->store->tally, true);
}

void share_taker_free(struct share_taker *taker)
{
	if (!taker)
		return;
	sql_close(&taker->spans);
	writer_forget(taker->store);
	tally_set_foreign(taker->store->tally, false);
	share_keys_free(taker->keys);
	share_keys_free(taker->series_keys);
	share_keys_free(taker->senders);
	free(taker);
}

bool share_taker_knows(const struct share_taker *taker)
{
	return taker->received.knows;
}

const struct share_head *share_taker_head(const struct share_taker *taker)
{
	return &taker->head;
}

/* --- who speaks for which node */

void share_taker_add_sender(struct share_taker *taker, struct str name)
{
	char bytes[NODE_LABEL_SIZE];
	struct str label = node_label(name, bytes);

	share_keys_put(taker->senders, SHARE_HEAD, 0, (int64_t)mark_of(taker->senders_seed, label),
		       1);
}

static bool speaks_for(const struct share_taker *taker, struct str own, struct str node)
{
	char bytes[NODE_LABEL_SIZE];
	struct str label = node_label(node, bytes);

	return str_eq(label, own) || !share_keys_find(taker->senders, SHARE_HEAD, 0,
						      (int64_t)mark_of(taker->senders_seed, label));
}

/* --- keys */

static void put_key(struct share_taker *taker, enum share_kind kind, int64_t key, int64_t id)
{
	share_keys_put(kind == SHARE_SERIES ? taker->series_keys : taker->keys, kind,
		       taker->received.sender, key, id);
}

/* A null value names nothing: 0. */
static int find_key(struct share_taker *taker, enum share_kind kind,
		    const struct share_value *value, int64_t *ret_id, struct err *err)
{
	const struct share_keys *keys = kind == SHARE_SERIES ? taker->series_keys : taker->keys;

	*ret_id = value->null ? 0
			      : share_keys_find(keys, kind, taker->received.sender, value->number);
	if (*ret_id == LEFT_OUT)
		return SHARE_OF_OTHERS;
	return value->null || *ret_id ? 0 : share_bad(err, "a row refers to a row that is missing");
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
		return share_bad(err, "it does not name its sender");
	taker->own_n = node_label(str_from(taker->head.name), taker->own).n;
	if (!taker->begun)
		result = begin(taker, err);
	taker->begun = true;
	if (result == 0 && !taker->is_copy)
		result = received_find_sender(&taker->received, err);
	return result == 0 && !taker->received.knows ? received_put_sender(&taker->received, err)
						     : result;
}

/* --- what counts hang on */

/* Series of two senders may be the same one only where both have its node. */
static int note_node(struct share_taker *taker, int64_t node, struct err *err)
{
	int64_t first = share_keys_find(taker->keys, SHARE_NODE, 0, node);

	share_keys_put(taker->keys, SHARE_NODE, 0, node, taker->received.sender);
	if (!taker->is_copy || taker->shares_nodes || first == 0 || first == taker->received.sender)
		return 0;
	taker->shares_nodes = true;
	return sql_run(&taker->store->sql, SCHEMA_SERIES_KEY, err);
}

static int find_node(struct share_taker *taker, const struct share_value *name, int64_t *ret_id,
		     struct err *err)
{
	return speaks_for(taker, str_of(taker->own, taker->own_n), name->bytes)
		       ? tally_node(taker->store->tally, &taker->store->sql, name->bytes, ret_id,
				    err)
		       : SHARE_OF_OTHERS;
}

static int put_node(struct share_taker *taker, const struct share_value *values, struct err *err)
{
	int64_t node;

	if (values[0].bytes.n == 0 || values[0].bytes.n >= NODE_LABEL_SIZE)
		return share_bad(err, "a node has no name");
	if (!speaks_for(taker, str_of(taker->own, taker->own_n), values[0].bytes))
		return SHARE_OF_OTHERS;
	int result = find_node(taker, &values[values[1].bytes.n ? 1 : 0], &node, err);

	return result == 0 ? note_node(taker, node, err) : result;
}

static struct sql_value value_of(enum share_kind kind, const struct share_value *values, int i)
{
	if (values[i].null)
		return (struct sql_value){.type = SQL_NULL};
	return share_tables[kind].columns[i].type == SHARE_INT ? sql_int(values[i].number)
							       : sql_bytes(values[i].bytes);
}

static int put_program(struct share_taker *taker, const struct share_value *values, struct err *err)
{
	struct sql *sql = &taker->store->sql;
	const struct sql_value comm = value_of(SHARE_PROGRAM, values, 1);
	const struct sql_value exe = value_of(SHARE_PROGRAM, values, 2);
	int64_t id;
	int result = sql_find(sql, SQL_GET(sql, PROGRAM_FIND, err, comm, exe), &id, err);

	if (result == 0) {
		result = SQL_DO(sql, PROGRAM_ADD, err, comm, exe);
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

	if (result < 0 || !profile || taker->received.foreign)
		return result;
	return SQL_DO(&taker->store->sql, "UPDATE container SET profile = ?2 WHERE id = ?1", err,
		      sql_int(container), sql_int(profile));
}

static int put_container(struct share_taker *taker, const struct share_value *values,
			 struct err *err)
{
	struct store *store = taker->store;
	struct container container = share_container(values);
	int64_t node, id = 0;
	int result = find_node(taker, &values[1], &node, err);

	if (result == 0)
		result = tally_describe(store->tally, &store->sql, node, &container, err);
	if (result == 0)
		result = sql_find(&store->sql,
				  SQL_GET(&store->sql, CONTAINER_FIND, err, sql_int(node),
					  sql_text(container.id)),
				  &id, err);
	if (result > 0)
		result = container_profile(taker, id, &values[4 + CONTAINER_TEXT_COUNT], err);
	if (result >= 0 || result == SHARE_OF_OTHERS)
		put_key(taker, SHARE_CONTAINER, values[0].number, result < 0 ? LEFT_OUT : id);
	return result < 0 ? result : 0;
}

/* A series of a copy stays when its container is gone, and then has no days. */
static bool is_left(const struct share_taker *taker, const struct share_value *container)
{
	return taker->is_copy && !container->null &&
	       !share_keys_find(taker->keys, SHARE_CONTAINER, taker->received.sender,
				container->number);
}

/* What a series is keyed by: program, nr, container, node, arch, code, words. */
#define KEY_VALUES (6 + EVENT_WORD_COUNT)

static void key_values(const struct share_taker *taker, const struct share_value *values,
		       int64_t node, int64_t container, int64_t program,
		       struct sql_value to[KEY_VALUES])
{
	to[0] = sql_int(program);
	to[1] = sql_int(values[4].number);
	to[2] = sql_int_if(container, container);
	to[3] = sql_int(node);
	for (int i = 4; i < KEY_VALUES; i++)
		to[i] = value_of(SHARE_SERIES, values, i + 1);
	if (taker->received.foreign) {
		to[6 + EVENT_AT_coverage] = sql_int(COVERAGE_UNKNOWN);
		to[6 + EVENT_AT_trust] = sql_int(TRUST_TEXT);
	}
}

#define WORD_VALUE(field, type, last) "?, "

static int add_series(struct sql *sql, const struct share_value *values,
		      const struct sql_value key[KEY_VALUES], int64_t *ret_id, struct err *err)
{
	struct sql_value rest[5]; /* syscall, arch_name, action, pid, ip */

	for (int i = 0; i < 5; i++)
		rest[i] = value_of(SHARE_SERIES, values, KEY_VALUES + 1 + i);
	sqlite3_stmt *add = sql_bind(
		sql_get(sql,
			"INSERT INTO " SERIES
			" VALUES (?, ?, ?, ?, ?, ?, ?, " EVENT_WORDS(WORD_VALUE) "?, ?, ?, ?, ?)",
			err),
		2, key, KEY_VALUES);
	int result = sql_done(sql, sql_bind(add, 2 + KEY_VALUES, rest, 5), err);

	*ret_id = sqlite3_last_insert_rowid(sql->db);
	return result;
}

/* A sender gives each of its series once. Where nobody else can give it, none has to be found. */
static int find_series(struct share_taker *taker, const struct sql_value key[KEY_VALUES],
		       int64_t *ret_id, struct err *err)
{
	struct sql *sql = &taker->store->sql;

	if (taker->is_copy && !taker->shares_nodes)
		return 0;
	return sql_find(sql, sql_bind(sql_get(sql, SERIES_FIND, err), 1, key, KEY_VALUES), ret_id,
			err);
}

static int put_series(struct share_taker *taker, const struct share_value *values, struct err *err)
{
	int64_t node, container = 0, program = 0, id = 0;
	int result = find_node(taker, &values[1], &node, err);

	for (int i = 6; i < 13; i++)
		if (values[i].number < 0 || (i > 6 && values[i].number > KIND_NUMBER_MAX))
			return share_bad(err, "a number of a series is not valid");
	if (is_left(taker, &values[2]))
		return 0;
	if (result == 0)
		result = find_key(taker, SHARE_CONTAINER, &values[2], &container, err);
	if (result == SHARE_OF_OTHERS)
		put_key(taker, SHARE_SERIES, values[0].number, LEFT_OUT);
	if (result == 0)
		result = find_key(taker, SHARE_PROGRAM, &values[3], &program, err);
	if (result < 0)
		return result;
	struct sql_value key[KEY_VALUES];

	key_values(taker, values, node, container, program, key);
	result = find_series(taker, key, &id, err);
	if (result == 0)
		result = add_series(&taker->store->sql, values, key, &id, err);
	if (result >= 0)
		put_key(taker, SHARE_SERIES, values[0].number, id);
	return result < 0 ? result : 0;
}

static int put_hours(struct share_taker *taker, const struct share_value *values, int64_t count,
		     struct str hours, struct err *err)
{
	struct received_day day = {.day = values[0].number, .count = count, .hours = hours};
	int result = find_key(taker, SHARE_SERIES, &values[1], &day.series, err);

	if (result < 0)
		return result;
	return taker->is_copy ? received_copy_day(&taker->received, &day, err)
			      : received_put_day(&taker->received, &day, err);
}

static int put_day(struct share_taker *taker, const struct share_value *values, struct err *err)
{
	return put_hours(taker, values, values[2].number, values[5].bytes, err);
}

static int put_empty(struct share_taker *taker, const struct share_value *values, struct err *err)
{
	return put_hours(taker, values, 0, str_of(NULL, 0), err);
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
	int64_t node, container = 0, profile = 0;

	if (taker->received.foreign)
		return 0;
	int result = find_node(taker, &values[1], &node, err);

	if (result == 0)
		result = find_key(taker, SHARE_CONTAINER, &values[2], &container, err);
	if (result == 0)
		result = find_key(taker, SHARE_PROFILE, &values[3], &profile, err);
	/* it may have ended since it was sent */
	if (result == 0)
		result = SQL_DO(
			&taker->store->sql,
			"DELETE FROM in_force WHERE node = ?1 AND container IS ?2"
			" AND profile = ?3 AND source = ?4 AND since = ?5 AND until IS NULL",
			err, sql_int(node), sql_int_if(container, container), sql_int(profile),
			sql_bytes(in_force.source), sql_int(in_force.since_ms));
	return result < 0 ? result
			  : in_force_merge(&taker->store->sql, node, container, profile, &in_force,
					   err);
}

static int put_span(struct share_taker *taker, const struct share_value *values, struct err *err)
{
	int64_t node;
	int result = find_node(taker, &values[1], &node, err);
	bool is_kernels = values[2].number == TRUST_KERNEL && !taker->received.foreign;

	/* first_serial, last_serial, first, last, missing */
	return result < 0 ? result
			  : SQL_DO(&taker->spans, SPAN_ADD, err, sql_int(node),
				   sql_int(values[3].number != 0), value_of(SHARE_SPAN, values, 4),
				   value_of(SHARE_SPAN, values, 5), value_of(SHARE_SPAN, values, 6),
				   value_of(SHARE_SPAN, values, 7), value_of(SHARE_SPAN, values, 8),
				   sql_int(is_kernels));
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
		return share_bad(err, "an entry of the evidence is not valid");
	int64_t node;
	int result = find_node(taker, &values[1], &node, err);

	return result < 0 ? result
			  : writer_put_loss(taker->store, &note, (uint64_t)values[4].number, err);
}

static int put_acknowledged(struct share_taker *taker, const struct share_value *values,
			    struct err *err)
{
	struct sql *sql = &taker->store->sql;

	if (taker->received.foreign)
		return 0;
	int result =
		taker->has_acknowledged
			? 0
			: sql_run(sql,
				  "CREATE TEMP TABLE offered (id TEXT NOT NULL, at, reason, text,"
				  " own BLOB NOT NULL, PRIMARY KEY (id, own)) WITHOUT ROWID",
				  err);

	taker->has_acknowledged = true;
	return result < 0 ? result
			  : SQL_DO(sql,
				   "INSERT OR IGNORE INTO temp.offered (id, at, reason, text, own)"
				   " VALUES (?1, ?2, ?3, ?4, ?5)",
				   err, value_of(SHARE_ACKNOWLEDGED, values, 1),
				   value_of(SHARE_ACKNOWLEDGED, values, 2),
				   value_of(SHARE_ACKNOWLEDGED, values, 3),
				   value_of(SHARE_ACKNOWLEDGED, values, 4),
				   sql_blob(str_of(taker->own, taker->own_n)));
}

struct vetting {
	struct share_taker *taker;
	struct err *err;
};

/* Whose word on that entry does not count. */
static int veto(const struct loss *loss, void *context)
{
	const struct vetting *vetting = context;
	struct share_taker *taker = vetting->taker;
	struct sql *sql = &taker->store->sql;
	sqlite3_stmt *list = SQL_GET(sql, "SELECT own FROM temp.offered WHERE id = ?1",
				     vetting->err, sql_text(str_from(loss->id)));
	BUF_AUTO bad = {0};
	int result;

	while ((result = sql_step(sql, list, vetting->err)) > 0)
		if (!speaks_for(taker, sql_column_bytes(list, 0), loss->node)) {
			buf_put_str(&bad, sql_column_bytes(list, 0));
			buf_put_char(&bad, '\0');
		}
	sqlite3_reset(list);
	for (size_t at = 0; at < bad.n && result == 0; at += strlen(bad.p + at) + 1)
		result = SQL_DO(sql, "DELETE FROM temp.offered WHERE id = ?1 AND own = ?2",
				vetting->err, sql_text(str_from(loss->id)),
				sql_blob(str_from(bad.p + at)));
	return result;
}

/* An id says nothing of its node. */
static int take_acknowledged(struct share_taker *taker, struct err *err)
{
	const struct selection everything = {0};
	struct vetting vetting = {taker, err};
	int result = taker->has_acknowledged
			     ? query_losses(taker->store, &everything, veto, &vetting, err)
			     : 0;

	return result < 0 || !taker->has_acknowledged
		       ? result
		       : sql_run(&taker->store->sql,
				 "INSERT OR IGNORE INTO acknowledged (id, at, reason, text)"
				 " SELECT id, at, reason, text FROM temp.offered;"
				 "DROP TABLE temp.offered",
				 err);
}

/* --- rows */

static int check_sizes(enum share_kind kind, const struct share_value *values, struct err *err)
{
	const struct share_table *table = &share_tables[kind];
	for (size_t i = 0; i < table->count; i++)
		if (table->columns[i].type != SHARE_INT &&
		    values[i].bytes.n > share_value_max(kind))
			return share_bad(err, "a value is too large");
	return 0;
}

typedef int put_fn(struct share_taker *taker, const struct share_value *values, struct err *err);

static put_fn *const putters[SHARE_KIND_COUNT] = {
	[SHARE_HEAD] = put_head,
	[SHARE_NODE] = put_node,
	[SHARE_PROGRAM] = put_program,
	[SHARE_PROFILE] = put_profile,
	[SHARE_CONTAINER] = put_container,
	[SHARE_SERIES] = put_series,
	[SHARE_DAY] = put_day,
	[SHARE_EMPTY] = put_empty,
	[SHARE_IN_FORCE] = put_in_force,
	[SHARE_SPAN] = put_span,
	[SHARE_LOSS] = put_loss,
	[SHARE_ACKNOWLEDGED] = put_acknowledged,
};

int share_taker_put(struct share_taker *taker, enum share_kind kind,
		    const struct share_value *values, struct err *err)
{
	int result = check_sizes(kind, values, err);

	if (result < 0)
		return result;
	if (!taker->begun && kind != SHARE_HEAD)
		return share_bad(err, "it does not name its sender");
	return putters[kind](taker, values, err);
}

static int join_spans(struct share_taker *taker, struct err *err)
{
	struct sql *sql = &taker->store->sql;
	sqlite3_stmt *nodes = sql_get(sql, "SELECT id FROM node", err);
	int result = 0;

	while (result >= 0 && (result = sql_step(sql, nodes, err)) > 0) {
		int64_t node = sqlite3_column_int64(nodes, 0);

		result = stream_merge(&taker->spans, node, TRUST_KERNEL, sql, node, err);
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
		return share_bad(err, "it does not name its sender");
	if (!taker->received.knows && taker->received.goes_on && taker->head.since == 0 &&
	    !taker->is_copy)
		result = received_drop_gone(&taker->received, err);
	if (result == 0)
		result = join_spans(taker, err);
	if (result == 0)
		result = take_acknowledged(taker, err);
	if (result == 0 && !taker->is_copy)
		result = drop_unused(taker, err);
	return result < 0 ? result : writer_commit(taker->store, err);
}

/* --- a copy's counts, a part at a time */

int share_taker_begin_part(struct share_taker *taker, struct err *err)
{
	share_keys_free(taker->series_keys);
	taker->series_keys = share_keys_new();
	int result = writer_begin(taker->store, err);

	return result < 0
		       ? result
		       : sql_run(&taker->store->sql, "DELETE FROM hour; DELETE FROM series", err);
}

int share_taker_put_sum(struct share_taker *taker, const struct share_sum *sum, struct err *err)
{
	const struct share_value key = {.number = sum->series};
	struct received_sum row = {
		.count = sum->count, .first_ms = sum->first_ms, .last_ms = sum->last_ms};
	int result = find_key(taker, SHARE_SERIES, &key, &row.series, err);

	return result < 0 ? result : received_copy_sum(&taker->received, &row, err);
}

int share_taker_end_part(struct share_taker *taker, struct err *err)
{
	return writer_commit(taker->store, err);
}

int share_taker_drop_container(struct share_taker *taker, int64_t key, struct err *err)
{
	const struct share_value value = {.number = key};
	int64_t id;
	int result = find_key(taker, SHARE_CONTAINER, &value, &id, err);

	if (result == SHARE_OF_OTHERS)
		return 0;
	return result < 0 ? result
			  : SQL_DO(&taker->store->sql, "DELETE FROM container WHERE id = ?1", err,
				   sql_int(id));
}
