#include "ingest/stamp.h"

#include "ingest/date.h"
#include "ingest/skip.h"

#include <strings.h>
#include <time.h>

/* Reads 1 to max digits; false if there is none. */
static bool read_number(struct str *text, size_t max, int *ret_value)
{
	size_t n = 0;
	int value = 0;

	while (n < text->n && n < max && text->p[n] >= '0' && text->p[n] <= '9')
		value = value * 10 + (text->p[n++] - '0');
	*text = str_skip(*text, n);
	*ret_value = value;
	return n > 0;
}

/* "23:04:54" into tm. */
static bool read_clock(struct str *text, struct tm *tm)
{
	return read_number(text, 2, &tm->tm_hour) && skip_char(text, ':') &&
	       read_number(text, 2, &tm->tm_min) && skip_char(text, ':') &&
	       read_number(text, 2, &tm->tm_sec) && tm->tm_hour < 24 && tm->tm_min < 60 &&
	       tm->tm_sec <= 60;
}

/* A fraction of a second in any number of digits, as whole milliseconds. */
static int read_fraction(struct str *text)
{
	int ms = 0, weight = 100;

	if (text->n == 0 || (text->p[0] != '.' && text->p[0] != ','))
		return 0;
	*text = str_skip(*text, 1);
	while (text->n && text->p[0] >= '0' && text->p[0] <= '9') {
		ms += (text->p[0] - '0') * weight;
		weight /= 10;
		*text = str_skip(*text, 1);
	}
	return ms;
}

/* Broken-down time, local or UTC, to milliseconds. */
static bool finish(struct tm *tm, int year, int month, int day, int ms, bool utc, int64_t *ret_ms)
{
	if (!date_exists((unsigned)year, (unsigned)month + 1, (unsigned)day))
		return false;
	tm->tm_year = year - 1900;
	tm->tm_mon = month;
	tm->tm_mday = day;
	tm->tm_isdst = -1;
	time_t seconds = utc ? timegm(tm) : mktime(tm);

	*ret_ms = (int64_t)seconds * 1000 + ms;
	return *ret_ms >= 0; /* no audit record is older than the epoch */
}

int stamp_interpreted(struct str *text, unsigned orders, int now_year, int64_t *ret_ms,
		      uint32_t *ret_serial)
{
	struct str at = *text;
	struct date date;
	struct tm tm = {0};
	int year, month, day, ms;
	int64_t kernel_ms;

	if (!date_read(&at, now_year, &date) || !read_clock(&at, &tm))
		return 0;
	/* ".062:148553) : " reads as the kernel's stamp with its seconds left out. */
	if (!skip_char(&at, '.') || at.n < 4 || !read_number(&at, 3, &ms) || at.p[0] != ':')
		return 0;
	char rest[32] = "0.000";
	size_t n = at.n < sizeof(rest) - 6 ? at.n : sizeof(rest) - 6;

	memcpy(rest + 5, at.p, n);
	struct str tail = str_of(rest, n + 5);
	size_t before = tail.n;

	if (!stamp_kernel(&tail, &kernel_ms, ret_serial))
		return 0;
	*text = str_skip(at, before - tail.n - 5);
	int result = date_resolve(&date, orders, &year, &month, &day);

	if (result > 0 && !finish(&tm, year, month, day, ms, false, ret_ms))
		return 0;
	return result;
}

bool stamp_dates(struct str text, int now_year, unsigned *orders)
{
	struct date date;
	int year, month, day;
	unsigned left = 0;

	if (!date_read(&text, now_year, &date))
		return false;
	for (unsigned order = DATE_DMY; order <= DATE_YDM; order <<= 1)
		if (date_resolve(&date, order, &year, &month, &day) > 0)
			left |= order;
	*orders &= left;
	return true;
}

