/*
 * Runs: in how many runs of a group each call was seen, and what that says of the next run.
 *
 * A run is a container: its id is new with each start. What has one container alone, or none, is
 * told apart by the hours in which it was seen. Observations of a container must come one after the
 * other, as query_observations() gives them; a container without records is no run.
 *
 * The estimate is Good and Turing's, over runs: the share of runs that alone showed some call. As each
 * run is left out once, the others stand for what was known before it; so it needs no assumption about
 * which calls come together. The interval follows Good's variance, and is one of at least 95 % for runs
 * that are independent of each other (tests/unit/test_runs.c).
 */
#ifndef SCLOG_REPORT_RUNS_H
#define SCLOG_REPORT_RUNS_H

#include "base/buf.h"
#include "store/query.h"

#include <jansson.h>

/* Calls that are kept of one group; a program can make up any number of them. */
#define RUNS_CALLS_MAX 4096

/* Pairs of an hour and a series that are looked at. */
#define RUNS_HOURS_MAX 4000000

/* Numbered from 1; 0: none. */
struct run_call {
	uint32_t arch; /* AUDIT_ARCH_* */
	int32_t nr;
	uint32_t runs;
	uint32_t first, second, last; /* the runs in which it was seen */
};

struct run_series {
	int64_t number;
	uint32_t arch;
	int32_t nr;
};

struct run_hour {
	int64_t hour; /* since the epoch */
	uint32_t arch;
	int32_t nr;
};

/* Zeroed is valid: nothing seen. */
struct runs {
	struct run_call *calls; /* by arch and number */
	size_t call_count;
	uint32_t count;        /* of runs */
	int64_t container_row; /* of the last run; 0: no container's */
	bool are_hours;
	bool too_many; /* calls or hours: nothing can be said */
	/* of the first run, as long as it is the only one: series whose hours were not read yet, and hours */
	struct run_series *series;
	size_t series_count;
	struct run_hour *hours;
	size_t hour_count;
};

void runs_release(struct runs *runs);

void runs_add(struct runs *runs, const struct observation *observation);

/* While the store has the series that were added since the last call: of a single run, their hours. The
 * selection is that of the observations. */
int runs_read_hours(struct runs *runs, struct store *store, const struct selection *selection,
		    struct err *err);

/* After the last: a single run is told apart by its hours, if they were read. */
void runs_finish(struct runs *runs);

/* The chance that one more run shows a call that none of these did. */
struct run_chance {
	double estimate, low, high; /* 0 to 1; the interval of 95 % */
	size_t once;                /* calls that were seen in one run */
};
struct run_chance runs_chance(const struct runs *runs);

/* "12 runs; 3 of 87 calls in one run only ..."; false, and nothing, where nothing can be said. */
bool runs_put(const struct runs *runs, struct buf *line);

/* {"unit","runs","syscalls","once","chance_percent","low_percent","high_percent",
 * "partial":[{"runs","syscalls"}]}, or null. */
json_t *runs_json(const struct runs *runs);

/* Without nested objects: "seen", the sentence, and "seen_in_part", ["mount 1/12", ...]; neither where
 * nothing can be said. */
void runs_put_flat(const struct runs *runs, json_t *object);

#endif
