/*
 * The report of `sclog containers`: what the store knows of each.
 */
#ifndef SCLOG_REPORT_CONTAINERS_H
#define SCLOG_REPORT_CONTAINERS_H

#include "report/format.h"
#include "store/query.h"

struct containers_report;

/* CSV: names as they are (report/csv.h). */
void containers_report_raw(struct containers_report *report);

struct containers_report *containers_report_new(enum format format, bool colour, FILE *out);
void containers_report_free(struct containers_report *report);

/* Both return 0, or the negative errno of a failed write. */
int containers_report_add(struct containers_report *report,
			  const struct container_summary *summary);
int containers_report_end(struct containers_report *report);

#endif
