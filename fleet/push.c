#include "fleet/connection.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "store/mark.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

/* Rows of one transaction; fewer where that takes too long. */
#define ROWS_MAX  10000
#define ROWS_MIN  100
#define BYTES_MAX ((size_t)16 << 20)

#define ATTEMPTS_MAX 7

/* Of a digest, so many bits are not kept: a store takes larger numbers for damage (revision_meta()). */
#define DIGEST_SHIFT 2

/* Rows of one kind on their way: an array literal for each column. */
struct batch {
	enum share_kind kind;
	size_t rows, bytes;
	struct buf columns[SHARE_COLUMNS_MAX];
};

struct pusher {
	struct fleet *fleet;
	struct share_head head;
	bool known;          /* a bundle that brings nothing new */
	struct buf left_out; /* an array literal: nodes of the store that are senders themselves */
	uint64_t left_out_count;
	char first_left_out[SHARE_NAME_SIZE];
	bool knows_others;    /* the schema has sclog.speaks_for() */
	bool unchanged;       /* only that there was a push is sent */
	uint64_t key, digest; /* of the rows that are sent as a whole */
	int64_t generation;
	char generation_text[24], revision_text[24];
	size_t rows_max;
	struct batch batch;
	bool begun; /* a transaction, which has: */
	size_t begun_rows, begun_bytes;
	uint64_t rows; /* that were committed */
	const struct fleet_progress *progress;
};

/* --- array literals */

static void put_bytes(struct buf *to, struct str bytes)
{
	static const char digits[] = "0123456789abcdef";
	char *at = buf_reserve(to, bytes.n * 2 + 6);
	size_t n = 0;

	memcpy(at, "\"\\\\x", 4);
	n = 4;
	for (size_t i = 0; i < bytes.n; i++) {
		at[n++] = digits[(unsigned char)bytes.p[i] >> 4];
		at[n++] = digits[(unsigned char)bytes.p[i] & 15];
	}
	at[n++] = '"';
	to->n += n;
}

/* PostgreSQL takes valid UTF-8 without NUL: what is none stands for itself no more. */
static void put_text(struct buf *to, struct str text)
{
	buf_put_char(to, '"');
	for (size_t i = 0; i < text.n;) {
		uint32_t point;
		size_t bad = 1, n = utf8_decode(str_skip(text, i), &point, &bad);

		if (n == 0 || text.p[i] == '\0') {
			buf_put_str(to, STR("\xef\xbf\xbd"));
			i += n ? n : bad;
			continue;
		}
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_put_char(to, '\\');
		buf_put_str(to, str_of(text.p + i, n));
		i += n;
	}
	buf_put_char(to, '"');
}

static void put_value(struct buf *to, enum share_type type, const struct share_value *value)
{
	buf_put_char(to, to->n ? ',' : '{');
	if (value->null)
		buf_put_str(to, STR("NULL"));
	else if (type == SHARE_INT)
		buf_format(to, "%" PRId64, value->number);
	else if (type == SHARE_BYTES)
		put_bytes(to, value->bytes);
	else
		put_text(to, value->bytes);
}

/* --- statements */

static void put_unnest(struct buf *sql, const struct share_table *table)
{
	static const char *const types[] = {"bigint", "text", "bytea"};

	buf_put_str(sql, STR("unnest("));
	for (size_t i = 0; i < table->count; i++)
		buf_format(sql, "%s$%zu::%s[]", i ? ", " : "", i + 4,
			   types[table->columns[i].type]);
	buf_put_str(sql, STR(")"));
}

/* Of a day that another store sent, too, the larger count stays (store/share_taker.c). */
static void put_day_statement(struct buf *sql)
{
	buf_put_str(
		sql,
		STR("INSERT INTO sclog.day AS d (day, sender, series, count, first, last,"
		    " hours, generation, revision) SELECT date '1970-01-01' + u.day::int, $1,"
		    " u.series, u.count, u.first, u.last, u.hours, $2::bigint, $3::bigint FROM "));
	put_unnest(sql, &share_tables[SHARE_DAY]);
	buf_put_str(sql,
		    STR(" AS u (day, series, count, first, last, hours) WHERE u.day BETWEEN"
			" current_date - date '1970-01-01' - (SELECT keep_days FROM sclog.fleet)"
			" AND current_date - date '1970-01-01' + 2"
			" ON CONFLICT (day, sender, series) DO UPDATE SET count = excluded.count,"
			" first = excluded.first, last = excluded.last, hours = excluded.hours,"
			" generation = excluded.generation, revision = excluded.revision"
			" WHERE (d.generation = excluded.generation AND d.revision <="
			" excluded.revision) OR (d.generation < excluded.generation"
			" AND d.count <= excluded.count)"));
}

