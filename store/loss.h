/*
 * How something was lost, or may have been: a table of all kinds, from which their numbers, what is
 * said of them and what their time means are made. A new kind is a row at its end, since stores keep
 * the numbers, and store_put_loss() where it is noticed.
 */
#ifndef SCLOG_STORE_LOSS_H
#define SCLOG_STORE_LOSS_H

#include "base/str.h"

#include <stdint.h>

/* What the number of a loss counts. */
enum loss_counts {
	LOSS_RECORDS, /* records that are lost, exactly */
	LOSS_OTHER,   /* something else, or not all of them */
};

/* What its time is. */
enum loss_when {
	LOSS_THEN,  /* nothing that was lost is later */
	LOSS_SOON,  /* nor earlier than LOSS_SOON_MS before: it is noticed at once */
	LOSS_FOUND, /* that of finding it, in records of whatever time */
};

/* Watch asks the kernel every ten seconds (live/evidence.c). */
#define LOSS_SOON_MS 20000

/* The text comes behind the number, where there is one: of {record was|records were} the first is for 1
 * (loss_put_words() of store/query.h). */
/* clang-format off */
#define LOSS_KINDS(EACH) \
	/* kauditd_printk_skb: N callbacks suppressed */ \
	EACH(PRINTK, LOSS_OTHER, LOSS_THEN, "kernel log {line was|lines were} suppressed by " \
	     "printk's rate limit; some may be audit records that no other source has") \
	/* audit: audit_lost=N: the kernel's running total of a boot */ \
	EACH(COUNTER, LOSS_RECORDS, LOSS_THEN, "{record was|records were} dropped by the kernel " \
	     "(audit_lost)") \
	EACH(BACKLOG, LOSS_OTHER, LOSS_SOON, "audit backlog limit exceeded: records were dropped") \
	EACH(RATE, LOSS_OTHER, LOSS_SOON, "audit rate limit exceeded: records were dropped") \
	/* audit: kauditd hold or retry queue overflow */ \
	EACH(QUEUE, LOSS_OTHER, LOSS_SOON, "an audit queue overflowed: records were dropped") \
	EACH(MALFORMED, LOSS_RECORDS, LOSS_FOUND, "malformed {record|records} could not be read") \
	EACH(INPUT, LOSS_OTHER, LOSS_FOUND, "an input could not be read completely") \
	EACH(OVERLAP, LOSS_OTHER, LOSS_FOUND, "merged stores have different records of the same " \
	     "time: its counts are minimums") \
	EACH(OVERRUN, LOSS_OTHER, LOSS_SOON, "records of a live source arrived faster than they " \
	     "were read; the missing serials are listed separately") \
	EACH(OUTRUN, LOSS_OTHER, LOSS_THEN, "a log was rotated away or cut before all of it was read") \
	/* and no serial can show what is missing */ \
	EACH(UNOBSERVED, LOSS_OTHER, LOSS_THEN, "nothing was watching for a while; no source has " \
	     "the records of that time") \
	EACH(DROPPED, LOSS_OTHER, LOSS_SOON, "{record was|records were} dropped: the store could not be written " \
	     "and memory was full; the missing serials are listed separately") \
	EACH(PROCESSES, LOSS_OTHER, LOSS_SOON, "fork and exec events were lost: records of that time " \
	     "may be unattributed") \
	EACH(CLOCK, LOSS_OTHER, LOSS_THEN, "the clock was changed: times around it are not in order") \
	EACH(GREW, LOSS_RECORDS, LOSS_SOON, "{record was|records were} dropped by the kernel while sclog was " \
	     "watching") \
	EACH(CLAIMED, LOSS_OTHER, LOSS_THEN, "{process|processes} named a container of another " \
	     "user and {counts|count} for the host") \
	EACH(EXPIRED, LOSS_OTHER, LOSS_FOUND, "{record is|records are} older than the store's " \
	     "horizon and {was|were} not counted now; ingest --backfill counts what was not counted earlier") \
	EACH(LIMIT, LOSS_OTHER, LOSS_FOUND, "{record|records} exceeded a limit of the store and {is|are} " \
	     "not counted") \
	EACH(UNTAKEN, LOSS_OTHER, LOSS_FOUND, "{line looks like a record or a notice of a loss, and was|" \
	     "lines look like records or notices of losses, and were} not counted") \
	EACH(REPLACED, LOSS_OTHER, LOSS_THEN, "the store was deleted or replaced while it was open: " \
	     "records from before are missing") \
	/* for as many milliseconds as its number says, from then on */ \
	EACH(HIDDEN, LOSS_OTHER, LOSS_SOON, "records were hidden by configuration") \
	EACH(SIZE, LOSS_RECORDS, LOSS_THEN, "{record was|records were} dropped because the store had reached " \
	     "its max-size; it has records from this time on")
/* clang-format on */

#define LOSS_NUMBER(name, counts, when, text) LOSS_##name,
enum loss_kind { LOSS_KINDS(LOSS_NUMBER) LOSS_KIND_COUNT };
#undef LOSS_NUMBER

/* Evidence of a loss. The same evidence (node, kind, time, text) again changes nothing. */
struct loss_note {
	enum loss_kind kind;
	int64_t ms;     /* when, 0 if that is not known: it then counts for every window */
	uint64_t count; /* how many, 0 if that is not known */
	struct str node;
	struct str text;   /* what tells this evidence from other such: the line */
	struct str detail; /* for a person: the file and its line */
};

#endif
