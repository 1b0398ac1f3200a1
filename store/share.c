#include "store/share.h"

#include "ingest/node.h"
#include "store/day.h"
#include "store/internal.h"
#include "store/match.h"
#include "store/mark.h"
#include "store/revision.h"
#include "store/row.h"
#include "store/writer.h"

#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#define INT(name)               \
	{                       \
		name, SHARE_INT \
	}
#define TEXT(name)               \
	{                        \
		name, SHARE_TEXT \
	}
#define BYTES(name)               \
	{                         \
		name, SHARE_BYTES \
	}

#define CONTAINER_TEXT(field, column, key) TEXT(column),
#define WORD_COLUMN(field, type, last)     INT(#field),
#define WORD(field, type, last)            ", s." #field
#define WORDS                              EVENT_WORDS(WORD)

/* clang-format off */
const struct share_table share_tables[SHARE_KIND_COUNT] = {
	[SHARE_HEAD] = {"head", 5, {TEXT("name"), TEXT("uuid"), INT("revision"), INT("since"),
		INT("first_day")}},
	[SHARE_NODE] = {"node", 2, {TEXT("label"), TEXT("name")}},
	[SHARE_PROGRAM] = {"program", 3, {INT("key"), BYTES("comm"), BYTES("exe")}},
	[SHARE_PROFILE] = {"profile", 2, {INT("key"), TEXT("json")}},
	[SHARE_CONTAINER] = {"container", CONTAINER_TEXT_COUNT + 5, {INT("key"), TEXT("node"),
		CONTAINER_TEXTS(CONTAINER_TEXT) INT("caps"), INT("coverage"), INT("profile")}},
	[SHARE_SERIES] = {"series", 12 + EVENT_WORD_COUNT, {INT("key"), TEXT("node"),
		INT("container"), INT("program"), INT("nr"), INT("arch"), INT("code"),
		EVENT_WORDS(WORD_COLUMN) TEXT("syscall"), TEXT("arch_name"), TEXT("action"),
		INT("pid"), INT("ip")}},
	[SHARE_DAY] = {"day", 6, {INT("day"), INT("series"), INT("count"), INT("first"), INT("last"),
		BYTES("hours")}},
	[SHARE_EMPTY] = {"empty", 2, {INT("day"), INT("series")}},
	[SHARE_IN_FORCE] = {"in_force", 8, {INT("key"), TEXT("node"), INT("container"), INT("profile"),
		TEXT("source"), INT("actions"), INT("since"), INT("until")}},
	[SHARE_SPAN] = {"span", 9, {INT("key"), TEXT("node"), INT("trust"), INT("complete"),
		INT("first_serial"), INT("last_serial"), INT("first"), INT("last"), INT("missing")}},
	[SHARE_LOSS] = {"loss", 7, {INT("key"), TEXT("node"), INT("kind"), INT("at"), INT("mark"),
		INT("count"), TEXT("detail")}},
	[SHARE_ACKNOWLEDGED] = {"acknowledged", 5, {INT("key"), TEXT("id"), INT("at"), TEXT("reason"),
		TEXT("text")}},
};
/* clang-format on */

