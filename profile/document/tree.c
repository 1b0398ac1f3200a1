#include "profile/document/tree.h"

#include "base/mem.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <strings.h>

struct scanner {
	struct tree *tree;
	size_t at;
	size_t depth;
	struct err *err;
};

static int wrong(struct scanner *scanner)
{
	return err_set(scanner->err, EINVAL, "byte %zu: not JSON", scanner->at);
}

/* The byte at hand after white space; 0 at the end. */
static char peek(struct scanner *scanner)
{
	struct str text = scanner->tree->text;

	while (scanner->at < text.n && memchr(" \t\r\n", text.p[scanner->at], 4))
		scanner->at++;
	return scanner->at < text.n ? text.p[scanner->at] : '\0';
}

size_t tree_add(struct tree *tree, size_t parent, size_t start)
{
	if (tree->count == tree->size) {
		tree->size = tree->size ? tree->size * 2 : 256;
		tree->nodes = mem_resize(tree->nodes, tree->size * sizeof(*tree->nodes));
	}
	size_t at = tree->count++;

	tree->nodes[at] = (struct tree_node){.parent = parent,
					     .first = TREE_NONE,
					     .last = TREE_NONE,
					     .next = TREE_NONE,
					     .start = start};
	if (parent == TREE_NONE)
		return at;
	struct tree_node *above = &tree->nodes[parent];

	if (above->first == TREE_NONE)
		above->first = at;
	else
		tree->nodes[above->last].next = at;
	above->last = at;
	return at;
}

/* Past a string's closing quote. */
static int skip_string(struct scanner *scanner)
{
	struct str text = scanner->tree->text;

	for (scanner->at++; scanner->at < text.n; scanner->at++) {
		if (text.p[scanner->at] == '\\')
			scanner->at++;
		else if (text.p[scanner->at] == '"')
			break;
	}
	if (scanner->at >= text.n)
		return wrong(scanner);
	scanner->at++;
	return 0;
}

static char *unescaped(struct str token)
{
	json_t *value = json_loadb(token.p, token.n, JSON_DECODE_ANY, NULL);
	char *text = mem_copy(str_from(json_is_string(value) ? json_string_value(value) : ""));

	json_decref(value);
	return text;
}

/* A string between its quotes, unescaped. */
static int read_string(struct scanner *scanner, char **ret_text)
{
	size_t from = scanner->at;
	int r = skip_string(scanner);

	if (r < 0)
		return r;
	struct str token = str_of(scanner->tree->text.p + from, scanner->at - from);

	*ret_text = memchr(token.p, '\\', token.n) ? unescaped(token)
						   : mem_copy(str_of(token.p + 1, token.n - 2));
	return 0;
}

static int read_scalar(struct scanner *scanner, size_t node)
{
	struct str text = scanner->tree->text;
	struct tree_node *scalar = &scanner->tree->nodes[node];

	scalar->kind = TREE_SCALAR;
	if (text.p[scanner->at] == '"')
		return read_string(scanner, &scalar->text);
	size_t from = scanner->at;

	while (scanner->at < text.n && !memchr(" \t\r\n,:[]{}\"", text.p[scanner->at], 11))
		scanner->at++;
	if (scanner->at == from)
		return wrong(scanner);
	scalar->text = mem_copy(str_of(text.p + from, scanner->at - from));
	return 0;
}

/* A new item of `parent`: with its key in a map; the scanner then stands at its value. */
static int begin_item(struct scanner *scanner, size_t parent, size_t *ret_node)
{
	struct tree *tree = scanner->tree;
	char *key = NULL;

	peek(scanner);
	size_t node = tree_add(tree, parent, scanner->at);

	if (parent != TREE_NONE && tree->nodes[parent].kind == TREE_MAP) {
		if (peek(scanner) != '"' || read_string(scanner, &key) < 0)
			return wrong(scanner);
		tree->nodes[node].key = key;
		if (peek(scanner) != ':')
			return wrong(scanner);
		scanner->at++;
	}
	peek(scanner);
	tree->nodes[node].from = scanner->at;
	*ret_node = node;
	return 0;
}

