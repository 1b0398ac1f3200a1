/*
 * The store: events in, observations and evidence out, each event exactly once.
 *
 * One writer, any number of readers. Nothing in this header shows SQLite, because a fleet store
 * is to come behind the same interface. A struct store belongs to one thread.
 */
#ifndef SCLOG_STORE_STORE_H
#define SCLOG_STORE_STORE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "correlate/event.h"
#include "ingest/serials.h"
#include "store/loss.h"

struct store;

enum store_mode {
	STORE_READ,   /* must exist; opened immutable where the medium is read-only */
	STORE_WRITE,  /* created (0600) where missing, migrated where older */
	STORE_MEMORY, /* nothing kept: one-shot use */
};

/*
 * Opens the store at path (ignored for STORE_MEMORY). A file that is no sclog store, one of a
 * newer schema and a damaged one are errors that say so. db_group, if not NULL, a name or a
 * number, becomes the file's group with mode 0640.
 */
int store_open(const char *path, enum store_mode mode, const char *db_group,
	       struct store **ret_store, struct err *err);

/*
 * True once after the file was found deleted or replaced by another one, which is looked at when
 * something is written: a store is there again, without what was committed before, and that is
 * evidence (LOSS_REPLACED).
 */
bool store_was_remade(struct store *store);

/* Closes without committing: what was put since the last store_commit() is forgotten. */
void store_close(struct store *store);

/* The path that --db, SCLOG_DB and the defaults give; the caller frees it. */
char *store_default_path(void);

/* Makes the directories of a path that are missing, for their owner alone. store_open() does it for
 * the default path of a store that is written. */
void store_make_directories(const char *path);

/*
 * Counts the event, unless its identity (node, stamp, serial) was counted before. An event
 * without serial is identified by `text`, the whole line, and how many equal lines came before
 * it in that second of this input (store_input_begin).
 *
 * What the kernel said and what a text said are identities apart. A text is a duplicate of the
 * kernel's record, never the reverse: the kernel's counts, and what the text said in the same words
 * goes; of a text that others wrote, both stand.
 *
 * An event that was counted to no container (host or unattributed) and comes again with one is a
 * duplicate that goes over to its container: exactly, since it is known of each identity whether
 * it waits for one. Only of lines without a serial, of events that a store of schema 1 held, and
 * of minutes that were merged in part is that not known: these stay where they are.
 *
 * What is put is copied, its container too, and handed to the store's own thread, so that reading
 * never waits for the disk. An error of that thread is returned by a later call.
 */
int store_put(struct store *store, const struct event *event, struct str text, struct err *err);

/*
 * Many events at once, of one node. An event's kind is all of it but its time, serial, pid and ip:
 * kinds are numbered by the caller from 0 to less than STORE_KINDS, and said before they are used.
 * Numbers may be given anew, from 0 on: that ends all kinds that had one. All have a serial. Not for a patient store: what it
 * would put again after a failed commit are events, not their kinds.
 */
#define STORE_KINDS      32768
#define STORE_EVENTS_MAX 512
struct store_event {
	uint32_t kind, serial;
	int64_t ms;
	uint64_t ip;
	uint32_t pid;
};
struct store_events {
	struct str node;
	enum trust trust;
	const struct store_event *events;
	size_t count; /* STORE_EVENTS_MAX at most */
	/* Serials of a stream that may carry all record types: of events and of what is none. */
	const struct serial_run *runs;
	size_t run_count;
};
int store_put_kind(struct store *store, uint32_t number, const struct event *event,
		   struct err *err);
int store_put_events(struct store *store, const struct store_events *events, struct err *err);

/* What became of the events that were put; complete after store_commit(). */
struct put_counts {
	uint64_t fresh;      /* counted for the first time */
	uint64_t duplicates; /* in the store already: nothing changed */
	uint64_t expired;    /* older than the store's horizon: cannot be known, refused */
	uint64_t limited;    /* beyond a limit of the store: not counted, which is evidence */
	/* Of the duplicates: counted to no container before, and to this one's now. */
	uint64_t reattributed;
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
		      enum trust trust, bool is_seccomp, struct err *err);

int store_put_loss(struct store *store, const struct loss_note *note, struct err *err);

/*
 * What is being read from now on: a file with its identity, or a stream (stat NULL or no regular
 * file). store_input_at() says how far; a commit keeps that beside the rows that came from it.
 */
int store_input_begin(struct store *store, const char *path, const struct stat *stat,
		      struct err *err);
int store_input_at(struct store *store, uint64_t offset, uint64_t lines, struct err *err);

/* Evidence of that kind and text is none any more: the input was read to its end, or its lines were
 * taken after all. */
int store_settle_loss(struct store *store, enum loss_kind kind, struct str text, struct err *err);

/* The input's first line, which tells a file from another one at the same place. */
int store_input_head(struct store *store, struct str first_line, struct err *err);

/*
 * Several inputs may be read at the same time, each in a slot of its own: what is begun, put and
 * noted from now on is of that slot's input. Slot 0 is selected at first.
 */
