/*
 * How older releases of a loader, a runtime or libseccomp differ from the newest known one. Each fact
 * has the first release without it, and its source. sclog-releases(7) has the same table;
 * tests/shell/versions.test compares the two.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_RELEASES_H
#define SCLOG_PROFILE_DOCUMENT_RELEASES_H

#include "base/err.h"
#include "profile/document/version.h"

enum release_fact {
	DOCKER_NO_RULE_ERRNO,
	DOCKER_NO_DEFAULT_ERRNO,
	DOCKER_NO_FLAGS,
	DOCKER_PRIVILEGED_UNFILTERED,
	PODMAN_NO_FLAGS,
	RUNC_NO_NOTIFY,
	RUNC_NO_KILL_VARIANTS,
	RUNC_S390_STUB_WITHOUT_ZERO,
	RUNC_STUB_LISTED_ONLY,
	RUNC_NO_FLAGS,
	RUNC_NO_WAIT_KILLABLE,
	CRUN_NO_WAIT_KILLABLE,
	RELEASE_FACTS,
};

/* The first release without it: "23.0.0". */
const char *release_fact_until(enum release_fact fact);

/* Whether the fact holds for that release. No version stands for the newest: false. */
bool release_fact_holds(enum release_fact fact, const struct version *version);

/*
 * Parses the release of a program ("docker", "podman", "runc", "crun", "libseccomp"). -EINVAL if it
 * is not a release, or not a known one; err then lists the known ones.
 */
int release_parse(const char *program, struct str text, struct version *ret_version,
		  struct err *err);

/* Whether that libseccomp's table has the name; true if no version is given. */
bool libseccomp_has(const struct version *version, const char *name);

#endif