/* After a value: closes what ends here. *ret_node is who goes on, TREE_NONE behind the root. */
static int end_value(struct scanner *scanner, size_t *ret_node)
{
	struct tree *tree = scanner->tree;
	size_t node = *ret_node;

	for (;;) {
		tree->nodes[node].to = scanner->at;
		node = tree->nodes[node].parent;
		*ret_node = node;
		if (node == TREE_NONE)
			return 0;
		char c = peek(scanner);

		if (c != ',' && c != (tree->nodes[node].kind == TREE_MAP ? '}' : ']'))
			return wrong(scanner);
		scanner->at++;
		if (c == ',')
			return 0;
		scanner->depth--;
	}
}

/* A list or a map that has items: goes into it. 0 for one without, which ends here. */
static int open_value(struct scanner *scanner, size_t node)
{
	bool map = peek(scanner) == '{';

	scanner->tree->nodes[node].kind = map ? TREE_MAP : TREE_LIST;
	scanner->at++;
	if (peek(scanner) == (map ? '}' : ']')) {
		scanner->at++;
		return 0;
	}
	return ++scanner->depth > TREE_DEPTH_MAX ? wrong(scanner) : 1;
}

int tree_read_json(struct tree *tree, struct str text, struct err *err)
{
	struct scanner scanner = {.tree = tree, .err = err};
	size_t parent = TREE_NONE;

	*tree = (struct tree){.text = text};
	do {
		size_t node = TREE_NONE;
		int r = begin_item(&scanner, parent, &node);

		if (r < 0)
			return r;
		char c = peek(&scanner);

		r = c == '{' || c == '[' ? open_value(&scanner, node) : read_scalar(&scanner, node);
		if (r < 0)
			return r;
		parent = node;
		if (r == 0 && end_value(&scanner, &parent) < 0)
			return -err->code;
	} while (parent != TREE_NONE);
	return peek(&scanner) ? wrong(&scanner) : 0;
}

void tree_release(struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		tree_forget_appended(tree, i);
		free(tree->nodes[i].key);
		free(tree->nodes[i].text);
		free(tree->nodes[i].instead);
	}
	free(tree->nodes);
	*tree = (struct tree){0};
}

size_t tree_member(const struct tree *tree, size_t map, const char *name)
{
	size_t found = TREE_NONE;

	if (map == TREE_NONE || tree->nodes[map].kind != TREE_MAP)
		return TREE_NONE;
	for (size_t i = tree->nodes[map].first; i != TREE_NONE; i = tree->nodes[i].next) {
		if (strcmp(tree->nodes[i].key, name) == 0)
			return i;
		if (strcasecmp(tree->nodes[i].key, name) == 0)
			found = i;
	}
	return found;
}

const char *tree_text(const struct tree *tree, size_t node)
{
	return node != TREE_NONE && tree->nodes[node].text ? tree->nodes[node].text : "";
}

void tree_remove(struct tree *tree, size_t node)
{
	if (node != TREE_NONE)
		tree->nodes[node].gone = true;
}

void tree_replace(struct tree *tree, size_t node, const char *text)
{
	free(tree->nodes[node].instead);
	tree->nodes[node].instead = mem_copy(str_from(text));
}

size_t tree_left(const struct tree *tree, size_t node)
{
	size_t left = 0;

	for (size_t i = tree->nodes[node].first; i != TREE_NONE; i = tree->nodes[i].next)
		left += !tree->nodes[i].gone;
	return left;
}

void tree_append(struct tree *tree, size_t list, const char *item)
{
	struct tree_node *node = &tree->nodes[list];

	node->added = mem_resize(node->added, (node->added_count + 1) * sizeof(*node->added));
	node->added[node->added_count++] = mem_copy(str_from(item));
}

void tree_forget_appended(struct tree *tree, size_t list)
{
	struct tree_node *node = &tree->nodes[list];

	for (size_t i = 0; i < node->added_count; i++)
		free(node->added[i]);
	free(node->added);
	node->added = NULL;
	node->added_count = 0;
}

