/*
 * The log-mode twin of a profile: the same document, in which every refusal became a log.
 *
 * A container under the twin may do what its profile allows and what it refuses, and each call
 * that the profile would refuse is in the log. ERRNO, TRAP and KILL* become SCMP_ACT_LOG, the
 * default action and conditional rules included; what stood beside them for an errno goes, since
 * crun refuses an errno that no action takes. Everything else stays as it is, byte by byte.
 *
 * What cannot be a twin's: TRACE and NOTIFY stay, for who answers them decides; a program of an
 * arch that the filter lacks is killed as before.
 *
 * Changing actions is not enough where libseccomp lets one rule swallow another. A rule whose
 * action is the default's is dropped, so that a refusal with an errno of its own, which beats an
 * ALLOW for the same syscall, would be gone and the ALLOW back in force. So the twin is proven:
 * both filters are built, and their diagrams are compared over all numbers and
 * arguments (profile/answers/answers.h), for each set of capabilities, kernel version and arch on
 * which the document depends. Where the twin would let through silently what the profile refuses or
 * logs, the name is taken out of the rules that let it pass. That is exact where the profile
 * refuses it always. Where it depends on arguments, rules at the end say for which it passes
 * (profile/write/cover.h); only where that cannot be said is more logged than the profile refuses.
 * Each such case is noted.
 */
#ifndef SCLOG_PROFILE_TWIN_LOGMODE_H
#define SCLOG_PROFILE_TWIN_LOGMODE_H

#include "base/buf.h"
#include "profile/document/lint.h"
#include "profile/source.h"

struct twin {
	struct buf text;    /* the document, in the form of the profile's own */
	struct lints notes; /* what to know about it, in the document's order */
	size_t changed;     /* actions that became LOG */
};

/*
 * Makes the twin of what was fetched. A document's is the document; what `crictl inspect` and
 * `docker inspect` print is no document that a runtime takes, so that the twin is the profile in
 * it. A systemd unit's is a drop-in for it (SystemCallLog=). The twin of filters is that of the
 * OCI profile that says what they do (profile/write/export.h).
 *
 * options' loader and runtime are whose filter is proven first. On failure err says what is wrong
 * with the document, as profile_load() does, without its name. Call twin_release() in any case.
 *
 * `enforces`: the profile itself instead, with SECCOMP_FILTER_FLAG_LOG, under which the kernel logs
 * each refusal, ERRNO and TRAP too (seccomp(2), Linux 4.14). -EINVAL where options' runtime of that
 * release refuses the flag, and for a systemd unit, which has none.
 */
int twin_make(struct twin *twin, const struct profile_source *source,
	      const struct profile_options *options, bool enforces, struct err *err);

void twin_release(struct twin *twin);

#endif
