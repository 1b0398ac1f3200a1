/*
 * Entries: the names that the result has a plain rule for, without args.
 *
 * These are the needed names, and what they entail. runc's stub begins behind the newest name, so
 * that a new name takes others out of the stub: these keep their ENOSYS by a rule. Names of the
 * bases are neutral entries, since they place the stub, too.
 */
#ifndef SCLOG_PROFILE_COMPOSE_ENTRIES_H
#define SCLOG_PROFILE_COMPOSE_ENTRIES_H

#include "profile/compose/bases.h"

/* What becomes of a needed name under the bases, joined. */
enum fate {
	FATE_ALLOWED, /* a rule allows it */
	FATE_PASSES,  /* the bases allow it already */
	FATE_LEFT,    /* it stays as the bases have it */
};

/* Returns the fates, beside composing->needs->all; the caller frees them. Fills composed->names. */
enum fate *fates_decide(const struct base_set *bases, struct composed *composed);

struct entry {
	const char *name;
	uint32_t value;
	bool neutral; /* repeats the default action: named for runc's stub alone */
};

struct entries {
	struct entry *all; /* sorted by name */
	size_t count;
	struct strings owned; /* names that nobody else keeps */
};

/* `default_action` is the result's. Names live as long as bases and needs do. */
void entries_make(struct entries *entries, const struct base_set *bases, const enum fate *fates,
		  uint32_t default_action, struct lints *notes);
void entries_release(struct entries *entries);

/* A profile of them under that default action; it borrows their names. */
struct document entries_document(const struct entries *entries, const struct base_set *bases,
				 uint32_t default_action);

#endif