static void put_empty_statement(struct buf *sql)
{
	buf_put_str(sql, STR("DELETE FROM sclog.day d USING "));
	put_unnest(sql, &share_tables[SHARE_EMPTY]);
	buf_put_str(sql, STR(" AS u (day, series) WHERE d.sender = $1 AND d.day ="
			     " date '1970-01-01' + u.day::int AND d.series = u.series"
			     " AND d.generation = $2::bigint AND d.revision <= $3::bigint"));
}

static void put_statement(struct buf *sql, enum share_kind kind)
{
	const struct share_table *table = &share_tables[kind];

	if (kind == SHARE_DAY) {
		put_day_statement(sql);
		return;
	}
	if (kind == SHARE_EMPTY) {
		put_empty_statement(sql);
		return;
	}
	buf_format(sql, "INSERT INTO sclog.%s AS t (sender, generation, revision", table->name);
	for (size_t i = 0; i < table->count; i++)
		buf_format(sql, ", \"%s\"", table->columns[i].name);
	buf_put_str(sql, STR(") SELECT $1, $2::bigint, $3::bigint, * FROM "));
	put_unnest(sql, table);
	buf_format(sql, " ON CONFLICT (sender, \"%s\") DO ", table->columns[0].name);
	if (kind < SHARE_CONTAINER || kind == SHARE_SERIES) { /* they never change */
		buf_put_str(sql, STR("NOTHING"));
		return;
	}
	buf_put_str(sql, STR("UPDATE SET generation = excluded.generation,"
			     " revision = excluded.revision"));
	for (size_t i = 1; i < table->count; i++)
		buf_format(sql, ", \"%s\" = excluded.\"%s\"", table->columns[i].name,
			   table->columns[i].name);
	buf_put_str(sql, STR(" WHERE (t.generation, t.revision) <= (excluded.generation,"
			     " excluded.revision)"));
}

/* --- sending */

static int put_day(void *context, int64_t day)
{
	struct buf *days = context;

	buf_format(days, "%s%" PRId64, days->n ? "," : "{", day);
	return 0;
}

/* Partitions are made in a transaction of their own: making one locks the table. */
static int make_days(struct pusher *pusher, struct store *store, struct err *err)
{
	BUF_AUTO days = {0};
	int result = store_share_days(store, put_day, &days, err);

	if (result < 0 || days.n == 0)
		return result;
	buf_put_char(&days, '}');
	const char *values[] = {days.p};

	return fleet_do(pusher->fleet,
			"SELECT sclog.make_day(date '1970-01-01' + u.day::int)"
			" FROM unnest($1::bigint[]) AS u (day)",
			1, values, err);
}

static int begin_rows(struct pusher *pusher, struct err *err)
{
	if (pusher->begun)
		return 0;
	pusher->begun = true;
	pusher->begun_rows = pusher->begun_bytes = 0;
	return fleet_begin(pusher->fleet, err);
}

static int commit(struct pusher *pusher, struct err *err)
{
	int result = pusher->begun ? fleet_commit(pusher->fleet, err) : 0;

	pusher->begun = false;
	pusher->rows += pusher->begun_rows;
	if (result == 0 && pusher->progress)
		pusher->progress->rows(pusher->progress->context, pusher->rows);
	return result;
}

