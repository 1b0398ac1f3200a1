#include "profile/document/tree_private.h"

#include "base/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A parser of our own, because jansson, which reads all other JSON here, keeps neither the bytes nor
 * the lines of its values, keeps only one of two equal keys, and has integers up to 2^63 - 1, while a
 * profile's values are unsigned 64-bit numbers.
 */
struct scanner {
	struct tree_input *input;
	struct str text;
	size_t at;
	unsigned depth;
};

static int wrong(struct scanner *scanner, const char *what)
{
	return tree_error(scanner->input, scanner->at, EINVAL, what);
}

/* Skips white space and returns the next byte; 0 at the end. */
static char peek(struct scanner *scanner)
{
	struct str text = scanner->text;

	while (scanner->at < text.n && memchr(" \t\r\n", text.p[scanner->at], 4))
		scanner->at++;
	return scanner->at < text.n ? text.p[scanner->at] : '\0';
}

/* Names the usual mistakes; otherwise says what was expected. */
static int unexpected(struct scanner *scanner, const char *expected)
{
	char what[96], c = peek(scanner);

	if (scanner->at >= scanner->text.n)
		snprintf(what, sizeof(what), "unexpected end of text; expected %s", expected);
	else if (c == '/' || c == '#')
		snprintf(what, sizeof(what), "JSON has no comments: remove it");
	else if (c == '\'')
		snprintf(what, sizeof(what), "JSON strings need double quotes");
	else
		snprintf(what, sizeof(what), "expected %s", expected);
	return wrong(scanner, what);
}

/* --- strings */

/* Four hexadecimal digits; -1 for anything else. */
static long hex4(struct str text, size_t at)
{
	char digits[5] = "";

	if (text.n - at < 4)
		return -1;
	memcpy(digits, text.p + at, 4);
	return strspn(digits, "0123456789abcdefABCDEF") == 4 ? strtol(digits, NULL, 16) : -1;
}

static size_t put_utf8(char *to, uint32_t point)
{
	if (point < 0x80) {
		to[0] = (char)point;
		return 1;
	}
	size_t n = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; point >>= 6)
		to[i] = (char)(0x80 | (point & 0x3f));
	to[0] = (char)((0xf00 >> n) | point);
	return n;
}

/* Reads \uXXXX, or a pair of them, from its first digit on. A lone surrogate is U+FFFD, as in Go. */
static int read_unicode(struct scanner *scanner, char **to)
{
	long point = hex4(scanner->text, scanner->at);

	if (point < 0)
		return wrong(scanner, "\\u needs four hexadecimal digits");
	if (point == 0)
		return wrong(scanner, "a NUL byte in a string");
	scanner->at += 4;
	bool pair = point >= 0xd800 && point < 0xdc00 &&
		    str_starts(str_skip(scanner->text, scanner->at), STR("\\u"));
	long second = pair ? hex4(scanner->text, scanner->at + 2) : -1;

	if (second >= 0xdc00 && second < 0xe000) {
		point = 0x10000 + ((point - 0xd800) << 10) + (second - 0xdc00);
		scanner->at += 6;
	} else if (point >= 0xd800 && point < 0xe000) {
		point = 0xfffd;
	}
	*to += put_utf8(*to, (uint32_t)point);
	return 0;
}

static int read_escape(struct scanner *scanner, char **to)
{
	static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	char c = ++scanner->at < scanner->text.n ? scanner->text.p[scanner->at] : '\0';
	const char *known = c ? strchr(escapes, c) : NULL;

	if (c == 'u') {
		scanner->at++;
		return read_unicode(scanner, to);
	}
	if (!known)
		return wrong(scanner, "unknown escape in a string");
	*(*to)++ = meanings[known - escapes];
	scanner->at++;
	return 0;
}

/* Reads a string from its opening quote on. Text without its escapes is never longer than with them. */
static int read_string(struct scanner *scanner, const char **ret_text)
{
	struct str text = scanner->text;
	size_t start = ++scanner->at, end = start;

	while (end < text.n && text.p[end] != '"')
		end += text.p[end] == '\\' ? 2 : 1;
	if (end >= text.n) {
		scanner->at = start - 1;
		return wrong(scanner, "unterminated string");
	}
	char *copy = tree_alloc(scanner->input->tree, end - start + 1), *to = copy;

	while (scanner->at < end) {
		size_t bad = 0, n;
		uint32_t point;

		if (text.p[scanner->at] == '\\') {
			if (read_escape(scanner, &to) < 0)
				return -EINVAL;
			continue;
		}
		if ((unsigned char)text.p[scanner->at] < 0x20)
			return wrong(scanner, "a control character in a string: write it as an "
					      "escape");
		n = utf8_decode(str_skip(text, scanner->at), &point, &bad);
		if (n == 0)
			return wrong(scanner, "invalid UTF-8");
		memcpy(to, text.p + scanner->at, n);
		to += n;
		scanner->at += n;
	}
	scanner->at = end + 1;
	*ret_text = copy;
	return 0;
}

/* --- other scalars */

static size_t skip_digits(struct str text, size_t at)
{
	while (at < text.n && isdigit((unsigned char)text.p[at]))
		at++;
	return at;
}

static bool is_at(struct str text, size_t at, const char *bytes)
{
	return at < text.n && strchr(bytes, text.p[at]) && text.p[at];
}

