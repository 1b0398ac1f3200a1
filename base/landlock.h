/*
 * Landlock (landlock(7)): restricts where files can be written. Uses syscall numbers, since the C
 * library has no wrappers.
 */
#ifndef SCLOG_BASE_LANDLOCK_H
#define SCLOG_BASE_LANDLOCK_H

#include <stddef.h>

/*
 * From now on this thread and the threads it starts can write, create and remove files only below
 * these folders, and can execute nothing. Requires no_new_privs or CAP_SYS_ADMIN. Returns 1, 0 if
 * the kernel has no Landlock, or -errno.
 */
int landlock_enter(const int *folders, size_t count);

#endif
