#include "profile/document/tree_private.h"

#include "base/mem.h"
#include "profile/document/lint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#define CORE_TAG "tag:yaml.org,2002:"

/* Most keys of a merged mapping: each is compared with all others. */
#define MERGE_MAX 512

/* Most anchors of a document: an alias is looked up among all of them. */
#define ANCHORS_MAX 1024

struct anchor {
	const char *name;
	struct node *node; /* NULL while it is still being read */
};

/*
 * libyaml counts places in characters, and a tree in bytes. In an ASCII text they are the same; for
 * others this table has the byte of each character.
 */
struct offsets {
	size_t *all; /* NULL: the same */
	size_t count;
};

struct yaml_reader {
	struct tree_input *input;
	yaml_parser_t parser;
	struct offsets offsets;
	struct anchor *anchors;
	size_t anchor_count;
	unsigned depth;
};

/* The place of a new node in the tree. */
struct slot {
	struct node *parent;
	const char *key;
	size_t start;
};

static void offsets_init(struct offsets *offsets, struct str text)
{
	size_t i = 0;

	while (i < text.n && !(text.p[i] & 0x80))
		i++;
	if (i == text.n)
		return;
	offsets->all = mem_new(text.n + 1, sizeof(*offsets->all));
	for (i = 0; i < text.n; i++)
		if (((unsigned char)text.p[i] & 0xc0) != 0x80)
			offsets->all[offsets->count++] = i;
	offsets->all[offsets->count++] = text.n;
}

static size_t offset_of(const struct yaml_reader *reader, const yaml_mark_t *mark)
{
	const struct offsets *offsets = &reader->offsets;
	size_t at = mark->index;

	if (offsets->all)
		at = offsets->all[at < offsets->count ? at : offsets->count - 1];
	return at < reader->input->text.n ? at : reader->input->text.n;
}

static int wrong_at(struct yaml_reader *reader, const yaml_mark_t *mark, int code, const char *what)
{
	return err_set(reader->input->err, code, "%zu:%zu: %s", mark->line + 1, mark->column + 1,
		       what);
}

static int wrong_name(struct yaml_reader *reader, const yaml_mark_t *mark, const char *what,
		      const char *name)
{
	char quoted[QUOTED_SIZE], message[QUOTED_SIZE + 64];

	snprintf(message, sizeof(message), "%s %s", what, text_quote(name, quoted));
	return wrong_at(reader, mark, EINVAL, message);
}

/* libyaml's messages quote nothing of the text. "not valid YAML", since texts other than JSON get here. */
static int parser_failed(struct yaml_reader *reader)
{
	char what[160];
	const yaml_parser_t *parser = &reader->parser;
	const char *problem = parser->problem ? parser->problem : "malformed YAML";
	size_t at = offset_of(reader, &parser->problem_mark);
	struct str text = reader->input->text;

	if (parser->error == YAML_MEMORY_ERROR)
		mem_fail("libyaml");
	if (parser->error == YAML_READER_ERROR)
		return err_set(reader->input->err, EINVAL, "%zu:%zu: %s (byte %zu)",
			       parser->mark.line + 1, parser->mark.column + 1, problem,
			       parser->problem_offset);
	if (at < text.n && text.p[at] == '\t')
		snprintf(what, sizeof(what), "a tab, where YAML allows only spaces");
	else
		snprintf(what, sizeof(what), "not valid YAML: %s", problem);
	return wrong_at(reader, &parser->problem_mark, EINVAL, what);
}

static int next_event(struct yaml_reader *reader, yaml_event_t *event)
{
	if (!yaml_parser_parse(&reader->parser, event))
		return parser_failed(reader);
	return 0;
}

/* --- aliases */

/* Adds a copy of `from` at the alias, which is at [at, end). -E2BIG past the cap on values. */
static int copy_node(struct yaml_reader *reader, const struct slot *slot, const struct node *from,
		     size_t at, size_t end, struct node **ret_node)
{
	struct node *copy = tree_add(reader->input, slot->parent, slot->key, slot->start);
	struct node *ignored;

	if (ret_node)
		*ret_node = copy;
	if (!copy)
		return -E2BIG;
	copy->kind = from->kind;
	copy->negative = from->negative;
	copy->number = from->number;
	copy->text = from->text;
	copy->outside = true;
	if (!reader->input->holder)
		copy->from = at;
	copy->to = end;
	for (const struct node *item = from->first; item; item = item->next) {
		const struct slot below = {copy, item->key, at};

		if (copy_node(reader, &below, item, at, end, &ignored) < 0)
			return -E2BIG;
	}
	return 0;
}

