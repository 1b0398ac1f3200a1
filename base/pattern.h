/*
 * A compiled regular expression (PCRE2, with JIT if available), and the slices that its groups
 * matched. The only user of pcre2.
 */
#ifndef SCLOG_BASE_PATTERN_H
#define SCLOG_BASE_PATTERN_H

#include "base/err.h"
#include "base/str.h"

struct pattern;

/*
 * Compiles a pattern in extended syntax (white space and comments are ignored). The error for a bad
 * pattern names the position. Free with pattern_free().
 */
int pattern_new(const char *expression, struct pattern **ret_pattern, struct err *err);
void pattern_free(struct pattern *pattern);

/*
 * Whether the pattern matches anywhere in the subject. If so, pattern_group() returns its groups until
 * the next match. A subject that exceeds the match limit does not match.
 */
bool pattern_match(struct pattern *pattern, struct str subject);

/* What a named group matched; p is NULL if the group was not part of the match. */
struct str pattern_group(const struct pattern *pattern, const char *name);

/* The library's version, for --version. */
const char *pattern_library_version(char *buffer, size_t size);

#endif