/* The end of a JSON number; 0 if it is malformed. */
static size_t end_of_number(struct str text, size_t at, bool *ret_integer)
{
	size_t start = at + is_at(text, at, "-");

	at = skip_digits(text, start);
	if (at == start || (text.p[start] == '0' && at > start + 1))
		return 0;
	*ret_integer = true;
	if (is_at(text, at, ".")) {
		*ret_integer = false;
		start = at + 1;
		at = skip_digits(text, start);
		if (at == start)
			return 0;
	}
	if (is_at(text, at, "eE")) {
		*ret_integer = false;
		start = at + 1 + is_at(text, at + 1, "+-");
		at = skip_digits(text, start);
		if (at == start)
			return 0;
	}
	return at;
}

static int read_number(struct scanner *scanner, struct node *node)
{
	bool integer = false;
	size_t end = end_of_number(scanner->text, scanner->at, &integer);

	if (end == 0)
		return wrong(scanner, "malformed number");
	node->text = tree_string(scanner->input->tree,
				 str_of(scanner->text.p + scanner->at, end - scanner->at));
	node->negative = node->text[0] == '-';
	errno = 0;
	node->number = strtoull(node->text + node->negative, NULL, 10);
	node->kind = integer && errno == 0 ? NODE_INTEGER : NODE_REAL;
	scanner->at = end;
	return 0;
}

static int read_word(struct scanner *scanner, struct node *node)
{
	static const struct {
		const char *word;
		enum node_kind kind;
	} words[] = {{"null", NODE_NULL}, {"true", NODE_TRUE}, {"false", NODE_FALSE}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct str word = str_from(words[i].word);

		if (!str_starts(str_skip(scanner->text, scanner->at), word))
			continue;
		node->kind = words[i].kind;
		node->text = words[i].word;
		scanner->at += word.n;
		return 0;
	}
	return unexpected(scanner, "a value");
}

/* --- collections */

static int read_value(struct scanner *scanner, struct node *parent, const char *key, size_t start,
		      struct node **ret_node);

static int read_item(struct scanner *scanner, struct node *node)
{
	const char *key = NULL;
	struct node *item;
	char c = peek(scanner);
	size_t start = scanner->at;

	if (node->kind == NODE_LIST)
		return read_value(scanner, node, NULL, start, &item);
	if (c != '"')
		return unexpected(scanner, "a member's name in double quotes");
	int r = read_string(scanner, &key);

	if (r == 0 && peek(scanner) != ':')
		r = unexpected(scanner, "a colon");
	scanner->at++;
	return r < 0 ? r : read_value(scanner, node, key, start, &item);
}

static int read_collection(struct scanner *scanner, struct node *node)
{
	const char close = node->kind == NODE_MAP ? '}' : ']';
	const char *expected = node->kind == NODE_MAP ? "a comma or '}'" : "a comma or ']'";
	char what[64];

	if (++scanner->depth > TREE_MAX_DEPTH) {
		snprintf(what, sizeof(what), "nested deeper than %d", TREE_MAX_DEPTH);
		return tree_error(scanner->input, scanner->at, E2BIG, what);
	}
	scanner->at++;
	for (bool more = peek(scanner) != close; more;) {
		int r = read_item(scanner, node);

		if (r < 0)
			return r;
		size_t comma = scanner->at;

		more = peek(scanner) == ',';
		if (!more)
			continue;
		comma = scanner->at++;
		if (peek(scanner) == close) {
			scanner->at = comma;
			return wrong(scanner, "a comma after the last item: remove it");
		}
	}
	if (peek(scanner) != close)
		return unexpected(scanner, expected);
	scanner->at++;
	scanner->depth--;
	return 0;
}

static int read_value(struct scanner *scanner, struct node *parent, const char *key, size_t start,
		      struct node **ret_node)
{
	char c = peek(scanner);
	struct node *node = tree_add(scanner->input, parent, key, start);
	int r;

	*ret_node = node;
	if (!node)
		return -E2BIG;
	if (!node->outside)
		node->from = scanner->at;
	if (c == '{' || c == '[') {
		node->kind = c == '{' ? NODE_MAP : NODE_LIST;
		r = read_collection(scanner, node);
	} else if (c == '"') {
		node->kind = NODE_STRING;
		r = read_string(scanner, &node->text);
	} else if (c == '-' || isdigit((unsigned char)c)) {
		r = read_number(scanner, node);
	} else {
		r = read_word(scanner, node);
	}
	node->to = scanner->at;
	return r;
}

/* For several objects, `docker inspect --format '{{json .}}'` prints several values, one per line. */
int tree_parse_json(struct tree_input *input)
{
	struct scanner scanner = {.input = input, .text = input->text};
	int r;

	do {
		struct node *root = NULL;

		r = read_value(&scanner, input->parent, input->key, scanner.at, &root);
		if (r < 0)
			return r;
		tree_add_document(input, root);
		size_t end = scanner.at;
		char c = peek(&scanner);

		if (scanner.at == input->text.n)
			return 0;
		if (input->holder || (c != '{' && c != '[') ||
		    !memchr(input->text.p + end, '\n', scanner.at - end))
			return wrong(&scanner,
				     "text after the end of the JSON document: remove it");
	} while (true);
}
