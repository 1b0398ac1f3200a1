/*
 * Events of other collectors: what laurel, auditbeat, osquery, the Security Profiles Operator's log
 * enricher, Inspektor Gadget and others made of a record, put together again. Their trust is text.
 */
#ifndef SCLOG_INGEST_COLLECTOR_H
#define SCLOG_INGEST_COLLECTOR_H

#include "base/buf.h"
#include "ingest/envelope/envelope.h"

#include <stdint.h>

struct collected {
	bool has_serial;
	int64_t ms; /* 0: no time is known */
	uint32_t serial;
};

/*
 * Writes the fields of the record as the kernel does. An action that is not told is LOG: a collector
 * reports what was logged. An arch that is not told is the first one that has the number under the
 * name. False if there is no call in it that is known.
 */
bool collector_read(const struct envelope_item *item, struct buf *to, struct collected *ret);

#endif
