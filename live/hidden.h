/*
 * Records that the host's configuration hides while it is watched (doctor/hiding.h): spans of evidence, one
 * for each cause, from the last look before it was there to the first look after it had gone.
 */
#ifndef SCLOG_LIVE_HIDDEN_H
#define SCLOG_LIVE_HIDDEN_H

#include "doctor/hiding.h"
#include "live/evidence.h"

/* Zeroed is valid: not looked yet. */
struct hidden {
	size_t count;
	struct hidden_span {
		char cause[sizeof(((struct hiding *)0)->causes[0])];
		int64_t since_ms;
	} spans[HIDING_MAX];
	int64_t looked_ms; /* realtime: the last look; 0: none */
};

/* Takes what a look at that time (realtime) showed: writes the spans anew, and warns of a cause that
 * was not there before. */
int hidden_take(struct hidden *hidden, const struct hiding *now, int64_t now_ms,
		struct evidence *evidence, struct err *err);

#endif
