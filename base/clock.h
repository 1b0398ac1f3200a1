/*
 * Time: the current time, parsing what people write, and formatting.
 *
 * A time is milliseconds since 1970-01-01 00:00:00 UTC, negative before it, without leap
 * seconds, which is how the kernel stamps audit records (kernel/audit.c, audit_log_start()).
 */
#ifndef SCLOG_BASE_CLOCK_H
#define SCLOG_BASE_CLOCK_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>
#include <time.h>

/*
 * The current time, or that in SCLOG_NOW (`@SECONDS` or `@SECONDS.FRACTION`), for repeatable
 * results. -EINVAL if SCLOG_NOW is malformed.
 */
int clock_now_ms(int64_t *ret_ms, struct err *err);

/* The time of a kernel clock. SCLOG_NOW does not affect it. */
int64_t clock_ns(clockid_t clock);
int64_t clock_ms(clockid_t clock);

/* A clock minus CLOCK_MONOTONIC. Two clocks cannot be read at once: of some pairs, the one that was
 * read closest together. */
int64_t clock_ahead_ns(clockid_t clock);

/* The time that a text names: its first and last millisecond, both inclusive. */
struct clock_span {
	int64_t first_ms;
	int64_t last_ms;
};

/*
 * Parses what people write for a time:
 *
 *     90s 15m 1h30m 7d 2w       that long before now: one millisecond
 *     1 hour ago                the same in words: second, minute, hour, day, week
 *     now                       one millisecond
 *     today yesterday           a local day, of 23 or 25 hours if the clocks change
 *     10:00[:30]                today, local; the whole minute or second
 *     yesterday 10:00           the same on that day
 *     2026-11-21                a local day
 *     2026-11-21 23:01[:34]     local; the whole minute or second; T instead of the space too
 *     2026-11-21T23:01:34Z      RFC 3339, also +01:00; the whole second
 *     @1795302094               since the epoch; the whole second
 *
 * Seconds can have a fraction (`.5`, `.062`), truncated to milliseconds; the span is then one
 * millisecond. A local time that occurs twice, when clocks are set back, spans both. The leap second
 * 23:59:60 UTC is the first second of the next day, as in POSIX.
 *
 * Returns 0, -EINVAL for other texts, -ERANGE for values that do not fit.
 */
int clock_parse(struct str text, int64_t now_ms, struct clock_span *ret_span);

/* Parses a duration: 90s, 1h30m, 7d, 2 weeks. Returns 0, -EINVAL or -ERANGE. */
int clock_parse_duration(struct str text, int64_t *ret_ms);

/* The forms above in one line, for messages. */
extern const char clock_forms[];

/* Room for seven ints of any value and their separators, so that the compiler can prove that it fits. */
#define CLOCK_TEXT_SIZE 88

/* Writes "2026-11-21T23:01:34.454Z" (RFC 3339, UTC) and returns text. */
const char *clock_format_rfc3339_ms(int64_t ms, char text[CLOCK_TEXT_SIZE]);

#endif
