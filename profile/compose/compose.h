/*
 * A composition: the least profile that lets through what is needed, alone or on top of others.
 *
 *     needs, base, profiles to merge  ->  one filter, the mildest answer of all  ->  OCI document
 *
 * Alone it is a list of names under a default that refuses. With a base or profiles to merge, every
 * one is built as its runtime builds it, the filters are joined so that for each call and all its
 * arguments the mildest of their answers holds (profile/filter/filter.h), and the joint filter is
 * written back as a profile and proven (profile/write/export.h). So rules of two profiles are
 * alternatives and never conditions on top of each other, whatever they look like. Where an export
 * cannot say it, the rules are listed side by side as they were, if the result passes the
 * self-check.
 *
 * What stays. A call that the base lets through for some arguments only is observed without its
 * arguments, so the observation cannot tell whether it needs more: it stays as the base has it. A
 * call for which the base asks a tracer or a listener by a rule stays theirs to decide. A call that
 * the base answers with ENOSYS by a rule of its own (clone3 in Docker's default) is one that
 * programs fall back from, and often one that would lead around the conditions of another: it stays
 * refused. `widen` lets all of these through whatever the arguments. Each is told either way.
 *
 * runc's stub answers what is newer than the newest name. Where a need moves it, what it has
 * answered so far keeps ENOSYS by a rule. On i386 a rule for socket opens number 359 beside
 * socketcall, and of that runc knows nothing: a stub that begins below hides it, and a newer name
 * brings it to light.
 *
 * What it is for. A base's conditions on capabilities, kernel and arch are decided as the options
 * say; the composition is for such a container.
 *
 * The self-check asks the finished document, loaded anew: everything that is needed passes, but for
 * what was left as above; and what passes is needed, or passes under the base or a merged profile.
 * It runs over every number worth asking on every arch, all arguments considered.
 */
#ifndef SCLOG_PROFILE_COMPOSE_COMPOSE_H
#define SCLOG_PROFILE_COMPOSE_COMPOSE_H

#include "base/buf.h"
#include "profile/document/lint.h"
#include "profile/compose/needs.h"
#include "profile/profile.h"

struct composing {
	const struct needs *needs; /* may be empty where there are bases */
	/* The base first; what is merged follows. Loaded for the same host, runtime and container.
	 */
	struct profile *const *bases;
	size_t base_count;
	struct profile_options options; /* those that the bases were loaded with */
	/*
	 * Else the mildest of the bases' own, or ERRNO with ENOSYS where there is none. It takes
	 * the place of a base's default that refuses; refusals by rules stay as they are.
	 */
	bool has_default;
	uint32_t default_action; /* SECCOMP_RET_* with its data */
	bool widen;
};

/* What became of one name that a base does not simply allow. */
enum composed_kind {
	COMPOSED_ADDED,       /* refused or logged by the bases, let through now */
	COMPOSED_WIDENED,     /* allowed for some arguments, or fallen back from; now for all */
	COMPOSED_CONDITIONAL, /* left: allowed for some arguments, or by a tracer or a listener */
	COMPOSED_FALLBACK,    /* left: refused with ENOSYS on purpose */
};

struct composed_name {
	enum composed_kind kind;
	const char *name; /* owned by the composition */
	uint32_t token;   /* the arch for which that was found; others may differ */
};

struct composed {
	/* OCI JSON of linux.seccomp: names sorted, the same bytes every time */
	struct buf document;
	struct composed_name *names; /* by kind, then by name; empty without bases */
	size_t name_count;
	struct lints notes; /* what whoever loads it should know: arches that were added ... */
};

/*
 * Composes and checks. -EINVAL where the needs are empty and there is no base, where a base is no
 * filter, where it lets through by default and has_default would take that away, where libseccomp
 * takes no such profile, and where OCI cannot say what the bases do (err lists it); -EPROTO where
 * the self-check fails, which is a mistake of sclog's: err has the call. composed_release() is due
 * in any case; after an error there is no document.
 */
int compose(const struct composing *composing, struct composed *ret_composed, struct err *err);
void composed_release(struct composed *composed);

#endif
