#include "store/in_force.h"

#include "store/internal.h"
#include "store/query.h"

static void bind_owner(sqlite3_stmt *statement, int64_t node, int64_t container)
{
	sqlite3_bind_int64(statement, 1, node);
	if (container)
		sqlite3_bind_int64(statement, 2, container);
}

/* A row's columns, from ?1 on. */
static void bind(sqlite3_stmt *statement, int64_t node, int64_t container, int64_t profile,
		 const struct store_in_force *in_force)
{
	bind_owner(statement, node, container);
	sqlite3_bind_int64(statement, 3, profile);
	sql_bind_bytes(statement, 4, in_force->source);
	if (in_force->has_actions)
		sqlite3_bind_int64(statement, 5, in_force->actions);
	sqlite3_bind_int64(statement, 6, in_force->since_ms);
	if (!in_force->is_open)
		sqlite3_bind_int64(statement, 7, in_force->until_ms);
}

static int add(struct sql *sql, int64_t node, int64_t container, int64_t profile,
	       const struct store_in_force *in_force, struct err *err)
{
	sqlite3_stmt *add = sql_get(sql, SQL_IN_FORCE_ADD, err);

	if (!add)
		return -err->code;
	bind(add, node, container, profile, in_force);
	return sql_done(sql, add, err);
}

/* Whether anything is on file of that container. */
static int is_on_file(struct sql *sql, int64_t node, int64_t container, struct err *err)
{
	sqlite3_stmt *find = sql_get(sql, SQL_IN_FORCE_FOLLOWED, err);

	if (!find)
		return -err->code;
	bind_owner(find, node, container);
	int result = sql_step(sql, find, err);

	sqlite3_reset(find);
	return result;
}

static int end(struct sql *sql, int64_t id, int64_t until_ms, struct err *err)
{
	sqlite3_stmt *end = sql_get(sql, SQL_IN_FORCE_ENDED, err);

	if (!end)
		return -err->code;
	sqlite3_bind_int64(end, 1, id);
	sqlite3_bind_int64(end, 2, until_ms);
	return sql_done(sql, end, err);
}

static int put_open(struct sql *sql, int64_t node, int64_t container, int64_t profile,
		    const struct store_in_force *in_force, struct err *err)
{
	struct store_in_force next = *in_force;
	sqlite3_stmt *now = sql_get(sql, SQL_IN_FORCE_NOW, err);

	if (!now)
		return -err->code;
	bind_owner(now, node, container);
	sqlite3_bind_int64(now, 3, profile);
	if (in_force->has_actions)
		sqlite3_bind_int64(now, 4, in_force->actions);
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
	sqlite3_stmt *same = sql_get(sql, SQL_IN_FORCE_SAME, err);

	if (!same)
		return -err->code;
	bind_owner(same, node, container);
	sqlite3_bind_int64(same, 3, profile);
	sql_bind_bytes(same, 4, in_force->source);
	sqlite3_bind_int64(same, 5, in_force->since_ms);
	sqlite3_bind_int64(same, 6, in_force->until_ms);
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
	sqlite3_stmt *replace = result == 0 ? sql_get(sql, SQL_IN_FORCE_REPLACED, err) : NULL;

	if (!replace)
		return -err->code;
	bind_owner(replace, node, container);
	sqlite3_bind_int64(replace, 3, stated.since_ms);
	sqlite3_bind_int64(replace, 4, stated.until_ms);
	result = sql_done(sql, replace, err);
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
	sqlite3_stmt *known = sql_get(sql, SQL_IN_FORCE_KNOWN, err);

	if (!known)
		return -err->code;
	bind(known, node, container, profile, in_force);
	int result = sql_step(sql, known, err);

	sqlite3_reset(known);
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

	if (!rows)
		return -err->code;
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
	sqlite3_stmt *row =
		sql ? sql_prepare(sql, "SELECT json FROM profile WHERE id = ?1", err) : NULL;

	if (!row)
		return -err->code;
	sqlite3_bind_int64(row, 1, profile_row);
	int result = sql_step(sql, row, err);

	if (result > 0)
		buf_put_str(text, sql_column_bytes(row, 0));
	sqlite3_finalize(row);
	return result < 0 ? result : 0;
}
