/*
 * A set of strings, added in any order and sorted once.
 */
#ifndef SCLOG_BASE_TEXTS_H
#define SCLOG_BASE_TEXTS_H

#include "base/str.h"

/* Zeroed is valid and empty. Owns its strings. */
struct texts {
	char **all;
	size_t count, size;
};

void texts_release(struct texts *texts);

/* Adding the same text twice in a row is cheap. */
void texts_add(struct texts *texts, struct str text);

/* Sorts and removes duplicates. Call it after the last addition, before any lookup. */
void texts_sort(struct texts *texts);
bool texts_has(const struct texts *texts, const char *text);
/* *ret_at: its index. */
bool texts_find(const struct texts *texts, const char *text, size_t *ret_at);

/* Removes the texts that the other set has; both are sorted. */
void texts_remove(struct texts *texts, const struct texts *other);

#endif
