#include "store/tally_private.h"
#include "store/statements.h"

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
	int64_t used = 0;

	if (tally->no_series)
		return 0;
	int result = sql_find(sql,
			      SQL_GET(sql,
				      "SELECT sum(1 + (coalesce(length(CAST(p.comm AS BLOB)), 0)"
				      " + coalesce(length(CAST(p.exe AS BLOB)), 0)) / 256)"
				      " FROM hour h CROSS JOIN series s ON s.id = h.series"
				      " CROSS JOIN program p ON p.id = s.program"
				      " WHERE h.hour = ?1 AND s.node = ?2 AND s.container IS ?3",
				      err, sql_int(budget->hour), sql_int(budget->node),
				      sql_int_if(budget->container, budget->container)),
			      &used, err);

	budget->used = (uint32_t)used;
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

void tally_budget_use(struct tally *tally, const struct tally_key *key, uint32_t hour,
		      uint32_t count)
{
	place_of(tally, key, hour)->used += count;
}

int tally_budget_has_hour(struct sql *sql, int64_t series, uint32_t hour, struct err *err)
{
	sqlite3_stmt *find = SQL_GET(sql, HOUR_FIND, err, sql_int(series), sql_int(hour));
	int result = sql_step(sql, find, err);

	sqlite3_reset(find);
	return result;
}