/* Sends the rows at hand, as a part of the transaction. */
static int flush(struct pusher *pusher, struct err *err)
{
	struct batch *batch = &pusher->batch;
	const struct share_table *table = &share_tables[batch->kind];
	const char *values[SHARE_COLUMNS_MAX + 3] = {pusher->head.name, pusher->generation_text,
						     pusher->revision_text};
	BUF_AUTO sql = {0};

	if (batch->rows == 0)
		return 0;
	for (size_t i = 0; i < table->count; i++) {
		buf_put_char(&batch->columns[i], '}');
		values[i + 3] = batch->columns[i].p;
	}
	put_statement(&sql, batch->kind);
	int result = begin_rows(pusher, err);

	if (result == 0)
		result = fleet_queue(pusher->fleet, sql.p, (int)table->count + 3, values, err);
	for (size_t i = 0; i < table->count; i++)
		buf_clear(&batch->columns[i]);
	pusher->begun_rows += batch->rows;
	pusher->begun_bytes += batch->bytes;
	batch->rows = batch->bytes = 0;
	return result;
}

static bool is_full(const struct pusher *pusher)
{
	return pusher->begun_rows + pusher->batch.rows >= pusher->rows_max ||
	       pusher->begun_bytes + pusher->batch.bytes >= BYTES_MAX;
}

/* Of the rows that are sent as a whole; the key keeps whoever chooses their values from making it the same. */
static int add_to_digest(void *context, enum share_kind kind, const struct share_value *values,
			 struct err *err)
{
	struct pusher *pusher = context;
	const struct share_table *table = &share_tables[kind];
	uint64_t hash = mark_step(pusher->digest, kind);

	(void)err;
	if (kind == SHARE_HEAD || (kind >= SHARE_SERIES && kind <= SHARE_EMPTY) ||
	    kind == SHARE_PROGRAM)
		return 0;
	for (size_t i = 0; i < table->count; i++) {
		hash = mark_step(hash, values[i].null);
		if (!values[i].null)
			hash = mark_step(hash, table->columns[i].type == SHARE_INT
						       ? (uint64_t)values[i].number
						       : mark_of(pusher->key, values[i].bytes));
	}
	pusher->digest = hash;
	return 0;
}

static int take_row(void *context, enum share_kind kind, const struct share_value *values,
		    struct err *err)
{
	struct pusher *pusher = context;
	struct batch *batch = &pusher->batch;
	const struct share_table *table = &share_tables[kind];
	bool full = is_full(pusher);
	int result = 0;

	if (kind == SHARE_HEAD)
		return 0;
	add_to_digest(pusher, kind, values, err);
	if (kind != batch->kind || full)
		result = flush(pusher, err);
	if (result == 0 && full)
		result = commit(pusher, err);
	if (!pusher->begun)
		pusher->begun_rows = pusher->begun_bytes = 0;
	batch->kind = kind;
	for (size_t i = 0; i < table->count; i++) {
		put_value(&batch->columns[i], table->columns[i].type, &values[i]);
		batch->bytes += values[i].bytes.n + 8;
	}
	batch->rows++;
	return result;
}

/* What was sent of them before they were senders. */
static int drop_left_out(struct pusher *pusher, struct err *err)
{
	static const char *const drops[] = {
		"DELETE FROM sclog.day d USING sclog.series s WHERE d.sender = $1 AND s.sender = $1"
		" AND s.key = d.series AND s.node = ANY ($2::text[])",
		"DELETE FROM sclog.series WHERE sender = $1 AND node = ANY ($2::text[])",
		"DELETE FROM sclog.node WHERE sender = $1 AND label = ANY ($2::text[])",
	};
	const char *values[] = {pusher->head.name, pusher->left_out.p};
	int result = 0;

	for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]) && result == 0; i++)
		result = fleet_queue(pusher->fleet, drops[i], 2, values, err);
	return result;
}

