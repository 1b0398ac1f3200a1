/*
 * What the parts of the tally share: tally.c finds the series of an event and counts it,
 * tally_row.c finds or makes the rows that series hang on, tally_hour.c merges the counted minutes
 * into the hours on disk, tally_move.c takes events over to a container that became known. Not for
 * other files.
 *
 * What is called for each event stands in tally.c together, to be inlined.
 */
#ifndef SCLOG_STORE_TALLY_PRIVATE_H
#define SCLOG_STORE_TALLY_PRIVATE_H

#include "base/buf.h"
#include "ingest/node.h"
#include "store/tally.h"

#define TALLY_SERIES_MAX 65536
#define TALLY_MOVES_MAX  131072

/* Everything about an event but its time. Compared as bytes: no padding. */
struct tally_key {
	uint32_t node;
	uint32_t container; /* 0: none */
	uint32_t program;
	uint32_t arch;
	int32_t nr;
	uint32_t code;
	uint8_t has_arch;
	uint8_t words[7]; /* EVENT_WORDS */
};

_Static_assert(EVENT_WORD_COUNT <= sizeof(((struct tally_key *)NULL)->words), "room for all");

/* Minutes of a series that are not on disk yet, one cache line. */
#define TALLY_SLOTS 7
struct tally_slot {
	int16_t minute;       /* from the chunk's base on, or back */
	uint16_t count;       /* 0: too many for it, they stand in the slot before as a uint32_t */
	uint16_t first, last; /* milliseconds of the minute */
};
struct tally_chunk {
	uint32_t before : 24; /* index + 1 of the series' chunk before; 0: none */
	uint32_t used : 8;    /* slots */
	uint32_t base;        /* a minute */
	struct tally_slot slots[TALLY_SLOTS];
};

/* One cache line: counting an event touches this and nothing else that is far away. */
struct tally_series {
	struct tally_key key;
	uint32_t id;
	uint32_t chunk; /* index + 1 of the last one of its closed minutes; 0: none */
	/* the minute at hand; count 0: none */
	uint32_t minute;
	uint32_t count;
	uint16_t first, last;
	uint32_t pid; /* the latest event's */
	uint64_t ip;
};

_Static_assert(sizeof(struct tally_key) == 32, "a key is hashed and compared as bytes");
_Static_assert(sizeof(struct tally_series) == 64, "a series is one cache line");
_Static_assert(sizeof(struct tally_chunk) == 64, "a chunk is one cache line");

/*
 * So many series of a container are counted in an hour with all that is known of them, so many more
 * without their program, and all others of an action as one. What is in no container has a budget
 * of its own for each node, this many times as large.
 */
/* A path can have 4 KB and lies in the table and in its index: each 256 bytes of names count as one
 * more series. */
#define BUDGET_NAME         256 /* tally_budget.c has it in a statement, too */
#define BUDGET_WHOLE        768
#define BUDGET_MOST         1024
#define BUDGET_NO_CONTAINER 32

/* The series of a container in an hour. */
#define BUDGETS 4096 /* power of two; where two share a place, the other is counted again */
struct tally_budget {
	uint32_t node, container, hour, used;
};

struct tally_program {
	uint64_t hash;
	int64_t id;
	uint32_t at; /* in names: comm, then exe */
	uint32_t comm_n, exe_n;
	bool comm_null, exe_null;
};

/* A container whose number is known. Its id's bytes stand in names. */
struct tally_container_ref {
	uint64_t hash;
	int64_t node, id;
	uint32_t at, n;
};

struct tally_node_ref {
	char label[NODE_LABEL_SIZE];
	size_t n;
	int64_t id;
};

/* Events that were counted to no container and now are to be counted to one: so many of a minute
 * go over to this series, if one without a container has them. */
struct tally_moved {
	uint32_t series; /* index */
	uint32_t minute;
	uint32_t count;
	uint32_t taken; /* of these, what was found */
	uint16_t first, last;
	bool replaces; /* texts, by what is counted already: these are dropped */
};

