/*
 * The names of OpenTelemetry's semantic conventions for what an observation knows
 * (https://opentelemetry.io/docs/specs/semconv/registry/attributes/), so that collectors need no
 * mapping of their own.
 */
#ifndef SCLOG_REPORT_OTEL_H
#define SCLOG_REPORT_OTEL_H

#include "store/query.h"

#include <jansson.h>

/* Adds the attributes that are known; what is not known has no key, as those conventions have it. */
void otel_put(json_t *object, const struct observation *observation);

#endif
