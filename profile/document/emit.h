/*
 * Emitting: maps, lists and scalars as JSON or YAML, one after the other.
 *
 * JSON has one value per line, except that a map or a list opened flat stays on one line with all its
 * items. YAML is written in blocks; a string is plain if no reader takes it for anything else.
 * jansson cannot do this: numbers have 64 bits here, and its integers end at 2^63 - 1.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_EMIT_H
#define SCLOG_PROFILE_DOCUMENT_EMIT_H

#include "base/buf.h"

/* More than the nesting of any text that was read, with texts within it. */
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

/* `key`: NULL in a list and for the root. */
void emit_map(struct emit *emit, const char *key, bool flat);
void emit_list(struct emit *emit, const char *key, bool flat);
void emit_close(struct emit *emit);
/* Ends the last line, after the root is closed. */
void emit_end(struct emit *emit);

/* Invalid UTF-8 is written as "". */
void emit_string(struct emit *emit, const char *key, const char *text);
/* A word of ours or of a specification: plain in YAML, a string in JSON. */
void emit_word(struct emit *emit, const char *key, const char *word);
/* A number, true or false: unchanged in both. */
void emit_raw(struct emit *emit, const char *key, const char *text);
void emit_number(struct emit *emit, const char *key, uint64_t number);

#endif
