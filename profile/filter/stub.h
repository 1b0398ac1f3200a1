/*
 * The stub that runc prepends to a filter.
 *
 * If the default action is not ALLOW, LOG or TRACE, every number above the largest one that the
 * profile names for an arch returns ENOSYS there. x86_64 and x32 share an AUDIT_ARCH; bit 30
 * separates them. An arch without a named number above 0 has no stub. On s390 and s390x number 0
 * returns ENOSYS too (it stands for every number that the kernel does not know). Since runc 1.1.15
 * the host's own arch has a stub even if the profile does not list it; in 1.1.5 (Debian 12) it has
 * none, and a lint says so. A default of ENOSYS gets a stub as well: runc intends to omit it but
 * compares the wrong numbers. The answers are the same.
 */
#ifndef SCLOG_PROFILE_FILTER_STUB_H
#define SCLOG_PROFILE_FILTER_STUB_H

#include "profile/filter/filter.h"

/* For a filter built as runc does, with a default action that has a stub. Sets the `last` of the
 * filter's arches. `host_is_listed`: the profile names the host's own arch. */
void stub_prepend(struct filter *filter, const struct rules *rules,
		  const struct profile_options *options, bool host_is_listed, struct lints *lints);

#endif
