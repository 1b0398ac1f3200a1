/*
 * How long the store keeps what, as options and as keys of [retention] in sclog.conf.
 */
#ifndef SCLOG_CLI_RETENTION_H
#define SCLOG_CLI_RETENTION_H

#include "cli/config.h"
#include "cli/option.h"
#include "store/store.h"

struct retention_options {
	const char *minutes, *hours, *days;
};

/* clang-format off */
#define RETENTION_OPTION_ROWS(type, at)                                                           \
	OPTION(TEXT, 0, "keep-minutes", "TIME", type, at.minutes,                                 \
	       "how long counts are kept by the minute, and records recognised when they come "   \
	       "again; default 2d"),                                                              \
	OPTION(TEXT, 0, "keep-hours", "TIME", type, at.hours,                                     \
	       "how long counts are kept by the hour; default 10d"),                              \
	OPTION(TEXT, 0, "keep-days", "TIME", type, at.days,                                       \
	       "how long they are kept at all, by the day; default 365d, `forever` for no end")
/* clang-format on */

/* What was given, else what the file says, else the default. -EINVAL for what is no length of time,
 * and where a coarser count would be kept for less than a finer one. */
int retention_parse(const struct retention_options *given, const struct config *config,
		    struct store_retention *ret_retention, struct err *err);

#endif
