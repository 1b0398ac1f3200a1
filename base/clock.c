#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MS_PER_SECOND   1000
#define SECONDS_PER_DAY 86400

const char clock_forms[] = "90s, 15m, 1h30m, 7d, 2w, '1 hour ago', now, today, yesterday, 10:00, "
			   "2026-11-21, '2026-11-21 23:01', 2026-11-21T23:01:34Z, @1795302094";

/* Takes one to max digits off the front of *text; false if there is none or it overflows. */
static bool take_number(struct str *text, size_t max, int64_t *ret_value)
{
	int64_t value = 0;
	size_t i = 0;

	for (; i < text->n && i < max && text->p[i] >= '0' && text->p[i] <= '9'; i++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, text->p[i] - '0', &value))
			return false;
	}
	*text = str_skip(*text, i);
	*ret_value = value;
	return i > 0;
}

/* Takes exactly `digits` digits, as a date or a clock time has them. */
static bool take_digits(struct str *text, size_t digits, int *ret_value)
{
	size_t before = text->n;
	int64_t value;

	if (!take_number(text, digits, &value) || before - text->n != digits)
		return false;
	*ret_value = (int)value;
	return true;
}

static bool take_char(struct str *text, const char *any)
{
	if (text->n == 0 || text->p[0] == '\0' || !strchr(any, text->p[0]))
		return false;
	*text = str_skip(*text, 1);
	return true;
}

/* Takes ".062" if it is there; false if a point has no digit behind it. */
static bool take_fraction(struct str *text, bool *ret_has, int *ret_ms)
{
	size_t digits = 0;
	int ms = 0;

	*ret_has = take_char(text, ".");
	for (; *ret_has && digits < text->n; digits++) {
		char c = text->p[digits];

		if (c < '0' || c > '9')
			break;
		if (digits < 3)
			ms = ms * 10 + (c - '0');
	}
	for (size_t i = digits; i < 3; i++)
		ms *= 10;
	*ret_ms = ms;
	if (!*ret_has)
		return true;
	*text = str_skip(*text, digits);
	return digits > 0;
}

static int span_of_seconds(int64_t first, int64_t seconds, struct clock_span *ret_span)
{
	int64_t end;

	if (__builtin_mul_overflow(first, MS_PER_SECOND, &ret_span->first_ms) ||
	    __builtin_add_overflow(first, seconds, &end) ||
	    __builtin_mul_overflow(end, MS_PER_SECOND, &ret_span->last_ms))
		return -ERANGE;
	ret_span->last_ms--;
	return 0;
}

static int parse_epoch(struct str text, struct clock_span *ret_span)
{
	int64_t seconds;
	bool negative, has_fraction;
	int ms;

	negative = take_char(&text, "-");
	if (text.n == 0 || text.p[0] < '0' || text.p[0] > '9')
		return -EINVAL;
	if (!take_number(&text, text.n, &seconds))
		return -ERANGE;
	if (!take_fraction(&text, &has_fraction, &ms) || text.n)
		return -EINVAL;
	if (!has_fraction)
		return span_of_seconds(negative ? -seconds : seconds, 1, ret_span);
	if (__builtin_mul_overflow(seconds, MS_PER_SECOND, &seconds) ||
	    __builtin_add_overflow(seconds, ms, &seconds))
		return -ERANGE;
	ret_span->first_ms = ret_span->last_ms = negative ? -seconds : seconds;
	return 0;
}

static const struct unit {
	const char *names[5]; /* the letter, then as systemd.time(7) has them */
	int64_t seconds;
} units[] = {
	{{"s", "sec", "second", "seconds"}, 1},        {{"m", "min", "minute", "minutes"}, 60},
	{{"h", "hr", "hour", "hours"}, 3600},          {{"d", "day", "days"}, SECONDS_PER_DAY},
	{{"w", "week", "weeks"}, 7 * SECONDS_PER_DAY},
};

static struct str take_word(struct str *text)
{
	size_t n = 0;

	while (n < text->n && text->p[n] >= 'a' && text->p[n] <= 'z')
		n++;
	struct str word = str_of(text->p, n);

	*text = str_skip(*text, n);
	return word;
}

static void skip_blanks(struct str *text)
{
	while (take_char(text, " "))
		;
}

static const struct unit *find_unit(struct str name)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		for (size_t k = 0; units[i].names[k]; k++)
			if (str_eq(name, str_from(units[i].names[k])))
				return &units[i];
	return NULL;
}

/* Takes "1h30m", "90 seconds" and the like, with the blanks behind it. */
static int take_duration(struct str *text, int64_t *ret_ms)
{
	int64_t count, ms;

	*ret_ms = 0;
	do {
		size_t digits = 0;

		while (digits < text->n && text->p[digits] >= '0' && text->p[digits] <= '9')
			digits++;
		bool fits = take_number(text, text->n, &count);

		if (digits == 0)
			return -EINVAL;
		if (!fits)
			*text = str_skip(*text, digits);
		skip_blanks(text);
		const struct unit *unit = find_unit(take_word(text));

		if (!unit)
			return -EINVAL;
		if (!fits || __builtin_mul_overflow(count, unit->seconds * MS_PER_SECOND, &ms) ||
		    __builtin_add_overflow(*ret_ms, ms, ret_ms))
			return -ERANGE;
		skip_blanks(text);
	} while (text->n && text->p[0] >= '0' && text->p[0] <= '9');
	return 0;
}

