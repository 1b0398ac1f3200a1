/*
 * How long the store keeps what, as options and as keys of [retention] in sclog.conf.
 */
#ifndef SCLOG_CLI_RETENTION_H
#define SCLOG_CLI_RETENTION_H

#include "cli/option.h"
#include "store/store.h"

struct retention_options {
	const char *minutes, *hours, *days, *max_size;
};

/* clang-format off */
#define MAX_SIZE_OPTION_ROW(type, at)                                                             \
	OPTION_CHECKED(TEXT, 0, "max-size", "SIZE", type, at, retention_check_size,               \
		       "give up the oldest detail, and at last the oldest records, when the "     \
		       "store reaches this size, such as 500M")

/* `at` is where they are in `type`: "retention." or nothing. */
#define RETENTION_OPTION_ROWS(type, at)                                                           \
	OPTION_CHECKED(TEXT, 0, "keep-minutes", "TIME", type, at minutes, retention_check,        \
	       "keep counts by the minute, and recognise repeated records, this long; "           \
	       "default 2d"),                                                                     \
	OPTION_CHECKED(TEXT, 0, "keep-hours", "TIME", type, at hours, retention_check,            \
	       "keep counts by the hour this long; default 10d"),                                 \
	OPTION_CHECKED(TEXT, 0, "keep-days", "TIME", type, at days, retention_check,              \
	       "keep counts by the day this long, then drop them; default 365d"),                 \
	MAX_SIZE_OPTION_ROW(type, at max_size)
/* clang-format on */

/* Their rows over struct retention_options alone: the keys of [retention]. */
extern const struct option_table retention_table;

/* -EINVAL if it is neither a duration nor "forever". */
int retention_check(const char *text, struct err *err);

/* A number of bytes, with K, M, G or T for powers of 1024; 0 for NULL. -EINVAL for what is none, and
 * for less than a store needs. */
int retention_parse_size(const char *text, int64_t *ret_bytes, struct err *err);
int retention_check_size(const char *text, struct err *err);

/* What was given, else the default. -EINVAL where a coarser count would be kept for less than a finer
 * one. */
int retention_parse(const struct retention_options *given, struct store_retention *ret_retention,
		    struct err *err);

#endif
