/*
 * "Did you mean ...?": the name that is most similar to a misspelt one.
 */
#ifndef SCLOG_BASE_NEAREST_H
#define SCLOG_BASE_NEAREST_H

#include "base/buf.h"
#include "base/err.h"

/* Longer words are not compared. */
#define NEAREST_WORD_MAX 63

/*
 * The number of letters to insert, delete, replace or swap with a neighbour to turn a into b, ignoring
 * case. NEAREST_WORD_MAX + 1 if one of them is longer than that.
 */
size_t nearest_distance(struct str a, struct str b);

/* Returns the i-th name, NULL after the last. */
typedef const char *nearest_name_fn(size_t i, const void *context);

/*
 * The nearest of the names, or NULL if none is near: one letter and a quarter of the others may
 * differ. Names that begin with `word` are preferred.
 */
const char *nearest_find(struct str word, nearest_name_fn *name, const void *context);

/* choices: "text|json|csv". Appends " (did you mean text?)" if one is near. */
void nearest_put_choice(struct buf *buf, struct str word, const char *choices);

/* An error: the word must be one of the choices, and which one is near. Returns -EINVAL. */
int nearest_refuse(struct err *err, const char *word, const char *choices);

/* Appends all names: "auto, audit, syslog". */
void nearest_put_names(struct buf *buf, nearest_name_fn *name);

#endif
