#include "report/json.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "report/text.h"

json_t *json_from_str(struct str s)
{
	BUF_AUTO valid = {0};

	text_put_valid(&valid, s);
	return json_stringn_nocheck(valid.p ? valid.p : "", valid.n);
}

json_t *json_from_str_or_null(struct str s, bool null)
{
	return null ? json_null() : json_from_str(s);
}

json_t *json_from_known(struct str s)
{
	return json_from_str_or_null(s, s.n == 0);
}

json_t *json_from_count(uint64_t count)
{
	return json_integer(count > INT64_MAX ? INT64_MAX : (json_int_t)count);
}

json_t *json_from_ms(int64_t ms, bool known)
{
	char text[CLOCK_TEXT_SIZE];

	return known ? json_string_nocheck(clock_format_rfc3339_ms(ms, text)) : json_null();
}

static int put_dumped(const char *p, size_t n, void *context)
{
	buf_put(context, p, n);
	return 0;
}

/* jansson escapes C0 only. What else is unsafe can stand inside strings alone. */
static void put_unsafe_escaped(struct buf *buf, struct str s)
{
	while (s.n) {
		uint32_t point;
		size_t bad, n, plain = 0;

		while (plain < s.n && (unsigned char)s.p[plain] < 0x7f)
			plain++;
		if (plain) {
			buf_put(buf, s.p, plain);
			s = str_skip(s, plain);
			continue;
		}
		n = utf8_decode(s, &point, &bad);
		if (!n || !text_is_unsafe(point))
			buf_put(buf, s.p, n ? n : bad);
		else if (point < 0x10000)
			buf_format(buf, "\\u%04X", point);
		else
			buf_format(buf, "\\u%04X\\u%04X", 0xd800 + ((point - 0x10000) >> 10),
				   0xdc00 + ((point - 0x10000) & 0x3ff));
		s = str_skip(s, n ? n : bad);
	}
}

void json_append(json_t *value, bool indented, struct buf *buf)
{
	size_t flags = JSON_ENCODE_ANY | (indented ? JSON_INDENT(2) : JSON_COMPACT);
	BUF_AUTO dumped = {0};

	json_dump_callback(value, put_dumped, &dumped, flags);
	json_decref(value);
	put_unsafe_escaped(buf, buf_str(&dumped));
}

void json_put(json_t *value, bool indented, FILE *out)
{
	BUF_AUTO text = {0};

	json_append(value, indented, &text);
	fwrite(text.p, 1, text.n, out);
}

void json_write(json_t *value, bool indented, FILE *out)
{
	json_put(value, indented, out);
	fputc('\n', out);
}

const char *json_library_version(void)
{
	return jansson_version_str();
}
