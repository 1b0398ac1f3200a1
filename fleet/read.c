#include "fleet/connection.h"

#include "base/mem.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* So many containers are asked for by their keys; of more, everything is read. */
#define KEYS_MAX 10000

/* PostgreSQL's dates end before our numbers do. */
#define DAY_MOST 200000

struct reader {
	struct fleet *fleet;
	struct share_taker *taker;
	const struct selection *selection;
	enum fleet_before before;
	int64_t first_day, last_day;
	struct buf containers, nodes; /* those of the selection, joined by commas */
	size_t container_count;
	char sender[256]; /* the one at hand */
	uint64_t rows;
	const struct fleet_progress *progress;
};

static int64_t number_of(const char *bytes)
{
	uint64_t number;

	memcpy(&number, bytes, sizeof(number));
	return (int64_t)be64toh(number);
}

static int begin_sender(struct reader *reader, const char *sender, struct err *err)
{
	const struct share_value values[] = {
		{.bytes = str_from(sender)},
		{.bytes = STR("copy")},
		{.number = 1},
		{.number = 0},
		{.number = 0},
		{.number = 0},
	};

	if (strcmp(reader->sender, sender) == 0)
		return 0;
	snprintf(reader->sender, sizeof(reader->sender), "%s", sender);
	return share_taker_put(reader->taker, SHARE_HEAD, values, err);
}

static void put_comma(struct buf *list)
{
	if (list->n)
		buf_put_char(list, ',');
}

/* Notes what the selection names, before the counts are asked for. */
static int note_selected(struct reader *reader, enum share_kind kind,
			 const struct share_value *values, struct err *err)
{
	if (!share_selects(reader->selection, kind, values))
		return 0;
	if (kind == SHARE_CONTAINER && reader->container_count++ < KEYS_MAX) {
		put_comma(&reader->containers);
		buf_format(&reader->containers, "%" PRId64, values[0].number);
	}
	if (kind != SHARE_NODE || !reader->selection->node.count)
		return 0;
	char *label = libpq.PQescapeLiteral(reader->fleet->connection, values[0].bytes.p,
					    values[0].bytes.n);

	if (!label)
		return fleet_failed(reader->fleet, NULL, err);
	put_comma(&reader->nodes);
	buf_put_str(&reader->nodes, str_from(label));
	libpq.PQfreemem(label);
	return 0;
}

static int take_row(struct reader *reader, enum share_kind kind, const PGresult *row,
		    struct err *err)
{
	const struct share_table *table = &share_tables[kind];
	struct share_value values[SHARE_COLUMNS_MAX];
	int result = begin_sender(reader, libpq.PQgetvalue(row, 0, 0), err);

	for (int i = 0; i < (int)table->count; i++) {
		const char *bytes = libpq.PQgetvalue(row, 0, i + 1);
		size_t n = (size_t)libpq.PQgetlength(row, 0, i + 1);

		values[i] = (struct share_value){.null = libpq.PQgetisnull(row, 0, i + 1)};
		if (values[i].null)
			continue;
		if (table->columns[i].type != SHARE_INT)
			values[i].bytes = str_of(bytes, n);
		else if (n == sizeof(values[i].number))
			values[i].number = number_of(bytes);
		else
			return err_set(err, EPROTO, "fleet: a number of column %s has %zu bytes",
				       table->columns[i].name, n);
	}
	if (result == 0)
		result = share_taker_put(reader->taker, kind, values, err);
	return result < 0 ? result : note_selected(reader, kind, values, err);
}

/* Row by row: an answer may be larger than memory. */
static int take_rows(struct reader *reader, enum share_kind kind, struct err *err)
{
	PGconn *connection = reader->fleet->connection;
	PGresult *row;
	int result = 0;

	libpq.PQsetSingleRowMode(connection);
	while ((row = libpq.PQgetResult(connection))) {
		ExecStatusType status = libpq.PQresultStatus(row);

		if (result == 0 && status == PGRES_SINGLE_TUPLE)
			result = take_row(reader, kind, row, err);
		else if (result == 0 && status != PGRES_TUPLES_OK)
			result = fleet_failed(reader->fleet, row, err);
		libpq.PQclear(row);
		reader->rows++;
		if (reader->progress && reader->rows % 1024 == 0)
			reader->progress->rows(reader->progress->context, reader->rows);
	}
	return result;
}

/* What is asked of a series, whose table is called so in the statement. */
static void put_selected(struct buf *sql, const struct reader *reader, const char *series)
{
	const struct selection *selection = reader->selection;

	if (reader->containers.n && reader->container_count <= KEYS_MAX) {
		buf_format(sql, " AND (%s.container IN (%.*s)", series, (int)reader->containers.n,
			   reader->containers.p);
		if (selection->host || selection->unattributed)
			buf_format(sql, " OR %s.container IS NULL", series);
		buf_put_char(sql, ')');
	}
	if (reader->nodes.n)
		buf_format(sql, " AND %s.node IN (%.*s)", series, (int)reader->nodes.n,
			   reader->nodes.p);
}

