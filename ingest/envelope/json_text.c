#include "ingest/envelope/envelope_private.h"

#include "ingest/envelope/grid.h"

/* A value that did not end within so much is cut: what is whole in it is read by itself. */
#define GATHER_MAX (128 * 1024)

/* A value without parts to cut off is dropped at that. */
#define VALUE_MAX (1024 * 1024)

/* Values that are read though no record can be in them: is the input a log at all? */
#define LOOKED_MAX 16

void json_gather_release(struct json_gather *gather)
{
	buf_release(&gather->text);
	buf_release(&gather->head);
}

static void reset(struct json_gather *gather)
{
	buf_clear(&gather->text);
	gather->depth = 0;
	gather->in_string = gather->escaped = gather->goes_on = false;
	gather->base = 0;
	gather->in_line = gather->dropped = false;
}

void json_gather_begin(struct json_gather *gather)
{
	reset(gather);
	gather->origin = JSON_ORIGIN_UNKNOWN;
	gather->looked = 0;
	gather->has_rows = gather->opened = gather->begun = false;
	buf_clear(&gather->head);
}

/* "[" begins a time of dmesg's as well, but no JSON does with a blank and a digit. */
bool json_begins(struct str text)
{
	size_t n = 1;

	if (str_starts(text, STR("\"{\\\""))) /* an object in a string */
		return true;
	if (text.n == 0 || (text.p[0] != '{' && text.p[0] != '['))
		return false;
	while (n < text.n && (text.p[n] == ' ' || text.p[n] == '\t'))
		n++;
	if (n == text.n)
		return true;
	return strchr(text.p[0] == '{' ? "\"'}" : "{[\"", text.p[n]) != NULL;
}

/* Keeps the first row if it names the columns of the others. */
static bool keep_head(struct json_gather *gather)
{
	struct str text = buf_str(&gather->text);

	if (gather->origin != JSON_ORIGIN_UNKNOWN || !str_starts(text, STR("[")))
		return false;
	json_t *value = json_loadb(text.p, text.n, 0, NULL);
	bool is_head = grid_is_head(value);

	json_decref(value);
	if (is_head)
		buf_put_str(&gather->head, text);
	return is_head;
}

/* A row under its head is a table by itself. */
static void put_head(struct json_gather *gather)
{
	BUF_AUTO row = {0};

	if (gather->head.n == 0 || !str_starts(buf_str(&gather->text), STR("[")))
		return;
	buf_put_str(&row, buf_str(&gather->text));
	buf_clear(&gather->text);
	buf_put_str(&gather->text, STR("{\"names\":"));
	buf_put_str(&gather->text, buf_str(&gather->head));
	buf_put_str(&gather->text, STR(",\"rows\":["));
	buf_put_str(&gather->text, buf_str(&row));
	buf_put_str(&gather->text, STR("]}"));
}

/*
 * A value of the input's own. What journalctl wrote is known by the input's first value: an exporter
 * may put what a program wrote as JSON among the fields of an entry, with a cursor and whatever else.
 */
static void finish_value(struct json_gather *gather, struct envelope *envelope)
{
	const struct context context = {.genuine = gather->origin != JSON_ORIGIN_OTHER};
	bool is_journalctls = false;

	if (keep_head(gather)) {
		gather->origin = JSON_ORIGIN_OTHER;
		buf_clear(&gather->text);
		return;
	}
	put_head(gather);
	struct str text = buf_str(&gather->text);

	envelope_new_entry(envelope);
	bool looks = gather->looked < LOOKED_MAX && !envelope_is_log(envelope);
	bool decides = envelope_matters(text) || gather->origin == JSON_ORIGIN_UNKNOWN;

	gather->looked += looks;
	if (looks || decides)
		json_unwrap(envelope, text, &context, 0, &is_journalctls);
	if (decides)
		gather->origin = is_journalctls && context.genuine ? JSON_ORIGIN_JOURNALCTL
								   : JSON_ORIGIN_OTHER;
	buf_clear(&gather->text);
}

