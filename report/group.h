/*
 * Groups: what --by makes of observations.
 *
 * A group is named by its key: some of the parts below, and for what is in no container its
 * attribution. Observations with equal keys belong together. A container whose workload is not
 * known is one by its own name. What is attributed to nothing is grouped by program, what the host
 * did by node - unless the groups are nodes, or one for all.
 */
#ifndef SCLOG_REPORT_GROUP_H
#define SCLOG_REPORT_GROUP_H

#include "base/buf.h"
#include "store/query.h"

#include <jansson.h>

enum group_by {
	GROUP_BY_CONTAINER,
	GROUP_BY_NAME,
	GROUP_BY_IMAGE,
	GROUP_BY_POD,
	GROUP_BY_WORKLOAD,
	GROUP_BY_NAMESPACE,
	GROUP_BY_NODE,
	GROUP_BY_ALL,
	/* No word stands for it: runs of one container, which have its name, image and place in
	 * common and each an id of its own. */
	GROUP_BY_RUNS,
	/* Neither for this: what a metric is labelled with. Of none of its values are there new ones
	 * all the time. */
	GROUP_BY_LABELS,
	/* Nor for this: what has one profile of several (recorded_join()). */
	GROUP_BY_SHARED,
};

/* The words for --by, which is also what --help shows. */
#define GROUP_BY_NAMES "container|name|image|pod|workload|namespace|node|all"

/* The grouping for one of those words; NULL and any other word give GROUP_BY_CONTAINER. */
enum group_by group_by_from_name(const char *name);

/* What one group is called: "workload". */
const char *group_by_noun(enum group_by by);

enum group_part {
	GROUP_NODE,
	GROUP_NAMESPACE,
	GROUP_POD,
	GROUP_IMAGE,
	GROUP_CONTAINER, /* its name, or its id where it has none */
	GROUP_ID,
	GROUP_COMM,
	GROUP_EXE,
	GROUP_WORKLOAD, /* what a label of the pod or of Compose calls it (correlate/bundle.h) */
	GROUP_PART_COUNT,
};

struct group_key {
	enum group_by by;
	enum attribution attribution;
	unsigned parts; /* bit set: the part belongs to the key */
	unsigned known; /* bit set: its value is known, be it empty */
	struct str values[GROUP_PART_COUNT];
};

/* The key of the group that an observation belongs to; its strings are the observation's. */
struct group_key group_key_of(const struct observation *observation, enum group_by by);

/* The same for a container that may have logged nothing. */
struct group_key group_key_of_container(const struct container *container, struct str node,
					enum group_by by);

/*
 * The key of what is in no container, whichever program it was: one for each node and attribution,
 * where the groups are nodes or one for all that one.
 */
struct group_key group_key_of_outside(const struct observation *observation, enum group_by by);

/* Whether it is a workload, or a container: not what is in none, nor the pause containers that every pod
 * has. */
bool group_key_is_workload(const struct group_key *key);

/* A copy that owns its strings. */
struct group_key group_key_copy(const struct group_key *key);
void group_key_release(struct group_key *key);

/* Containers first, then the host, then the unattributed; each by its parts' bytes. */
int group_key_compare(const struct group_key *a, const struct group_key *b);

/*
 * {"attribution","node","container","id"} and the like: the parts that make the key, null where
 * not known; no attribution in groups by node and in {} for all.
 */
json_t *group_key_json(const struct group_key *key);

/*
 * False where what the groups are named for is not known of this one, such as its image: then it
 * holds containers that may have nothing to do with each other.
 */
bool group_key_is_named(const struct group_key *key);

/* Appends what a person calls the group: "container web (268887c643f8)", "image nginx:1". */
void group_key_put(struct buf *buf, const struct group_key *key);
/* The same without the word for its kind: "web (268887c643f8)", "nginx:1". */
void group_key_put_name(struct buf *buf, const struct group_key *key);

/* Appends what a person calls a container: "web (268887c643f8)"; its id where it has no name. */
void group_put_container(struct buf *buf, struct str name, struct str id);

/* Appends a program's name as groups and tables show it: `comm (exe)`, `-` for no comm. */
void group_put_program(struct buf *buf, struct str comm, bool comm_null, struct str exe,
		       bool exe_null);

#endif
