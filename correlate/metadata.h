/*
 * What a container is: name, image, pod, capabilities and the profile in force, out of the
 * runtime's own files. No daemon is asked.
 *
 * Sources, in the order in which they are believed, each filling what the ones before left open:
 * the OCI bundle's config.json (correlate/bundle.h), Docker's config.v2.json (docker_files.h),
 * containers/storage (storage_files.h), the kubelet's log folders (pod_logs.h); a systemd
 * service is its own name. Every file was written by somebody: sizes are capped, wrong types are
 * skipped, names may hold anything.
 *
 * The runtimes write config.json, config.v2.json and containers.json before they execute runc or
 * crun, and remove the bundle as soon as the container has ended: look when it is first seen.
 */
#ifndef SCLOG_CORRELATE_METADATA_H
#define SCLOG_CORRELATE_METADATA_H

#include "base/buf.h"
#include "base/err.h"
#include "correlate/cgroup.h"
#include "correlate/container.h"
#include "correlate/host_files.h"
#include "correlate/procfs.h"

struct metadata;
struct metadata_hint;

/*
 * Has a container described, perhaps by another process: as metadata_describe(). Returns 1 if something
 * was found, 0 if not, -EAGAIN if the answer comes later, to registry_answer() (correlate/registry.h),
 * and no container is given, or another -errno if nothing can be asked so.
 */
typedef int metadata_describe_fn(void *context, const struct metadata_hint *hint,
				 struct container **ret_container, struct buf *trouble);

struct metadata_options {
	const char *proc_root;          /* NULL: /proc */
	const char *runtime_root;       /* NULL: /; below it /run, /var/lib, /etc, /home ... */
	host_ask_fn *ask;               /* who reads the files; NULL: this process */
	void *context;                  /* of ask */
	metadata_describe_fn *describe; /* who understands them; NULL: this process */
	void *describe_context;
};

int metadata_new(const struct metadata_options *options, struct metadata **ret_metadata,
		 struct err *err);
void metadata_free(struct metadata *metadata);

/* What is known of a container when it is first seen; empty slices where something is not. */
struct metadata_hint {
	struct str id;      /* as the cgroup or the command line has it */
	uint32_t owner;     /* the user whose container it is (correlate/owner.h); 0: root's */
	struct str outer;   /* id of the container in which it lies, empty: none */
	struct str runtime; /* as the cgroup rule or the set-up process says */
	struct str pod_uid;
	struct str bundle; /* of a set-up process's command line; a path below its own root */
	uint32_t pid;      /* a process of it or of its set-up, 0: none known */
};

/*
 * Describes it. Always gives a container, at least with id and runtime; free it with
 * container_free(). Returns true if something was found out beyond the hint. Some 0.2 to 1.5 ms.
 *
 * Only files of the owner speak of a container, at the places where this owner's runtime keeps
 * them: root's at the system's, a user's in its home and below /run/user/UID. Of a container in a
 * container nothing is looked for. A bundle of others that root's runc names tells the
 * capabilities and the profile alone. What a user named ends in "@UID", and a user's container is
 * in no pod.
 *
 * An id that is no plain file name is looked for nowhere. The runtime is the files' word where the
 * hint's is one that stands for several (runc, crun, conmon's podman, a shim's containerd). The
 * pod's own container is named "POD". The workload comes from labels only (correlate/bundle.h).
 *
 * Folders that could not be read for lack of rights are added to *trouble (may be NULL), one a
 * line, each once in the life of `metadata`; a user's as the home or /run/user folder. So are files
 * that are too large, with METADATA_TOO_LARGE behind their path.
 */
#define METADATA_TOO_LARGE " (too large)"
bool metadata_describe(struct metadata *metadata, const struct metadata_hint *hint,
		       struct container **ret_container, struct buf *trouble);

/* The same by whoever was given for it. */
int metadata_have_described(struct metadata *metadata, const struct metadata_hint *hint,
			    struct container **ret_container, struct buf *trouble);

/* Whose container the path of a cgroup tells: correlate/owner.h. */
uint32_t metadata_owner(const struct metadata *metadata, const struct cgroup_match *match);

/* Tells the rules where this process's cgroup namespace is on the host: correlate/cgroup_home.h. */
int metadata_find_home(const struct metadata *metadata, const struct procfs *procfs,
		       struct cgroup_rules *rules, struct err *err);

/* Does the bundle of a set-up process, the one it names or its working folder, belong to the hint's
 * owner? */
bool metadata_owns_bundle(const struct metadata *metadata, const struct metadata_hint *hint);

/*
 * Would a container under this linux.seccomp (JSON text, empty: no profile at all) log what it
 * does? By the actions of the default and of every rule that names a syscall:
 *
 * FULL: all are LOG.
 * PARTIAL: what its base refuses is logged, the rest is let through (ALLOW) or answered by a
 * supervisor (NOTIFY). So is an enforcing profile with SECCOMP_FILTER_FLAG_LOG: its refusals are
 * in the log; what a program would have done after one is not.
 * NONE: something is refused unlogged (ERRNO, TRAP, TRACE), or ends the process (KILL is always
 * logged, but only the first is ever seen), or nothing is logged at all.
 * UNKNOWN: not JSON, or an action that is not known.
 */
enum coverage metadata_coverage(struct str seccomp);

#endif