static int parse_relative(struct str text, int64_t now_ms, struct clock_span *ret_span)
{
	int64_t ms;
	int r = take_duration(&text, &ms);

	if (r < 0)
		return r;
	if (text.n && !str_eq(text, STR("ago")))
		return -EINVAL;
	if (__builtin_sub_overflow(now_ms, ms, &ret_span->first_ms))
		return -ERANGE;
	ret_span->last_ms = ret_span->first_ms;
	return 0;
}

/* A date with a clock time, or without one: then hour, minute and second are 0. */
struct civil {
	int year, month, day, hour, minute, second;
};

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static struct tm civil_tm(const struct civil *civil)
{
	return (struct tm){
		.tm_year = civil->year - 1900,
		.tm_mon = civil->month - 1,
		.tm_mday = civil->day,
		.tm_hour = civil->hour,
		.tm_min = civil->minute,
		.tm_sec = civil->second,
	};
}

/*
 * The earliest and the latest second that local clocks call so: two in the hour that an autumn
 * night has twice. mktime(3) shifts what a clock never shows; then its own choice is taken.
 */
static void local_seconds(const struct civil *civil, int64_t *ret_first, int64_t *ret_last)
{
	bool found = false;

	for (int dst = 0; dst < 2; dst++) {
		struct tm tm = civil_tm(civil);

		tm.tm_isdst = dst;
		int64_t seconds = mktime(&tm);

		if (tm.tm_isdst != dst || tm.tm_hour != civil->hour || tm.tm_min != civil->minute)
			continue;
		*ret_first = found && *ret_first < seconds ? *ret_first : seconds;
		*ret_last = found && *ret_last > seconds ? *ret_last : seconds;
		found = true;
	}
	if (found)
		return;
	struct tm tm = civil_tm(civil);

	tm.tm_isdst = -1;
	*ret_first = *ret_last = mktime(&tm);
}

static int local_day(struct civil day, struct clock_span *ret_span)
{
	int64_t first, end, unused;

	day.hour = day.minute = day.second = 0;
	local_seconds(&day, &first, &unused);
	day.day++;
	/* mktime(3) carries the day after a month's last; local_seconds() compares no date. */
	local_seconds(&day, &end, &unused);
	return span_of_seconds(first, end - first, ret_span);
}

/* The local day of now, or so many days before it; tm_mday may be below 1, which mktime(3) carries. */
static int day_of(int64_t now_ms, int days_back, struct civil *ret_day)
{
	time_t now = (time_t)(now_ms / MS_PER_SECOND - (now_ms % MS_PER_SECOND < 0));
	struct tm tm;

	if (!localtime_r(&now, &tm))
		return -ERANGE;
	*ret_day = (struct civil){
		.year = tm.tm_year + 1900,
		.month = tm.tm_mon + 1,
		.day = tm.tm_mday - days_back,
	};
	return 0;
}

