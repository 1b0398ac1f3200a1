/*
 * Usual lines on their way to the store: what they say but for when, by whom and where is looked at
 * once, and then known by its bytes.
 */
#ifndef SCLOG_CLI_KINDS_H
#define SCLOG_CLI_KINDS_H

#include "live/intake.h"
#include "correlate/assign.h"

struct usual_kinds;

/* Borrows both. */
struct usual_kinds *usual_kinds_new(struct intake *intake, struct assign *assign);
void usual_kinds_free(struct usual_kinds *kinds);

/*
 * Takes whole lines from the beginning of the text (ingest/usual.h: which slack it needs), as long
 * as they are usual and not more than so many; *ret_end is where the first other one begins.
 * Returns how many were taken, or -errno. All of them are in the store's hands then.
 */
int usual_kinds_take(struct usual_kinds *kinds, struct str lines, unsigned most,
		     const char **ret_end, struct err *err);

#endif