/* "Z", "+00:00", "-0730"; false for something else. No zone at all leaves *ret_local set. */
static bool read_zone(struct str *text, int *ret_offset_s, bool *ret_local)
{
	int hours, minutes = 0;

	*ret_offset_s = 0;
	*ret_local = text->n == 0;
	if (str_eq(*text, STR(" UTC")))
		*text = str_skip(*text, text->n);
	if (text->n == 0 || skip_char(text, 'Z') || skip_char(text, 'z'))
		return text->n == 0;
	char sign = text->p[0];

	if ((sign != '+' && sign != '-') || !skip_char(text, sign) || !read_number(text, 2, &hours))
		return false;
	skip_char(text, ':');
	read_number(text, 2, &minutes);
	*ret_offset_s = (hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
	return text->n == 0;
}

bool stamp_iso(struct str text, int64_t *ret_ms)
{
	struct tm tm = {0};
	int year, month, day, offset_s;
	bool local;

	if (!read_number(&text, 4, &year) || !skip_char(&text, '-') ||
	    !read_number(&text, 2, &month) || !skip_char(&text, '-') ||
	    !read_number(&text, 2, &day) ||
	    (!skip_char(&text, 'T') && !skip_char(&text, ' ') && !skip_char(&text, '_')) ||
	    !read_clock(&text, &tm))
		return false;
	int ms = read_fraction(&text);

	if (!read_zone(&text, &offset_s, &local) ||
	    !finish(&tm, year, month - 1, day, ms, !local, ret_ms))
		return false;
	*ret_ms -= (int64_t)offset_s * 1000;
	return true;
}

static int month_from_name(struct str name)
{
	static const char months[][4] = {"jan", "feb", "mar", "apr", "may", "jun",
					 "jul", "aug", "sep", "oct", "nov", "dec"};

	for (int i = 0; i < 12; i++)
		if (name.n == 3 && strncasecmp(name.p, months[i], 3) == 0)
			return i;
	return date_month(name);
}

/* The latest year in which that day and time is not after now. */
static bool nearest_year(struct tm *tm, int month, int day, int ms, int64_t now_ms, int64_t *ret_ms)
{
	time_t now = (time_t)(now_ms / 1000);
	struct tm today;

	localtime_r(&now, &today);
	for (int back = 0; back <= 8; back++) { /* 8: from one 29 February to the last */
		struct tm candidate = *tm;

		if (finish(&candidate, today.tm_year + 1900 - back, month, day, ms, false,
			   ret_ms) &&
		    *ret_ms <= now_ms)
			return true;
	}
	return false;
}

/* "11-21 23:01:34.454": Android. */
static bool read_month_day(struct str *text, int *month, int *day)
{
	struct str at = *text;
	int number;

	if (!read_number(&at, 2, &number) || !skip_char(&at, '-') || !read_number(&at, 2, day))
		return false;
	*month = number - 1;
	*text = at;
	return true;
}

/* "Nov 21", "21 nov.", "11-21": in either order. */
static bool read_day(struct str *text, int *ret_month, int *ret_day)
{
	struct str words[2];

	if (read_month_day(text, ret_month, ret_day)) {
		skip_blanks(text);
		return true;
	}
	for (int i = 0; i < 2; i++) {
		words[i] = str_of(text->p, str_chr(*text, ' '));
		*text = str_skip(*text, words[i].n);
		skip_blanks(text);
	}
	bool day_first = words[0].n && words[0].p[0] >= '0' && words[0].p[0] <= '9' &&
			 words[0].n <= 3 && (words[0].n < 3 || words[0].p[2] == '.');
	struct str day = words[day_first ? 0 : 1];

	*ret_month = month_from_name(words[day_first ? 1 : 0]);
	return *ret_month >= 0 && read_number(&day, 2, ret_day) &&
	       (day.n == 0 || str_eq(day, STR(".")));
}

bool stamp_bsd(struct str text, int64_t now_ms, int64_t *ret_ms)
{
	struct tm tm = {0};
	struct str before = text;
	int day, month, year;
	bool has_year =
		read_number(&before, 4, &year) && str_starts(before, STR(" ")) && year >= 1000;

	if (has_year)
		text = str_skip(before, 1);
	skip_blanks(&text);
	if (!read_day(&text, &month, &day) || !read_clock(&text, &tm))
		return false;
	int ms = read_fraction(&text);

	skip_blanks(&text);
	if (has_year || read_number(&text, 4, &year))
		return finish(&tm, year, month, day, ms, false, ret_ms);
	return nearest_year(&tm, month, day, ms, now_ms, ret_ms);
}
