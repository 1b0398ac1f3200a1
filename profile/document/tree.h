/*
 * A document's text, JSON or YAML, as a tree of places: for changing a part of it and leaving every other byte as
 * it is, order, indentation and numbers included.
 *
 * The text must be one that a stricter reader took (profile/document/document.h); what is malformed here
 * is an error, not a place to go on from. Nodes are named by their index; node 0 is the root.
 * Changes are noted in the nodes, and tree_write() puts them into effect.
 *
 * The tree borrows the text.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_TREE_H
#define SCLOG_PROFILE_DOCUMENT_TREE_H

#include "base/buf.h"
#include "base/err.h"

enum tree_kind {
	TREE_SCALAR,
	TREE_LIST,
	TREE_MAP,
};

#define TREE_NONE SIZE_MAX

struct tree_node {
	enum tree_kind kind;
	size_t parent, first, last, next; /* TREE_NONE: there is none */
	size_t start;                     /* of the item: its key where it is a map's member */
	size_t from, to;                  /* of the value; in bytes, the last one not included */
	char *key;                        /* of a map's member, unescaped; else NULL */
	char *text;                       /* of a scalar, unescaped; of another value NULL */
	bool gone;                        /* changes: this item is left out ... */
	char *instead;                    /* ... or this stands in the place of its value */
	char **added;                     /* of a list: items put behind its own */
	size_t added_count;
};

struct tree {
	struct str text;
	struct tree_node *nodes;
	size_t count, size;
};

/* Nesting beyond this is refused, as the JSON reader refuses it. */
#define TREE_DEPTH_MAX 2048

/* An alias of YAML is a scalar without text. tree_release() is due in any case. */
int tree_read_json(struct tree *tree, struct str text, struct err *err);
int tree_read_yaml(struct tree *tree, struct str text, struct err *err);
void tree_release(struct tree *tree);

/* For the readers: a new item of `parent`, the first of which is the root. */
size_t tree_add(struct tree *tree, size_t parent, size_t start);

/* The member of a map by its name, in any case as Go's reader takes it; TREE_NONE if none. */
size_t tree_member(const struct tree *tree, size_t map, const char *name);

/* "" where the node is none or no scalar. */
const char *tree_text(const struct tree *tree, size_t node);

/* The item is left out, with what sets it off from its neighbours. */
void tree_remove(struct tree *tree, size_t node);

/* The text stands in the place of the value; copied. It must be a value of the format. */
void tree_replace(struct tree *tree, size_t node, const char *text);

/* Puts an item behind those of a list: a value on one line, as JSON has it. Copied. */
void tree_append(struct tree *tree, size_t list, const char *item);
/* Takes back what was put there. */
void tree_forget_appended(struct tree *tree, size_t list);

/* How many items of a list or map are left. */
size_t tree_left(const struct tree *tree, size_t node);

void tree_write(const struct tree *tree, struct buf *out);

#endif
