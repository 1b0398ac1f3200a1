/*
 * A source: what a profile argument names, fetched.
 *
 * Two steps, because sclog gives up reading pipes twice, running programs and tracing processes
 * when it enters its sandbox, and because one profile is resolved many times (for each set of
 * capabilities): profile_source_acquire() does all that needs the outside, and profile_load()
 * (profile/profile.h) then works on what it brought, as often as wanted. Nothing that others
 * wrote is parsed while acquiring, beyond telling a unit from a document.
 *
 *   PATH, -          a document (profile/document/document.h) or a systemd unit (profile/filter/unit.h)
 *   docker@28.0      the default profile of a release (profile/defaults/defaults.h): docker, containerd,
 *                    podman or containers-common; without @ that of the newest known
 *   runtime-default  the newest known default of what runs containers on this host
 *   unconfined       no filter
 *   podman-default   what Podman uses when nothing is said: seccomp_profile of containers.conf,
 *                    /etc/containers/seccomp.json, /usr/share/containers/seccomp.json
 *   pid:N            the live filters of a process (profile/filter/live.h)
 *   bpf:FILE         a dump of one filter (profile/filter/dump.h)
 *
 * `./docker` is a file. container:NAME is the caller's to resolve, who knows the store
 * and the runtimes: profile_source_from_text() takes what it finds.
 */
#ifndef SCLOG_PROFILE_SOURCE_H
#define SCLOG_PROFILE_SOURCE_H

#include "base/buf.h"
#include "profile/document/version.h"
#include "profile/profile.h"
#include "profile/filter/unit.h"

enum profile_source_kind {
	PROFILE_SOURCE_DOCUMENT, /* text: JSON or YAML */
	PROFILE_SOURCE_UNIT,     /* text, and what systemd says of its groups */
	PROFILE_SOURCE_FILTERS,  /* filter */
};

struct profile_source {
	enum profile_source_kind kind;
	char *name;         /* as given; of a default profile with its release */
	enum loader loader; /* whose file it is known to be; LOADER_AUTO: its shape tells */
	struct version loader_version; /* then: of which release; may be unknown */
	struct buf text;
	struct unit_groups groups;
	struct filter filter; /* a stack, of this machine's arch and byte order */
	bool threads_differ;  /* other threads of the process have another number of filters */
};

/* Fetches. -errno with words in err, its source named; -EFBIG above DOCUMENT_MAX_BYTES. */
int profile_source_acquire(const char *source, struct profile_source **ret_source, struct err *err);

/* A text that was fetched otherwise; name and text are copied. */
struct profile_source *profile_source_from_text(const char *name, struct str text);

void profile_source_free(struct profile_source *source);

/* Whether acquiring it stops a process for a moment, which its user is to be told before. */
bool profile_source_interrupts(const char *source);

/* Whether it is a word that stands for a profile, and no file: "docker@28", "unconfined", "pid:1". */
bool profile_source_is_word(const char *source);

/* The name behind "container:", NULL if the source is none. */
const char *profile_source_container(const char *source);

/* How messages call it: "standard input" for "-". */
const char *profile_source_label(const char *source);

/* Puts it before an error: "FILE:LINE:COLUMN: what" where the line is known, else "FILE: what". */
void profile_source_prefix(struct err *err, const char *source);

#endif
