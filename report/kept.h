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

/* Whether the kernel logged it, or strace(1) printed it: "kernel", "strace". */
const char *kept_source_name(enum source_kind source);

/*
 * Whether two observations differ in nothing that is shown: in phase or reason alone, or in the way
 * that the kernel's records came.
 */
bool kept_is_same(const struct observation *a, const struct observation *b);

/* Adds count and window of another one; the later one gives the sample pid and ip. */
void kept_add(struct kept *kept, const struct observation *observation);

#endif
