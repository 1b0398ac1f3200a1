/*
 * Which serials were delivered: what shows that some were not.
 *
 * The kernel numbers all audit events of a boot one after the other, whatever their type. While
 * an input is read, its serials are gathered into runs without a gap; at its end they are joined
 * with what is known of the node. A hole between two runs is a loss only if both come from a
 * stream that carries all record types: a log with nothing but SECCOMP records was filtered, and
 * what is not in it may never have been lost. What such a log does hold fills the holes of the
 * complete ones. So spans of the two kinds are kept apart.
 *
 * And so are those of the two trusts: a text never fills a hole of the kernel's stream. A node's
 * stream of one trust is a channel, which channel_of() numbers. Internal to store/.
 */
#ifndef SCLOG_STORE_STREAM_H
#define SCLOG_STORE_STREAM_H

#include "ingest/source.h"
#include "ingest/serials.h"
#include "store/sql.h"

/* No store of ours has nodes of such numbers that this wraps. */
static inline int64_t channel_of(int64_t node, enum trust trust)
{
	return (int64_t)((uint64_t)node * 2 + trust);
}

struct span {
	int64_t channel;
	bool complete; /* of a stream that carries all record types; known at the flush */
	bool other;    /* one of its records is not SECCOMP; only while an input is read */
	uint32_t first_serial, last_serial;
	int64_t first_ms, last_ms;
	uint64_t missing; /* serials inside it that were not delivered, when runs had to be joined
			     because there were too many */
	int64_t row;      /* of a span on file */
	bool said;        /* of the kernel's, while the texts' holes are looked for */
};

/* The runs of the input at hand. */
struct stream {
	struct span *runs;
	size_t count, size;
	size_t look_at; /* when there are so many, they are joined */
	int64_t *full;  /* channels of which this input carries all types, known since a flush */
	size_t full_count;
	int64_t *kept_full; /* the same as of the last stream_keep() */
	size_t kept_full_count;
	size_t added; /* runs that were flushed since all spans on file were looked at */
};

void stream_release(struct stream *stream);

/* Another input begins; what was gathered has been flushed, or is not wanted. */
void stream_restart(struct stream *stream);

/* Notes serials that were delivered. */
void stream_note(struct stream *stream, int64_t channel, struct serial_run serials);

/* For who reads again from the last commit after a failed one: the runs are forgotten, and what
 * is known of the input is again what it was at the last stream_keep(), after that commit. */
void stream_keep(struct stream *stream);
void stream_restore(struct stream *stream);

/* The input is known to be unfiltered for that channel, whatever its records are. */
void stream_mark_full(struct stream *stream, int64_t channel);

/* True when the runs could not be joined to fewer: many nodes, or many boots. Flush them. */
bool stream_full(const struct stream *stream);

/* Joins the runs with those on file, for each channel of the input, and forgets them. */
int stream_flush(struct stream *stream, struct sql *sql, struct err *err);

/* Joins the spans that another store has of a node with those on file here; trusts above `highest`
 * become that. */
int stream_merge(struct sql *from, int64_t from_node, enum trust highest, struct sql *sql,
		 int64_t node, struct err *err);

struct serial_range {
	uint32_t first, last; /* last may be the smaller one: serials wrap at 2^32 */
};

/* Serials of one boot that nobody delivered. */
#define HOLE_RANGES 4
struct hole {
	uint64_t missing; /* serials that nobody delivered */
	bool filtered;    /* they may have been filtered out, not lost */
	int64_t from_ms, to_ms;
	/* Which ones they are: none where that is not known, or where they are more ranges. */
	struct serial_range ranges[HOLE_RANGES];
	size_t range_count;
};

typedef int stream_hole_fn(const struct hole *hole, void *context);

/* Calls each for the holes of a node, the kernel's before the texts': first what was lost, then what may have been filtered, both
 * in order of time. */
int stream_holes(struct sql *sql, int64_t node, stream_hole_fn *each, void *context,
		 struct err *err);

/* True if a run of a complete stream of the kernel's covers that moment and what came right after it. */
int stream_cover(struct sql *sql, int64_t node, int64_t ms, struct err *err);

/* The time of the last record of a complete kernel stream up to ms; 0: none. */
int stream_last_by(struct sql *sql, int64_t node, int64_t ms, int64_t *ret_ms, struct err *err);

#endif