/* The last anchor of that name counts (YAML 1.1, 7.1). */
static int read_alias(struct yaml_reader *reader, const struct slot *slot,
		      const yaml_event_t *event, struct node **ret_node)
{
	const char *name = (const char *)event->data.alias.anchor;

	for (size_t i = reader->anchor_count; i-- > 0;) {
		const struct anchor *anchor = &reader->anchors[i];

		if (strcmp(anchor->name, name) != 0)
			continue;
		if (!anchor->node)
			return wrong_name(reader, &event->start_mark,
					  "this alias refers to a value that contains it:", name);
		return copy_node(reader, slot, anchor->node, offset_of(reader, &event->start_mark),
				 offset_of(reader, &event->end_mark), ret_node);
	}
	return wrong_name(reader, &event->start_mark, "unknown anchor", name);
}

/* --- scalars */

/* 10, -1, 0x1f, 0o17, 0b1, and YAML 1.1's 017; underscores are not allowed. */
static bool read_integer(struct str text, struct node *node)
{
	static const struct {
		const char *prefix;
		int base;
	} bases[] = {{"0x", 16}, {"0o", 8}, {"0b", 2}, {"0", 8}, {"", 10}};
	bool negative = text.n > 1 && text.p[0] == '-';
	struct str digits = negative || (text.n > 1 && text.p[0] == '+') ? str_skip(text, 1) : text;
	char copy[80], *end;
	int base = 10;

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		struct str prefix = str_from(bases[i].prefix);

		if (digits.n <= prefix.n || !str_starts(digits, prefix))
			continue;
		base = bases[i].base;
		digits = str_skip(digits, prefix.n);
		break;
	}
	if (digits.n == 0 || !str_copy(digits, copy, sizeof(copy)) ||
	    !(is_digit(digits.p[0]) || base == 16))
		return false;
	errno = 0;
	if (strspn(copy, "0123456789abcdefABCDEF") != digits.n)
		return false;
	node->number = strtoull(copy, &end, base);
	node->negative = negative;
	return errno == 0 && !*end;
}

/* 1.5, 1e3, .inf: useless in a profile, but not strings. */
static bool is_real(struct str text)
{
	char copy[64], *end;

	if (str_is_one_of(text, ".inf|.Inf|.INF|-.inf|-.Inf|-.INF|+.inf|.nan|.NaN|.NAN", false))
		return true;
	if (text.n == 0 || !str_copy(text, copy, sizeof(copy)) ||
	    strspn(copy, "0123456789+-.eE") != text.n || !strpbrk(copy, "0123456789"))
		return false;
	(void)strtod(copy, &end);
	return !*end;
}

/* The kind of a plain scalar; sets the number of an integer. */
static enum node_kind kind_of_plain(struct str text, struct node *node)
{
	if (text.n == 0 || str_is_one_of(text, "~|null|Null|NULL", false))
		return NODE_NULL;
	if (str_is_one_of(text, "true|True|TRUE|yes|Yes|YES|on|On|ON|y|Y", false))
		return NODE_TRUE;
	if (str_is_one_of(text, "false|False|FALSE|no|No|NO|off|Off|OFF|n|N", false))
		return NODE_FALSE;
	if (read_integer(text, node))
		return NODE_INTEGER;
	return is_real(text) ? NODE_REAL : NODE_STRING;
}

static int read_scalar(struct yaml_reader *reader, const yaml_event_t *event, struct node *node)
{
	const char *tag = (const char *)event->data.scalar.tag;
	struct str text = str_of((const char *)event->data.scalar.value, event->data.scalar.length);
	yaml_scalar_style_t style = event->data.scalar.style;
	bool typed = str_is_one_of(
		str_from(tag), CORE_TAG "int|" CORE_TAG "bool|" CORE_TAG "float|" CORE_TAG "null",
		false);

	if (tag && !typed && !str_is_one_of(str_from(tag), CORE_TAG "str|!", false))
		return wrong_at(reader, &event->start_mark, EINVAL,
				"this tag has no meaning in a profile");
	if (str_chr(text, '\0') < text.n)
		return wrong_at(reader, &event->start_mark, EINVAL, "a NUL byte in a string");
	node->text = tree_string(reader->input->tree, text);
	node->kind = typed || (style == YAML_PLAIN_SCALAR_STYLE && !tag) ? kind_of_plain(text, node)
									 : NODE_STRING;
	if (typed && node->kind == NODE_STRING)
		return wrong_at(reader, &event->start_mark, EINVAL, "does not match its tag");
	/* libyaml's end mark of a block scalar is after the blank lines that follow it */
	if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE)
		while (!node->outside && node->to > node->from &&
		       memchr(" \t\r\n", reader->input->text.p[node->to - 1], 4))
			node->to--;
	return 0;
}

