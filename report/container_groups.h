/*
 * Containers added up by what --by names: how many there are in each group, and what they did.
 *
 * Which system calls differ is known from observations alone: a summary only has their number.
 */
#ifndef SCLOG_REPORT_CONTAINER_GROUPS_H
#define SCLOG_REPORT_CONTAINER_GROUPS_H

#include "report/group.h"

struct container_group {
	struct group_key key; /* its strings are the group's */
	uint64_t containers, records, syscalls;
	enum coverage coverage; /* the worst of its containers */
	bool has_records;       /* else first_ms and last_ms mean nothing */
	int64_t first_ms, last_ms;
	uint64_t *calls; /* as (arch, number); each once after container_groups_finish() */
	size_t call_count, call_size;
};

/* Zeroed but for `by` is valid and empty. */
struct container_groups {
	enum group_by by;
	struct container_group **all; /* by key after container_groups_finish() */
	size_t count;
	void *tree; /* of groups by their key, see tsearch(3) */
};

void container_groups_release(struct container_groups *groups);

void container_groups_add(struct container_groups *groups, const struct container_summary *summary);

/* What is in no container is left out. */
void container_groups_add_observation(struct container_groups *groups,
				      const struct observation *observation);

/* Nothing is added after this. */
void container_groups_finish(struct container_groups *groups);

#endif
