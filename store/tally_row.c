#include "store/tally_private.h"

#include "ingest/action.h"
#include "ingest/arch.h"
#include "store/mark.h"
#include "store/rows.h"

#include <errno.h>
#include <stdio.h>

static int insert(struct sql *sql, sqlite3_stmt *add, int64_t *ret_id, struct err *err)
{
	int result = sql_done(sql, add, err);

	*ret_id = sqlite3_last_insert_rowid(sql->db);
	return result;
}

int tally_row_node(struct sql *sql, struct str label, struct str name, int64_t *ret_id,
		   struct err *err)
{
	sqlite3_stmt *find = sql_get(sql, SQL_NODE_FIND, err);

	if (!find)
		return -err->code;
	sqlite3_bind_text(find, 1, label.p, (int)label.n, SQLITE_STATIC);
	int result = sql_find(sql, find, ret_id, err);

	if (result != 0)
		return result < 0 ? result : 0;
	sqlite3_stmt *add = sql_get(sql, SQL_NODE_ADD, err);

	if (!add)
		return -err->code;
	sqlite3_bind_text(add, 1, label.p, (int)label.n, SQLITE_STATIC);
	sqlite3_bind_text(add, 2, name.p, (int)name.n, SQLITE_STATIC);
	return insert(sql, add, ret_id, err);
}

static void bind_text(sqlite3_stmt *statement, int index, struct str text)
{
	sqlite3_bind_text(statement, index, text.n ? text.p : "", (int)text.n, SQLITE_STATIC);
}

int tally_profile(struct tally *tally, struct sql *sql, struct str json, int64_t *ret_id,
		  struct err *err)
{
	int64_t hash = (int64_t)mark_of(tally->profile_key, json);
	sqlite3_stmt *find = sql_get(sql, SQL_PROFILE_FIND, err);

	if (!find)
		return -err->code;
	sqlite3_bind_int64(find, 1, hash);
	sql_bind_bytes(find, 2, json);
	int result = sql_find(sql, find, ret_id, err);

	if (result != 0)
		return result < 0 ? result : 0;
	sqlite3_stmt *add = sql_get(sql, SQL_PROFILE_ADD, err);

	if (!add)
		return -err->code;
	sqlite3_bind_int64(add, 1, hash);
	sql_bind_bytes(add, 2, json);
	return insert(sql, add, ret_id, err);
}

/* What both statements that write a container begin with, but for the node; returns the next index. */
static int bind_container(sqlite3_stmt *statement, int at, const struct container *container,
			  int64_t profile)
{
	for (size_t i = 0; i < CONTAINER_TEXT_COUNT; i++)
		bind_text(statement, at++, container->texts[i]);
	if (container->has_caps)
		sqlite3_bind_int64(statement, at, (int64_t)container->caps);
	sqlite3_bind_int(statement, at + 1, container->coverage);
	if (profile)
		sqlite3_bind_int64(statement, at + 2, profile);
	return at + 3;
}

static int container_add(struct sql *sql, int64_t node, const struct container *container,
			 int64_t profile, int64_t *ret_id, struct err *err)
{
	sqlite3_stmt *add = sql_get(sql, SQL_CONTAINER_ADD, err);

	if (!add)
		return -err->code;
	sqlite3_bind_int64(add, bind_container(add, 1, container, profile), node);
	return insert(sql, add, ret_id, err);
}

/* What is known now is known; silence changes nothing. */
static int container_update(struct sql *sql, int64_t id, const struct container *container,
			    int64_t profile, struct err *err)
{
	sqlite3_stmt *update = sql_get(sql, SQL_CONTAINER_UPDATE, err);

	if (!update)
		return -err->code;
	sqlite3_bind_int64(update, bind_container(update, 1, container, profile), id);
	return sql_done(sql, update, err);
}

void tally_set_foreign(struct tally *tally, bool foreign)
{
	tally->foreign = foreign;
}

/* A container by its names alone. */
static struct container named_only(const struct container *container)
{
	struct container named = *container;

	named.has_caps = named.has_profile = false;
	named.coverage = COVERAGE_UNKNOWN;
	return named;
}

int tally_row_container(struct tally *tally, struct sql *sql, int64_t node,
			const struct container *described, int64_t *ret_id, struct err *err)
{
	const struct container named = named_only(described);
	const struct container *container = tally->foreign ? &named : described;
	int64_t profile = 0;
	int result = container->has_profile
			     ? tally_profile(tally, sql, container->profile, &profile, err)
			     : 0;
	sqlite3_stmt *find = result == 0 ? sql_get(sql, SQL_CONTAINER_FIND, err) : NULL;

	if (!find)
		return -err->code;
	sqlite3_bind_int64(find, 1, node);
	bind_text(find, 2, container->id);
	result = sql_find(sql, find, ret_id, err);
	if (result > 0 && tally->foreign)
		return 0;
	if (result > 0)
		return container_update(sql, *ret_id, container, profile, err);
	return result < 0 ? result : container_add(sql, node, container, profile, ret_id, err);
}

int tally_describe(struct tally *tally, struct sql *sql, int64_t node,
		   const struct container *container, struct err *err)
{
	int64_t id;

	return tally_row_container(tally, sql, node, container, &id, err);
}

static void bind_name(sqlite3_stmt *statement, int index, struct str name, bool null)
{
	if (!null)
		sql_bind_bytes(statement, index, name);
}

int tally_row_program(struct sql *sql, const struct record *record, bool make, int64_t *ret_id,
		      struct err *err)
{
	sqlite3_stmt *find = sql_get(sql, SQL_PROGRAM_FIND, err);

