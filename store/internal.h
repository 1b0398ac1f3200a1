/*
 * What the files of store/ know of each other. Not for other folders.
 */
#ifndef SCLOG_STORE_INTERNAL_H
#define SCLOG_STORE_INTERNAL_H

#include "base/buf.h"
#include "store/seen.h"
#include "store/stream.h"
#include "store/sql.h"
#include "store/store.h"
#include "store/tally.h"

/* The input at hand: what its row will say. */
struct store_input {
	struct buf path;
	bool is_file;
	struct stat stat;
	uint64_t head; /* mark of its first line */
	uint64_t offset, lines; /* how far it was read */
};

struct store {
	struct sql sql;
	enum store_mode mode;
	bool writing; /* inside a write transaction */
	bool backfill;
	int64_t horizon_ms; /* identities older than this were pruned */
	uint64_t text_key;
	int64_t data_version; /* of the last transaction; see store_begin() */
	struct seen *seen;
	struct seen_text *seen_text;
	struct tally *tally;
	struct stream stream;
	struct store_input input;
	/* the last node's name and number; 0: none */
	char node_name[256];
	size_t node_name_n;
	int64_t node;
};

/* Begins a write transaction unless one is open; waits for another writer for some seconds. */
int store_begin(struct store *store, struct err *err);

/* Forgets what is not committed. */
void store_forget(struct store *store);

#endif
