#include "correlate/json.h"

#include <stdlib.h>

#define BIG_MARK "\x7f"

static const struct str int_max = STR("9223372036854775807");

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digits_of(struct str text)
{
	size_t n = 0;

	while (n < text.n && is_digit(text.p[n]))
		n++;
	return n;
}

/* Whether digits, which are no fraction's or exponent's, say more than jansson's integers hold. */
static bool is_big(struct str digits, struct str after)
{
	if (after.n > 0 && (after.p[0] == '.' || after.p[0] == 'e' || after.p[0] == 'E'))
		return false;
	return digits.n > int_max.n || (digits.n == int_max.n && str_compare(digits, int_max) > 0);
}

/* One token that begins with a digit; returns its length. */
static size_t put_number(struct str text, struct buf *to)
{
	struct str digits = str_of(text.p, digits_of(text));
	size_t n = digits.n;

	if (is_big(digits, str_skip(text, n))) {
		buf_format(to, "\"" BIG_MARK "%.*s\"", (int)n, text.p);
		return n;
	}
	while (n < text.n && (is_digit(text.p[n]) || strchr(".eE+-", text.p[n])) && text.p[n])
		n++;
	buf_put(to, text.p, n);
	return n;
}

/* One string with its quotes, or what there is of it; returns its length. */
static size_t put_string(struct str text, struct buf *to)
{
	size_t n = 1;

	while (n < text.n && text.p[n] != '"')
		n += text.p[n] == '\\' && n + 1 < text.n ? 2 : 1;
	if (n < text.n)
		n++;
	buf_put(to, text.p, n);
	return n;
}

static void mark_big_numbers(struct str text, struct buf *to)
{
	buf_reserve(to, text.n);
	while (text.n > 0) {
		size_t n = 0;

		while (n < text.n && text.p[n] != '"' && !is_digit(text.p[n]))
			n++;
		if (n > 0)
			buf_put(to, text.p, n);
		else
			n = text.p[0] == '"' ? put_string(text, to) : put_number(text, to);
		text = str_skip(text, n);
	}
}

/* The length of "MARKdigits" at the start, 0 if it is something else. */
static size_t marked(struct str text)
{
	struct str mark = STR("\"" BIG_MARK);
	size_t n;

	if (!str_starts(text, mark))
		return 0;
	n = digits_of(str_skip(text, mark.n));
	if (n == 0 || mark.n + n >= text.n || text.p[mark.n + n] != '"')
		return 0;
	return mark.n + n + 1;
}

static void unmark_big_numbers(struct str text, struct buf *to)
{
	while (text.n > 0) {
		size_t n = marked(text);

		if (n > 0)
			buf_put(to, text.p + 2, n - 3);
		else if (text.p[0] == '"')
			n = put_string(text, to);
		else
			buf_put(to, text.p, n = 1);
		text = str_skip(text, n);
	}
}

json_t *json_read(struct str text)
{
	BUF_AUTO marked_text = {0};

	if (text.n == 0)
		return NULL;
	mark_big_numbers(text, &marked_text);
	return json_loadb(marked_text.p, marked_text.n, JSON_ALLOW_NUL, NULL);
}

void json_compact(const json_t *json, struct buf *text)
{
	char *dump = json_dumps(json, JSON_COMPACT);

	if (dump)
		unmark_big_numbers(str_from(dump), text);
	free(dump);
}

struct str json_bytes(const json_t *value)
{
	return str_of(json_string_value(value), json_string_length(value));
}

struct str json_text(const json_t *object, const char *key)
{
	return json_bytes(json_object_get(object, key));
}
