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

/*
 * jansson makes a tree of all of a text, some 250 bytes of memory for each {} of it. So a text is
 * looked through first, at a byte a nanosecond: with more values than these, counting a folder of
 * values as four, or deeper ones, it is not read. The largest config.json that was seen has 10,000.
 */
#define JSON_VALUES_MAX 65536
#define JSON_DEPTH_MAX  128

bool json_is_modest(struct str text);

/* jansson without memory ends the program, as base/mem.h does: else a key would be missing. And it reads
 * what it needs of the system now: later a process may open nothing any more. */
void json_prepare(void);

/* NULL for what is no JSON, or has too many values. Strings may hold NUL. Free with json_decref(). */
json_t *json_read(struct str text);

/*
 * The element with that "id" of a list of objects, NULL if there is none. The list is looked through
 * as text, and no more than JSON_TRIES of its elements are read: those that hold the id in quotes,
 * and are not larger than JSON_ELEMENT_MAX (what Podman keeps of an image is 4 KiB).
 */
#define JSON_TRIES       8
#define JSON_ELEMENT_MAX (128u << 10)
json_t *json_read_element(struct str list, struct str id);

/* Adds it in its compact form, members in their order. */
void json_compact(const json_t *json, struct buf *text);

/* A value's bytes, borrowed; empty if it is no string. */
struct str json_bytes(const json_t *value);

/* The string of that key, borrowed; empty if there is none, or no object. */
struct str json_text(const json_t *object, const char *key);

#endif
