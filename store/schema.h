/*
 * The store's schema and how older ones become it. Internal to store/.
 */
#ifndef SCLOG_STORE_SCHEMA_H
#define SCLOG_STORE_SCHEMA_H

#include "store/sql.h"

/* PRAGMA user_version of this schema. */
#define SCHEMA_VERSION 3

/* The oldest one that can be read as it is: what it lacks is not known (struct sql, schema). */
#define SCHEMA_READABLE 1

/* PRAGMA application_id: "SCLG". */
#define SCHEMA_APPLICATION_ID 0x53434c47

/*
 * Checks that the open database is an sclog store of a schema that can be read; with `write`
 * creates or migrates it. A database of something else, or of a newer sclog, is an error, and so is
 * one whose schema is not exactly ours (store/genuine.h): its views and triggers never run.
 */
int schema_ensure(struct sql *sql, bool write, struct err *err);

/* Makes the tables, indexes and views of version `to` out of those of version `from`, 0: nothing. */
int schema_build(struct sql *sql, int from, int to, struct err *err);

/* What finds a series by what it is keyed by. */
#define SCHEMA_SERIES_KEY "CREATE INDEX series_key ON series (program, nr, node, container);"

#endif
