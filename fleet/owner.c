#include "fleet/connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int fleet_init(struct fleet *fleet, unsigned keep_days, struct err *err)
{
	BUF_AUTO sql = {0};
	int result = fleet_connect(fleet, err);

	if (result < 0)
		return result;
	buf_put_str(&sql, STR("BEGIN;\n"));
	fleet_schema(&sql, keep_days);
	buf_put_str(&sql, STR("COMMIT;\n"));
	PGresult *made = libpq.PQexec(fleet->connection, sql.p);

	if (libpq.PQresultStatus(made) != PGRES_COMMAND_OK)
		result = fleet_failed(fleet, made, err);
	libpq.PQclear(made);
	return result;
}

int fleet_add_node(struct fleet *fleet, const char *name, struct err *err)
{
	BUF_AUTO sql = {0};
	int result = fleet_connect(fleet, err);
	char *quoted = result == 0 ? libpq.PQescapeIdentifier(fleet->connection, name, strlen(name))
				   : NULL;

	if (!quoted)
		return result < 0 ? result : fleet_failed(fleet, NULL, err);
	buf_format(&sql, "CREATE ROLE %s LOGIN IN ROLE sclog_node", quoted);
	libpq.PQfreemem(quoted);
	return fleet_do(fleet, sql.p, 0, NULL, err);
}

static const char old_sql[] =
	"SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
	" WHERE i.inhparent = 'sclog.day'::regclass AND c.relname < 'day_' ||"
	" to_char(current_date - (SELECT keep_days FROM sclog.fleet), 'YYYYMMDD') ORDER BY 1";

static int drop_table(struct fleet *fleet, const char *name, struct err *err)
{
	BUF_AUTO sql = {0};
	char *quoted = libpq.PQescapeIdentifier(fleet->connection, name, strlen(name));

	if (!quoted)
		return fleet_failed(fleet, NULL, err);
	buf_format(&sql, "DROP TABLE sclog.%s", quoted);
	libpq.PQfreemem(quoted);
	return fleet_do(fleet, sql.p, 0, NULL, err);
}

int fleet_prune(struct fleet *fleet, uint64_t *ret_days, struct err *err)
{
	int result = fleet_connect(fleet, err);
	PGresult *old = result == 0 ? fleet_run(fleet, old_sql, 0, NULL, err) : NULL;

	*ret_days = 0;
	if (!old)
		return -err->code;
	for (int i = 0; i < libpq.PQntuples(old) && result == 0; i++) {
		result = drop_table(fleet, libpq.PQgetvalue(old, i, 0), err);
		*ret_days += result == 0;
	}
	libpq.PQclear(old);
	return result;
}

static const char status_sql[] =
	"SELECT s.sender, s.uuid, s.generation, s.revision,"
	" (extract(epoch FROM s.pushed) * 1000)::bigint,"
	" coalesce((extract(epoch FROM now() - s.pushed) * 1000)::bigint, -1),"
	" d.days, d.records FROM sclog.sender s LEFT JOIN (SELECT sender, count(DISTINCT day) AS"
	" days, sum(count)::bigint AS records FROM sclog.day GROUP BY sender) d"
	" ON d.sender = s.sender ORDER BY s.sender";

int fleet_status(struct fleet *fleet, fleet_sender_fn *each, void *context, struct err *err)
{
	int result = fleet_connect(fleet, err);
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
