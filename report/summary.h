/*
 * A summary: named numbers, written as aligned lines, one JSON document, or CSV.
 */
#ifndef SCLOG_REPORT_SUMMARY_H
#define SCLOG_REPORT_SUMMARY_H

#include "report/format.h"

struct summary_row {
	const char *path;  /* "records", or "malformed.total" for an object in an object */
	const char *label; /* for people */
	uint64_t count;
	double real;
	bool is_real;
	const char *text; /* not NULL: what it is instead of a number */
	bool if_nonzero;  /* text leaves it out at zero */
};

/* Returns 0, or the negative errno of a failed write. */
int summary_write(const struct summary_row *rows, size_t count, enum format format, FILE *out);

#endif
