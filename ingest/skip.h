/*
 * Skipping: what a text begins with is taken off its beginning, if it begins so; else it stays as it is. All
 * but skip_blanks() and those without a result return whether it did.
 */
#ifndef SCLOG_INGEST_SKIP_H
#define SCLOG_INGEST_SKIP_H

#include "base/str.h"

/* A month in any script, a zone's name: no part of a time is longer. */
#define SKIP_WORD_MAX 40

bool skip_char(struct str *text, char c);

/* True if there were some. */
bool skip_blanks(struct str *text);

/* min to max digits; what they are is taken off even if they are too few. */
bool skip_digits(struct str *text, size_t min, size_t max);

/* Up to a blank: what was taken off. */
struct str skip_word(struct str *text);

/* "23:01:34", "23:01:34.381697". */
bool skip_clock(struct str *text);

/* "+00:00", "+0000", "Z", or nothing. */
void skip_offset(struct str *text);

/* " +0000", apart from an ISO time. */
void skip_zone_apart(struct str *text);

/* "2026-11-21T23:01:34.381697+00:00", the T perhaps a blank, or svlogd's underscore. */
bool skip_iso(struct str *text);

/* "Nov 21 23:01:34", "21 nov. 23:01:34 2026", "2026 Nov 21 23:01:34": a month in any language, a day, a clock. One
 * of the two before the clock is a number. */
bool skip_bsd(struct str *text);

/* " CET 2026", as date(1) writes it behind the clock: a zone's name alone says no time. */
bool skip_zone_and_year(struct str *text);

/* "1795302094.454000": journalctl -o short-unix. */
bool skip_unix(struct str *text);

/* "11/21/2026 23:01:34", which does not say which is the month; "21-Nov-2026 23:01:34", "21 Nov 2026 23:01:34". */
bool skip_dated(struct str *text, char between);

/* "1795302094 ", "1795302094454 ": whole seconds or milliseconds since the epoch. */
/* "@400000006a6b7c8d1b2c3d4c": TAI64 or TAI64N, of multilog and svlogd (cr.yp.to/libtai/tai64.html). */
bool skip_tai(struct str *text);

bool skip_epoch(struct str *text);

#endif
