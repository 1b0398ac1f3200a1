/*
 * Which profile was in force, and when: the rows behind store_put_in_force(). Internal to store/.
 */
#ifndef SCLOG_STORE_IN_FORCE_H
#define SCLOG_STORE_IN_FORCE_H

#include "store/sql.h"
#include "store/store.h"

/* container: the store's number, 0 for none; profile: that of its text. A transaction is open. */
int in_force_put(struct sql *sql, int64_t node, int64_t container, int64_t profile,
		 const struct store_in_force *in_force, struct err *err);

/* As another store has it; once. */
int in_force_merge(struct sql *sql, int64_t node, int64_t container, int64_t profile,
		   const struct store_in_force *in_force, struct err *err);

#endif
