#include "store/prune.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/meta.h"
#include "store/minutes.h"
#include "store/revision.h"

#include <stdlib.h>

#define DAY_MS         ((int64_t)24 * HOUR_MS)
#define HOURS_OF_DAY   24
#define MINUTES_OF_DAY (24 * 60)

/* Work between two looks at the clock: series whose hours are looked through, identities' rows and
 * rows of evidence that go in one statement. */
#define SERIES_AT_ONCE 64
#define SEEN_AT_ONCE   256
#define ROWS_AT_ONCE   2048
#define DAYS_AT_ONCE   64

enum phase_of_prune {
	PHASE_HORIZON,
	PHASE_SEEN,
	PHASE_SEEN_TEXT,
	PHASE_SERIES,
	PHASE_ROWS, /* of evidence and inputs */
	PHASE_ORPHANS,
	PHASE_END,
};

enum prune_sql {
	NODE_LIST,
	SEEN_BOUND,
	SEEN_DROP,
	TEXT_BOUND,
	TEXT_DROP,
	SERIES_LIST,
	OLD_TOTAL,
	OLD_DROP,
	DAY_LIST,
	DAY_DROP,
	DAY_PUT,
	MINUTES_DROP,
	SERIES_DROP,
	PRUNE_SQL_COUNT,
};

static const char *const texts[PRUNE_SQL_COUNT] = {
	[NODE_LIST] = "SELECT min(id) FROM node WHERE id > ?1",
	/* the minute up to which a bounded number of rows lie */
	[SEEN_BOUND] = "SELECT minute FROM seen WHERE node = ?1 AND minute < ?2"
		       " ORDER BY minute LIMIT 1 OFFSET ?3",
	[SEEN_DROP] = "DELETE FROM seen WHERE node = ?1 AND minute < ?2",
	[TEXT_BOUND] = "SELECT minute FROM seen_text WHERE node = ?1 AND minute < ?2"
		       " ORDER BY minute LIMIT 1 OFFSET ?3",
	[TEXT_DROP] = "DELETE FROM seen_text WHERE node = ?1 AND minute < ?2",
	[SERIES_LIST] = "SELECT id, container FROM series WHERE id > ?1 ORDER BY id LIMIT ?2",
	[OLD_TOTAL] = "SELECT sum(count) FROM hour WHERE series = ?1 AND hour < ?2",
	[OLD_DROP] = "DELETE FROM hour WHERE series = ?1 AND hour < ?2",
	[DAY_LIST] = "SELECT hour / 24, count(*), sum(count), min(first), max(last) FROM hour"
		     " WHERE series = ?1 AND hour < ?2 GROUP BY hour / 24"
		     " HAVING count(*) > 1 OR min(hour) % 24 <> 0 LIMIT ?3",
	[DAY_DROP] = "DELETE FROM hour WHERE series = ?1 AND hour >= ?2 AND hour < ?2 + 24",
	[DAY_PUT] =
		"INSERT INTO hour (series, hour, count, first, last) VALUES (?1, ?2, ?3, ?4, ?5)",
	[MINUTES_DROP] = "UPDATE hour SET minutes = NULL WHERE series = ?1 AND hour < ?2"
			 " AND minutes NOT NULL",
	[SERIES_DROP] = "DELETE FROM series WHERE id = ?1"
			" AND NOT EXISTS (SELECT 1 FROM hour WHERE series = ?1)",
};

struct prune {
	struct prune_cuts cuts;
	enum phase_of_prune phase;
	int64_t at; /* the last node or series that is done */
	struct sql *sql;
	sqlite3_stmt *statements[PRUNE_SQL_COUNT];
	int64_t *emptied; /* containers that lost a series, one as often as it did */
	size_t emptied_count;
	struct prune_counts counts;
	struct prune_counts before; /* the step, for one that fails */
};

/* The hour before which a detail goes, the first of a day. */
static int64_t cut_of(int64_t now_ms, int64_t kept_ms)
{
	return kept_ms ? (now_ms - kept_ms) / DAY_MS * HOURS_OF_DAY : PRUNE_NEVER;
}

struct prune_cuts prune_cuts_of(const struct store_retention *retention, int64_t now_ms)
{
	struct prune_cuts cuts = {
		.minutes = cut_of(now_ms, retention->minutes_ms),
		.hours = cut_of(now_ms, retention->hours_ms),
		.days = cut_of(now_ms, retention->days_ms),
	};

	return cuts;
}

