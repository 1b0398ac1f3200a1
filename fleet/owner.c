#include "fleet/connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* 1 if there is a schema, which has to be ours; 0 if there is none. */
static int check_owner(struct fleet *fleet, struct err *err)
{
	PGresult *row =
		fleet_run(fleet,
			  "SELECT pg_has_role(c.relowner, 'USAGE')::int, r.rolname, current_user"
			  " FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner"
			  " WHERE c.oid = to_regclass('sclog.fleet')",
			  0, NULL, err);
	int result = row ? libpq.PQntuples(row) : -err->code;

	if (result > 0 && fleet_number(row, 0, 0) == 0)
		result = err_set(err, EACCES,
				 "fleet: this is for role %s, which owns the schema; this is"
				 " role %s",
				 libpq.PQgetvalue(row, 0, 1), libpq.PQgetvalue(row, 0, 2));
	libpq.PQclear(row);
	return result;
}

static int connect_as_owner(struct fleet *fleet, struct err *err)
{
	int result = fleet_connect(fleet, err);

	if (result == 0)
		result = check_owner(fleet, err);
	if (result == 0)
		return err_set(err, ENOENT, FLEET_NO_SCHEMA);
	return result < 0 ? result : 0;
}

static int read_keep_days(struct fleet *fleet, unsigned *ret_days, struct err *err)
{
	PGresult *row = fleet_run(fleet, "SELECT keep_days FROM sclog.fleet", 0, NULL, err);

	if (row)
		*ret_days = (unsigned)fleet_number(row, 0, 0);
	libpq.PQclear(row);
	return row ? 0 : -err->code;
}

int fleet_init(struct fleet *fleet, unsigned *keep_days, enum fleet_made *ret_made, struct err *err)
{
	BUF_AUTO sql = {0};
	int result = fleet_connect(fleet, err);

	if (result == 0)
		result = check_owner(fleet, err);
	*ret_made = result > 0 ? FLEET_EXISTED : FLEET_CREATED;
	if (result < 0)
		return result;
	result = 0;
	buf_put_str(&sql, STR("BEGIN;\n"));
	fleet_schema(&sql, *keep_days);
	buf_put_str(&sql, STR("COMMIT;\n"));
	PGresult *made = libpq.PQexec(fleet->connection, sql.p);

	if (libpq.PQresultStatus(made) != PGRES_COMMAND_OK)
		result = fleet_failed(fleet, made, err);
	libpq.PQclear(made);
	return result == 0 ? read_keep_days(fleet, keep_days, err) : result;
}

/* A statement about one name, which stands quoted between its words. */
static int do_named(struct fleet *fleet, const char *before, const char *name, const char *behind,
		    struct err *err)
{
	BUF_AUTO sql = {0};
	char *quoted = libpq.PQescapeIdentifier(fleet->connection, name, strlen(name));

	if (!quoted)
		return fleet_failed(fleet, NULL, err);
	buf_format(&sql, "%s%s%s", before, quoted, behind);
	libpq.PQfreemem(quoted);
	return fleet_do(fleet, sql.p, 0, NULL, err);
}

struct role {
	bool exists, can_log_in, sends;
};

static int find_role(struct fleet *fleet, const char *name, struct role *ret_role, struct err *err)
{
	const char *values[] = {name};
	PGresult *row =
		fleet_run(fleet,
			  "SELECT rolcanlogin::int, EXISTS (SELECT FROM pg_auth_members m"
			  " WHERE m.member = r.oid AND m.roleid = to_regrole('sclog_node'))::int"
			  " FROM pg_roles r WHERE rolname = $1",
			  1, values, err);

	if (!row)
		return -err->code;
	ret_role->exists = libpq.PQntuples(row) == 1;
	ret_role->can_log_in = ret_role->exists && fleet_number(row, 0, 0);
	ret_role->sends = ret_role->exists && fleet_number(row, 0, 1);
	libpq.PQclear(row);
	return 0;
}

/* A role that is there may be a person's, or one of the two that others are members of. */
static int make_role(struct fleet *fleet, const char *name, enum fleet_made *ret_made,
		     struct err *err)
{
	struct role role;
	int result = find_role(fleet, name, &role, err);

	if (result < 0)
		return result;
	if (role.exists && !role.can_log_in)
		return err_set(err, EEXIST,
			       "fleet: there is a role %s that cannot log in: give the node"
			       " another name",
			       name);
	*ret_made = !role.exists ? FLEET_CREATED : role.sends ? FLEET_EXISTED : FLEET_GRANTED;
	if (*ret_made == FLEET_CREATED)
		return do_named(fleet, "CREATE ROLE ", name,
				" LOGIN CONNECTION LIMIT 10 IN ROLE sclog_node", err);
	return role.sends ? 0 : do_named(fleet, "GRANT sclog_node TO ", name, "", err);
}

int fleet_add_node(struct fleet *fleet, const char *name, enum fleet_made *ret_made,
		   struct err *err)
{
	size_t n = strlen(name);

	if (n == 0 || n >= SHARE_NAME_SIZE)
		return err_set(err, EINVAL, "fleet: the name of a node has 1 to %d bytes",
			       SHARE_NAME_SIZE - 1);
	int result = connect_as_owner(fleet, err);

	if (result == 0)
		result = make_role(fleet, name, ret_made, err);
	/* from now on the node speaks for itself */
	return result == 0 ? fleet_add_sender(fleet, name, err) : result;
}

