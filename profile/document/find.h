/*
 * Finds the profile in a text.
 *
 * A profile stands alone, or somewhere in a tool's output or a cluster's object. The search goes
 * down from the root of each document. It finds objects of a kind that holds a profile in its own shape
 * (profile/document/kinds.h), and any object or string that is itself a profile. Strings are unpacked
 * first (profile/document/packed.h). The search does not depend on the objects around a profile: the same
 * few lines read a ConfigMap, a MachineConfig, a playbook and the `configs` of a Compose file.
 *
 * A profile has the nearest name above it: of its file, its container, its object, or its key in a
 * ConfigMap. A text can hold several profiles; a name then selects one. A text without a profile is an
 * error that says what the text is and what to give instead; it never means "no filter". Only a
 * container that explicitly runs without a filter means that.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_FIND_H
#define SCLOG_PROFILE_DOCUMENT_FIND_H

#include "profile/document/document.h"

struct kind;

/* A string that is itself a text; NULL stands for the text that was given. */
struct holder {
	const struct holder *outer; /* of the text that the string is in */
	const struct node *node, *item;
};

/* A profile that was found. */
struct candidate {
	const struct kind *kind;
	struct node *node;
	struct node *item; /* the root, or the item of a list there: places begin here */
	const struct holder *holder;
	enum shape shape;    /* given by the objects around it; SHAPE_OCI if they give none */
	const char *problem; /* why its text cannot be parsed; NULL: it can */
	const char *name;    /* NULL: none */
	const char *space;   /* namespace, or the object that holds it; NULL: none */
};

struct finder {
	struct document *document;
	struct lints *lints;
	struct err *err;
	struct candidate *all;
	size_t count;
	size_t texts; /* strings that were parsed as texts */
	/* Why no profile was found: the first object that names one, and the first that names none. */
	struct err names, nothing;
};

/*
 * Finds the profile in document->tree and fills the document's fields from `object` to
 * `resolved`. select: which of several, or NULL. A container without a filter gets a lint. -EINVAL
 * if the text does not hold the profile, or holds several and none is selected.
 */
int find_profile(struct document *document, const char *select, struct lints *lints,
		 struct err *err);

/* Sets the document's profile, and its prefix to the place of `member` ("": none) in the node. */
void find_use(struct finder *finder, const struct candidate *candidate, const struct node *node,
	      const char *member, struct node *profile);

/* Keeps what the node is and what to give instead, for the error if no profile is found. `names`:
 * the node names one. */
void find_refuse(struct finder *finder, const struct node *node, bool names, const char *format,
		 ...) __attribute__((format(printf, 4, 5)));

#endif
