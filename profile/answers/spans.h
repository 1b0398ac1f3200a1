/*
 * A set of 64-bit numbers, kept as spans: sorted, apart from each other, both ends included.
 *
 * What a filter lets through of an argument is such a set; its words are what people read.
 * Owns its memory; spans_release() or the caller's own bookkeeping frees it.
 */
#ifndef SCLOG_PROFILE_ANSWERS_SPANS_H
#define SCLOG_PROFILE_ANSWERS_SPANS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct span {
	uint64_t first, last;
};

struct spans {
	struct span *all;
	size_t count, size;
};

void spans_release(struct spans *spans);

/* The set of all numbers from first to last. */
struct spans spans_of(uint64_t first, uint64_t last);
struct spans spans_copy(const struct spans *spans);

/* Adds, keeps only, takes away the numbers from first to last. */
void spans_add(struct spans *spans, uint64_t first, uint64_t last);
void spans_keep(struct spans *spans, uint64_t first, uint64_t last);
void spans_remove(struct spans *spans, uint64_t first, uint64_t last);

/* Whether every number of b is in a. */
bool spans_contain(const struct spans *a, const struct spans *b);
bool spans_equal(const struct spans *a, const struct spans *b);
bool spans_is_all(const struct spans *spans, uint64_t max);

/* How many numbers, or UINT64_MAX when more than that. */
uint64_t spans_size(const struct spans *spans);

/*
 * Puts "is 0x0, 0x8 or 0xffffffff", "is not 0x28", "is at least 0x10" or the like, where max is
 * the largest number there is: the set or its complement, whichever takes fewer letters.
 */
void spans_words(const struct spans *spans, uint64_t max, struct buf *words);

#endif
