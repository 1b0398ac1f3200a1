/*
 * The stub that runc puts in front of a filter.
 *
 * If the default action is not ALLOW, LOG or TRACE, then for every arch of the filter a number
 * above the largest one that the profile names for that arch returns ENOSYS, whatever the default
 * says. x86_64 and x32 share an AUDIT_ARCH and are told apart by bit 30. An arch for which the
 * profile names no number above 0 has no stub. On s390 and s390x number 0 returns ENOSYS too (there
 * it stands for every number that the kernel does not know). Since runc 1.1.15 the host's own arch
 * has its stub even when the profile does not list it; 1.1.5 (Debian 12) gives it none then, and a
 * lint says so. A default of ENOSYS has a stub, too: runc means to leave it out, which would change
 * no answer, but compares the wrong numbers.
 */
#ifndef SCLOG_PROFILE_FILTER_STUB_H
#define SCLOG_PROFILE_FILTER_STUB_H

#include "profile/filter/filter.h"

/* Of a filter of runc's whose default has a stub; finds the arches' `last`. `host_is_listed`: the
 * profile names the host's own arch. */
void stub_prepend(struct filter *filter, const struct rules *rules,
		  const struct profile_options *options, bool host_is_listed, struct lints *lints);

#endif
