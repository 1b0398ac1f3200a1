#include "cli/retention.h"

#include "base/clock.h"

#include <errno.h>

static int parse_one(const char *name, const char *given, const char *configured, int64_t *ret_ms,
		     struct err *err)
{
	const char *text = given ? given : configured;

	if (!text)
		return 0;
	if (strcmp(text, "forever") == 0) {
		*ret_ms = 0;
		return 0;
	}
	if (clock_parse_duration(str_from(text), ret_ms) < 0 || *ret_ms == 0)
		return err_set(err, EINVAL,
			       "%s%s: '%s' is not a length of time: write 36h, 7d or 52w, or"
			       " forever",
			       given ? "--" : "", name, text);
	return 0;
}

/* For ever is the longest. */
static bool is_longer(int64_t a, int64_t b)
{
	return b != 0 && (a == 0 || a > b);
}

int retention_parse(const struct retention_options *given, const struct config *config,
		    struct store_retention *ret_retention, struct err *err)
{
	*ret_retention = STORE_RETENTION_DEFAULT;
	int result = parse_one("keep-minutes", given->minutes, config->keep_minutes,
			       &ret_retention->minutes_ms, err);

	if (result == 0)
		result = parse_one("keep-hours", given->hours, config->keep_hours,
				   &ret_retention->hours_ms, err);
	if (result == 0)
		result = parse_one("keep-days", given->days, config->keep_days,
				   &ret_retention->days_ms, err);
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
