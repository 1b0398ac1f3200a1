#include "store/genuine.h"

#include "store/schema.h"

#include <errno.h>

/* A schema of ours has some thirty rows of a few VM steps each. */
#define SCHEMA_STEPS_MAX 200000

/* sqlite_stat1 and 4 belong to SQLite; a trigger or a view by such a name does not. */
static const char objects_sql[] = "SELECT type, name, tbl_name, sql FROM sqlite_schema"
				  " WHERE NOT (type = 'table' AND name = tbl_name AND"
				  " sql IN ('CREATE TABLE sqlite_stat1(tbl,idx,stat)',"
				  " 'CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)'))"
				  " ORDER BY type, name";

#define OBJECT_COLUMNS 4

static int report(const struct sql *sql, sqlite3_stmt *object, const char *what, struct err *err)
{
	struct str name = sql_column_bytes(object, 1);

	return err_set(
		err, EUCLEAN,
		"store '%s': not a genuine sclog store: '%.*s' in its schema %s; name another"
		" --db, or move the file away and ingest again",
		sql->path, (int)(name.n < 64 ? name.n : 64), name.n ? name.p : "", what);
}

static bool same_object(sqlite3_stmt *theirs, sqlite3_stmt *ours)
{
	for (int i = 0; i < OBJECT_COLUMNS; i++)
		if (sqlite3_column_type(theirs, i) != sqlite3_column_type(ours, i) ||
		    !str_eq(sql_column_bytes(theirs, i), sql_column_bytes(ours, i)))
			return false;
	return true;
}

/* Both in the same order: the first difference ends it. */
static int compare(struct sql *sql, sqlite3_stmt *theirs, struct sql *model, sqlite3_stmt *ours,
		   struct err *err)
{
	int more, wanted;

	do {
		more = sql_step(sql, theirs, err);
		wanted = more < 0 ? more : sql_step(model, ours, err);
		if (more < 0 || wanted < 0)
			return more < 0 ? more : wanted;
		if (more && !wanted)
			return report(sql, theirs, "is not sclog's", err);
		if (wanted && !more)
			return report(sql, ours, "is missing", err);
		if (more && !same_object(theirs, ours))
			return report(sql, theirs, "is not what sclog makes", err);
	} while (more);
	return 0;
}

/* The schema as we make it, in memory. */
static int open_model(struct sql *model, int version, struct err *err)
{
	int result = sql_open(model, ":memory:", "in memory",
			      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);

	return result < 0 ? result : schema_build(model, 0, version, err);
}

int genuine_check(struct sql *sql, int version, struct err *err)
{
	struct sql model = {0};
	int result = open_model(&model, version, err);

	sql_bound(sql, SCHEMA_STEPS_MAX);
	sqlite3_stmt *ours = result == 0 ? sql_prepare(&model, objects_sql, err) : NULL;
	sqlite3_stmt *theirs = ours ? sql_prepare(sql, objects_sql, err) : NULL;

	if (result == 0)
		result = theirs ? compare(sql, theirs, &model, ours, err) : -err->code;
	sqlite3_finalize(theirs);
	sqlite3_finalize(ours);
	sql_close(&model);
	sql_bound(sql, 0);
	return result;
}
