#include "store/row.h"

#include "store/minutes.h"

/* A store of schema 1 or 2 does not say it: as the migration to 3 does. */
#define TRUST_BEFORE "(s.source IN (0, 3))"

/* What of an hour lies in the window as a whole is added up; what the window cuts is counted. */
#define IN_WINDOW "FILTER (WHERE first >= ?1 AND last <= ?2)"
#define TOTALS(hour)                                                                            \
	"(SELECT series, sum(count) " IN_WINDOW " AS count, min(first) " IN_WINDOW " AS first," \
	" max(last) " IN_WINDOW " AS last, count(*) - count(*) " IN_WINDOW " AS cut FROM hour"  \
	" WHERE " hour " BETWEEN ?3 AND ?4 AND last >= ?1 AND first <= ?2 GROUP BY series)"

#define OBSERVATIONS(trust, totals)                                                               \
	"SELECT s.id, n.name, s.attribution, s.reason, s.phase, s.source, " trust                 \
	", s.arch, s.nr,"                                                                         \
	" s.code, t.count, t.first, t.last, s.pid, s.ip, p.comm, p.exe, s.coverage, t.cut, c.id," \
	" " ROW_CONTAINER " FROM " totals                                                         \
	" t JOIN series s ON s.id = t.series JOIN node n ON n.id = s.node"                        \
	" JOIN program p ON p.id = s.program LEFT JOIN container c ON c.id = s.container"         \
	" ORDER BY n.name, s.attribution, c.name, c.cid, p.comm, p.exe, s.arch, s.nr, s.code,"    \
	" " trust " DESC, s.phase, s.source, s.id"

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
		{OBSERVATIONS(TRUST_BEFORE, TOTALS("+hour")),
		 OBSERVATIONS(TRUST_BEFORE, TOTALS("hour"))},
		{OBSERVATIONS("s.trust", TOTALS("+hour")), OBSERVATIONS("s.trust", TOTALS("hour"))},
	};
	int64_t from_hour = since_ms < 0 ? INT64_MIN : since_ms / HOUR_MS / 24 * 24;
	int64_t to_hour = until_ms == INT64_MAX ? INT64_MAX : until_ms / HOUR_MS;
	sqlite3_stmt *rows =
		sql_prepare(sql, texts[sql->schema >= 3][is_narrow(sql, from_hour, to_hour)], err);

	if (!rows)
		return NULL;
	sqlite3_bind_int64(rows, 1, since_ms);
	sqlite3_bind_int64(rows, 2, until_ms);
	/* from the beginning of its day on: a day that was rolled up is a row there */
	sqlite3_bind_int64(rows, 3, from_hour);
	sqlite3_bind_int64(rows, 4, to_hour);
	return rows;
}

int64_t row_cut(sqlite3_stmt *row)
{
	return sqlite3_column_int64(row, 18);
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

sqlite3_stmt *row_containers(struct sql *sql, struct err *err)
{
#define CONTAINERS(profile, join)                          \
	"SELECT c.id, n.name, " ROW_CONTAINER ", " profile \
	" FROM container c JOIN node n ON n.id = c.node" join " ORDER BY n.name, c.name, c.cid"
	static const char with_profile[] =
		CONTAINERS("p.json", " LEFT JOIN profile p ON p.id = c.profile");
	static const char without[] = CONTAINERS("NULL", "");

	return sql_prepare(sql, sql->schema >= 2 ? with_profile : without, err);
}

void row_profile(sqlite3_stmt *row, int at, struct container *container)
{
	container->has_profile = sqlite3_column_type(row, at) != SQLITE_NULL;
	if (container->has_profile)
		container->profile = sql_column_bytes(row, at);
}

void row_observation(sqlite3_stmt *row, struct observation *observation)
{
	*observation = (struct observation){
		.series = sqlite3_column_int64(row, 0),
		.node = sql_column_name(row, 1),
		.attribution = (enum attribution)bounded(row, 2, ATTRIBUTION_UNATTRIBUTED),
		.reason = (enum unattributed)bounded(row, 3, UNATTRIBUTED_COUNT - 1),
		.phase = (enum phase)bounded(row, 4, PHASE_EXEC),
		.source = (enum source_kind)bounded(row, 5, SOURCE_STRACE),
		.trust = (enum trust)bounded(row, 6, TRUST_KERNEL),
		.has_arch = sqlite3_column_type(row, 7) != SQLITE_NULL,
		.arch = (uint32_t)sqlite3_column_int64(row, 7),
		.nr = sqlite3_column_int(row, 8),
		.code = (uint32_t)sqlite3_column_int64(row, 9),
		.count = (uint64_t)sqlite3_column_int64(row, 10),
		.count_exact = true,
		.first_ms = sql_column_ms(row, 11),
		.last_ms = sql_column_ms(row, 12),
		.pid = (uint32_t)sqlite3_column_int64(row, 13),
		.ip = (uint64_t)sqlite3_column_int64(row, 14),
		.comm_null = sqlite3_column_type(row, 15) == SQLITE_NULL,
		.exe_null = sqlite3_column_type(row, 16) == SQLITE_NULL,
		.comm = sql_column_name(row, 15),
		.exe = sql_column_name(row, 16),
		.container_row = sqlite3_column_int64(row, 19),
	};
	if (observation->container_row)
		row_container(row, 20, &observation->container);
	else
		observation->container.coverage = (enum coverage)bounded(row, 17, COVERAGE_FULL);
}
