/*
 * A listing of names for a message: "read, write and 3 more". The first few are named, the others
 * counted. Zeroed is valid and empty.
 */
#ifndef SCLOG_BASE_LISTING_H
#define SCLOG_BASE_LISTING_H

#include "base/buf.h"

/* The default of `most`. */
#define LISTING_MOST 12

struct listing {
	struct buf text;
	size_t count;
	size_t most; /* names to list; 0: LISTING_MOST */
};

#define LISTING_AUTO __attribute__((cleanup(listing_release))) struct listing

void listing_release(struct listing *listing);

/* The name is copied unchanged: the caller quotes untrusted text. */
void listing_add(struct listing *listing, const char *name);

/* The text, valid until the listing is released; nothing can be added afterwards. NULL if empty. */
const char *listing_text(struct listing *listing);

#endif
