#include "store/rows.h"

#include "base/mem.h"

#include <stdlib.h>

/* What a statement reads from at present. */
struct rows_source {
	rows_next_fn *next;
	void *context;
	struct err *err;
};

struct table {
	sqlite3_vtab vtab;
	const struct sql *sql;
};

struct cursor {
	sqlite3_vtab_cursor cursor;
	const struct rows_source *source;
	struct sql_value row[ROWS_COLUMNS];
	sqlite3_int64 number;
	bool at_end;
};

static int connect(sqlite3 *db, void *sql, int argc, const char *const *argv,
		   sqlite3_vtab **ret_table, char **ret_message)
{
	struct table *table = mem_new(1, sizeof(*table));

	(void)argc;
	(void)argv;
	(void)ret_message;
	table->sql = sql;
	*ret_table = &table->vtab;
	sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
	BUF_AUTO text = {0};

	buf_put_str(&text, STR("CREATE TABLE rows (a"));
	for (int i = 1; i < ROWS_COLUMNS; i++)
		buf_format(&text, ", %c", 'a' + i);
	buf_put_char(&text, ')');
	return sqlite3_declare_vtab(db, text.p);
}

static int disconnect(sqlite3_vtab *table)
{
	free(table);
	return SQLITE_OK;
}

static int plan(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	info->estimatedCost = 1;
	return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **ret_cursor)
{
	struct cursor *cursor = mem_new(1, sizeof(*cursor));

	cursor->source = ((struct table *)table)->sql->rows;
	*ret_cursor = &cursor->cursor;
	return cursor->source ? SQLITE_OK : SQLITE_MISUSE;
}

static int close_cursor(sqlite3_vtab_cursor *cursor)
{
	free(cursor);
	return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *of)
{
	struct cursor *cursor = (struct cursor *)of;

	memset(cursor->row, 0, sizeof(cursor->row));
	int result =
		cursor->source->next(cursor->source->context, cursor->row, cursor->source->err);

	cursor->at_end = result <= 0;
	cursor->number++;
	return result < 0 ? SQLITE_ERROR : SQLITE_OK;
}

static int first(sqlite3_vtab_cursor *cursor, int plan_number, const char *plan_text, int argc,
		 sqlite3_value **argv)
{
	(void)plan_number;
	(void)plan_text;
	(void)argc;
	(void)argv;
	return next(cursor);
}

static int at_end(sqlite3_vtab_cursor *cursor)
{
	return ((struct cursor *)cursor)->at_end;
}

static int column(sqlite3_vtab_cursor *cursor, sqlite3_context *to, int index)
{
	const struct sql_value *value = &((struct cursor *)cursor)->row[index];
	const char *p = value->bytes.n ? value->bytes.p : "";

	if (value->type == SQL_INT)
		sqlite3_result_int64(to, value->number);
	else if (value->type == SQL_TEXT)
		sqlite3_result_text(to, p, (int)value->bytes.n, SQLITE_STATIC);
	else if (value->type == SQL_BLOB)
		sqlite3_result_blob(to, p, (int)value->bytes.n, SQLITE_STATIC);
	return SQLITE_OK;
}

static int number(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret_number)
{
	*ret_number = ((struct cursor *)cursor)->number;
	return SQLITE_OK;
}

/* Without xCreate: it is there by its name alone. */
static const sqlite3_module module = {
	.xConnect = connect,
	.xDisconnect = disconnect,
	.xBestIndex = plan,
	.xOpen = open_cursor,
	.xClose = close_cursor,
	.xFilter = first,
	.xNext = next,
	.xEof = at_end,
	.xColumn = column,
	.xRowid = number,
};

int rows_put(struct sql *sql, const char *text, rows_next_fn *next_row, void *context,
	     struct err *err)
{
	const struct rows_source source = {next_row, context, err};
	int code = sql->has_rows ? SQLITE_OK : sqlite3_create_module(sql->db, "rows", &module, sql);

	if (code != SQLITE_OK)
		return sql_error(sql, code, err);
	sql->has_rows = true;
	sqlite3_stmt *put = sql_get(sql, text, err);

	sql->rows = &source;
	int result = sql_done(sql, put, err);

	sql->rows = NULL;
	return result;
}
