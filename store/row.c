#include "store/row.h"

static const char observations_sql[] =
	"SELECT s.id, n.name, s.attribution, s.reason, s.phase, s.source, s.arch, s.nr, s.code,"
	" t.count, t.first, t.last, s.pid, s.ip, p.comm, p.exe, c.id, c.cid, c.name, c.runtime,"
	" c.image, c.pod, c.namespace, c.workload, c.caps, c.coverage, s.coverage"
	" FROM series s JOIN series_total t ON t.series = s.id JOIN node n ON n.id = s.node JOIN program p ON p.id = s.program"
	" LEFT JOIN container c ON c.id = s.container"
	" WHERE t.last >= ?1 AND t.first <= ?2"
	" ORDER BY n.name, s.attribution, c.name, c.cid, p.comm, p.exe, s.arch, s.nr, s.code,"
	" s.phase, s.source, s.id";

sqlite3_stmt *row_observations(struct sql *sql, struct err *err)
{
	return sql_prepare(sql, observations_sql, err);
}

/* An enumerator from a file that may be anybody's: what is out of range is the first. */
static int bounded(sqlite3_stmt *row, int column, int most)
{
	int value = sqlite3_column_int(row, column);

	return value >= 0 && value <= most ? value : 0;
}

void row_container(sqlite3_stmt *row, int at, struct container *container)
{
	*container = (struct container){
		.id = sql_column_name(row, at),
		.name = sql_column_name(row, at + 1),
		.runtime = sql_column_name(row, at + 2),
		.image = sql_column_name(row, at + 3),
		.pod = sql_column_name(row, at + 4),
		.namespace = sql_column_name(row, at + 5),
		.workload = sql_column_name(row, at + 6),
		.has_caps = sqlite3_column_type(row, at + 7) != SQLITE_NULL,
		.caps = (uint64_t)sqlite3_column_int64(row, at + 7),
		.coverage = (enum coverage)bounded(row, at + 8, COVERAGE_FULL),
	};
}

sqlite3_stmt *row_containers(struct sql *sql, struct err *err)
{
#define CONTAINERS(profile, join)                                                     \
	"SELECT c.id, n.name, c.cid, c.name, c.runtime, c.image, c.pod, c.namespace," \
	" c.workload, c.caps, c.coverage, " profile                                   \
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
		.node = sql_column_name(row, 1),
		.attribution = (enum attribution)bounded(row, 2, ATTRIBUTION_UNATTRIBUTED),
		.reason = (enum unattributed)bounded(row, 3, UNATTRIBUTED_COUNT - 1),
		.phase = (enum phase)bounded(row, 4, PHASE_EXEC),
		.source = (enum source_kind)bounded(row, 5, SOURCE_STRACE),
		.has_arch = sqlite3_column_type(row, 6) != SQLITE_NULL,
		.arch = (uint32_t)sqlite3_column_int64(row, 6),
		.nr = sqlite3_column_int(row, 7),
		.code = (uint32_t)sqlite3_column_int64(row, 8),
		.count = (uint64_t)sqlite3_column_int64(row, 9),
		.count_exact = true,
		.first_ms = sql_column_ms(row, 10),
		.last_ms = sql_column_ms(row, 11),
		.pid = (uint32_t)sqlite3_column_int64(row, 12),
		.ip = (uint64_t)sqlite3_column_int64(row, 13),
		.comm_null = sqlite3_column_type(row, 14) == SQLITE_NULL,
		.exe_null = sqlite3_column_type(row, 15) == SQLITE_NULL,
		.comm = sql_column_name(row, 14),
		.exe = sql_column_name(row, 15),
		.container_row = sqlite3_column_int64(row, 16),
	};
	if (observation->container_row)
		row_container(row, 17, &observation->container);
	else
		observation->container.coverage = (enum coverage)bounded(row, 26, COVERAGE_FULL);
}
