#include "profile/document/yaml.h"

#include "base/buf.h"
#include "base/mem.h"
#include "profile/document/json.h"
#include "profile/document/lint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#define CORE_TAG "tag:yaml.org,2002:"

/* What an anchor names. */
struct anchor {
	char *name;
	json_t *value; /* NULL while it is still being read */
	size_t weight; /* values that it stands for, itself included */
};

struct yaml_reader {
	yaml_parser_t parser;
	struct err *err;
	json_t *places;
	struct buf place; /* of the value at hand */
	struct anchor *anchors;
	size_t anchor_count, anchor_size;
	size_t values, max_values;
	unsigned depth;
};

static int wrong_at(struct yaml_reader *reader, const yaml_mark_t *mark, int code, const char *what)
{
	return err_set(reader->err, code, "%zu:%zu: %s", mark->line + 1, mark->column + 1, what);
}

/* libyaml's own words; they quote nothing of the text. */
static int parser_failed(struct yaml_reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	const char *problem = parser->problem ? parser->problem : "malformed YAML";

	if (parser->error == YAML_MEMORY_ERROR)
		mem_fail("libyaml");
	if (parser->error == YAML_READER_ERROR)
		return err_set(reader->err, EINVAL, "%zu:%zu: %s (byte %zu)", parser->mark.line + 1,
			       parser->mark.column + 1, problem, parser->problem_offset);
	return wrong_at(reader, &parser->problem_mark, EINVAL, problem);
}

static int next_event(struct yaml_reader *reader, yaml_event_t *event)
{
	if (!yaml_parser_parse(&reader->parser, event))
		return parser_failed(reader);
	return 0;
}

static int count_values(struct yaml_reader *reader, const yaml_mark_t *mark, size_t more)
{
	reader->values += more;
	if (reader->values <= reader->max_values)
		return 0;
	return err_set(reader->err, E2BIG,
		       "%zu:%zu: more than %zu values, aliases expanded: no seccomp profile",
		       mark->line + 1, mark->column + 1, reader->max_values);
}

static void note_place(struct yaml_reader *reader, const yaml_mark_t *mark)
{
	const size_t most = 0xffff;
	size_t column = mark->column + 1 < most ? mark->column + 1 : most;

	json_object_set_new_nocheck(reader->places, reader->place.n ? reader->place.p : "",
				    json_integer((json_int_t)((mark->line + 1) << 16 | column)));
}

static void place_cut(struct buf *place, size_t n)
{
	if (!place->p)
		return;
	place->n = n;
	place->p[n] = '\0';
}

/* --- anchors */

static size_t anchor_begin(struct yaml_reader *reader, const yaml_char_t *name)
{
	if (reader->anchor_count == reader->anchor_size) {
		reader->anchor_size = reader->anchor_size ? reader->anchor_size * 2 : 8;
		reader->anchors =
			mem_resize(reader->anchors, reader->anchor_size * sizeof(*reader->anchors));
	}
	reader->anchors[reader->anchor_count] =
		(struct anchor){.name = mem_copy(str_from((const char *)name))};
	return reader->anchor_count++;
}

static void anchors_forget(struct yaml_reader *reader)
{
	for (size_t i = 0; i < reader->anchor_count; i++) {
		free(reader->anchors[i].name);
		json_decref(reader->anchors[i].value);
	}
	reader->anchor_count = 0;
}

/* The latest of that name counts (YAML 1.1, 7.1). */
static int read_alias(struct yaml_reader *reader, const yaml_event_t *event, json_t **ret_value)
{
	const char *name = (const char *)event->data.alias.anchor;
	char quoted[QUOTED_SIZE];

	for (size_t i = reader->anchor_count; i-- > 0;) {
		const struct anchor *anchor = &reader->anchors[i];

		if (strcmp(anchor->name, name) != 0)
			continue;
		if (!anchor->value)
			return err_set(reader->err, EINVAL,
				       "%zu:%zu: the alias %s stands inside of what it stands for",
				       event->start_mark.line + 1, event->start_mark.column + 1,
				       text_quote(name, quoted));
		*ret_value = json_incref(anchor->value);
		return count_values(reader, &event->start_mark, anchor->weight);
	}
	return err_set(reader->err, EINVAL, "%zu:%zu: no anchor is called %s",
		       event->start_mark.line + 1, event->start_mark.column + 1,
		       text_quote(name, quoted));
}

/* --- scalars */

static bool is_one_of(struct str text, const char *const *words)
{
	for (; *words; words++) {
		if (str_eq(text, str_from(*words)))
			return true;
	}
	return false;
}

