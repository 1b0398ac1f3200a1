/*
 * Serials as they come, joined into runs: nearly all follow each other, or come a few too early or too
 * late, so that one run stands for thousands. store/stream.h is what becomes of them.
 */
#ifndef SCLOG_INGEST_SERIALS_H
#define SCLOG_INGEST_SERIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stamps and serials are taken one after the other: they may disagree by this much. */
#define SERIAL_SLACK_MS 1000

/* Serials without a gap. */
struct serial_run {
	uint32_t first, last;
	int64_t first_ms, last_ms;
	bool other; /* one of them is of a record that is not SECCOMP */
};

static inline struct serial_run serial_run_of(uint32_t serial, int64_t ms, bool is_other)
{
	return (struct serial_run){serial, serial, ms, ms, is_other};
}

/* So many serials may come before the one that is next. */
#define SERIALS_AHEAD 64

/* All zero before the first, but for where the runs go. */
struct serials {
	struct serial_run run;           /* the one that grows, */
	bool growing;                    /* if there is one */
	uint64_t ahead;                  /* a bit for each serial behind it that was noted */
	int64_t ahead_ms[SERIALS_AHEAD]; /* by the serial's low bits */
	struct serial_run *done;         /* the caller's: room for as many as are noted */
	size_t count;
};

void serials_note(struct serials *serials, uint32_t serial, int64_t ms, bool is_other);

/* Ends the run that grows: all that was noted is in runs. */
void serials_end(struct serials *serials);

#endif
