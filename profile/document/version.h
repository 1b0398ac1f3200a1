/*
 * A release of a program: up to three numbers; the last ones may be missing. "28" stands for the newest
 * release of that series, and so does "28.0".
 */
#ifndef SCLOG_PROFILE_DOCUMENT_VERSION_H
#define SCLOG_PROFILE_DOCUMENT_VERSION_H

#include "base/str.h"

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

#endif
