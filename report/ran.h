/*
 * When the containers of a group ran, as far as that is known: what was lost before or after cannot
 * be theirs.
 *
 * A container's start is seen in the records that the runtime makes as it sets the container up, heard
 * from the kernel itself by a process that watches (a log names the same of what `docker exec` prepares).
 * A container of which no such record is there, or one from before it, may have begun at any time. Its
 * end is what watch found; records from after it say that it ran on. Observations of a container come
 * one after the other, as query_observations() gives them.
 */
#ifndef SCLOG_REPORT_RAN_H
#define SCLOG_REPORT_RAN_H

#include "store/query.h"

/* What was lost so shortly before the first record may be of the set-up itself; some losses are noted by
 * the minute. */
#define RAN_BEFORE_MS 120000

/* Zeroed is valid. */
struct ran {
	size_t known, seen, ended; /* containers; those whose start was seen; those whose end was */
	bool others;               /* something else than containers */
	int64_t began_ms;          /* the earliest of those seen */
	int64_t ended_ms;          /* the latest of those that ended */
	int64_t last_ms;           /* of all records */
	/* the container at hand; 0: none */
	int64_t row, first_ms, set_up_ms;
	bool is_set_up;
};

/* Each container of the group once, with or without records; ended_ms: 0 where that is not known. */
void ran_add_container(struct ran *ran, int64_t ended_ms);
void ran_add(struct ran *ran, const struct observation *observation);

/* After the last: all that it has ran between these; INT64_MIN, INT64_MAX where that is not known. */
struct ran_span {
	int64_t since_ms, until_ms;
};
struct ran_span ran_span(struct ran *ran);

/* Whether something that was lost may be of what ran then. */
bool ran_concerns(struct ran *ran, const struct loss *loss);

#endif