/* --- collections */

static int read_node(struct yaml_reader *reader, const struct slot *slot, yaml_event_t *event,
		     struct node **ret_node);

static int check_collection(struct yaml_reader *reader, const yaml_event_t *event,
			    const yaml_char_t *tag, const char *own)
{
	char what[64];

	if (tag && strcmp((const char *)tag, own) != 0)
		return wrong_at(reader, &event->start_mark, EINVAL,
				"this tag has no meaning in a profile");
	if (reader->depth < TREE_MAX_DEPTH)
		return 0;
	snprintf(what, sizeof(what), "nested deeper than %d", TREE_MAX_DEPTH);
	return wrong_at(reader, &event->start_mark, E2BIG, what);
}

static int by_key(const void *a, const void *b)
{
	const struct node *first = *(const struct node *const *)a;
	const struct node *second = *(const struct node *const *)b;
	int order = strcmp(first->key, second->key);

	return order ? order : (first->start > second->start) - (first->start < second->start);
}

/* The API server refuses an object that repeats a key. */
static int check_keys(struct yaml_reader *reader, const struct node *map)
{
	MEM_AUTO const struct node **nodes = mem_new(map->count + 1, sizeof(struct node *));
	char quoted[QUOTED_SIZE], what[QUOTED_SIZE + 32];
	size_t count = 0;

	for (const struct node *node = map->first; node; node = node->next)
		nodes[count++] = node;
	qsort(nodes, count, sizeof(*nodes), by_key);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(nodes[i]->key, nodes[i - 1]->key) != 0)
			continue;
		snprintf(what, sizeof(what), "duplicate key %s", text_quote(nodes[i]->key, quoted));
		return tree_error(reader->input, nodes[i]->start, EINVAL, what);
	}
	return 0;
}

/* Copies the members of `from` that the map does not have. */
static int merge(struct yaml_reader *reader, const yaml_mark_t *mark, struct node *map,
		 const struct node *from)
{
	size_t at = offset_of(reader, mark);
	struct node *ignored;
	int r = 0;

	if (from->kind == NODE_LIST) {
		for (const struct node *one = from->first; r == 0 && one; one = one->next)
			r = one->kind == NODE_LIST
				    ? wrong_at(reader, mark, EINVAL, "only a mapping can be merged")
				    : merge(reader, mark, map, one);
		return r;
	}
	if (from->kind != NODE_MAP)
		return wrong_at(reader, mark, EINVAL, "only a mapping can be merged");
	if (map->count + from->count > MERGE_MAX)
		return wrong_at(reader, mark, E2BIG, "a mapping this large cannot be merged");
	for (const struct node *item = from->first; r == 0 && item; item = item->next) {
		const struct slot slot = {map, item->key, at};
		const struct node *own = map->first;

		while (own && strcmp(own->key, item->key) != 0)
			own = own->next;
		if (!own)
			r = copy_node(reader, &slot, item, at, at, &ignored);
	}
	return r;
}

/* Reads a key and its value. The value of `<<` is not added to the map but returned in *merged. */
static int read_member(struct yaml_reader *reader, const yaml_event_t *event, struct node *map,
		       struct node **merged)
{
	struct node *node = NULL;
	yaml_event_t value;

	if (event->type != YAML_SCALAR_EVENT)
		return wrong_at(reader, &event->start_mark, EINVAL, "a key must be a string");
	/* of a plain number or word its text, as in Kubernetes */
	struct str key = str_of((const char *)event->data.scalar.value, event->data.scalar.length);
	bool merges = str_eq(key, STR("<<")) && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (str_chr(key, '\0') < key.n)
		return wrong_at(reader, &event->start_mark, EINVAL, "a NUL byte in a key");
	if (merges && *merged)
		return wrong_name(reader, &event->start_mark, "duplicate key", "<<");
	const struct slot slot = {.parent = merges ? NULL : map,
				  .key = tree_string(reader->input->tree, key),
				  .start = offset_of(reader, &event->start_mark)};

	int r = next_event(reader, &value);

	if (r < 0)
		return r;
	r = read_node(reader, &slot, &value, &node);
	yaml_event_delete(&value);
	if (merges)
		*merged = node;
	return r;
}

static int read_items(struct yaml_reader *reader, struct node *node, yaml_event_type_t end,
		      struct node **merged)
{
	bool more = true;
	int r = 0;

