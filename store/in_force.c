#include "store/in_force.h"

#include "store/internal.h"
#include "store/query.h"

/* The container's rows, and the row itself: as the statements number their parameters. */
#define OF_CONTAINER sql_int(node), sql_int_if(container, container)
#define ROW                                                                                        \
	OF_CONTAINER, sql_int(profile), sql_bytes(in_force->source),                               \
		sql_int_if(in_force->has_actions, in_force->actions), sql_int(in_force->since_ms), \
		sql_int_if(!in_force->is_open, in_force->until_ms)

static int add(struct sql *sql, int64_t node, int64_t container, int64_t profile,
	       const struct store_in_force *in_force, struct err *err)
{
	return SQL_DO(
		sql,
		"INSERT INTO in_force (node, container, profile, source, actions, since, until)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
		err, ROW);
}

/* Whether anything is on file of that container. */
static int is_on_file(struct sql *sql, int64_t node, int64_t container, struct err *err)
{
	int64_t one;

	return sql_find(
		sql,
		SQL_GET(sql, "SELECT 1 FROM in_force WHERE node = ?1 AND container IS ?2 LIMIT 1",
			err, OF_CONTAINER),
		&one, err);
}

static int end(struct sql *sql, int64_t id, int64_t until_ms, struct err *err)
{
	return SQL_DO(sql, "UPDATE in_force SET until = max(since, ?2) WHERE id = ?1", err,
		      sql_int(id), sql_int(until_ms));
}

static int put_open(struct sql *sql, int64_t node, int64_t container, int64_t profile,
		    const struct store_in_force *in_force, struct err *err)
{
	struct store_in_force next = *in_force;
	sqlite3_stmt *now = SQL_GET(sql,
				    "SELECT id, profile IS ?3 AND actions IS ?4 FROM in_force"
				    " WHERE node = ?1 AND container IS ?2 AND until IS NULL",
				    err, OF_CONTAINER, sql_int(profile),
				    sql_int_if(in_force->has_actions, in_force->actions));
	int result = sql_step(sql, now, err);
	int64_t id = result > 0 ? sqlite3_column_int64(now, 0) : 0;
	bool same = result > 0 && sqlite3_column_int(now, 1);

	sqlite3_reset(now);
	if (result < 0 || same)
		return result < 0 ? result : 0;
	result = id ? end(sql, id, in_force->since_ms, err) : is_on_file(sql, node, container, err);
	if (!id && result == 0)
		next.since_ms = 0;
	return result < 0 ? result : add(sql, node, container, profile, &next, err);
}

/* What was said of the same profile before and after is one span with it. */
static int widen(struct sql *sql, int64_t node, int64_t container, int64_t profile,
		 struct store_in_force *in_force, struct err *err)
{
	sqlite3_stmt *same = SQL_GET(
		sql, /* of what was stated, touching that time */
		"SELECT min(since), max(until) FROM in_force WHERE node = ?1 AND container IS ?2"
		" AND profile = ?3 AND source = ?4 AND since <= ?6 AND until >= ?5",
		err, OF_CONTAINER, sql_int(profile), sql_bytes(in_force->source),
		sql_int(in_force->since_ms), sql_int(in_force->until_ms));
	int result = sql_step(sql, same, err);

	if (result > 0 && sqlite3_column_type(same, 0) != SQLITE_NULL) {
		int64_t since_ms = sqlite3_column_int64(same, 0);
		int64_t until_ms = sqlite3_column_int64(same, 1);

		if (since_ms < in_force->since_ms)
			in_force->since_ms = since_ms;
		if (until_ms > in_force->until_ms)
			in_force->until_ms = until_ms;
	}
	sqlite3_reset(same);
	return result < 0 ? result : 0;
}

