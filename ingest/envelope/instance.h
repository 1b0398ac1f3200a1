/*
 * Instance: the names that EC2 gives hosts, by which a stream of CloudWatch is a node's.
 */
#ifndef SCLOG_INGEST_ENVELOPE_INSTANCE_H
#define SCLOG_INGEST_ENVELOPE_INSTANCE_H

#include "base/str.h"

/* The length of "i-0123456789abcdef0" or "ip-10-0-1-2" at the text's beginning, 0: it begins with none. */
size_t instance_length(struct str text);

#endif