static void put_columns(struct buf *sql, enum share_kind kind)
{
	const struct share_table *table = &share_tables[kind];

	buf_put_str(sql, STR("t.sender"));
	for (size_t i = 0; i < table->count; i++) {
		if (kind == SHARE_DAY && i == 0)
			buf_put_str(sql, STR(", (t.day - date '1970-01-01')::bigint"));
		else
			buf_format(sql, ", t.\"%s\"", table->columns[i].name);
	}
	buf_format(sql, " FROM sclog.%s t", table->name);
}

/* The series that have a day of those. */
static void put_series_query(struct buf *sql, const struct reader *reader)
{
	buf_put_str(sql, STR("SELECT "));
	put_columns(sql, SHARE_SERIES);
	buf_format(sql,
		   " WHERE EXISTS (SELECT 1 FROM sclog.day d WHERE d.sender = t.sender AND"
		   " d.series = t.key AND d.day BETWEEN date '1970-01-01' + %" PRId64
		   " AND date '1970-01-01' + %" PRId64 ")",
		   reader->before == FLEET_BEFORE_NONE ? reader->first_day : -DAY_MOST,
		   reader->last_day);
	put_selected(sql, reader, "t");
}

static void put_days_of_selected(struct buf *sql, const struct reader *reader)
{
	BUF_AUTO selected = {0};

	put_selected(&selected, reader, "s");
	if (selected.n)
		buf_format(sql,
			   " AND EXISTS (SELECT 1 FROM sclog.series s WHERE s.sender = t.sender"
			   " AND s.key = t.series%.*s)",
			   (int)selected.n, selected.p);
}

static void put_day_query(struct buf *sql, const struct reader *reader)
{
	int64_t first = reader->before == FLEET_BEFORE_ALL ? -DAY_MOST : reader->first_day;

	buf_put_str(sql, STR("SELECT "));
	put_columns(sql, SHARE_DAY);
	buf_format(sql,
		   " WHERE t.day BETWEEN date '1970-01-01' + %" PRId64
		   " AND date '1970-01-01' + %" PRId64,
		   first, reader->last_day);
	put_days_of_selected(sql, reader);
	if (reader->before != FLEET_BEFORE_ANY)
		return;
	buf_put_str(sql, STR(" UNION ALL (SELECT DISTINCT ON (t.sender, t.series) "));
	put_columns(sql, SHARE_DAY);
	buf_format(sql, " WHERE t.day < date '1970-01-01' + %" PRId64, first);
	put_days_of_selected(sql, reader);
	buf_put_str(sql, STR(" ORDER BY t.sender, t.series, t.day DESC)"));
}

static int read_kind(struct reader *reader, enum share_kind kind, struct err *err)
{
	BUF_AUTO sql = {0};

	if (kind == SHARE_SERIES) {
		put_series_query(&sql, reader);
	} else if (kind == SHARE_DAY) {
		put_day_query(&sql, reader);
	} else {
		buf_put_str(&sql, STR("SELECT "));
		put_columns(&sql, kind);
	}
	/* a sender's rows together; counts in the order of their series */
	buf_format(&sql, " ORDER BY 1, %d", kind == SHARE_DAY ? 3 : 2);
	if (!libpq.PQsendQueryParams(reader->fleet->connection, sql.p, 0, NULL, NULL, NULL, NULL,
				     1))
		return fleet_failed(reader->fleet, NULL, err);
	return take_rows(reader, kind, err);
}

static int read_all(struct reader *reader, struct err *err)
{
	int result = fleet_connect(reader->fleet, err);

	if (result == 0) /* one state of it */
		result = fleet_do(reader->fleet, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
				  0, NULL, err);
	for (int kind = SHARE_HEAD + 1; kind < SHARE_KIND_COUNT && result == 0; kind++)
		if (kind != SHARE_EMPTY)
			result = read_kind(reader, (enum share_kind)kind, err);
	if (result == 0) /* a pooler gives the session to others */
		result = fleet_do(reader->fleet, "COMMIT", 0, NULL, err);
	if (result == 0 && reader->sender[0])
		result = share_taker_finish(reader->taker, err);
	return result;
}

/* A minute that the window cuts lies in its days. */
static int64_t day_of(bool has, int64_t ms, int64_t otherwise)
{
	int64_t day = has ? ms / STORE_DAY_MS : otherwise;

	return day < -DAY_MOST ? -DAY_MOST : day > DAY_MOST ? DAY_MOST : day;
}

int fleet_read(struct fleet *fleet, struct store *store, const struct selection *selection,
	       enum fleet_before before, const struct fleet_progress *progress, struct err *err)
{
	struct reader reader = {
		.fleet = fleet,
		.taker = share_taker_new(store, true),
		.selection = selection,
		.before = selection->has_since ? before : FLEET_BEFORE_NONE,
		.first_day = day_of(selection->has_since, selection->since_ms, INT64_MIN),
		.last_day = day_of(selection->has_until, selection->until_ms, INT64_MAX),
		.progress = progress,
	};
	int result = read_all(&reader, err);

	share_taker_free(reader.taker);
	buf_release(&reader.containers);
	buf_release(&reader.nodes);
	return result;
}