static int put_stated(struct sql *sql, int64_t node, int64_t container, int64_t profile,
		      const struct store_in_force *in_force, struct err *err)
{
	struct store_in_force stated = *in_force;
	int result = widen(sql, node, container, profile, &stated, err);

	if (result == 0)
		result = SQL_DO(
			sql,
			"DELETE FROM in_force WHERE node = ?1 AND container IS ?2"
			" AND since >= ?3 AND until <= ?4 AND source <> '" STORE_IN_FORCE_WATCHED
			"'",
			err, OF_CONTAINER, sql_int(stated.since_ms), sql_int(stated.until_ms));
	return result < 0 ? result : add(sql, node, container, profile, &stated, err);
}

int in_force_put(struct sql *sql, int64_t node, int64_t container, int64_t profile,
		 const struct store_in_force *in_force, struct err *err)
{
	return in_force->is_open ? put_open(sql, node, container, profile, in_force, err)
				 : put_stated(sql, node, container, profile, in_force, err);
}

int in_force_merge(struct sql *sql, int64_t node, int64_t container, int64_t profile,
		   const struct store_in_force *in_force, struct err *err)
{
	int64_t one;
	int result = sql_find(
		sql,
		SQL_GET(sql,
			"SELECT 1 FROM in_force WHERE node = ?1 AND container IS ?2 AND profile = ?3"
			" AND source = ?4 AND actions IS ?5 AND since = ?6 AND until IS ?7",
			err, ROW),
		&one, err);

	if (result != 0)
		return result < 0 ? result : 0;
	return add(sql, node, container, profile, in_force, err);
}

/* --- asking */

static sqlite3_stmt *spans(struct sql *sql, struct err *err)
{
	/* a store of an older schema knows the last one of each container */
	static const char last[] = "SELECT c.id, n.name, c.profile, '" STORE_IN_FORCE_WATCHED
				   "', NULL, 0, NULL FROM container c JOIN node n ON n.id = c.node"
				   " WHERE c.profile NOT NULL ORDER BY c.id";
	static const char all[] =
		"SELECT i.container, n.name, i.profile, i.source, i.actions, i.since, i.until"
		" FROM in_force i JOIN node n ON n.id = i.node"
		" ORDER BY i.container, n.name, i.since, i.id";

	return sql_prepare(sql, sql->schema >= 3 ? all : last, err);
}

int query_in_force(struct store *store, query_in_force_fn *each, void *context, struct err *err)
{
	struct sql *sql = store_asking(store, err);

	if (sql && sql->schema < 2)
		return 0;
	sqlite3_stmt *rows = sql ? spans(sql, err) : NULL;
	int result;

	while ((result = sql_step(sql, rows, err)) > 0) {
		bool open = sqlite3_column_type(rows, 6) == SQLITE_NULL;
		bool has_actions = sqlite3_column_type(rows, 4) != SQLITE_NULL;
		const struct in_force_span span = {
			.container_row = sqlite3_column_int64(rows, 0),
			.node = sql_column_bytes(rows, 1),
			.profile_row = sqlite3_column_int64(rows, 2),
			.source = sql_column_bytes(rows, 3),
			.actions = has_actions ? (unsigned)sqlite3_column_int(rows, 4) : LOGGED_ALL,
			.since_ms = sqlite3_column_int64(rows, 5),
			.until_ms = open ? INT64_MAX : sqlite3_column_int64(rows, 6),
		};

		result = each(&span, context);
		if (result < 0)
			break;
	}
	sqlite3_finalize(rows);
	return result;
}

int query_profile(struct store *store, int64_t profile_row, struct buf *text, struct err *err)
{
	struct sql *sql = store_asking(store, err);
	sqlite3_stmt *row = SQL_PREPARE(sql, "SELECT json FROM profile WHERE id = ?1", err,
					sql_int(profile_row));
	int result = sql_step(sql, row, err);

	if (result > 0)
		buf_put_str(text, sql_column_bytes(row, 0));
	sqlite3_finalize(row);
	return result < 0 ? result : 0;
}
