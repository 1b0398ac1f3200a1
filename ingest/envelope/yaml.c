#include "ingest/envelope/envelope_private.h"

/*
 * Documents of YAML, as `gcloud logging read` writes them: each becomes JSON, and is read as such. Only
 * what programs write by themselves is known: block mappings and lists, plain and quoted scalars over
 * several lines, literal and folded blocks. Whatever else there is becomes a string.
 */

/* A document that does not end within so much has no end. */
#define DOCUMENT_MAX (1024 * 1024)

#define DEPTH_MAX 16

struct yaml {
	struct str rest; /* behind the line at hand */
	struct str
		text; /* the line at hand, without its indentation; of a list's element, what is behind "-" */
	size_t indent; /* of it */
	bool has_line; /* else the document is at its end */
	struct buf *json;
};

static struct str trim_end(struct str text)
{
	while (text.n && strchr(" \t\r", text.p[text.n - 1]))
		text.n--;
	return text;
}

static struct str cut_line(struct str *rest)
{
	size_t n = str_chr(*rest, '\n');
	struct str line = str_of(rest->p, n);

	*rest = str_skip(*rest, n < rest->n ? n + 1 : n);
	return line;
}

static size_t indent_of(struct str line)
{
	size_t n = 0;

	while (n < line.n && line.p[n] == ' ')
		n++;
	return n;
}

/* The next line that says something. */
static void advance(struct yaml *yaml)
{
	do {
		yaml->has_line = yaml->rest.n > 0;
		struct str line = trim_end(cut_line(&yaml->rest));

		yaml->indent = indent_of(line);
		yaml->text = str_skip(line, yaml->indent);
	} while (yaml->has_line && (!yaml->text.n || yaml->text.p[0] == '#'));
}

static void put_char(struct buf *json, char c)
{
	if ((unsigned char)c < ' ')
		buf_format(json, "\\u%04x", (unsigned char)c);
	else
		buf_format(json, "%s%c", c == '"' || c == '\\' ? "\\" : "", c);
}

static void put_text(struct buf *json, struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		put_char(json, text.p[i]);
}

/* ------- scalars; each leaves the line behind it at hand */

/* "|", ">-": the lines below that are indented further, as they are or joined with blanks. */
static void put_block(struct yaml *yaml, size_t indent, bool folded)
{
	size_t inner = 0;
	bool first = true;

	while (yaml->rest.n) {
		struct str rest = yaml->rest;
		struct str line = trim_end(cut_line(&rest));

		if (line.n && indent_of(line) <= indent)
			break;
		if (!inner)
			inner = indent_of(line);
		if (line.n) {
			if (!first)
				put_char(yaml->json, folded ? ' ' : '\n');
			put_text(yaml->json,
				 str_skip(line, inner < indent_of(line) ? inner : indent_of(line)));
			first = false;
		}
		yaml->rest = rest;
	}
	advance(yaml);
}

/* Where a quoted text ends in this line; n: it goes on. */
static size_t closing_quote(struct str text, char quote)
{
	for (size_t i = 0; i < text.n; i++) {
		if (quote == '"' && text.p[i] == '\\')
			i++;
		else if (text.p[i] == quote && quote == '\'' && i + 1 < text.n &&
			 text.p[i + 1] == quote)
			i++;
		else if (text.p[i] == quote)
			return i;
	}
	return text.n;
}

/* What JSON writes alike stays as it is. */
static void put_quoted_part(struct buf *json, struct str text, char quote)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		char next = i + 1 < text.n ? text.p[i + 1] : '\0';

		if (quote == '"' && c == '\\' && next && strchr("\"\\/bfnrtu", next)) {
			buf_format(json, "\\%c", next);
			i++;
		} else if (quote == '"' && c == '\\' && (next == ' ' || next == '\0')) {
			continue;
		} else if (quote == '\'' && c == '\'' && next == '\'') {
			put_char(json, c);
			i++;
		} else {
			put_char(json, c);
		}
	}
}