/* 10, -1, 0x1f, 0o17, 0b1, and YAML 1.1's 017; underscores are not taken. */
static json_t *scalar_integer(struct str text)
{
	static const struct {
		const char *prefix;
		int base;
	} bases[] = {{"0x", 16}, {"0o", 8}, {"0b", 2}, {"0", 8}, {"", 10}};
	bool negative = text.n > 1 && text.p[0] == '-';
	struct str digits = negative || (text.n > 1 && text.p[0] == '+') ? str_skip(text, 1) : text;
	char copy[80], big[20], *end;
	int base = 10;

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		struct str prefix = str_from(bases[i].prefix);

		if (digits.n <= prefix.n || !str_starts(digits, prefix))
			continue;
		base = bases[i].base;
		digits = str_skip(digits, prefix.n);
		break;
	}
	if (digits.n == 0 || digits.n >= sizeof(copy) ||
	    !((digits.p[0] >= '0' && digits.p[0] <= '9') || base == 16))
		return NULL;
	memcpy(copy, digits.p, digits.n);
	copy[digits.n] = '\0';
	errno = 0;
	if (strspn(copy, "0123456789abcdefABCDEF") != digits.n)
		return NULL;
	unsigned long long value = strtoull(copy, &end, base);

	if (errno || *end || (negative && value > INT64_MAX))
		return NULL;
	if (value <= INT64_MAX)
		return json_integer(negative ? -(json_int_t)value : (json_int_t)value);
	snprintf(big, sizeof(big), "%c%llx", BIG_NUMBER_MARK, value);
	return json_string_nocheck(big);
}

/* 1.5, 1e3, .inf: none of them is of use in a profile, but none of them is a string. */
static json_t *scalar_real(struct str text)
{
	static const char *const special[] = {".inf",  ".Inf", ".INF", "-.inf", "-.Inf", "-.INF",
					      "+.inf", ".nan", ".NaN", ".NAN",  NULL};
	char copy[64], *end;

	if (is_one_of(text, special))
		return json_real(0.5);
	if (text.n == 0 || text.n >= sizeof(copy))
		return NULL;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (strspn(copy, "0123456789+-.eE") != text.n || !strpbrk(copy, "0123456789"))
		return NULL;
	double value = strtod(copy, &end);

	if (*end)
		return NULL;
	return json_real(value) ?: json_real(0.5);
}

static json_t *scalar_plain(struct str text)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const trues[] = {"true", "True", "TRUE", "yes", "Yes", "YES",
					    "on",   "On",   "ON",   "y",   "Y",   NULL};
	static const char *const falses[] = {"false", "False", "FALSE", "no", "No", "NO",
					     "off",   "Off",   "OFF",   "n",  "N",  NULL};
	json_t *value;

	if (is_one_of(text, nulls))
		return json_null();
	if (is_one_of(text, trues))
		return json_true();
	if (is_one_of(text, falses))
		return json_false();
	value = scalar_integer(text);
	return value ? value : scalar_real(text);
}

static int read_scalar(struct yaml_reader *reader, const yaml_event_t *event, json_t **ret_value)
{
	const char *tag = (const char *)event->data.scalar.tag;
	struct str text = str_of((const char *)event->data.scalar.value, event->data.scalar.length);
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	bool string = tag && (strcmp(tag, CORE_TAG "str") == 0 || strcmp(tag, "!") == 0);
	bool typed =
		tag && (strcmp(tag, CORE_TAG "int") == 0 || strcmp(tag, CORE_TAG "bool") == 0 ||
			strcmp(tag, CORE_TAG "float") == 0 || strcmp(tag, CORE_TAG "null") == 0);
	json_t *value = NULL;

	if (tag && !string && !typed)
		return wrong_at(reader, &event->start_mark, EINVAL,
				"this tag has no meaning in a profile");
	if (str_chr(text, '\0') < text.n)
		return wrong_at(reader, &event->start_mark, EINVAL, "a NUL byte in a string");
	if (typed || (plain && !tag))
		value = scalar_plain(text);
	if (typed && !value)
		return wrong_at(reader, &event->start_mark, EINVAL, "is not what its tag says");
	*ret_value = value ? value : json_stringn(text.p, text.n);
	if (!*ret_value)
		return wrong_at(reader, &event->start_mark, EINVAL, "is not UTF-8");
	return 0;
}

/* --- collections */

static int read_node(struct yaml_reader *reader, yaml_event_t *event, json_t **ret_value);

