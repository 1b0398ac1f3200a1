/*
 * The report of `sclog containers`: what the store knows of each, or of each group of them.
 *
 * A line leaves as it comes; all are kept where they are to be sorted or grouped.
 */
#ifndef SCLOG_REPORT_CONTAINERS_H
#define SCLOG_REPORT_CONTAINERS_H

#include "report/format.h"
#include "report/group.h"

/* The words for --sort. Counts and times: the largest and the latest first. A group is sorted by its
 * own name where a word asks for one. */
#define CONTAINERS_SORT_NAMES "name|image|pod|node|records|syscalls|first|last"

enum containers_sort {
	CONTAINERS_SORT_NONE, /* as the store has them */
	CONTAINERS_SORT_NAME,
	CONTAINERS_SORT_IMAGE,
	CONTAINERS_SORT_POD,
	CONTAINERS_SORT_NODE,
	CONTAINERS_SORT_RECORDS,
	CONTAINERS_SORT_SYSCALLS,
	CONTAINERS_SORT_FIRST,
	CONTAINERS_SORT_LAST,
};

/* The order for one of those words; NULL gives CONTAINERS_SORT_NONE. */
enum containers_sort containers_sort_from_name(const char *name);

struct containers_options {
	enum format format;
	bool grouped; /* a line for each group, not for each container */
	enum group_by by;
	enum containers_sort sort;
	size_t limit;   /* lines; 0: all */
	size_t columns; /* text: of the terminal, 0 for no limit (report/table.h) */
	bool colour;
	bool raw; /* CSV: names as they are (report/csv.h) */
};

struct containers_report;

struct containers_report *containers_report_new(const struct containers_options *options,
						FILE *out);
void containers_report_free(struct containers_report *report);

/* All return 0, or the negative errno of a failed write. */
int containers_report_add(struct containers_report *report,
			  const struct container_summary *summary);
/* Of groups alone: what their containers were seen to do, after all containers. */
int containers_report_add_observation(struct containers_report *report,
				      const struct observation *observation);
int containers_report_end(struct containers_report *report);

#endif
