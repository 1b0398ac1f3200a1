/*
 * Landlock (landlock(7)): where files may be written. By the numbers of its system calls, since the
 * C library has no names for them.
 */
#ifndef SCLOG_BASE_LANDLOCK_H
#define SCLOG_BASE_LANDLOCK_H

#include <stddef.h>

/*
 * From now on this thread, and those that it starts, can write, make and remove nothing but below
 * these folders, and can execute nothing. It needs no_new_privs or CAP_SYS_ADMIN. A folder that
 * cannot be opened allows nothing. Returns 1, 0 where the kernel has no Landlock, or -errno.
 */
int landlock_enter(const int *folders, size_t count);

#endif
