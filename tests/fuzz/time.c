/*
 * Fuzz target (libFuzzer): any bytes as a time: as people write it, and in each form that log lines
 * have. What is read lies within the years that can be written, and its parts in their order.
 */
#include "base/clock.h"
#include "ingest/date.h"
#include "ingest/stamp.h"

#include <stdlib.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define NOW_MS   INT64_C(1795305656000)
#define NOW_YEAR 2026

static void people(struct str text)
{
	struct clock_span span;
	int64_t ms;

	if (clock_parse(text, NOW_MS, &span) == 0) {
		char written[CLOCK_TEXT_SIZE];
		struct clock_span again;

		if (span.first_ms > span.last_ms)
			abort();
		/* what RFC 3339 can write is read as that millisecond */
		clock_format_rfc3339_ms(span.first_ms, written);
		if (strlen(written) == strlen("2026-11-21T23:01:34.454Z") &&
		    (clock_parse(str_from(written), NOW_MS, &again) < 0 ||
		     again.first_ms != span.first_ms || again.last_ms != span.first_ms))
			abort();
	}
	if (clock_parse_duration(text, &ms) == 0 && ms < 0)
		abort();
}

static void check(bool read, int64_t ms)
{
	/* a local time may lie a day behind the last year's end */
	if (read && ms / 1000 > (int64_t)STAMP_SECONDS_MAX + 2 * 86400)
		abort();
}

static void stamps(struct str text)
{
	struct str rest = text;
	uint32_t serial;
	int64_t ms = 0;

	check(stamp_kernel(&rest, &ms, &serial), ms);
	for (unsigned orders = 0; orders <= DATE_ANY; orders++) {
		rest = text;
		check(stamp_interpreted(&rest, orders, NOW_YEAR, &ms, &serial) > 0, ms);
	}
	check(stamp_iso(text, &ms), ms);
	if (stamp_bsd(text, NOW_MS, &ms))
		check(true, ms);
}

static void dates(struct str text)
{
	struct date date;
	struct str rest = text;
	unsigned orders = DATE_ANY;
	int year, month, day;

	if (date_month(text) > 11)
		abort();
	stamp_dates(text, NOW_YEAR, &orders);
	if (!date_read(&rest, NOW_YEAR, &date))
		return;
	if (rest.n >= text.n)
		abort();
	for (unsigned allowed = 0; allowed <= DATE_ANY; allowed++)
		if (date_resolve(&date, allowed, &year, &month, &day) > 0 &&
		    (month < 0 || month > 12 || day < 1 || day > 31))
			abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *copy = malloc(size ? size : 1); /* of exactly that size: a read past it is seen */

	if (!copy)
		abort();
	if (size)
		memcpy(copy, data, size);
	setenv("TZ", "Europe/Berlin", 0);
	tzset();
	people(str_of(copy, size));
	stamps(str_of(copy, size));
	dates(str_of(copy, size));
	free(copy);
	return 0;
}