/* Rows whose table has no statement are not read by one: the head, and days. */
#define CONTAINER_KEY "CASE WHEN c.id NOT NULL THEN mark(?1, n.label, c.cid) END"
#define PROFILE_KEY   "mark(?1, p.json)"
#define IS_SENT       "n.label NOT IN (SELECT label FROM temp.left_out)"
static const char *const texts[SHARE_KIND_COUNT] = {
	[SHARE_NODE] = "SELECT n.label, n.name FROM node n WHERE " IS_SENT,
	[SHARE_PROGRAM] = "SELECT DISTINCT mark(?1, p.comm, p.exe), p.comm, p.exe"
			  " FROM temp.sent_series t JOIN series s ON s.id = t.id"
			  " JOIN program p ON p.id = s.program",
	[SHARE_PROFILE] = "SELECT " PROFILE_KEY ", p.json FROM profile p WHERE p.id IN"
			  " (SELECT profile FROM container UNION SELECT profile FROM in_force)",
	[SHARE_CONTAINER] = "SELECT " CONTAINER_KEY ", n.label, " ROW_CONTAINER ","
			    " CASE WHEN p.id NOT NULL THEN " PROFILE_KEY " END FROM container c"
			    " JOIN node n ON n.id = c.node LEFT JOIN profile p ON p.id = c.profile"
			    " WHERE " IS_SENT " ORDER BY c.id",
	[SHARE_SERIES] =
		"SELECT t.key, n.label, " CONTAINER_KEY ", mark(?1, p.comm, p.exe), s.nr, s.arch,"
		" s.code" WORDS
		", s.syscall, s.arch_name, s.action, s.pid, s.ip FROM temp.sent_series t"
		" JOIN series s ON s.id = t.id JOIN node n ON n.id = s.node"
		" JOIN program p ON p.id = s.program LEFT JOIN container c ON c.id = s.container"
		" ORDER BY s.id",
	[SHARE_EMPTY] =
		"SELECT d.day, t.key FROM temp.sent_day d JOIN temp.sent_series t"
		" ON t.id = d.series WHERE NOT EXISTS (SELECT 1 FROM hour h WHERE"
		" h.series = d.series AND h.hour >= d.day * 24 AND h.hour < d.day * 24 + 24)",
	[SHARE_IN_FORCE] =
		"SELECT mark(?1, n.label, c.cid, p.json, i.source, i.actions, i.since, i.until),"
		" n.label, " CONTAINER_KEY ", " PROFILE_KEY ", i.source, i.actions, i.since,"
		" i.until FROM in_force i JOIN node n ON n.id = i.node JOIN profile p"
		" ON p.id = i.profile LEFT JOIN container c ON c.id = i.container WHERE " IS_SENT
		" ORDER BY i.id",
	[SHARE_SPAN] = "SELECT mark(?1, n.label, trust, complete, first_serial, last_serial, first,"
		       " last), n.label, trust, complete, first_serial, last_serial, first, last,"
		       " missing FROM span JOIN node n ON n.id = span.node WHERE " IS_SENT
		       " ORDER BY span.rowid",
	[SHARE_LOSS] = "SELECT mark(?1, n.label, kind, at, mark), n.label, kind, at, mark, count,"
		       " detail FROM loss JOIN node n ON n.id = loss.node WHERE " IS_SENT,
	[SHARE_ACKNOWLEDGED] = "SELECT mark(?1, id), id, at, reason, text FROM acknowledged",
};

#define NULL_WORD 0x6e756c6cu

/* mark(KEY, VALUE...): which values they are, and in which order. */
static void mark_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	uint64_t key = (uint64_t)sqlite3_value_int64(values[0]), hash = key;

	for (int i = 1; i < count; i++) {
		int type = sqlite3_value_type(values[i]);

		if (type == SQLITE_NULL) {
			hash = mark_step(hash, NULL_WORD);
		} else if (type == SQLITE_INTEGER) {
			hash = mark_step(hash, (uint64_t)sqlite3_value_int64(values[i]));
		} else {
			const char *bytes = sqlite3_value_blob(values[i]);
			size_t n = (size_t)sqlite3_value_bytes(values[i]);

			hash = mark_step(hash, mark_of(key, str_of(n ? bytes : "", n)));
		}
	}
	sqlite3_result_int64(context, (int64_t)hash);
}

/* Which days of which series are sent. */
static int list_days(struct sql *sql, const struct share_head *head, struct err *err)
{
	static const char make[] =
		"CREATE TEMP TABLE sent_day (series INTEGER NOT NULL, day INTEGER NOT NULL,"
		" PRIMARY KEY (series, day)) WITHOUT ROWID;"
		"CREATE TEMP TABLE sent_series (id INTEGER PRIMARY KEY, key INTEGER NOT NULL);"
		"CREATE TEMP TABLE left_out (label TEXT PRIMARY KEY) WITHOUT ROWID";
	static const char all[] = "INSERT OR IGNORE INTO temp.sent_day SELECT series, hour / 24"
				  " FROM hour UNION SELECT series, day FROM changed";
	static const char some[] = "INSERT OR IGNORE INTO temp.sent_day SELECT series, day"
				   " FROM changed WHERE revision > ?1";
	int result = sql_run(sql, make, err);

	if (result < 0 || head->since == 0)
		return result < 0 ? result : sql_run(sql, all, err);
	sqlite3_stmt *list = SQL_PREPARE(sql, some, err, sql_int(head->since));

	result = sql_done(sql, list, err);
	sqlite3_finalize(list);
	return result;
}

