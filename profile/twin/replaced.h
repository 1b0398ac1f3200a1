/*
 * Syscalls whose rules are replaced in a twin.
 *
 * Some rules cannot be turned into a log by changing their action (profile/twin/logmode.h says
 * why). Then the name is removed from the rules that allow it. Rules at the end of the document say
 * for which arguments it is allowed; beside a default that allows, for which it is logged.
 */
#ifndef SCLOG_PROFILE_TWIN_REPLACED_H
#define SCLOG_PROFILE_TWIN_REPLACED_H

#include "profile/document/lint.h"
#include "profile/document/resolve.h"
#include "profile/write/cover.h"

struct replaced_name {
	const char *name;
	enum cover_manner manner; /* of its rules; COVER_NONE: every call is logged */
	const char *why;          /* for the notes */
	size_t round;             /* the last one that changed it */
	struct strings rules; /* JSON objects; like the name they live as long as the document */
};

struct replaced {
	struct document *document; /* the profile's; its tree becomes the twin */
	struct node **nodes;       /* of the document's rules */
	struct replaced_name *all;
	size_t count;
};

void replaced_release(struct replaced *replaced);

/* NULL: none. Valid until the next replaced_add(). */
struct replaced_name *replaced_find(const struct replaced *replaced, const char *name);
/* With COVER_SHORT and no rules. */
struct replaced_name *replaced_add(struct replaced *replaced, const char *name);

/* `arguments` NULL: for every call. */
void replaced_add_rule(struct replaced *replaced, struct replaced_name *name, uint32_t action,
		       const struct cover_rule *arguments);
/* Puts all rules at the end of the document, instead of those that were put there before. */
void replaced_write(struct replaced *replaced);

/*
 * Removes the name of a rule that was made of the document, and a rule that has no name left. False:
 * it was removed before.
 */
bool replaced_remove(struct replaced *replaced, const struct rule *rule);

/* A note for each removed name of a rule. */
void replaced_note(const struct replaced *replaced, struct lints *notes);

#endif
