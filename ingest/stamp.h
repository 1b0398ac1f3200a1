/*
 * The times that log lines carry.
 */
#ifndef SCLOG_INGEST_STAMP_H
#define SCLOG_INGEST_STAMP_H

#include "base/scan.h"
#include "base/str.h"

#include <stdint.h>

/* The end of the year 9999, which RFC 3339 can still write. */
#define STAMP_SECONDS_MAX 253402300799u

/*
 * The kernel's "1795302294.062:148553): " (kernel/audit.c, audit_log_start), beginning after
 * "audit(". On success text is advanced past the colon and blanks that follow.
 */
static inline bool stamp_kernel(struct str *text, int64_t *ret_ms, uint32_t *ret_serial)
{
	const char *end = text->p + text->n, *at = text->p, *p;
	uint64_t seconds, ms, serial;

	p = scan_decimal(at, end, 12, &seconds);
	if (p == at || p == end || *p != '.' || seconds > STAMP_SECONDS_MAX)
		return false;
	at = p + 1;
	p = scan_decimal(at, end, 3, &ms);
	if (p - at != 3 || p == end || *p != ':')
		return false;
	at = p + 1;
	p = scan_decimal(at, end, 10, &serial);
	if (p == at || serial > UINT32_MAX || p == end || *p++ != ')')
		return false;
	while (p < end && (*p == ' ' || *p == ':'))
		p++;
	*ret_ms = (int64_t)(seconds * 1000 + ms);
	*ret_serial = (uint32_t)serial;
	*text = str_of(p, (size_t)(end - p));
	return true;
}

/*
 * The stamp of `ausearch -i`: "11/21/2026 23:04:54.062:148553) : ", a date as date.h reads it, in
 * one of these orders. Local time. Returns 1; 0 if it is none; -1 if it could be several days: then
 * only the serial is known.
 */
int stamp_interpreted(struct str *text, unsigned orders, int now_year, int64_t *ret_ms,
		      uint32_t *ret_serial);

/* Takes the orders away in which the date at the beginning of text is none. False if there is no
 * date. */
bool stamp_dates(struct str text, int now_year, unsigned *orders);

/* "2026-11-21T23:01:34.381697+00:00", with Z or an offset; without one it is local time. */
bool stamp_iso(struct str text, int64_t *ret_ms);

/*
 * "Nov 21 23:01:34", perhaps with a year at its end: local time. Without a year the latest one
 * that is not after now_ms. Months in every language of glibc's locales; one that stands for two
 * of them in two languages is unknown: false.
 */
bool stamp_bsd(struct str text, int64_t now_ms, int64_t *ret_ms);

#endif
