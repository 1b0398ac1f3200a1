/*
 * libpq, wrapped, and loaded by the first fleet_open(). Internal to fleet/.
 */
#ifndef SCLOG_FLEET_CONNECTION_H
#define SCLOG_FLEET_CONNECTION_H

#include "base/library.h"
#include "fleet/fleet.h"

#include <libpq-fe.h>

#define FLEET_VERSION 1

#define FLEET_NO_SCHEMA \
	"fleet: the database has no sclog schema: its owner makes one with `sclog fleet init`"

/* All that are called. */
#define LIBPQ_FUNCTIONS(X)     \
	X(PQclear)             \
	X(PQconnectdbParams)   \
	X(PQconninfoFree)      \
	X(PQconninfoParse)     \
	X(PQenterPipelineMode) \
	X(PQerrorMessage)      \
	X(PQescapeIdentifier)  \
	X(PQescapeLiteral)     \
	X(PQexec)              \
	X(PQexecParams)        \
	X(PQexitPipelineMode)  \
	X(PQfinish)            \
	X(PQfreemem)           \
	X(PQgetResult)         \
	X(PQgetisnull)         \
	X(PQgetlength)         \
	X(PQgetvalue)          \
	X(PQntuples)           \
	X(PQpipelineSync)      \
	X(PQresultErrorField)  \
	X(PQresultStatus)      \
	X(PQsendQueryParams)   \
	X(PQsetErrorVerbosity) \
	X(PQsetNoticeReceiver) \
	X(PQsetSingleRowMode)  \
	X(PQstatus)

struct libpq {
	LIBPQ_FUNCTIONS(LIBRARY_POINTER)
};
extern struct libpq libpq;

struct fleet {
	char *url;
	PGconn *connection;
	char state[6]; /* SQLSTATE of the last failure; empty: the connection itself */
	struct fleet_damage damage;
	/* The node whose role this is; empty: it reads everything. */
	char sees_only[SHARE_NAME_SIZE];
};

/* Connects, again if it was lost. */
int fleet_connect(struct fleet *fleet, struct err *err);

/* A row of that sender was left out; other: because it is of that node. */
void fleet_note_damaged(struct fleet *fleet, const char *sender);
void fleet_note_other(struct fleet *fleet, const char *sender, struct str other);

/* Learns sees_only. */
int fleet_note_limits(struct fleet *fleet, struct err *err);

/* Makes the row of a sender, if there is none. */
int fleet_add_sender(struct fleet *fleet, const char *name, struct err *err);

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
