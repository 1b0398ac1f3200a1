/*
 * A listing: what one message names, "read, write and 3 more". Of many the first are named, the
 * others counted. Zeroed is valid and empty.
 */
#ifndef SCLOG_BASE_LISTING_H
#define SCLOG_BASE_LISTING_H

#include "base/buf.h"

/* How many are named where `most` is 0. */
#define LISTING_MOST 12

struct listing {
	struct buf text;
	size_t count;
	size_t most;
};

#define LISTING_AUTO __attribute__((cleanup(listing_release))) struct listing

void listing_release(struct listing *listing);

/* The name is copied as it is: what a stranger wrote is made safe before. */
void listing_add(struct listing *listing, const char *name);

/* Valid until the listing changes; after it nothing is added. NULL where there is nothing. */
const char *listing_text(struct listing *listing);

#endif
