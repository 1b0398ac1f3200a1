/*
 * What the files of store/ know of each other. Not for other folders.
 */
#ifndef SCLOG_STORE_INTERNAL_H
#define SCLOG_STORE_INTERNAL_H

#include "base/buf.h"
#include "store/seen.h"
#include "store/sql.h"
#include "store/store.h"
#include "store/stream.h"
#include "store/tally.h"

/* The input at hand: what its row will say. */
struct store_input {
	bool is_file;
	uint64_t dev, ino;
	int64_t mtime_ms;
	uint64_t head;          /* mark of its first line */
	uint64_t offset, lines; /* how far it was read */
	char path[4096];
};

struct store {
	struct sql sql;
	enum store_mode mode;
	bool writing; /* inside a write transaction */
	bool backfill;
	int64_t horizon_ms;   /* identities older than this were pruned */
	uint64_t text_key;    /* under which texts are marked; never changes */
	int64_t data_version; /* of the last transaction; see writer_begin() */
	struct seen *seen;
	struct seen_text *seen_text;
	struct tally *tally;
	struct stream stream;
	struct store_input input;
	struct put_counts counts;
	struct queue *queue; /* NULL unless something is put */
	/* the last node's name and number; 0: none */
	char node_name[256];
	size_t node_name_n;
	int64_t node;
};

/* Opens a store for reading alone; immutable where the medium is read-only. */
int store_open_reading(struct sql *sql, const char *path, struct err *err);

#endif
