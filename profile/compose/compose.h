/*
 * A composition: the least profile that allows what is needed, alone or on top of others.
 *
 *     needs, base, profiles to merge  ->  one filter, the mildest answer of all  ->  OCI document
 *
 *     bases.h    each base, built for all arches
 *     entries.h  what becomes of each needed name, and the names that get a plain rule
 *     check.h    the self-check of the text
 *
 * Alone it is a list of names under a default action that refuses. With a base or profiles to
 * merge, each is built as its runtime builds it, and the filters are joined: for each call and its
 * arguments, the mildest of their answers counts (profile/filter/filter.h). The joint filter is
 * written back as a profile and proven (profile/write/export.h). So rules of two profiles are
 * always alternatives, and never conditions on top of each other. If an export cannot express the
 * joint filter, the rules are listed side by side as they were, provided that the result passes
 * the self-check.
 *
 * What stays: a call that the base allows for some arguments only is observed without its
 * arguments. The observation does not tell whether it needs more, so the call stays as the base has
 * it. If a rule of the base asks a tracer or a listener, it goes on to decide. If a rule of the
 * base answers with ENOSYS (clone3 in Docker's default), programs fall back from the call, and
 * often it would bypass the conditions of another call: it stays refused. `widen` allows all of
 * these for all arguments. composed.names lists them in both cases.
 *
 * runc's stub answers calls that are newer than the newest name. If a need moves it, the calls that
 * it has answered so far keep ENOSYS by a rule. On i386 a rule for socket opens number 359 beside
 * socketcall, but runc does not know that: a stub that begins below hides the number, and a newer
 * name uncovers it.
 *
 * The options decide a base's conditions on capabilities, kernel and arch; the composition is for
 * such a container.
 *
 * The self-check reads the finished text: everything that is needed passes, except what was left as
 * above, and what passes is needed, or passes under the base or a merged profile. It covers all
 * numbers and arguments on every arch.
 */
#ifndef SCLOG_PROFILE_COMPOSE_COMPOSE_H
#define SCLOG_PROFILE_COMPOSE_COMPOSE_H

#include "base/buf.h"
#include "profile/document/lint.h"
#include "profile/compose/needs.h"
#include "profile/profile.h"

struct composing {
	const struct needs *needs; /* may be empty if there are bases */
	/* The base first, then the profiles to merge, all loaded with `options`. */
	struct profile *const *bases;
	size_t base_count;
	struct profile_options options;
	/*
	 * Replaces the default action of each base, which has to refuse; refusals by rules stay.
	 * If not given, the mildest of the bases' own is used, or ERRNO with ENOSYS without bases.
	 */
	bool has_default;
	uint32_t default_action; /* SECCOMP_RET_* with its data */
	bool widen;
};

/* What became of a name that a base does not simply allow. */
enum composed_kind {
	COMPOSED_ADDED,       /* refused or logged by the bases, allowed now */
	COMPOSED_WIDENED,     /* CONDITIONAL or FALLBACK otherwise, allowed now for all arguments */
	COMPOSED_CONDITIONAL, /* left: allowed for some arguments, or by a tracer or listener */
	COMPOSED_FALLBACK,    /* left: refused with ENOSYS on purpose */
};

struct composed_name {
	enum composed_kind kind;
	const char *name; /* owned by the composition */
	uint32_t token;   /* an arch for which this holds; others may differ */
};

struct composed {
	/* OCI JSON of linux.seccomp: names sorted, the same bytes every time */
	struct buf document;
	struct composed_name *names; /* by kind, then by name; empty without bases */
	size_t name_count;
	struct lints notes; /* for the user: arches that were added ... */
};

/*
 * Composes and checks. -EINVAL if there are neither needs nor a base, if a base is no filter, if
 * the requested default action is stricter than a base's that does not refuse, if libseccomp does
 * not build the profile, and if OCI cannot express what the bases do (err lists it). -EPROTO if the
 * self-check fails, which is a bug in sclog: err names the call. After an error there is no
 * document. Call composed_release() in any case.
 */
int compose(const struct composing *composing, struct composed *ret_composed, struct err *err);
void composed_release(struct composed *composed);

#endif