static void put_text(const struct tree *tree, size_t from, size_t to, struct buf *out)
{
	if (to > from)
		buf_put(out, tree->text.p + from, to - from);
}

/* The last item of a list or map that is left, among those before `end` (TREE_NONE: all). */
static size_t last_left(const struct tree *tree, size_t parent, size_t end)
{
	size_t found = TREE_NONE;

	for (size_t i = tree->nodes[parent].first; i != end; i = tree->nodes[i].next)
		if (!tree->nodes[i].gone)
			found = i;
	return found;
}

/*
 * What sets a removed item off goes with it: what stands before it, or where nothing is left
 * before it, what stands behind it. Returns up to where the text is done with.
 */
static size_t write_around(const struct tree *tree, size_t node, size_t written, struct buf *out)
{
	const struct tree_node *item = &tree->nodes[node];
	size_t before = last_left(tree, item->parent, node);

	put_text(tree, written, before == TREE_NONE ? item->start : tree->nodes[before].to, out);
	if (before == TREE_NONE && item->next != TREE_NONE)
		return tree->nodes[item->next].start;
	return item->to;
}

/* In a flow: after a comma and the white space that stands before the first. */
static void put_flow_item(const struct tree *tree, const struct tree_node *list, const char *item,
			  bool first, struct buf *out)
{
	size_t start = tree->nodes[list->first].start;

	buf_put_str(out, first ? STR("") : STR(","));
	if (!first)
		put_text(tree, list->from + 1, start, out);
	buf_put_str(out, str_from(item));
}

/* In YAML's blocks: on a line of its own, its dash below the others. */
static void put_block_item(const struct tree *tree, const struct tree_node *list, const char *item,
			   struct buf *out)
{
	size_t start = tree->nodes[list->first].start, line = start;

	while (line > 0 && tree->text.p[line - 1] != '\n')
		line--;
	buf_put_char(out, '\n');
	for (; line < start && tree->text.p[line] == ' '; line++)
		buf_put_char(out, ' ');
	buf_format(out, "- %s", item);
}

/* What was put behind the items of a list; returns up to where the text is done with. */
static size_t write_added(const struct tree *tree, size_t node, size_t written, struct buf *out)
{
	const struct tree_node *list = &tree->nodes[node];
	size_t last = last_left(tree, node, TREE_NONE);
	size_t end = last == TREE_NONE ? written : tree->nodes[last].to;
	bool flow = tree->text.p[list->from] == '[';

	put_text(tree, written, end, out);
	for (size_t i = 0; i < list->added_count; i++) {
		if (flow)
			put_flow_item(tree, list, list->added[i], last == TREE_NONE && i == 0, out);
		else
			put_block_item(tree, list, list->added[i], out);
	}
	return end > written ? end : written;
}

/* The next node behind this one and all that is in it; on the way out of a list its additions. */
static size_t behind(const struct tree *tree, size_t node, size_t *written, struct buf *out)
{
	while (node != TREE_NONE && tree->nodes[node].next == TREE_NONE) {
		node = tree->nodes[node].parent;
		if (node != TREE_NONE && tree->nodes[node].added_count)
			*written = write_added(tree, node, *written, out);
	}
	return node == TREE_NONE ? TREE_NONE : tree->nodes[node].next;
}

void tree_write(const struct tree *tree, struct buf *out)
{
	size_t written = 0, node = tree->count ? 0 : TREE_NONE;

	while (node != TREE_NONE) {
		const struct tree_node *item = &tree->nodes[node];

		if (item->gone) {
			written = write_around(tree, node, written, out);
			node = behind(tree, node, &written, out);
		} else if (item->instead) {
			put_text(tree, written, item->from, out);
			buf_put_str(out, str_from(item->instead));
			written = item->to;
			node = behind(tree, node, &written, out);
		} else if (item->first != TREE_NONE) {
			node = item->first;
		} else {
			put_text(tree, written, item->to, out);
			written = item->to;
			node = behind(tree, node, &written, out);
		}
	}
	put_text(tree, written, tree->text.n, out);
}
