/*
 * The report of `sclog events`: one line per container, program, arch, syscall and action.
 *
 * Observations come in the store's order and leave as soon as the next key begins. All are kept where
 * they are to be sorted, and for text grouped by something, since each group stands under its own
 * heading. What strace(1) printed is told from what the kernel logged: its lines are apart, and marked in
 * text. Text joins what came by different channels.
 */
#ifndef SCLOG_REPORT_EVENTS_H
#define SCLOG_REPORT_EVENTS_H

#include "report/format.h"
#include "report/group.h"

/* The words for --sort. Counts and times: the largest and the latest first. */
#define EVENTS_SORT_NAMES "container|program|syscall|action|count|first|last"

struct events_options {
	enum format format;
	bool grouped; /* text under a heading per group, its containers added up */
	enum group_by by;
	const char *sort; /* one of those words; NULL: as the store has them */
	size_t limit;     /* lines, of each group where there are groups; 0: all */
	size_t columns;   /* text: of the terminal, 0 for no limit (report/table.h) */
	bool colour;
	bool otel; /* JSON: with OpenTelemetry's names (report/otel.h) */
	bool raw;  /* CSV: names as they are (report/csv.h) */
};

struct events_report;

struct events_report *events_report_new(const struct events_options *options, FILE *out);
void events_report_free(struct events_report *report);

/* Returns 0, or the negative errno of a failed write. */
int events_report_add(struct events_report *report, const struct observation *observation);

/* Returns 1, 0 where there was no observation at all, or the negative errno of a failed write. */
int events_report_end(struct events_report *report);

/* The object that `events` writes for an observation, and `watch` for an event. */
json_t *events_json(const struct observation *observation);

/* {"id","name","runtime","image","pod","namespace"}, null where not known. */
void events_put_container(json_t *object, const struct container *container);

#endif
