/*
 * What decides how a profile's document is resolved and its filter built: who reads it, who builds
 * it, for which container and which host.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_OPTIONS_H
#define SCLOG_PROFILE_DOCUMENT_OPTIONS_H

#include "base/err.h"
#include "base/str.h"
#include "profile/document/version.h"

#include <stdint.h>

/* Who reads the document and resolves what is conditional in it. */
enum loader {
	LOADER_AUTO,   /* by the document's shape */
	LOADER_DOCKER, /* moby */
	LOADER_PODMAN, /* containers/common: Podman, CRI-O, Buildah */
	LOADER_OCI,    /* containerd's Localhost profiles, runc and crun themselves */
	/* of a profile that leaves no choice; not for profile_options */
	LOADER_SYSTEMD,
	LOADER_NONE, /* a filter, which has been loaded */
};

/* Who builds the filter. */
enum runtime {
	RUNTIME_RUNC, /* puts a stub before the filter: newer syscalls get ENOSYS */
	RUNTIME_CRUN, /* libseccomp's filter as it is */
	RUNTIME_NONE, /* of a filter or a unit; not for profile_options */
};

const char *loader_name(enum loader loader);
const char *runtime_name(enum runtime runtime);
/* Both return false for an unknown name. CRI-O loads as Podman does, containerd as oci. */
bool loader_from_name(struct str name, enum loader *ret_loader);
bool runtime_from_name(struct str name, enum runtime *ret_runtime);

/* Bit N stands for capability number N of linux/capability.h. */
typedef uint64_t caps;

/* Docker's default bounding set: 14 capabilities. Podman's is 11 of these, without MKNOD, NET_RAW
 * and AUDIT_WRITE: containers/common's default profile asks for the last. */
extern const caps caps_docker_default, caps_podman_default;

/* Parses "CAP_SYS_ADMIN", "sys_admin", "ALL"; false when unknown. */
bool caps_from_name(struct str name, caps *ret_caps);

/* Parses a comma-separated list of those names ("" is the empty set). */
int caps_parse(const char *list, caps *ret_caps, struct err *err);

/* As moby's TweakCapabilities(): ALL added is all but the dropped; otherwise adding comes last. */
caps caps_tweak(caps base, caps add, caps drop);

/* What decides how a document is resolved and built. */
struct profile_options {
	const char
		*select; /* which of several profiles in one text; NULL: there is one. Borrowed */
	enum loader loader;
	enum runtime runtime;
	/* Their releases, and libseccomp's; none: the newest that is known, and the one at hand. */
	struct version loader_version, runtime_version, libseccomp;
	bool has_caps; /* caps are asked for: those that a document brings along do not count */
	caps caps;     /* the container's bounding set; else the loader's default */
	caps cap_add, cap_drop; /* these as well, and without those */
	unsigned kernel_major;  /* 0.0: this host's, from uname(2) */
	unsigned kernel_minor;
	uint32_t arch; /* the host's libseccomp token, 0: this host's */
	/* Arches that are asked about, which is all that lints speak of; none: those of the filter. */
	const uint32_t *arches;
	size_t arch_count;
	bool any_listener; /* who answers SCMP_ACT_NOTIFY is for whoever loads the profile */
};

/* What profile_options are when the user says nothing. */
struct profile_options profile_options_default(void);

/* Fills what is left open, arch and kernel, with what this host is. -EINVAL where it is unknown. */
int profile_options_complete(struct profile_options *options, struct err *err);

#endif
