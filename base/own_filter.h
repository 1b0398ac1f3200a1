/*
 * What sclog itself calls, from share/own-filter/KIND.json: base/own_filter.awk makes
 * own_filter.c of them.
 */
#ifndef SCLOG_BASE_OWN_FILTER_H
#define SCLOG_BASE_OWN_FILTER_H

#include "base/sandbox.h"

/* Names of system calls, ended by NULL. */
extern const char *const *const own_filter[SANDBOX_KIND_COUNT];

#endif
