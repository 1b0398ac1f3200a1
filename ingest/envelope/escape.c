#include "ingest/envelope/envelope_private.h"

/* "ESC [ ... letter" (ECMA-48); others are dropped with their second byte. */
static size_t sequence_length(struct str text)
{
	size_t n = 2;

	if (text.n < 2)
		return text.n;
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

bool escape_take(struct str text, struct str *ret_text, struct buf *spare)
{
	BUF_AUTO before = {0};

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