static int check_collection(struct yaml_reader *reader, const yaml_event_t *event,
			    const yaml_char_t *tag, const char *own)
{
	char what[64];

	if (tag && strcmp((const char *)tag, own) != 0)
		return wrong_at(reader, &event->start_mark, EINVAL,
				"this tag has no meaning in a profile");
	if (reader->depth < YAML_MAX_DEPTH)
		return 0;
	snprintf(what, sizeof(what), "nested deeper than %d", YAML_MAX_DEPTH);
	return wrong_at(reader, &event->start_mark, E2BIG, what);
}

static int read_sequence(struct yaml_reader *reader, const yaml_event_t *start, json_t **ret_value)
{
	size_t before = reader->place.n;
	json_t *array = json_array();
	int r = check_collection(reader, start, start->data.sequence_start.tag, CORE_TAG "seq");

	reader->depth++;
	for (size_t i = 0; r == 0; i++) {
		yaml_event_t event;
		json_t *value = NULL;

		r = next_event(reader, &event);
		if (r < 0)
			break;
		if (event.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&event);
			break;
		}
		buf_format(&reader->place, "[%zu]", i);
		r = read_node(reader, &event, &value);
		place_cut(&reader->place, before);
		yaml_event_delete(&event);
		if (value)
			json_array_append_new(array, value);
	}
	reader->depth--;
	*ret_value = array;
	return r;
}

/* The key as a string: a plain number or word is its own text, as Kubernetes takes it. */
static int read_key(struct yaml_reader *reader, const yaml_event_t *event, struct str *ret_key)
{
	if (event->type != YAML_SCALAR_EVENT)
		return wrong_at(reader, &event->start_mark, EINVAL, "a key must be a string");
	*ret_key = str_of((const char *)event->data.scalar.value, event->data.scalar.length);
	if (str_chr(*ret_key, '\0') < ret_key->n)
		return wrong_at(reader, &event->start_mark, EINVAL, "a NUL byte in a key");
	return 0;
}

/* What is merged fills what the mapping leaves open. */
static int merge(struct yaml_reader *reader, const yaml_mark_t *mark, json_t *object, json_t *from)
{
	size_t i;
	json_t *one;
	int r = 0;

	if (json_is_object(from)) {
		json_object_update_missing(object, from);
		return count_values(reader, mark, json_object_size(from));
	}
	if (!json_is_array(from))
		return wrong_at(reader, mark, EINVAL, "only a mapping can be merged");
	json_array_foreach(from, i, one) {
		if (r == 0 && !json_is_object(one))
			r = wrong_at(reader, mark, EINVAL, "only a mapping can be merged");
		if (r == 0)
			r = merge(reader, mark, object, one);
	}
	return r;
}

static int read_value(struct yaml_reader *reader, struct str key, json_t **ret_value)
{
	size_t before = reader->place.n;
	yaml_event_t event;
	int r;

	if (before)
		buf_put_char(&reader->place, '.');
	buf_put_str(&reader->place, key);
	r = next_event(reader, &event);
	if (r == 0) {
		r = read_node(reader, &event, ret_value);
		yaml_event_delete(&event);
	}
	place_cut(&reader->place, before);
	return r;
}

/* One key and its value. */
static int read_member(struct yaml_reader *reader, const yaml_event_t *event, json_t *object,
		       json_t **merged)
{
	struct str key = {0};
	json_t *value = NULL;
	char quoted[QUOTED_SIZE];
	int r = read_key(reader, event, &key);

	if (r < 0)
		return r;
	bool merges = str_eq(key, STR("<<")) && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (json_object_get(object, key.p) || (merges && *merged))
		return err_set(reader->err, EINVAL, "%zu:%zu: duplicate key %s",
			       event->start_mark.line + 1, event->start_mark.column + 1,
			       text_quote(key.p, quoted));
	r = read_value(reader, key, &value);
	if (r == 0 && merges)
		*merged = value;
	else if (r == 0 && json_object_set_new(object, key.p, value) < 0)
		return wrong_at(reader, &event->start_mark, EINVAL, "the key is not UTF-8");
	else if (r < 0)
		json_decref(value);
	return r;
}

static int read_mapping(struct yaml_reader *reader, const yaml_event_t *start, json_t **ret_value)
{
	json_t *object = json_object(), *merged = NULL;
	int r = check_collection(reader, start, start->data.mapping_start.tag, CORE_TAG "map");
	bool more = true;

	reader->depth++;
	while (r == 0 && more) {
		yaml_event_t event;

		r = next_event(reader, &event);
		if (r < 0)
			break;
		more = event.type != YAML_MAPPING_END_EVENT;
		if (more)
			r = read_member(reader, &event, object, &merged);
		yaml_event_delete(&event);
	}
	if (r == 0 && merged)
		r = merge(reader, &start->start_mark, object, merged);
	json_decref(merged);
	reader->depth--;
	*ret_value = object;
	return r;
}