struct tally {
	uint64_t seed;
	uint32_t generation; /* of the keys: a series of another one is void */
	/* The minute that tally_count_one() is in. */
	int64_t minute_ms;
	uint32_t minute;
	uint64_t profile_key; /* profiles are hashed under it; the same for all writers */
	struct tally_series *series;
	bool *series_new;             /* has no row yet */
	uint32_t *series_hour;        /* the last hour that was counted to the budget */
	struct tally_budget *budgets; /* NULL: no bounds */
	size_t series_count;
	uint32_t *series_slots; /* index + 1 */
	struct tally_program *programs;
	size_t program_count;
	uint32_t *program_slots;
	struct buf names;
	struct tally_chunk *chunks;
	size_t chunk_count;
	size_t closed_count; /* minutes in them */
	size_t open_count;   /* series with a minute at hand */
	struct tally_node_ref *nodes;
	size_t node_count;
	struct tally_container_ref *containers;
	size_t container_count;
	uint16_t *container_slots; /* index + 1 */
	struct tally_moved *moves; /* NULL until something is moved */
	uint32_t *move_slots;      /* index + 1 */
	size_t move_count;
	int64_t last_id;   /* of series; 0: not read yet */
	bool no_series;    /* the table was empty when last_id was read */
	bool foreign;      /* see tally_set_foreign() */
	bool spent;        /* see tally_set_spent() */
	size_t name_bytes; /* of the event at hand: comm and exe */
};

/* --- tally.c */

/* Counts to a series. */
void tally_series_add(struct tally *tally, struct tally_series *series,
		      const struct tally_batch *batch);

/* --- tally_budget.c */

/* 1 if one more series of the key's container fits into the budget of the hour; it is not counted, which
 * tally_budget_use() does for a series of so many. */
int tally_budget_ask(struct tally *tally, struct sql *sql, const struct tally_key *key,
		     uint32_t most, uint32_t hour, struct err *err);
void tally_budget_use(struct tally *tally, const struct tally_key *key, uint32_t hour,
		      uint32_t count);

/* 1 if the series of that number has a row for the hour. */
int tally_budget_has_hour(struct sql *sql, int64_t series, uint32_t hour, struct err *err);

/* --- tally_row.c: each finds the row, or makes it, and gives its number */

int tally_row_node(struct sql *sql, struct str label, struct str name, int64_t *ret_id,
		   struct err *err);

/* With its profile. What is known now is known; silence changes nothing. */
int tally_row_container(struct tally *tally, struct sql *sql, int64_t node,
			const struct container *container, int64_t *ret_id, struct err *err);
/* Returns 1 if there is none and it may not be made. */
int tally_row_program(struct sql *sql, const struct record *record, bool make, int64_t *ret_id,
		      struct err *err);

/* Finds the row of the series, or takes a number for the one that the flush will insert. */
int tally_row_series(struct tally *tally, struct sql *sql, struct tally_series *series,
		     bool *ret_new, struct err *err);
/* The number of the row of that key; 0: there is none. */
int tally_row_series_find(struct tally *tally, struct sql *sql, const struct tally_key *key,
			  int64_t *ret_id, struct err *err);
/* Inserts those that are new of the series from one index to another; only what is counted to, if
 * so asked. */
int tally_row_series_add(const struct tally *tally, struct sql *sql, size_t from, size_t to,
			 bool counted, struct err *err);

/* --- tally_hour.c */

/* Merges all that is counted into the hours on disk. */
int tally_hour_write(struct tally *tally, struct sql *sql, struct err *err);

/* --- tally_move.c */

/* Everything is on disk: what is to be moved is taken from there, an hour of a series at a time,
 * and counted to its own series. */
int tally_moved_make(struct tally *tally, struct sql *sql, uint64_t *ret_moved, struct err *err);
void tally_moved_forget(struct tally *tally);

#endif
