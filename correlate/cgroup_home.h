/*
 * The place of sclog's own cgroup namespace among the host's cgroups.
 *
 * In a container of its own, a DaemonSet's on cgroup v2 say, /proc/PID/cgroup names every cgroup by
 * its way from the namespace's root: "/../../pod1234/ID" (cgroup_namespaces(7)). What is above is not
 * in it, and with that who may have made it. The namespace's root is found among the folders of the
 * hierarchy, and the host's paths are told from it.
 */
#ifndef SCLOG_CORRELATE_CGROUP_HOME_H
#define SCLOG_CORRELATE_CGROUP_HOME_H

#include "base/buf.h"
#include "base/err.h"
#include "correlate/cgroup.h"
#include "correlate/procfs.h"

/* Opens the folder where a hierarchy is mounted below root, as systemd does it on v1, hybrid and v2
 * hosts; controllers as in cgroups(7), empty for v2. Returns its descriptor (O_PATH) or -1. */
int cgroup_open_hierarchy(int root, struct str controllers);

/* A folder below another one by a name that has no NUL; as above. */
int cgroup_open_folder(int folder, struct str name);

/*
 * Tells the rules where the namespace's root is in each hierarchy in which it is not the host's. root:
 * the folder that stands for the host's /. It is an error if a place cannot be found: of such paths
 * nobody knows who could make them. Reads each cgroup's list of processes down to that depth.
 */
int cgroup_find_home(int root, const struct procfs *procfs, struct cgroup_rules *rules,
		     struct err *err);

#endif
