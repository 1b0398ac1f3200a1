/*
 * Judges: one profile, resolved once for each set of capabilities that containers have. A rule may
 * ask for a capability, so that two containers can get two answers.
 */
#ifndef SCLOG_CLI_JUDGES_H
#define SCLOG_CLI_JUDGES_H

#include "cli/option.h"
#include "correlate/container.h"
#include "profile/source.h"

/* What a command line says of the profile; part of a command's struct of options. */
struct profile_options_given {
	const char *profile, *loader, *runtime, *caps, *kernel;
	struct option_list cap_add, cap_drop;
};

/* clang-format off */
/* Where the profile is an option; explain and logmode have it as their first operand. */
#define PROFILE_OPTION_ROWS(type, at)                                                             \
	OPTION(TEXT, 0, "profile", "FILE", type, at.profile,                                      \
	       "the seccomp profile to judge by (`-`: standard input)"),                          \
	PROFILE_LOADING_ROWS(type, at)

/* How it is resolved and built. */
#define PROFILE_LOADING_ROWS(type, at)                                                            \
	OPTION(CHOICE, 0, "loader", "auto|docker|podman|oci", type, at.loader,                    \
	       "who reads the profile; default auto, by its shape"),                              \
	OPTION(CHOICE, 0, "runtime", "runc|crun", type, at.runtime,                               \
	       "who builds the filter; default runc"),                                            \
	OPTION(TEXT, 0, "caps", "CAP[,CAP...]", type, at.caps,                                    \
	       "capabilities that the profile's conditions see; default the container's own where " \
	       "known, else Docker's 14"),                                                        \
	OPTION(LIST, 0, "cap-add", "CAP[,CAP...]", type, at.cap_add,                              \
	       "and these, as `docker run --cap-add`"),                                           \
	OPTION(LIST, 0, "cap-drop", "CAP[,CAP...]", type, at.cap_drop,                            \
	       "but not these, as `docker run --cap-drop`"),                                      \
	OPTION(TEXT, 0, "kernel", "N.M", type, at.kernel,                                         \
	       "kernel version that the profile's conditions see; default this host's")
/* clang-format on */

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

/* Reads the options. Returns 0 or -EINVAL; nothing is read yet. */
int judges_init(struct judges *judges, const struct profile_options_given *given, struct err *err);

/* Fetches the profile, all that needs the outside: to be called before the sandbox is entered. */
int judges_acquire(struct judges *judges, struct err *err);
void judges_release(struct judges *judges);

/* The profile as that container's capabilities resolve it, loaded when it is first asked for; NULL
 * for the default ones. Owned by the judges. */
int judges_find(struct judges *judges, const struct container *container,
		struct profile **ret_profile, struct err *err);

/* Says on standard error what loading the first of them had to warn of. */
void judges_warn_of_lint(const struct judges *judges);

#endif