/* A line's end within quotes is a blank, unless a backslash hides it. */
static void put_quoted(struct yaml *yaml, struct str text, char quote)
{
	for (;;) {
		size_t n = closing_quote(text, quote);

		put_quoted_part(yaml->json, str_of(text.p, n), quote);
		if (n < text.n || !yaml->rest.n)
			break;
		if (quote != '"' || !text.n || text.p[text.n - 1] != '\\')
			put_char(yaml->json, ' ');
		struct str line = trim_end(cut_line(&yaml->rest));

		text = str_skip(line, indent_of(line));
	}
	advance(yaml);
}

static void put_plain(struct yaml *yaml, struct str text, size_t indent)
{
	put_text(yaml->json, text);
	for (advance(yaml); yaml->has_line && yaml->indent > indent; advance(yaml)) {
		put_char(yaml->json, ' ');
		put_text(yaml->json, yaml->text);
	}
}

static bool is_block(struct str text)
{
	return text.n && text.n <= 3 && strchr("|>", text.p[0]);
}

static void put_scalar(struct yaml *yaml, struct str text, size_t indent)
{
	buf_put_char(yaml->json, '"');
	if (is_block(text))
		put_block(yaml, indent, text.p[0] == '>');
	else if (strchr("'\"", text.p[0]))
		put_quoted(yaml, str_skip(text, 1), text.p[0]);
	else
		put_plain(yaml, text, indent);
	buf_put_char(yaml->json, '"');
}

/* ------- mappings and lists */

/* Where the key of "KEY: value" ends; n: the text is none. */
static size_t key_end(struct str text)
{
	size_t n = 0;

	if (text.n && strchr("'\"", text.p[0])) {
		n = 1 + closing_quote(str_skip(text, 1), text.p[0]);
		n += n < text.n;
	}
	while (n < text.n && !(text.p[n] == ':' && (n + 1 == text.n || text.p[n + 1] == ' ')) &&
	       text.p[n] != ' ')
		n++;
	return n < text.n && text.p[n] == ':' ? n : text.n;
}

static bool is_element(struct str text)
{
	return text.n && text.p[0] == '-' && (text.n == 1 || text.p[1] == ' ');
}

static void put_node(struct yaml *yaml, size_t indent, unsigned depth);

/* What stands behind "KEY:", or below it. */
static void put_value(struct yaml *yaml, struct str text, size_t indent, unsigned depth)
{
	if (text.n) {
		put_scalar(yaml, text, indent);
		return;
	}
	advance(yaml);
	if (yaml->has_line &&
	    (yaml->indent > indent || (yaml->indent == indent && is_element(yaml->text))))
		put_node(yaml, yaml->indent, depth + 1);
	else
		buf_put_str(yaml->json, STR("null"));
}

static void put_mapping(struct yaml *yaml, size_t indent, unsigned depth)
{
	bool first = true;

	buf_put_char(yaml->json, '{');
	while (yaml->has_line && yaml->indent == indent && key_end(yaml->text) < yaml->text.n) {
		size_t n = key_end(yaml->text);
		struct str key = str_of(yaml->text.p, n), text = str_skip(yaml->text, n + 1);

		if (key.n > 1 && strchr("'\"", key.p[0]))
			key = str_of(key.p + 1, key.n - 2);
		buf_put_str(yaml->json, first ? STR("\"") : STR(",\""));
		put_text(yaml->json, key);
		buf_put_str(yaml->json, STR("\":"));
		put_value(yaml, str_skip(text, indent_of(text)), indent, depth);
		first = false;
	}
	buf_put_char(yaml->json, '}');
}

