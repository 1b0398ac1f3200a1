#include "profile/document/tree_private.h"

#include "base/mem.h"
#include "profile/document/emit.h"
#include "profile/document/lint.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* --- memory */

#define BLOCK_BYTES 32768

struct tree_block {
	struct tree_block *next;
	size_t used, size;
	alignas(16) char bytes[];
};

void *tree_alloc(struct tree *tree, size_t size)
{
	struct tree_block *block = tree->blocks;

	size = (size + 15) & ~(size_t)15;
	if (!block || block->size - block->used < size) {
		size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;

		block = mem_new(1, sizeof(*block) + room);
		*block = (struct tree_block){.next = tree->blocks, .size = room};
		tree->blocks = block;
	}
	void *at = block->bytes + block->used;

	block->used += size;
	return at;
}

char *tree_string(struct tree *tree, struct str text)
{
	char *copy = tree_alloc(tree, text.n + 1);

	if (text.n)
		memcpy(copy, text.p, text.n);
	return copy;
}

void tree_release(struct tree *tree)
{
	while (tree->blocks) {
		struct tree_block *next = tree->blocks->next;

		free(tree->blocks);
		tree->blocks = next;
	}
	free(tree->documents);
	free(tree->lines);
	*tree = (struct tree){0};
}

/* --- building */

struct node *tree_add(const struct tree_input *input, struct node *parent, const char *key,
		      size_t start)
{
	char what[64];

	if (++input->tree->values > TREE_MAX_VALUES) {
		snprintf(what, sizeof(what), "more than %u values: not a seccomp profile",
			 TREE_MAX_VALUES);
		tree_error(input, start, E2BIG, what);
		return NULL;
	}
	struct node *node = tree_alloc(input->tree, sizeof(*node));

	*node = (struct node){.parent = parent, .key = key, .start = start, .from = start};
	node->added_end = &node->added;
	if (input->holder) {
		node->outside = true;
		node->start = node->from = input->holder->from;
	}
	if (!parent)
		return node;
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	parent->count++;
	return node;
}

void tree_add_document(struct tree_input *input, struct node *root)
{
	struct tree *tree = input->tree;

	input->root = root;
	if (input->holder || root->kind == NODE_NULL)
		return;
	tree->documents =
		mem_resize(tree->documents, (tree->document_count + 1) * sizeof(*tree->documents));
	tree->documents[tree->document_count++] = root;
}

int tree_error(const struct tree_input *input, size_t at, int code, const char *what)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < at && i < input->text.n; i++) {
		unsigned char c = (unsigned char)input->text.p[i];

		column = c == '\n' ? 1 : column + ((c & 0xc0) != 0x80);
		line += c == '\n';
	}
	return err_set(input->err, code, "%zu:%zu: %s", line, column, what);
}

static bool begins_json(struct str text)
{
	size_t i = 0;

	while (i < text.n && memchr(" \t\r\n", text.p[i], 4))
		i++;
	return i < text.n && (text.p[i] == '{' || text.p[i] == '[');
}

static void index_lines(struct tree *tree)
{
	struct str text = tree->text;
	size_t count = 1;

	for (size_t i = 0; i < text.n; i++)
		count += text.p[i] == '\n';
	tree->lines = mem_new(count, sizeof(*tree->lines));
	tree->line_count = 1;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\n')
			tree->lines[tree->line_count++] = i + 1;
}

int tree_read(struct tree *tree, struct str text, struct err *err)
{
	const struct str mark = STR("\xef\xbb\xbf");
	bool has_mark = str_starts(text, mark);

	*tree = (struct tree){.text = has_mark ? str_skip(text, mark.n) : text,
			      .has_mark = has_mark,
			      .is_json = begins_json(has_mark ? str_skip(text, mark.n) : text)};
	struct tree_input input = {.tree = tree, .text = tree->text, .err = err};
	int r = tree->is_json ? tree_parse_json(&input) : tree_parse_yaml(&input);

	if (r == 0 && tree->document_count == 0)
		r = err_set(err, EINVAL, "1:1: empty: not a seccomp profile");
	index_lines(tree);
	return r;
}

int tree_read_inner(struct tree *tree, const struct node *holder, struct node *parent,
		    const char *key, struct node **ret_node, struct err *err)
{
	struct tree_input input = {.tree = tree,
				   .text = str_from(holder->text),
				   .holder = holder,
				   .parent = parent,
				   .key = key,
				   .err = err};
	int r = begins_json(input.text) ? tree_parse_json(&input) : tree_parse_yaml(&input);

	*ret_node = input.root;
	if (r == 0 && !input.root)
		r = err_set(err, EINVAL, "1:1: empty: not a seccomp profile");
	return r;
}

/* --- reading */