/* What the node has no more: evidence that was settled, and what was forgotten there. */
static int drop_gone(struct pusher *pusher, struct err *err)
{
	static const char *const drops[] = {
		"DELETE FROM sclog.in_force WHERE sender = $1 AND (generation, revision) <"
		" ($2::bigint, $3::bigint)",
		"DELETE FROM sclog.span WHERE sender = $1 AND (generation, revision) <"
		" ($2::bigint, $3::bigint)",
		"DELETE FROM sclog.loss WHERE sender = $1 AND (generation, revision) <"
		" ($2::bigint, $3::bigint)",
		"DELETE FROM sclog.acknowledged WHERE sender = $1 AND (generation, revision) <"
		" ($2::bigint, $3::bigint)",
		"DELETE FROM sclog.container c WHERE sender = $1 AND (generation, revision) <"
		" ($2::bigint, $3::bigint) AND NOT EXISTS (SELECT 1 FROM sclog.series s JOIN"
		" sclog.day d ON d.sender = s.sender AND d.series = s.key WHERE s.sender = $1"
		" AND s.container = c.key)",
	};
	char first[24];
	const char *values[] = {pusher->head.name, pusher->generation_text, pusher->revision_text,
				first};
	int result = 0;

	snprintf(first, sizeof(first), "%" PRId64, pusher->head.first_day);
	if (pusher->head.since == 0)
		result = fleet_queue(pusher->fleet,
				     "DELETE FROM sclog.day WHERE sender = $1 AND generation ="
				     " $2::bigint AND revision < $3::bigint AND day >="
				     " date '1970-01-01' + $4::int",
				     4, values, err);
	if (result == 0 && pusher->left_out.n)
		result = drop_left_out(pusher, err);
	for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]) && result == 0; i++)
		result = fleet_queue(pusher->fleet, drops[i], 3, values, err);
	return result;
}

/* The last transaction, which for a push of up to ROWS_MAX rows is the only one, moves the node's
 * revision on. */
static int finish(struct pusher *pusher, struct err *err)
{
	const char *values[] = {pusher->head.name, pusher->generation_text, pusher->revision_text,
				pusher->head.uuid};
	int result = flush(pusher, err);

	if (result == 0)
		result = begin_rows(pusher, err);
	if (result == 0 && !pusher->unchanged)
		result = drop_gone(pusher, err);
	if (result == 0)
		result = fleet_queue(pusher->fleet,
				     "UPDATE sclog.sender SET uuid = $4, generation = $2::bigint,"
				     " revision = $3::bigint, pushed = now() WHERE sender = $1 AND"
				     " (generation, revision) <= ($2::bigint, $3::bigint)",
				     4, values, err);
	return result == 0 ? commit(pusher, err) : result;
}

/* --- what the fleet knows */

static int check_version(struct pusher *pusher, struct err *err)
{
	PGresult *row = fleet_run(
		pusher->fleet,
		"SELECT min_client, (to_regprocedure('sclog.speaks_for(text,text)') IS NOT NULL)::int"
		" FROM sclog.fleet",
		0, NULL, err);
	int64_t least = row && libpq.PQntuples(row) ? fleet_number(row, 0, 0) : 0;

	pusher->knows_others = row && libpq.PQntuples(row) && fleet_number(row, 0, 1);
	libpq.PQclear(row);
	if (!row)
		return -err->code;
	return least <= FLEET_VERSION
		       ? 0
		       : err_set(err, EPROTO,
				 "fleet: its schema needs a newer sclog than this one: update sclog");
}

/* Who a sender is to the fleet. */
struct sender {
	char name[SHARE_NAME_SIZE], uuid[SHARE_UUID_SIZE];
	int64_t generation, revision;
	uint64_t key;
};

static int read_sender(struct fleet *fleet, struct sender *sender, struct err *err)
{
	const char *values[] = {sender->name};
	int result = fleet_add_sender(fleet, sender->name, err);
	PGresult *row = result == 0 ? fleet_run(fleet,
						"SELECT key, uuid, generation, revision"
						" FROM sclog.sender WHERE sender = $1",
						1, values, err)
				    : NULL;

	if (!row)
		return -err->code;
	if (libpq.PQntuples(row) == 1) {
		sender->key = (uint64_t)fleet_number(row, 0, 0);
		snprintf(sender->uuid, SHARE_UUID_SIZE, "%s", libpq.PQgetvalue(row, 0, 1));
		sender->generation = fleet_number(row, 0, 2);
		sender->revision = fleet_number(row, 0, 3);
	} else {
		result = err_set(err, EACCES, "fleet: this role cannot send as node %s",
				 sender->name);
	}
	libpq.PQclear(row);
	return result;
}

