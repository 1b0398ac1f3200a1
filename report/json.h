/*
 * JSON out: jansson builds and escapes, this makes strings of log bytes valid first.
 */
#ifndef SCLOG_REPORT_JSON_H
#define SCLOG_REPORT_JSON_H

#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/*
 * A JSON string of any bytes: each run of bytes that could not go on as UTF-8 becomes one
 * U+FFFD (Unicode, section 3.9). A NUL byte stays, as \u0000.
 */
json_t *json_from_str(struct str s);

/* The same, but null when `null` is set. */
json_t *json_from_str_or_null(struct str s, bool null);

/* What is empty is not known: null. */
json_t *json_from_known(struct str s);

/* A count; above 2^63 - 1, which JSON's readers could not hold, that number. */
json_t *json_from_count(uint64_t count);

/* Milliseconds since the epoch as RFC 3339 text; null when `known` is not set. */
json_t *json_from_ms(int64_t ms, bool known);

/*
 * Writes the value on one line, or indented over several. Takes the value over. Control and
 * direction characters inside strings are written as \uNNNN, so that a terminal shows the
 * output as it is. A write error is left to ferror(out).
 */
void json_put(json_t *value, bool indented, FILE *out);

/* The same with a newline at its end: a document, or a line of several. */
void json_write(json_t *value, bool indented, FILE *out);

/* As json_put(), but appended to a buffer. */
void json_append(json_t *value, bool indented, struct buf *buf);

/* The version of the jansson that is loaded. */
const char *json_library_version(void);

#endif
