/*
 * A digest as one JSON value: what `--format json` prints, and what the other writers read.
 */
#ifndef SCLOG_REPORT_DIGEST_MODEL_H
#define SCLOG_REPORT_DIGEST_MODEL_H

#include "report/digest/write.h"

#include <jansson.h>

/*
 * {"generated","window","since_last","profile","summary","evidence","groups","drift","next"}; a group is that of
 * `sclog diff` with "title","first","last","calls","new","refused". Without detailed
 * "new" is empty: 1,000 workloads can have 40,000 new calls. The caller's.
 */
json_t *digest_model(const struct digest_facts *facts, bool detailed);

/* A member that is a string; "" where it is none. Lives as long as the object. */
const char *model_text(const json_t *object, const char *key);
/* A member that is a number, else 0. */
uint64_t model_count(const json_t *object, const char *key);
/* A member; jansson takes a missing one for an array without members. */
const json_t *model_list(const json_t *object, const char *key);

#endif
