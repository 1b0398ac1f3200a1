/*
 * The report of `sclog containers`: what the store knows of each, or of each group of them.
 *
 * A row is a container, or with `grouped` several that are added up. Which system calls differ within a
 * group is known from observations alone: a summary only has their number.
 */
#ifndef SCLOG_REPORT_CONTAINERS_H
#define SCLOG_REPORT_CONTAINERS_H

#include "report/format.h"
#include "report/group.h"

/* The words for --sort. Counts and times: the largest and the latest first. Groups have one name: all
 * words for names sort by it. */
#define CONTAINERS_SORT_NAMES "name|image|pod|node|records|syscalls|first|last"

struct containers_options {
	enum format format;
	bool grouped; /* a row for each group, not for each container */
	enum group_by by;
	const char *sort; /* one of those words; NULL: as the store has them, groups by name */
	size_t limit;     /* rows; 0: all */
	size_t columns;   /* text: of the terminal, 0 for no limit (report/table.h) */
	bool colour;
	bool raw; /* CSV: names as they are (report/csv.h) */
};

struct containers_report;

struct containers_report *containers_report_new(const struct containers_options *options,
						FILE *out);
void containers_report_free(struct containers_report *report);

void containers_report_add(struct containers_report *report,
			   const struct container_summary *summary);
/* Of groups alone: what their containers were seen to do, after all containers. */
void containers_report_add_observation(struct containers_report *report,
				       const struct observation *observation);

/* Writes the rows. Returns how many there are, those over the limit too, or the negative errno of a failed
 * write. */
int containers_report_end(struct containers_report *report);

#endif
