/*
 * The profile that is in force for a container: what `container:NAME` stands for.
 *
 * A running container's is in its bundle, which the runtime wrote (correlate/bundle.h): it is
 * found through the cgroups of the processes that run now. Of a container that is gone the store
 * has what it had last, if `sclog watch` saw it or `ingest --in-force` stated it.
 */
#ifndef SCLOG_REPORT_IN_FORCE_H
#define SCLOG_REPORT_IN_FORCE_H

#include "profile/source.h"

/*
 * name: a container's name, or the beginning of its id. `source` is what the profile is called
 * from then on ("container:web"). db: the store, NULL for the usual one; where there is none, only
 * what runs is found. -ENOENT when nothing is known, -ENOTUNIQ when containers of that name have
 * different profiles.
 */
int in_force_acquire(const char *source, const char *name, const char *db,
		     struct profile_source **ret_source, struct err *err);

#endif
