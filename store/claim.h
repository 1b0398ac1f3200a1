/*
 * The one that watches: a lock beside the store. Internal to store/.
 */
#ifndef SCLOG_STORE_CLAIM_H
#define SCLOG_STORE_CLAIM_H

#include "base/err.h"

/*
 * Locks PATH.watch (flock(2)) and writes this process's id into it. The database itself is never
 * opened here: closing any descriptor of it would drop SQLite's own locks (fcntl(2)). Returns the
 * descriptor, whose close ends the claim; -EBUSY, with the other's pid in err; -errno.
 */
int claim_take(const char *store_path, struct err *err);

#endif
