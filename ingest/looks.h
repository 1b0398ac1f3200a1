/*
 * What an input that turned out to be no log looks like, in words for whoever named it.
 */
#ifndef SCLOG_INGEST_LOOKS_H
#define SCLOG_INGEST_LOOKS_H

#include "base/str.h"

#include <stdint.h>

struct looks {
	uint64_t lines;
	const char *what; /* what it is and what to do instead; NULL: nothing was seen */
	bool sure;        /* what was seen first stays */
	bool is_other;    /* it begins as a file of another kind does: no line of it is a record */
};

/* Looks at the next line; a new input begins with an empty struct. */
void looks_line(struct looks *looks, struct str line);

/* "a core dump, not a log". Static. */
const char *looks_text(const struct looks *looks);

#endif