struct prune *prune_new(const struct prune_cuts *cuts)
{
	struct prune *prune = mem_new(1, sizeof(*prune));
	int64_t gone = cuts->days / HOURS_OF_DAY * HOURS_OF_DAY;

	prune->cuts = *cuts;
	/* what is gone has no hours, and what is a day has no minutes */
	if (prune->cuts.hours < gone)
		prune->cuts.hours = gone;
	if (prune->cuts.minutes < prune->cuts.hours)
		prune->cuts.minutes = prune->cuts.hours;
	if (prune->cuts.minutes < prune->cuts.days)
		prune->cuts.minutes = prune->cuts.days;
	return prune;
}

static void drop_statements(struct prune *prune)
{
	for (size_t i = 0; i < PRUNE_SQL_COUNT; i++) {
		sqlite3_finalize(prune->statements[i]);
		prune->statements[i] = NULL;
	}
}

void prune_free(struct prune *prune)
{
	if (!prune)
		return;
	drop_statements(prune);
	free(prune->emptied);
	free(prune);
}

const struct prune_counts *prune_done(const struct prune *prune)
{
	return &prune->counts;
}

static sqlite3_stmt *get(struct prune *prune, enum prune_sql id, struct err *err)
{
	sqlite3_stmt **statement = &prune->statements[id];

	if (!*statement)
		*statement = sql_prepare(prune->sql, texts[id], err);
	else
		sqlite3_reset(*statement);
	return *statement;
}

/* Runs a statement with two numbers; *ret_changed: the rows that it changed. */
static int change(struct prune *prune, enum prune_sql id, int64_t first, int64_t second,
		  uint64_t *ret_changed, struct err *err)
{
	sqlite3_stmt *statement = get(prune, id, err);

	if (!statement)
		return -err->code;
	sqlite3_bind_int64(statement, 1, first);
	if (sqlite3_bind_parameter_count(statement) > 1)
		sqlite3_bind_int64(statement, 2, second);
	int result = sql_done(prune->sql, statement, err);

	if (result == 0)
		*ret_changed += (uint64_t)sqlite3_changes(prune->sql->db);
	return result;
}

/* The number that a statement gives: 1 and the number, 0 if there is none, -errno. */
static int ask(struct prune *prune, enum prune_sql id, const int64_t numbers[3],
	       int64_t *ret_number, struct err *err)
{
	sqlite3_stmt *statement = get(prune, id, err);

	if (!statement)
		return -err->code;
	for (int i = 0; i < sqlite3_bind_parameter_count(statement); i++)
		sqlite3_bind_int64(statement, i + 1, numbers[i]);
	int result = sql_step(prune->sql, statement, err);

	if (result > 0 && sqlite3_column_type(statement, 0) == SQLITE_NULL)
		result = 0;
	if (result > 0)
		*ret_number = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return result;
}

static int move_horizon(struct prune *prune, struct err *err)
{
	struct sql *sql = prune->sql;
	int64_t before, horizon = prune->cuts.minutes * HOUR_MS;
	int result = meta_horizon(sql, &before, err);

	if (result == 0 && prune->cuts.days > 0)
		result = revision_first_day(
			sql, (prune->cuts.days + HOURS_OF_DAY - 1) / HOURS_OF_DAY, err);
	if (result < 0 || horizon <= before) {
		prune->counts.horizon_ms = before;
		return result;
	}
	prune->counts.horizon_ms = horizon;
	return meta_move_horizon(sql, horizon, err);
}

/* Identities of the node after the last one that is done: 1 if there may be more. */
static int drop_identities(struct prune *prune, enum prune_sql bound, enum prune_sql drop,
			   struct err *err)
{
	int64_t horizon = prune->counts.horizon_ms / MINUTE_MS, node, until = horizon;
	int result = ask(prune, NODE_LIST, (int64_t[3]){prune->at}, &node, err);

	if (result <= 0)
		return result;
	result = ask(prune, bound, (int64_t[3]){node, horizon, SEEN_AT_ONCE}, &until, err);
	if (result < 0)
		return result;
	if (result == 0)
		prune->at = node;
	else
		until++; /* its minute as a whole */
	result = change(prune, drop, node, until, &prune->counts.identities, err);
	return result < 0 ? result : 1;
}

static int drop_old(struct prune *prune, int64_t series, struct err *err)
{
	int64_t records = 0, hour = prune->cuts.days;
	int result = ask(prune, OLD_TOTAL, (int64_t[3]){series, hour}, &records, err);

	if (result <= 0)
		return result;
	prune->counts.records += (uint64_t)records;
	return change(prune, OLD_DROP, series, hour, &prune->counts.hours, err);
}

