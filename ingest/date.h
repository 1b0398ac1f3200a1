/*
 * Dates as `ausearch -i` prints them: %x of somebody's locale (strftime(3)).
 *
 * What is the day and what the month is known from the separators, from a month's name, from a
 * number that can be one of them alone; or from the other dates of the same file; or not at all.
 */
#ifndef SCLOG_INGEST_DATE_H
#define SCLOG_INGEST_DATE_H

#include "base/str.h"

#include <stdint.h>

/* Orders in which the numbers can stand; a set of them is a mask. */
enum date_order {
	DATE_DMY = 1,
	DATE_MDY = 2,
	DATE_YMD = 4,
	DATE_YDM = 8,
	DATE_ANY = 15,
};

#define DATE_ORDER_NAMES "dmy|mdy|ymd"

/* The order of that name; DATE_ANY for NULL. */
unsigned date_order_from_name(const char *name);

struct date {
	unsigned numbers[3];
	unsigned orders; /* in which they are a date */
	int month;       /* by its name, 0 to 11; -1: none stands there */
};

/*
 * Reads a date, and what follows it up to the clock; now_year: of two digits the year that is now is
 * none of a day. On success text is advanced to the clock.
 */
bool date_read(struct str *text, int now_year, struct date *ret_date);

/* What day it is, if all of its orders among the allowed ones say the same: 1, 0 if none of them is a
 * date, -1 if they differ. */
int date_resolve(const struct date *date, unsigned allowed, int *ret_year, int *ret_month,
		 int *ret_day);

/* month: 1 to 12. Of the years 1970 to 9999. */
bool date_exists(unsigned year, unsigned month, unsigned day);

/* A month by its name in any language, 0 to 11; -1 if it is none, or more than one. */
int date_month(struct str name);

#endif
