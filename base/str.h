/*
 * A slice of bytes: where it starts and how long it is.
 *
 * A slice borrows. It owns nothing, is never NUL-terminated, may hold any byte, and lives as
 * long as the buffer it points into: for a log line that is until the next line is read.
 */
#ifndef SCLOG_BASE_STR_H
#define SCLOG_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

/* A slice over a string literal, its length known at compile time. */
#define STR(literal) ((struct str){.p = (literal), .n = sizeof(literal) - 1})

static inline struct str str_of(const char *p, size_t n)
{
	return (struct str){.p = p, .n = n};
}

/* A slice over a C string; NULL gives the empty slice. */
static inline struct str str_from(const char *s)
{
	return (struct str){.p = s, .n = s ? strlen(s) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* By bytes, as memcmp(3) orders them; a slice comes before a longer one that begins with it. */
static inline int str_compare(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

static inline bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && memcmp(s.p, prefix.p, prefix.n) == 0;
}

/* The slice without its first n bytes; n must not exceed its length. */
static inline struct str str_skip(struct str s, size_t n)
{
	/* NULL + 0 is undefined in C */
	return (struct str){.p = n ? s.p + n : s.p, .n = s.n - n};
}

/* Copies the slice and adds a NUL. False, without copying anything, if there is not enough room. */
static inline bool str_copy(struct str s, char *to, size_t size)
{
	if (s.n >= size)
		return false;
	if (s.n)
		memcpy(to, s.p, s.n);
	to[s.n] = '\0';
	return true;
}

/* isdigit(3), independent of the locale. */
static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The index of the first byte c, or s.n. */
static inline size_t str_chr(struct str s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

/* The index of the first occurrence of needle, or s.n. */
static inline size_t str_find(struct str s, struct str needle)
{
	const char *at = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

/*
 * Removes the next part of a text, up to the separator, from *rest and returns it without the
 * separator; false at the end of the text.
 */
static inline bool str_next(struct str *rest, char separator, struct str *ret_part)
{
	size_t n = str_chr(*rest, separator);

	*ret_part = str_of(rest->p, n);
	if (rest->n == 0)
		return false;
	*rest = str_skip(*rest, n < rest->n ? n + 1 : n);
	return true;
}

/* Without the blanks and line ends around it. */
static inline struct str str_strip(struct str text)
{
	while (text.n && memchr(" \t\r\n", text.p[0], 4))
		text = str_skip(text, 1);
	while (text.n && memchr(" \t\r\n", text.p[text.n - 1], 4))
		text.n--;
	return text;
}

/* Whether the text is one of the words in "x|y", or with `starts` begins with one. */
static inline bool str_is_one_of(struct str text, const char *words, bool starts)
{
	struct str left = str_from(words), word;

	while (str_next(&left, '|', &word))
		if (starts ? str_starts(text, word) : str_eq(text, word))
			return true;
	return false;
}

#endif
