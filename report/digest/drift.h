/*
 * Drift: which calls came and which went between two versions of a workload's image.
 *
 * A version is what follows the image's name: a tag, a digest, or both ("nginx:1.25" and
 * "nginx:1.27" are versions of nginx). A line is one image of one workload, and in a pod of one
 * container; its versions are in the order of their first records, and each is compared with the
 * one before it. An image that is known by its id alone has no name; its line is the container.
 *
 * A call is (arch, number): what a filter answered is not the image's doing.
 */
#ifndef SCLOG_REPORT_DIGEST_DRIFT_H
#define SCLOG_REPORT_DIGEST_DRIFT_H

#include "report/group.h"

/* Calls that are kept of one version; with more its coverage is unknown. */
#define DRIFT_CALLS_MAX 4096

struct drift;

/* knows_before: only versions that made a call for the first time since then are compared with the
 * one before. */
struct drift *drift_new(bool knows_before);
void drift_free(struct drift *drift);

/* before: the records were there before what is reported. What is in no container is left out. */
void drift_add(struct drift *drift, const struct observation *observation, bool before);

/* Nothing is added after this. */
void drift_finish(struct drift *drift);

/* Whether some version makes other calls than the one before it. */
bool drift_is_seen(const struct drift *drift);

/* sclog-json(5), Drift. The caller's. */
json_t *drift_json(const struct drift *drift);

#endif