#define STORE_SLOTS 8
int store_select(struct store *store, unsigned slot, struct err *err);

/*
 * How far a file with this first line was read, by any command under any name: returns 1 and the
 * offset in its text, 0 if it never was, -errno. Only what is committed counts.
 */
int store_read_before(struct store *store, struct str first_line, uint64_t *ret_offset,
		      struct err *err);

/* The place in a source that has no files ("journal", "kmsg", "netlink" ...), in the source's own
 * words, committed with the rows that came from before it. */
int store_put_cursor(struct store *store, const char *source, struct str place, struct err *err);
/* Appends it; nothing if there is none. */
int store_cursor(struct store *store, const char *source, struct buf *ret_place, struct err *err);

/* A container is there, with or without records; what is known of it replaces what was. */
int store_put_container(struct store *store, struct str node, const struct container *container,
			struct err *err);

/* When the last process of a container was gone, 0 once it runs (again): what is lost later is not
 * that container's. One that is not in the store is left out. */
int store_put_ended(struct store *store, struct str node, struct str container, int64_t ms,
		    struct err *err);

/* What the kernel logs, as bits: kernel.seccomp.actions_logged (Documentation/userspace-api/
 * seccomp_filter.rst). */
enum logged_action {
	LOGGED_KILL_PROCESS = 1 << 0,
	LOGGED_KILL_THREAD = 1 << 1,
	LOGGED_TRAP = 1 << 2,
	LOGGED_ERRNO = 1 << 3,
	LOGGED_USER_NOTIF = 1 << 4,
	LOGGED_TRACE = 1 << 5,
	LOGGED_LOG = 1 << 6,
	LOGGED_ALL = (1 << 7) - 1,
};

/*
 * Which profile was in force, and when. The strings are copied.
 *
 * Of a container that is watched (is_open) it is in force from since_ms until another one is, and
 * the first one of a container from its beginning on. What is stated of a log is in force from its
 * first to its last record; stated again of the same time, the later statement stays.
 */
#define STORE_IN_FORCE_WATCHED "watch"
struct store_in_force {
	struct str node;
	struct str container; /* its id; empty: what of the node is in no container */
	struct str profile;   /* linux.seccomp as JSON, resolved; empty: none was in force */
	struct str source;    /* what the profile is called, or STORE_IN_FORCE_WATCHED */
	bool has_actions;
	unsigned
		actions; /* enum logged_action: what the kernel logged; else what it does by itself */
	bool is_open;
	int64_t since_ms, until_ms;
};
int store_put_in_force(struct store *store, const struct store_in_force *in_force, struct err *err);

/*
 * Which process was in which container: kept for LIFETIME_KEPT_MS after it was put, for a restart
 * and for logs that are read late. Times are realtime; end_ms 0: it ran still. One is the same as
 * another by node, pid and start_ms: the one that was put later is right. store_lifetimes() gives
 * each once, by when it was put; of very many (262,144) the latest. container may be NULL.
 */
#define LIFETIME_KEPT_MS (10 * 60 * 1000)
struct store_lifetime {
	uint32_t pid;
	int64_t start_ms, end_ms;
	bool entering;                     /* brought in by exec */
	const struct container *container; /* of store_lifetimes(): lives until the callback ends */
};
int store_put_lifetime(struct store *store, struct str node, const struct store_lifetime *lifetime,
		       struct err *err);
typedef int store_lifetime_fn(void *context, const struct store_lifetime *lifetime);
int store_lifetimes(struct store *store, struct str node, store_lifetime_fn *each, void *context,
		    struct err *err);

/*
 * For whoever must go on when the disk is full: a failed commit is no error then. What was put
 * since the last good one stays in bounded memory (16 MiB) and is tried again every second; when
 * that memory is used up, store_put() and its like return -EAGAIN without taking anything, and err
 * stays empty: at once while there is trouble, else after a tenth of a second in which no room was
 * made. A commit comes by itself when half of it is used. A damaged store is an error all the
 * same. store_commit() waits for one attempt and returns its error; what store_close() finds
 * uncommitted is lost. Say so before anything is put. store_trouble() says why nothing can be
 * written for as long as that lasts, else NULL (the text stays until it is called again);
 * store_waiting() how many bytes of memory are taken.
 */
void store_set_patient(struct store *store, bool patient);
const char *store_trouble(struct store *store);
/* True if what one line brings can be put now: nothing then returns -EAGAIN. */
bool store_has_room(struct store *store);
size_t store_waiting(const struct store *store);

/* Asks for a commit and does not wait for it; does nothing while one is under way or in trouble. */
int store_commit_soon(struct store *store, struct err *err);

/* The one that watches, by a lock in PATH.watch beside the store: -EBUSY, with the other's pid, if another process does. Held until
 * store_close() or the end of the process. */
int store_claim(struct store *store, struct err *err);

/* Counts that are in the store a part at a time. next: loads the next part in the place of the one at
 * hand, and returns 1; 0 behind the last one, and the first one follows; or -errno. */
