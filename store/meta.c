#include "store/meta.h"

#include "base/mem.h"

#include <sys/random.h>

static int put(struct sql *sql, const char *text, int64_t value, struct err *err)
{
	return SQL_ONCE(sql, text, err, sql_int(value));
}

int meta_horizon(struct sql *sql, int64_t *ret_ms, struct err *err)
{
	return sql_number(sql, "SELECT value FROM meta WHERE key = 'horizon'", ret_ms, err);
}

int meta_move_horizon(struct sql *sql, int64_t ms, struct err *err)
{
	return put(sql, "INSERT OR REPLACE INTO meta (key, value) VALUES ('horizon', ?1)", ms, err);
}

int meta_text_key(struct sql *sql, uint64_t *ret_key, struct err *err)
{
	int64_t key;
	int result = sql_number(sql, "SELECT value FROM meta WHERE key = 'text_key'", &key, err);

	*ret_key = (uint64_t)key;
	return result;
}

int meta_make_text_key(struct sql *sql, uint64_t *ret_key, struct err *err)
{
	int64_t key;

	if (getrandom(&key, sizeof(key), 0) != sizeof(key))
		mem_fail("random bytes");
	int result = put(sql, "INSERT OR IGNORE INTO meta (key, value) VALUES ('text_key', ?1)",
			 key, err);

	return result < 0 ? result : meta_text_key(sql, ret_key, err);
}

int meta_set_text_key(struct sql *sql, uint64_t key, struct err *err)
{
	return put(sql, "INSERT OR REPLACE INTO meta (key, value) VALUES ('text_key', ?1)",
		   (int64_t)key, err);
}
