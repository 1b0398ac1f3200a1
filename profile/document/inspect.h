/*
 * Where in a document the profile lies.
 *
 * A profile is given bare, or inside of what a tool prints about a container or a cluster keeps:
 *
 *   a bundle's config.json          linux.seccomp (OCI runtime spec)
 *   `crictl inspect`                info.runtimeSpec.linux.seccomp
 *   `docker inspect`                HostConfig.SecurityOpt: "seccomp=" and the JSON as one string
 *   a SeccompProfile                spec (security-profiles-operator)
 *
 * `docker inspect` shows only a profile that the user gave. The daemon's own default is not in it,
 * which is an error that says where to find it; `unconfined` and a privileged container have none.
 *
 * Of a SeccompProfile the operator writes the spec to each node as it is, after it has merged the
 * base profiles into it; only the cluster has those, so that a spec with a baseProfileName is an
 * error unless the operator's own result stands beside it (metadata.annotations.syscalls).
 */
#ifndef SCLOG_PROFILE_DOCUMENT_INSPECT_H
#define SCLOG_PROFILE_DOCUMENT_INSPECT_H

#include "profile/document/lint.h"
#include "profile/document/options.h"

#include <jansson.h>

enum container_form {
	INSPECTED_PROFILE, /* bare */
	INSPECTED_BUNDLE,
	INSPECTED_CRICTL,
	INSPECTED_DOCKER,
	INSPECTED_SPO,
};

struct inspected {
	enum container_form form;
	json_t *profile;    /* an object, a reference of its own; NULL: no filter at all */
	const char *prefix; /* of every place in it: "" or with a dot at its end */
	bool has_caps;      /* the container's bounding set is told too */
	caps caps;
};

/*
 * Looks. A lint says so where there is no filter. -EINVAL with the place where the profile is not
 * in the document, or cannot be told from it. inspected_release() is due in any case.
 */
int inspect_find(json_t *root, struct inspected *ret_inspected, struct lints *lints,
		 struct err *err);
void inspected_release(struct inspected *inspected);

/* The member, NULL when it is null or not there; in another case if need be, as Go takes it. */
json_t *inspect_member(const json_t *object, const char *name);

#endif
