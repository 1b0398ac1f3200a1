/*
 * Options that decide how a profile's document is resolved and its filter built: the loader, the
 * runtime, the container and the host.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_OPTIONS_H
#define SCLOG_PROFILE_DOCUMENT_OPTIONS_H

#include "base/err.h"
#include "base/str.h"
#include "profile/document/releases.h"

#include <stdint.h>

/* The program that reads the document and decides its conditions. */
enum loader {
	LOADER_AUTO,   /* by the document's shape */
	LOADER_DOCKER, /* moby */
	LOADER_PODMAN, /* containers/common: Podman, CRI-O, Buildah */
	LOADER_OCI,    /* containerd's Localhost profiles, runc and crun themselves */
	/* for profiles with only one; not for profile_options */
	LOADER_SYSTEMD,
	LOADER_NONE, /* a filter that is loaded already */
};

/* The program that builds the filter. */
enum runtime {
	RUNTIME_RUNC, /* puts a stub before the filter: newer syscalls get ENOSYS */
	RUNTIME_CRUN, /* libseccomp's filter unchanged */
	RUNTIME_NONE, /* of a filter or a unit; not for profile_options */
};

const char *loader_name(enum loader loader);
const char *runtime_name(enum runtime runtime);
/* Both return false for an unknown name. CRI-O loads as Podman does, containerd as oci. */
bool loader_from_name(struct str name, enum loader *ret_loader);
bool runtime_from_name(struct str name, enum runtime *ret_runtime);

/* Bit N is capability number N of linux/capability.h. */
typedef uint64_t caps;

/* Docker's default bounding set has 14 capabilities. Podman's has 11 of these, without MKNOD, NET_RAW
 * and AUDIT_WRITE; a rule in containers/common's default profile depends on the last. */
extern const caps caps_docker_default, caps_podman_default;

/* Parses "CAP_SYS_ADMIN", "sys_admin", "ALL"; false when unknown. */
bool caps_from_name(struct str name, caps *ret_caps);

/* Parses a comma-separated list of those names ("" is the empty set). */
int caps_parse(const char *list, caps *ret_caps, struct err *err);

/* As moby's TweakCapabilities(): with ALL in `add`, all but `drop`; otherwise `add` is applied last. */
caps caps_tweak(caps base, caps add, caps drop);

struct profile_options {
	const char *select; /* one of several profiles in a text, or NULL; borrowed */
	enum loader loader;
	enum runtime runtime;
	/* Releases; none: the newest known loader and runtime, and the installed libseccomp. */
	struct version loader_version, runtime_version, libseccomp;
	bool has_caps;          /* the user gave caps, which override those in a document */
	caps caps;              /* the container's bounding set; else the loader's default */
	caps cap_add, cap_drop; /* added to these, and dropped from them */
	unsigned kernel_major;  /* 0.0: this host's, from uname(2) */
	unsigned kernel_minor;
	uint32_t arch; /* the host's libseccomp token; 0: this host's */
	/* Lints are limited to these arches; none: those of the filter. Borrowed. */
	const uint32_t *arches;
	size_t arch_count;
	bool any_listener; /* SCMP_ACT_NOTIFY needs no listenerPath: the loading program listens */
};

struct profile_options profile_options_default(void);

/* Sets an open arch and kernel to this host's. -EINVAL if it is unknown. */
int profile_options_complete(struct profile_options *options, struct err *err);

#endif