/* A bundle is sent on as it was made. */
static int begin_bundle(struct pusher *pusher, struct store *store, const struct share_head *head,
			const struct sender *sender, struct err *err)
{
	const struct share_known nothing = {.uuid = "", .all = true};
	bool same = strcmp(sender->uuid, head->uuid) == 0;
	int64_t has = same ? sender->revision : 0;

	pusher->known = same && head->revision <= has;
	if (head->since > has && !pusher->known)
		return err_set(err, ESTALE, SHARE_STALE, head->name, head->since, "the fleet", has);
	int result = pusher->known ? 0
				   : store_share_begin(store, head->name, &nothing, sender->key,
						       &pusher->head, err);

	pusher->head = *head;
	return result;
}

static void put_label(void *context, struct str label)
{
	const struct share_value value = {.bytes = label};

	put_value(context, SHARE_TEXT, &value);
}

/* What a sender says of others that send does not count: it is not sent. */
static int leave_out_others(struct pusher *pusher, struct store *store, struct err *err)
{
	BUF_AUTO labels = {0};
	int result = store_share_nodes(store, put_label, &labels, err);

	if (result < 0 || !labels.n || !pusher->knows_others)
		return result;
	buf_put_char(&labels, '}');
	const char *values[] = {pusher->head.name, labels.p};
	PGresult *rows = fleet_run(pusher->fleet,
				   "SELECT node FROM unnest($2::text[]) node"
				   " WHERE NOT sclog.speaks_for($1, node)",
				   2, values, err);

	if (!rows)
		return -err->code;
	for (int i = 0; i < libpq.PQntuples(rows) && result == 0; i++) {
		const char *node = libpq.PQgetvalue(rows, i, 0);

		if (i == 0)
			snprintf(pusher->first_left_out, SHARE_NAME_SIZE, "%s", node);
		put_label(&pusher->left_out, str_from(node));
		result = store_share_leave_out(store, str_from(node), err);
	}
	pusher->left_out_count = (uint64_t)libpq.PQntuples(rows);
	if (pusher->left_out.n)
		buf_put_char(&pusher->left_out, '}');
	libpq.PQclear(rows);
	return result;
}

static int begin(struct pusher *pusher, struct store *store, const struct fleet_push *push,
		 struct err *err)
{
	struct sender sender = {.uuid = ""};
	struct share_known known = {.uuid = sender.uuid, .all = push->all};
	const char *name = push->head ? push->head->name : push->name;
	int result = 0;

	if (name)
		snprintf(sender.name, sizeof(sender.name), "%s", name);
	else
		result = store_share_name(store, sender.name, err);
	if (result == 0)
		result = read_sender(pusher->fleet, &sender, err);
	known.revision = sender.revision;
	pusher->key = pusher->digest = sender.key;
	if (result == 0 && push->head)
		result = begin_bundle(pusher, store, push->head, &sender, err);
	else if (result == 0)
		result = store_share_begin(store, sender.name, &known, sender.key, &pusher->head,
					   err);
	bool same = strcmp(sender.uuid, pusher->head.uuid) == 0;

	pusher->generation = same ? sender.generation : sender.generation + 1;
	snprintf(pusher->generation_text, sizeof(pusher->generation_text), "%" PRId64,
		 pusher->generation);
	snprintf(pusher->revision_text, sizeof(pusher->revision_text), "%" PRId64,
		 pusher->head.revision);
	return result;
}

static int note_day(void *context, int64_t day)
{
	bool *any = context;

	(void)day;
	*any = true;
	return 0;
}

/* The fleet has what this store pushed last, and nothing was counted since: is all else the same, too? */
static int compare_with_last(struct pusher *pusher, struct store *store,
			     const struct fleet_push *push, struct err *err)
{
	struct share_pushed last = {0};
	bool any_day = false;
	int result = store_share_pushed(store, &last, err);

	if (result < 0 || push->all || push->head || pusher->head.since == 0 ||
	    pusher->head.since != last.revision)
		return result;
	result = store_share_days(store, note_day, &any_day, err);
	if (result < 0 || any_day)
		return result;
	result = store_share_rows(store, add_to_digest, pusher, err);
	pusher->unchanged = result == 0 && pusher->digest >> DIGEST_SHIFT == last.digest;
	if (!pusher->unchanged)
		pusher->digest = pusher->key;
	return result;
}

