/*
 * Finds the profile in a text.
 *
 * A profile is given bare, or somewhere within what a tool prints or a cluster keeps. The search goes
 * down from the root of each document: an object of a kind with a profile of its own shape
 * (profile/document/kinds.h) is one profile; an object or a string that is a profile itself is one, too,
 * wherever it stands. Strings are unpacked first (profile/document/packed.h). So nothing has to be known
 * of what is around a profile: a ConfigMap, a MachineConfig, a playbook and the `configs` of a Compose file
 * are all read by the same few lines.
 *
 * A profile has the nearest name above it: of its file, its container, its object, its key in a
 * ConfigMap. A text can hold several profiles; a name then selects one. What holds no profile is an error
 * that says what the text is, and what to give instead: it is never "no filter". Only a container
 * that explicitly runs without a filter is one without.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_FIND_H
#define SCLOG_PROFILE_DOCUMENT_FIND_H

#include "profile/document/document.h"

struct kind;

/* A string of the text that is a text itself; NULL: the text that was given. */
struct holder {
	const struct holder *outer; /* the text that it stands in */
	const struct node *node, *item;
};

/* One profile of those that a text holds. */
struct candidate {
	const struct kind *kind;
	struct node *node;
	struct node *item; /* the root, or the item of a list there: places begin here */
	const struct holder *holder;
	enum shape shape; /* that what is around it stands for; SHAPE_OCI where nothing is known */
	const char *problem; /* its text cannot be parsed; NULL: none */
	const char *name;    /* NULL: it has none */
	const char *space;   /* namespace, or the object that holds it; NULL: none */
};

/* Looks for profiles. */
struct finder {
	struct document *document;
	struct lints *lints;
	struct err *err;
	struct candidate *all;
	size_t count;
	size_t texts; /* strings that were parsed as one */
	/* The first object that names a profile, and the first that does not: why none was found. */
	struct err names, nothing;
};

/*
 * Finds the profile in document->tree and fills the document's fields from `object` to
 * `resolved`. select: which of several, or NULL. A lint says where there is no filter. -EINVAL
 * where the profile is not in the text, cannot be told from it, or is one of several.
 */
int find_profile(struct document *document, const char *select, struct lints *lints,
		 struct err *err);

/* The profile is found: fills the document's prefix with the place of `member` in the node. */
void find_use(struct finder *finder, const struct candidate *candidate, const struct node *node,
	      const char *member, struct node *profile);

/* What the node is, and what to give: the error where no profile is found. `names`: it names one. */
void find_refuse(struct finder *finder, const struct node *node, bool names, const char *format,
		 ...) __attribute__((format(printf, 4, 5)));

#endif
