/*
 * A seccomp profile, from its document to the verdict on one syscall.
 *
 *     source  ->  document (JSON, YAML)  ->  profile (resolved rules)  ->  filter (BPF)  ->  verdict
 *
 * A source is fetched first (profile/source.h) and loaded as often as wanted. A systemd unit has no
 * document: its filters are built from its settings; a live filter and a dump are filters already.
 *
 * The document is resolved as the chosen loader would resolve it on the chosen host, the filter
 * is built with libseccomp in the way of the chosen runtime and exported as BPF, and a walk of
 * that BPF with arch and number fixed and the arguments unknown collects every action that it
 * can reach. Nothing is judged from the document itself: the verdict is the kernel's.
 */
#ifndef SCLOG_PROFILE_PROFILE_H
#define SCLOG_PROFILE_PROFILE_H

#include "base/err.h"
#include "base/str.h"

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
/* Both return false for an unknown name. */
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

/* What decides how a document is resolved and built. */
struct profile_options {
	enum loader loader;
	enum runtime runtime;
	bool has_caps; /* caps are asked for: those that a document brings along do not count */
	caps caps;     /* the container's bounding set; else the loader's default */
	caps cap_add, cap_drop; /* these as well, and without those */
	unsigned kernel_major;  /* 0.0: this host's, from uname(2) */
	unsigned kernel_minor;
	uint32_t arch; /* the host's libseccomp token, 0: this host's */
};

/* What profile_options are when the user says nothing. */
struct profile_options profile_options_default(void);

/* Fills what is left open, arch and kernel, with what this host is. -EINVAL where it is unknown. */
int profile_options_complete(struct profile_options *options, struct err *err);

enum lint_level {
	LINT_INFO,    /* worth knowing, and right as it is */
	LINT_WARNING, /* what is meant will not happen, or what happens is dangerous */
};

/* "info", "warning" */
const char *lint_level_name(enum lint_level level);

/* One thing worth telling about a document: an unknown name, an ignored part. */
struct lint {
	enum lint_level level;
	char *message; /* what, and what follows from it */
	char *where;   /* "syscalls[3].names[17]", "spec.syscalls[0] (line 7)", "line 3" */
};

struct profile;

struct profile_source;

/*
 * Reads what was fetched, resolves, builds; the source is not changed and not kept. On failure
 * returns a negative errno and says in err what is wrong and where: "FILE:LINE:COLUMN: what" for a
 * malformed text, "FILE: syscalls[3].action: what" otherwise.
 */
int profile_load(const struct profile_source *source, const struct profile_options *options,
		 struct profile **ret_profile, struct err *err);
void profile_free(struct profile *profile);

/* What `profile` in the JSON of diff and explain holds; strings live as long as the profile. */
struct profile_info {
	const char *source; /* as given */
	/* The document's shape, "oci", "docker", "podman" or "spo"; "systemd" for a unit, "bpf" for
	 * filters. */
	const char *format;
	enum loader loader; /* never LOADER_AUTO */
	enum runtime runtime;
	/*
	 * "SCMP_ACT_ERRNO": as the document has it; "" when it has none (seccomp is then off). Of a
	 * unit what is refused where it lists what is allowed; of filters what they do with a number
	 * that has no name.
	 */
	const char *default_action;
};
struct profile_info profile_info(const struct profile *profile);

/* What loading had to say, in the document's order. */
const struct lint *profile_lint(const struct profile *profile, size_t *ret_count);

/*
 * What verdicts are made of: the rules as resolved (profile/document/resolve.h; none where there is no
 * document, whose pointer is then NULL), and the filter (profile/filter/filter.h), NULL where there is
 * none. A stack of filters is one here that gives the same answers.
 */
struct rules;
struct filter;
const struct rules *profile_rules(const struct profile *profile);
const struct filter *profile_filter(const struct profile *profile);

enum verdict_kind {
	VERDICT_ALLOWED,
	VERDICT_CONDITIONAL, /* allowed for some arguments only; a record carries none */
	VERDICT_LOGGED,      /* let through, and logged */
	VERDICT_DENIED,      /* any other action, with its errno where it has one */
	VERDICT_BAD_ARCH,    /* the filter does not know the arch */
	VERDICT_ENOSYS,      /* runc's stub, or ENOSYS by the default action */
};

/* "allowed", "conditional", "logged", "denied", "bad-arch", "enosys". */
const char *verdict_name(enum verdict_kind kind);

/* Which part of the profile decided. */
enum verdict_origin {
	VERDICT_BY_RULE,    /* a rule names the syscall */
	VERDICT_BY_DEFAULT, /* the default action */
	VERDICT_BY_STUB,    /* runc's ENOSYS stub */
	VERDICT_BY_ARCH,    /* the arch is not in the filter */
};

struct verdict {
	enum verdict_kind kind;
	enum verdict_origin origin;
	/* The action the kernel would take; of several reachable ones that refuse, the strictest
	 * (seccomp(2): KILL_PROCESS first). SECCOMP_RET_* without data. */
	uint32_t action;
	bool has_errno; /* action is ERRNO */
	uint16_t error; /* then: what the call would return */
	/* Every reachable return value (SECCOMP_RET_* with data), sorted by their text form
	 * "ALLOW", "ERRNO(1)"; owned by the profile. */
	const uint32_t *reachable;
	size_t reachable_count;
	/*
	 * Where more than one value is reachable: when which is returned, in words ("ALLOW when
	 * arg0 is 0x0 or 0x8", "ERRNO(1) otherwise"); owned by the profile.
	 */
	const char *const *conditions;
	size_t condition_count;
};

/*
 * The verdict on one syscall. `audit_arch` and `nr` are as a record has them (AUDIT_ARCH_*, x32
 * by bit 30, -1 possible). Results are kept: asking again is a look-up. Not for two threads at
 * a time.
 */
struct verdict profile_judge(struct profile *profile, uint32_t audit_arch, int64_t nr);

/* "ALLOW", "ERRNO(1)", "TRACE(7)": a value of verdict.reachable; "0x..." for an unknown action. */
#define VERDICT_VALUE_SIZE 32
const char *verdict_value_text(uint32_t value, char text[VERDICT_VALUE_SIZE]);

/*
 * Whether the verdict is one that programs fall back from: ENOSYS by a rule that names the
 * syscall or by runc's stub, never by the default action.
 */
bool verdict_is_fallback(const struct verdict *verdict);

#endif
