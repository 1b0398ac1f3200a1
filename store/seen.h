/*
 * The identities of events that were counted: node, stamp and serial.
 *
 * What the kernel said and what a text said (enum trust) are identities apart: a text, which
 * others may have written, never makes the kernel's record a duplicate.
 *
 * By node, minute and block of 65,536 serials; a block knows for each serial the millisecond of
 * the minute at which it was stamped. In memory that is a table of pages of 256 serials, so that
 * the usual question (the serial after the last one) is one load. In the database a block is a
 * row, packed: see seen.c. Memory is bounded: when the pages run out, seen_full() asks for a
 * commit, which writes every changed block; where more than half of it is used, all is forgotten then.
 * Else it stays known: another writer's identities are not seen until seen_reset(). Internal to store/.
 */
#ifndef SCLOG_STORE_SEEN_H
#define SCLOG_STORE_SEEN_H

#include "ingest/source.h"
#include "store/sql.h"

struct seen;

/* In a block's number: its identities are those of texts. Such a block hangs on that of the
 * kernel's, which is in memory whenever it is. */
#define SEEN_TEXT_BLOCK 0x10000u

struct seen *seen_new(void);
void seen_free(struct seen *seen);

/* Touches all of the memory now. */
void seen_reserve(struct seen *seen);

/*
 * Notes an identity; the connection must be inside a write transaction. open: if it is new, its event
 * is counted to no container. Returns an enum seen_added, or -errno.
 */
enum seen_added {
	SEEN_KNOWN, /* it was there */
	SEEN_NEW,
	SEEN_SHADOWED, /* of a text: the kernel said it */
	SEEN_REFUSED,  /* too many serials of a minute were used again: it cannot be kept */
};
int seen_add(struct seen *seen, struct sql *sql, int64_t node, int64_t ms, uint32_t serial,
	     enum trust trust, bool open, struct err *err);

/* What is known of an identity as the kernel's. */
enum seen_kernel {
	SEEN_KERNEL_NOT,
	SEEN_KERNEL_OPEN, /* there, and open */
	SEEN_KERNEL_THERE,
};
/* An enum seen_kernel, or -errno. */
int seen_kernel(struct seen *seen, struct sql *sql, int64_t node, int64_t ms, uint32_t serial,
		struct err *err);

/* Did a text say the kernel's identity that seen_add() just took? */
bool seen_in_text(const struct seen *seen, int64_t ms, uint32_t serial);

/* The identity that seen_add() took last is open no longer. Returns true if it was. */
bool seen_claim(struct seen *seen, int64_t ms, uint32_t serial);

/* True when the next event might find no room: commit first. */
bool seen_full(const struct seen *seen);

/* Writes what changed. */
int seen_flush(struct seen *seen, struct sql *sql, struct err *err);

/* Forgets everything, unwritten. */
void seen_reset(struct seen *seen);

/* Calls each for every identity in a packed block; false if the bytes are damaged. */
typedef void seen_each_fn(uint32_t serial_low, uint32_t minute_ms, void *context);
bool seen_unpack(struct str bytes, seen_each_fn *each, void *context);

/*
 * The same for lines without a serial: (second, text, how many equal lines came before it in
 * that second of this input). `occurrence` counts from 1.
 */
struct seen_text;

struct seen_text *seen_text_new(void);
void seen_text_free(struct seen_text *seen);

/* Inputs that are read at the same time: each counts equal lines for itself. */
#define SEEN_TEXT_SLOTS 8

/* A new input begins in that slot: equal lines are counted from 1 again. */
void seen_text_restart(struct seen_text *seen, unsigned slot);

/* What comes from now on is of that slot's input; 0 at first. */
void seen_text_select(struct seen_text *seen, unsigned slot);
int seen_text_add(struct seen_text *seen, struct sql *sql, int64_t node, int64_t ms,
		  uint64_t text_hash, struct err *err);
/* The same for a text that comes 1 + repeats times at once; *ret_fresh: how many of them were not
 * counted before. A minute that has so many texts already takes no other (SEEN_REFUSED). */
int seen_text_add_many(struct seen_text *seen, struct sql *sql, int64_t node, int64_t ms,
		       uint64_t text_hash, uint32_t repeats, size_t most, uint32_t *ret_fresh,
		       struct err *err);
/* Takes the packed marks of a minute of another store. *ret_theirs is how many lines they stand
 * for, *ret_fresh how many of those were not known here. */
int seen_text_merge(struct seen_text *seen, struct sql *sql, int64_t node, int64_t minute,
		    struct str marks, uint64_t *ret_theirs, uint64_t *ret_fresh, struct err *err);

/* For how many lines the packed marks of a minute stand. */
uint64_t seen_text_count(struct str marks);

bool seen_text_full(const struct seen_text *seen);
int seen_text_flush(struct seen_text *seen, struct sql *sql, struct err *err);
void seen_text_reset(struct seen_text *seen);

/*
 * For who reads again from the last commit after a failed one: how many equal lines came before
 * in the inputs at hand. _keep() notes it as of the flush before, _restore() forgets everything
 * but that.
 */
void seen_text_keep(struct seen_text *seen);
void seen_text_restore(struct seen_text *seen);

#endif