/* --- a node is taken out */

/* The rows that a table has of a node; without dry_run they are deleted. */
static int drop_rows(struct fleet *fleet, const char *table, const char *name, bool dry_run,
		     uint64_t *rows, struct err *err)
{
	BUF_AUTO sql = {0};
	const char *values[] = {name};

	buf_format(&sql,
		   dry_run ? "SELECT count(*) FROM sclog.%s WHERE sender = $1"
			   : "WITH gone AS (DELETE FROM sclog.%s WHERE sender = $1 RETURNING 1)"
			     " SELECT count(*) FROM gone",
		   table);
	PGresult *count = fleet_run(fleet, sql.p, 1, values, err);

	*rows += count ? (uint64_t)fleet_number(count, 0, 0) : 0;
	libpq.PQclear(count);
	return count ? 0 : -err->code;
}

static int drop_node(struct fleet *fleet, const char *name, bool dry_run,
		     struct fleet_forgotten *forgotten, struct err *err)
{
	struct role role = {.exists = false};
	int result = drop_rows(fleet, "sender", name, dry_run, &forgotten->rows, err);

	for (int kind = SHARE_HEAD + 1; kind < SHARE_KIND_COUNT && result == 0; kind++)
		if (kind != SHARE_EMPTY)
			result = drop_rows(fleet, share_tables[kind].name, name, dry_run,
					   &forgotten->rows, err);
	if (result == 0)
		result = find_role(fleet, name, &role, err);
	forgotten->has_role = role.sends;
	if (result == 0 && !forgotten->rows && !forgotten->has_role)
		return err_set(err, ENOENT,
			       "fleet: there is no node '%s': `sclog fleet status` lists those that"
			       " sent",
			       name);
	return result < 0 || dry_run || !forgotten->has_role
		       ? result
		       : do_named(fleet, "DROP ROLE ", name, "", err);
}

int fleet_forget_node(struct fleet *fleet, const char *name, bool dry_run,
		      struct fleet_forgotten *ret_forgotten, struct err *err)
{
	int result = connect_as_owner(fleet, err);

	*ret_forgotten = (struct fleet_forgotten){0};
	if (result == 0)
		result = fleet_do(fleet, "BEGIN", 0, NULL, err);
	if (result == 0)
		result = drop_node(fleet, name, dry_run, ret_forgotten, err);
	/* an error ends the connection, and the transaction with it */
	return result == 0 ? fleet_do(fleet, "COMMIT", 0, NULL, err) : result;
}

static const char old_sql[] =
	"SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
	" WHERE i.inhparent = 'sclog.day'::regclass AND c.relname < 'day_' ||"
	" to_char(current_date - (SELECT keep_days FROM sclog.fleet), 'YYYYMMDD') ORDER BY 1";

int fleet_prune(struct fleet *fleet, uint64_t *ret_days, struct err *err)
{
	int result = connect_as_owner(fleet, err);
	PGresult *old = result == 0 ? fleet_run(fleet, old_sql, 0, NULL, err) : NULL;

	*ret_days = 0;
	if (!old)
		return -err->code;
	for (int i = 0; i < libpq.PQntuples(old) && result == 0; i++) {
		result = do_named(fleet, "DROP TABLE sclog.", libpq.PQgetvalue(old, i, 0), "", err);
		*ret_days += result == 0;
	}
	libpq.PQclear(old);
	return result;
}

/* What a node says of itself may be anything. */
static const char status_sql[] =
	"SELECT s.sender, s.uuid, s.generation, s.revision,"
	" (extract(epoch FROM p.at) * 1000)::bigint,"
	" CASE WHEN p.at IS NULL THEN -1"
	" ELSE (extract(epoch FROM greatest(now() - p.at, '0')) * 1000)::bigint END,"
	" d.days, d.records FROM sclog.sender s CROSS JOIN LATERAL (SELECT CASE WHEN"
	" s.pushed BETWEEN '2000-01-01' AND '3000-01-01' THEN s.pushed END AS at) p"
	" LEFT JOIN (SELECT sender, count(DISTINCT day) AS days, least(greatest(sum(count), 0),"
	" 4503599627370496)::bigint AS records FROM sclog.day GROUP BY sender) d"
	" ON d.sender = s.sender ORDER BY s.sender";

int fleet_status(struct fleet *fleet, fleet_sender_fn *each, void *context, struct err *err)
{
	int result = fleet_connect(fleet, err);

	if (result == 0)
		result = fleet_note_limits(fleet, err);
	PGresult *rows = result == 0 ? fleet_run(fleet, status_sql, 0, NULL, err) : NULL;

	if (!rows)
		return -err->code;
	for (int i = 0; i < libpq.PQntuples(rows) && result >= 0; i++) {
		const struct fleet_sender sender = {
			.name = str_from(libpq.PQgetvalue(rows, i, 0)),
			.uuid = str_from(libpq.PQgetvalue(rows, i, 1)),
			.generation = fleet_number(rows, i, 2),
			.revision = fleet_number(rows, i, 3),
			.pushed_ms = fleet_number(rows, i, 4),
			.behind_ms = fleet_number(rows, i, 5),
			.days = (uint64_t)fleet_number(rows, i, 6),
			.records = (uint64_t)fleet_number(rows, i, 7),
		};

		result = each(&sender, context);
	}
	libpq.PQclear(rows);
	return result;
}
