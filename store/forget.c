#include "store/amend.h"
#include "store/internal.h"
#include "store/match.h"
#include "store/row.h"
#include "store/seen.h"
#include "store/writer.h"

#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The minutes of a node's hour out of which records were forgotten: bit N is minute N. */
struct touched {
	int64_t node, hour;
	uint64_t minutes;
};

struct forget {
	struct amend amend;
	struct amend_counts *counts;
	bool dry_run;
	struct amended at; /* the series at hand */
	int64_t counted;   /* the last series that was counted as touched */
	struct touched *touched;
	size_t count;
	struct buf packed;
};

static void touch(struct forget *forget, int64_t hour, uint64_t minutes)
{
	forget->touched = mem_more(forget->touched, forget->count, sizeof(*forget->touched));
	forget->touched[forget->count++] = (struct touched){forget->at.node, hour, minutes};
}

static int compare_touched(const void *left, const void *right)
{
	const struct touched *a = left, *b = right;

	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	return a->hour < b->hour ? -1 : a->hour > b->hour;
}

/* Takes the minutes of the window out of an hour. A row without minutes goes only as a whole. */
static int forget_hour(void *context, int64_t number, const struct hour *row, struct err *err)
{
	struct forget *forget = context;
	struct hour hour = *row;
	uint64_t minutes = amend_minutes(&forget->amend, number), had = 0;

	if (hour.rolled_up && !amend_holds(&forget->amend, &hour)) {
		bool outside = hour.last_ms < forget->amend.since_minute * MINUTE_MS ||
			       hour.first_ms > forget->amend.until_minute * MINUTE_MS + MINUTE_MS;

		forget->counts->kept += outside ? 0 : hour.count;
		return 0;
	}
	if (hour.rolled_up) {
		had = hour.count;
		hour.count = 0;
	}
	for (unsigned i = 0; i < 60; i++)
		if (minutes >> i & 1)
			had += hour_take(&hour, number, i, UINT64_MAX);
	forget->counts->records += had;
	forget->counts->series += had && forget->at.series != forget->counted;
	forget->counted = had ? forget->at.series : forget->counted;
	if (had && !hour.rolled_up)
		touch(forget, number, minutes);
	if (!had || forget->dry_run)
		return 0;
	return hour_write(forget->amend.sql, forget->at.series, number, &hour, &forget->packed,
			  err);
}

/* One entry for each hour of a node. */
static void join_touched(struct forget *forget)
{
	size_t kept = 0;

	if (forget->count == 0)
		return;
	qsort(forget->touched, forget->count, sizeof(*forget->touched), compare_touched);
	for (size_t i = 1; i < forget->count; i++) {
		if (compare_touched(&forget->touched[kept], &forget->touched[i]) == 0)
			forget->touched[kept].minutes |= forget->touched[i].minutes;
		else
			forget->touched[++kept] = forget->touched[i];
	}
	forget->count = kept + 1;
}

/* A row that is left: its minutes are not only those of forgotten records. */
static void keep_minutes(struct forget *forget, int64_t node, int64_t number, struct str packed)
{
	struct touched key = {.node = node, .hour = number};
	struct touched *touched =
		bsearch(&key, forget->touched, forget->count, sizeof(key), compare_touched);
	struct minutes minutes = {0};

	if (!touched || !minutes_unpack(packed, &minutes))
		return;
	for (unsigned i = 0; i < 60; i++)
		if (minutes.minute[i].count)
			touched->minutes &= ~((uint64_t)1 << i);
}

static int keep_shared(struct forget *forget, struct err *err)
{
	struct sql *sql = forget->amend.sql;
	int64_t first = INT64_MAX, last = INT64_MIN;
	int result;

	for (size_t i = 0; i < forget->count; i++) {
		first = forget->touched[i].hour < first ? forget->touched[i].hour : first;
		last = forget->touched[i].hour > last ? forget->touched[i].hour : last;
	}
	sqlite3_stmt *rows = SQL_PREPARE(sql,
					 "SELECT s.node, h.hour, h.minutes FROM hour h"
					 " JOIN series s ON s.id = h.series"
					 " WHERE h.hour BETWEEN ?1 AND ?2 AND h.minutes NOT NULL",
					 err, sql_int(first), sql_int(last));

	while ((result = sql_step(sql, rows, err)) > 0)
		keep_minutes(forget, sqlite3_column_int64(rows, 0), sqlite3_column_int64(rows, 1),
			     sql_column_bytes(rows, 2));
	sqlite3_finalize(rows);
	return result;
}

static int drop_minute(struct forget *forget, int64_t node, int64_t minute, struct err *err)
{
	struct sql *sql = forget->amend.sql;
	int result = SQL_DO(sql, "DELETE FROM seen WHERE node = ?1 AND minute = ?2", err,
			    sql_int(node), sql_int(minute));

	return result < 0 ? result
			  : SQL_DO(sql, "DELETE FROM seen_text WHERE node = ?1 AND minute = ?2",
				   err, sql_int(node), sql_int(minute));
}

/*
 * The identities of a minute of which nothing is left go too, so that its log can be read again.
 * Where others' records are left in it, nobody can say which identities are whose.
 */
