/*
 * The text format of Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/
 */
#ifndef SCLOG_REPORT_DIGEST_METRICS_H
#define SCLOG_REPORT_DIGEST_METRICS_H

#include "base/buf.h"

#include <stdio.h>

/* Appends NAME="VALUE", escaped, behind the labels that are there. */
void metrics_put_label(struct buf *labels, const char *name, struct str value);

/* The lines that come before a metric's samples. */
void metrics_put_head(FILE *out, const char *metric, const char *type, const char *help);

#endif
