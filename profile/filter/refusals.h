/*
 * Refusals: what a runtime rejects in a profile before it calls libseccomp, so that the container
 * does not start. Some depend on the release (profile/document/releases.h).
 */
#ifndef SCLOG_PROFILE_FILTER_REFUSALS_H
#define SCLOG_PROFILE_FILTER_REFUSALS_H

#include "profile/document/resolve.h"

/* -EINVAL with the place and what is rejected there. What only other releases reject is a lint. */
int refusals_check(const struct rules *rules, const struct profile_options *options,
		   struct lints *lints, struct err *err);

#endif
