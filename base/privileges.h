/*
 * Dropping capabilities that are no longer needed.
 */
#ifndef SCLOG_BASE_PRIVILEGES_H
#define SCLOG_BASE_PRIVILEGES_H

#include "base/err.h"

enum privileges {
	PRIVILEGES_NONE,
	/* CAP_DAC_READ_SEARCH: to open logs of other users */
	PRIVILEGES_LOG,
	/* CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE for the runtimes' files and other processes' /proc,
	 * CAP_AUDIT_CONTROL for the kernel's count of lost records */
	PRIVILEGES_HELPER,
};

/*
 * Drops all capabilities but those, for this process and the threads it starts later. Does nothing
 * if it has none. Returns 0 or -errno.
 */
int privileges_drop(enum privileges kept, struct err *err);

#endif
