/*
 * A twin being made, for the files that make it: logmode.c changes the document, logmode_proof.c
 * asks the filters whether that was enough.
 */
#ifndef SCLOG_PROFILE_TWIN_LOGMODE_PRIVATE_H
#define SCLOG_PROFILE_TWIN_LOGMODE_PRIVATE_H

#include "profile/twin/logmode.h"
#include "profile/answers/answers.h"
#include "profile/filter/value.h"
#include "profile/document/tree.h"
#include "profile/write/cover.h"

/* Situations that are told apart; of more some may be proven twice. */
#define TWIN_PROVEN_MAX 256

/*
 * A name whose conditions are restated where two rules overlap: the arguments for which the profile
 * allows it, as rules of their own. COVER_NONE: every call is logged.
 */
struct twin_restated {
	char *name;
	enum cover_manner manner;
	size_t round; /* in which it was tried last */
	char **rules; /* JSON, one object each */
	size_t rule_count;
};

struct twin_maker {
	struct profile_options options;
	struct document document; /* the profile's; its tree has the changes */
	struct node **rules;      /* node of each of document's rules */
	struct twin *twin;
	bool enforces; /* its refusals stay, and are logged */
	struct err *err;
	uint64_t proven[TWIN_PROVEN_MAX]; /* situations, by their signatures */
	size_t proven_count;
	struct twin_restated *restated;
	size_t restated_count;
	size_t round; /* of proving: each builds the twin anew */
};

/* What the twin is to answer where the profile answers so: LOG for a refusal. */
uint32_t twin_action(uint32_t action);

/* Takes a rule's name out of the twin, and the rule when no name is left. False if it is out. */
bool twin_strip(struct twin_maker *maker, size_t rule, size_t name);

/* The twin as it is now. */
void twin_write(const struct twin_maker *maker, struct buf *text);

/*
 * Restates for which arguments the filter allows the call, in the next manner that can be, or in
 * none if `possible` is not set; returns which. COVER_NONE also where the rules for the name depend
 * on more than arguments.
 */
enum cover_manner twin_restate(struct twin_maker *maker, const struct rules *rules,
			       const struct filter *filter, uint32_t audit_arch, int64_t nr,
			       bool possible);

/* Takes such rules back, for good. False if there are none. */
bool twin_take_back(struct twin_maker *maker, const char *name);

/* NULL where the name was not restated. */
const struct twin_restated *twin_restated(const struct twin_maker *maker, const char *name);
void twin_restated_release(struct twin_maker *maker);

/* Proves the twin, and changes it until the proof holds. */
int twin_prove(struct twin_maker *maker);

/* Adds the flag that has the kernel log refusals, instead; the runtime has to take it. */
int twin_enforce(struct twin_maker *maker);

/* The drop-in that makes a unit's twin. */
int twin_of_unit(struct twin *twin, const struct profile_source *source, struct err *err);

#endif
