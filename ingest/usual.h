/*
 * Usual lines: auditd's own, as a kernel of today writes them. Nearly every line of a log is one;
 * this reads it by the fixed order of its fields. Whatever differs in anything is not usual, and is
 * for framing_read() and record_parse() to look at: of what is usual they would say the same.
 *
 *   type=SECCOMP msg=audit(S.MMM:N): auid=. uid=. gid=. ses=. [subj=. ]pid=N comm=. exe=. sig=.
 *   arch=. syscall=. compat=. ip=0xH code=0xH      a record
 *   type=OTHER msg=audit(S.MMM:N): ...             of any other type only the stamp matters
 */
#ifndef SCLOG_INGEST_USUAL_H
#define SCLOG_INGEST_USUAL_H

#include "base/str.h"

#include <stdint.h>

enum usual_kind {
	USUAL_NOT,    /* for somebody else to read */
	USUAL_NOBODY, /* of a type that has no serial of the kernel's: nothing of ours */
	USUAL_OTHER,  /* another record: its stamp and serial */
	USUAL_RECORD,
};

/* Slices borrow the line. */
struct usual {
	struct str line; /* without its newline; p is NULL if there is no newline */
	int64_t ms;
	uint32_t serial;
	/* of a record */
	uint32_t pid, code;
	uint64_t ip;
	struct str what;   /* "comm=... compat=.": with the code all but when, where and by whom */
	struct str subj;   /* the LSM's context, empty if there is none */
	struct str fields; /* what record_parse() takes */
};

/* So many bytes behind the text may be read, whatever is in them. */
#define USUAL_SLACK 64

/* Reads the line at p; `end` ends the text. */
enum usual_kind usual_read(const char *p, const char *end, struct usual *ret_usual);

#endif
