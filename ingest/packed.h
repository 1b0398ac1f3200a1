/*
 * The logs in an archive of a host: what `sos report`, supportconfig, a cloud's log collector or a
 * person packed.
 *
 * Which members are logs is known by their names alone: the log of a program, which a container may
 * have written, lies beside them and could say anything. A line that names no host is the archive's
 * own host's, whose name stands in another member. Archives within the archive are read as well.
 */
#ifndef SCLOG_INGEST_PACKED_H
#define SCLOG_INGEST_PACKED_H

#include "ingest/input.h"

/* What a member is, by its path. */
enum packed_role {
	PACKED_OTHER,
	PACKED_LOG,
	PACKED_HOSTNAME, /* *ret_root: so many bytes of the path are the folder of that host */
	PACKED_ARCHIVE,
	PACKED_JOURNAL, /* which only libsystemd reads, from a file of its own */
};
enum packed_role packed_role(const char *path, size_t *ret_root);

/*
 * Takes a log: a member, which the caller closes. host: whose it is, empty if the archive does not say.
 * member_err: set if the member, or the archive in it, cannot be read; then the member may have a path and
 * nothing else. Returns 0, or what ends the walk.
 */
typedef int packed_fn(void *context, struct input *member, struct str host, struct err *member_err,
		      struct err *err);

/*
 * Calls take() for each log in the archive (tar_is()). Returns 0 or what take() returned; what the
 * archive itself fails by is in *archive_err.
 */
int packed_each(struct input *archive, packed_fn *take, void *context, struct err *archive_err,
		struct err *err);

#endif
