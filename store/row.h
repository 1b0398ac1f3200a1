/*
 * Rows of the store as structs. Internal to store/.
 */
#ifndef SCLOG_STORE_ROW_H
#define SCLOG_STORE_ROW_H

#include "store/query.h"
#include "store/sql.h"

/*
 * A statement over every series with events in the window, bounds included: its number in column 0,
 * then what row_observation() reads, which counts the hours that the window holds as a whole (first
 * and last mean nothing if that is none). row_cut() says how many more it cuts. The caller
 * finalizes it.
 */
sqlite3_stmt *row_observations(struct sql *sql, int64_t since_ms, int64_t until_ms,
			       struct err *err);
int64_t row_cut(sqlite3_stmt *row);

/* A row of it; slices live until the next step. */
void row_observation(sqlite3_stmt *row, struct observation *observation);

/* What is selected of a container c, and how it is read from column `at` on. */
#define ROW_CONTAINER_TEXT(field, column, key) "c." column ", "
#define ROW_CONTAINER                          CONTAINER_TEXTS(ROW_CONTAINER_TEXT) "c.caps, c.coverage"
#define ROW_CONTAINER_COLUMNS                  (CONTAINER_TEXT_COUNT + 2)
void row_container(sqlite3_stmt *row, int at, struct container *container);

/*
 * A statement over every container, ordered by node, name, id: its number, its node's name, from
 * column 2 on what row_container() reads, behind it what row_profile() does, and container.ended. The caller
 * finalizes it. A watch stores each service of systemd whose processes it sees: without every_service
 * those without a record are left out.
 */
sqlite3_stmt *row_containers(struct sql *sql, bool every_service, struct err *err);

/* linux.seccomp; NULL where it is not known. */
void row_profile(sqlite3_stmt *row, int at, struct container *container);

#endif
