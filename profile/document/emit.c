#include "profile/document/emit.h"

#include "profile/document/spelling.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

/* Whether every YAML reader takes the plain text for this string. */
static bool is_plain(const char *text)
{
	return islower((unsigned char)text[0]) &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(text) &&
	       !str_is_one_of(str_from(text), "null|true|false|yes|no|on|off|y|n", false);
}

static void new_line(struct emit *emit, unsigned level, const char *indent)
{
	buf_put_char(emit->to, '\n');
	while (level-- > 0)
		buf_put_str(emit->to, str_from(indent));
}

/* A list's dash is below the first letter of its key. */
static void begin_yaml(struct emit *emit, const char *key, bool first)
{
	bool list = emit->open[emit->depth - 1].list;
	bool in_list = emit->depth > 1 && emit->open[emit->depth - 2].list;

	/* the first member follows its item's dash, or begins the text */
	if (list || !first || (emit->depth > 1 && !in_list))
		new_line(emit, emit->maps - 1, "  ");
	if (list)
		buf_put_str(emit->to, STR("- "));
	else
		buf_format(emit->to, "%s:", key);
}

/* Writes everything before a value: separator, indentation, key. */
static void begin(struct emit *emit, const char *key, bool scalar)
{
	if (emit->depth == 0)
		return;
	bool first = !emit->open[emit->depth - 1].filled;
	bool flat = emit->open[emit->depth - 1].flat;

	emit->open[emit->depth - 1].filled = true;
	if (emit->yaml) {
		begin_yaml(emit, key, first);
		if (key && scalar)
			buf_put_char(emit->to, ' ');
		return;
	}
	if (!first)
		buf_put_str(emit->to, flat ? STR(", ") : STR(","));
	if (!flat)
		new_line(emit, emit->depth, emit->indent);
	if (!key)
		return;
	spelling_put_string(emit->to, key);
	buf_put_str(emit->to, STR(": "));
}

static void open(struct emit *emit, const char *key, bool list, bool flat)
{
	begin(emit, key, false);
	if (!emit->yaml)
		buf_put_char(emit->to, list ? '[' : '{');
	flat = flat || (emit->depth && emit->open[emit->depth - 1].flat);
	emit->open[emit->depth].list = list;
	emit->open[emit->depth].flat = flat;
	emit->open[emit->depth++].filled = false;
	emit->maps += !list;
}

void emit_map(struct emit *emit, const char *key, bool flat)
{
	open(emit, key, false, flat);
}

void emit_list(struct emit *emit, const char *key, bool flat)
{
	open(emit, key, true, flat);
}

void emit_close(struct emit *emit)
{
	bool list = emit->open[--emit->depth].list, filled = emit->open[emit->depth].filled;

	emit->maps -= !list;
	if (emit->yaml && !filled)
		buf_put_str(emit->to, list ? STR(" []") : STR(" {}"));
	if (emit->yaml)
		return;
	if (filled && !emit->open[emit->depth].flat)
		new_line(emit, emit->depth, emit->indent);
	buf_put_char(emit->to, list ? ']' : '}');
}

void emit_end(struct emit *emit)
{
	buf_put_char(emit->to, '\n');
}

void emit_raw(struct emit *emit, const char *key, const char *text)
{
	begin(emit, key, true);
	buf_put_str(emit->to, str_from(text));
}

void emit_string(struct emit *emit, const char *key, const char *text)
{
	begin(emit, key, true);
	if (emit->yaml && is_plain(text))
		buf_put_str(emit->to, str_from(text));
	else
		spelling_put_string(emit->to, text);
}

void emit_word(struct emit *emit, const char *key, const char *word)
{
	(emit->yaml ? emit_raw : emit_string)(emit, key, word);
}

void emit_number(struct emit *emit, const char *key, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	emit_raw(emit, key, text);
}
