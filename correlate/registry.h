/*
 * The registry of containers that were seen: one struct for each, asked of the runtime's files
 * when it is first seen, since they may be gone a second later.
 *
 * Containers stay where they are until registry_sweep(), so that lifetimes and events may point to
 * them; they are kept without the profile's text, which only the store wants.
 */
#ifndef SCLOG_CORRELATE_REGISTRY_H
#define SCLOG_CORRELATE_REGISTRY_H

#include "correlate/metadata.h"

struct registry;

/* Containers on file at most, those of a user at most (users share sixteen such parts by their
 * uid), and those that lie in another one (likewise). Where there is no room there is none for a
 * new one. */
#define REGISTRY_MAX         32768
#define REGISTRY_SHARE       512
#define REGISTRY_RETIRED_MAX 4096

/* Told of each container when something new is known of it, profile and all; `trouble` has the
 * paths that could not be read, one a line. Both live until the callback returns. If it returns
 * false, it is told again at the next sight. */
typedef bool registry_described_fn(void *context, const struct container *container,
				   struct str trouble);

/* metadata is borrowed; NULL: nothing is asked, the hint is all. */
struct registry *registry_new(struct metadata *metadata, registry_described_fn *described,
			      void *context);
void registry_free(struct registry *registry);

/*
 * The container of that hint: of its id, owner and outer container (correlate/owner.h). At the first
 * sight, and a few times more while nothing is known but the hint, the runtime's files are asked; a
 * user's as long as that user's time for it lasts. NULL where there is no room for another one.
 */
const struct container *registry_container(struct registry *registry,
					   const struct metadata_hint *hint);

/* The same for one that is being made now, perhaps again with another profile: asks anew. */
const struct container *registry_created(struct registry *registry,
					 const struct metadata_hint *hint);

/*
 * The answer to what was asked of metadata_options.describe, where that was late. Of the hint id and
 * owner count. container NULL: there is none; took_ns is charged to the user in any case.
 */
void registry_answer(struct registry *registry, const struct metadata_hint *hint,
		     const struct container *container, bool is_found, struct str trouble,
		     int64_t took_ns);

/* One known from before (the store); its strings are copied. NULL where there is no room. */
const struct container *registry_restore(struct registry *registry,
					 const struct container *container);

/*
 * Forgets the containers that nobody points to and that were not seen since the last sweep. used:
 * all that somebody points to, in any order and any number of times; it is sorted. One that is
 * forgotten too early is asked for again.
 */
void registry_sweep(struct registry *registry, const struct container **used, size_t count);

/* Changes when a container was described anew: registry_container() then gives another one. */
uint64_t registry_version(const struct registry *registry);

/* The one of that hint if it is on file, else NULL. */
const struct container *registry_find(const struct registry *registry,
				      const struct metadata_hint *hint);

/* What registry_new() was given. */
struct metadata *registry_metadata(const struct registry *registry);

size_t registry_count(const struct registry *registry);

/* Those included that were described anew since and wait for the next sweep. */
size_t registry_size(const struct registry *registry);

#endif
