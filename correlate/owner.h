/*
 * Whose a container is: of the user who could make its cgroup.
 *
 * Names of cgroups are free below a folder that one may write to: of a user's service manager
 * (user@UID.service), of a service with Delegate= and User=, of what an administrator handed over.
 * So it is the owners of the folders above the container's cgroup that tell who made it; the
 * cgroup's own does not, since runtimes give it to the container's root.
 */
#ifndef SCLOG_CORRELATE_OWNER_H
#define SCLOG_CORRELATE_OWNER_H

#include "base/buf.h"
#include "correlate/cgroup.h"
#include "correlate/metadata.h"

/*
 * The uid of the outermost folder above the container that is not root's, else the UID of the
 * first user@UID.service in the path, else 0. root: the folder that stands for /, below which
 * sys/fs/cgroup is looked for; root_uid: who is root in it.
 */
uint32_t owner_of_cgroup(int root, uint32_t root_uid, const struct cgroup_match *match);

/*
 * The id by which the container is known: "ID" of root's, "ID@UID" of a user's, "OUTER/ID" of one
 * in a container, however the latter two are called: separators in them are written as %2F, %40.
 */
void owner_put_id(struct buf *buf, const struct metadata_hint *hint);

/* The id of the container in which it lies. */
void owner_put_outer(struct buf *buf, const struct metadata_hint *hint);

/* "@UID", behind what that user named; nothing for root. */
void owner_put_owner(struct buf *buf, uint32_t owner);

#endif
