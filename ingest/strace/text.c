#include "ingest/strace/strace_private.h"

#include "base/scan.h"
#include "ingest/skip.h"

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '#';
}

size_t strace_name_length(struct str text)
{
	size_t n = 0;

	if (text.n && text.p[0] >= '0' && text.p[0] <= '9')
		return 0;
	while (n < text.n && is_name_char(text.p[n]))
		n++;
	return n < text.n && text.p[n] == '(' ? n : 0;
}

/* Up to so many digits of that base, 1 byte; returns how many there were. */
static size_t read_byte(struct str text, int base, size_t most, char *ret_c)
{
	int value = 0;
	size_t n = 0;

	for (; n < most && n < text.n; n++) {
		int digit = scan_hex_digit(text.p[n]);

		if (digit < 0 || digit >= base)
			break;
		value = value * base + digit;
	}
	*ret_c = (char)value;
	return n;
}

/* What follows a backslash (strace: util.c, string_quote()); returns how many bytes that are. */
static size_t read_escape(struct str text, char *ret_c)
{
	static const char letters[] = "ntrvf", meanings[] = "\n\t\r\v\f";

	if (text.n == 0)
		return 0;
	const char *letter = text.p[0] ? strchr(letters, text.p[0]) : NULL;

	*ret_c = letter ? meanings[letter - letters] : text.p[0];
	if (text.p[0] == 'x')
		return 1 + read_byte(str_skip(text, 1), 16, 2, ret_c);
	if (text.p[0] >= '0' && text.p[0] <= '7')
		return read_byte(text, 8, 3, ret_c);
	return 1;
}

/* Up to a quote, or to the end; returns how many bytes of the text that were. */
static size_t decode(struct str text, char *to, size_t size, size_t *ret_n)
{
	size_t at = 0;

	*ret_n = 0;
	while (at < text.n && text.p[at] != '"') {
		char c = text.p[at++];

		if (c == '\\')
			at += read_escape(str_skip(text, at), &c);
		if (*ret_n < size)
			to[(*ret_n)++] = c;
	}
	return at;
}

bool strace_unquote(struct str text, char *to, size_t size, size_t *ret_n)
{
	if (text.n == 0 || text.p[0] != '"')
		return false;
	text = str_skip(text, 1);
	return decode(text, to, size, ret_n) < text.n;
}

size_t strace_unescape(struct str text, char *to, size_t size)
{
	size_t n;

	decode(text, to, size, &n);
	return n;
}

/* Where the string that begins at text.p[at] ends: at its last quote, or text.n. */
static size_t skip_string(struct str text, size_t at)
{
	for (at++; at < text.n && text.p[at] != '"'; at++)
		if (text.p[at] == '\\')
			at++;
	return at < text.n ? at : text.n;
}

/* "3</tmp/a>" of -y: "<" and ">" of a path are escaped in it. Where it ends, or at for "<<". */
static size_t skip_path(struct str text, size_t at)
{
	size_t n = str_chr(str_skip(text, at), '>');

	if (at + n == text.n || text.p[at + 1] == '<' || (at > 0 && text.p[at - 1] == '<'))
		return at;
	return at + n;
}

/* Where the ")" stands that ends the arguments, or text.n. */
static size_t find_end(struct str text)
{
	int depth = 1;

	for (size_t at = 0; at < text.n; at++) {
		char c = text.p[at];

		if (c == '"')
			at = skip_string(text, at);
		else if (c == '<')
			at = skip_path(text, at);
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0)
			return at;
	}
	return text.n;
}

enum strace_end strace_result(struct str text, struct str *ret_result)
{
	size_t at = find_end(text);

	if (at == text.n)
		return STRACE_END_OPEN;
	text = str_skip(text, at + 1);
	skip_blanks(&text);
	if (!str_starts(text, STR("= ")) || text.n == 2)
		return STRACE_END_NONE;
	*ret_result = str_skip(text, 2);
	return STRACE_END_RESULT;
}
