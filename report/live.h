/*
 * What `sclog watch` prints: a line for an event, and a status line for a terminal.
 *
 *     NEW  Nov 21 23:01:34  web             chroot (161)           x86_64  LOG    nginx
 *
 * Text is aligned without knowing what comes: each column begins at a usual width and grows with
 * what it meets, up to a limit, so that one long name does not move all later lines. What is
 * longer than the limit is shown whole. JSON is the object of `sclog events` with what is known
 * of one event. Nothing is written from here: the caller owns the buffers.
 */
#ifndef SCLOG_REPORT_LIVE_H
#define SCLOG_REPORT_LIVE_H

#include "base/buf.h"
#include "correlate/event.h"
#include "profile/profile.h"

enum live_kind {
	LIVE_EVENT,
	LIVE_NEW, /* the first of its kind: see report/novelty.h */
};

struct live_line {
	const struct event *event;
	enum live_kind kind;
	const struct verdict *verdict; /* NULL: no profile, or the record has no arch to judge */
};

#define LIVE_COLUMNS 8

/* How lines are written, and how wide the columns are by now. */
struct live {
	bool colour;
	bool judged; /* there is a profile */
	bool otel;   /* JSON: with OpenTelemetry's names */
	size_t widths[LIVE_COLUMNS];
};

void live_init(struct live *live, bool colour, bool judged);

/*
 * Appends the line and its newline: NEW or nothing, local time (tzset(3) is due before), container
 * by name or short id (or `(host)`, `(unattributed)`), syscall and number, arch, action, program,
 * and with a profile what that would do: `allowed`, `logged`, `refused: ERRNO EPERM`, `falls back:
 * ERRNO ENOSYS`, `conditional: allowed when ...`. Columns are set off by two spaces or more.
 */
void live_put_text(struct live *live, struct buf *buf, const struct live_line *line);

/*
 * Appends one object and its newline: the keys of `sclog events` with a count of 1, "new", and
 * with a profile "verdict": {"verdict","action","errno","conditions"}, or null where the record
 * has no arch.
 */
void live_put_json(const struct live *live, struct buf *buf, const struct live_line *line);

/* How watching goes, for a person. */
struct live_status {
	double records_per_second;
	uint64_t events;     /* counted since the start */
	uint64_t fresh;      /* NEW ones of them */
	uint64_t containers; /* seen since the start */
	uint64_t lost;       /* known to be */
	size_t waiting;      /* bytes not yet committed; shown only where there is trouble */
	const char *trouble; /* why, or what else is wrong; NULL: all is well */
	const char *source;  /* what is listened to */
};

/*
 * Appends the status, at most that many terminal columns, without newline, colour or cursor
 * movement. Where it does not fit, the least important parts go first, as a whole: trouble stays
 * longest, and alone is cut.
 */
void live_status_put(struct buf *buf, const struct live_status *status, size_t columns);

#endif
