#include "store/tally_private.h"

#include "ingest/action.h"
#include "ingest/arch.h"
#include "store/mark.h"
#include "store/rows.h"
#include "store/statements.h"

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
	sqlite3_stmt *find = SQL_GET(sql, NODE_FIND, err, sql_text(label));
	int result = sql_find(sql, find, ret_id, err);

	if (result != 0)
		return result < 0 ? result : 0;
	return insert(sql,
		      SQL_GET(sql, "INSERT INTO node (label, name) VALUES (?1, ?2)", err,
			      sql_text(label), sql_text(name)),
		      ret_id, err);
}

int tally_profile(struct tally *tally, struct sql *sql, struct str json, int64_t *ret_id,
		  struct err *err)
{
	int64_t hash = (int64_t)mark_of(tally->profile_key, json);
	sqlite3_stmt *find = SQL_GET(sql, "SELECT id FROM profile WHERE hash = ?1 AND json = ?2",
				     err, sql_int(hash), sql_bytes(json));
	int result = sql_find(sql, find, ret_id, err);

	if (result != 0)
		return result < 0 ? result : 0;
	return insert(sql,
		      SQL_GET(sql, "INSERT INTO profile (hash, json) VALUES (?1, ?2)", err,
			      sql_int(hash), sql_bytes(json)),
		      ret_id, err);
}

/* A container's words, in the statements that write it, whose parameters come in the same order. */
#define COLUMN(field, column, key)  column ", "
#define GIVEN(field, column, key)   ":" column ", "
#define KNOWN(field, column, key)   column " = coalesce(nullif(:" column ", ''), " column "), "
#define DIFFERS(field, column, key) "(:" column " <> '' AND :" column " <> " column ") OR "
#define COLUMNS                     CONTAINER_TEXTS(COLUMN)
#define VALUES                      CONTAINER_TEXTS(GIVEN)
#define ALL_KNOWN                   CONTAINER_TEXTS(KNOWN)
#define ANY_DIFFERS                 CONTAINER_TEXTS(DIFFERS)

static const char container_add[] =
	"INSERT INTO container (" COLUMNS "caps, coverage, profile, node)"
	" VALUES (" VALUES ":caps, :coverage, :profile, :node)";

/* What is not known now does not erase what was; a row that stays the same is not written. */
static const char container_update[] =
	"UPDATE container SET " ALL_KNOWN "caps = coalesce(:caps, caps),"
	" coverage = coalesce(nullif(:coverage, 0), coverage),"
	" profile = coalesce(:profile, profile) WHERE id = :id AND (" ANY_DIFFERS
	"(:caps NOT NULL AND :caps IS NOT caps) OR (:coverage <> 0 AND :coverage <> coverage)"
	" OR (:profile NOT NULL AND :profile IS NOT profile))";

/* Both of them: with its words, and its node's or its own number. */
static sqlite3_stmt *with_container(struct sql *sql, const char *text,
				    const struct container *container, int64_t profile,
				    int64_t number, struct err *err)
{
	struct sql_value words[CONTAINER_TEXT_COUNT];

	for (size_t i = 0; i < CONTAINER_TEXT_COUNT; i++)
		words[i] = sql_text(container->texts[i]);
	return SQL_BIND(
		sql_bind(sql_get(sql, text, err), 1, words, CONTAINER_TEXT_COUNT),
		1 + CONTAINER_TEXT_COUNT, sql_int_if(container->has_caps, (int64_t)container->caps),
		sql_int(container->coverage), sql_int_if(profile, profile), sql_int(number));
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

	if (result == 0)
		result = sql_find(
			sql,
			SQL_GET(sql, CONTAINER_FIND, err, sql_int(node), sql_text(container->id)),
			ret_id, err);
	if (result < 0 || (result > 0 && tally->foreign))
		return result < 0 ? result : 0;
	if (result > 0)
		return sql_done(
			sql,
			with_container(sql, container_update, container, profile, *ret_id, err),
			err);
	return insert(sql, with_container(sql, container_add, container, profile, node, err),
		      ret_id, err);
}

int tally_describe(struct tally *tally, struct sql *sql, int64_t node,
		   const struct container *container, struct err *err)
{
	int64_t id;

	return tally_row_container(tally, sql, node, container, &id, err);
}

static struct sql_value name_value(struct str name, bool null)
{
	return null ? (struct sql_value){.type = SQL_NULL} : sql_bytes(name);
}

int tally_row_program(struct sql *sql, const struct record *record, bool make, int64_t *ret_id,
		      struct err *err)
{
	const struct sql_value comm = name_value(record->comm, record->comm_null);
	const struct sql_value exe = name_value(record->exe, record->exe_null);
	int result = sql_find(sql, SQL_GET(sql, PROGRAM_FIND, err, comm, exe), ret_id, err);

	if (result != 0)
		return result < 0 ? result : 0;
	return make ? insert(sql, SQL_GET(sql, PROGRAM_ADD, err, comm, exe), ret_id, err) : 1;
}

/* What a series is found by, in the order of both statements. */
#define KEY_NUMBERS 6
#define KEY_VALUES  (KEY_NUMBERS + EVENT_WORD_COUNT)

static void key_values(const struct tally *tally, const struct tally_key *key,
		       struct sql_value to[KEY_VALUES])
{
	const struct sql_value numbers[KEY_NUMBERS] = {
		sql_int(tally->programs[key->program].id),  sql_int(key->nr),
		sql_int_if(key->container, key->container), sql_int(key->node),
		sql_int_if(key->has_arch, key->arch),       sql_int(key->code),
	};

	memcpy(to, numbers, sizeof(numbers));
	for (int i = 0; i < EVENT_WORD_COUNT; i++)
		to[KEY_NUMBERS + i] = sql_int(key->words[i]);
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
	struct sql_value values[KEY_VALUES];

	key_values(tally, key, values);
	result = sql_find(sql, sql_bind(sql_get(sql, SERIES_FIND, err), 1, values, KEY_VALUES),
			  ret_id, err);
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
			  struct sql_value row[ROWS_COLUMNS])
{
	const struct tally_key *key = &series->key;
	const char *arch = key->has_arch ? arch_name(arch_token(key->arch, key->nr)) : NULL;

	*row++ = sql_int(series->id);
	key_values(all->tally, key, row);
	row += KEY_VALUES;
	if (key->has_arch)
		row[0] = sql_text(name_of(all, key->arch, key->nr));
	if (arch)
		row[1] = sql_text(str_from(arch));
	row[2] = sql_text(action_of(all, key->code));
	row[3] = sql_int(series->pid);
	row[4] = sql_int((int64_t)series->ip);
}

static int next_series(void *context, struct sql_value row[ROWS_COLUMNS], struct err *err)
{
	struct new_series *all = context;

	(void)err;
	for (; all->at < all->to; all->at++) {
		const struct tally_series *series = &all->tally->series[all->at];

		if (!all->tally->series_new[all->at] ||
		    (all->counted && series->count == 0 && !series->chunk))
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

	return rows_put(
		sql, /* OR FAIL, whose transaction is then ended: without a copy of what the statement changes */
		"INSERT OR FAIL INTO " SERIES " SELECT * FROM rows", next_series, &all, err);
}
