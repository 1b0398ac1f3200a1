/*
 * The tree of a document: JSON or YAML as nodes, each with its place in the text.
 *
 * The same tree serves reading and editing. Readers look up members and ask for the line of a node;
 * the log-mode twin changes some nodes and writes the text again, with all other bytes unchanged.
 *
 * JSON is read as by Go, but invalid UTF-8 is an error. A key may be repeated: the last one counts, as
 * in Go. YAML is read as by Kubernetes (sigs.k8s.io/yaml, so YAML 1.1): a plain scalar is a string
 * unless it reads as null, true, false or a number; a quoted one is always a string; `<<` merges. A
 * repeated key, a tag that is not a JSON type, an alias inside its own anchor and a mapping as a key
 * are errors.
 *
 * Input is hostile: depth and the number of values have caps. An alias is a copy that shares its
 * strings, and each copy counts, so that a few lines cannot stand for billions of values.
 *
 * The tree borrows the text, which lines and edits need. Nodes and their strings live as long as the
 * tree.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_TREE_H
#define SCLOG_PROFILE_DOCUMENT_TREE_H

#include "base/buf.h"
#include "base/err.h"

/* Deeper than any Kubernetes object. */
#define TREE_MAX_DEPTH 64

/* Most values of a text, about 200 bytes of memory each: `docker inspect` has a few hundred. */
#define TREE_MAX_VALUES 500000U

enum node_kind {
	NODE_NULL,
	NODE_TRUE,
	NODE_FALSE,
	NODE_INTEGER, /* from -(2^64 - 1) to 2^64 - 1 */
	NODE_REAL,    /* any other number */
	NODE_STRING,
	NODE_LIST,
	NODE_MAP,
};

struct addition {
	struct addition *next;
	const char *text;
};

struct node {
	enum node_kind kind;
	bool negative;    /* of an integer */
	bool outside;     /* not in the text: a copy by an alias, or parsed out of a string */
	bool anchored;    /* aliases share its text */
	bool ignored;     /* node_member() skips it */
	bool gone;        /* edit: the item is removed */
	uint64_t number;  /* of an integer, without its sign */
	const char *key;  /* of a map's member; else NULL */
	const char *text; /* of a scalar: a string's content, else as written; of others NULL */
	struct node *parent, *first, *last, *next;
	size_t count;           /* of children */
	size_t start;           /* first byte of the item: of its key if it is a member */
	size_t from, to;        /* bytes of the value, `to` not included */
	const char *instead;    /* edit: replaces the value; NULL: nothing does */
	struct addition *added; /* edit: of a list: items appended to its own, in order */
	struct addition **added_end;
};

struct tree {
	struct str text; /* without its byte-order mark */
	bool has_mark;   /* it had one */
	bool is_json;
	struct node **documents; /* the roots; empty documents of YAML are left out */
	size_t document_count;
	/* private */
	struct tree_block *blocks;
	size_t values;
	size_t *lines; /* where each begins */
	size_t line_count;
};

/* -EINVAL with "LINE:COLUMN: what"; -E2BIG if a cap is exceeded. Call tree_release() in any case. */
int tree_read(struct tree *tree, struct str text, struct err *err);
void tree_release(struct tree *tree);

/*
 * Parses the string of a node as JSON or YAML. The result becomes a child of `parent` under that
 * key, or has no parent if `parent` is NULL. Its nodes have the holder's place. Lines and columns
 * of an error count within the string.
 */
int tree_read_inner(struct tree *tree, const struct node *holder, struct node *parent,
		    const char *key, struct node **ret_node, struct err *err);

/* The line of a byte of the text and its column in code points, both from 1. */
void tree_place(const struct tree *tree, size_t at, unsigned *ret_line, unsigned *ret_column);

/* The same of a node's value. */
void tree_position(const struct tree *tree, const struct node *node, unsigned *ret_line,
		   unsigned *ret_column);

/* The last member of that name, in any case as in Go, that is neither null nor ignored; or NULL. */
struct node *node_member(const struct node *map, const char *name);

/* The node of a place below `top`, such as "syscalls[3].names[0]", or the last node found on the way;
 * NULL if not even the first part is found. */
const struct node *node_at_place(const struct node *top, struct str place);

/* Appends the node's place below `top`, or below its root: "spec.files[2].content"; nothing for `top`
 * or the root itself. */
void node_put_place(const struct node *node, const struct node *top, struct buf *to);

/* Whether the node is of that kind; false for NULL. */
bool node_is(const struct node *node, enum node_kind kind);

/* NULL if the node is not a string. */
const char *node_string(const struct node *node);

/* How many items it has; 0 for NULL. */
size_t node_count(const struct node *node);

/* Whether the node can be edited: all of it is in the text, and no alias shares any of it. */
bool node_is_plain(const struct node *top);

/* Appends the node as JSON, indented by two spaces; ignored nodes only if asked for. */
void node_write_json(const struct node *node, bool with_ignored, struct buf *out);

/* --- edits: tree_write() applies them. The strings must be values in the text's format. */

/* Removes the item and its separator. NULL does nothing. */
void node_remove(struct node *node);
void tree_replace(struct tree *tree, struct node *node, const char *text);
/* Appends an item to a list: a JSON value on one line. */
void tree_append(struct tree *tree, struct node *list, const char *item);
/* Undoes all tree_append() calls for the list. */
void node_forget_appended(struct node *list);
/* The number of items in a list or map that are not removed. */
size_t node_left(const struct node *node);
void tree_write(const struct tree *tree, struct buf *out);

#endif
