/*
 * Entries: the names that the result has a plain rule for, without args.
 *
 * These are the needed names, and what they entail. runc's stub begins behind the newest name, so
 * that a new name takes others out of the stub: these keep their ENOSYS by a rule. Names of the
 * bases are neutral entries, since they place the stub, too.
 */
#ifndef SCLOG_PROFILE_COMPOSE_ENTRIES_H
#define SCLOG_PROFILE_COMPOSE_ENTRIES_H

#include "profile/compose/fates.h"

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
