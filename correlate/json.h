/*
 * JSON as the runtimes write it, for jansson.
 *
 * Go writes an unlimited rlimit as 18446744073709551615, and a seccomp argument's value may be as
 * large, while jansson's integers end at 2^63 - 1 and a larger one fails the whole text. Such a
 * number is read as a string with a mark, and written as the number it was.
 */
#ifndef SCLOG_CORRELATE_JSON_H
#define SCLOG_CORRELATE_JSON_H

#include "base/buf.h"
#include "base/str.h"

#include <jansson.h>

/* NULL for what is no JSON. Strings may hold NUL. Free with json_decref(). */
json_t *json_read(struct str text);

/* Adds it in its compact form, members in their order. */
void json_compact(const json_t *json, struct buf *text);

/* A value's bytes, borrowed; empty if it is no string. */
struct str json_bytes(const json_t *value);

/* The string of that key, borrowed; empty if there is none, or no object. */
struct str json_text(const json_t *object, const char *key);

#endif
