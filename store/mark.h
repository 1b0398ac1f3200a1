/*
 * Marks: what a store held when a report was made, so that the next one tells what came since.
 *
 * By commit, not by time: a record of last week that was read today came today. A mark holds for
 * each series how many records it had; what it has more now is new since then, exactly.
 */
#ifndef SCLOG_STORE_MARK_H
#define SCLOG_STORE_MARK_H

#include "store/query.h"

struct mark_series {
	int64_t series;
	uint64_t count;
	int64_t last_ms;
};

/* Zeroed is valid: a store that held nothing. Owned; release with mark_release(). */
struct mark {
	int64_t at_ms;              /* when the report was made */
	struct mark_series *series; /* by number */
	size_t count, size;
};
void mark_release(struct mark *mark);

/*
 * What the store holds now. From here on all questions to this store are answered from the same
 * moment, whatever others write: the next mark begins exactly where this report ends. Only for a
 * store that is open for reading.
 */
int mark_take(struct store *store, int64_t now_ms, struct mark *ret_mark, struct err *err);

/* The mark of that name: 1, or 0 where there is none. */
int mark_find(struct store *store, const char *name, struct mark *ret_mark, struct err *err);

/* Keeps it under that name, in place of an earlier one; the store is open for writing. */
int mark_put(struct store *store, const char *name, const struct mark *mark, struct err *err);

/* How many of the observation's records were there at the mark. */
uint64_t mark_before(const struct mark *mark, const struct observation *observation);

#endif
