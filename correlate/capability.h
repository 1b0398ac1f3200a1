/*
 * Capabilities by their names (linux/capability.h has the numbers).
 */
#ifndef SCLOG_CORRELATE_CAPABILITY_H
#define SCLOG_CORRELATE_CAPABILITY_H

#include "base/str.h"

#define CAPABILITY_COUNT 41

/* "CAP_SYS_ADMIN" as the OCI runtime spec has it, or "sys_admin" as people write it; false for
 * another name. */
bool capability_from_name(struct str name, unsigned *ret_number);

#endif
