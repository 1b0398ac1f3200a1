/*
 * UTF-8, checked.
 */
#ifndef SCLOG_BASE_UTF8_H
#define SCLOG_BASE_UTF8_H

#include "base/str.h"

#include <stdint.h>

/*
 * Decodes the first code point of a non-empty slice into *ret_point and returns its length in bytes.
 * Returns 0 if it is not well-formed (Unicode 15, table 3-7: also overlong forms, surrogates, values
 * above U+10FFFF); *ret_bad is then the number of bytes to replace by one U+FFFD (a maximal subpart).
 */
size_t utf8_decode(struct str s, uint32_t *ret_point, size_t *ret_bad);

/* True if the whole slice is well-formed. */
bool utf8_valid(struct str s);

#endif
