/*
 * The table of `sclog watch --top`: what each workload does now.
 *
 *     WORKLOAD  RECORDS  PER SECOND  NEW  REFUSED  LAST CALL
 *     shop/web      123         2.5    4        1  chroot
 *
 * Pure data: events and keys go in, a screen comes out; nobody's terminal is touched from here. Names
 * are safe text (report/text.h). Rows are capped: what would be one more is counted as "(others)".
 */
#ifndef SCLOG_LIVE_TOP_H
#define SCLOG_LIVE_TOP_H

#include "report/live.h"

/* Names of workloads are chosen by containers; no person scrolls through more. */
#define TOP_ROWS_MAX 4096

struct top;

struct top *top_new(bool colour);
void top_free(struct top *top);

/* `fresh`: a first use. `refused`: by the filter that ran, or by the profile that judges. */
void top_event(struct top *top, const struct event *event, bool fresh, bool refused);

/* A key, as a byte that the terminal sent. Returns false if it is the one that ends. */
bool top_key(struct top *top, char key);

/* Time went by since the last call: rates are measured. */
void top_tick(struct top *top, double seconds);

/*
 * Appends the screen: at most so many lines and columns, to be written over the one before. It begins
 * with the status, ends with what the keys do, and clears nothing that it does not write over at once.
 */
void top_put(struct top *top, const struct live_status *status, size_t lines, size_t columns,
	     struct buf *screen);

#endif
