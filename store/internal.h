/*
 * What the files of store/ know of each other. Not for other folders.
 */
#ifndef SCLOG_STORE_INTERNAL_H
#define SCLOG_STORE_INTERNAL_H

#include "base/buf.h"
#include "store/keep.h"
#include "store/kind.h"
#include "store/lifetime.h"
#include "store/seen.h"
#include "store/share.h"
#include "store/sql.h"
#include "store/store.h"
#include "store/stream.h"
#include "store/tally.h"

/* The input at hand: what its row will say. */
struct store_input {
	bool is_file;
	bool moved; /* since its row was written */
	uint64_t dev, ino;
	int64_t mtime_ms;
	uint64_t head;          /* mark of its first line */
	uint64_t offset, lines; /* how far it was read */
	char path[4096];
};

/* Records of an input that are older than the horizon, by node and day. What is beyond the bound
 * counts to the last of them. */
#define EXPIRED_DAYS 64
struct expired {
	int64_t node, day;
	uint64_t count;
};

/* What is read at the same time, each on its own. */
struct slot {
	struct store_input input;
	struct stream stream;
	struct expired expired[EXPIRED_DAYS];
	size_t expired_count;
	bool expired_changed; /* since their rows were written */
};

/* The last thing that was beyond a limit: said once a minute. */
struct limited {
	int64_t node, minute, limit;
};

struct store {
	struct sql sql; /* db is NULL: the file was replaced, and cannot be made anew yet */
	char *path;
	char *group; /* --db-group, or NULL */
	enum store_mode mode;
	dev_t dev;       /* of the file that is open */
	ino_t ino[3];    /* its own, its -wal's, its -shm's; 0: there was none */
	unsigned remade; /* how often it was made anew; the queue's thread counts, others look */
	unsigned remade_said, remade_read; /* the caller's: store_was_remade(), the reader's */
	int64_t remade_ms;                 /* when; 0: never */
	bool writing;                      /* inside a write transaction */
	bool backfill;
	int64_t horizon_ms;   /* identities older than this were pruned */
	uint64_t text_key;    /* under which texts are marked; never changes */
	int64_t data_version; /* of the last transaction; see writer_begin() */
	struct seen *seen;
	struct seen_text *seen_text;
	struct tally *tally;
	struct lifetimes *lifetimes;
	struct kinds *kinds; /* NULL until one is said */
	unsigned slot;       /* the one at hand */
	struct slot slots[STORE_SLOTS];
	struct put_counts counts;
	struct limited limited;
	struct writer_state *kept; /* NULL until writer_keep() */
	struct queue *queue;       /* NULL unless something is put */
	struct keep keep;
	bool patient;
	unsigned selected; /* the slot of what is put */
	/* The caller's, while the queue's thread has `sql`: for questions. db is NULL: not open. */
	struct sql reader;
	char trouble[sizeof(((struct err *)NULL)->message)]; /* what store_trouble() returned */
	int claim;                                           /* the lock file, -1: not claimed */
	struct share_head share_head; /* of what is being sent, and its keys' key */
	uint64_t share_key;
	struct store_parts parts; /* next is NULL: all of it is there */
	/* the last node's name and number; 0: none */
	char node_name[256];
	size_t node_name_n;
	int64_t node;
};

/* Puts evidence; the same again changes nothing. mark: of its text. */
int loss_put(struct sql *sql, int64_t node, const struct loss_note *note, uint64_t mark,
	     struct err *err);

/* The connection for a question that may be asked while something is put; what is committed is
 * seen. NULL with an error. */
struct sql *store_asking(struct store *store, struct err *err);

/* Makes the store anew if its file was deleted or replaced since it was opened. Between two
 * transactions of the writer, who has forgotten the rows that it knew: 1 if it was made anew. */
int store_remake(struct store *store, struct err *err);

/* Opens a store for reading alone; immutable where the medium is read-only. alone: and where the
 * caller says that nothing beside the file is to be read. */
int store_open_reading(struct sql *sql, const char *path, bool alone, struct err *err);

/* True if changes that were committed wait beside the database for a checkpoint. */
bool store_has_pending(const char *path);

/* Bounds what can be read of it (sql_bound()) by the size of the file: ample for a whole command,
 * and not without end. */
void store_bound_reading(struct sql *sql);

#endif
