/*
 * Kinds of objects in JSON or YAML: those that hold a profile in a shape of their own, and those that
 * hold none but are mistaken for a profile. For the second, an error says what the object is and what to
 * give instead.
 *
 * The table in kinds.c recognises each kind by members that only it has; kinds_read.c reads those that
 * hold a profile.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_KINDS_H
#define SCLOG_PROFILE_DOCUMENT_KINDS_H

#include "profile/document/find.h"

struct kind {
	/*
	 * Conditions, separated by blanks: "a.b" the member exists, "!a" it does not, "a{" it is a map, "a[" a
	 * list, "a=x|y" a string that is one of these, "a^x|y" a string that begins with one. "": no condition.
	 */
	const char *when;
	bool (*fits)(const struct node *node); /* a further condition, or NULL */
	/* Reads the profile, if the kind holds one. -EINVAL with finder->err set. */
	int (*read)(struct finder *finder, const struct candidate *candidate);
	bool anywhere;    /* at any depth; else only as the root, or an item of a list there */
	enum shape shape; /* of the profile, or of those within */
	/*
	 * If it holds none: what it is, the place of the profile's name, and the rest of the sentence with
	 * such a name (one %s) and without. SECCOMP_OPTIONS is the place of all options "seccomp=".
	 */
	const char *what, *place, *named, *otherwise;
	void (*refuse)(struct finder *finder, const struct node *node); /* replaces the sentence */
};

#define SECCOMP_OPTIONS "*"

/* The first row that fits; NULL: none. is_item: the node is a root or an item. */
const struct kind *kind_of(const struct node *node, bool is_item);

/* Keeps the kind's sentence about the node: find_refuse(). */
void kind_refuse(const struct kind *kind, struct finder *finder, const struct node *node);

/* The node at "a.b.c" below a map, by node_member(); NULL if there is none. */
struct node *kind_member(const struct node *map, const char *place);

/* --- functions of the table */

int kind_read_profile(struct finder *finder, const struct candidate *candidate);
int kind_read_spec(struct finder *finder, const struct candidate *candidate);
int kind_read_docker(struct finder *finder, const struct candidate *candidate);
int kind_read_spo(struct finder *finder, const struct candidate *candidate);
int kind_read_kubescape(struct finder *finder, const struct candidate *candidate);
bool kind_has_option(const struct node *options);
void kind_refuse_object(struct finder *finder, const struct node *node);

#endif
