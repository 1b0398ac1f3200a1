/*
 * Giving up what a watching process does not need.
 */
#ifndef SCLOG_BASE_PRIVILEGES_H
#define SCLOG_BASE_PRIVILEGES_H

#include "base/err.h"

/*
 * Keeps, of the capabilities that this process has, those for reading other processes' /proc and
 * the runtimes' files (CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE) and for asking the kernel what it
 * lost (CAP_AUDIT_CONTROL); all others go, for it and for its later threads. Without any
 * capability it changes nothing.
 */
int privileges_drop(struct err *err);

#endif
