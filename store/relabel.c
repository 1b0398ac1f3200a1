#include "store/amend.h"
#include "store/internal.h"
#include "store/writer.h"

#include <errno.h>

struct relabel {
	struct amend amend;
	struct amend_counts *counts;
	int64_t series, target; /* hours go from one to the other */
	struct buf packed;
};

/* The target's hour as it is, with what came; a row without minutes keeps none. */
static void join_hours(struct hour *into, const struct hour *from, int64_t number)
{
	if (from->rolled_up || into->rolled_up) {
		if (into->count == 0 || from->first_ms < into->first_ms)
			into->first_ms = from->first_ms;
		if (into->count == 0 || from->last_ms > into->last_ms)
			into->last_ms = from->last_ms;
		into->count += from->count;
		into->rolled_up = true;
		return;
	}
	for (unsigned i = 0; i < 60; i++) {
		const struct minute *minute = &from->minutes.minute[i];

		if (minute->count)
			hour_add(into, number * 60 + i, minute->count, minute->first, minute->last);
	}
}

static int move_hour(void *context, int64_t number, const struct hour *row, struct err *err)
{
	struct relabel *relabel = context;
	struct sql *sql = relabel->amend.sql;
	struct hour left = *row, moved = {.count = 0}, into;
	uint64_t minutes = amend_minutes(&relabel->amend, number);

	if (row->rolled_up && !amend_holds(&relabel->amend, row)) {
		relabel->counts->kept += row->count;
		return 0;
	}
	if (row->rolled_up) {
		moved = *row;
		left.count = 0;
	}
	for (unsigned i = 0; i < 60; i++) {
		const struct minute minute = left.minutes.minute[i];

		if ((minutes >> i & 1) && hour_take(&left, number, i, UINT64_MAX))
			hour_add(&moved, number * 60 + i, minute.count, minute.first, minute.last);
	}
	relabel->counts->records += moved.count;
	if (moved.count == 0 || relabel->series == relabel->target || !relabel->target)
		return 0;
	int result = hour_load(sql, relabel->target, number, &into, err);

	if (result < 0)
		return result;
	join_hours(&into, &moved, number);
	result = hour_write(sql, relabel->target, number, &into, &relabel->packed, err);
	return result < 0 ? result
			  : hour_write(sql, relabel->series, number, &left, &relabel->packed, err);
}

/* One number that a statement with two parameters gives; 0 if there is none. */
static int ask(struct sql *sql, const char *text, int64_t first, int64_t second,
	       int64_t *ret_number, struct err *err)
{
	sqlite3_stmt *statement = SQL_PREPARE(sql, text, err, sql_int(first), sql_int(second));

	*ret_number = 0;
	int result = sql_step(sql, statement, err);

	if (result > 0)
		*ret_number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return result < 0 ? result : 0;
}

/* The columns of a series that say neither whose it is nor are a sample: those are its key. Columns
 * that another version of the schema adds are keys, too. */
static int list_keys(struct sql *sql, struct buf *same, struct buf *columns, struct err *err)
{
	sqlite3_stmt *names = sql_prepare(
		sql,
		"SELECT name FROM pragma_table_info('series') WHERE name NOT IN ('id',"
		" 'container', 'attribution', 'reason', 'coverage', 'syscall', 'arch_name',"
		" 'action', 'pid', 'ip')",
		err);
	int result;

	while ((result = sql_step(sql, names, err)) > 0) {
		struct str name = sql_column_name(names, 0);

		buf_format(same, " AND b.%.*s IS a.%.*s", (int)name.n, name.p, (int)name.n, name.p);
		buf_format(columns, ", %.*s", (int)name.n, name.p);
	}
	sqlite3_finalize(names);
	return result;
}

/* The series that is the same but for its container; made if there is none. */
static int find_target(struct sql *sql, int64_t series, int64_t container, int64_t *ret_target,
		       struct err *err)
{
	BUF_AUTO same = {0};
	BUF_AUTO columns = {0};
	BUF_AUTO find = {0};
	BUF_AUTO make = {0};
	int64_t none;
	int result = list_keys(sql, &same, &columns, err);

	if (result < 0)
		return result;
	buf_format(&find,
		   "SELECT b.id FROM series a JOIN series b ON true%s WHERE a.id = ?1"
		   " AND b.container = ?2 AND b.attribution = 0 ORDER BY b.id",
		   same.p);
	buf_format(&make,
		   "INSERT INTO series (container, attribution, reason, coverage, syscall,"
		   " arch_name, action, pid, ip%s) SELECT ?2, 0, 0, 0, syscall, arch_name, action,"
		   " pid, ip%s FROM series WHERE id = ?1",
		   columns.p, columns.p);
	result = ask(sql, find.p, series, container, ret_target, err);
	if (result < 0 || *ret_target)
		return result;
	result = ask(sql, make.p, series, container, &none, err);
	*ret_target = sqlite3_last_insert_rowid(sql->db);
	return result;
}

/* The container of that name on the node, if there is one; else it is made. */
static int find_container(struct store *store, int64_t node, const struct container *to,
			  int64_t *ret_container, struct err *err)
{
	struct sql *sql = &store->sql;
	sqlite3_stmt *find =
		SQL_PREPARE(sql,
			    "SELECT cid FROM container WHERE node = ?1 AND (cid = ?2 OR name = ?2)"
			    " ORDER BY cid = ?2 DESC, id DESC",
			    err, sql_int(node), sql_bytes(to->name));
	struct container container = *to;
	int result = sql_step(sql, find, err);

	if (result > 0)
		container.id = sql_column_name(find, 0);
	if (result >= 0)
		result = tally_container(store->tally, sql, node, &container, ret_container, err);
	sqlite3_finalize(find);
	return result;
}