static int push_once(struct pusher *pusher, struct store *store, const struct fleet_push *push,
		     struct err *err)
{
	int result = fleet_connect(pusher->fleet, err);

	if (result == 0)
		result = check_version(pusher, err);
	if (result == 0)
		result = begin(pusher, store, push, err);
	if (result == 0 && !pusher->known)
		result = leave_out_others(pusher, store, err);
	if (result == 0 && !pusher->known)
		result = compare_with_last(pusher, store, push, err);
	if (result == 0 && !pusher->known && !pusher->unchanged)
		result = make_days(pusher, store, err);
	if (result == 0 && !pusher->known && !pusher->unchanged)
		result = store_share_rows(store, take_row, pusher, err);
	store_share_end(store);
	return result == 0 && !pusher->known ? finish(pusher, err) : result;
}

/* What a refused connection says where it will be refused the next time too. libpq gives no SQLSTATE
 * of one; a server that says it in another language is asked again, a few times. */
static bool is_refused_for_good(const struct fleet *fleet)
{
	static const char *const words[] = {
		"certificate",           "does not support SSL",    "alert ",
		"authentication failed", "no password supplied",    "pg_hba.conf",
		"does not exist",        "not permitted to log in",
	};
	const char *message = libpq.PQerrorMessage(fleet->connection);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(message, words[i]))
			return true;
	return false;
}

/* Whether it may work in a while: the server went away, was full or busy, or two got into each
 * other's way (classes 08, 40, 53, 55, 57 of SQLSTATE). */
static bool passes(const struct fleet *fleet)
{
	static const char *const classes[] = {"08", "40", "53", "55", "57"};

	if (fleet->state[0] == '\0')
		return libpq.PQstatus(fleet->connection) != CONNECTION_OK &&
		       !is_refused_for_good(fleet);
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strncmp(fleet->state, classes[i], 2) == 0)
			return true;
	return false;
}

static void reset(struct pusher *pusher)
{
	/* statement_timeout */
	if (strcmp(pusher->fleet->state, "57014") == 0 && pusher->rows_max / 2 >= ROWS_MIN)
		pusher->rows_max /= 2;
	for (size_t i = 0; i < SHARE_COLUMNS_MAX; i++)
		buf_clear(&pusher->batch.columns[i]);
	pusher->batch.rows = pusher->batch.bytes = 0;
	pusher->begun_rows = pusher->begun_bytes = 0;
	buf_clear(&pusher->left_out);
	pusher->rows = 0;
	pusher->known = pusher->begun = pusher->unchanged = false;
	libpq.PQfinish(pusher->fleet->connection);
	pusher->fleet->connection = NULL;
	pusher->fleet->state[0] = '\0';
}

/* A second, then twice as long each time; from half of that on, so that nodes do not come together. */
static void wait_before(unsigned attempt)
{
	unsigned ms = 1000u << attempt;

	poll(NULL, 0, (int)(ms / 2 + store_share_random() % (ms / 2 + 1)));
}

int fleet_push(struct fleet *fleet, struct store *store, const struct fleet_push *push,
	       struct fleet_pushed *ret_pushed, struct err *err)
{
	struct pusher pusher = {.fleet = fleet, .rows_max = ROWS_MAX, .progress = push->progress};
	unsigned attempt = 0;
	int result;

	while ((result = push_once(&pusher, store, push, err)) < 0 && passes(fleet) &&
	       attempt + 1 < ATTEMPTS_MAX) {
		reset(&pusher);
		wait_before(attempt++);
		err_clear(err);
	}
	*ret_pushed = (struct fleet_pushed){
		.head = pusher.head,
		.last = {pusher.head.revision, pusher.digest >> DIGEST_SHIFT},
		.rows = pusher.rows,
		.attempts = attempt + 1,
		.known = pusher.known,
		.left_out = pusher.left_out_count,
	};
	memcpy(ret_pushed->first_left_out, pusher.first_left_out, SHARE_NAME_SIZE);
	buf_release(&pusher.left_out);
	for (size_t i = 0; i < SHARE_COLUMNS_MAX; i++)
		buf_release(&pusher.batch.columns[i]);
	return result;
}
