/*
 * Default profiles: what Docker, containerd, Podman and the package containers-common apply when
 * nobody names a profile, release by release.
 *
 * One table of facts (profile/defaults/rules.def) says of each name in which releases and under which
 * condition there is a rule for it. A document is written from it, in the form that Docker and
 * Podman load, and read like any other. containerd decides the same conditions in its own code: as
 * a document its default is resolved by Docker's rules.
 */
#ifndef SCLOG_PROFILE_DEFAULTS_DEFAULTS_H
#define SCLOG_PROFILE_DEFAULTS_DEFAULTS_H

#include "base/buf.h"
#include "base/err.h"
#include "profile/document/options.h"

/* One of them. */
struct default_profile {
	const char *program;      /* "docker", "containerd", "podman", "containers-common" */
	const char *first, *last; /* the releases that have it */
	char release[24];         /* the one that was asked for, or the newest of them */
	enum loader loader;       /* who resolves its conditions */
	bool is_of_loader;        /* the release is the loader's too */
	char set;                 /* its letter in the table of facts */
	const struct default_program *of;
};

/* Whether the word is the name of one: "docker", "containerd@1.7". The release may be unknown. */
bool default_is_name(struct str name);

/*
 * Finds what a name stands for; without a release the newest known. -ENOENT for a release that is
 * not known, with those that are.
 */
int default_find(struct str name, struct default_profile *ret_profile, struct err *err);

/* Appends the document. */
void default_write(const struct default_profile *profile, struct buf *text);

/* The one at that place in the list of all; false after the last. */
bool default_at(size_t i, struct default_profile *ret_profile);

#endif
