/*
 * Whether another store is believed, which nothing in it can show: only whoever could write it.
 * Internal to store/.
 */
#ifndef SCLOG_STORE_FOREIGN_H
#define SCLOG_STORE_FOREIGN_H

#include "store/internal.h"

/*
 * Opens another store for reading. *ret_why: why others than the caller and root can have written
 * what is read, as the rest of a sentence about the file; NULL: they cannot. *ret_held keeps the file
 * that was looked at: close it after the store, since that would drop SQLite's locks.
 */
int foreign_open(struct sql *sql, const char *path, const char **ret_why, int *ret_held,
		 struct err *err);

#endif
