/*
 * An event: a record together with the container it belongs to.
 *
 * Borrows its record and its container. This is what the store counts.
 */
#ifndef SCLOG_CORRELATE_EVENT_H
#define SCLOG_CORRELATE_EVENT_H

#include "correlate/container.h"
#include "ingest/record.h"
#include "ingest/source.h"

enum attribution {
	ATTRIBUTION_CONTAINER,
	ATTRIBUTION_HOST,         /* a process that is in no container */
	ATTRIBUTION_UNATTRIBUTED, /* not known; the reason says why */
};

const char *attribution_name(enum attribution attribution);

/* Why a record is attributed to nothing. */
enum unattributed {
	UNATTRIBUTED_NONE,
	UNATTRIBUTED_LOG_ALONE,    /* a log holds no container, and the user named none */
	UNATTRIBUTED_PROCESS_GONE, /* the process ended before anyone could look */
	UNATTRIBUTED_NO_LIFETIME,  /* no process of that pid on file for that time */
	UNATTRIBUTED_BEFORE_WATCH, /* logged before watch looked at processes */
	UNATTRIBUTED_COUNT,
};

/* The reason in words, for the store's views; empty for UNATTRIBUTED_NONE. */
const char *unattributed_name(enum unattributed reason);

/* Which part of a container's life a process belongs to. */
enum phase {
	PHASE_APPLICATION,
	PHASE_SETUP, /* the runtime itself: runc:[2:INIT] or crun, exe "/", before the first exec */
	PHASE_EXEC,  /* a process brought in later: docker exec, kubectl exec */
};

const char *phase_name(enum phase phase);

/*
 * The phase that a record alone tells: exe "/" (a memfd copy of the runtime has no other name)
 * with runc's or crun's comm is set-up. Starting a container and entering one look alike here.
 */
enum phase phase_of(const struct record *record);

/*
 * What of an event is one of a few words: its field, its type and the last of them. Struct event, its
 * copies, and of the store the batches, the keys, the statements and the bundles are made from this
 * table; the columns of its series are called as the fields.
 *
 * coverage is what the user says of an event where there is no container.
 */
#define EVENT_WORDS(X)                                             \
	X(attribution, enum attribution, ATTRIBUTION_UNATTRIBUTED) \
	X(reason, enum unattributed, UNATTRIBUTED_COUNT - 1)       \
	X(phase, enum phase, PHASE_EXEC)                           \
	X(source, enum source_kind, SOURCE_STRACE)                 \
	X(coverage, enum coverage, COVERAGE_FULL)                  \
	X(trust, enum trust, TRUST_KERNEL)

#define EVENT_WORD_FIELD(field, type, last) type field;
#define EVENT_WORD_AT(field, type, last)    EVENT_AT_##field,

/* Their numbers in the table. */
enum { EVENT_WORDS(EVENT_WORD_AT) EVENT_WORD_COUNT };

struct event {
	const struct record *record;
	const struct container *container; /* NULL unless ATTRIBUTION_CONTAINER */
	EVENT_WORDS(EVENT_WORD_FIELD)
	bool full_stream; /* its log carries all record types: its serial shows gaps */
	uint32_t repeats; /* further events that it stands for: a row of a summary */
	struct str node;
};

#endif