static int list_series(struct sql *sql, uint64_t key, struct err *err)
{
	static const char text[] =
		"INSERT INTO temp.sent_series SELECT s.id, mark(?1, n.label, c.cid, p.comm, p.exe,"
		" s.nr, s.arch, s.code" WORDS
		") FROM series s JOIN node n ON n.id = s.node JOIN program p"
		" ON p.id = s.program LEFT JOIN container c ON c.id = s.container"
		" WHERE s.id IN (SELECT series FROM temp.sent_day)";
	return SQL_ONCE(sql, text, err, sql_int(key));
}

/* The only node of the store, or this host. */
int store_share_name(struct store *store, char name[SHARE_NAME_SIZE], struct err *err)
{
	struct sql *sql = &store->sql;
	char host[256] = "";
	sqlite3_stmt *get = sql_prepare(
		sql, "SELECT label FROM node WHERE (SELECT count(*) FROM node) = 1", err);
	int result = get ? sql_step(sql, get, err) : -err->code;

	if (result > 0) {
		struct str label = sql_column_name(get, 0);

		snprintf(name, SHARE_NAME_SIZE, "%.*s", (int)label.n, label.p);
	} else if (result == 0) {
		gethostname(host, sizeof(host) - 1);
		struct str label = node_label(str_from(host), name);

		name[label.n] = '\0';
	}
	sqlite3_finalize(get);
	return result < 0 ? result : 0;
}

static int fill_head(struct store *store, const char *name, const struct share_known *known,
		     struct share_head *head, struct err *err)
{
	struct sql *sql = &store->sql;
	struct revision revision;
	int result = revision_next(sql, known->uuid, known->revision, &revision, err);

	if (result < 0)
		return result;
	bool all = known->all || !revision.same || known->revision < revision.from;

	*head = (struct share_head){
		.revision = revision.number,
		.since = all ? 0 : known->revision,
		.first_day = revision.first_day,
	};
	memcpy(head->uuid, revision.uuid, sizeof(head->uuid));
	if (name)
		snprintf(head->name, sizeof(head->name), "%s", name);
	return name ? 0 : store_share_name(store, head->name, err);
}

uint64_t store_share_random(void)
{
	uint64_t key;

	if (getrandom(&key, sizeof(key), 0) != sizeof(key))
		mem_fail("random bytes");
	return key;
}

int store_share_begin(struct store *store, const char *name, const struct share_known *known,
		      uint64_t key, struct share_head *ret_head, struct err *err)
{
	struct sql *sql = &store->sql;
	int result = fill_head(store, name, known, &store->share_head, err);

	store->share_key = key;
	*ret_head = store->share_head;
	if (result == 0 &&
	    sqlite3_create_function(sql->db, "mark", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
				    mark_function, NULL, NULL) != SQLITE_OK)
		result = sql_error(sql, sqlite3_errcode(sql->db), err);
	if (result == 0)
		result = sql_run(sql, "BEGIN", err);
	if (result == 0)
		result = list_days(sql, ret_head, err);
	return result == 0 ? list_series(sql, key, err) : result;
}

