#include "ingest/envelope/envelope_private.h"

#include "base/mem.h"

#include <ctype.h>
#include <jansson.h>

/*
 * Documents of XML, and tables of HTML: each becomes JSON, and is read as such. An element with attributes or other
 * elements in it is an object, any other a string; equal names make an array. <field name="host">w1</field> is a
 * member of what is around it.
 */

/* A document that does not end within so much has no end. */
#define DOCUMENT_MAX (4 * 1024 * 1024)

#define DEPTH_MAX      20
#define NAME_MAX_BYTES 64

struct xml {
	struct str at;
	bool is_bad;
};

static size_t name_length(struct str text)
{
	size_t n = 0;

	while (n < text.n && n < NAME_MAX_BYTES - 1 &&
	       (isalnum((unsigned char)text.p[n]) || strchr("_-.:", text.p[n])))
		n++;
	return n;
}

/* What only sets a text's looks is no document. */
static bool is_html(struct str name)
{
	return str_is_one_of(
		name,
		"html|head|body|pre|code|span|p|div|b|i|u|a|em|strong|font|tt|br|li|ul|ol|"
		"samp|kbd|blockquote|section|article|script|style|td|th",
		false);
}

bool xml_begins(struct str line)
{
	struct str text = str_strip(line);

	if (str_starts(text, STR("<?xml ")))
		return true;
	if (text.n < 3 || text.p[0] != '<' || !isalpha((unsigned char)text.p[1]))
		return false;
	text = str_skip(text, 1);
	size_t n = name_length(text), end = str_chr(text, '>');

	if (n == text.n || end == text.n || is_html(str_of(text.p, n)))
		return false;
	/* "<name> text" is who says it, in a chat */
	return text.p[n] == '>' ? end + 1 == text.n || text.p[end + 1] != ' '
				: text.p[n] == ' ' && memchr(text.p, '=', end);
}

static void skip_blanks(struct xml *xml)
{
	while (xml->at.n && isspace((unsigned char)xml->at.p[0]))
		xml->at = str_skip(xml->at, 1);
}

/* What is before the mark, which is taken off, too. */
static struct str take_until(struct xml *xml, struct str mark)
{
	size_t n = str_find(xml->at, mark);
	struct str text = str_of(xml->at.p, n);

	xml->is_bad |= n == xml->at.n;
	xml->at = str_skip(xml->at, n < xml->at.n ? n + mark.n : n);
	return text;
}

static json_t *string_of(struct str text)
{
	BUF_AUTO plain = {0};

	escape_put_plain(text, &plain);
	return json_of_text(buf_str(&plain));
}

/* Owns the value. Of equal names all are kept. */
static void add(json_t *object, const char *name, json_t *value)
{
	json_t *before = json_object_get(object, name);

	if (!before) {
		json_object_set_new_nocheck(object, name, value);
		return;
	}
	if (!json_is_array(before)) {
		json_t *list = json_array();

		json_array_append(list, before);
		json_object_set_new_nocheck(object, name, list);
		before = list;
	}
	json_array_append_new(before, value);
}

static void add_attributes(struct xml *xml, json_t *object)
{
	char name[NAME_MAX_BYTES];

	for (skip_blanks(xml); xml->at.n && !strchr("/>", xml->at.p[0]); skip_blanks(xml)) {
		size_t n = name_length(xml->at);
		char quote = n + 1 < xml->at.n && xml->at.p[n] == '=' ? xml->at.p[n + 1] : '\0';

		if (!n || (quote != '"' && quote != '\'')) {
			xml->is_bad = true;
			return;
		}
		str_copy(str_of(xml->at.p, n), name, sizeof(name));
		xml->at = str_skip(xml->at, n + 2);
		struct str value = take_until(xml, str_of(&quote, 1));

		if (strncmp(name, "xml", 3) != 0)
			add(object, name, string_of(value));
	}
}

/* The one value in an object of one, however deep. */
static json_t *only_value(json_t *value)
{
	while (json_object_size(value) == 1)
		value = json_object_iter_value(json_object_iter(value));
	return value;
}

/* <field k="host">, <field name="host">: the name that an attribute gives. */
static const char *given_name(const char *element, json_t *object)
{
	static const char *const keys[] = {"k", "key", "field", "name", "Name"};

	if (role_of(str_from(element), STR("name")) >= 0) /* <host name="w1"> */
		return NULL;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (json_is_string(json_object_get(object, keys[i])))
			return keys[i];
	return NULL;
}

static void add_element(json_t *parent, const char *element, json_t *value)
{
	const char *key = json_object_size(value) == 2 ? given_name(element, value) : NULL;

	if (!key) {
		add(parent, element, value);
		return;
	}
	json_t *name = json_incref(json_object_get(value, key));

	json_object_del(value, key);
	add(parent, json_string_value(name), json_incref(only_value(value)));
	json_decref(name);
	json_decref(value);
}

static json_t *read_element(struct xml *xml, char name[NAME_MAX_BYTES], unsigned depth);

