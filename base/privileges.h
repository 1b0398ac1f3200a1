/*
 * Giving up the capabilities that are not needed any more.
 */
#ifndef SCLOG_BASE_PRIVILEGES_H
#define SCLOG_BASE_PRIVILEGES_H

#include "base/err.h"

enum privileges {
	PRIVILEGES_NONE,
	/* CAP_DAC_READ_SEARCH: to open a log that belongs to others */
	PRIVILEGES_LOG,
	/* CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE for the runtimes' files and other processes' /proc,
	 * CAP_AUDIT_CONTROL to ask the kernel what it lost */
	PRIVILEGES_HELPER,
};

/*
 * Keeps, of the capabilities that this process has, those; all others go, for it and for its later
 * threads. Without any capability it changes nothing. Returns 0 or -errno.
 */
int privileges_drop(enum privileges kept, struct err *err);

#endif
