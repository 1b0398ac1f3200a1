/*
 * When the containers of a group began, as far as that is known: what was lost before cannot be theirs.
 *
 * A container's start is seen in the records that the runtime makes as it sets the container up, heard
 * from the kernel itself by a process that watches (a log names the same of what `docker exec` prepares).
 * A container of which no such record is there, or one from before it, may have run at any time.
 * Observations of a container come one after the other, as query_observations() gives them.
 */
#ifndef SCLOG_REPORT_STARTED_H
#define SCLOG_REPORT_STARTED_H

#include "store/query.h"

/* What was lost so shortly before the first record may be of the set-up itself; some losses are noted by
 * the minute. */
#define STARTED_BEFORE_MS 120000

/* Zeroed is valid. */
struct started {
	size_t known, seen; /* containers; and those whose start was seen */
	bool others;        /* something else than containers */
	int64_t began_ms;   /* the earliest of those seen */
	/* the container at hand; 0: none */
	int64_t row, first_ms, set_up_ms;
	bool is_set_up;
};

/* Each container of the group once, with or without records. */
void started_add_container(struct started *started);
void started_add(struct started *started, const struct observation *observation);

/* After the last: all that it has may have begun then at the earliest; INT64_MIN where that is not
 * known. */
int64_t started_ms(struct started *started);

/* Whether something that was lost may be of what began then. */
bool started_concerns(int64_t began_ms, const struct loss *loss);

#endif