/* Up to the end of the element: texts, and elements that become members of the object. */
static void read_content(struct xml *xml, const char *name, json_t *object, struct buf *text,
			 unsigned depth)
{
	char inner[NAME_MAX_BYTES];

	while (!xml->is_bad) {
		if (str_starts(xml->at, STR("<![CDATA["))) {
			xml->at = str_skip(xml->at, 9);
			buf_put_str(text, take_until(xml, STR("]]>")));
		} else if (str_starts(xml->at, STR("<!--"))) {
			take_until(xml, STR("-->"));
		} else if (str_starts(xml->at, STR("</"))) {
			struct str end = str_strip(str_skip(take_until(xml, STR(">")), 2));

			xml->is_bad |= !str_eq(end, str_from(name));
			return;
		} else if (str_starts(xml->at, STR("<"))) {
			json_t *value = read_element(xml, inner, depth + 1);

			add_element(object, inner, value);
		} else {
			size_t n = str_chr(xml->at, '<');

			xml->is_bad |= n == xml->at.n;
			escape_put_plain(str_of(xml->at.p, n), text);
			xml->at = str_skip(xml->at, n);
		}
	}
}

/* A row of a table is an array; names of its columns are the first one. */
static json_t *row_of(json_t *object)
{
	json_t *cells = json_object_get(object, "td");

	if (!cells)
		cells = json_object_get(object, "th");
	return json_is_array(cells) ? json_incref(cells) : json_incref(object);
}

static json_t *read_element(struct xml *xml, char name[NAME_MAX_BYTES], unsigned depth)
{
	json_t *object = json_object();
	BUF_AUTO text = {0};
	size_t n;

	xml->at = str_skip(xml->at, 1);
	n = name_length(xml->at);
	str_copy(str_of(xml->at.p, n), name, NAME_MAX_BYTES);
	xml->at = str_skip(xml->at, n);
	xml->is_bad |= !n || depth > DEPTH_MAX;
	if (!xml->is_bad)
		add_attributes(xml, object);
	bool is_empty = xml->at.n && xml->at.p[0] == '/';

	take_until(xml, STR(">"));
	if (!is_empty)
		read_content(xml, name, object, &text, depth);
	json_t *value = object;

	if (strcmp(name, "tr") == 0) {
		value = row_of(object);
		json_decref(object);
	} else if (json_object_size(object) == 0) {
		value = json_of_text(buf_str(&text));
		json_decref(object);
	} else if (str_strip(buf_str(&text)).n) {
		json_object_set_new_nocheck(object, "", json_of_text(buf_str(&text)));
	}
	if (!value)
		mem_fail("jansson");
	return value;
}

/* One document; false if it is none. */
static bool read_document(struct str text, json_t *root)
{
	struct xml xml = {.at = text};
	char name[NAME_MAX_BYTES];

	for (skip_blanks(&xml); str_starts(xml.at, STR("<?")) || str_starts(xml.at, STR("<!"));
	     skip_blanks(&xml))
		take_until(&xml, STR(">"));
	if (!xml.at.n || xml.at.p[0] != '<')
		return false;
	json_t *value = read_element(&xml, name, 0);

	add_element(root, name, value);
	skip_blanks(&xml);
	return !xml.is_bad && !xml.at.n;
}

/* The name of the first element that begins. */
static struct str root_of(struct str text)
{
	while (text.n) {
		text = str_skip(text, str_chr(text, '<'));
		if (text.n > 1 && isalpha((unsigned char)text.p[1]))
			return str_of(text.p + 1, name_length(str_skip(text, 1)));
		text = str_skip(text, text.n > 0);
	}
	return text;
}

void xml_end(struct xml_gather *gather, struct envelope *envelope)
{
	static const struct context none = {.genuine = false};
	struct str text = buf_str(&gather->text);
	json_t *root;

	if (!envelope_matters(text)) {
		buf_clear(&gather->text);
		return;
	}
	root = json_object();
	if (!root)
		mem_fail("jansson");
	envelope_new_entry(envelope);
	if (!gather->dropped && read_document(text, root))
		json_walk(envelope, root, &none, 1);
	else
		envelope_keep_broken(envelope, text);
	json_decref(root);
	buf_clear(&gather->text);
}

static bool ends(struct str line, struct str root)
{
	struct str end = str_strip(line);

	if (!root.n || end.n < root.n + 3 || end.p[end.n - 1] != '>')
		return false;
	if (end.p[end.n - 2] == '/')
		return str_starts(str_skip(end, 1), root);
	return str_eq(str_of(end.p + end.n - 1 - root.n, root.n), root) &&
	       end.p[end.n - 2 - root.n] == '/';
}

void xml_take(struct xml_gather *gather, struct envelope *envelope, struct str line)
{
	if (!gather->text.n) {
		gather->dropped = false;
		gather->root[0] = '\0';
	}
	if (gather->text.n + line.n > DOCUMENT_MAX) {
		if (!gather->dropped)
			envelope_keep_broken(envelope, buf_str(&gather->text));
		gather->dropped = true;
		return;
	}
	buf_put_str(&gather->text, line);
	buf_put_char(&gather->text, '\n');
	if (!gather->root[0])
		str_copy(root_of(line), gather->root, sizeof(gather->root));
	if (ends(line, str_from(gather->root)))
		xml_end(gather, envelope);
}
