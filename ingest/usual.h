/*
 * Usual lines: auditd's own, and a syslog daemon's, as a kernel of today writes them. Nearly every
 * line of a log is one; this reads it by the fixed order of its fields. Whatever differs in anything
 * is not usual, and is for framing_read() and record_parse() to look at: of what is usual they would
 * say the same.
 *
 *   type=SECCOMP msg=audit(S.MMM:N): auid=. uid=. gid=. ses=. [subj=. ]pid=N comm=. exe=. sig=.
 *   arch=. syscall=. compat=. ip=0xH code=0xH      a record
 *   type=OTHER msg=audit(S.MMM:N): ...             of any other type only the stamp matters
 *   TIME HOST kernel: [[ S.MICROS] ]audit: type=1326 audit(S.MMM:N): ...   the record, in syslog;
 *                                                  TIME is of RFC 3164 or RFC 3339
 *   TIME ...                                       any other line of syslog without "audit" and
 *                                                  "SECCOMP": nothing of ours
 */
#ifndef SCLOG_INGEST_USUAL_H
#define SCLOG_INGEST_USUAL_H

#include "base/str.h"

#include <stdint.h>

enum usual_kind {
	USUAL_NOT,    /* for somebody else to read */
	USUAL_NOBODY, /* of a type that has no serial of the kernel's: nothing of ours */
	USUAL_OTHER,  /* another record: its stamp and serial */
	USUAL_TEXT,   /* a line of a syslog daemon's that is nothing of ours */
	USUAL_RECORD,
	USUAL_SYSLOG, /* a record that such a daemon wrote */
};

/* A shorter line is no usual record, or none of another type. */
#define USUAL_RECORD_MIN 100
#define USUAL_OTHER_MIN  40

/* One cache line. What lies in the line is given by where it begins in it, and how long it is. */
struct usual {
	const char *line;
	uint32_t line_n; /* without its newline */
	uint8_t kind;    /* enum usual_kind */
	int64_t ms;
	/* of a record */
	uint64_t ip;
	union {
		struct {
			/* "comm=... compat=.": with the code all but when, where, by whom */
			uint16_t what_at, what_n;
			uint16_t subj_at, subj_n; /* the LSM's context; n: 0 if there is none */
			uint32_t code;
		};
		uint64_t hash[2]; /* in their place: memo_hash() */
	};
	uint32_t serial, pid;
	uint16_t fields_at;      /* what record_parse() takes, to the line's end */
	uint8_t host_at, host_n; /* of a syslog daemon's: the header's host */
};

_Static_assert(sizeof(struct usual) <= 64, "one cache line");

static inline bool usual_is_record(const struct usual *usual)
{
	return usual->kind >= USUAL_RECORD;
}

static inline struct str usual_line(const struct usual *usual)
{
	return str_of(usual->line, usual->line_n);
}

static inline struct str usual_what(const struct usual *usual)
{
	return str_of(usual->line + usual->what_at, usual->what_n);
}

static inline struct str usual_subj(const struct usual *usual)
{
	return str_of(usual->line + usual->subj_at, usual->subj_n);
}

static inline struct str usual_host(const struct usual *usual)
{
	return str_of(usual->line + usual->host_at, usual->host_n);
}

static inline struct str usual_fields(const struct usual *usual)
{
	return str_skip(usual_line(usual), usual->fields_at);
}

/* What is mostly the same in the next line: it is compared as a whole then, and not read. From all zero
 * on. */
struct usual_before {
	uint64_t second[2]; /* the text's bytes 0 to 7 and 3 to 10 */
	int64_t second_ms;  /* 0: not known */
	/* Of a syslog line whose header is the kernel's, as header_read() has it: the time to the second,
	 * and what follows the fraction, to "kernel:". The time's length is 0 if there is none. */
	char time[20], host[80];
	uint8_t time_n, host_n;  /* host_n: of all these bytes */
	uint8_t name_at, name_n; /* the host's name in them */
	/* Of a record, "auid=" to "pid=" and " sig=" to " syscall="; a length of 0 if it is not known. */
	char who[128], how[64];
	uint8_t who_n, how_n;
	uint16_t subj_n;    /* the LSM's context, which stands before " pid=" */
	char code_text[16]; /* " code=0x7ffc0000" */
	uint32_t code;
};

/* So many bytes behind the text may be read, whatever is in them. */
#define USUAL_SLACK 192

/* Reads the line at p; a newline comes before `end`. All is filled in, or, if the line is not usual,
 * line and kind. It is faster where the line is like the one before, and says the same. */
void usual_read(const char *p, const char *end, struct usual_before *before,
		struct usual *ret_usual);

#endif
