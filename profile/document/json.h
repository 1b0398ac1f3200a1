/*
 * JSON in: jansson's tree from bytes, with what jansson lacks.
 *
 * `value` of a profile is a uint64, and jansson's integers end at 2^63 - 1. Larger ones, which
 * are those of 19 or 20 digits, are strings of BIG_NUMBER_MARK and hexadecimal digits in the tree.
 * How many values a text has is counted before any of them takes memory.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_JSON_H
#define SCLOG_PROFILE_DOCUMENT_JSON_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* No text of a profile has this byte. */
#define BIG_NUMBER_MARK '\x7f'

/* Whether a string stands for a big number; then which. */
bool json_big_number(const json_t *value, uint64_t *ret_number);

/* Parses, and overwrites the bytes. -EINVAL with "LINE:COLUMN: what"; -E2BIG for more than
 * max_values values. A member given twice is an error. */
int json_read_text(char *bytes, size_t n, size_t max_values, json_t **ret_root, struct err *err);

#endif
