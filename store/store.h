/*
 * The store: events in, observations and evidence out, each event exactly once.
 *
 * One writer, any number of readers. Nothing in this header shows SQLite, because a fleet store
 * is to come behind the same interface. A struct store belongs to one thread.
 */
#ifndef SCLOG_STORE_STORE_H
#define SCLOG_STORE_STORE_H

#include "base/err.h"
#include "correlate/event.h"

#include <sys/stat.h>

struct store;

enum store_mode {
	STORE_READ,   /* must exist; opened immutable where the medium is read-only */
	STORE_WRITE,  /* created (0600) where missing, migrated where older */
	STORE_MEMORY, /* nothing kept: one-shot use */
};

/*
 * Opens the store at path (ignored for STORE_MEMORY). A file that is no sclog store, one of a
 * newer schema and a damaged one are errors that say so. db_group, if not NULL, becomes the
 * file's group with mode 0640.
 */
int store_open(const char *path, enum store_mode mode, const char *db_group,
	       struct store **ret_store, struct err *err);

/* Closes without committing: what was put since the last store_commit() is forgotten. */
void store_close(struct store *store);

/* The path that --db, SCLOG_DB and the defaults give; the caller frees it. */
char *store_default_path(void);

/*
 * Counts the event, unless its identity (node, stamp, serial) was counted before. An event
 * without serial is identified by `text`, the whole line, and how many equal lines came before
 * it in that second of this input (store_input_begin).
 *
 * What is put is copied and handed to the store's own thread, so that reading never waits for
 * the disk; only event->container has to stay until store_commit() or store_close(). An error
 * of that thread is returned by the next call.
 */
int store_put(struct store *store, const struct event *event, struct str text, struct err *err);

/* What became of the events that were put; complete after store_commit(). */
struct put_counts {
	uint64_t fresh;      /* counted for the first time */
	uint64_t duplicates; /* in the store already: nothing changed */
	uint64_t expired;    /* older than the store's horizon: cannot be known, refused */
};
struct put_counts store_put_counts(struct store *store);

/* Takes events older than the horizon, on the user's word. */
void store_set_backfill(struct store *store, bool backfill);

/*
 * Notes a serial of a stream that may carry all record types, of a record that is not put: this
 * is what shows gaps, together with the serials of events whose full_stream is set. Cheap enough
 * for every line. Returns 0 or a negative errno.
 */
int store_note_serial(struct store *store, struct str node, int64_t ms, uint32_t serial,
		      bool is_seccomp, struct err *err);

/* How something was lost, or may have been. */
enum loss_kind {
	LOSS_PRINTK,    /* kauditd_printk_skb: N callbacks suppressed */
	LOSS_COUNTER,   /* audit: audit_lost=N: the kernel's running total of a boot */
	LOSS_BACKLOG,   /* audit: backlog limit exceeded */
	LOSS_RATE,      /* audit: rate limit exceeded */
	LOSS_QUEUE,     /* audit: kauditd hold or retry queue overflow */
	LOSS_MALFORMED, /* a record that could not be read */
	LOSS_INPUT,     /* an input that could not be read to its end */
	LOSS_OVERLAP,   /* two stores held different parts of a minute: its counts are minima */
	LOSS_KIND_COUNT,
};

/* Evidence of a loss. The same evidence (node, kind, time, text) again changes nothing. */
struct loss_note {
	enum loss_kind kind;
	int64_t ms;     /* when, 0 if that is not known: it then counts for every window */
	uint64_t count; /* how many, 0 if that is not known */
	struct str node;
	struct str text;   /* what tells this evidence from other such: the line */
	struct str detail; /* for a person: the file and its line */
};
int store_put_loss(struct store *store, const struct loss_note *note, struct err *err);

/*
 * What is being read from now on: a file with its identity, or a stream (stat NULL or no regular
 * file). store_input_at() says how far; a commit keeps that beside the rows that came from it.
 */
int store_input_begin(struct store *store, const char *path, const struct stat *stat,
		      struct err *err);
int store_input_at(struct store *store, uint64_t offset, uint64_t lines, struct err *err);

/* An input was read to its end: that it once could not be is no evidence any more. */
int store_input_whole(struct store *store, const char *path, struct err *err);

/* The input's first line, which tells a file from another one at the same place. */
int store_input_head(struct store *store, struct str first_line, struct err *err);

/* How many bytes are to come: for much, the bounded memory is taken at once (peak memory is
 * then the same for 100 MB as for 1 GB). */
void store_expect(struct store *store, uint64_t bytes);

/*
 * Writes observations, identities, evidence and offsets in one transaction, and waits for it.
 * The store does so by itself when its bounded memory is nearly used.
 */
int store_commit(struct store *store, struct err *err);

/* Adds another store's rows, once: the same store merged again changes nothing. */
struct merge_result {
	uint64_t records, added, duplicates;
};
int store_merge(struct store *store, const char *path, struct merge_result *ret_result,
		struct err *err);

/* SQLite's version, for --version. */
const char *store_library_version(void);

/* True if the file begins as an SQLite database does. */
bool store_is_database(const char *path);

#endif
