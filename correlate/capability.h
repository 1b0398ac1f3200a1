/*
 * Capabilities by their names in an OCI config (linux/capability.h has the numbers).
 */
#ifndef SCLOG_CORRELATE_CAPABILITY_H
#define SCLOG_CORRELATE_CAPABILITY_H

#include "base/str.h"

/* "CAP_SYS_ADMIN", in capital letters as the OCI runtime spec has it; false for another name. */
bool capability_from_name(struct str name, unsigned *ret_number);

#endif
