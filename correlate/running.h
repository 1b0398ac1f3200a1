/*
 * The containers that run now, by the cgroups of the processes that run now.
 */
#ifndef SCLOG_CORRELATE_RUNNING_H
#define SCLOG_CORRELATE_RUNNING_H

#include "correlate/metadata.h"

/* Containers of one host that are looked at; more are not. */
#define RUNNING_MAX 4096

/* Told of each once. Both live until it returns. confined: the process by which it was found is
 * under a seccomp filter. */
typedef void running_fn(void *context, const struct container *container, bool confined);

/*
 * Looks at every process. Whose container a cgroup is, is told as for a record (correlate/owner.h):
 * a user's cgroup that is called as another container is a container "ID@UID" of that user. Where
 * the first process does not lead to a profile, its parent is asked: a shim works in the bundle,
 * wherever that is. Returns 0 or -errno.
 */
int running_each(const struct metadata_options *options, running_fn *each, void *context,
		 struct err *err);

#endif