/* Reads the beginning of a value up to what is whole in it, as if it ended there. */
static void unwrap_part(struct json_gather *gather, struct envelope *envelope, struct str text,
			size_t depth)
{
	static const struct context part = {.part = true};
	BUF_AUTO whole = {0};
	bool ignored;

	if (!envelope_matters(text))
		return;
	buf_put_str(&whole, text);
	for (size_t at = depth; at-- > 0;)
		buf_put_char(&whole, gather->kinds[at] == '[' ? ']' : '}');
	envelope_new_entry(envelope);
	json_unwrap(envelope, buf_str(&whole), &part, 0, &ignored);
}

/* Takes out of the arrays around the place what was read: a value has to stand there, and what is said
 * of all elements stays. */
static void drop_elements(struct json_gather *gather)
{
	BUF_AUTO left = {0};

	for (unsigned i = 0; i < gather->depth; i++) {
		size_t from = gather->starts[i];
		size_t to = i + 1 < gather->depth ? gather->starts[i + 1] : from + 1;

		gather->starts[i] = left.n;
		if (gather->kinds[i] == '[') {
			buf_put_str(&left, STR("[0"));
			if (i + 1 < gather->depth)
				buf_put_char(&left, ',');
		} else {
			buf_put(&left, gather->text.p + from, to - from);
		}
	}
	buf_clear(&gather->text);
	buf_put_str(&gather->text, buf_str(&left));
	gather->base = left.n;
}

/* A value may be longer than what is kept of it: elements of its arrays are read as they come. */
static void cut_element(struct json_gather *gather, struct envelope *envelope)
{
	unsigned depth = gather->depth; /* of what ended: its begin is there */

	if (gather->text.n < gather->base + GATHER_MAX || depth == 0 || depth >= 32 ||
	    gather->kinds[depth - 1] != '[')
		return;
	unwrap_part(gather, envelope, buf_str(&gather->text), depth);
	drop_elements(gather);
}

static void open_value(struct json_gather *gather, char c)
{
	if (gather->depth < 32) {
		gather->starts[gather->depth] = gather->text.n;
		gather->kinds[gather->depth] = c;
	}
	gather->depth++;
}

static void close_value(struct json_gather *gather, struct envelope *envelope)
{
	if (--gather->depth > 0) {
		cut_element(gather, envelope);
		return;
	}
	gather->base = 0;
	finish_value(gather, envelope);
}

/* One byte outside of strings. At depth 0 an array's own brackets and commas count as nothing, so
 * that its elements are values by themselves; rows are values as a whole. */
static void take_byte(struct json_gather *gather, struct envelope *envelope, char c)
{
	bool opens = c == '{' || (c == '[' && (gather->depth > 0 || gather->has_rows));
	bool closes = (c == '}' || c == ']') && gather->depth > 0;

	if (opens)
		open_value(gather, c);
	if (gather->depth > 0 || c == '"')
		buf_put_char(&gather->text, c);
	gather->in_string = c == '"';
	if (closes)
		close_value(gather, envelope);
}

static void take_string(struct json_gather *gather, struct envelope *envelope, struct str *text)
{
	size_t n = 0;

	for (; n < text->n && gather->in_string; n++) {
		char c = text->p[n];

		if (gather->escaped)
			gather->escaped = false;
		else if (c == '\\')
			gather->escaped = true;
		else if (c == '"')
			gather->in_string = false;
	}
	buf_put(&gather->text, text->p, n);
	*text = str_skip(*text, n);
	if (gather->in_string || gather->depth > 0)
		return;
	finish_value(gather, envelope);
}

static void take_text(struct json_gather *gather, struct envelope *envelope, struct str text)
{
	while (text.n) {
		if (gather->in_string) {
			take_string(gather, envelope, &text);
			continue;
		}
		take_byte(gather, envelope, text.p[0]);
		text = str_skip(text, 1);
	}
}

/* The deepest array that holds a whole element or more before what is cut off. */
static size_t cut_depth(const struct json_gather *gather)
{
	size_t depth = gather->depth < 32 ? gather->depth : 31;

	while (depth > 1 && gather->kinds[depth - 2] != '[')
		depth--;
	return depth;
}

