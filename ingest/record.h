/*
 * A record: the fields of one SECCOMP audit record, as the kernel gave them.
 *
 * Comes from a line's kernel text (framing.h), goes to correlate/ as it is. Strings borrow from
 * the line, or where the kernel wrote hex from the space that the caller gave to decode it; they live
 * as long as these.
 */
#ifndef SCLOG_INGEST_RECORD_H
#define SCLOG_INGEST_RECORD_H

#include "base/str.h"

#include <stdint.h>

/* Longest comm is 15 bytes (TASK_COMM_LEN); a path may be PATH_MAX plus " (deleted)". */
#define RECORD_SPACE_SIZE 8192

/* Where names are decoded to; the next record that is parsed takes it from the beginning. */
struct record_space {
	size_t n;
	char bytes[RECORD_SPACE_SIZE];
};

struct record {
	/* The event's identity with its node: stamp and serial. */
	int64_t ms;      /* milliseconds since the epoch, the kernel's stamp or the framing's */
	uint32_t serial; /* valid with has_serial */
	bool has_serial;

	bool has_arch;
	bool comm_null, exe_null; /* the kernel wrote (null), or there is no such field */

	uint32_t pid;  /* TGID in the initial pid namespace */
	uint32_t arch; /* AUDIT_ARCH_*, valid with has_arch (kernel 3.10 logs none) */
	int32_t nr;    /* syscall number, bit 30 for x32, -1 possible */
	uint32_t code; /* SECCOMP_RET_* action */
	uint64_t ip;   /* instruction pointer, 0 if not logged */
	struct str comm;
	struct str exe;
	struct str rest; /* what follows the last field: auditd's tail */
	struct str subj; /* the LSM's context, empty if there is none; may hold spaces */
};

/* Why a line that claims to be a SECCOMP record is none. */
enum malformed {
	MALFORMED_NONE,
	MALFORMED_STAMP,  /* no audit(SECONDS.MS:SERIAL) where one has to be, or no time at all */
	MALFORMED_FIELD,  /* pid, syscall or code is missing */
	MALFORMED_NUMBER, /* a number that is none, or does not fit */
	MALFORMED_STRING, /* comm or exe neither quoted nor hex, or too long */
	MALFORMED_DUPLICATE, /* a field stands there twice: one of them is not the kernel's */
	MALFORMED_AMBIGUOUS, /* interpreted text that can be read in two ways */
	MALFORMED_ACTION,    /* interpreted "kill", of a thread or a process */
	MALFORMED_DATE,      /* an interpreted date that can be several days */
	MALFORMED_PARTIAL,   /* the last line of a file, cut in the middle */
	MALFORMED_WRAPPED,   /* a line that was wrapped: its action is cut */
	MALFORMED_LONG,      /* the line is longer than a record can be */
	MALFORMED_JSON,      /* JSON that has no end, or is too long */
	MALFORMED_CALL,      /* of a trace: a call whose number is not known */
	MALFORMED_TRACE,     /* of a trace: no line that strace writes */
	MALFORMED_COUNT,
};

/* "stamp", "missing-field" ...: the name of the reason in summaries. */
const char *malformed_name(enum malformed reason);

/* One sentence for a person. */
const char *malformed_text(enum malformed reason);

/*
 * Parses the fields after the stamp ("auid=... code=0x7ffc0000...") into the record; stamp and
 * serial are left alone. Returns MALFORMED_NONE, or why it is no record.
 */
enum malformed record_parse(struct str fields, struct record_space *space,
			    struct record *ret_record);

/* The same for the text of `ausearch -i`, where names stand for numbers and nothing is quoted. */
enum malformed record_parse_interpreted(struct str fields, struct record_space *space,
					struct record *ret_record);

#endif
