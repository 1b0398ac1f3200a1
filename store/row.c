#include "store/row.h"

#include "store/minutes.h"

/* A store of schema 1 or 2 does not say what is trusted: as the migration to 3 does. */
#define SERIES_BEFORE "(SELECT *, source IN (0, 3) AS trust FROM series)"

/* What of an hour lies in the window as a whole is added up; what the window cuts is counted. */
#define IN_WINDOW "FILTER (WHERE first >= ?1 AND last <= ?2)"
#define TOTALS(hour)                                                                            \
	"(SELECT series, sum(count) " IN_WINDOW " AS count, min(first) " IN_WINDOW " AS first," \
	" max(last) " IN_WINDOW " AS last, count(*) - count(*) " IN_WINDOW " AS cut FROM hour"  \
	" WHERE " hour " BETWEEN ?3 AND ?4 AND last >= ?1 AND first <= ?2 GROUP BY series)"

#define WORD(field, type, last) ", s." #field
#define WORDS                   EVENT_WORDS(WORD)
#define OBSERVATIONS(series, totals)                                                           \
	"SELECT s.id, n.name, s.arch, s.nr, s.code, t.count, t.first, t.last, s.pid, s.ip,"    \
	" p.comm, p.exe, t.cut, c.id, " ROW_CONTAINER WORDS " FROM " totals " t JOIN " series  \
	" s ON s.id = t.series JOIN node n ON n.id = s.node"                                   \
	" JOIN program p ON p.id = s.program LEFT JOIN container c ON c.id = s.container"      \
	" ORDER BY n.name, s.attribution, c.name, c.cid, p.comm, p.exe, s.arch, s.nr, s.code," \
	" s.trust DESC, s.phase, s.source, s.id"

/* Where the container's columns begin, and behind them the words. */
#define AT_CONTAINER 14
#define AT_WORDS     (AT_CONTAINER + ROW_CONTAINER_COLUMNS)

/* So much of the store's hours, at most, is found by the index on hours; of more, all are read. */
#define NARROW 8

/* Whether the window holds a small part of the store's hours. */
static bool is_narrow(struct sql *sql, int64_t from_hour, int64_t to_hour)
{
	struct err err = ERR_INIT;
	int64_t first, last;

	if (sql_number(sql, "SELECT min(hour) FROM hour", &first, &err) < 0 ||
	    sql_number(sql, "SELECT max(hour) FROM hour", &last, &err) < 0)
		return false; /* the statement itself will say why */
	from_hour = from_hour > first ? from_hour : first;
	to_hour = to_hour < last ? to_hour : last;
	/* a file may be anybody's: its hours may be any numbers */
	return ((double)to_hour - (double)from_hour + 1) * NARROW < (double)last - (double)first;
}

sqlite3_stmt *row_observations(struct sql *sql, int64_t since_ms, int64_t until_ms, struct err *err)
{
	static const char *const texts[2][2] = {
		{OBSERVATIONS(SERIES_BEFORE, TOTALS("+hour")),
		 OBSERVATIONS(SERIES_BEFORE, TOTALS("hour"))},
		{OBSERVATIONS("series", TOTALS("+hour")), OBSERVATIONS("series", TOTALS("hour"))},
	};
	/* from the beginning of its day on: a day that was rolled up is a row there */
	int64_t from_hour = since_ms < 0 ? INT64_MIN : since_ms / HOUR_MS / 24 * 24;
	int64_t to_hour = until_ms == INT64_MAX ? INT64_MAX : until_ms / HOUR_MS;

	return SQL_PREPARE(sql, texts[sql->schema >= 3][is_narrow(sql, from_hour, to_hour)], err,
			   sql_int(since_ms), sql_int(until_ms), sql_int(from_hour),
			   sql_int(to_hour));
}

int64_t row_cut(sqlite3_stmt *row)
{
	return sqlite3_column_int64(row, 12);
}

/* An enumerator from a file that may be anybody's: what is out of range is the first. */
static int bounded(sqlite3_stmt *row, int column, int most)
{
	int value = sqlite3_column_int(row, column);

	return value >= 0 && value <= most ? value : 0;
}

void row_container(sqlite3_stmt *row, int at, struct container *container)
{
	*container = (struct container){.has_caps = false};
	for (int i = 0; i < CONTAINER_TEXT_COUNT; i++)
		container->texts[i] = sql_column_name(row, at++);
	container->has_caps = sqlite3_column_type(row, at) != SQLITE_NULL;
	container->caps = (uint64_t)sqlite3_column_int64(row, at);
	container->coverage = (enum coverage)bounded(row, at + 1, COVERAGE_FULL);
}

sqlite3_stmt *row_containers(struct sql *sql, bool every_service, struct err *err)
{
#define CONTAINERS(more, join)                                \
	"SELECT c.id, n.name, " ROW_CONTAINER ", " more       \
	" FROM container c JOIN node n ON n.id = c.node" join \
	" WHERE ?1 OR c.runtime <> '" RUNTIME_SERVICE         \
	"' OR c.id IN (SELECT container FROM series) ORDER BY n.name, c.name, c.cid"
#define PROFILE " LEFT JOIN profile p ON p.id = c.profile"
	static const char *const texts[] = {CONTAINERS("NULL, NULL", ""),
					    CONTAINERS("p.json, NULL", PROFILE),
					    CONTAINERS("p.json, c.ended", PROFILE)};
	sqlite3_stmt *rows = sql_prepare(sql, texts[sql->schema < 3 ? sql->schema - 1 : 2], err);

	if (rows)
		sqlite3_bind_int(rows, 1, every_service);
	return rows;
}

void row_profile(sqlite3_stmt *row, int at, struct container *container)
{
	container->has_profile = sqlite3_column_type(row, at) != SQLITE_NULL;
	if (container->has_profile)
		container->profile = sql_column_bytes(row, at);
}

#define WORD_OF_ROW(field, type, last) \
	observation->field = (type)bounded(row, AT_WORDS + EVENT_AT_##field, last);

void row_observation(sqlite3_stmt *row, struct observation *observation)
{
	*observation = (struct observation){
		.series = sqlite3_column_int64(row, 0),
		.node = sql_column_name(row, 1),
		.has_arch = sqlite3_column_type(row, 2) != SQLITE_NULL,
		.arch = (uint32_t)sqlite3_column_int64(row, 2),
		.nr = sqlite3_column_int(row, 3),
		.code = (uint32_t)sqlite3_column_int64(row, 4),
		.count = (uint64_t)sqlite3_column_int64(row, 5),
		.count_exact = true,
		.first_ms = sql_column_ms(row, 6),
		.last_ms = sql_column_ms(row, 7),
		.pid = (uint32_t)sqlite3_column_int64(row, 8),
		.ip = (uint64_t)sqlite3_column_int64(row, 9),
		.comm_null = sqlite3_column_type(row, 10) == SQLITE_NULL,
		.exe_null = sqlite3_column_type(row, 11) == SQLITE_NULL,
		.comm = sql_column_name(row, 10),
		.exe = sql_column_name(row, 11),
		.container_row = sqlite3_column_int64(row, 13),
	};
	EVENT_WORDS(WORD_OF_ROW)
	if (observation->container_row)
		row_container(row, AT_CONTAINER, &observation->container);
}
