/*
 * How older releases of a loader, a runtime or libseccomp differ from the newest known one. Each fact
 * has the first release without it, and its source. sclog-releases(7) has the same table;
 * tests/shell/versions.test compares the two.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_RELEASES_H
#define SCLOG_PROFILE_DOCUMENT_RELEASES_H

#include "base/err.h"
#include "base/str.h"

/*
 * A release of a program: up to three numbers; the last ones may be missing. "28" stands for the newest
 * release of that series, and so does "28.0".
 */
#define VERSION_PARTS 3

struct version {
	unsigned parts[VERSION_PARTS];
	unsigned count; /* of the given parts; 0: no version */
};

/*
 * Parses "28", "28.0", "v1.1.5", and the suffixes of distributions: "20.10.24+dfsg1". False for
 * anything else.
 */
bool version_parse(struct str text, struct version *ret_version);

/* Below 0, 0 or above 0, as strcmp(3). A missing part is newer than every number. */
int version_compare(const struct version *a, const struct version *b);

/* Whether it is that release ("23.0.0") or a newer one. No version is newer than all. */
bool version_at_least(const struct version *version, const char *release);

/* Whether the version stands for the release: 28 does for 28.5.2. */
bool version_matches(const struct version *version, const char *release);

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
