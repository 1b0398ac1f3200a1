/*
 * A compiled regular expression (PCRE2, JIT where the machine has it), and the slices that its
 * groups matched. The only place that knows pcre2.
 */
#ifndef SCLOG_BASE_PATTERN_H
#define SCLOG_BASE_PATTERN_H

#include "base/err.h"
#include "base/str.h"

struct pattern;

/*
 * Compiles; extended syntax, so that white space and comments in it mean nothing. A bad pattern
 * is an error that names the position. Free with pattern_free().
 */
int pattern_new(const char *expression, struct pattern **ret_pattern, struct err *err);
void pattern_free(struct pattern *pattern);

/*
 * Matches anywhere in the subject. Returns true if it does; groups are then read with
 * pattern_group() until the next match. A subject that exhausts the match limit does not match.
 */
bool pattern_match(struct pattern *pattern, struct str subject);

/* What a named group matched; p is NULL if it took no part in the match. */
struct str pattern_group(const struct pattern *pattern, const char *name);

/* The library's version, for --version. */
const char *pattern_library_version(char *buffer, size_t size);

#endif