void json_end(struct json_gather *gather, struct envelope *envelope)
{
	struct str text = buf_str(&gather->text);
	size_t depth = cut_depth(gather);

	if (gather->depth && depth > 1) {
		BUF_AUTO whole = {0};
		size_t from = gather->starts[depth - 1];

		buf_put(&whole, text.p, from);
		buf_put(&whole, "0", 1); /* for the element that is cut off */
		unwrap_part(gather, envelope, buf_str(&whole), depth - 1);
		text = str_skip(text, from);
	}
	if (envelope_matters(text))
		envelope_keep_broken(envelope, text);
	reset(gather);
}

/* json-seq (RFC 7464) puts 0x1e before each value, server-sent events a word. */
static struct str skip_mark(struct str line)
{
	static const struct str words[] = {{"\x1e", 1}, {"data: ", 6}, {"data:", 5}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_starts(line, words[i]))
			return str_skip(line, words[i].n);
	return line;
}

static bool may_go_on(struct str line)
{
	while (line.n && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
		line.n--;
	return line.n && strchr("[{,:", line.p[line.n - 1]);
}

/* A string never goes on in the next line, and a value begins in the first column only where one
 * may: else the end of the value before it was lost. */
static bool is_broken(const struct json_gather *gather, struct str line)
{
	if (gather->depth == 0 && !gather->in_string)
		return false;
	if (gather->in_line)
		return gather->text.n > VALUE_MAX;
	return gather->in_string || gather->text.n > VALUE_MAX ||
	       (json_begins(line) && line.p[0] == '{' && !gather->goes_on);
}

/* What there is of a value whose end was lost, or that is too long: not read, and counted. */
static void drop_value(struct json_gather *gather, struct envelope *envelope)
{
	bool in_line = gather->in_line;

	if (envelope_matters(buf_str(&gather->text)))
		envelope_keep_broken(envelope, buf_str(&gather->text));
	reset(gather);
	gather->in_line = gather->dropped = in_line;
}

static struct str skip_blanks(struct str text)
{
	while (text.n && (text.p[0] == ' ' || text.p[0] == '\t'))
		text = str_skip(text, 1);
	return text;
}

/* What an input of rows begins with: an array in the outermost one, whose bracket is dropped, or a whole one of
 * names, a line for each (ClickHouse's JSONCompactEachRowWithNames). */
static void look_for_rows(struct json_gather *gather, struct str *line)
{
	struct str at = skip_blanks(*line);

	if (at.n && at.p[0] == '[' && !gather->opened) {
		json_t *value = json_loadb(at.p, at.n, 0, NULL);

		gather->opened = true;
		gather->has_rows = gather->begun = grid_is_head(value);
		json_decref(value);
		if (gather->begun)
			return;
		at = skip_blanks(str_skip(at, 1));
	}
	gather->begun = at.n > 0;
	if (at.n && at.p[0] == '[') {
		gather->has_rows = true;
		*line = at;
	}
}

/* [0.5, "o", "text"]: of asciinema, below its first line. */
static bool is_event(struct str line)
{
	return envelope_has_shape(line, "[0") && line.p[line.n - 1] == ']' &&
	       str_find(line, STR(", \"")) < line.n;
}

bool json_take(struct json_gather *gather, struct envelope *envelope, struct str line, bool more)
{
	if (!gather->in_line)
		line = skip_mark(line);
	if (!gather->begun)
		look_for_rows(gather, &line);
	if (is_broken(gather, line))
		drop_value(gather, envelope);
	gather->dropped &= gather->in_line;
	if (gather->dropped) {
		gather->in_line = more;
		return true;
	}
	if (!gather->in_line && gather->depth == 0 && line.n && !json_begins(line) &&
	    !strchr("],\" \t", line.p[0]) && !is_event(line))
		return false;
	take_text(gather, envelope, line);
	gather->goes_on = may_go_on(line);
	gather->in_line = more;
	if (!more && gather->depth && !gather->in_string)
		buf_put_char(&gather->text, '\n');
	return true;
}
