/*
 * Whether another store is believed, which nothing in it can show: only whoever could write it.
 * Internal to store/.
 */
#ifndef SCLOG_STORE_FOREIGN_H
#define SCLOG_STORE_FOREIGN_H

#include "base/file.h"
#include "store/internal.h"

/*
 * Opens another store for reading. ret_why, empty when called: why others than the caller and root
 * can have written what is read, as file_is_foreign() says it; empty: they cannot. *ret_held keeps
 * the file that was looked at: close it after the store, since that would drop SQLite's locks.
 */
int foreign_open(struct sql *sql, const char *path, char ret_why[FILE_WHY_SIZE], int *ret_held,
		 struct err *err);

#endif
