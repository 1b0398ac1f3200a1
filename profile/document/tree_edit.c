#include "profile/document/tree_private.h"

void node_remove(struct node *node)
{
	if (node)
		node->gone = true;
}

void tree_replace(struct tree *tree, struct node *node, const char *text)
{
	node->instead = tree_string(tree, str_from(text));
}

size_t node_left(const struct node *node)
{
	size_t left = 0;

	for (const struct node *item = node->first; item; item = item->next)
		left += !item->gone;
	return left;
}

void tree_append(struct tree *tree, struct node *list, const char *item)
{
	struct addition *addition = tree_alloc(tree, sizeof(*addition));

	addition->text = tree_string(tree, str_from(item));
	*list->added_end = addition;
	list->added_end = &addition->next;
}

void node_forget_appended(struct node *list)
{
	list->added = NULL;
	list->added_end = &list->added;
}

struct writer {
	struct str text;
	size_t written; /* bytes of the text that were written or skipped */
	struct buf *out;
};

static void put_text(struct writer *writer, size_t to)
{
	if (to <= writer->written)
		return;
	buf_put(writer->out, writer->text.p + writer->written, to - writer->written);
	writer->written = to;
}

/* The last item of a list or map before `end` (NULL: of all) that is not removed. */
static const struct node *last_left(const struct node *parent, const struct node *end)
{
	const struct node *found = NULL;

	for (const struct node *item = parent->first; item != end; item = item->next)
		if (!item->gone)
			found = item;
	return found;
}

/* In a YAML block: on its own line, with its dash below the others. */
static void put_block_item(struct writer *writer, const struct node *list, const char *item)
{
	size_t start = list->first->start, line = start;

	while (line > 0 && writer->text.p[line - 1] != '\n')
		line--;
	buf_put_char(writer->out, '\n');
	for (; line < start && writer->text.p[line] == ' '; line++)
		buf_put_char(writer->out, ' ');
	buf_format(writer->out, "- %s", item);
}

static void put_added(struct writer *writer, const struct node *list)
{
	const struct node *last = last_left(list, NULL);
	bool flow = writer->text.p[list->from] == '[', first = !last;

	if (last)
		put_text(writer, last->to);
	for (const struct addition *added = list->added; added; added = added->next) {
		/* in JSON or a YAML flow: after a comma and the white space that is before the
		 * first item */
		if (flow && !first)
			buf_format(writer->out, ",%.*s", (int)(list->first->start - list->from - 1),
				   writer->text.p + list->from + 1);
		if (flow)
			buf_put_str(writer->out, str_from(added->text));
		else
			put_block_item(writer, list, added->text);
		first = false;
	}
}

static void put_node(struct writer *writer, const struct node *node)
{
	if (node->outside)
		return;
	if (node->gone) {
		/* skipped with the separator before it, or if no item is left before it, with the
		 * one after it */
		const struct node *before = node->parent ? last_left(node->parent, node) : NULL;
		size_t end = !before && node->next ? node->next->start : node->to;

		put_text(writer, before ? before->to : node->start);
		writer->written = end > writer->written ? end : writer->written;
		return;
	}
	if (node->instead) {
		put_text(writer, node->from);
		buf_put_str(writer->out, str_from(node->instead));
		writer->written = node->to;
		return;
	}
	for (const struct node *item = node->first; item; item = item->next)
		put_node(writer, item);
	if (node->added && node->first)
		put_added(writer, node);
}

void tree_write(const struct tree *tree, struct buf *out)
{
	struct writer writer = {.text = tree->text, .out = out};

	for (size_t i = 0; i < tree->document_count; i++)
		put_node(&writer, tree->documents[i]);
	put_text(&writer, tree->text.n);
}
