/*
 * Emitting: maps, lists and scalars as JSON or YAML, one after the other.
 *
 * JSON has a value a line, but for what is opened flat, which stays on one line with all that is in
 * it. YAML is written in blocks; a string is plain where no reader takes it for anything else.
 * Numbers have 64 bits, which is why no library does this: jansson's integers end at 2^63 - 1.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_EMIT_H
#define SCLOG_PROFILE_DOCUMENT_EMIT_H

#include "base/buf.h"

/* What a text that was read can nest, one text within another, and more. */
#define EMIT_DEPTH 256

struct emit {
	struct buf *to;
	const char *indent; /* one level of JSON */
	bool yaml;
	/* private */
	unsigned depth, maps; /* open ones */
	struct {
		bool list, flat, filled;
	} open[EMIT_DEPTH];
};

/* `key`: NULL in a list and for the whole. */
void emit_map(struct emit *emit, const char *key, bool flat);
void emit_list(struct emit *emit, const char *key, bool flat);
void emit_close(struct emit *emit);
/* Where none is left open: ends the last line. */
void emit_end(struct emit *emit);

/* What is no UTF-8 becomes "". */
void emit_string(struct emit *emit, const char *key, const char *text);
/* A word that is ours or the specification's: as it is in YAML, a string in JSON. */
void emit_word(struct emit *emit, const char *key, const char *word);
/* A number, true, false: as it is in both. */
void emit_raw(struct emit *emit, const char *key, const char *text);
void emit_number(struct emit *emit, const char *key, uint64_t number);

#endif
