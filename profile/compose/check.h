/*
 * The self-check of a composition: the finished text, read and built again, against what was
 * wanted.
 */
#ifndef SCLOG_PROFILE_COMPOSE_CHECK_H
#define SCLOG_PROFILE_COMPOSE_CHECK_H

#include "profile/compose/entries.h"

struct check {
	struct profile_options options; /* as the user gave them; options.arch is the host's */
	const struct needs *needs;
	const enum fate *fates;      /* beside needs->all */
	const struct filter *wanted; /* what the result has to answer */
	struct lints *notes;         /* what could not be decided */
};

/* Proves that every needed name passes, unless it is left as the bases have it, and that all calls
 * pass as they do under `wanted`. -EPROTO if not. */
int check_document(const struct check *check, struct str text, struct err *err);

#endif
