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

struct prune {
	struct prune_cuts cuts;
	enum phase_of_prune phase;
	int64_t at; /* the last node or series that is done */
	struct sql *sql;
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

void prune_free(struct prune *prune)
{
	if (!prune)
		return;
	free(prune->emptied);
	free(prune);
}

const struct prune_counts *prune_done(const struct prune *prune)
{
	return &prune->counts;
}

/* Runs a statement with two numbers, or one; *ret_changed: the rows that it changed. */
static int change(struct prune *prune, const char *text, int64_t first, int64_t second,
		  uint64_t *ret_changed, struct err *err)
{
	int result = SQL_DO(prune->sql, text, err, sql_int(first), sql_int(second));

	if (result == 0)
		*ret_changed += (uint64_t)sqlite3_changes(prune->sql->db);
	return result;
}

/* The number that a statement gives: 1 and the number, 0 if there is none, -errno. */
static int ask(struct prune *prune, sqlite3_stmt *statement, int64_t *ret_number, struct err *err)
{
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

/* The identities of a table: the minute up to which a bounded number of rows lie, and dropping them. */
struct identities {
	const char *bound, *drop;
};
#define IDENTITIES(table)                                                       \
	{                                                                       \
		"SELECT minute FROM " table " WHERE node = ?1 AND minute < ?2"  \
		" ORDER BY minute LIMIT 1 OFFSET ?3",                           \
			"DELETE FROM " table " WHERE node = ?1 AND minute < ?2" \
	}
static const struct identities of_serials = IDENTITIES("seen"), of_texts = IDENTITIES("seen_text");

/* Those of the node after the last one that is done: 1 if there may be more. */
static int drop_identities(struct prune *prune, const struct identities *identities,
			   struct err *err)
{
	struct sql *sql = prune->sql;
	int64_t horizon = prune->counts.horizon_ms / MINUTE_MS, node, until = horizon;
	int result =
		ask(prune,
		    SQL_GET(sql, "SELECT min(id) FROM node WHERE id > ?1", err, sql_int(prune->at)),
		    &node, err);

	if (result <= 0)
		return result;
	result = ask(prune,
		     SQL_GET(sql, identities->bound, err, sql_int(node), sql_int(horizon),
			     sql_int(SEEN_AT_ONCE)),
		     &until, err);
	if (result < 0)
		return result;
	if (result == 0)
		prune->at = node;
	else
		until++; /* its minute as a whole */
	result = change(prune, identities->drop, node, until, &prune->counts.identities, err);
	return result < 0 ? result : 1;
}

static int drop_old(struct prune *prune, int64_t series, struct err *err)
{
	int64_t records = 0, hour = prune->cuts.days;
	int result = ask(prune,
			 SQL_GET(prune->sql,
				 "SELECT sum(count) FROM hour WHERE series = ?1 AND hour < ?2", err,
				 sql_int(series), sql_int(hour)),
			 &records, err);

	if (result <= 0)
		return result;
	prune->counts.records += (uint64_t)records;
	return change(prune, "DELETE FROM hour WHERE series = ?1 AND hour < ?2", series, hour,
		      &prune->counts.hours, err);
}

struct day {
	int64_t day, rows, count, first_ms, last_ms;
};

static int list_days(struct prune *prune, int64_t series, struct day days[DAYS_AT_ONCE],
		     size_t *ret_count, struct err *err)
{
	sqlite3_stmt *list =
		SQL_GET(prune->sql,
			"SELECT hour / 24, count(*), sum(count), min(first), max(last) FROM hour"
			" WHERE series = ?1 AND hour < ?2 GROUP BY hour / 24"
			" HAVING count(*) > 1 OR min(hour) % 24 <> 0 LIMIT ?3",
			err, sql_int(series), sql_int(prune->cuts.hours), sql_int(DAYS_AT_ONCE));
	size_t count = 0;
	int result;

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
	int64_t first = day->day * HOURS_OF_DAY;
	int result = change(prune,
			    "DELETE FROM hour WHERE series = ?1 AND hour >= ?2 AND hour < ?2 + 24",
			    series, first, &prune->counts.to_days, err);

	return result < 0 ? result
			  : SQL_DO(prune->sql,
				   "INSERT INTO hour (series, hour, count, first, last)"
				   " VALUES (?1, ?2, ?3, ?4, ?5)",
				   err, sql_int(series), sql_int(first), sql_int(day->count),
				   sql_int(day->first_ms), sql_int(day->last_ms));
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
		result = change(prune,
				"DELETE FROM series WHERE id = ?1"
				" AND NOT EXISTS (SELECT 1 FROM hour WHERE series = ?1)",
				series, 0, &prune->counts.series, err);
	if (result == 0 && prune->counts.series != gone) {
		if (container)
			note_emptied(prune, container);
		return 0;
	}
	if (result == 0)
		result = make_days(prune, series, err);
	if (result == 0)
		result = change(prune,
				"UPDATE hour SET minutes = NULL WHERE series = ?1 AND hour < ?2"
				" AND minutes NOT NULL",
				series, prune->cuts.minutes, &prune->counts.to_hours, err);
	return result;
}

/* The next series: 1 if there may be more. */
static int prune_some_series(struct prune *prune, struct err *err)
{
	int64_t ids[SERIES_AT_ONCE], containers[SERIES_AT_ONCE];
	sqlite3_stmt *list = SQL_GET(
		prune->sql, "SELECT id, container FROM series WHERE id > ?1 ORDER BY id LIMIT ?2",
		err, sql_int(prune->at), sql_int(SERIES_AT_ONCE));
	size_t count = 0;
	int result;

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
	uint64_t before = prune->counts.evidence;
	int result = 0;

	for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]) && result == 0; i++)
		result = change(prune, drops[i], prune->cuts.days * HOUR_MS, ROWS_AT_ONCE,
				&prune->counts.evidence, err);
	return result < 0 ? result : prune->counts.evidence > before;
}

/* One container that lost all its series. One that never had any stays: it is known to run. */
static int drop_container(struct prune *prune, int64_t container, struct err *err)
{
	int result = change(prune,
			    "DELETE FROM container WHERE id = ?1"
			    " AND NOT EXISTS (SELECT 1 FROM series WHERE container = ?1)"
			    " AND NOT EXISTS (SELECT 1 FROM lifetime WHERE container = ?1)",
			    container, 0, &prune->counts.containers, err);

	return result < 0 ? result
			  : SQL_DO(prune->sql,
				   "DELETE FROM in_force WHERE container = ?1"
				   " AND NOT EXISTS (SELECT 1 FROM container WHERE id = ?1)",
				   err, sql_int(container));
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
		return drop_identities(prune, &of_serials, err);
	case PHASE_SEEN_TEXT:
		return drop_identities(prune, &of_texts, err);
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
	sqlite3_stmt *statement = SQL_PREPARE(
		sql, text, err, sql_int(cuts->days), sql_int(cuts->hours), sql_int(cuts->minutes),
		sql_int(horizon_ms / MINUTE_MS), sql_int(cuts->days * HOUR_MS));
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
