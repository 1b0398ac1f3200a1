/*
 * A systemd unit, or a drop-in of one: which filters systemd would install for its processes.
 *
 * systemd.exec(5) says what is written, src/core/load-fragment.c and src/shared/seccomp-util.c of
 * systemd 252 and 255 what is made of it:
 *
 * - SystemCallFilter= is a list to allow, or with `~` a list to refuse. The first one decides
 *   which; later ones add to it or, with the other sign, take away; an empty one starts over. A
 *   list to allow begins with @default. `~name:errno` (or :kill) refuses that one otherwise, in
 *   either kind of list; an errno without `~` makes systemd ignore the word.
 * - What is refused kills the process, or returns SystemCallErrorNumber=.
 * - Every local architecture gets a filter of its own, which lets calls of others through. On
 *   x86-64 those are x86, x32 and x86-64 itself.
 * - Since 255 a list to allow refuses in that way only what is in @known; other numbers, which are
 *   newer than that systemd, get ENOSYS. Before it makes no difference (Debian 12 has 252).
 * - SystemCallArchitectures= is a filter more, which kills the thread for a local architecture
 *   that is not listed. The native one is never blocked.
 * - SystemCallLog= is a filter more for each architecture: LOG for its list, or with `~` for all
 *   the others.
 * - A rule that says what the filter's default says anyway is refused by libseccomp, and the unit
 *   fails to start with status 228/SECCOMP.
 *
 * All these filters stay, and the strictest action counts. What @groups hold is asked of
 * `systemd-analyze syscall-filter`, never known here. Settings such as PrivateDevices= install
 * filters as well, which are not judged: a lint names each.
 */
#ifndef SCLOG_PROFILE_FILTER_UNIT_H
#define SCLOG_PROFILE_FILTER_UNIT_H

#include "base/buf.h"
#include "profile/document/lint.h"
#include "profile/filter/filter.h"

/* What the words of the lists come to. */
struct unit_call {
	char *name;
	enum {
		UNIT_CALL_PLAIN, /* the list's own action */
		UNIT_CALL_ERRNO,
		UNIT_CALL_KILL,
	} how;
	unsigned error;
	unsigned line;
};

struct unit_list {
	bool present; /* some line began it */
	bool allows;  /* the calls are those to allow (to log), not those to refuse (not to log) */
	struct unit_call *all;
	size_t count;
};

#define UNIT_MAX_ARCHES 32

struct unit {
	struct unit_list filter, log;
	unsigned filter_line; /* of the first line of the list that counts */
	bool has_errno;       /* SystemCallErrorNumber=, else what is refused kills */
	unsigned error;
	bool has_arches;                  /* SystemCallArchitectures= */
	uint32_t arches[UNIT_MAX_ARCHES]; /* SCMP_ARCH_*; native is 0 */
	size_t arch_count;
	struct unit_list known; /* @known, where it counts */
};

/* What this host's systemd says of its groups. */
struct unit_groups {
	struct buf text;          /* `systemd-analyze syscall-filter`; empty: not to be had */
	struct err failed;        /* then: why */
	unsigned systemd_version; /* 0: not known, taken for 255 or later */
};

/*
 * Reads it. What systemd would ignore with a word in its log is a lint here. -EINVAL with
 * "LINE:COLUMN: what" where the groups are needed and not known. unit_release() is due in any case.
 */
int unit_parse(struct str text, const struct unit_groups *groups, struct unit *ret_unit,
	       struct lints *lints, struct err *err);
void unit_release(struct unit *unit);

/* NULL: the list does not have it. */
struct unit_call *unit_list_find(const struct unit_list *list, const char *name);

/* What systemd calls the arch of libseccomp's token in SystemCallArchitectures=; NULL if it does
 * not know it. Static. */
const char *unit_arch_name(uint32_t token);

/*
 * The filters for a host of options->arch, as a stack of this machine's byte order. Its arches are
 * those that have a filter of their own. *ret_default: what a call gets that no word names.
 */
int unit_build(const struct unit *unit, const struct profile_options *options,
	       struct filter *ret_filter, uint32_t *ret_default, struct err *err);

#endif
