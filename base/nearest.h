/*
 * "Did you mean ...?": the name that a misspelt one stands nearest to.
 */
#ifndef SCLOG_BASE_NEAREST_H
#define SCLOG_BASE_NEAREST_H

#include "base/buf.h"
#include "base/err.h"

/* Longer words are nobody's misspelling. */
#define NEAREST_WORD_MAX 63

/*
 * How many letters have to be put in, left out, exchanged or swapped with their neighbour to
 * make b of a, case aside; NEAREST_WORD_MAX + 1 if one of them is longer than that.
 */
size_t nearest_distance(struct str a, struct str b);

/* Walks names while it is asked for more: returns the i-th, or NULL after the last. */
typedef const char *nearest_name_fn(size_t i, const void *context);

/*
 * The nearest of the names, or NULL if none is near: one letter and a quarter of the others may
 * differ. Names that begin with `word` are nearer than all others: it was cut short, not misspelt.
 */
const char *nearest_find(struct str word, nearest_name_fn *name, const void *context);

/* Of "text|json|csv": appends " (did you mean text?)" if one is near; nothing else. */
void nearest_put_choice(struct buf *buf, struct str word, const char *choices);

/* Says in err that the word must be one of "text|json|csv", and which is near. Returns -EINVAL. */
int nearest_refuse(struct err *err, const char *word, const char *choices);

/* "auto, audit, syslog": all names. */
void nearest_put_names(struct buf *buf, nearest_name_fn *name);

#endif
