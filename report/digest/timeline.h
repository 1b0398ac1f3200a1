/*
 * The timeline: how many of a report's records were made in each hour, day or few days.
 *
 * The store counts by hour, and by day what it has rolled up; so a bar is an hour at least, and one that
 * the window cuts is counted whole.
 */
#ifndef SCLOG_REPORT_DIGEST_TIMELINE_H
#define SCLOG_REPORT_DIGEST_TIMELINE_H

#include "store/query.h"

/* Bars: a time that a log claims may be any. */
#define TIMELINE_BARS_MAX 400

struct timeline_bar {
	uint64_t records;
	uint64_t refused; /* of these */
};

struct timeline {
	int64_t first_ms; /* when the first bar begins */
	int64_t bar_ms;   /* an hour, or whole days */
	struct timeline_bar *bars;
	size_t count; /* 0: there are no records */
	/* private */
	struct timeline_series *series;
	size_t series_count;
	const struct timeline_series *last; /* hours mostly come by series */
	int64_t last_ms;
	bool rolled_up;
};

/* Zeroed is valid and empty. */
void timeline_release(struct timeline *timeline);

/* A series that is reported; each once. */
void timeline_add(struct timeline *timeline, const struct observation *observation);

/* Asks the store for the hours of what was added. */
int timeline_fill(struct timeline *timeline, struct store *store, struct err *err);

#endif
