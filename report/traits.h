/*
 * What is told of a workload beside what it needs: calls that its active filter refused, and whether
 * it uses io_uring.
 */
#ifndef SCLOG_REPORT_TRAITS_H
#define SCLOG_REPORT_TRAITS_H

#include "base/buf.h"
#include "store/query.h"

#include <jansson.h>

/* Zeroed is valid. */
struct traits {
	uint64_t refused; /* records of calls that the active filter refused, and logged */
	bool io_uring;    /* io_uring_setup or io_uring_enter was let through */
};

void traits_add(struct traits *traits, const struct observation *observation);

/* "refused" and "io_uring". */
void traits_put_json(const struct traits *traits, json_t *object);

/* A sentence for a person each; false, and nothing, where there is nothing to tell. */
bool traits_put_refused(const struct traits *traits, struct buf *line);
bool traits_put_io_uring(const struct traits *traits, struct buf *line);

#endif
