/*
 * A twin being made, for the files that make it: logmode.c changes the document, logmode_proof.c
 * asks the filters whether that was enough, in all situations (situations.c), and where it was not
 * replaces rules (replaced.c).
 */
#ifndef SCLOG_PROFILE_TWIN_LOGMODE_PRIVATE_H
#define SCLOG_PROFILE_TWIN_LOGMODE_PRIVATE_H

#include "profile/document/tree.h"
#include "profile/filter/value.h"
#include "profile/twin/logmode.h"
#include "profile/write/cover.h"

struct twin_maker {
	struct profile_options options;
	struct document document; /* the profile's; its tree has the changes */
	struct node **rules;      /* node of each of document's rules */
	struct twin *twin;
	struct err *err;
};

/* Whether the twin logs where the profile answers so. */
static inline bool twin_logs(uint32_t action)
{
	return value_pass(action) == PASS_REFUSED || value_pass(action) == PASS_LOGGED;
}

/* Proves the twin, and changes it until the proof holds. */
int twin_prove(struct twin_maker *maker);

/*
 * Syscalls whose rules are replaced in a twin.
 *
 * Some rules cannot be turned into a log by changing their action (profile/twin/logmode.h says
 * why). Then the name is removed from the rules that allow it. Rules at the end of the document say
 * for which arguments it is allowed; beside a default that allows, for which it is logged.
 */
struct replaced_name {
	const char *name;
	enum cover_manner manner; /* of its rules; COVER_NONE: every call is logged */
	const char *why;          /* for the notes */
	size_t round;             /* the last one that changed it */
	struct cover rules;       /* at the end of the document */
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

/* Puts all rules at the end of the document, instead of those that were put there before. */
void replaced_write(struct replaced *replaced);

/*
 * Removes the name of a rule that was made of the document, and a rule that has no name left. False:
 * it was removed before.
 */
bool replaced_remove(struct replaced *replaced, const struct rule *rule);

/* A note for each removed name of a rule. */
void replaced_note(const struct replaced *replaced, struct lints *notes);

/*
 * Situations: for which hosts and containers a document means something else.
 *
 * A document's rules can depend on the container's capabilities, the host's kernel and its arch,
 * and a filter on the runtime that builds it. What is to hold for the document holds if it holds in
 * each of these:
 *
 *   - the user's own, and the same with the other runtime;
 *   - without any capability, with every one, and the user's with each of those that are named
 * turned round. libseccomp makes a name's part of a filter of the rules for that name alone, so
 * that capabilities which decide over different names are turned round together; but for the calls
 * of socketcall and ipc, which share one;
 *   - with each version that a minKernel names, and the one before it;
 *   - on a host of each arch in archMap.
 */
/* `users`: it is the user's own. A negative number ends the visits. */
typedef int situation_visit(void *context, const struct profile_options *situation, bool users);

/* Visits all, the user's own first. Its arch and kernel are known. */
int situations_each(const struct document *document, const struct profile_options *users,
		    situation_visit *visit, void *context);

#endif
