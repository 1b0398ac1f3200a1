/*
 * Kinds of objects in JSON or YAML: what holds a profile in a shape of its own, and what is taken for a
 * profile. Of the latter an error says what it is, and what to give instead.
 *
 * The table in kinds.c tells them apart, each by the members that only it has; kinds_read.c reads the
 * former.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_KINDS_H
#define SCLOG_PROFILE_DOCUMENT_KINDS_H

#include "profile/document/find.h"

struct kind {
	/*
	 * What must hold, separated by blanks: "a.b" a member that is there, "!a" none, "a{" a map, "a[" a list,
	 * "a=x|y" a string that is one of these, "a^x|y" one that begins so. "": the function decides.
	 */
	const char *when;
	bool (*fits)(const struct node *node); /* and this, if there is one */
	/* Holds a profile: -EINVAL with words in finder->err. */
	int (*read)(struct finder *finder, const struct candidate *candidate);
	bool anywhere; /* it does so wherever it stands; else as the root, or an item of a list there */
	enum shape shape; /* of the profile, or of those within */
	/*
	 * Else: what it is, the place of what it names, and how the sentence goes on if it names one (with
	 * one %s) and if it does not. SECCOMP_OPTIONS is the place of all options "seccomp=".
	 */
	const char *what, *place, *named, *otherwise;
	void (*refuse)(struct finder *finder, const struct node *node); /* in place of the words */
};

#define SECCOMP_OPTIONS "*"

/* The first row that fits; NULL: none. is_item: the node is a root or an item. */
const struct kind *kind_of(const struct node *node, bool is_item);

/* Says what the node is, and what to give. */
void kind_refuse(const struct kind *kind, struct finder *finder, const struct node *node);

/* The node at "a.b.c" below a map, by node_member(); NULL if there is none. */
struct node *kind_member(const struct node *map, const char *place);

/* --- for the table: what reads, and what tells what no condition can */

int kind_read_profile(struct finder *finder, const struct candidate *candidate);
int kind_read_spec(struct finder *finder, const struct candidate *candidate);
int kind_read_docker(struct finder *finder, const struct candidate *candidate);
int kind_read_spo(struct finder *finder, const struct candidate *candidate);
int kind_read_kubescape(struct finder *finder, const struct candidate *candidate);
bool kind_has_option(const struct node *options);
void kind_refuse_object(struct finder *finder, const struct node *node);

#endif
