/*
 * What a diff is made of, for the files that write it: diff_text.c, diff_json.c, diff_csv.c.
 */
#ifndef SCLOG_REPORT_DIFF_PRIVATE_H
#define SCLOG_REPORT_DIFF_PRIVATE_H

#include "report/change.h"
#include "report/diff.h"
#include "report/runs.h"
#include "report/ran.h"
#include "report/text.h"
#include "report/traits.h"
#include "report/unused.h"

/* Groups that are kept apart; programs beyond them share one, so that memory stays bounded. */
#define DIFF_GROUPS_MAX 65536

/* What can be said of a group. */
enum diff_status {
	DIFF_READY, /* it made no call that the profile refuses, and all of those would be known */
	DIFF_BREAKING, /* it did */
	DIFF_UNKNOWN,  /* none is known, and others may have been made */
};

/* A profile that was in force for some of the group, and what the log under it tells. */
struct diff_view {
	const struct active_profile *in_force;
	struct blind *blind;
};

struct diff_group {
	struct group_key key;
	struct diff_view *views; /* each once */
	size_t view_count;
	bool unseen;        /* for some of it the active profile is not known */
	struct texts nodes; /* on which it has something */
	struct ran ran;
	bool is_lossy;          /* records that were lost may be its own */
	bool has_others;        /* records of syscalls or arches that are not asked about */
	uint64_t unexplained;   /* records that the profile in force cannot have made */
	bool is_rest;           /* what is over DIFF_GROUPS_MAX */
	enum coverage coverage; /* the worst of its parts */
	uint64_t records;       /* judged */
	uint64_t without_arch, killed;
	uint64_t beyond; /* of these without arch: the store's budget was used up */
	struct traits traits;
	struct runs runs;  /* with asks_runs */
	struct needs used; /* with asks_unused; and which profiles judged it */
	uint64_t judged_by;
	struct finding **findings;
	size_t finding_count;
	void *tree; /* of findings by finding_compare_key(), see tsearch(3) */
};

struct diff {
	struct active *active; /* NULL: nothing is known of profiles in force */
	int64_t since_ms, until_ms;
	enum group_by by;
	bool strict, asks_unused, asks_runs, joins_programs;
	struct diff_group **groups;
	size_t group_count;
	void *tree;              /* of groups by group_key_compare() */
	struct diff_group *last; /* where the last observation went: the next goes there too */
	struct evidence evidence;
	bool is_selective; /* the selection names something */
	size_t loss_reasons;
	bool flawed; /* the evidence of all groups: an input was not read, serials are missing ... */
	enum coverage coverage;
	struct unused unused;
	struct change **changes; /* of profiles, as asked about */
	size_t change_count;
};

/* Whether findings of that kind make an exit code of 1. */
bool diff_kind_differs(const struct diff *diff, enum finding_kind kind);

bool diff_group_differs(const struct diff *diff, const struct diff_group *group);

/* Whether records of the group may be missing. */
bool diff_group_is_flawed(const struct diff *diff, const struct diff_group *group);

/* diff_calls.c: of all groups together, each call once: a table of them, and which of those that
 * differ are of high risk. */
void diff_write_calls(const struct diff *diff, const struct diff_writing *writing, FILE *out);
void diff_write_risks(const struct diff *diff, const struct diff_writing *writing, FILE *out);
enum text_colour diff_kind_colour(enum finding_kind kind);

/* diff_status.c */
enum diff_status diff_group_status(const struct diff *diff, const struct diff_group *group);
const char *diff_status_name(enum diff_status status);

/* The calls that are blind under one of the profiles in force, or that were not observed and are
 * refused already; sorted. */
void diff_group_calls(const struct diff_group *group, enum blind_kind kind,
		      struct texts *ret_names);

/* Arches that the profile does not know and the active one let through; sorted. */
void diff_group_arches(const struct diff_group *group, struct texts *ret_names);

/* The first few of them, and how many more. */
void diff_put_names(struct buf *buf, const struct texts *names);

/* Why it is unknown: "an enforcing profile was active, and refusals are not logged". */
void diff_put_doubt(struct buf *buf, const struct diff *diff, const struct diff_group *group);

/* The commands that answer what is left to do; each is put by the callback. */
typedef void diff_next_fn(void *context, const char *command);
void diff_group_next(const struct diff *diff, const struct diff_group *group,
		     const struct diff_writing *writing, diff_next_fn *each, void *context);

/* Counts groups of each status. */
struct diff_summary {
	size_t groups, statuses[3];
};
struct diff_summary diff_summarize(const struct diff *diff);

/* Whether the group, or the finding in it, is to be written. */
bool diff_shows_group(const struct diff *diff, const struct diff_group *group,
		      const struct diff_writing *writing);
bool diff_shows_kind(const struct diff *diff, enum finding_kind kind,
		     const struct diff_writing *writing);

/* Whether what is unused is to be written. */
bool diff_shows_unused(const struct diff *diff, const struct diff_writing *writing);

/* Why it cannot be concluded that the group does not need what it did not use; NULL where it can. */
const char *diff_unused_doubt(const struct diff *diff, const struct diff_group *group,
			      const struct selection *selection);

/* Parts of the JSON, for `sclog report` too; the caller's. */
json_t *diff_profile_json(const struct profile_info *profile);
json_t *diff_window_json(const struct selection *selection);
json_t *diff_summary_json(const struct diff *diff);
json_t *diff_group_json(const struct diff *diff, const struct diff_group *group,
			const struct diff_writing *writing);

void diff_write_text(const struct diff *diff, const struct diff_writing *writing, FILE *out);
void diff_write_json(const struct diff *diff, const struct diff_writing *writing, FILE *out);
void diff_write_csv(const struct diff *diff, const struct diff_writing *writing, FILE *out);

#endif
