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
	       "keep counts by the minute, and recognise repeated records, this long; "           \
	       "default 2d"),                                                                     \
	OPTION(TEXT, 0, "keep-hours", "TIME", type, at.hours,                                     \
	       "keep counts by the hour this long; default 10d"),                                 \
	OPTION(TEXT, 0, "keep-days", "TIME", type, at.days,                                       \
	       "keep counts by the day this long, then drop them; default 365d; or `forever`")
/* clang-format on */

/* What was given, else what the file says, else the default. -EINVAL for what is no length of time,
 * and where a coarser count would be kept for less than a finer one. */
int retention_parse(const struct retention_options *given, const struct config *config,
		    struct store_retention *ret_retention, struct err *err);

#endif
