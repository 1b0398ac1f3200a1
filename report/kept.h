/*
 * An observation that outlives its callback: with strings of its own, and room to add others of
 * the same key to it.
 */
#ifndef SCLOG_REPORT_KEPT_H
#define SCLOG_REPORT_KEPT_H

#include "store/query.h"

struct kept {
	struct observation observation;
	char *bytes; /* where its strings lie */
};

struct kept kept_copy(const struct observation *observation);
void kept_release(struct kept *kept);

/* Whether two observations differ in phase, source or reason alone, which are not shown. */
bool kept_is_same(const struct observation *a, const struct observation *b);

/* Adds count and window of another one; the later one gives the sample pid and ip. */
void kept_add(struct kept *kept, const struct observation *observation);

#endif
