/*
 * The system calls that sclog itself makes. base/own_filter.awk generates own_filter.c from
 * share/own-filter/KIND.json.
 */
#ifndef SCLOG_BASE_OWN_FILTER_H
#define SCLOG_BASE_OWN_FILTER_H

#include "base/sandbox.h"

/* Names, NULL at the end. */
extern const char *const *const own_filter[SANDBOX_KIND_COUNT];

#endif
