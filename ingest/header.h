/*
 * Header: what a syslog daemon, journald, dmesg or a vendor's tool writes before a message.
 *
 * A header says when, on which host and by whom. What it says may be missing or in another order;
 * each part is known by its own form, so that a severity is never taken for a host.
 */
#ifndef SCLOG_INGEST_HEADER_H
#define SCLOG_INGEST_HEADER_H

#include "base/str.h"

#include <stdint.h>

/* Forms that never mix in one log by themselves. */
enum header_form {
	HEADER_KMSG, /* "5,1234,711918371,-;text": /dev/kmsg (Documentation/ABI/testing/dev-kmsg) */
	HEADER_DMESG,  /* a time in brackets, or dmesg's ISO time */
	HEADER_SYSLOG, /* a time, and whose message it is */
	HEADER_LOGCAT, /* Android */
};

enum header_clock {
	HEADER_NO_TIME, /* none, or counted from boot */
	HEADER_ISO,     /* RFC 3339 and its relatives */
	HEADER_BSD,     /* RFC 3164, with a year or without */
	HEADER_UNIX,    /* seconds since the epoch and microseconds */
	HEADER_TAI,     /* TAI64, TAI64N */
};

struct header {
	enum header_form form;
	enum header_clock clock;
	struct str time;
	struct str pri;      /* RFC 3164 or kmsg: facility and severity as a number */
	struct str facility; /* by name */
	struct str host;
	struct str tag;  /* p is NULL where a form has none: the text is the kernel's */
	struct str text; /* what follows */
};

/* Slices borrow the text. False if it begins with no header that is known. */
bool header_read(struct str text, struct header *ret_header);

/* When, in milliseconds; false if it does not say, or not without doubt. now_ms: stamp_bsd(). */
bool header_time(const struct header *header, int64_t now_ms, int64_t *ret_ms);

/* Facility 0 is the kernel's (RFC 5424, 6.2.1); whoever writes to /dev/kmsg or sends a message
 * with another one is user space. True if none is named. */
bool header_is_kernel_facility(const struct header *header);

#endif
