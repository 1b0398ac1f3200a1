/*
 * For the parsers that build a tree: tree_json.c and tree_yaml.c.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_TREE_PRIVATE_H
#define SCLOG_PROFILE_DOCUMENT_TREE_PRIVATE_H

#include "profile/document/tree.h"

/* A text that is being parsed: the tree's own, or one inside a string. */
struct tree_input {
	struct tree *tree;
	struct str text;
	const struct node *holder; /* the string; NULL for the tree's own text */
	struct node *parent;       /* of the root; NULL for a document */
	const char *key;           /* of the root; NULL for a document */
	struct node *root;         /* the last one read */
	struct err *err;
};

/* Zeroed memory that lives as long as the tree. */
void *tree_alloc(struct tree *tree, size_t size);
char *tree_string(struct tree *tree, struct str text);

/* Adds a last child of parent (NULL: a root), which starts at that byte. NULL past the cap on values,
 * with the error set. */
struct node *tree_add(const struct tree_input *input, struct node *parent, const char *key,
		      size_t start);

/* Call when a root is complete. In the tree's own text it becomes a document, unless it is null. */
void tree_add_document(struct tree_input *input, struct node *root);

/* Sets "LINE:COLUMN: what" for a byte of the input. Returns -code. */
int tree_error(const struct tree_input *input, size_t at, int code, const char *what);

/* Parse a whole text of one or more documents. */
int tree_parse_json(struct tree_input *input);
int tree_parse_yaml(struct tree_input *input);

#endif
