/*
 * A bundle: the rows of store/share.h as a file, for nodes that cannot reach the fleet's database.
 *
 * "sclog bundle 1", a newline, then the rows. A row is its kind as a byte, a varint whose bit N is
 * set if column N is null, and the other columns: numbers as zigzag varints, bytes behind a varint
 * of their length. Behind the last row stand a byte of 255 and eight bytes, little-endian: the mark
 * (store/mark.h, key 0) of all before them, which a transfer that went wrong changes.
 */
#ifndef SCLOG_FLEET_BUNDLE_H
#define SCLOG_FLEET_BUNDLE_H

#include "store/share.h"

#define BUNDLE_MAX ((size_t)1 << 30)

/* Appends what changed in the store since the last bundle, or everything; *ret_head says what. */
int bundle_make(struct store *store, const char *name, bool all, struct buf *bundle,
		struct share_head *ret_head, struct err *err);

/* True if the file begins as a bundle does. Never opens a pipe. */
bool bundle_is(const char *path);

/* Reads a bundle's bytes and checks them: its rows are complete and as they were made. The mark has
 * no key, so that it cannot show who made them: ret_foreign is that of file_is_foreign(). */
int bundle_read(const char *path, struct buf *bundle, char ret_foreign[FILE_WHY_SIZE],
		struct err *err);

/* Gives each row of a bundle that was read. */
int bundle_rows(const struct buf *bundle, share_row_fn *each, void *context, struct err *err);

/* What one was good for. */
struct bundle_counts {
	uint64_t days; /* of series */
	bool known;    /* everything in it was loaded before */
	char foreign
		[FILE_WHY_SIZE]; /* file_is_foreign(): its statements of trust are not believed */
};

/* Loads it into a store. */
int bundle_load(struct store *store, const char *path, struct bundle_counts *ret_counts,
		struct err *err);

/* Opens a store in memory that is a copy of the bundle, to be sent on with that head. -EACCES for a
 * bundle that others can have written. */
int bundle_open(const char *path, struct store **ret_store, struct share_head *ret_head,
		struct err *err);

#endif
