/*
 * Judges: one profile, resolved once for each set of capabilities that containers have. A rule may
 * ask for a capability, so that two containers can get two answers.
 */
#ifndef SCLOG_REPORT_JUDGES_H
#define SCLOG_REPORT_JUDGES_H

#include "correlate/container.h"
#include "profile/source.h"

/* Sets of capabilities that containers may have between them. */
#define JUDGES_MAX 64

struct judges {
	const char *name;              /* of the profile; borrowed */
	struct profile_source *source; /* once it was acquired */
	const char *db;                /* where container:NAME is looked for; NULL: the usual */
	struct profile_options options;
	bool has_caps; /* --caps: the containers' own do not matter */
	struct judge {
		caps caps;
		bool known; /* the container's own, or --caps */
		struct profile *profile;
	} all[JUDGES_MAX];
	size_t count;
};

/* Fetches the profile, all that needs the outside: to be called before the sandbox is entered. */
int judges_acquire(struct judges *judges, struct err *err);

/* Does looking it up take a look at processes that run? */
bool judges_look_at_processes(const struct judges *judges);

/* Looks a container's profile up, in the runtimes' files and the store: in the sandbox. Of others it
 * does nothing. judges_find() calls it, so that only who reads judges->source before that has to. */
int judges_look_up(struct judges *judges, struct err *err);
void judges_release(struct judges *judges);

/* The profile as that container's capabilities resolve it, loaded when it is first asked for; NULL
 * for the default ones. Owned by the judges. */
int judges_find(struct judges *judges, const struct container *container,
		struct profile **ret_profile, struct err *err);

/*
 * Says on standard error what loading the first of them had to warn of. A default profile of a release is
 * as it is: of that nothing, unless `sclog explain --lint` asks.
 */
void judges_warn_of_lint(const struct judges *judges);

#endif
