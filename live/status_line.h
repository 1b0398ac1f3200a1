/*
 * The status line: the last line of a terminal, written over once a second.
 *
 * Whoever writes anything else to standard error clears it first; it comes again by itself.
 */
#ifndef SCLOG_LIVE_STATUS_LINE_H
#define SCLOG_LIVE_STATUS_LINE_H

#include "report/live.h"

struct status_line {
	bool wanted; /* standard error is a terminal that can write over a line */
	bool shown;  /* it stands there */
};

/* quiet: it is not wanted. */
void status_line_init(struct status_line *line, bool quiet);

/* Shows it, and tells the service manager the same. */
void status_line_show(struct status_line *line, const struct live_status *status);

/* Takes it off the terminal: a before_message() of the intake, with the line as its context. */
void status_line_clear(struct status_line *line);

#endif
