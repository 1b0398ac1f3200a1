/*
 * The choice: which of a pid's processes made a record, by times alone.
 *
 * Stamps of records stand still for a tick and are late, forks are exact, and a pid may be used
 * again within the slack. A pure function of plain data; correlate/process_find.c brings it.
 */
#ifndef SCLOG_CORRELATE_CHOICE_H
#define SCLOG_CORRELATE_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A lifetime of the pid. Times in ns of CLOCK_MONOTONIC. */
struct choice_candidate {
	int64_t start_ns;
	int64_t end_ns; /* unless it runs */
	bool running;
	bool forked; /* its fork was heard: it is known that the pid was free before */
};

struct choice_record {
	int64_t at_ns;     /* the stamp */
	int64_t slack_ns;  /* how much later than its stamp a record may be: three ticks */
	int64_t forked_ns; /* the latest fork of a process that had a record before this one */
	int64_t lost_ns;   /* before this, events were lost */
};

/* The least time that the record may be of: records come in about the order in which they were
 * made, so none is from before the fork of a process that had one earlier. */
int64_t choice_least_ns(const struct choice_record *record);

#define CHOICE_NONE SIZE_MAX

/*
 * The index of the one that made the record, or CHOICE_NONE. candidates: those that began up to
 * PROCESS_STALE_NS after the stamp, the newest first.
 *
 * The latest that began within the slack; or one before it that had not ended by the least time, if
 * it had as much of the first tick after that. Where the pid was nobody's at the stamp, the clock
 * stood still for longer than the slack, and it is the first that was forked after it: not so where
 * events were lost since, for there may have been another between.
 */
size_t choice_of(const struct choice_candidate *candidates, size_t count,
		 const struct choice_record *record);

/* Had it ended by then? Its end and the stamp come from two clocks. */
bool choice_had_ended(const struct choice_candidate *candidate, int64_t at_ns);

#endif
