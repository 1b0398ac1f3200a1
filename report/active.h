/*
 * The active profiles: which one was in force for a container, or for what of a node is in none,
 * and when, as the store has it (store/in_force.h); and what the log can tell of another profile
 * under each of them (report/blind.h).
 */
#ifndef SCLOG_REPORT_ACTIVE_H
#define SCLOG_REPORT_ACTIVE_H

#include "profile/document/options.h"
#include "report/blind.h"
#include "store/query.h"

/* Profiles in force that are told apart, and pairs with a profile that is asked about; what is
 * beyond them is not known. */
#define ACTIVE_PROFILES_MAX 1024
#define ACTIVE_PAIRS_MAX    4096

/* Whose records: a container's, or (0) those of the node that are in none. */
struct active_owner {
	int64_t container_row;
	struct str node;
};

/* A profile that was in force; NULL where one is asked for: it is not known. */
struct active_profile {
	int64_t row;
	char *source;
	char hash[17];           /* of its text: FNV-1a, 64 bits, hexadecimal */
	struct profile *profile; /* NULL: its text cannot be read */
};

struct active;

/* Reads what the store knows. `options`: how what a runtime was given becomes a filter; syscalls: which are
 * asked about, as in a selection, living as long. Free with active_free(), also after an error. */
int active_load(struct store *store, const struct profile_options *options,
		const struct choice *syscalls, struct active **ret_active, struct err *err);
void active_free(struct active *active);

/*
 * Calls each for every profile that was in force for the owner at some time from the first to the
 * last millisecond, with what the log under it tells of `profile` (NULL without one), or of the change
 * to it from `against` if that is not NULL. A NULL in_force stands for times in which the active profile
 * is not known; with `whole` only if that is so at the first or the last of them.
 */
typedef void active_fn(void *context, const struct active_profile *in_force, struct blind *blind);
void active_each(struct active *active, const struct active_owner *owner, int64_t first_ms,
		 int64_t last_ms, bool whole, struct profile *profile, struct profile *against,
		 active_fn *each, void *context);

#endif
