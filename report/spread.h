/*
 * Spread: on which nodes a group was seen, and each of its calls.
 *
 * Observations of a node must come one after the other, and those of a container, as query_observations()
 * gives them. A node on which the group has containers but no records is one of its nodes, too.
 */
#ifndef SCLOG_REPORT_SPREAD_H
#define SCLOG_REPORT_SPREAD_H

#include "base/buf.h"
#include "store/query.h"

#include <jansson.h>

#define SPREAD_NODES_MAX 65536
#define SPREAD_CALLS_MAX 4096

/* Nodes that are named with a call, if it was seen on no others. */
#define SPREAD_NAMED_MAX 3

struct spread_node {
	char *name; /* first, for sorted_by_name() */
	uint64_t records;
	uint32_t calls, containers; /* those with records */
};

struct spread_call {
	uint32_t arch; /* AUDIT_ARCH_* */
	int32_t nr;
	uint64_t records;
	uint32_t nodes;
	const char *last, *named[SPREAD_NAMED_MAX]; /* the first nodes; borrowed from them */
};

/* Zeroed is valid: nothing seen. */
struct spread {
	struct spread_node *nodes; /* by name */
	size_t node_count;
	struct spread_call *calls; /* by arch and number */
	size_t call_count;
	size_t last_node;
	int64_t last_container; /* row of the last observation's */
	bool too_many;          /* nodes or calls: nothing can be said */
};

void spread_release(struct spread *spread);

/* The group has a container there. */
void spread_add_node(struct spread *spread, struct str node);

void spread_add(struct spread *spread, const struct observation *observation);

/* " on 11 of 12 nodes"; nothing for a single one. Appends. */
void spread_put(const struct spread *spread, struct buf *text);

/*
 * Of several nodes: "seen_on_nodes", ["node7: 12 calls, 345 records, 3 containers", ...], those with the
 * fewest calls first, and "seen_by_call", ["mount 1/12 nodes, 3 records: node7", ...].
 */
void spread_put_json(const struct spread *spread, size_t listed_max, json_t *object);

#endif