static int drop_identities(struct forget *forget, struct err *err)
{
	join_touched(forget);
	int result = forget->count ? keep_shared(forget, err) : 0;

	for (size_t i = 0; i < forget->count; i++) {
		const struct touched *touched = &forget->touched[i];

		for (unsigned bit = 0; bit < 60 && result == 0; bit++)
			if (touched->minutes >> bit & 1)
				result = drop_minute(forget, touched->node,
						     touched->hour * 60 + bit, err);
	}
	return result;
}

/* Is it containers alone that the selection names? */
static bool names_containers(const struct selection *selection)
{
	bool named = selection->container.count || selection->image.count || selection->pod.count ||
		     selection->namespace.count || selection->workload.count ||
		     selection->node.count;
	bool more = selection->comm.count || selection->exe.count || selection->arch.count ||
		    selection->action.count || selection->syscall.count || selection->host ||
		    selection->unattributed || selection->has_since || selection->has_until;

	return named && !more;
}

/* Then those go as well that have no records. */
static int list_bare(struct amend *amend, struct err *err)
{
	sqlite3_stmt *rows = row_containers(amend->sql, true, err);
	struct container container;
	int result;

	while ((result = sql_step(amend->sql, rows, err)) > 0) {
		row_container(rows, 2, &container);
		if (match_container(amend->selection, &container, sql_column_name(rows, 1)))
			amend_add(amend,
				  &(struct amended){.container = sqlite3_column_int64(rows, 0)});
	}
	sqlite3_finalize(rows);
	return result;
}

static int forget_all(struct forget *forget, struct err *err)
{
	struct amend *amend = &forget->amend;
	uint64_t series, containers;
	int result = 0;

	for (size_t i = 0; i < amend->count && result == 0; i++) {
		forget->at = amend->all[i];
		result = amend_hours(amend, forget->at.series, forget_hour, forget, err);
	}
	if (result < 0 || forget->dry_run)
		return result;
	result = drop_identities(forget, err);
	if (result == 0 && names_containers(amend->selection))
		result = list_bare(amend, err);
	return result < 0 ? result : amend_drop_empty(amend, &series, &containers, err);
}

int store_forget(struct store *store, const struct selection *selection, bool dry_run,
		 struct amend_counts *ret_counts, struct err *err)
{
	struct forget forget = {.counts = ret_counts, .dry_run = dry_run};
	int result = sql_run(&store->sql, dry_run ? "BEGIN" : "BEGIN IMMEDIATE", err);

	*ret_counts = (struct amend_counts){0};
	if (result == 0)
		result = amend_list(&forget.amend, &store->sql, selection, err);
	if (result == 0)
		result = forget_all(&forget, err);
	if (result == 0)
		result = sql_run(&store->sql, "COMMIT", err);
	if (!sqlite3_get_autocommit(store->sql.db))
		sqlite3_exec(store->sql.db, "ROLLBACK", NULL, NULL, NULL);
	if (!dry_run)
		writer_forget(store); /* it may know rows that are gone */
	amend_release(&forget.amend);
	free(forget.touched);
	buf_release(&forget.packed);
	return result;
}

struct wanted {
	struct str id;
	char found[LOSS_ID_SIZE];
	struct buf text;
	size_t count;
	bool acknowledged;
};

static int look_for(const struct loss *loss, void *context)
{
	struct wanted *wanted = context;

	if (!str_starts(str_from(loss->id), wanted->id))
		return 0;
	wanted->count++;
	snprintf(wanted->found, sizeof(wanted->found), "%s", loss->id);
	buf_clear(&wanted->text);
	buf_put_str(&wanted->text, loss->text);
	wanted->acknowledged = loss->reason.n > 0;
	return 0;
}

static int put_acknowledged(struct store *store, const struct wanted *wanted, struct str reason,
			    int64_t now_ms, struct err *err)
{
	return SQL_ONCE(&store->sql,
			"INSERT OR REPLACE INTO acknowledged (id, at, reason, text)"
			" VALUES (?1, ?2, ?3, ?4)",
			err, sql_text(str_from(wanted->found)), sql_int(now_ms), sql_text(reason),
			sql_bytes(buf_str(&wanted->text)));
}

int store_acknowledge(struct store *store, struct str id, struct str reason, int64_t now_ms,
		      bool dry_run, struct buf *ret_text, struct err *err)
{
	const struct selection everything = {0};
	struct wanted wanted = {.id = id};
	int result = query_losses(store, &everything, look_for, &wanted, err);

	if (result == 0 && wanted.count == 0)
		result = err_set(err, ENOENT,
				 "no evidence '%.*s' in this store: `sclog diff -v` and --format"
				 " json show the ids",
				 (int)id.n, id.p);
	if (result == 0 && wanted.count > 1)
		result = err_set(err, EINVAL, "'%.*s' fits %zu ids: give more of it", (int)id.n,
				 id.p, wanted.count);
	if (result == 0 && !dry_run)
		result = put_acknowledged(store, &wanted, reason, now_ms, err);
	if (result == 0)
		buf_put_str(ret_text, buf_str(&wanted.text));
	buf_release(&wanted.text);
	return result;
}
