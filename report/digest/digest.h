/*
 * The digest: what `sclog report` says, whichever form it takes.
 *
 * A diff (report/diff.h) says what the profile would break; the digest adds what each group did,
 * which of its calls are new, and which were refused as it ran. It is filled by the caller's
 * queries, finished once, then written by one of the writers in report/digest/write.h.
 *
 * New is a call (arch, number, action) that the group had not made before: digest_add_before() tells
 * what was there before.
 */
#ifndef SCLOG_REPORT_DIGEST_DIGEST_H
#define SCLOG_REPORT_DIGEST_DIGEST_H

#include "report/diff.h"
#include "report/runs.h"
#include "report/traits.h"

/* Calls that are kept of one group; a program can make up any number of them. */
#define DIGEST_CALLS_MAX 4096

/* Programs that are named with a call. */
#define DIGEST_PROGRAMS_MAX 4

struct digest_call {
	bool has_arch;
	uint32_t arch; /* AUDIT_ARCH_* */
	int32_t nr;
	uint32_t code;    /* SECCOMP_RET_* action */
	bool was_before;  /* it was there before */
	bool is_observed; /* in the window */
	bool is_new;      /* after digest_finish() */
	bool judged;      /* by a profile: then kind, or allowed */
	bool allowed;
	enum finding_kind kind;
	uint64_t count;
	bool count_exact;
	int64_t first_ms, last_ms;
	struct str programs[DIGEST_PROGRAMS_MAX]; /* owned */
	size_t program_count;
};

struct digest_group {
	struct group_key key;
	char *title; /* "workload shop/web": for a person, safe for a terminal */
	uint64_t records;
	int64_t first_ms, last_ms; /* valid with records */
	struct digest_call *calls; /* sorted */
	size_t call_count;
	uint64_t calls_cut; /* records of further calls */
	size_t new_count, refused_count;
	struct runs runs;
	struct traits traits;
};

struct digest;

/* knows_before: earlier calls will be added too, so that new ones can be told from them. */
struct digest *digest_new(enum group_by by, bool knows_before);
bool digest_knows_before(const struct digest *digest);
void digest_free(struct digest *digest);

/* What was there before the window, of the same selection. */
void digest_add_before(struct digest *digest, const struct observation *observation);

/* What is reported. The profile is the one that judges it; NULL for none. */
void digest_add(struct digest *digest, const struct observation *observation,
		struct profile *profile);

/* After the last: what has a single run is told apart by hours. */
int digest_read_hours(struct digest *digest, struct store *store, const struct selection *selection,
		      struct err *err);

/* Nothing is added after this. Groups without a record in the window are dropped. */
void digest_finish(struct digest *digest);

struct digest_group *const *digest_groups(const struct digest *digest, size_t *ret_count);

/* The group with that key; NULL if it did nothing. */
const struct digest_group *digest_find(const struct digest *digest, const struct group_key *key);

#endif