void tree_place(const struct tree *tree, size_t at, unsigned *ret_line, unsigned *ret_column)
{
	size_t low = 0, high = tree->line_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (tree->lines[middle] <= at)
			low = middle;
		else
			high = middle;
	}
	unsigned column = 1;

	for (size_t i = tree->lines[low]; i < at && i < tree->text.n; i++)
		column += ((unsigned char)tree->text.p[i] & 0xc0) != 0x80;
	*ret_line = (unsigned)low + 1;
	*ret_column = column;
}

void tree_position(const struct tree *tree, const struct node *node, unsigned *ret_line,
		   unsigned *ret_column)
{
	tree_place(tree, node->from, ret_line, ret_column);
}

struct node *node_member(const struct node *map, const char *name)
{
	struct node *found = NULL;

	if (!map || map->kind != NODE_MAP)
		return NULL;
	for (struct node *node = map->first; node; node = node->next)
		if (!node->ignored && node->kind != NODE_NULL && strcasecmp(node->key, name) == 0)
			found = node;
	return found;
}

/* A larger map is not searched for the place of a message. */
#define PLACE_MEMBERS 10000

/* Finds the member with the longest name that begins the place, and removes that from the place. The
 * member may be null or ignored, and have dots in its name. */
static const struct node *member_at(const struct node *map, struct str *place)
{
	const struct node *found = NULL;
	size_t longest = 0;

	if (map->kind != NODE_MAP || map->count > PLACE_MEMBERS)
		return NULL;
	for (const struct node *node = map->first; node; node = node->next) {
		size_t n = strlen(node->key);

		if (n < longest || n > place->n || strncasecmp(node->key, place->p, n) != 0 ||
		    (n < place->n && place->p[n] != '.' && place->p[n] != '['))
			continue;
		found = node;
		longest = n;
	}
	if (found)
		*place = str_skip(*place, longest);
	return found;
}

const struct node *node_at_place(const struct node *top, struct str place)
{
	const struct node *found = NULL, *next = top;

	while (next && place.n) {
		if (place.p[0] == '[' && found) {
			size_t at = strtoul(place.p + 1, NULL, 10);

			next = found->kind == NODE_LIST ? found->first : NULL;
			while (next && at-- > 0)
				next = next->next;
			place = str_skip(place, str_chr(place, ']'));
			place = str_skip(place, place.n > 0);
		} else {
			place = str_skip(place, place.p[0] == '.');
			next = member_at(found ? found : top, &place);
		}
		found = next ? next : found;
	}
	return found;
}

void node_put_place(const struct node *node, const struct node *top, struct buf *to)
{
	char safe[QUOTED_SIZE];
	size_t at = 0;

	if (node == top || !node->parent)
		return;
	node_put_place(node->parent, top, to);
	for (const struct node *item = node->parent->first; item != node; item = item->next)
		at++;
	if (node->key)
		buf_format(to, "%s%s", to->n ? "." : "", text_safe(node->key, safe, sizeof(safe)));
	else
		buf_format(to, "[%zu]", at);
}

bool node_is(const struct node *node, enum node_kind kind)
{
	return node && node->kind == kind;
}

const char *node_string(const struct node *node)
{
	return node_is(node, NODE_STRING) ? node->text : NULL;
}

size_t node_count(const struct node *node)
{
	return node ? node->count : 0;
}

bool node_is_plain(const struct node *top)
{
	if (top->outside || top->anchored)
		return false;
	for (const struct node *node = top->first; node; node = node->next)
		if (!node_is_plain(node))
			return false;
	return true;
}

/* --- writing JSON */

static void put_json(struct emit *emit, const struct node *node, const char *key, bool with_ignored)
{
	static const char *const words[] = {[NODE_NULL] = "null",
					    [NODE_TRUE] = "true",
					    [NODE_FALSE] = "false",
					    [NODE_REAL] = "null"};
	char number[24];

	if (node->kind == NODE_STRING) {
		emit_string(emit, key, node->text);
	} else if (node->kind == NODE_INTEGER) {
		snprintf(number, sizeof(number), "%s%" PRIu64, node->negative ? "-" : "",
			 node->number);
		emit_raw(emit, key, number);
	} else if (node->kind == NODE_MAP || node->kind == NODE_LIST) {
		(node->kind == NODE_MAP ? emit_map : emit_list)(emit, key, false);
		for (const struct node *item = node->first; item; item = item->next)
			if (with_ignored || !item->ignored)
				put_json(emit, item, node->kind == NODE_MAP ? item->key : NULL,
					 with_ignored);
		emit_close(emit);
	} else {
		emit_raw(emit, key, words[node->kind]);
	}
}

void node_write_json(const struct node *node, bool with_ignored, struct buf *out)
{
	struct emit emit = {.to = out, .indent = "  "};

	put_json(&emit, node, NULL, with_ignored);
}
