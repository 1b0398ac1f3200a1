/*
 * What the log of one filter can tell of another.
 *
 * While the records were made a filter was in force. Of the calls that another profile refuses, it
 * logged some, refused some in the same way, and let others through in silence: nobody can know
 * from the log whether those were made. Exact: both filters are read as diagrams
 * (profile/answers/answers.h) and joined, over all numbers and arguments.
 *
 * A call's record is made by the kernel (kernel/seccomp.c, seccomp_log()): LOG and KILL_* always,
 * other refusals only with SECCOMP_FILTER_FLAG_LOG, and all of them only where
 * kernel.seccomp.actions_logged has the action. An allowed call never has one.
 */
#ifndef SCLOG_REPORT_BLIND_H
#define SCLOG_REPORT_BLIND_H

#include "base/texts.h"
#include "profile/profile.h"
#include "store/query.h"

/* What can become of a call, for some of its arguments. */
enum blind_kind {
	BLIND_NOT,     /* the log has it, or the profile lets through what was refused */
	BLIND_PASSES,  /* let through by both and not logged: whether it is in use is not known */
	BLIND_ALREADY, /* refused by both with the same action and errno: nothing changes */
	BLIND_CALL,    /* refused by the profile, and not logged when it was made */
	BLIND_KINDS,
};

struct blind;

/* The profiles must live as long; actions: enum logged_action. against: only what this one lets through is
 * asked about; NULL: everything. */
struct blind *blind_new(struct profile *profile, struct profile *against, struct profile *in_force,
			unsigned actions);
void blind_free(struct blind *blind);

/*
 * The calls of a kind by name, on whichever of the profile's arches. One that is blind for some arguments or on some
 * arch is not among BLIND_ALREADY.
 */
const struct texts *blind_calls(const struct blind *blind, enum blind_kind kind);

/* Only these syscalls are asked about, as in a selection. */
void blind_keep(struct blind *blind, const struct choice *syscalls);

/* Arches that the profile does not know, so that it refuses whatever comes from them, and on which
 * the filter in force let something through without logging it. */
const struct texts *blind_arches(const struct blind *blind);

/* A filter computes more than can be worked out: some of BLIND_CALL may not be. */
bool blind_is_guess(const struct blind *blind);

/*
 * The profile's verdict on a call that was logged with this action (a record's code). A record has
 * no arguments, but that the filter in force logged it narrows them: under a log-mode twin only
 * what the profile refuses is logged. What the verdict points to lives as long as this.
 */
struct verdict blind_judge(struct blind *blind, uint32_t audit_arch, int32_t nr, uint32_t code);

/* Whether the filter in force can have made such a record; if not, another one was in force. */
bool blind_explains(struct blind *blind, uint32_t audit_arch, int32_t nr, uint32_t code);

#endif
