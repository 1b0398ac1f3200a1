/*
 * Usual lines on their way to the store: what they say but for when, by whom and where is looked at
 * once, and then known by its bytes (ingest/memo.h).
 */
#ifndef SCLOG_LIVE_KINDS_H
#define SCLOG_LIVE_KINDS_H

#include "correlate/assign.h"
#include "ingest/reader.h"
#include "live/intake.h"

struct usual_kinds;

/* Borrows both. */
struct usual_kinds *usual_kinds_new(struct intake *intake, struct assign *assign);
void usual_kinds_free(struct usual_kinds *kinds);

/* For who hashes the lines. */
const struct memo_key *usual_kinds_key(const struct usual_kinds *kinds);

/* Whose events are, and of which host, is asked again. */
void usual_kinds_forget(struct usual_kinds *kinds);

/*
 * Takes a stretch of a log, all of which is in the store's hands then. Returns 1, 0 if it is not usual for
 * a log of its framing, or -errno.
 */
int usual_kinds_take(struct usual_kinds *kinds, const struct stretch *stretch, struct err *err);

#endif
