/*
 * A line: bytes of a log and where they came from. The first stage of the data's way.
 *
 * Its text borrows the input's buffer and lives until the next line is asked for. Lines end at
 * '\n', which is not part of them; the last one of an input may lack it.
 */
#ifndef SCLOG_INGEST_LINE_H
#define SCLOG_INGEST_LINE_H

#include "base/str.h"

#include <stdint.h>

/* The kernel caps a record at 8,970 bytes (MAX_AUDIT_MESSAGE_LENGTH); a journal entry as JSON
 * carries it about twice, with some fifty other fields. */
#define LINE_MAX_BYTES 65536

struct line {
	struct str text;
	uint64_t number; /* from 1 */
	uint64_t offset; /* of its first byte in the decompressed text */
	bool ended;      /* by a newline; only the last line may lack one */
	bool cut;        /* longer than LINE_MAX_BYTES: text is its beginning */
	bool more;       /* JSON longer than that: it goes on with the next one */
	bool part;       /* the line before goes on with this one */
};

#endif
