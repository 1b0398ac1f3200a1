/*
 * A systemd unit or drop-in: the filters that systemd would install for its processes.
 *
 * The syntax is in systemd.exec(5), the effect in src/core/load-fragment.c and
 * src/shared/seccomp-util.c of systemd 252 and 255:
 *
 * - SystemCallFilter= is an allow list, or with `~` a deny list. The first assignment decides which;
 *   later ones add calls or, with the other sign, remove them; an empty one resets. An allow list
 *   starts with @default. `~name:errno` (or :kill) sets the action of that call in either kind of
 *   list. systemd ignores a word with an errno but without `~`.
 * - A refused call kills the process, or returns SystemCallErrorNumber=.
 * - Each local architecture gets its own filter, which allows calls of other architectures. On
 *   x86-64 these are x86, x32 and x86-64.
 * - Since 255, an allow list refuses like this only calls in @known. Other numbers, newer than that
 *   systemd, get ENOSYS. Before 255 there is no difference (Debian 12 has 252).
 * - SystemCallArchitectures= adds a filter that kills the thread on a local architecture that is not
 *   listed. The native one is never blocked.
 * - SystemCallLog= adds a filter for each architecture: LOG for its list, or with `~` for all other
 *   calls.
 * - libseccomp rejects a rule that repeats the filter's default; the unit then fails to start with
 *   status 228/SECCOMP.
 *
 * All filters stay installed, and the strictest action counts. The contents of @groups come from
 * `systemd-analyze syscall-filter`. Settings such as PrivateDevices= install filters too. These are
 * not evaluated; a lint names each.
 */
#ifndef SCLOG_PROFILE_FILTER_UNIT_H
#define SCLOG_PROFILE_FILTER_UNIT_H

#include "base/buf.h"
#include "profile/document/lint.h"
#include "profile/filter/filter.h"

/* A call in a list. */
struct unit_call {
	char *name;
	enum {
		UNIT_CALL_PLAIN, /* the list's action */
		UNIT_CALL_ERRNO,
		UNIT_CALL_KILL,
	} how;
	unsigned error;
	unsigned line;
};

struct unit_list {
	bool present; /* set by some line */
	bool allows;  /* its calls are allowed (logged), not refused (not logged) */
	struct unit_call *all;
	size_t count;
};

#define UNIT_MAX_ARCHES 32

struct unit {
	struct unit_list filter, log;
	unsigned filter_line; /* where the list that counts begins */
	bool has_errno;       /* SystemCallErrorNumber= is set; otherwise refused calls kill */
	unsigned error;
	bool has_arches;                  /* SystemCallArchitectures= */
	uint32_t arches[UNIT_MAX_ARCHES]; /* SCMP_ARCH_*; native is 0 */
	size_t arch_count;
	struct unit_list known; /* @known, since systemd 255 */
};

/* The groups of this host's systemd. */
struct unit_groups {
	struct buf text;          /* `systemd-analyze syscall-filter`; empty if that failed */
	struct err failed;        /* then: why */
	unsigned systemd_version; /* 0: unknown, treated as 255 or later */
};

/*
 * Parses a unit. What systemd would ignore with a warning in its log is a lint. -EINVAL with
 * "LINE:COLUMN: what" if a group is used and the groups are unknown. Call unit_release() in all cases.
 */
int unit_parse(struct str text, const struct unit_groups *groups, struct unit *ret_unit,
	       struct lints *lints, struct err *err);
void unit_release(struct unit *unit);

/* NULL if the call is not in the list. */
struct unit_call *unit_list_find(const struct unit_list *list, const char *name);

/* The name of libseccomp's token in SystemCallArchitectures=, static; NULL if systemd has none. */
const char *unit_arch_name(uint32_t token);

/*
 * Builds the filters for a host of options->arch, as a stack in this machine's byte order. The
 * stack's arches are those with a filter of their own. *ret_default is the answer to calls in no
 * list.
 */
int unit_build(const struct unit *unit, const struct profile_options *options,
	       struct filter *ret_filter, uint32_t *ret_default, struct err *err);

#endif
