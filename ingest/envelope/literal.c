#include "ingest/envelope/envelope_private.h"

/*
 * What Ruby and Python print of their own values, which is JSON but for the marks: Logstash's and Fluentd's
 * {"message" => "text", "@timestamp" => 2026-11-21T23:01:34Z}, {'message': 'text', 'tag': None}.
 */

/* A string in single quotes, up to its end. */
static void put_string(struct str *text, struct buf *json)
{
	buf_put_char(json, '"');
	for (*text = str_skip(*text, 1); text->n && text->p[0] != '\'';
	     *text = str_skip(*text, 1)) {
		char c = text->p[0];

		if (c == '\\' && text->n > 1) {
			*text = str_skip(*text, 1);
			c = text->p[0];
			if (c != '\'')
				buf_put_char(json, '\\');
		} else if (c == '"') {
			buf_put_char(json, '\\');
		}
		buf_put_char(json, c);
	}
	*text = str_skip(*text, text->n > 0);
	buf_put_char(json, '"');
}

/* One in double quotes is JSON's. */
static void put_json_string(struct str *text, struct buf *json)
{
	size_t n = 1;

	while (n < text->n && text->p[n] != '"')
		n += text->p[n] == '\\' && n + 1 < text->n ? 2 : 1;
	n += n < text->n;
	buf_put(json, text->p, n);
	*text = str_skip(*text, n);
}

/* A number, or whatever stands there without quotes, as a string. */
static void put_bare(struct str *text, struct buf *json)
{
	size_t n = 0;
	bool number = true;

	while (n < text->n && !strchr(" \t\n,]}", text->p[n])) {
		number = number && is_digit(text->p[n]);
		n++;
	}
	buf_format(json, "%s%.*s%s", number ? "" : "\"", (int)n, text->p, number ? "" : "\"");
	*text = str_skip(*text, n);
}

void literal_to_json(struct str text, struct buf *json)
{
	while (text.n) {
		if (text.p[0] == '\'') {
			put_string(&text, json);
		} else if (text.p[0] == '"') {
			put_json_string(&text, json);
		} else if (str_starts(text, STR("=>"))) {
			buf_put_char(json, ':');
			text = str_skip(text, 2);
		} else if (strchr(" \t\n,:[]{}", text.p[0])) {
			buf_put_char(json, text.p[0]);
			text = str_skip(text, 1);
		} else {
			put_bare(&text, json);
		}
	}
}
