#include "correlate/json.h"

#include "base/mem.h"

#include <stdlib.h>

#define BIG_MARK "\x7f"

static const struct str int_max = STR("9223372036854775807");

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
	if (digits.p[0] == '0' ||
	    (after.n > 0 && (after.p[0] == '.' || after.p[0] == 'e' || after.p[0] == 'E')))
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

/* The length of one token: a string with its quotes, or what there is of it, else a byte. */
static size_t token(struct str text)
{
	size_t n = 1;

	if (text.p[0] != '"')
		return 1;
	while (n < text.n && text.p[n] != '"')
		n += text.p[n] == '\\' && n + 1 < text.n ? 2 : 1;
	return n < text.n ? n + 1 : n;
}

static size_t put_token(struct str text, struct buf *to)
{
	size_t n = token(text);

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
			n = text.p[0] == '"' ? put_token(text, to) : put_number(text, to);
		text = str_skip(text, n);
	}
}

/* The length of "MARKdigits" at the start; 0 if it is something else, an author's own string of a mark and
 * a number that would not have been marked too. */
static size_t marked(struct str text)
{
	struct str mark = STR("\"" BIG_MARK);
	size_t n;

	if (!str_starts(text, mark))
		return 0;
	n = digits_of(str_skip(text, mark.n));
	if (n == 0 || mark.n + n >= text.n || text.p[mark.n + n] != '"' ||
	    !is_big(str_of(text.p + mark.n, n), STR("")))
		return 0;
	return mark.n + n + 1;
}

static void unmark_big_numbers(struct str text, struct buf *to)
{
	while (text.n > 0) {
		size_t n = marked(text);

		if (n > 0)
			buf_put(to, text.p + 2, n - 3);
		else
			n = put_token(text, to);
		text = str_skip(text, n);
	}
}

bool json_is_modest(struct str text)
{
	size_t values = 1, depth = 0;

	while (text.n > 0) {
		char c = text.p[0];

		if (c == '{' || c == '[') {
			values += 4;
			depth++;
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		} else if (c == ',' || c == ':') {
			values++;
		}
		if (values > JSON_VALUES_MAX || depth > JSON_DEPTH_MAX)
			return false;
		text = str_skip(text, token(text));
	}
	return true;
}

static void *allocate(size_t n)
{
	void *memory = malloc(n);

	if (!memory)
		mem_fail("JSON");
	return memory;
}

void json_prepare(void)
{
	json_set_alloc_funcs(allocate, free);
	json_object_seed(0);
}

json_t *json_read(struct str text)
{
	BUF_AUTO marked_text = {0};

	if (text.n == 0 || !json_is_modest(text))
		return NULL;
	mark_big_numbers(text, &marked_text);
	return json_loadb(marked_text.p, marked_text.n, JSON_ALLOW_NUL, NULL);
}

/* How far a list was looked through. */
struct list_scan {
	struct str rest;
	size_t depth;
};

/* The next object right in the list; an empty one at the end. */
static struct str next_object(struct list_scan *scan)
{
	const char *begin = NULL;

	while (scan->rest.n > 0) {
		const char *at = scan->rest.p;

		scan->rest = str_skip(scan->rest, token(scan->rest));
		if (*at == '{' || *at == '[') {
			if (++scan->depth == 2)
				begin = at;
		} else if ((*at == '}' || *at == ']') && scan->depth > 0) {
			if (--scan->depth == 1 && begin && *begin == '{')
				return str_of(begin, (size_t)(scan->rest.p - begin));
		}
	}
	return (struct str){0};
}

json_t *json_read_element(struct str list, struct str id)
{
	struct list_scan scan = {.rest = list};
	BUF_AUTO quoted = {0};
	struct str text;
	int tries = 0;

	buf_format(&quoted, "\"%.*s\"", (int)id.n, id.p);
	while (tries < JSON_TRIES && (text = next_object(&scan)).n > 0) {
		if (text.n > JSON_ELEMENT_MAX || str_find(text, buf_str(&quoted)) == text.n)
			continue;
		tries++;

		json_auto_t *object = json_read(text);

		if (str_eq(json_text(object, "id"), id))
			return json_incref(object);
	}
	return NULL;
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
