/*
 * Bookmarks: what a store held when a report was made, so that the next one tells what came since.
 *
 * By commit, not by time: a record of last week that was read today came today. A bookmark holds for
 * each series how many records it had; what it has more now is new since then, exactly.
 */
#ifndef SCLOG_STORE_BOOKMARK_H
#define SCLOG_STORE_BOOKMARK_H

#include "store/query.h"

struct bookmark_series {
	int64_t series;
	uint64_t count;
	int64_t last_ms;
};

/* Zeroed is valid: a store that held nothing. Owned; release with bookmark_release(). */
struct bookmark {
	int64_t at_ms;                  /* when the report was made */
	struct bookmark_series *series; /* by number */
	size_t count;
};
void bookmark_release(struct bookmark *mark);

/*
 * What the store holds now. From here on all questions to this store are answered from the same
 * moment, whatever others write: the next mark begins exactly where this report ends. Only for a
 * store that is open for reading.
 */
int bookmark_take(struct store *store, int64_t now_ms, struct bookmark *ret_mark, struct err *err);

/* The mark of that name: 1, or 0 where there is none. */
int bookmark_find(struct store *store, const char *name, struct bookmark *ret_mark,
		  struct err *err);

/* Keeps it under that name, in place of an earlier one; the store is open for writing. */
int bookmark_put(struct store *store, const char *name, const struct bookmark *mark,
		 struct err *err);

/* How many of the observation's records were there at the mark. */
uint64_t bookmark_before(const struct bookmark *mark, const struct observation *observation);

#endif
