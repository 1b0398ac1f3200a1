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

/* A new last child of parent (NULL: of none) from that byte on. -E2BIG past the cap on values,
 * with `at` as the place. */
struct node *tree_add(const struct tree_input *input, struct node *parent, const char *key,
		      size_t start);

/* A root is complete: a document where it has no parent. */
void tree_add_document(struct tree_input *input, struct node *root);

/* Sets "LINE:COLUMN: what" for a byte of the input. Returns -code. */
int tree_error(const struct tree_input *input, size_t at, int code, const char *what);

/* Whole texts, of several documents too. */
int tree_parse_json(struct tree_input *input);
int tree_parse_yaml(struct tree_input *input);

#endif
