/*
 * What forgetting or relabelling did, for a person or as JSON.
 */
#ifndef SCLOG_REPORT_AMENDED_H
#define SCLOG_REPORT_AMENDED_H

#include "report/format.h"
#include "store/store.h"

#include <stdbool.h>

/* done: "forgotten", "relabelled". Returns 0, or the negative errno of a failed write. */
int amended_write(const struct amend_counts *counts, const char *done, bool dry_run,
		  enum format format, FILE *out);

#endif
