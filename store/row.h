/*
 * Rows of the store as structs. Internal to store/.
 */
#ifndef SCLOG_STORE_ROW_H
#define SCLOG_STORE_ROW_H

#include "store/query.h"
#include "store/sql.h"

/*
 * A statement over every series: its number in column 0, then what row_observation() reads.
 * ?1 and ?2 are the window's first and last millisecond. The caller finalizes it.
 */
sqlite3_stmt *row_observations(struct sql *sql, struct err *err);

/* A row of it; slices live until the next step. */
void row_observation(sqlite3_stmt *row, struct observation *observation);

/* cid, name, runtime, image, pod, namespace, workload, caps, coverage: from column `at` on. */
void row_container(sqlite3_stmt *row, int at, struct container *container);

/*
 * A statement over every container, ordered by node, name, id: its number, its node's name, from
 * column 2 on what row_container() reads, and in column 11 what row_profile() does. The caller
 * finalizes it.
 */
sqlite3_stmt *row_containers(struct sql *sql, struct err *err);

/* linux.seccomp; NULL where it is not known. */
void row_profile(sqlite3_stmt *row, int at, struct container *container);

#endif