struct day {
	int64_t day, rows, count, first_ms, last_ms;
};

static int list_days(struct prune *prune, int64_t series, struct day days[DAYS_AT_ONCE],
		     size_t *ret_count, struct err *err)
{
	sqlite3_stmt *list = get(prune, DAY_LIST, err);
	size_t count = 0;
	int result;

	if (!list)
		return -err->code;
	sqlite3_bind_int64(list, 1, series);
	sqlite3_bind_int64(list, 2, prune->cuts.hours);
	sqlite3_bind_int64(list, 3, DAYS_AT_ONCE);
	while ((result = sql_step(prune->sql, list, err)) > 0)
		days[count++] = (struct day){
			sqlite3_column_int64(list, 0), sqlite3_column_int64(list, 1),
			sqlite3_column_int64(list, 2), sqlite3_column_int64(list, 3),
			sqlite3_column_int64(list, 4),
		};
	sqlite3_reset(list);
	*ret_count = count;
	return result;
}

static int make_day(struct prune *prune, int64_t series, const struct day *day, struct err *err)
{
	uint64_t dropped = 0;
	int result = change(prune, DAY_DROP, series, day->day * HOURS_OF_DAY, &dropped, err);
	sqlite3_stmt *put = result == 0 ? get(prune, DAY_PUT, err) : NULL;

	if (!put)
		return -err->code;
	sqlite3_bind_int64(put, 1, series);
	sqlite3_bind_int64(put, 2, day->day * HOURS_OF_DAY);
	sqlite3_bind_int64(put, 3, day->count);
	sqlite3_bind_int64(put, 4, day->first_ms);
	sqlite3_bind_int64(put, 5, day->last_ms);
	prune->counts.to_days += dropped;
	return sql_done(prune->sql, put, err);
}

static int make_days(struct prune *prune, int64_t series, struct err *err)
{
	struct day days[DAYS_AT_ONCE];
	size_t count;
	int result;

	do {
		result = list_days(prune, series, days, &count, err);
		for (size_t i = 0; i < count && result == 0; i++)
			result = make_day(prune, series, &days[i], err);
	} while (result == 0 && count == DAYS_AT_ONCE);
	return result;
}

static void note_emptied(struct prune *prune, int64_t container)
{
	prune->emptied = mem_more(prune->emptied, prune->emptied_count, sizeof(*prune->emptied));
	prune->emptied[prune->emptied_count++] = container;
}

/* container: 0 for none. */
static int prune_series(struct prune *prune, int64_t series, int64_t container, struct err *err)
{
	uint64_t hours = prune->counts.hours, gone = prune->counts.series;
	int result = drop_old(prune, series, err);

	if (result == 0 && prune->counts.hours != hours)
		result = change(prune, SERIES_DROP, series, 0, &prune->counts.series, err);
	if (result == 0 && prune->counts.series != gone) {
		if (container)
			note_emptied(prune, container);
		return 0;
	}
	if (result == 0)
		result = make_days(prune, series, err);
	if (result == 0)
		result = change(prune, MINUTES_DROP, series, prune->cuts.minutes,
				&prune->counts.to_hours, err);
	return result;
}

/* The next series: 1 if there may be more. */
static int prune_some_series(struct prune *prune, struct err *err)
{
	int64_t ids[SERIES_AT_ONCE], containers[SERIES_AT_ONCE];
	sqlite3_stmt *list = get(prune, SERIES_LIST, err);
	size_t count = 0;
	int result;

	if (!list)
		return -err->code;
	sqlite3_bind_int64(list, 1, prune->at);
	sqlite3_bind_int64(list, 2, SERIES_AT_ONCE);
	while ((result = sql_step(prune->sql, list, err)) > 0) {
		ids[count] = sqlite3_column_int64(list, 0);
		containers[count++] = sqlite3_column_int64(list, 1);
	}
	sqlite3_reset(list); /* before its rows are changed */
	for (size_t i = 0; i < count && result == 0; i++) {
		result = prune_series(prune, ids[i], containers[i], err);
		prune->at = ids[i];
	}
	return result < 0 ? result : count == SERIES_AT_ONCE;
}

