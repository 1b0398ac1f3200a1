/*
 * Default profiles: the ones that Docker, containerd, Podman and the package containers-common apply if
 * no profile is given, by release.
 *
 * One table of facts (profile/defaults/rules.def) has for each rule its names, its conditions and the
 * releases that have it. From it a document is written in the form that Docker and Podman load, and
 * read like any other. containerd decides the same conditions in its own code; as a document its default
 * is resolved by Docker's rules.
 */
#ifndef SCLOG_PROFILE_DEFAULTS_DEFAULTS_H
#define SCLOG_PROFILE_DEFAULTS_DEFAULTS_H

#include "base/buf.h"
#include "base/err.h"
#include "profile/document/options.h"

struct default_profile {
	const char *program;      /* "docker", "containerd", "podman", "containers-common" */
	const char *first, *last; /* the releases that have it */
	char release[24];         /* the requested one, or the newest of them */
	enum loader loader;       /* decides its conditions */
	bool is_of_loader;        /* the loader has the same release */
	char set;                 /* its letter in the table of facts */
	const struct default_program *of;
};

/* Whether the word names a default profile: "docker", "containerd@1.7". The release may be unknown. */
bool default_is_name(struct str name);

/*
 * Finds the profile of a name; without a release, the newest known. -ENOENT for an unknown release;
 * err lists the known ones.
 */
int default_find(struct str name, struct default_profile *ret_profile, struct err *err);

/* Appends the document. */
void default_write(const struct default_profile *profile, struct buf *text);

/* The profile at that index of all; false after the last. */
bool default_at(size_t i, struct default_profile *ret_profile);

#endif
