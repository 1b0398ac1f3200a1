/*
 * Is a database that claims to be a store one of ours? Internal to store/.
 */
#ifndef SCLOG_STORE_GENUINE_H
#define SCLOG_STORE_GENUINE_H

#include "store/sql.h"

/*
 * Compares the schema of the open database, object by object and byte by byte, with the one that
 * our own migrations make of that version. Whatever is missing, changed or added (a view or a
 * trigger of somebody else's) is -EUCLEAN with its name. Statistics of ANALYZE are no difference:
 * they hold numbers for the planner alone.
 *
 * Reads nothing but the table of the schema, so that no SQL of the file has run by then, and gives
 * up on one that is far too long to be ours.
 */
int genuine_check(struct sql *sql, int version, struct err *err);

#endif
