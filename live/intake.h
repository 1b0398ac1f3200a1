/*
 * The intake: from a framed line to an event in the store, the same way for a file that is read
 * once and for a source that is followed. What cannot be read is counted, shown and kept as
 * evidence of a loss.
 */
#ifndef SCLOG_LIVE_INTAKE_H
#define SCLOG_LIVE_INTAKE_H

#include "base/err.h"
#include "correlate/event.h"
#include "ingest/framing.h"
#include "live/pairs.h"
#include "store/store.h"

/* Counts are exact. */
struct intake_counts {
	uint64_t records; /* well-formed SECCOMP records of the kernel's */
	uint64_t
		untrusted; /* claims to be a record or a notice, in framing that is not the kernel's */
	uint64_t malformed[MALFORMED_COUNT];
	uint64_t paired;         /* of records: without a serial, and the same as one with it */
	uint64_t without_serial; /* of the others: may double one that came with a serial */
	uint64_t without_arch;   /* of records */
};

uint64_t intake_malformed(const struct intake_counts *counts);

/* Attributes an event and puts it into the store. text is what one without serial is known by. */
typedef int intake_put_fn(void *context, struct event *event, struct str text, struct err *err);

struct intake {
	/* set by whoever reads */
	struct store *store;
	struct framing *framing;
	const char *node;     /* --node: overrides what lines say; NULL: nothing */
	struct str host_name; /* whose a line is that does not say */
	unsigned verbose;     /* 1: the first malformed line of each kind is shown */
	void (*before_message)(void *context); /* takes a progress line away; may be NULL */
	intake_put_fn *put;
	void *context; /* of both */
	bool ends;     /* what may be one of two can wait: intake_look(), intake_put_held() */
	/* the input at hand */
	const char *path;
	const char *foreign; /* why no word of it is the kernel's (struct input); none: it may be */
	bool foreign_said;   /* that some records are text for this */
	int64_t last_ms;     /* the latest stamp seen, 0: none yet */
	int64_t from_ms, to_ms; /* the earliest and the latest of its records; none: from > to */
	uint64_t refused;       /* malformed lines of it */
	struct intake_untaken {
		uint64_t count;
		int64_t ms; /* of the last of them, and how many of its millisecond */
		uint64_t here;
		const char *remedy; /* of the first of them */
	} untaken;                  /* claims of it that were not taken */
	size_t number;              /* of the input at hand, as the caller counts them */
	bool only_once;             /* it cannot be read again */
	struct pairs *pairs;        /* of all inputs; NULL: none looked for yet */
	size_t node_n;
	char last_node[256]; /* what its latest line says, see intake_last_node() */
	size_t name_n;
	char name[512]; /* by which evidence of it is found again, whatever it is called */
	bool explained[MALFORMED_COUNT];
	struct intake_counts counts; /* of all inputs */
	struct record record;
	struct record_space space; /* of its names */
};

/* A record has this stamp. */
static inline void intake_saw(struct intake *intake, int64_t ms)
{
	intake->last_ms = ms;
	if (ms < intake->from_ms)
		intake->from_ms = ms;
	if (ms > intake->to_ms)
		intake->to_ms = ms;
}

/* Another input begins. foreign is borrowed, as path. */
void intake_begin(struct intake *intake, const char *path, const char *foreign);

/* What tells the input from others, whatever it is called: its first line, and its path where that
 * is short. Empty before the line was read. Valid until the next one begins. */
struct str intake_first_line(const struct intake *intake);

/* Whose the input is, as --node or its latest line says, else this host. */
struct str intake_last_node(const struct intake *intake);

/* Takes a line that was taken before, after all inputs were: puts nothing, but looks whether one that
 * waits is the same event. */
void intake_look(struct intake *intake, const struct line *line);

/* Puts one that waited (pairs_next()), and frees it. */
int intake_put_held(struct intake *intake, struct pairs_held *held, struct err *err);

/* No more comes of the input at hand. whole: it was read to its end, and evidence
 * of an earlier reading that does not hold any more is taken back. */
int intake_end(struct intake *intake, bool whole, struct err *err);

void intake_release(struct intake *intake);

/* Takes a line of a log. Returns 0, or what the store or put() returned. */
int intake_line(struct intake *intake, const struct line *line, struct err *err);

/* Takes what came without a line, framed already; text as in intake_put_fn. */
int intake_framed(struct intake *intake, const struct framed *framed, struct str text,
		  struct err *err);

/* Counts a line of a trace as one that cannot be read; ms: its time, 0 if that is not known. */
int intake_refuse(struct intake *intake, enum malformed why, const struct line *line, int64_t ms,
		  struct err *err);

/* Counts a line that claims to be a record or a notice, and was not taken. */
int intake_leave(struct intake *intake, const struct line *line, const struct framed *framed,
		 struct err *err);

/* The latest line says this of whose it is. */
void intake_saw_node(struct intake *intake, struct str node);

/* Says once of the input at hand that it is foreign, and its records are text. */
void intake_say_foreign(struct intake *intake);

/* True if others than the caller and root can have written the input at hand. */
static inline bool intake_is_foreign(const struct intake *intake)
{
	return intake->foreign && intake->foreign[0];
}

/* The node of a line that says this. */
struct str intake_node(const struct intake *intake, struct str framed);

#endif
