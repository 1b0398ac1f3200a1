#include "store/merge.h"

#include "base/clock.h"
#include "store/foreign.h"
#include "store/in_force.h"
#include "store/meta.h"
#include "store/minutes.h"
#include "store/row.h"
#include "store/schema.h"
#include "store/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int merge_check_minute(const struct merge *merge, int64_t minute, struct err *err)
{
	return minute >= 0 && minute <= UINT32_MAX
		       ? 0
		       : err_set(err, EUCLEAN, "store '%s': it contains an invalid time",
				 merge->from.path);
}

int merge_note_minima(struct merge *merge, int64_t node, int64_t ms, struct err *err)
{
	const struct loss_note note = {
		.kind = LOSS_OVERLAP, .ms = ms, .detail = str_from(merge->from.path)};

	return loss_put(&merge->store->sql, node, &note, 0, err);
}

/* Takes each row of a statement on their store. */
static int take_rows(struct merge *merge, sqlite3_stmt *rows, merge_row_fn *take, struct err *err)
{
	int result = 0;

	while (result >= 0 && (result = sql_step(&merge->from, rows, err)) > 0)
		result = take(merge, rows, err);
	sqlite3_finalize(rows);
	return result;
}

int merge_each_row(struct merge *merge, const char *text, merge_row_fn *take, struct err *err)
{
	int64_t minute = merge->horizon_ms ? merge->horizon_ms / MINUTE_MS : INT64_MIN;

	return take_rows(merge, SQL_PREPARE(&merge->from, text, err, sql_int(minute)), take, err);
}

/* A container of theirs, with records or without, as row_containers() gives it. */
static int merge_container(struct merge *merge, sqlite3_stmt *row, struct err *err)
{
	struct store *store = merge->store;
	struct container container;
	int64_t node;
	int result = tally_node(store->tally, &store->sql, sql_column_name(row, 1), &node, err);

	row_container(row, 2, &container);
	row_profile(row, 11, &container);
	return result < 0 ? result
			  : tally_describe(store->tally, &store->sql, node, &container, err);
}

/* A loss of theirs: node label, kind, at, mark, count, detail. */
static int merge_loss(struct merge *merge, sqlite3_stmt *row, struct err *err)
{
	struct store *store = merge->store;
	struct loss_note note = {
		.kind = (enum loss_kind)sqlite3_column_int(row, 1),
		.ms = sqlite3_column_int64(row, 2),
		.count = (uint64_t)sqlite3_column_int64(row, 4),
		.node = sql_column_name(row, 0),
		.detail = sql_column_name(row, 5),
	};

	return writer_put_loss(store, &note, (uint64_t)sqlite3_column_int64(row, 3), err);
}

/* A profile that was in force: node, container, profile, source, actions, since, until. */
static int merge_in_force(struct merge *merge, sqlite3_stmt *row, struct err *err)
{
	struct store *store = merge->store;
	struct str cid = sql_column_bytes(row, 1);
	const struct container named = {.id = cid};
	const struct store_in_force in_force = {
		.source = sql_column_bytes(row, 3),
		.has_actions = sqlite3_column_type(row, 4) != SQLITE_NULL,
		.actions = (unsigned)sqlite3_column_int(row, 4),
		.since_ms = sqlite3_column_int64(row, 5),
		.is_open = sqlite3_column_type(row, 6) == SQLITE_NULL,
		.until_ms = sqlite3_column_int64(row, 6),
	};
	int64_t node, container = 0, profile;
	int result = tally_node(store->tally, &store->sql, sql_column_bytes(row, 0), &node, err);

	if (result == 0 && cid.n)
		result = tally_container(store->tally, &store->sql, node, &named, &container, err);
	if (result == 0)
		result = tally_profile(store->tally, &store->sql, sql_column_bytes(row, 2),
				       &profile, err);
	return result < 0 ? result
			  : in_force_merge(&store->sql, node, container, profile, &in_force, err);
}

/* Of an older schema the last profile of each container is known. */
static const char *in_force_of(int schema)
{
	if (schema >= 3)
		return "SELECT n.name, c.cid, p.json, i.source, i.actions, i.since, i.until"
		       " FROM in_force i JOIN node n ON n.id = i.node JOIN profile p"
		       " ON p.id = i.profile LEFT JOIN container c ON c.id = i.container"
		       " ORDER BY i.id";
	return "SELECT n.name, c.cid, p.json, '" STORE_IN_FORCE_WATCHED "', NULL, 0, NULL"
	       " FROM container c JOIN node n ON n.id = c.node JOIN profile p ON p.id = c.profile";
}

static int merge_acknowledged(struct merge *merge, sqlite3_stmt *row, struct err *err)
{
	struct sql *sql = &merge->store->sql;
	sqlite3_stmt *put = sql_get(sql,
				    "INSERT OR IGNORE INTO acknowledged (id, at, reason, text)"
				    " VALUES (?1, ?2, ?3, ?4)",
				    err);

	for (int i = 0; put && i < 4; i++)
		sqlite3_bind_value(put, i + 1, sqlite3_column_value(row, i));
	return sql_done(sql, put, err);
}

