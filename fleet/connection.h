/*
 * libpq, wrapped. Internal to fleet/.
 */
#ifndef SCLOG_FLEET_CONNECTION_H
#define SCLOG_FLEET_CONNECTION_H

#include "fleet/fleet.h"

#include <libpq-fe.h>

#define FLEET_VERSION 1

struct fleet {
	char *url;
	PGconn *connection;
	char state[6]; /* SQLSTATE of the last failure; empty: the connection itself */
};

/* Connects, again if it was lost. */
int fleet_connect(struct fleet *fleet, struct err *err);

/* Runs a statement with text parameters, NULL for null. NULL with an error; else clear it. */
PGresult *fleet_run(struct fleet *fleet, const char *sql, int count, const char *const *values,
		    struct err *err);

/* The same where its rows are of no interest. */
int fleet_do(struct fleet *fleet, const char *sql, int count, const char *const *values,
	     struct err *err);

/*
 * A transaction whose statements are sent one behind the other without waiting for their results
 * (libpq's pipeline mode): one round trip for all. After an error the connection is of no more use.
 */
int fleet_begin(struct fleet *fleet, struct err *err);
int fleet_queue(struct fleet *fleet, const char *sql, int count, const char *const *values,
		struct err *err);
int fleet_commit(struct fleet *fleet, struct err *err);

/* An error of the connection or of a result, in words that have no secret in them. */
int fleet_failed(struct fleet *fleet, const PGresult *result, struct err *err);

int64_t fleet_number(const PGresult *result, int row, int column);

#endif