/* Takes "Z" or "+01:00"; *ret_has is false where no zone stands. */
static bool take_zone(struct str *text, bool *ret_has, int64_t *ret_offset)
{
	int hours, minutes;

	*ret_offset = 0;
	*ret_has = true;
	if (take_char(text, "Zz"))
		return true;
	bool negative = text->n && text->p[0] == '-';

	if (!take_char(text, "+-")) {
		*ret_has = false;
		return true;
	}
	if (!take_digits(text, 2, &hours) || !take_char(text, ":") ||
	    !take_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_offset = (hours * 60 + minutes) * 60 * (negative ? -1 : 1);
	return true;
}

static bool take_date(struct str *text, struct civil *civil)
{
	return take_digits(text, 4, &civil->year) && take_char(text, "-") &&
	       take_digits(text, 2, &civil->month) && take_char(text, "-") &&
	       take_digits(text, 2, &civil->day) && civil->month >= 1 && civil->month <= 12 &&
	       civil->day >= 1 && civil->day <= days_in_month(civil->year, civil->month);
}

/* A leap second ends a UTC day and nothing else (RFC 3339 section 5.7). */
static bool leap_second_stands_right(const struct civil *civil, int64_t first)
{
	return civil->second < 60 || ((first % SECONDS_PER_DAY) == 0);
}

/* The second and what follows it; the text stands behind "HH:MM". */
static int parse_seconds(struct str text, struct civil *civil, struct clock_span *ret_span)
{
	bool has_second = take_char(&text, ":"), has_fraction = false, has_zone;
	int64_t first, last, offset;
	int ms = 0;

	if (has_second &&
	    (!take_digits(&text, 2, &civil->second) || !take_fraction(&text, &has_fraction, &ms)))
		return -EINVAL;
	if (!take_zone(&text, &has_zone, &offset) || text.n || civil->second > 60)
		return -EINVAL;
	if (has_zone) {
		struct tm tm = civil_tm(civil);

		first = last = timegm(&tm) - offset;
	} else {
		local_seconds(civil, &first, &last);
	}
	if (!leap_second_stands_right(civil, first))
		return -EINVAL;
	int r = span_of_seconds(first, last - first + (has_second ? 1 : 60), ret_span);

	if (r < 0 || !has_fraction)
		return r;
	ret_span->first_ms += ms;
	ret_span->last_ms += ms + 1 - MS_PER_SECOND;
	return 0;
}

/* "HH:MM" and what follows it, on the day that civil names. */
static int parse_time(struct str text, struct civil *civil, struct clock_span *ret_span)
{
	if (!take_digits(&text, 2, &civil->hour) || !take_char(&text, ":") ||
	    !take_digits(&text, 2, &civil->minute) || civil->hour > 23 || civil->minute > 59)
		return -EINVAL;
	return parse_seconds(text, civil, ret_span);
}

static int parse_date(struct str text, struct clock_span *ret_span)
{
	struct civil civil = {0};

	if (!take_date(&text, &civil))
		return -EINVAL;
	if (text.n == 0)
		return local_day(civil, ret_span);
	return take_char(&text, "Tt ") ? parse_time(text, &civil, ret_span) : -EINVAL;
}

/* "today", "yesterday", "10:00" (of today), and both: "yesterday 10:00". */
static int parse_day(struct str text, int64_t now_ms, struct clock_span *ret_span)
{
	struct str word = take_word(&text);
	bool yesterday = str_eq(word, STR("yesterday"));
	struct civil day;

	if (word.n && !yesterday && !str_eq(word, STR("today")))
		return -EINVAL;
	int r = day_of(now_ms, yesterday, &day);

	if (r < 0 || text.n == 0)
		return r < 0 ? r : local_day(day, ret_span);
	if (word.n && !take_char(&text, " "))
		return -EINVAL;
	/* the day is the local one, and so the time has to be */
	for (size_t i = 0; i < text.n; i++)
		if (strchr("+-Zz", text.p[i]))
			return -EINVAL;
	return parse_time(text, &day, ret_span);
}

int clock_parse(struct str text, int64_t now_ms, struct clock_span *ret_span)
{
	if (text.n == 0)
		return -EINVAL;
	if (text.p[0] == '@')
		return parse_epoch(str_skip(text, 1), ret_span);
	if (str_eq(text, STR("now"))) {
		*ret_span = (struct clock_span){now_ms, now_ms};
		return 0;
	}
	if (str_chr(text, '-') < text.n)
		return parse_date(text, ret_span);
	if (text.p[0] == 't' || text.p[0] == 'y' || str_chr(text, ':') < text.n)
		return parse_day(text, now_ms, ret_span);
	return parse_relative(text, now_ms, ret_span);
}

int64_t clock_ns(clockid_t clock)
{
	struct timespec now = {0};

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_ms(clockid_t clock)
{
	return clock_ns(clock) / 1000000;
}

int64_t clock_ahead_ns(clockid_t clock)
{
	int64_t best = INT64_MAX, ahead = 0;

	for (int i = 0; i < 5; i++) {
		int64_t before = clock_ns(CLOCK_MONOTONIC);
		int64_t read = clock_ns(clock);
		int64_t after = clock_ns(CLOCK_MONOTONIC);

		if (after - before >= best)
			continue;
		best = after - before;
		ahead = read - (before + best / 2);
	}
	return ahead;
}

int clock_now_ms(int64_t *ret_ms, struct err *err)
{
	const char *text = getenv("SCLOG_NOW");
	struct clock_span span;

	if (text) {
		if (text[0] != '@' || clock_parse(str_from(text), 0, &span) < 0)
			return err_set(
				err, EINVAL,
				"SCLOG_NOW='%s' is not a time: write @SECONDS since the epoch, "
				"as in SCLOG_NOW=@1795302094",
				text);
		*ret_ms = span.first_ms;
		return 0;
	}
	*ret_ms = clock_ms(CLOCK_REALTIME);
	return 0;
}

int clock_parse_duration(struct str text, int64_t *ret_ms)
{
	int r = take_duration(&text, ret_ms);

	return r == 0 && text.n ? -EINVAL : r;
}

const char *clock_format_rfc3339_ms(int64_t ms, char text[CLOCK_TEXT_SIZE])
{
	time_t seconds = (time_t)(ms / MS_PER_SECOND - (ms % MS_PER_SECOND < 0));
	int fraction = (int)((ms % MS_PER_SECOND + MS_PER_SECOND) % MS_PER_SECOND);
	struct tm tm;

	/* Any int64_t of milliseconds is a year that fits an int, so this cannot fail. */
	gmtime_r(&seconds, &tm);
	snprintf(text, CLOCK_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
		 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, fraction);
	return text;
}