	while (r == 0 && more) {
		struct node *item;
		yaml_event_t event;

		r = next_event(reader, &event);
		if (r < 0)
			break;
		more = event.type != end;
		const struct slot slot = {node, NULL, offset_of(reader, &event.start_mark)};

		if (more && node->kind == NODE_MAP)
			r = read_member(reader, &event, node, merged);
		else if (more)
			r = read_node(reader, &slot, &event, &item);
		else if (!node->outside)
			node->to = offset_of(reader, &event.end_mark);
		yaml_event_delete(&event);
	}
	return r;
}

static int read_collection(struct yaml_reader *reader, const yaml_event_t *start, struct node *node,
			   bool map)
{
	struct node *merged = NULL;
	int r = map ? check_collection(reader, start, start->data.mapping_start.tag, CORE_TAG "map")
		    : check_collection(reader, start, start->data.sequence_start.tag,
				       CORE_TAG "seq");

	node->kind = map ? NODE_MAP : NODE_LIST;
	reader->depth++;
	if (r == 0)
		r = read_items(reader, node, map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT,
			       &merged);
	/* libyaml's end mark of a block collection is after the space that follows it; its last
	 * item's end is right */
	struct str text = reader->input->text;
	bool flow = node->from < text.n && memchr("[{", text.p[node->from], 2) != NULL;

	if (!node->outside && !flow && node->last)
		node->to = node->last->to;
	if (r == 0 && map)
		r = check_keys(reader, node);
	if (r == 0 && merged)
		r = merge(reader, &start->start_mark, node, merged);
	reader->depth--;
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

static int read_content(struct yaml_reader *reader, const yaml_event_t *event, struct node *node)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(reader, event, node);
	case YAML_SEQUENCE_START_EVENT:
		return read_collection(reader, event, node, false);
	case YAML_MAPPING_START_EVENT:
		return read_collection(reader, event, node, true);
	default:
		return wrong_at(reader, &event->start_mark, EINVAL, "malformed YAML");
	}
}

static int read_node(struct yaml_reader *reader, const struct slot *slot, yaml_event_t *event,
		     struct node **ret_node)
{
	const yaml_char_t *name = anchor_of(event);
	size_t anchor = reader->anchor_count;

	if (event->type == YAML_ALIAS_EVENT)
		return read_alias(reader, slot, event, ret_node);
	struct node *node = tree_add(reader->input, slot->parent, slot->key, slot->start);

	*ret_node = node;
	if (!node)
		return -E2BIG;
	if (!node->outside) {
		node->from = offset_of(reader, &event->start_mark);
		node->to = offset_of(reader, &event->end_mark);
	}
	if (name && anchor == ANCHORS_MAX)
		return wrong_at(reader, &event->start_mark, E2BIG, "more than 1,024 anchors");
	if (name) {
		reader->anchors =
			mem_resize(reader->anchors, (anchor + 1) * sizeof(*reader->anchors));
		reader->anchors[reader->anchor_count++] = (struct anchor){
			.name = tree_string(reader->input->tree, str_from((const char *)name))};
		node->anchored = true;
	}
	int r = read_content(reader, event, node);

	if (name && r == 0)
		reader->anchors[anchor].node = node;
	return r;
}

/* --- documents */

static int read_stream(struct yaml_reader *reader)
{
	struct tree_input *input = reader->input;
	yaml_event_type_t type = YAML_NO_EVENT;
	int r = 0;

	while (r == 0 && type != YAML_STREAM_END_EVENT) {
		bool begins = type == YAML_DOCUMENT_START_EVENT;
		struct node *root = NULL;
		yaml_event_t event;

		r = next_event(reader, &event);
		if (r < 0)
			break;
		type = event.type;
		if (begins) {
			const struct slot slot = {input->parent, input->key,
						  offset_of(reader, &event.start_mark)};

			r = read_node(reader, &slot, &event, &root);
			reader->anchor_count = 0;
			if (r == 0)
				tree_add_document(input, root);
		}
		yaml_event_delete(&event);
	}
	return r;
}

int tree_parse_yaml(struct tree_input *input)
{
	struct yaml_reader reader = {.input = input};

	if (!yaml_parser_initialize(&reader.parser))
		mem_fail("libyaml");
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)input->text.p,
				     input->text.n);
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	offsets_init(&reader.offsets, input->text);
	int r = read_stream(&reader);

	yaml_parser_delete(&reader.parser);
	free(reader.offsets.all);
	free(reader.anchors);
	return r;
}
