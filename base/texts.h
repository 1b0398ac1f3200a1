/*
 * A set of texts: added in any order, each kept once, sorted by their bytes when asked for.
 */
#ifndef SCLOG_BASE_TEXTS_H
#define SCLOG_BASE_TEXTS_H

#include "base/str.h"

/* Zeroed is valid and empty. The texts are its own. */
struct texts {
	char **all;
	size_t count, size;
};

void texts_release(struct texts *texts);

/* The one that was added last is recognised at once. */
void texts_add(struct texts *texts, struct str text);

/* Sorts, each once: to be called after the last was added and before any is looked for. */
void texts_sort(struct texts *texts);
bool texts_has(const struct texts *texts, const char *text);
/* *ret_at: which one it is. */
bool texts_find(const struct texts *texts, const char *text, size_t *ret_at);

/* Takes out what the other set has; both are sorted. */
void texts_remove(struct texts *texts, const struct texts *other);

#endif
