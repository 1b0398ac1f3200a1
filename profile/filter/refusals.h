/*
 * Refusals: what a runtime refuses of a profile by itself, before libseccomp has seen any of it, so
 * that the container does not start. Some depend on its release (profile/document/releases.h).
 */
#ifndef SCLOG_PROFILE_FILTER_REFUSALS_H
#define SCLOG_PROFILE_FILTER_REFUSALS_H

#include "profile/document/resolve.h"

/* -EINVAL with the place and what is refused there. A lint says what only other releases refuse. */
int refusals_check(const struct rules *rules, const struct profile_options *options,
		   struct lints *lints, struct err *err);

#endif
