/*
 * A digest as one JSON value: what `--format json` prints, and what the other writers read.
 */
#ifndef SCLOG_REPORT_DIGEST_MODEL_H
#define SCLOG_REPORT_DIGEST_MODEL_H

#include "report/digest/write.h"

#include <jansson.h>

/*
 * {"generated","window","since_last","profile","summary","evidence","groups","drift","next"}; a group is that of
 * `sclog diff` with "title","first","last","new","refused". Without with_new each "new" is empty: 1,000 workloads
 * can have 40,000 new calls, which model_fill() adds for one group. The caller's.
 */
json_t *digest_model(const struct digest_facts *facts, bool with_new);

/* A group of the model; one of the two may be NULL. */
struct model_group {
	const struct diff_group *judged;
	const struct digest_group *seen;
};

/* In the order of the model: groups that break, then those that cannot be judged, then the others. The
 * array is the caller's. */
struct model_group *model_groups(const struct digest_facts *facts, size_t *ret_count);

/* Adds the new calls of a group to its object. */
void model_fill(json_t *object, const struct model_group *group);

/* A member that is a string; "" where it is none. Lives as long as the object. */
const char *model_text(const json_t *object, const char *key);
/* A member that is a number, else 0. */
uint64_t model_count(const json_t *object, const char *key);
/* A member; jansson takes a missing one for an array without members. */
const json_t *model_list(const json_t *object, const char *key);

#endif
