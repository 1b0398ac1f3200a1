/*
 * Attribution: what the process connector, /proc and the cgroup rules say, put together into the
 * container of an event.
 *
 * No container is told by a name alone that a suspect chooses: each is its owner's
 * (correlate/owner.h). A cgroup's owner is who could make it; a command line speaks for the process's
 * user, and a user's only for a container with a bundle of that user's, or one that is on file as
 * that user's. What it says beyond that is refused and counted, and the process is what its cgroup
 * makes it.
 *
 * The evidence that is believed, strongest first: the process's own cgroup in a container; the
 * container that a set-up ancestor names in its command line; what the parent is in; a systemd
 * service's cgroup. A set-up process's record is never final as the host's or a service's:
 * `docker exec` begins in the cgroup of whoever calls it, and moves later.
 */
#ifndef SCLOG_CORRELATE_ATTRIBUTE_H
#define SCLOG_CORRELATE_ATTRIBUTE_H

#include "correlate/cgroup.h"
#include "correlate/connector.h"
#include "correlate/event.h"
#include "correlate/process.h"
#include "correlate/procfs.h"
#include "correlate/registry.h"

struct attributor;

/* All borrowed. */
struct attributor_options {
	const struct procfs *procfs;
	const struct cgroup_rules *rules;
	struct registry *registry;
};

struct attributor *attributor_new(const struct attributor_options *options);
void attributor_free(struct attributor *attributor);

/* What /proc said at an exec, right then: empty where it said nothing. */
struct exec_look {
	struct str cgroup;
	bool has_claimant;
	uint32_t claimant;  /* setup_claimant(): who says what the command line says */
	struct str cmdline; /* of a set-up process only */
};

/* Something happened to a process. look is for an exec. */
void attribute_process(struct attributor *attributor, const struct process_event *event,
		       const struct exec_look *look);

/* Processes that claimed to set up a container that is not their user's, or for which there was no
 * room; since it began. */
struct refused_claims {
	uint64_t count;
	uint32_t uid; /* the last one's user */
};
struct refused_claims attribute_refused(const struct attributor *attributor);

/* Looks at all of /proc: at the start, and after process events were lost. */
int attribute_scan(struct attributor *attributor, struct err *err);

/* Samples the clocks, since records are stamped by one and processes by the other. Returns by how
 * many milliseconds the realtime clock was stepped since the last sample, 0 if it was not. */
int64_t attribute_clocks(struct attributor *attributor);

/*
 * Fills in the event's container, attribution, reason and phase from its record. Returns true if
 * that is settled; false if better evidence may still come: ask again, and with `final` take
 * what there is.
 */
bool attribute_event(struct attributor *attributor, struct event *event, bool final);

/* Processes that were forgotten while they ran, because there were more than PROCESS_MAX; since it
 * began. */
uint64_t attribute_forgotten(const struct attributor *attributor);

/* Forgets containers that no process on file is in and that were not seen since the last call. No
 * event that was attributed may be in anybody's hands. */
void attribute_sweep(struct attributor *attributor);

/*
 * Tells of every container in which a process runs, perhaps several times. With `looks`, /proc is gone
 * through as well: a process whose leader ended, or that was moved there, is in no event. Returns 0 or
 * -errno.
 */
int attribute_running(struct attributor *attributor, bool looks, process_container_fn *each,
		      void *context, struct err *err);

/* A lifetime in a container, for the store: times are realtime milliseconds. */
struct attributed_lifetime {
	uint32_t pid;
	int64_t start_ms, end_ms; /* end_ms 0: it runs still */
	const struct container *container;
	bool entering;
};
typedef int attributed_lifetime_fn(void *context, const struct attributed_lifetime *lifetime);

/* Those that began or ended since the last call. */
int attribute_changed(struct attributor *attributor, attributed_lifetime_fn *each, void *context);

/* One from an earlier run. To be called before the first attribute_scan(). */
void attribute_restore(struct attributor *attributor, const struct attributed_lifetime *lifetime);

#endif
