/*
 * What the views of explain have in common.
 */
#ifndef SCLOG_REPORT_EXPLAIN_PRIVATE_H
#define SCLOG_REPORT_EXPLAIN_PRIVATE_H

#include "base/texts.h"
#include "report/explain.h"
#include "report/table.h"

#include <jansson.h>

/* The line that every text begins with; `label` stands before it. */
void explain_write_profile(const struct explain_writing *writing, struct profile *profile,
			   const char *label, FILE *out);

/* "profile" and "lint" of the JSON in sclog-explain(1). */
json_t *explain_profile_json(struct profile *profile);
json_t *explain_lint_json(struct profile *profile);

/* Sets "verdict", "actions", "action", "errno" and "conditions". */
void explain_put_verdict(json_t *object, const struct verdict *verdict);

/* "ERRNO EPERM", or where several can be reached "ALLOW, EPERM". */
void explain_put_actions(struct buf *buf, const struct verdict *verdict);

/* "ALLOW when arg0 is 0x8; ERRNO(1) otherwise" */
void explain_put_conditions(struct buf *buf, const struct verdict *verdict);

/*
 * What stands below a table: for which arguments a call is allowed, once for all arches of a host where
 * it is the same. Zeroed is valid; explain_write_conditions() writes and releases.
 */
struct explain_conditions {
	struct texts keys;
	struct buf lines;
};
void explain_add_conditions(struct explain_conditions *conditions, const struct explain_call *call,
			    struct str text, size_t max);
void explain_write_conditions(struct explain_conditions *conditions, FILE *out);

enum text_colour explain_colour(const struct verdict *verdict);

/* Whether the arguments do not matter: the call is refused. */
bool explain_is_blocked(const struct verdict *verdict);

#endif
