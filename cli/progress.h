/*
 * Progress of long work, on a terminal's standard error: bytes, records a second, time left.
 */
#ifndef SCLOG_CLI_PROGRESS_H
#define SCLOG_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool shown;     /* standard error is a terminal and --quiet was not given */
	bool drawn;     /* something stands on the line */
	uint64_t total; /* bytes to come, 0: not known */
	double started; /* seconds, CLOCK_MONOTONIC */
	double next;    /* when to draw again */
};

/* Seconds of CLOCK_MONOTONIC. */
double progress_now(void);

void progress_begin(struct progress *progress, uint64_t total, bool quiet);

/* Draws at most ten times a second, and not in the first half second. */
void progress_update(struct progress *progress, uint64_t bytes, uint64_t records);

/* The same of rows, whose bytes nobody counted. */
void progress_rows(struct progress *progress, uint64_t rows);

/* Takes the line away, so that messages stand alone. */
void progress_clear(struct progress *progress);

#endif
