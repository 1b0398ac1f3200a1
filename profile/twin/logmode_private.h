/*
 * A twin being made, for the files that make it: logmode.c changes the document, logmode_proof.c
 * asks the filters whether that was enough.
 */
#ifndef SCLOG_PROFILE_TWIN_LOGMODE_PRIVATE_H
#define SCLOG_PROFILE_TWIN_LOGMODE_PRIVATE_H

#include "profile/document/tree.h"
#include "profile/filter/value.h"
#include "profile/twin/logmode.h"

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

#endif
