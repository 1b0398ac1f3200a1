/*
 * What a release of a loader, a runtime or libseccomp does otherwise than the newest that is known.
 * Each fact has its date, the first release without it, and its source; sclog-explain(1) prints the
 * same table (RELEASES), which tests/shell/versions.test compares.
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

/* Whether it is so in that release; never of no version, which stands for the newest. */
bool release_fact_holds(enum release_fact fact, const struct version *version);

/*
 * Parses the release of a program ("docker", "podman", "runc", "crun", "libseccomp"). -EINVAL for
 * what is none, and for one outside of those that are known, which err then names.
 */
int release_parse(const char *program, struct str text, struct version *ret_version,
		  struct err *err);

/* Whether that libseccomp has the name in its table; no version has all. */
bool libseccomp_has(const struct version *version, const char *name);

#endif
