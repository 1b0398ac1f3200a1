#include "cli/retention.h"

#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct option_row rows[] = {
	RETENTION_OPTION_ROWS(struct retention_options, ),
};
/* clang-format on */

const struct option_table retention_table = {rows, sizeof(rows) / sizeof(*rows)};

/* Leaves *ret_ms alone without a text. 0 is for ever. */
static int parse_one(const char *text, int64_t *ret_ms, struct err *err)
{
	if (!text)
		return 0;
	if (strcmp(text, "forever") == 0) {
		*ret_ms = 0;
		return 0;
	}
	if (clock_parse_duration(str_from(text), ret_ms) == 0 && *ret_ms > 0)
		return 0;
	return err_set(err, EINVAL,
		       "'%s' is not a valid duration: write 36h, 7d or 52w, or forever", text);
}

int retention_check(const char *text, struct err *err)
{
	int64_t ms;

	return parse_one(text, &ms, err);
}

int retention_parse_size(const char *text, int64_t *ret_bytes, struct err *err)
{
	static const char units[] = "KMGT";
	char *end = NULL;

	*ret_bytes = 0;
	if (!text)
		return 0;
	errno = 0;
	unsigned long long bytes = isdigit((unsigned char)*text) ? strtoull(text, &end, 10) : 0;
	const char *unit = end && *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;

	if (!end || errno || end[unit != NULL] || bytes > (unsigned long long)INT64_MAX >> shift)
		return err_set(err, EINVAL, "'%s' is not a size: write 500M or 2G", text);
	*ret_bytes = (int64_t)(bytes << shift);
	if (*ret_bytes < STORE_SIZE_MIN)
		return err_set(err, EINVAL, "'%s' is too small: a store needs at least 1M", text);
	return 0;
}

int retention_check_size(const char *text, struct err *err)
{
	int64_t bytes;

	return retention_parse_size(text, &bytes, err);
}

/* For ever is the longest. */
static bool is_longer(int64_t a, int64_t b)
{
	return b != 0 && (a == 0 || a > b);
}

int retention_parse(const struct retention_options *given, struct store_retention *ret_retention,
		    struct err *err)
{
	*ret_retention = STORE_RETENTION_DEFAULT;
	int result = parse_one(given->minutes, &ret_retention->minutes_ms, err);

	if (result == 0)
		result = parse_one(given->hours, &ret_retention->hours_ms, err);
	if (result == 0)
		result = parse_one(given->days, &ret_retention->days_ms, err);
	if (result == 0)
		result = retention_parse_size(given->max_size, &ret_retention->max_bytes, err);
	if (result < 0)
		return result;
	if (is_longer(ret_retention->minutes_ms, ret_retention->hours_ms))
		return err_set(err, EINVAL,
			       "keep-minutes is longer than keep-hours: raise keep-hours, or lower"
			       " keep-minutes");
	if (is_longer(ret_retention->hours_ms, ret_retention->days_ms))
		return err_set(err, EINVAL,
			       "keep-hours is longer than keep-days: raise keep-days, or lower"
			       " keep-hours");
	return 0;
}
