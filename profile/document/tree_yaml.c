#include "profile/document/tree.h"

#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

/*
 * libyaml gives places in characters; a tree has them in bytes. Where the text is ASCII they are
 * the same, else a table tells.
 */
struct offsets {
	size_t *all; /* NULL: the same */
	size_t count;
};

struct composer {
	struct tree *tree;
	yaml_parser_t parser;
	struct offsets offsets;
	size_t parent; /* TREE_NONE before the root and behind it */
	bool has_root;
	bool at_key;   /* what comes next in a map is a key ... */
	char *key;     /* ... or this one's value */
	size_t key_at; /* where that key stands */
	size_t depth;
	struct err *err;
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

static size_t offset_of(const struct composer *composer, const yaml_mark_t *mark)
{
	const struct offsets *offsets = &composer->offsets;
	size_t at = mark->index;

	if (offsets->all)
		at = offsets->all[at < offsets->count ? at : offsets->count - 1];
	return at < composer->tree->text.n ? at : composer->tree->text.n;
}

static int refuse(struct composer *composer, const yaml_mark_t *mark, const char *what)
{
	return err_set(composer->err, EINVAL, "%zu:%zu: %s", mark->line + 1, mark->column + 1,
		       what);
}

/* The map or list at hand has its first item, or its next. */
static size_t add_node(struct composer *composer, enum tree_kind kind, const yaml_event_t *event)
{
	size_t from = offset_of(composer, &event->start_mark);
	size_t node =
		tree_add(composer->tree, composer->parent, composer->key ? composer->key_at : from);
	struct tree_node *added = &composer->tree->nodes[node];

	added->kind = kind;
	added->from = from;
	added->to = offset_of(composer, &event->end_mark);
	added->key = composer->key;
	composer->key = NULL;
	composer->has_root = true;
	return node;
}

static bool wants_key(const struct composer *composer)
{
	return composer->parent != TREE_NONE &&
	       composer->tree->nodes[composer->parent].kind == TREE_MAP && !composer->key;
}

static int take_scalar(struct composer *composer, const yaml_event_t *event)
{
	struct str text = str_of((const char *)event->data.scalar.value, event->data.scalar.length);

	if (wants_key(composer)) {
		composer->key = mem_copy(text);
		composer->key_at = offset_of(composer, &event->start_mark);
		return 0;
	}
	size_t node = add_node(composer, TREE_SCALAR, event);

	composer->tree->nodes[node].text = mem_copy(text);
	return 0;
}

static int take_alias(struct composer *composer, const yaml_event_t *event)
{
	if (wants_key(composer))
		return refuse(composer, &event->start_mark, "an alias for a key");
	add_node(composer, TREE_SCALAR, event);
	return 0;
}

static int take_start(struct composer *composer, const yaml_event_t *event, enum tree_kind kind)
{
	if (wants_key(composer))
		return refuse(composer, &event->start_mark, "a key that is no scalar");
	if (++composer->depth > TREE_DEPTH_MAX)
		return refuse(composer, &event->start_mark, "nested too deeply");
	composer->parent = add_node(composer, kind, event);
	return 0;
}

/* A block collection's end mark lies behind the space that follows: its last item's is meant. */
static int take_end(struct composer *composer, const yaml_event_t *event)
{
	struct tree_node *node = &composer->tree->nodes[composer->parent];
	bool flow = composer->tree->text.n > node->from &&
		    memchr("[{", composer->tree->text.p[node->from], 2) != NULL;

	node->to = offset_of(composer, &event->end_mark);
	if (!flow && node->last != TREE_NONE)
		node->to = composer->tree->nodes[node->last].to;
	composer->parent = node->parent;
	composer->depth--;
	return 0;
}

static int take(struct composer *composer, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return take_scalar(composer, event);
	case YAML_ALIAS_EVENT:
		return take_alias(composer, event);
	case YAML_SEQUENCE_START_EVENT:
		return take_start(composer, event, TREE_LIST);
	case YAML_MAPPING_START_EVENT:
		return take_start(composer, event, TREE_MAP);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return take_end(composer, event);
	case YAML_DOCUMENT_START_EVENT:
		return composer->has_root
			       ? refuse(composer, &event->start_mark,
					"several documents in one text: give one of them")
			       : 0;
	default:
		return 0;
	}
}

static int compose(struct composer *composer)
{
	bool done = false;
	int r = 0;

	while (r == 0 && !done) {
		yaml_event_t event;

		if (!yaml_parser_parse(&composer->parser, &event))
			return refuse(composer, &composer->parser.problem_mark,
				      composer->parser.problem ? composer->parser.problem
							       : "not YAML");
		r = take(composer, &event);
		done = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	return r;
}

int tree_read_yaml(struct tree *tree, struct str text, struct err *err)
{
	struct composer composer = {.tree = tree, .parent = TREE_NONE, .err = err};

	*tree = (struct tree){.text = text};
	if (!yaml_parser_initialize(&composer.parser))
		mem_fail("YAML");
	yaml_parser_set_input_string(&composer.parser, (const unsigned char *)text.p, text.n);
	yaml_parser_set_encoding(&composer.parser, YAML_UTF8_ENCODING);
	offsets_init(&composer.offsets, text);
	int r = compose(&composer);

	yaml_parser_delete(&composer.parser);
	free(composer.offsets.all);
	free(composer.key);
	if (r == 0 && tree->count == 0)
		r = err_set(err, EINVAL, "no document");
	return r;
}
