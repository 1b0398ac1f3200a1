#include "fleet/connection.h"

#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct reader {
	struct fleet *fleet;
	struct share_taker *taker;
	char sender[256]; /* the one at hand */
	struct buf bytes[SHARE_COLUMNS_MAX];
	uint64_t rows;
	const struct fleet_progress *progress;
};

/* "\x6162": as PostgreSQL writes bytea. */
static void take_bytes(struct buf *to, const char *hex)
{
	static const char digits[] = "0123456789abcdef";

	buf_clear(to);
	buf_put_str(to, STR(""));
	for (hex += 2; hex[0] && hex[1]; hex += 2) {
		const char *high = strchr(digits, hex[0]), *low = strchr(digits, hex[1]);

		if (high && low)
			buf_put_char(to, (char)((high - digits) << 4 | (low - digits)));
	}
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

static int take_row(struct reader *reader, enum share_kind kind, const PGresult *row,
		    struct err *err)
{
	const struct share_table *table = &share_tables[kind];
	struct share_value values[SHARE_COLUMNS_MAX];
	int result = begin_sender(reader, libpq.PQgetvalue(row, 0, 0), err);

	for (int i = 0; i < (int)table->count; i++) {
		const char *text = libpq.PQgetvalue(row, 0, i + 1);

		values[i] = (struct share_value){.null = libpq.PQgetisnull(row, 0, i + 1)};
		if (table->columns[i].type == SHARE_INT) {
			values[i].number = fleet_number(row, 0, i + 1);
		} else if (table->columns[i].type == SHARE_TEXT) {
			values[i].bytes = str_from(text);
		} else if (!values[i].null) {
			take_bytes(&reader->bytes[i], text);
			values[i].bytes = buf_str(&reader->bytes[i]);
		}
	}
	return result < 0 ? result : share_taker_put(reader->taker, kind, values, err);
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

static void put_query(struct buf *sql, enum share_kind kind)
{
	const struct share_table *table = &share_tables[kind];

	buf_put_str(sql, STR("SELECT t.sender"));
	for (size_t i = 0; i < table->count; i++) {
		if (kind == SHARE_DAY && i == 0)
			buf_put_str(sql, STR(", t.day - date '1970-01-01'"));
		else
			buf_format(sql, ", t.\"%s\"", table->columns[i].name);
	}
	buf_format(sql, " FROM sclog.%s t", table->name);
	/* both statements have both parameters */
	if (kind == SHARE_DAY)
		buf_put_str(sql, STR(" WHERE t.day BETWEEN date '1970-01-01' + $1::int AND"
				     " date '1970-01-01' + $2::int"));
	else if (kind == SHARE_SERIES)
		buf_put_str(sql,
			    STR(" WHERE EXISTS (SELECT 1 FROM sclog.day d WHERE d.sender ="
				" t.sender AND d.series = t.key AND d.day BETWEEN"
				" date '1970-01-01' + $1::int AND date '1970-01-01' + $2::int)"));
	else
		buf_put_str(sql, STR(" WHERE $1::int IS NOT NULL AND $2::int IS NOT NULL"));
	buf_format(sql, " ORDER BY t.sender, t.\"%s\"", table->columns[0].name);
}

static int read_kind(struct reader *reader, enum share_kind kind, const char *const days[2],
		     struct err *err)
{
	BUF_AUTO sql = {0};

	put_query(&sql, kind);
	if (!libpq.PQsendQueryParams(reader->fleet->connection, sql.p, 2, NULL, days, NULL, NULL,
				     0))
		return fleet_failed(reader->fleet, NULL, err);
	return take_rows(reader, kind, err);
}

/* PostgreSQL's dates end before our numbers do. */
#define DAY_MOST 200000

static int64_t bounded(int64_t day)
{
	return day < -DAY_MOST ? -DAY_MOST : day > DAY_MOST ? DAY_MOST : day;
}

int fleet_read(struct fleet *fleet, struct store *store, int64_t first_day, int64_t last_day,
	       const struct fleet_progress *progress, struct err *err)
{
	struct reader reader = {
		.fleet = fleet, .taker = share_taker_new(store, true), .progress = progress};
	char first[24], last[24];
	const char *const days[2] = {first, last};
	int result = fleet_connect(fleet, err);

	snprintf(first, sizeof(first), "%" PRId64, bounded(first_day));
	snprintf(last, sizeof(last), "%" PRId64, bounded(last_day));
	if (result == 0) /* one state of it */
		result = fleet_do(fleet, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", 0, NULL,
				  err);
	for (int kind = SHARE_HEAD + 1; kind < SHARE_KIND_COUNT && result == 0; kind++)
		if (kind != SHARE_EMPTY)
			result = read_kind(&reader, (enum share_kind)kind, days, err);
	if (result == 0) /* a pooler gives the session to others */
		result = fleet_do(fleet, "COMMIT", 0, NULL, err);
	if (result == 0 && reader.sender[0])
		result = share_taker_finish(reader.taker, err);
	share_taker_free(reader.taker);
	for (size_t i = 0; i < SHARE_COLUMNS_MAX; i++)
		buf_release(&reader.bytes[i]);
	return result;
}
