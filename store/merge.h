/*
 * Merging another store into this one. Internal to store/.
 *
 * A store has counts by minute and, apart from them, the identities of the events counted. So two
 * stores are merged a minute of a node at a time: what their identities have in common says what is
 * to be done with the counts. Before the later horizon of both there are none (store/merge_old.h).
 */
#ifndef SCLOG_STORE_MERGE_H
#define SCLOG_STORE_MERGE_H

#include "store/internal.h"
#include "store/merge_old.h"

enum merge_relation {
	MERGE_DISJOINT, /* no event in common: counts add up */
	MERGE_KNOWN,    /* theirs are all here: nothing to do */
	MERGE_WIDER,    /* ours are all there: their counts replace ours */
	MERGE_OVERLAP,  /* parts of each: the larger count of each series is a minimum */
};

struct merged_minute {
	int64_t node, minute; /* node: our number */
	uint64_t ours, theirs, fresh;
	uint64_t our_texts; /* of ours, those without a serial */
	bool unsure; /* texts of both, which may be the same events: marked under two keys, or
			a text's in one and the kernel's in the other */
};

struct merge {
	struct store *store;
	struct sql from;
	int held;     /* foreign_open() */
	bool foreign; /* others may have written it: nothing of it is the kernel's word */
	struct merged_minute *minutes; /* sorted by node and minute once all are there */
	size_t count;
	size_t sorted;      /* of the minutes, those that can be looked up */
	bool same_key;      /* texts are marked alike */
	int64_t horizon_ms; /* the later one of both: before it nothing has an identity */
	struct old_day old; /* of the series at hand, their rows of a day before it */
	struct merge_result *result;
};

/* Runs a query on their store and takes each row; ?1, if it has that, is the horizon's minute. */
typedef int merge_row_fn(struct merge *merge, sqlite3_stmt *row, struct err *err);
int merge_each_row(struct merge *merge, const char *text, merge_row_fn *take, struct err *err);

/* The evidence that counts at that time are minima. */
int merge_note_minima(struct merge *merge, int64_t node, int64_t ms, struct err *err);

/* Their file may be anybody's: what is no minute of the store's would overflow further on. */
int merge_check_minute(const struct merge *merge, int64_t minute, struct err *err);

/* The trust of what they state as `trust`. */
static inline enum trust merge_trust(const struct merge *merge, enum trust trust)
{
	return merge->foreign ? TRUST_TEXT : trust;
}

/* Adds their identities, and takes counts of ours away that theirs replace (merge_minute.c). */
int merge_identities(struct merge *merge, struct err *err);

/* A minute of which identities were merged, then; NULL: there are none. */
struct merged_minute *merge_find_minute(const struct merge *merge, int64_t node, int64_t minute);
enum merge_relation merge_relation_of(const struct merged_minute *minute);

/* Adds their counts (merge_count.c). */
int merge_counts(struct merge *merge, struct err *err);

#endif
