/*
 * UTF-8, checked.
 */
#ifndef SCLOG_BASE_UTF8_H
#define SCLOG_BASE_UTF8_H

#include "base/str.h"

#include <stdint.h>

/*
 * Reads one code point from the start of a non-empty slice. Returns its length in bytes and
 * puts the code point into ret_point; for bytes that are no well-formed UTF-8 (Unicode 15,
 * table 3-7: overlong forms, surrogates and values past U+10FFFF included) returns 0 and puts
 * into ret_bad how many bytes one U+FFFD stands for (a maximal subpart).
 */
size_t utf8_decode(struct str s, uint32_t *ret_point, size_t *ret_bad);

/* True if the whole slice is well-formed. */
bool utf8_valid(struct str s);

#endif