static const yaml_char_t *anchor_of(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return event->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.anchor;
	default:
		return NULL;
	}
}

static int read_content(struct yaml_reader *reader, const yaml_event_t *event, json_t **ret_value)
{
	int r = count_values(reader, &event->start_mark, 1);

	if (r < 0)
		return r;
	note_place(reader, &event->start_mark);
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(reader, event, ret_value);
	case YAML_SEQUENCE_START_EVENT:
		return read_sequence(reader, event, ret_value);
	case YAML_MAPPING_START_EVENT:
		return read_mapping(reader, event, ret_value);
	default:
		return wrong_at(reader, &event->start_mark, EINVAL, "malformed YAML");
	}
}

/* *ret_value is to be released even where this fails. */
static int read_node(struct yaml_reader *reader, yaml_event_t *event, json_t **ret_value)
{
	const yaml_char_t *name = anchor_of(event);
	size_t before = reader->values, anchor = 0;

	if (event->type == YAML_ALIAS_EVENT)
		return read_alias(reader, event, ret_value);
	if (name)
		anchor = anchor_begin(reader, name);
	int r = read_content(reader, event, ret_value);

	if (name && r == 0) {
		reader->anchors[anchor].value = json_incref(*ret_value);
		reader->anchors[anchor].weight = reader->values - before;
	}
	return r;
}

/* --- documents */

static int read_document(struct yaml_reader *reader, const yaml_mark_t *mark,
			 struct yaml_documents *documents)
{
	struct yaml_document document = {.places = json_object()};
	yaml_event_t event;
	int r;

	reader->places = document.places;
	r = next_event(reader, &event);
	if (r == 0) {
		r = read_node(reader, &event, &document.root);
		yaml_event_delete(&event);
	}
	anchors_forget(reader);
	if (r == 0 && documents->count == YAML_MAX_DOCUMENTS)
		r = wrong_at(reader, mark, E2BIG, "too many documents");
	if (r < 0 || json_is_null(document.root)) {
		json_decref(document.root);
		json_decref(document.places);
		return r;
	}
	documents->all =
		mem_resize(documents->all, (documents->count + 1) * sizeof(*documents->all));
	documents->all[documents->count++] = document;
	return 0;
}

static int read_stream(struct yaml_reader *reader, struct yaml_documents *documents)
{
	yaml_event_type_t type = YAML_NO_EVENT;
	int r = 0;

	while (r == 0 && type != YAML_STREAM_END_EVENT) {
		yaml_event_t event;

		r = next_event(reader, &event);
		if (r < 0)
			break;
		type = event.type;
		if (type == YAML_DOCUMENT_START_EVENT)
			r = read_document(reader, &event.start_mark, documents);
		yaml_event_delete(&event);
	}
	return r;
}

int yaml_read(struct str text, size_t max_values, struct yaml_documents *ret_documents,
	      struct err *err)
{
	struct yaml_reader reader = {.err = err, .max_values = max_values};
	int r;

	*ret_documents = (struct yaml_documents){0};
	if (!yaml_parser_initialize(&reader.parser))
		mem_fail("libyaml");
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text.p, text.n);
	r = read_stream(&reader, ret_documents);
	yaml_parser_delete(&reader.parser);
	free(reader.anchors);
	buf_release(&reader.place);
	return r;
}

void yaml_release(struct yaml_documents *documents)
{
	for (size_t i = 0; i < documents->count; i++) {
		json_decref(documents->all[i].root);
		json_decref(documents->all[i].places);
	}
	free(documents->all);
	*documents = (struct yaml_documents){0};
}

bool yaml_find_place(const json_t *places, const char *place, unsigned *ret_line,
		     unsigned *ret_column)
{
	MEM_AUTO char *copy = mem_copy(str_from(place));
	size_t n = strlen(copy);

	while (n > 0) {
		const json_t *found = json_object_get(places, copy);

		if (found) {
			json_int_t at = json_integer_value(found);

			*ret_line = (unsigned)(at >> 16);
			*ret_column = (unsigned)(at & 0xffff);
			return true;
		}
		do
			n--;
		while (n > 0 && copy[n] != '.' && copy[n] != '[');
		copy[n] = '\0';
	}
	return false;
}
