#include "fleet/connection.h"

#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct libpq libpq;

static const struct library library = {
	"libpq.so.5", "libpq5 (Debian), libpq (Fedora)", {LIBPQ_FUNCTIONS(LIBRARY_NAME)}};

/* "message\n" of libpq: its first line. */
static struct str first_line(const char *text)
{
	struct str line = str_from(text ? text : "");

	return str_of(line.p, str_chr(line, '\n'));
}

int fleet_failed(struct fleet *fleet, const PGresult *result, struct err *err)
{
	const char *state = result ? libpq.PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const char *words =
		result ? libpq.PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	struct str line = first_line(words ? words : libpq.PQerrorMessage(fleet->connection));

	snprintf(fleet->state, sizeof(fleet->state), "%s", state ? state : "");
	if (strcmp(fleet->state, "3F000") == 0 || strcmp(fleet->state, "42P01") == 0)
		return err_set(err, ENOENT, FLEET_NO_SCHEMA);
	if (strcmp(fleet->state, "42501") == 0)
		return err_set(err, EACCES,
			       "fleet: %.*s: a node can write only rows of its own name (the role"
			       " that it logs in as), and needs `sclog fleet init --node NAME`",
			       (int)line.n, line.p);
	return err_set(err, EIO, "fleet: %.*s", (int)line.n, line.p);
}

/* A password there stands in the process list. */
static int check_url(const char *url, struct err *err)
{
	char *message = NULL;
	PQconninfoOption *all = libpq.PQconninfoParse(url, &message);
	bool has_password = false;

	libpq.PQfreemem(message); /* it may repeat a part of the URL */
	if (!all)
		return err_set(err, EINVAL,
			       "the address of the fleet's database is not valid: write"
			       " postgresql://HOST/DATABASE");
	for (PQconninfoOption *at = all; at->keyword; at++)
		has_password |= strcmp(at->keyword, "password") == 0 && at->val && *at->val;
	libpq.PQconninfoFree(all);
	if (has_password)
		return err_set(err, EINVAL,
			       "there is a password in the address of the fleet's database, and"
			       " everybody can read it in the process list: put it into ~/.pgpass"
			       " or a file named by PGPASSFILE");
	return 0;
}

static void ignore_notice(void *context, const PGresult *notice)
{
	(void)context, (void)notice;
}

int fleet_connect(struct fleet *fleet, struct err *err)
{
	/* before dbname: what the address says wins. A peer that is gone without a word is noticed
	 * in a minute, by its silence as well as by what it does not acknowledge. */
	const char *const keys[] = {"fallback_application_name",
				    "connect_timeout",
				    "keepalives_idle",
				    "keepalives_interval",
				    "keepalives_count",
				    "tcp_user_timeout",
				    "dbname",
				    NULL};
	const char *const values[] = {"sclog", "10", "30", "10", "3", "60000", fleet->url, NULL};

	if (fleet->connection && libpq.PQstatus(fleet->connection) == CONNECTION_OK)
		return 0;
	libpq.PQfinish(fleet->connection);
	fleet->connection = libpq.PQconnectdbParams(keys, values, 1);
	if (libpq.PQstatus(fleet->connection) != CONNECTION_OK)
		return fleet_failed(fleet, NULL, err);
	libpq.PQsetErrorVerbosity(fleet->connection, PQERRORS_TERSE);
	/* not by a setting: a pooler would keep it for whoever gets the session next */
	libpq.PQsetNoticeReceiver(fleet->connection, ignore_notice, NULL);
	return 0;
}

int fleet_open(const char *url, struct fleet **ret_fleet, struct err *err)
{
	int result = library_load(&library, &libpq, err);

	*ret_fleet = NULL;
	if (result == 0)
		result = check_url(url, err);
	if (result < 0)
		return result;
	*ret_fleet = mem_new(1, sizeof(**ret_fleet));
	(*ret_fleet)->url = mem_copy(str_from(url));
	return 0;
}

void fleet_close(struct fleet *fleet)
{
	if (!fleet)
		return;
	libpq.PQfinish(fleet->connection);
	free(fleet->url);
	free(fleet);
}

void fleet_note_damaged(struct fleet *fleet, const char *sender)
{
	if (fleet->damage.rows++ == 0)
		snprintf(fleet->damage.node, sizeof(fleet->damage.node), "%s", sender);
}

