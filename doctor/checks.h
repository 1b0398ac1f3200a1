/*
 * Checks: does this host log what is needed, and which command mends what is wrong?
 *
 * A check is a pure function from a host's facts to findings, in a table; nothing here reads or
 * changes anything.
 */
#ifndef SCLOG_DOCTOR_CHECKS_H
#define SCLOG_DOCTOR_CHECKS_H

#include "doctor/host.h"

enum finding_level {
	FINDING_OK,
	FINDING_WARN, /* records may be lost, or this could not be checked */
	FINDING_FAIL, /* records are missing */
};

/* "ok", "warn", "fail" */
const char *finding_level_name(enum finding_level level);

struct health_finding {
	const char *check; /* the check's id: "rules", "actions-logged" */
	enum finding_level level;
	struct buf text; /* one sentence: what is so, and what follows from it */
	struct buf
		command; /* what mends it, for a shell; empty: nothing to do, or no command does */
};

struct health {
	struct health_finding *all; /* in the checks' order; each check has at least one */
	size_t count;
	size_t of_level[3];
};

void health_check(const struct host *host, struct health *ret_health);
void health_release(struct health *health);

/* The ids of all checks, in order; NULL behind the last. */
const char *health_check_id(size_t i);

#endif
