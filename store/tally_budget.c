#include "store/tally_private.h"

#include "base/hash.h"

static struct tally_budget *place_of(struct tally *tally, const struct tally_key *key,
				     uint32_t hour)
{
	uint64_t hash = hash_word(tally->seed, (uint64_t)key->node << 32 | key->container);

	return &tally->budgets[hash_word(hash, hour) & (BUDGETS - 1)];
}

/* What was counted before, by this process or another one. */
static int load(struct tally *tally, struct sql *sql, struct tally_budget *budget, struct err *err)
{
	sqlite3_stmt *count = tally->no_series ? NULL : sql_get(sql, SQL_BUDGET_USED, err);

	if (!count)
		return -err->code;
	sqlite3_bind_int64(count, 1, budget->hour);
	sqlite3_bind_int64(count, 2, budget->node);
	if (budget->container)
		sqlite3_bind_int64(count, 3, budget->container);
	int result = sql_step(sql, count, err);

	if (result > 0)
		budget->used = (uint32_t)sqlite3_column_int64(count, 0);
	sqlite3_reset(count);
	return result < 0 ? result : 0;
}

void tally_set_spent(struct tally *tally, bool spent)
{
	tally->spent = spent;
}

int tally_budget_ask(struct tally *tally, struct sql *sql, const struct tally_key *key,
		     uint32_t most, uint32_t hour, struct err *err)
{
	struct tally_budget *budget = place_of(tally, key, hour);

	if (tally->spent)
		return 0;
	if (budget->node != key->node || budget->container != key->container ||
	    budget->hour != hour) {
		*budget = (struct tally_budget){
			.node = key->node, .container = key->container, .hour = hour};
		int result = load(tally, sql, budget, err);

		if (result < 0)
			return result;
	}
	return budget->used < (key->container ? most : most * BUDGET_NO_CONTAINER);
}

void tally_budget_use(struct tally *tally, const struct tally_key *key, uint32_t hour)
{
	place_of(tally, key, hour)->used++;
}

int tally_budget_has_hour(struct sql *sql, int64_t series, uint32_t hour, struct err *err)
{
	sqlite3_stmt *find = sql_get(sql, SQL_HOUR_FIND, err);

	if (!find)
		return -err->code;
	sqlite3_bind_int64(find, 1, series);
	sqlite3_bind_int64(find, 2, hour);
	int result = sql_step(sql, find, err);

	sqlite3_reset(find);
	return result;
}