void fleet_note_other(struct fleet *fleet, const char *sender, struct str other)
{
	struct fleet_damage *damage = &fleet->damage;

	if (damage->of_others++)
		return;
	snprintf(damage->teller, sizeof(damage->teller), "%s", sender);
	snprintf(damage->other, sizeof(damage->other), "%.*s", (int)other.n, other.p);
}

const struct fleet_damage *fleet_damage(const struct fleet *fleet)
{
	return &fleet->damage;
}

int fleet_note_limits(struct fleet *fleet, struct err *err)
{
	PGresult *row = fleet_run(fleet,
				  "SELECT current_user WHERE row_security_active('sclog.day')"
				  " AND NOT pg_has_role('sclog_reader', 'USAGE')",
				  0, NULL, err);

	if (!row)
		return -err->code;
	snprintf(fleet->sees_only, sizeof(fleet->sees_only), "%s",
		 libpq.PQntuples(row) ? libpq.PQgetvalue(row, 0, 0) : "");
	libpq.PQclear(row);
	return 0;
}

const char *fleet_sees_only(const struct fleet *fleet)
{
	return fleet->sees_only;
}

PGresult *fleet_run(struct fleet *fleet, const char *sql, int count, const char *const *values,
		    struct err *err)
{
	PGresult *result =
		libpq.PQexecParams(fleet->connection, sql, count, NULL, values, NULL, NULL, 0);
	ExecStatusType status = libpq.PQresultStatus(result);

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return result;
	fleet_failed(fleet, result, err);
	libpq.PQclear(result);
	return NULL;
}

int fleet_do(struct fleet *fleet, const char *sql, int count, const char *const *values,
	     struct err *err)
{
	PGresult *result = fleet_run(fleet, sql, count, values, err);

	libpq.PQclear(result);
	return result ? 0 : -err->code;
}

int fleet_begin(struct fleet *fleet, struct err *err)
{
	if (!libpq.PQenterPipelineMode(fleet->connection))
		return fleet_failed(fleet, NULL, err);
	return fleet_queue(fleet, "BEGIN", 0, NULL, err);
}

int fleet_queue(struct fleet *fleet, const char *sql, int count, const char *const *values,
		struct err *err)
{
	return libpq.PQsendQueryParams(fleet->connection, sql, count, NULL, values, NULL, NULL, 0)
		       ? 0
		       : fleet_failed(fleet, NULL, err);
}

/* The results of what was queued, up to the mark that ends it. The first error is the one that counts:
 * all behind it was skipped. */
static int take_results(struct fleet *fleet, struct err *err)
{
	int result = 0;

	for (;;) {
		PGresult *next = libpq.PQgetResult(fleet->connection);
		ExecStatusType status = next ? libpq.PQresultStatus(next) : PGRES_COMMAND_OK;

		if (!next && libpq.PQstatus(fleet->connection) != CONNECTION_OK)
			return result < 0 ? result : fleet_failed(fleet, NULL, err);
		if (status == PGRES_FATAL_ERROR && result == 0)
			result = fleet_failed(fleet, next, err);
		libpq.PQclear(next);
		if (status == PGRES_PIPELINE_SYNC)
			return result;
	}
}

int fleet_commit(struct fleet *fleet, struct err *err)
{
	int result = fleet_queue(fleet, "COMMIT", 0, NULL, err);

	if (result == 0 && !libpq.PQpipelineSync(fleet->connection))
		result = fleet_failed(fleet, NULL, err);
	if (result == 0)
		result = take_results(fleet, err);
	if (result == 0 && !libpq.PQexitPipelineMode(fleet->connection))
		result = fleet_failed(fleet, NULL, err);
	return result;
}

int fleet_add_sender(struct fleet *fleet, const char *name, struct err *err)
{
	char key[24];
	const char *values[] = {name, key};

	snprintf(key, sizeof(key), "%" PRId64, (int64_t)store_share_random());
	return fleet_do(fleet,
			"INSERT INTO sclog.sender (sender, key) VALUES ($1, $2::bigint)"
			" ON CONFLICT DO NOTHING",
			2, values, err);
}

int64_t fleet_number(const PGresult *result, int row, int column)
{
	return libpq.PQgetisnull(result, row, column)
		       ? 0
		       : strtoll(libpq.PQgetvalue(result, row, column), NULL, 10);
}
