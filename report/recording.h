/*
 * A recording: what a selection's containers were seen to call, by group, ready to become profiles.
 *
 * Filled by the caller's queries, then finished once, then read. Each group has its needs
 * (profile/compose/needs.h) and its evidence: window, records, containers, losses, coverage. What is in no
 * container belongs to no group, unless the selection asks for it (--host, --unattributed) or has
 * no container at all; then it is a group of its own: one for each node's host, and one for what of
 * a node is unattributed, whichever programs it was, since a log whose containers nobody named is
 * most often that of one workload. Grouped by node or all, what was asked for joins the containers.
 *
 * A call that was refused, or for which the process was killed, is a need like any other: the
 * program wanted it.
 */
#ifndef SCLOG_REPORT_RECORDING_H
#define SCLOG_REPORT_RECORDING_H

#include "profile/compose/needs.h"
#include "report/evidence.h"
#include "report/group.h"
#include "report/runs.h"
#include "report/spread.h"
#include "report/traits.h"

struct recorded_group {
	struct group_key key;
	struct needs needs;
	enum coverage coverage;    /* the worst of its containers' */
	uint64_t records;          /* counted into needs */
	int64_t first_ms, last_ms; /* of those; valid with records */
	char **containers; /* "web (268887c643f8)", sorted, each once: what people call them */
	size_t container_count;
	/*
	 * Bounding capabilities that all of its containers have. Known if every container's are;
	 * what they do not have in common is left out, and caps_differ is set.
	 */
	bool has_caps, caps_differ;
	uint64_t caps;
	char **namespaces; /* of the containers, sorted, each once; those known */
	size_t namespace_count;
	struct traits traits;
	struct runs runs;
	struct spread spread;
	struct evidence evidence; /* its own: what is known against it alone */
};

/* Groups that are kept; what records are in none of them is a reason. */
#define RECORDING_GROUPS_MAX 65536

/* Members of a list in recorded_evidence(); of further ones the number is told. */
#define RECORDED_LISTED_MAX 100

/* Which phases are taken: bit N is enum phase N. */
#define RECORDING_ALL_PHASES 7U

struct recording;

/* `outside`: what is in no container is asked for. Free with recording_free(). */
struct recording *recording_new(enum group_by by, unsigned phases, bool outside);
void recording_free(struct recording *recording);

void recording_add_container(struct recording *recording, const struct container_summary *summary);
void recording_add_observation(struct recording *recording, const struct observation *observation);
/* A loss inside the selection's window, after all observations: it does not count where all that was
 * selected began later or had ended before (report/ran.h). */
void recording_add_loss(struct recording *recording, const struct loss *loss);

/* Of the whole recording; the caller adds what else it knows. Its numbers of records,
 * which are those of all groups, are there once it is finished. */
struct evidence *recording_evidence(struct recording *recording);

/* After each part of the observations (query_observations_by_part()): what has a single run so far is told
 * apart by hours. */
int recording_read_hours(struct recording *recording, struct store *store,
			 const struct selection *selection, struct err *err);

/* Nothing is added after this: sorts, drops what belongs to no group, draws conclusions. */
void recording_finish(struct recording *recording);

/* Groups with something observed or not, by key; the recording's. */
struct recorded_group *recording_groups(struct recording *recording, size_t *ret_count);

/*
 * One group of several: what each of them needs, and what is known against each of them. Its key is
 * GROUP_BY_SHARED. The caller's, for recorded_group_release().
 */
struct recorded_group recorded_join(struct str name, struct recorded_group *const *groups,
				    size_t count);
void recorded_group_release(struct recorded_group *group);

/* Records that are in no container and therefore in no group. */
uint64_t recording_outside(const struct recording *recording);

/*
 * What a profile of the group carries with it (profile/write/form.h): "since" and "until" of its first and
 * last record (RFC 3339, UTC; not there without records), "records", "containers", "coverage",
 * "complete", "lost", "reasons". The reasons are the group's own and the recording's, the losses the
 * recording's: which container's records are missing cannot be known. A new object, the caller's.
 */
json_t *recorded_evidence(const struct recording *recording, const struct recorded_group *group);

/* Whether nothing is known that is missing for that group. */
bool recorded_is_complete(const struct recording *recording, const struct recorded_group *group);

#endif