struct store_parts {
	int (*next)(void *context, struct err *err);
	void *context;
};

/* query_observations() then asks each part, in order. Nothing else may be asked that needs counts. */
void store_set_parts(struct store *store, const struct store_parts *parts);

/* How many bytes are to come: for much, the bounded memory is taken at once (peak memory is
 * then the same for 100 MB as for 1 GB). */
void store_expect(struct store *store, uint64_t bytes);

/*
 * Writes observations, identities, evidence and offsets in one transaction, and waits for it.
 * The store does so by itself when its bounded memory is nearly used.
 */
int store_commit(struct store *store, struct err *err);

/* Adds another store's rows, once: the same store merged again changes nothing. Before the later
 * horizon of both, which becomes this store's, rows are compared by hour or day. */
struct merge_result {
	uint64_t records, added, duplicates;
	/* file_is_foreign(), and what lies beside it: then its records are texts, and neither its
	 * profiles and coverage nor what it has acknowledged are taken. */
	char foreign[FILE_WHY_SIZE];
};
int store_merge(struct store *store, const char *path, struct merge_result *ret_result,
		struct err *err);

/*
 * How long detail is kept, in milliseconds before now; 0 for ever. What is older than `minutes` is
 * known by the hour and cannot be told from a duplicate any more (the horizon); older than `hours`,
 * by the day; older than `days`, not at all. Each ends at the beginning of a day, UTC.
 */
struct store_retention {
	int64_t minutes_ms, hours_ms, days_ms;
	int64_t max_bytes; /* store_set_max_size(); 0: without bound */
};
#define STORE_DAY_MS ((int64_t)24 * 60 * 60 * 1000)
/* What a store keeps where nobody says otherwise; sclog-prune(1) has the model behind it. */
#define STORE_RETENTION_DEFAULT \
	((struct store_retention){2 * STORE_DAY_MS, 10 * STORE_DAY_MS, 365 * STORE_DAY_MS, 0})

struct prune_counts {
	int64_t horizon_ms;
	uint64_t to_hours;   /* hours that gave up their minutes */
	uint64_t to_days;    /* hours that became part of a day */
	uint64_t hours;      /* hours and days that were dropped */
	uint64_t records;    /* counted in them */
	uint64_t identities; /* rows of identities */
	uint64_t series, containers;
	uint64_t evidence; /* losses, runs of serials and inputs */
};

/*
 * Makes it so, in short transactions between which others can write: a watch may run. With dry_run
 * (any mode but STORE_MEMORY) it only counts. Nothing may be put meanwhile.
 */
int store_prune(struct store *store, const struct store_retention *retention, int64_t now_ms,
		bool dry_run, struct prune_counts *ret_counts, struct err *err);

/* The same once a day, by the store's own thread, a step after each commit; for the first time after
 * so long, so that logs which are read late at a start are not older than a horizon that just moved. */
void store_set_retention(struct store *store, const struct store_retention *retention,
			 int64_t after_ms);

/* The store's file does not grow beyond so many bytes by much: the oldest detail is given up for it
 * (store/keep.h), and at last the oldest records. Below STORE_SIZE_MIN an hour may not fit. */
#define STORE_SIZE_MIN ((int64_t)1 << 20)
void store_set_max_size(struct store *store, int64_t bytes);

/* What that has done since the store was opened. */
struct store_shrunk {
	int64_t horizon_ms; /* 0: nothing yet */
	uint64_t dropped;   /* records */
};
struct store_shrunk store_shrunk(const struct store *store);

struct selection;

/* What was forgotten or moved, or would be. */
struct amend_counts {
	uint64_t records, series;
	uint64_t kept; /* records of rolled up hours that reach out of the window */
};

/*
 * Forgets the records of a selection. A window is widened to whole minutes; hours that were rolled
 * up go only if all of them lies in it, else they are kept. The identities of minutes in which
 * nothing is left go as well, so that their log can be read again. Needs no other writer's leave, and
 * nothing may be put meanwhile.
 */
int store_forget(struct store *store, const struct selection *selection, bool dry_run,
		 struct amend_counts *ret_counts, struct err *err);

/*
 * Moves the records of a selection to another container of their node, found by its id or name or
 * made; with an empty name they stay with theirs, whose labels alone change. Labels that are empty
 * change nothing.
 */
int store_relabel(struct store *store, const struct selection *selection,
		  const struct container *to, bool dry_run, struct amend_counts *ret_counts,
		  struct err *err);

/*
 * An entry of the evidence was looked at by a person: from now on it counts as acknowledged, with
 * that reason, and not against completeness. id: struct loss, or the beginning of one. Appends what
 * the entry says.
 */
int store_acknowledge(struct store *store, struct str id, struct str reason, int64_t now_ms,
		      bool dry_run, struct buf *ret_text, struct err *err);

/* SQLite's version, for --version. */
const char *store_library_version(void);

/* True if the file begins as an SQLite database does. */
bool store_is_database(const char *path);

#endif
