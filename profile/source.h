/*
 * A source: the content that a profile argument names.
 *
 * Fetching and loading are two steps, since the sandbox prevents sclog from opening files, running
 * programs and tracing processes later, and since one profile can be resolved many times (for each
 * set of capabilities). profile_source_acquire() does all that needs the outside and parses nothing
 * beyond telling a unit from a document. profile_load() (profile/profile.h) does the rest.
 *
 *   PATH, -          a document (profile/document/document.h) or a systemd unit (profile/filter/unit.h)
 *   docker@28.0      the default profile of a release (profile/defaults/defaults.h): docker, containerd,
 *                    podman or containers-common; without @ the newest one known
 *   runtime-default  the newest default known of the runtime on this host
 *   unconfined       no filter
 *   podman-default   the profile that Podman uses by default: seccomp_profile in containers.conf,
 *                    /etc/containers/seccomp.json, /usr/share/containers/seccomp.json
 *   pid:N            the live filters of a process (profile/filter/live.h)
 *   bpf:FILE         a dump of one filter (profile/filter/dump.h)
 *
 * `./docker` is a file. The caller, who knows the store and the runtimes, resolves container:NAME and
 * passes what it finds to profile_source_from_text().
 */
#ifndef SCLOG_PROFILE_SOURCE_H
#define SCLOG_PROFILE_SOURCE_H

#include "base/buf.h"
#include "profile/document/releases.h"
#include "profile/profile.h"
#include "profile/filter/unit.h"

enum profile_source_kind {
	PROFILE_SOURCE_DOCUMENT, /* text: JSON or YAML */
	PROFILE_SOURCE_UNIT,     /* text and groups */
	PROFILE_SOURCE_FILTERS,  /* filter */
};

struct profile_source {
	enum profile_source_kind kind;
	char *name;         /* as given; for a default profile with its release */
	enum loader loader; /* the program that it is for; LOADER_AUTO: decided by its shape */
	struct version loader_version; /* of that program, if known */
	struct buf text;
	struct unit_groups groups;
	struct filter filter; /* a stack, for this machine's arch and byte order */
	bool threads_differ;  /* other threads of the process have other filters */
};

/* Names of profiles that need neither a file nor a release; '|' separates them. */
#define PROFILE_NAMES "docker|containerd|podman|containers-common|runtime-default|unconfined"

/* Fetches a source. -errno with a message that names it; -EFBIG above DOCUMENT_MAX_BYTES. */
int profile_source_acquire(const char *source, struct profile_source **ret_source, struct err *err);

/* From a text that the caller has; name and text are copied. */
struct profile_source *profile_source_from_text(const char *name, struct str text);

void profile_source_free(struct profile_source *source);

/* Whether acquiring it interrupts a process, of which the user must be warned. */
bool profile_source_interrupts(const char *source);

/* Whether it is a word, not a file: "docker@28", "unconfined", "pid:1". */
bool profile_source_is_word(const char *source);

/* The NAME of "container:NAME"; NULL for other sources. */
const char *profile_source_container(const char *source);

/* The name for messages: "standard input" for "-". */
const char *profile_source_label(const char *source);

/* Prefixes an error: "FILE:LINE:COLUMN: what" if it begins with a line, "FILE: what" otherwise. */
void profile_source_prefix(struct err *err, const char *source);

#endif
