/*
 * Observations that are not committed yet, and the names and keys that they hang on.
 *
 * A series is everything about an event but its time: node, container, program, phase, source,
 * arch, number, action. While a series stays within one minute, counting an event is an
 * increment. A minute that ends goes into a list; a flush merges the lists into the hours on
 * disk. All memory is bounded: tally_full() asks for a commit. Internal to store/.
 */
#ifndef SCLOG_STORE_TALLY_H
#define SCLOG_STORE_TALLY_H

#include "correlate/event.h"
#include "store/sql.h"

struct tally;

/* profile_key: under which the store's profiles are hashed. */
struct tally *tally_new(uint64_t profile_key);
void tally_free(struct tally *tally);

/* Bounds the series of a container and hour from now on: a store that is kept. */
void tally_set_budget(struct tally *tally);

/* Touches all of the memory now. */
void tally_reserve(struct tally *tally);

/* The number of a node, by its first label; made if it is new. Returns 0 or -errno. */
int tally_node(struct tally *tally, struct sql *sql, struct str name, int64_t *ret_node,
	       struct err *err);

/* Counts so many events alike, of one minute, within the budget of the record's hour (ms 0: without); the connection must be inside a write transaction.
 * Returns 0 or -errno. */
struct tally_batch {
	uint64_t count;
	int64_t first_ms, last_ms; /* in one minute */
};
int tally_count_batch(struct tally *tally, struct sql *sql, const struct event *event, int64_t node,
		      const struct tally_batch *batch, struct err *err);

/*
 * For many events alike: their series, which is good while the generation of the keys is the same, in
 * the hour of the record, and an event that is counted to it.
 */
struct tally_series;
struct store_event;
uint32_t tally_generation(const struct tally *tally);
int tally_series_get(struct tally *tally, struct sql *sql, const struct event *event, int64_t node,
		     struct tally_series **ret_series, struct err *err);
void tally_count_one(struct tally *tally, struct tally_series *series,
		     const struct store_event *event);
/* Asks for the memory that counting to the series takes if its minute is over. It may be of an old
 * generation. */
void tally_prefetch(const struct tally *tally, const struct tally_series *series);

/*
 * The event was counted to no container (its identity was open, store/seen.h), and now its
 * container is known: the flush takes it out of the series that has it and counts it to its own.
 * Where none has it (hours rolled up, a merged store) it stays as it was counted.
 */
int tally_move(struct tally *tally, struct sql *sql, const struct event *event, int64_t node,
	       struct err *err);

/* The event is counted, and a text said the same of it before: the flush takes that one out of the
 * series that has it, of the same container or of none. */
int tally_replace(struct tally *tally, struct sql *sql, const struct event *event, int64_t node,
		  struct err *err);

/* No budget has room for another series: what is new counts to the coarsest ones. */
void tally_set_spent(struct tally *tally, bool spent);

/*
 * Containers are described by somebody who is not believed: known ones stay as they are, and of new
 * ones neither coverage nor capabilities nor profile are taken.
 */
void tally_set_foreign(struct tally *tally, bool foreign);

/* What is known of a container, profile included: the row is made, or what is new in it. */
int tally_describe(struct tally *tally, struct sql *sql, int64_t node,
		   const struct container *container, struct err *err);

/* The number of a profile's text, which is kept once. */
int tally_profile(struct tally *tally, struct sql *sql, struct str json, int64_t *ret_id,
		  struct err *err);

/* The number of a container of that node; made if it is new. */
int tally_container(struct tally *tally, struct sql *sql, int64_t node,
		    const struct container *container, int64_t *ret_id, struct err *err);

/* The number of the event's series, which has a row from now on. */
int tally_series_row(struct tally *tally, struct sql *sql, const struct event *event, int64_t node,
		     int64_t *ret_id, struct err *err);

/* What is on disk of the event's series in that minute; 0 if there is none. */
int tally_minute_count(struct tally *tally, struct sql *sql, const struct event *event,
		       int64_t node, int64_t minute, uint64_t *ret_count, struct err *err);

bool tally_full(const struct tally *tally);

/* Minutes of series that wait for the flush. */
uint64_t tally_begun(const struct tally *tally);

/* Merges everything into the store, and keeps the keys for what comes next. *ret_moved: events
 * that went over to their container. */
int tally_flush(struct tally *tally, struct sql *sql, uint64_t *ret_moved, struct err *err);

/* Forgets what was not written, and every key (another writer may have changed them). */
void tally_reset(struct tally *tally);

#endif