static int merge_spans(struct merge *merge, sqlite3_stmt *row, struct err *err)
{
	struct store *store = merge->store;
	int64_t node;
	int result = tally_node(store->tally, &store->sql, sql_column_name(row, 0), &node, err);

	return result < 0 ? result
			  : stream_merge(&merge->from, sqlite3_column_int64(row, 1),
					 merge_trust(merge, TRUST_KERNEL), &store->sql, node, err);
}

static int merge_all(struct merge *merge, struct err *err)
{
	int result = merge_identities(merge, err);

	if (result == 0)
		result = merge_counts(merge, err);
	if (result == 0)
		result = take_rows(merge, row_containers(&merge->from, true, err), merge_container,
				   err);
	if (result == 0 && merge->from.schema >= 2 && !merge->foreign)
		result =
			merge_each_row(merge, in_force_of(merge->from.schema), merge_in_force, err);
	if (result == 0)
		result = merge_each_row(merge,
					"SELECT n.name, l.kind, l.at, l.mark, l.count, l.detail"
					" FROM loss l JOIN node n ON n.id = l.node",
					merge_loss, err);
	if (result == 0 && merge->from.schema >= 3 && !merge->foreign)
		result = merge_each_row(
			merge,
			"SELECT CAST(substr(id, 1, 12) AS TEXT), at,"
			" substr(reason, 1, 4096), substr(text, 1, 4096) FROM acknowledged",
			merge_acknowledged, err);
	if (result == 0)
		result = merge_each_row(merge, "SELECT name, id FROM node", merge_spans, err);
	return result;
}

static int check_other(const struct store *store, const char *path, struct err *err)
{
	struct stat ours, theirs;

	if (store->mode != STORE_MEMORY && stat(store->path, &ours) == 0 &&
	    stat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
	    ours.st_ino == theirs.st_ino)
		return err_set(err, EINVAL, "store '%s': cannot be merged into itself", path);
	return 0;
}

/* Each store marks texts under a key of its own: those of one say nothing to another. */
static int compare_keys(struct merge *merge, struct err *err)
{
	uint64_t key;
	int result = meta_text_key(&merge->from, &key, err);

	merge->same_key = key == merge->store->text_key;
	return result;
}

/* Identities older than the later horizon are missing in one of the two: it becomes ours. */
static int choose_horizon(struct merge *merge, struct err *err)
{
	int64_t theirs, now;
	int result = meta_horizon(&merge->from, &theirs, err);

	if (result == 0)
		result = clock_now_ms(&now, err);
	if (result < 0)
		return result;
	/* theirs is not to keep ours from counting what is yet to come */
	if (theirs < 0 || theirs % HOUR_MS || theirs > now + STORE_DAY_MS)
		return err_set(err, EUCLEAN, "store '%s': its horizon is not a time in the past",
			       merge->from.path);
	merge->horizon_ms = merge->store->horizon_ms;
	if (theirs <= merge->horizon_ms)
		return 0;
	if (merge->foreign)
		return err_set(err, EACCES,
			       "store '%s' was pruned up to a later time than this one, and it %s: "
			       "merge it after `chown %u FILE && chmod go-w FILE`, if you trust it",
			       merge->from.path, merge->result->foreign, (unsigned)geteuid());
	merge->horizon_ms = theirs;
	return meta_move_horizon(&merge->store->sql, theirs, err);
}

int store_merge(struct store *store, const char *path, struct merge_result *ret_result,
		struct err *err)
{
	struct merge merge = {.store = store, .held = -1, .result = ret_result};
	/* First of all: what was put before is kept, whatever becomes of the merge. */
	int result = store_commit(store, err);

	*ret_result = (struct merge_result){0};
	if (result == 0)
		result = check_other(store, path, err);
	if (result == 0)
		result = foreign_open(&merge.from, path, ret_result->foreign, &merge.held, err);
	merge.foreign = ret_result->foreign[0];
	tally_set_foreign(store->tally, merge.foreign);
	if (result == 0)
		result = schema_ensure(&merge.from, false, err);
	if (result == 0)
		store_bound_reading(&merge.from);
	if (result == 0)
		result = sql_run(&merge.from, "BEGIN", err); /* one state of it, while it lives */
	if (result == 0)
		result = compare_keys(&merge, err);
	if (result == 0)
		result = writer_begin(store, err);
	if (result == 0)
		result = choose_horizon(&merge, err);
	if (result == 0)
		result = merge_all(&merge, err);
	if (result == 0)
		result = writer_commit(store, err);
	if (result == 0)
		store->horizon_ms = merge.horizon_ms;
	if (result < 0)
		writer_forget(store);
	else if (store->patient)
		writer_keep(store);
	ret_result->duplicates = ret_result->records - ret_result->added;
	tally_set_foreign(store->tally, false);
	free(merge.minutes);
	sql_close(&merge.from);
	if (merge.held >= 0)
		close(merge.held);
	return result;
}
