/*
 * Framing: what is around a record, which decides whether the kernel wrote it.
 *
 * An envelope (envelope.h) comes off first. The line is then auditd's RAW or ENRICHED with or
 * without node=, kernel text behind a header (header.h), journald's text or export form, or the
 * output of `ausearch -i`. An input has one of these, decided by its first line that shows one: a
 * program's message may hold newlines, and what stands behind them looks as the program likes.
 * A line in another framing is untrusted; so is an indented one.
 *
 * A line counts as the kernel's only if its framing says so. A container can send any text to
 * syslog; text after another program's tag is that program's, whatever it says. How far a framing
 * can be believed is the record's trust (source.h).
 */
#ifndef SCLOG_INGEST_FRAMING_H
#define SCLOG_INGEST_FRAMING_H

#include "ingest/date.h"
#include "ingest/line.h"
#include "ingest/notice.h"
#include "ingest/source.h"

struct framing;
struct journal;

enum framed_kind {
	FRAMED_OTHER,     /* a log line that is nothing of ours */
	FRAMED_TEXT,      /* not looked at: nothing in it could be ours */
	FRAMED_UNKNOWN,   /* no framing that sclog knows */
	FRAMED_RECORD,    /* a SECCOMP record: fields is its text */
	FRAMED_AUDIT,     /* another audit record: only its stamp and serial matter */
	FRAMED_NOTICE,    /* the system says that records were lost */
	FRAMED_UNTRUSTED, /* claims to be a record or a notice, in framing that is not the kernel's */
	FRAMED_UNSTAMPED,  /* a SECCOMP record whose time cannot be known */
	FRAMED_UNREADABLE, /* a collector's event whose call, arch or action is none */
	FRAMED_AMBIGUOUS,  /* one whose date could be several days */
	FRAMED_BROKEN,     /* JSON that claims to hold one, and has no end or is too long */
};

struct framed {
	enum framed_kind kind;
	enum source_kind source;
	enum trust trust;
	struct str text; /* the line, or what stood in its envelope; borrowed as node */
	struct framed_owner {
		struct str pod, namespace, container, id, image;
	} owner;           /* what a collector says of whose it is; n is 0 where it does not */
	struct str node;   /* empty: this host; borrowed from the line or the framing */
	struct str fields; /* FRAMED_RECORD: what record_parse() takes */
	bool interpreted;  /* FRAMED_RECORD: what record_parse_interpreted() takes instead */
	bool has_serial;
	bool full_stream; /* of a stream that carries every record type, unless it was filtered */
	int64_t ms;       /* FRAMED_RECORD, _AUDIT, _NOTICE; _UNTRUSTED: 0 if not known */
	uint32_t serial;
	struct notice notice; /* FRAMED_NOTICE */
	const char *remedy;   /* FRAMED_UNTRUSTED: what makes it count, in words; static */
};

#define FRAMING_NAMES "auditd|export|kmsg|dmesg|syslog|logcat"

struct framing_options {
	struct str host; /* this host's name */
	int64_t now_ms;  /* a stamp without a year is the nearest one not after this */
	bool trust_all;  /* take records in any framing */
	bool mixed;      /* logs of several framings, one behind the other */
	const char
		*date_order; /* one of DATE_ORDER_NAMES; NULL: known by each date, or the others */
	const char *framing; /* one of FRAMING_NAMES; NULL: decided by the first lines */
	const char *unwrap;  /* one of ENVELOPE_NAMES; NULL: the same */
};

/*
 * Local times are read in the process's time zone (tzset(3)). Options are copied. Free with framing_free().
 */
struct framing *framing_new(const struct framing_options *options);
void framing_free(struct framing *framing);

/* Reads one line. Slices in *ret_framed live as long as the line and until the next call. */
void framing_read(struct framing *framing, const struct line *line, struct framed *ret_framed);

/* No more lines come of the input: what is unfinished, as far as it can be read; false if there is
 * nothing. framing_more() has the rest. */
bool framing_end(struct framing *framing, struct framed *ret_framed);

/* What else was in the envelope of that line; false if there is nothing more. */
bool framing_more(struct framing *framing, struct framed *ret_framed);

/* With trust_all: the next record in a text that stands behind one on its line. False: there is none, or it is not
 * to be read. */
bool framing_read_joined(struct framing *framing, struct str text, struct framed *ret_framed);

/* True once some line of the input at hand stood in a framing, or in an envelope with a meaning. */
bool framing_is_known(const struct framing *framing);

/* True once the input at hand is auditd's own file, or a syslog daemon's: its lines may be read
 * without framing_read(). */
bool framing_is_auditd(const struct framing *framing);
bool framing_is_syslog(const struct framing *framing);

/* The node that a header's host names; empty: this host. */
struct str framing_node(const struct framing *framing, struct str host);

/* Reads the entry that a journal holds (journal.h), whoever put it there. Slices live as long as
 * that entry. One of another type of the audit transport is OTHER, with has_serial: whether it is
 * of a full stream, only the caller knows, since an export may have been filtered by unit. */
void framing_read_entry(struct framing *framing, const struct journal *journal,
			struct framed *ret_framed);

/*
 * True if the line has a date as ausearch -i writes them, and the others of its input were not looked
 * at (framing_note_date()): what one of them leaves open, another may show.
 */
bool framing_wants_dates(const struct framing *framing, struct str line);
void framing_note_date(struct framing *framing, const struct line *line);
void framing_dates_noted(struct framing *framing);

/* True while no stamp was noted that tells the year of lines without one. */
bool framing_wants_year(const struct framing *framing);

/* Another host's logs come: framing_options.host. */
void framing_set_host(struct framing *framing, struct str host);

/* Time passes, where an input is followed: see framing_options.now_ms. */
void framing_set_now(struct framing *framing, int64_t now_ms);

/* True inside an entry of several lines: none of them is a line of its own. */
bool framing_is_inside(const struct framing *framing);

/* A new input begins: what is kept of an unfinished entry of the last one is forgotten. */
void framing_restart(struct framing *framing);

#endif