	if (!find)
		return -err->code;
	bind_name(find, 1, record->comm, record->comm_null);
	bind_name(find, 2, record->exe, record->exe_null);
	int result = sql_find(sql, find, ret_id, err);

	if (result != 0)
		return result < 0 ? result : 0;
	if (!make)
		return 1;
	sqlite3_stmt *add = sql_get(sql, SQL_PROGRAM_ADD, err);

	if (!add)
		return -err->code;
	bind_name(add, 1, record->comm, record->comm_null);
	bind_name(add, 2, record->exe, record->exe_null);
	return insert(sql, add, ret_id, err);
}

/* What a series is found by, in the order of both statements. */
#define KEY_NUMBERS 6
#define KEY_VALUES  (KEY_NUMBERS + EVENT_WORD_COUNT)

static void key_values(const struct tally *tally, const struct tally_key *key,
		       struct rows_value to[KEY_VALUES])
{
	const struct rows_value none = {SQLITE_NULL, 0, {NULL, 0}},
				numbers[KEY_NUMBERS] = {
					rows_number(tally->programs[key->program].id),
					rows_number(key->nr),
					key->container ? rows_number(key->container) : none,
					rows_number(key->node),
					key->has_arch ? rows_number(key->arch) : none,
					rows_number(key->code),
				};

	memcpy(to, numbers, sizeof(numbers));
	for (int i = 0; i < EVENT_WORD_COUNT; i++)
		to[KEY_NUMBERS + i] = rows_number(key->words[i]);
}

static int read_last_id(struct tally *tally, struct sql *sql, struct err *err)
{
	if (tally->last_id)
		return 0;
	int result = sql_number(sql, "SELECT max(id) FROM series", &tally->last_id, err);

	tally->no_series = tally->last_id == 0;
	if (result == 0 && tally->last_id >= UINT32_MAX - TALLY_SERIES_MAX)
		return err_set(err, EOVERFLOW, "store '%s': more series than it can number",
			       sql->path);
	return result;
}

int tally_row_series_find(struct tally *tally, struct sql *sql, const struct tally_key *key,
			  int64_t *ret_id, struct err *err)
{
	int result = read_last_id(tally, sql, err);

	*ret_id = 0;
	if (result < 0 || tally->no_series)
		return result;
	sqlite3_stmt *find = sql_get(sql, SQL_SERIES_FIND, err);
	struct rows_value values[KEY_VALUES];

	if (!find)
		return -err->code;
	key_values(tally, key, values);
	rows_bind(find, values, KEY_VALUES);
	result = sql_find(sql, find, ret_id, err);
	return result < 0 ? result : 0;
}

int tally_row_series(struct tally *tally, struct sql *sql, struct tally_series *series,
		     bool *ret_new, struct err *err)
{
	int64_t id;
	int result = tally_row_series_find(tally, sql, &series->key, &id, err);

	*ret_new = id == 0;
	if (result == 0)
		series->id = (uint32_t)(id ? id : ++tally->last_id);
	return result;
}

/* Syscalls' names that were asked for: libseccomp takes long, and most series are of few. */
#define NAMES 256 /* power of two */
struct known_name {
	uint32_t arch;
	int32_t nr;
	bool is;
	char name[SYSCALL_NAME_SIZE];
};

/* The series to be inserted. */
struct new_series {
	const struct tally *tally;
	size_t at, to;
	bool counted; /* only those that events were counted to */
	char action[16];
	struct known_name names[NAMES];
};

static struct str name_of(struct new_series *all, uint32_t arch, int32_t nr)
{
	struct known_name *name = &all->names[(arch * 31 + (uint32_t)nr) & (NAMES - 1)];

	if (!name->is || name->arch != arch || name->nr != nr) {
		name->is = true;
		name->arch = arch;
		name->nr = nr;
		syscall_name(arch, nr, name->name);
	}
	return str_from(name->name);
}

static struct str action_of(struct new_series *all, uint32_t code)
{
	const char *known = action_name(code);

	if (!known)
		snprintf(all->action, sizeof(all->action), "0x%x", code);
	return str_from(known ? known : all->action);
}

static void series_values(struct new_series *all, const struct tally_series *series,
			  struct rows_value row[ROWS_COLUMNS])
{
	const struct tally_key *key = &series->key;
	const char *arch = key->has_arch ? arch_name(arch_token(key->arch, key->nr)) : NULL;

	*row++ = rows_number(series->id);
	key_values(all->tally, key, row);
	row += KEY_VALUES;
	if (key->has_arch)
		row[0] = rows_text(name_of(all, key->arch, key->nr));
	if (arch)
		row[1] = rows_text(str_from(arch));
	row[2] = rows_text(action_of(all, key->code));
	row[3] = rows_number(series->pid);
	row[4] = rows_number((int64_t)series->ip);
}

static int next_series(void *context, struct rows_value row[ROWS_COLUMNS], struct err *err)
{
	struct new_series *all = context;

	(void)err;
	for (; all->at < all->to; all->at++) {
		const struct tally_series *series = &all->tally->series[all->at];

		if (!all->tally->series_new[all->at] ||
		    (all->counted && series->count == 0 && series->closed == 0))
			continue;
		series_values(all, series, row);
		all->at++;
		return 1;
	}
	return 0;
}

int tally_row_series_add(const struct tally *tally, struct sql *sql, size_t from, size_t to,
			 bool counted, struct err *err)
{
	struct new_series all = {.tally = tally, .at = from, .to = to, .counted = counted};

	return rows_put(sql, SQL_SERIES_ROWS, next_series, &all, err);
}
