/*
 * What a diff is made of, for the files that write it: diff_text.c, diff_json.c, diff_csv.c.
 */
#ifndef SCLOG_REPORT_DIFF_PRIVATE_H
#define SCLOG_REPORT_DIFF_PRIVATE_H

#include "report/diff.h"

/* Groups that are kept apart; programs beyond them share one, so that memory stays bounded. */
#define DIFF_GROUPS_MAX 65536

/* Reasons that are listed; of the others only the number is kept. */
#define DIFF_REASONS_MAX 256

struct diff_group {
	struct group_key key;
	bool is_rest;           /* what is over DIFF_GROUPS_MAX */
	enum coverage coverage; /* the worst of its parts */
	uint64_t records;       /* judged */
	struct finding **findings;
	size_t finding_count, finding_size;
	void *tree; /* of findings by finding_compare_key(), see tsearch(3) */
};

struct diff {
	enum group_by by;
	bool strict;
	struct diff_group **groups;
	size_t group_count, group_size;
	void *tree;              /* of groups by group_key_compare() */
	struct diff_group *last; /* where the last observation went: the next goes there too */
	struct buf *reasons;
	size_t reason_count, reasons_unlisted;
	uint64_t records, lost, without_arch;
	bool incomplete;
	enum coverage coverage;
};

/* Whether findings of that kind make an exit code of 1. */
bool diff_kind_differs(const struct diff *diff, enum finding_kind kind);

bool diff_group_differs(const struct diff *diff, const struct diff_group *group);

/* Whether the group, or the finding in it, is to be written. */
bool diff_shows_group(const struct diff *diff, const struct diff_group *group,
		      const struct diff_writing *writing);
bool diff_shows_kind(const struct diff *diff, enum finding_kind kind,
		     const struct diff_writing *writing);

void diff_write_text(const struct diff *diff, const struct diff_writing *writing, FILE *out);
void diff_write_json(const struct diff *diff, const struct diff_writing *writing, FILE *out);
void diff_write_csv(const struct diff *diff, const struct diff_writing *writing, FILE *out);

#endif