/* What has a time of its own. Positive: more of them may be left. */
static int drop_rows(struct prune *prune, struct err *err)
{
	static const char *const drops[] = {
		"DELETE FROM loss WHERE (node, kind, at, mark) IN (SELECT node, kind, at, mark"
		" FROM loss WHERE at > 0 AND at < ?1 LIMIT ?2)",
		"DELETE FROM span WHERE rowid IN (SELECT rowid FROM span WHERE last < ?1 LIMIT ?2)",
		"DELETE FROM input WHERE (path, dev, ino, head) IN (SELECT path, dev, ino, head"
		" FROM input WHERE at < ?1 LIMIT ?2)",
		"DELETE FROM in_force WHERE id IN"
		" (SELECT id FROM in_force WHERE until < ?1 LIMIT ?2)",
		"DELETE FROM changed WHERE (series, day) IN (SELECT series, day FROM changed"
		" WHERE day * 86400000 < ?1 LIMIT ?2)",
		"DELETE FROM received WHERE (series, day) IN (SELECT series, day FROM received"
		" WHERE day * 86400000 < ?1 LIMIT ?2)",
	};
	uint64_t dropped = 0;

	for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]); i++) {
		sqlite3_stmt *drop = sql_prepare(prune->sql, drops[i], err);

		if (!drop)
			return -err->code;
		sqlite3_bind_int64(drop, 1, prune->cuts.days * HOUR_MS);
		sqlite3_bind_int64(drop, 2, ROWS_AT_ONCE);
		int result = sql_done(prune->sql, drop, err);

		sqlite3_finalize(drop);
		if (result < 0)
			return result;
		dropped += (uint64_t)sqlite3_changes(prune->sql->db);
	}
	prune->counts.evidence += dropped;
	return dropped > 0;
}

/* One container that lost all its series. One that never had any stays: it is known to run. */
static int drop_container(struct prune *prune, int64_t container, struct err *err)
{
	static const char *const drops[] = {
		"DELETE FROM container WHERE id = ?1"
		" AND NOT EXISTS (SELECT 1 FROM series WHERE container = ?1)"
		" AND NOT EXISTS (SELECT 1 FROM lifetime WHERE container = ?1)",
		"DELETE FROM in_force WHERE container = ?1"
		" AND NOT EXISTS (SELECT 1 FROM container WHERE id = ?1)",
	};

	for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]); i++) {
		sqlite3_stmt *drop = sql_prepare(prune->sql, drops[i], err);

		if (!drop)
			return -err->code;
		sqlite3_bind_int64(drop, 1, container);
		int result = sql_done(prune->sql, drop, err);

		sqlite3_finalize(drop);
		if (result < 0)
			return result;
		if (i == 0)
			prune->counts.containers += (uint64_t)sqlite3_changes(prune->sql->db);
	}
	return 0;
}