static void put_list(struct yaml *yaml, size_t indent, unsigned depth)
{
	bool first = true;

	buf_put_char(yaml->json, '[');
	while (yaml->has_line && yaml->indent == indent && is_element(yaml->text)) {
		struct str text = str_skip(yaml->text, 1);
		size_t blanks = indent_of(text);

		if (!first)
			buf_put_char(yaml->json, ',');
		first = false;
		yaml->text = str_skip(text, blanks);
		yaml->indent = indent + 1 + blanks;
		if (yaml->text.n)
			put_node(yaml, yaml->indent, depth + 1);
		else
			put_value(yaml, yaml->text, indent, depth);
	}
	buf_put_char(yaml->json, ']');
}

static void put_node(struct yaml *yaml, size_t indent, unsigned depth)
{
	if (depth < DEPTH_MAX && is_element(yaml->text))
		put_list(yaml, indent, depth);
	else if (depth < DEPTH_MAX && key_end(yaml->text) < yaml->text.n)
		put_mapping(yaml, indent, depth);
	else
		put_scalar(yaml, yaml->text, indent ? indent - 1 : 0);
}

/* ------- documents */

bool yaml_is_indented(struct str line)
{
	struct str text = str_skip(line, indent_of(line));

	return indent_of(line) == 2 && key_end(text) < text.n && !envelope_is_text(text);
}

/* "- host: w1", "- message: type=...": an element of a list that is an object. */
static bool begins_element(struct str line)
{
	struct str text = str_skip(line, line.n > 2 ? 2 : line.n);
	size_t n = key_end(text);
	int role = role_of(str_of(NULL, 0), str_of(text.p, n));

	return is_element(line) && n < text.n && !envelope_is_text(text) &&
	       (role == ENVELOPE_NODE || envelope_matters(text));
}

bool yaml_begins(struct str line, bool any_key)
{
	static const char *const keys[] = {
		"insertId",         "jsonPayload", "labels",   "logName",     "protoPayload",
		"receiveTimestamp", "resource",    "severity", "textPayload", "timestamp"};
	size_t n = key_end(line);
	struct str value;

	if (begins_element(line))
		return true;
	if (n == line.n || line.p[0] == ' ')
		return false;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (str_eq(str_of(line.p, n), str_from(keys[i])))
			return true;
	value = str_skip(line, n + 1);
	value = trim_end(str_skip(value, indent_of(value)));
	if (any_key || !value.n || is_block(value))
		return any_key || is_block(value);
	return strchr("'\"", value.p[0]) && envelope_matters(value) &&
	       closing_quote(str_skip(value, 1), value.p[0]) == value.n - 1;
}

/* A document that has no end, or is none, and could hold a record. */
static void drop(struct yaml_gather *gather, struct envelope *envelope)
{
	if (envelope_matters(buf_str(&gather->text)))
		envelope_keep_broken(envelope, buf_str(&gather->text));
	buf_clear(&gather->text);
	gather->dropped = true;
}

void yaml_end(struct yaml_gather *gather, struct envelope *envelope)
{
	static const struct context none = {.genuine = false};
	BUF_AUTO json = {0};
	struct yaml yaml = {.rest = buf_str(&gather->text), .json = &json};
	bool ignored;

	for (advance(&yaml); envelope_matters(buf_str(&gather->text)) && yaml.has_line;) {
		buf_clear(&json);
		put_node(&yaml, yaml.indent, 0);
		envelope_new_entry(envelope);
		if (!json_unwrap(envelope, buf_str(&json), &none, 1, &ignored)) {
			drop(gather, envelope);
			break;
		}
	}
	buf_clear(&gather->text);
	gather->dropped = false;
}

void yaml_take(struct yaml_gather *gather, struct envelope *envelope, struct str line)
{
	if (str_eq(trim_end(line), STR("---"))) {
		yaml_end(gather, envelope);
		return;
	}
	if (gather->text.n > DOCUMENT_MAX)
		drop(gather, envelope);
	if (gather->dropped)
		return;
	buf_put_str(&gather->text, line);
	buf_put_char(&gather->text, '\n');
}
