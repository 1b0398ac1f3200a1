/*
 * What a change from one profile to another takes away: calls that the old one executes, logged or not,
 * and the new one refuses; and calls that only the new one logs. Exact: both filters are read as diagrams
 * and joined, over all arguments.
 */
#ifndef SCLOG_REPORT_CHANGE_H
#define SCLOG_REPORT_CHANGE_H

#include "profile/profile.h"

struct change;

/* Both must live as long. */
struct change *change_new(struct profile *profile, struct profile *against);
void change_free(struct change *change);

bool change_is_of(const struct change *change, const struct profile *profile,
		  const struct profile *against);

/* Whether it takes the call for some of its arguments; true as well where that cannot be worked out. */
bool change_takes(struct change *change, uint32_t audit_arch, int32_t nr);

#endif