/* What is given of the labels replaces what was, of the container that the records are of. */
static int set_labels(struct sql *sql, int64_t id, const struct container *to, struct err *err)
{
	return SQL_DO(sql,
		      "UPDATE container SET image = coalesce(nullif(?1, ''), image),"
		      " pod = coalesce(nullif(?2, ''), pod),"
		      " namespace = coalesce(nullif(?3, ''), namespace),"
		      " workload = coalesce(nullif(?4, ''), workload) WHERE id = ?5",
		      err, sql_bytes(to->image), sql_bytes(to->pod), sql_bytes(to->namespace),
		      sql_bytes(to->workload), sql_int(id));
}

static int relabel_series(struct store *store, struct relabel *relabel,
			  const struct amended *amended, const struct container *to, bool dry_run,
			  struct err *err)
{
	int64_t container = amended->container;
	int result = 0;

	relabel->series = amended->series;
	relabel->target = 0;
	if (!dry_run && to->name.n)
		result = find_container(store, amended->node, to, &container, err);
	if (result == 0 && !dry_run && container)
		result = set_labels(&store->sql, container, to, err);
	if (result == 0 && !dry_run && to->name.n && container != amended->container &&
	    amended->series)
		result =
			find_target(&store->sql, amended->series, container, &relabel->target, err);
	return result < 0 ? result
			  : amend_hours(&relabel->amend, amended->series, move_hour, relabel, err);
}

/* A container whose records have all moved was the other one: so what is known of it is known of that,
 * where that has nothing of its own; and its active profiles and processes are that one's. */
static int inherit(struct sql *sql, int64_t from, int64_t to, struct err *err)
{
	/* whatever moved, it ran as long as both */
	static const char ended[] = "UPDATE container SET ended = max(container.ended, a.ended)"
				    " FROM container a WHERE a.id = ?1 AND container.id = ?2";
#define OWN(column) #column " = coalesce(nullif(container." #column ", ''), a." #column ")"
	static const char *const texts[] = {
		"UPDATE container SET " OWN(runtime) ", " OWN(image) ", " OWN(pod) ", " OWN(namespace) ", " OWN(
			workload) ", caps = coalesce(container.caps, a.caps),"
				  " profile = coalesce(container.profile, a.profile),"
				  " coverage = coalesce(nullif(container.coverage, 0), a.coverage)"
				  " FROM container a WHERE a.id = ?1 AND container.id = ?2",
		"UPDATE in_force SET container = ?2 WHERE container = ?1",
		"UPDATE lifetime SET container = ?2 WHERE container = ?1",
	};
#undef OWN
	int64_t records;
	int result = SQL_DO(sql, ended, err, sql_int(from), sql_int(to));

	if (result == 0)
		result = ask(sql,
			     "SELECT count(*) FROM series s JOIN hour h ON h.series = s.id"
			     " WHERE s.container = ?1 AND ?2",
			     from, to, &records, err);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && result == 0 && !records; i++)
		result = SQL_DO(sql, texts[i], err, sql_int(from), sql_int(to));
	return result;
}

static int inherit_all(struct store *store, const struct amend *amend, const struct container *to,
		       struct err *err)
{
	int64_t container, last = 0;
	int result = 0;

	for (size_t i = 0; i < amend->count && result == 0; i++) {
		const struct amended *one = &amend->all[i];

		if (!one->container || one->container == last)
			continue;
		last = one->container;
		result = find_container(store, one->node, to, &container, err);
		if (result == 0 && container != last)
			result = inherit(&store->sql, last, container, err);
	}
	return result;
}

static int relabel_all(struct store *store, struct relabel *relabel, const struct container *to,
		       bool dry_run, struct err *err)
{
	struct amend *amend = &relabel->amend;
	uint64_t containers, series;
	int result = 0;

	relabel->counts->series = amend->count;
	for (size_t i = 0; i < amend->count && result == 0; i++)
		result = relabel_series(store, relabel, &amend->all[i], to, dry_run, err);
	if (result == 0 && !dry_run && to->name.n)
		result = inherit_all(store, amend, to, err);
	return result < 0 || dry_run ? result : amend_drop_empty(amend, &series, &containers, err);
}

int store_relabel(struct store *store, const struct selection *selection,
		  const struct container *to, bool dry_run, struct amend_counts *ret_counts,
		  struct err *err)
{
	struct relabel relabel = {.counts = ret_counts};
	int result = dry_run ? sql_run(&store->sql, "BEGIN", err) : writer_begin(store, err);

	*ret_counts = (struct amend_counts){0};
	if (result == 0)
		result = amend_list(&relabel.amend, &store->sql, selection, err);
	if (result == 0)
		result = relabel_all(store, &relabel, to, dry_run, err);
	if (result == 0)
		result = sql_run(&store->sql, "COMMIT", err);
	if (!sqlite3_get_autocommit(store->sql.db))
		sqlite3_exec(store->sql.db, "ROLLBACK", NULL, NULL, NULL);
	store->writing = false;
	if (!dry_run)
		writer_forget(store); /* it may know rows that are gone */
	amend_release(&relabel.amend);
	buf_release(&relabel.packed);
	return result;
}
