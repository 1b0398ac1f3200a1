/*
 * The diff: observations on one side, a profile's verdicts on the other, and how complete the
 * evidence is.
 *
 * Filled by the caller's query, then finished once, then written. Memory grows with what the
 * profile refuses, not with what was observed - unless what is unused is asked for.
 */
#ifndef SCLOG_REPORT_DIFF_H
#define SCLOG_REPORT_DIFF_H

#include "report/active.h"
#include "report/evidence.h"
#include "report/finding.h"
#include "report/format.h"
#include "report/group.h"

struct diff;

/* strict: a fallback is a difference too. */
struct diff *diff_new(enum group_by by, bool strict);
void diff_free(struct diff *diff);

/* Lists what the profile lets through and nobody used, too; to be said before anything is added. */
void diff_ask_unused(struct diff *diff);

/* Says of each group how much of it was seen; to be said before anything is added. */
void diff_ask_runs(struct diff *diff);

/* What a node did outside containers is one group, whichever programs it was; to be said before anything is
 * added. */
void diff_join_programs(struct diff *diff);

/* Says which profiles were in force, and in which window; to be said before anything is added. */
void diff_set_active(struct diff *diff, struct active *active, const struct selection *selection);

/* A container of the selection, with or without records, and the profile that judges it (NULL: none
 * does, and only the evidence is of use): it gets its
 * group, its coverage, and what could be seen of it. */
void diff_add_container(struct diff *diff, const struct container_summary *summary,
			struct profile *profile, struct profile *against);

/*
 * Judges the observation by the profile, NULL or one that must live as long as the diff. With `against`, not
 * NULL, only what the change from that one takes is a finding (report/change.h).
 */
void diff_add_observation(struct diff *diff, const struct observation *observation,
			  struct profile *profile, struct profile *against);

/*
 * A loss inside the selection's window; after everything else was added. It counts for the groups
 * that have something on its node and may have run at that time (report/ran.h); where the
 * selection names containers or programs and it counts for no group, it does not count at all.
 */
void diff_add_loss(struct diff *diff, const struct loss *loss);

/* After the last observation: what the groups did that the selection leaves out by syscall or arch. A record of
 * it shows that the group was observed; a kill, or one without an arch, keeps the answer open. */
int diff_read_others(struct diff *diff, struct store *store, const struct selection *selection,
		     struct err *err);

/* After each part of the observations (query_observations_by_part()): what has a single run so far is told
 * apart by hours. */
int diff_read_hours(struct diff *diff, struct store *store, const struct selection *selection,
		    struct err *err);

/* How complete it is, for the caller to add what else it knows. */
struct evidence *diff_evidence(struct diff *diff);

/* Nothing is added after this: sorts, and draws the conclusions that the functions below give. */
void diff_finish(struct diff *diff);
bool diff_has_differences(const struct diff *diff);
bool diff_is_complete(const struct diff *diff);

/* What stands around the groups, and how they are to be written. */
struct diff_writing {
	struct profile_info profile, against; /* the latter's source is NULL: there is none */
	const struct selection *selection;    /* its window is shown */
	const char *where; /* what commands need to read the same: " --db a.db"; never NULL */
	bool is_fleet;     /* of nodes that send what they have */
	bool each_group;   /* text: each of several groups, not only which calls */
	bool verbose;      /* text: counts, times and programs of each call */
	bool colour;
	size_t columns; /* text: of the terminal; 0: none, and what programs may read is on one line */
	bool raw;       /* CSV: names as they are (report/csv.h) */
	/* What is neither missing, logged, (strict) fallback nor unknown is left out; without any of
	 * that nothing is written. */
	bool only_differences;
};

/*
 * Writes the finished diff. Returns 0, or the negative errno of a failed write.
 */
int diff_write(const struct diff *diff, enum format format, const struct diff_writing *writing,
	       FILE *out);

#endif