void store_share_end(struct store *store)
{
	if (!sqlite3_get_autocommit(store->sql.db))
		sqlite3_exec(store->sql.db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_exec(store->sql.db,
		     "DROP TABLE IF EXISTS temp.sent_day; DROP TABLE IF EXISTS temp.sent_series;"
		     "DROP TABLE IF EXISTS temp.left_out",
		     NULL, NULL, NULL);
}

int store_share_nodes(struct store *store, share_node_fn *each, void *context, struct err *err)
{
	sqlite3_stmt *nodes =
		sql_prepare(&store->sql, "SELECT label FROM node ORDER BY label", err);
	int result = nodes ? 1 : -err->code;

	while (result > 0 && (result = sql_step(&store->sql, nodes, err)) > 0) {
		each(context, sql_column_name(nodes, 0));
		result = 1;
	}
	sqlite3_finalize(nodes);
	return result;
}

int store_share_leave_out(struct store *store, struct str node, struct err *err)
{
	struct sql *sql = &store->sql;
	int result = SQL_ONCE(sql, "INSERT INTO temp.left_out VALUES (?1)", err, sql_text(node));

	if (result == 0)
		result = SQL_ONCE(
			sql,
			"DELETE FROM temp.sent_series WHERE id IN (SELECT s.id FROM series s"
			" JOIN node n ON n.id = s.node WHERE n.label = ?1)",
			err, sql_text(node));
	return result < 0 ? result
			  : sql_run(sql,
				    "DELETE FROM temp.sent_day WHERE series NOT IN"
				    " (SELECT id FROM temp.sent_series)",
				    err);
}

static int give_head(const struct share_head *head, share_row_fn *each, void *context,
		     struct err *err)
{
	const struct share_value values[] = {
		{.bytes = str_from(head->name)}, {.bytes = str_from(head->uuid)},
		{.number = head->revision},      {.number = head->since},
		{.number = head->first_day},
	};

	return each(context, SHARE_HEAD, values, err);
}

static int give_rows(struct store *store, enum share_kind kind, share_row_fn *each, void *context,
		     struct err *err)
{
	const struct share_table *table = &share_tables[kind];
	struct share_value values[SHARE_COLUMNS_MAX];
	sqlite3_stmt *rows = SQL_PREPARE(&store->sql, texts[kind], err, sql_int(store->share_key));
	int result;

	while ((result = sql_step(&store->sql, rows, err)) > 0) {
		for (int i = 0; i < (int)table->count; i++)
			values[i] = (struct share_value){
				.null = sqlite3_column_type(rows, i) == SQLITE_NULL,
				.number = table->columns[i].type == SHARE_INT
						  ? sqlite3_column_int64(rows, i)
						  : 0,
				.bytes = table->columns[i].type != SHARE_INT
						 ? sql_column_bytes(rows, i)
						 : str_of(NULL, 0),
			};
		result = each(context, kind, values, err);
		if (result < 0)
			break;
	}
	sqlite3_finalize(rows);
	return result;
}

/* The day at hand: its hours' rows follow each other. */
struct gathered {
	bool any;
	int64_t day, key;
	uint64_t count;
	int64_t first_ms, last_ms;
	struct buf packed;
};

static int give_day(struct gathered *day, share_row_fn *each, void *context, struct err *err)
{
	const struct share_value values[] = {
		{.number = day->day},
		{.number = day->key},
		{.number = (int64_t)day->count},
		{.number = day->first_ms},
		{.number = day->last_ms},
		{.bytes = buf_str(&day->packed)},
	};
	int result = day->any ? each(context, SHARE_DAY, values, err) : 0;

	buf_clear(&day->packed);
	day->any = false;
	return result;
}

static void gather(struct gathered *day, int64_t number, int64_t key, const struct day_hour *hour)
{
	if (!day->any || hour->first_ms < day->first_ms)
		day->first_ms = hour->first_ms;
	if (!day->any || hour->last_ms > day->last_ms)
		day->last_ms = hour->last_ms;
	day->count = hour->count + (day->any ? day->count : 0);
	day->any = true;
	day->day = number;
	day->key = key;
	day_put(&day->packed, hour);
}

static int give_days(struct store *store, share_row_fn *each, void *context, struct err *err)
{
	static const char text[] =
		"SELECT d.day, t.key, h.hour, h.count, h.first, h.last, h.minutes"
		" FROM temp.sent_day d JOIN temp.sent_series t ON t.id = d.series"
		" JOIN hour h ON h.series = d.series AND h.hour >= d.day * 24"
		" AND h.hour < d.day * 24 + 24 ORDER BY d.series, d.day, h.hour";
	sqlite3_stmt *rows = sql_prepare(&store->sql, text, err);
	struct gathered day = {.any = false};
	int result;

	while ((result = sql_step(&store->sql, rows, err)) > 0) {
		int64_t number = sqlite3_column_int64(rows, 0), key = sqlite3_column_int64(rows, 1);
		const struct day_hour hour = {
			.hour = sqlite3_column_int64(rows, 2),
			.count = (uint64_t)sqlite3_column_int64(rows, 3),
			.first_ms = sql_column_ms(rows, 4),
			.last_ms = sql_column_ms(rows, 5),
			.rolled_up = sqlite3_column_type(rows, 6) == SQLITE_NULL,
			.minutes = sql_column_bytes(rows, 6),
		};

		result = day.any && (day.day != number || day.key != key)
				 ? give_day(&day, each, context, err)
				 : 0;
		if (result < 0)
			break;
		gather(&day, number, key, &hour);
	}
	sqlite3_finalize(rows);
	if (result == 0)
		result = give_day(&day, each, context, err);
	buf_release(&day.packed);
	return result;
}

int store_share_days(struct store *store, share_day_fn *each, void *context, struct err *err)
{
	sqlite3_stmt *days = sql_prepare(
		&store->sql, "SELECT DISTINCT day FROM temp.sent_day ORDER BY day", err);
	int result = days ? 1 : -err->code;

	while (result > 0 && (result = sql_step(&store->sql, days, err)) > 0)
		result = each(context, sqlite3_column_int64(days, 0)) < 0 ? -EINVAL : 1;
	sqlite3_finalize(days);
	return result;
}

int store_share_rows(struct store *store, share_row_fn *each, void *context, struct err *err)
{
	int result = give_head(&store->share_head, each, context, err);

	for (int kind = SHARE_HEAD + 1; kind < SHARE_KIND_COUNT && result == 0; kind++)
		result = kind == SHARE_DAY
				 ? give_days(store, each, context, err)
				 : give_rows(store, (enum share_kind)kind, each, context, err);
	return result;
}

int store_share_bundled(struct store *store, struct share_known *ret_known,
			char uuid[SHARE_UUID_SIZE], struct err *err)
{
	*ret_known = (struct share_known){.uuid = uuid};
	int result = revision_uuid(&store->sql, uuid, err);

	return result < 0 ? result
			  : revision_meta(&store->sql, "bundled", &ret_known->revision, err);
}

int store_share_set_bundled(struct store *store, int64_t revision, struct err *err)
{
	return revision_put_meta(&store->sql, "bundled", revision, err);
}

int store_share_pushed(struct store *store, struct share_pushed *ret_pushed, struct err *err)
{
	int64_t digest = 0;
	int result = revision_meta(&store->sql, "pushed", &ret_pushed->revision, err);

	if (result == 0)
		result = revision_meta(&store->sql, "pushed_digest", &digest, err);
	ret_pushed->digest = (uint64_t)digest;
	return result;
}

/* The digest first: where the revision is not written, it is not looked at. */
int store_share_set_pushed(struct store *store, const struct share_pushed *pushed, int64_t now_ms,
			   struct err *err)
{
	struct sql *sql = &store->sql;
	int result = revision_put_meta(sql, "pushed_digest", (int64_t)pushed->digest, err);

	if (result == 0)
		result = revision_put_meta(sql, "pushed", pushed->revision, err);
	return result == 0 ? revision_put_meta(sql, "pushed_ms", now_ms, err) : result;
}

int store_share_lag(struct store *store, struct share_lag *ret_lag, struct err *err)
{
	/* after send_all a push sends everything */
	static const char text[] =
		"SELECT CASE WHEN ?1 < coalesce((SELECT value FROM meta WHERE key = 'send_all'), 0)"
		" THEN (SELECT count(*) FROM (SELECT DISTINCT series, hour / 24 FROM hour))"
		" ELSE (SELECT count(*) FROM changed WHERE revision > ?1) END";
	struct sql *sql = &store->sql;
	int64_t revision = 0;

	*ret_lag = (struct share_lag){.any = false};
	int result = sql->schema < 3 ? 0 : revision_meta(sql, "pushed", &revision, err);

	if (result < 0 || revision == 0)
		return result;
	result = revision_meta(sql, "pushed_ms", &ret_lag->pushed_ms, err);
	if (result < 0)
		return result;
	sqlite3_stmt *count = SQL_PREPARE(sql, text, err, sql_int(revision));

	result = sql_step(sql, count, err);
	if (result > 0)
		ret_lag->rows = (uint64_t)sqlite3_column_int64(count, 0);
	ret_lag->any = result > 0;
	sqlite3_finalize(count);
	return result < 0 ? result : 0;
}

struct container share_container(const struct share_value *values)
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

bool share_names_containers(const struct selection *selection)
{
	return match_names_containers(selection);
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
	const struct container container = share_container(values);

	anywhere.node.count = 0; /* the row has its label, not its name */
	return match_container(&anywhere, &container, values[1].bytes);
}
