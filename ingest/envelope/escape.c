#include "ingest/envelope/envelope_private.h"

#include <ctype.h>

/* A control string's end (ECMA-48, 8.2.11): ESC and a backslash, or BEL, as of a window's title. 2: it has none. */
static size_t control_string_length(struct str text)
{
	for (size_t n = 2; n < text.n; n++) {
		if (text.p[n] == '\a')
			return n + 1;
		if (text.p[n] == '\033')
			return n + 1 < text.n && text.p[n + 1] == '\\' ? n + 2 : 2;
	}
	return 2;
}

/* "ESC [ ... letter" (ECMA-48); others are dropped with their second byte. */
static size_t sequence_length(struct str text)
{
	size_t n = 2;

	if (text.n < 2)
		return text.n;
	if (strchr("]_P^X", text.p[1]))
		return control_string_length(text);
	if (text.p[1] != '[')
		return 2;
	while (n < text.n && text.p[n] >= 0x20 && text.p[n] <= 0x3f)
		n++;
	return n < text.n ? n + 1 : n;
}

bool colour_take(struct str text, struct str *ret_text, struct buf *spare)
{
	if (str_chr(text, '\033') == text.n)
		return false;
	while (text.n) {
		size_t n = str_chr(text, '\033');

		buf_put(spare, text.p, n);
		text = str_skip(text, n);
		if (text.n)
			text = str_skip(text, sequence_length(text));
	}
	*ret_text = buf_str(spare);
	return true;
}

static char plain_of(char c)
{
	return (char)(c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c);
}

/* One level of backslashes. */
static void unescape(struct str text, struct buf *to)
{
	while (text.n) {
		size_t n = str_chr(text, '\\');

		buf_put(to, text.p, n);
		text = str_skip(text, n);
		if (text.n < 2) {
			buf_put_str(to, text);
			return;
		}
		buf_put_char(to, plain_of(text.p[1]));
		text = str_skip(text, 2);
	}
}

/* The kernel writes comm= and exe= in quotes or in hex, and never a backslash before a quote. */
static bool is_escaped(struct str text)
{
	size_t at = str_find(text, STR("comm=\\"));

	if (at == text.n)
		at = str_find(text, STR(" exe=\\"));
	text = str_skip(text, at);
	text = str_skip(text, str_chr(text, '\\'));
	while (text.n && text.p[0] == '\\')
		text = str_skip(text, 1);
	return text.n && text.p[0] == '"';
}

struct entity {
	struct str written;
	const char *plain;
};

static const struct entity entities[] = {
	{{"&quot;", 6}, "\""},       {{"&#34;", 5}, "\""},        {{"&lt;", 4}, "<"},
	{{"&gt;", 4}, ">"},          {{"&#39;", 5}, "'"},         {{"&apos;", 6}, "'"},
	{{"&#x22;", 6}, "\""},       {{"&#x27;", 6}, "'"},        {{"&#x3D;", 6}, "="},
	{{"&amp;", 5}, "&"},         {{"\xe2\x80\x9c", 3}, "\""}, {{"\xe2\x80\x9d", 3}, "\""},
	{{"\xe2\x80\x9e", 3}, "\""}, {{"&nbsp;", 6}, " "},        {{"\xc2\xa0", 2}, " "},
	{{"\x93", 1}, "\""},         {{"\x94", 1}, "\""}, /* Windows-1252 */
};

/* The kernel writes comm= and exe= in quotes or in hex: neither an entity nor a typographer's quote
 * follows. */
static bool is_typeset(struct str text)
{
	static const struct str marks[] = {
		{"comm=&quot;", 11}, {"comm=&#34;", 10}, {"exe=&quot;", 10}, {"comm=&#x22;", 11},
		{"exe=&#x22;", 10},  {"type&#x3D;", 10}, {"exe=&#34;", 9},   {"comm=\xe2\x80", 7},
		{"exe=\xe2\x80", 6}, {"comm=\x93", 6},   {"exe=\x93", 5},    {"\xc2\xa0", 2}};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (str_find(text, marks[i]) < text.n)
			return true;
	return false;
}

/* The length of a tag of HTML that the text begins with, 0: of none. Their names hold no dash: "<audit-1326>"
 * is none. */
static size_t tag_length(struct str text)
{
	size_t n = text.n > 1 && text.p[1] == '/' ? 2 : 1, end = str_chr(text, '>');

	while (n < text.n && isalnum((unsigned char)text.p[n]))
		n++;
	return n > 1 && end < text.n && strchr(" />", text.p[n]) ? end + 1 : 0;
}

bool escape_drop_tags(struct str text, struct buf *to)
{
	bool any = false;

	while (text.n) {
		size_t n = str_chr(text, '<'), length;

		buf_put(to, text.p, n);
		text = str_skip(text, n);
		length = tag_length(text);
		any = any || length;
		if (!length && text.n)
			buf_put_char(to, '<');
		text = str_skip(text, length ? length : text.n > 0);
	}
	return any;
}

void escape_put_plain(struct str text, struct buf *to)
{
	while (text.n) {
		size_t i = 0, count = sizeof(entities) / sizeof(entities[0]);

		while (i < count && !str_starts(text, entities[i].written))
			i++;
		buf_put_char(to, i < count ? entities[i].plain[0] : text.p[0]);
		text = str_skip(text, i < count ? entities[i].written.n : 1);
	}
}

bool escape_take(struct str text, struct str *ret_text, struct buf *spare)
{
	BUF_AUTO before = {0};

	if (is_typeset(text)) {
		escape_drop_tags(text, &before);
		escape_put_plain(buf_str(&before), spare);
		*ret_text = buf_str(spare);
		return true;
	}
	if (!is_escaped(text))
		return false;
	buf_put_str(spare, text);
	for (unsigned i = 0; i < ENVELOPE_DEPTH_MAX && is_escaped(buf_str(spare)); i++) {
		buf_clear(&before);
		buf_put_str(&before, buf_str(spare));
		buf_clear(spare);
		unescape(buf_str(&before), spare);
	}
	*ret_text = buf_str(spare);
	return true;
}