static int compare_ids(const void *left, const void *right)
{
	const int64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

static int drop_orphans(struct prune *prune, struct err *err)
{
	int result = 0;

	if (prune->emptied_count)
		qsort(prune->emptied, prune->emptied_count, sizeof(*prune->emptied), compare_ids);
	for (size_t i = 0; i < prune->emptied_count && result == 0; i++)
		if (i == 0 || prune->emptied[i] != prune->emptied[i - 1])
			result = drop_container(prune, prune->emptied[i], err);
	if (result == 0 && prune->counts.series)
		result = sql_run(prune->sql,
				 "DELETE FROM program WHERE NOT EXISTS"
				 " (SELECT 1 FROM series WHERE series.program = program.id)",
				 err);
	return result;
}

/* A piece of the phase at hand: 1 if it has more. */
static int work(struct prune *prune, struct err *err)
{
	switch (prune->phase) {
	case PHASE_HORIZON:
		return move_horizon(prune, err);
	case PHASE_SEEN:
		return drop_identities(prune, SEEN_BOUND, SEEN_DROP, err);
	case PHASE_SEEN_TEXT:
		return drop_identities(prune, TEXT_BOUND, TEXT_DROP, err);
	case PHASE_SERIES:
		return prune_some_series(prune, err);
	case PHASE_ROWS:
		return drop_rows(prune, err);
	case PHASE_ORPHANS:
		return drop_orphans(prune, err);
	case PHASE_END:
		break;
	}
	return 0;
}

static int work_until(struct prune *prune, int64_t end_ms, struct err *err)
{
	int result = 0;

	while (prune->phase != PHASE_END && result >= 0) {
		result = work(prune, err);
		if (result == 0) {
			prune->phase++;
			prune->at = 0;
		}
		if (clock_ms(CLOCK_MONOTONIC) >= end_ms)
			break;
	}
	return result < 0 ? result : prune->phase != PHASE_END;
}

int prune_step(struct prune *prune, struct sql *sql, unsigned budget_ms, struct err *err)
{
	enum phase_of_prune phase = prune->phase;
	size_t emptied = prune->emptied_count;
	int64_t at = prune->at;

	prune->before = prune->counts;
	prune->sql = sql;
	int result = sql_run(sql, "BEGIN IMMEDIATE", err), more = 0;

	if (result == 0)
		more = result = work_until(prune, clock_ms(CLOCK_MONOTONIC) + budget_ms, err);
	drop_statements(prune);
	if (result >= 0)
		result = sql_run(sql, "COMMIT", err);
	if (result == 0)
		return more;
	if (!sqlite3_get_autocommit(sql->db))
		sqlite3_exec(sql->db, "ROLLBACK", NULL, NULL, NULL);
	prune->counts = prune->before;
	prune->emptied_count = emptied;
	prune->phase = phase;
	prune->at = at;
	return result;
}

/* What a query counts, with the cuts as its parameters: hours of days, hours, minutes; then minutes
 * of the horizon; then milliseconds of the last day. */
static int count(struct sql *sql, const struct prune_cuts *cuts, int64_t horizon_ms,
		 const char *text, uint64_t *ret_count, struct err *err)
{
	const int64_t numbers[] = {cuts->days, cuts->hours, cuts->minutes, horizon_ms / MINUTE_MS,
				   cuts->days * HOUR_MS};
	sqlite3_stmt *statement = sql_prepare(sql, text, err);

	if (!statement)
		return -err->code;
	for (int i = 0; i < sqlite3_bind_parameter_count(statement); i++)
		sqlite3_bind_int64(statement, i + 1, numbers[i]);
	int result = sql_step(sql, statement, err);

	if (result > 0)
		*ret_count += (uint64_t)sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return result < 0 ? result : 0;
}

int prune_look(struct sql *sql, const struct prune_cuts *given, struct prune_counts *ret_counts,
	       struct err *err)
{
	struct prune *prune = prune_new(given);
	const struct prune_cuts cuts = prune->cuts;
	int64_t horizon = 0;
	const struct {
		uint64_t *count;
		const char *text;
	} all[] = {
		{&ret_counts->hours, "SELECT count(*) FROM hour WHERE hour < ?1"},
		{&ret_counts->records, "SELECT sum(count) FROM hour WHERE hour < ?1"},
		{&ret_counts->to_days,
		 "SELECT sum(rows) FROM (SELECT count(*) AS rows FROM hour WHERE hour >= ?1 AND"
		 " hour < ?2 GROUP BY series, hour / 24 HAVING rows > 1 OR min(hour) % 24 <> 0)"},
		{&ret_counts->to_hours,
		 "SELECT count(*) FROM hour WHERE hour >= ?1 AND hour < ?3 AND minutes NOT NULL"
		 " AND (hour >= ?2 OR (hour % 24 = 0 AND NOT EXISTS (SELECT 1 FROM hour AS other"
		 " WHERE other.series = hour.series AND other.hour > hour.hour"
		 " AND other.hour < hour.hour + 24)))"},
		{&ret_counts->identities, "SELECT (SELECT count(*) FROM seen WHERE minute < ?4) +"
					  " (SELECT count(*) FROM seen_text WHERE minute < ?4)"},
		{&ret_counts->series,
		 "SELECT count(*) FROM (SELECT 1 FROM hour GROUP BY series HAVING max(hour) < ?1)"},
		{&ret_counts->containers,
		 "SELECT count(*) FROM (SELECT 1 FROM series s JOIN hour h ON h.series = s.id"
		 " WHERE s.container NOT NULL GROUP BY s.container HAVING max(h.hour) < ?1)"},
		{&ret_counts->evidence,
		 "SELECT (SELECT count(*) FROM loss WHERE at > 0 AND at < ?5) +"
		 " (SELECT count(*) FROM span WHERE last < ?5) +"
		 " (SELECT count(*) FROM input WHERE at < ?5) +"
		 " (SELECT count(*) FROM in_force WHERE until < ?5)"},
	};

	prune_free(prune);
	*ret_counts = (struct prune_counts){0};
	int result = meta_horizon(sql, &horizon, err);

	if (cuts.minutes * HOUR_MS > horizon)
		horizon = cuts.minutes * HOUR_MS;
	ret_counts->horizon_ms = horizon;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && result == 0; i++)
		result = count(sql, &cuts, horizon, all[i].text, all[i].count, err);
	return result;
}
