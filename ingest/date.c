#include "ingest/date.h"

#include "ingest/months.h"

#include <strings.h>

/* Longer than any locale's date. */
#define DATE_BYTES_MAX 120

/* The digits zero of Unicode (category Nd) that glibc's locales write. */
static const uint32_t zeros[] = {0x0660, 0x06f0, 0x0966, 0x09e6, 0x0a66, 0x0ae6,
				 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0e50,
				 0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0};

unsigned date_order_from_name(const char *name)
{
	if (!name)
		return DATE_ANY;
	return strcmp(name, "dmy") == 0 ? DATE_DMY : strcmp(name, "mdy") == 0 ? DATE_MDY : DATE_YMD;
}

int date_month(struct str name)
{
	char key[64] = "|";
	int found = -1;

	while (name.n && strchr(".,", name.p[name.n - 1]))
		name.n--;
	if (name.n == 0 || name.n > sizeof(key) - 3 || memchr(name.p, '|', name.n))
		return -1;
	for (size_t i = 0; i < name.n; i++)
		key[i + 1] =
			(char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 0x20 : name.p[i]);
	key[name.n + 1] = '|';
	key[name.n + 2] = '\0';
	for (int i = 0; i < 12; i++) {
		if (!strstr(months_names[i], key))
			continue;
		if (found >= 0)
			return -1;
		found = i;
	}
	return found;
}

/* The character at the beginning; returns its bytes. What is no UTF-8 counts as a byte. */
static size_t character(struct str text, uint32_t *ret_c)
{
	const unsigned char *p = (const unsigned char *)text.p;

	*ret_c = p[0];
	if (p[0] >= 0xe0 && p[0] < 0xf0 && text.n >= 3) {
		*ret_c = (uint32_t)(p[0] & 15) << 12 | (uint32_t)(p[1] & 63) << 6 | (p[2] & 63);
		return 3;
	}
	if (p[0] >= 0xc0 && p[0] < 0xe0 && text.n >= 2) {
		*ret_c = (uint32_t)(p[0] & 31) << 6 | (p[1] & 63);
		return 2;
	}
	return 1;
}

/* The value of a digit in any script, -1 if it is none. */
static int digit(uint32_t c)
{
	if (c >= '0' && c <= '9')
		return (int)(c - '0');
	for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++)
		if (c >= zeros[i] && c < zeros[i] + 10)
			return (int)(c - zeros[i]);
	return -1;
}

/* The parts of a date as they stand. */
struct parts {
	unsigned numbers[3], digits[3];
	unsigned count;
	int month;
	unsigned month_at; /* before which of the numbers */
	bool slash, dot_after, foreign;
	bool strange; /* a second month */
	bool between; /* a word that is none stands between numbers */
};

/* "2026年11月21日", "2026년 11월 21일". */
static bool is_unit(struct str word)
{
	static const char *const units[] = {"\xe5\xb9\xb4", "\xe6\x9c\x88", "\xe6\x97\xa5",
					    "\xeb\x85\x84", "\xec\x9b\x94", "\xec\x9d\xbc"};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (str_eq(word, str_from(units[i])))
			return true;
	return false;
}

static bool read_number(struct str *text, struct parts *parts)
{
	unsigned value = 0, n = 0;
	uint32_t c;

	while (text->n) {
		size_t bytes = character(*text, &c);
		int d = digit(c);

		if (d < 0 || n == 4)
			break;
		parts->foreign |= c > 127;
		value = value * 10 + (unsigned)d;
		n++;
		*text = str_skip(*text, bytes);
	}
	if (n == 0)
		return true;
	if (parts->count == 3)
		return false;
	parts->numbers[parts->count] = value;
	parts->digits[parts->count++] = n;
	parts->dot_after = text->n && text->p[0] == '.';
	return true;
}

/* A word or a separator: anything but digits, up to a blank. */
static void read_other(struct str *text, struct parts *parts)
{
	struct str word = str_of(text->p, 0);
	uint32_t c;

	while (text->n) {
		size_t bytes = character(*text, &c);

		if (digit(c) >= 0 || c == ' ')
			break;
		if (c == '/' || c == '-' || c == '.' || c == ',') {
			if (word.n)
				break;
			parts->slash |= c == '/';
			*text = str_skip(*text, bytes);
			return;
		}
		word.n += bytes;
		*text = str_skip(*text, bytes);
	}
	int month = date_month(word);

	/* a weekday comes first, and may be called as another language's month */
	if (month >= 0 && (parts->month < 0 || (parts->month_at == 0 && parts->count))) {
		parts->month = month;
		parts->month_at = parts->count;
	} else if (month >= 0) {
		parts->strange = true;
	} else if (parts->count && parts->count < 3 && !is_unit(word)) {
		parts->between = true;
	}
}

/* "23:04:54." follows. */
static bool is_clock(struct str text)
{
	return text.n > 8 && text.p[2] == ':' && text.p[5] == ':' &&
	       digit((unsigned char)text.p[0]) >= 0 && digit((unsigned char)text.p[1]) >= 0;
}

static bool read_parts(struct str *text, struct parts *parts)
{
	const char *end = text->p + (text->n < DATE_BYTES_MAX ? text->n : DATE_BYTES_MAX);

	*parts = (struct parts){.month = -1};
	while (text->p < end) {
		if (text->p[0] == ' ') {
			*text = str_skip(*text, 1);
			if (parts->count >= 2 && is_clock(*text))
				return true;
			continue;
		}
		const char *before = text->p;

		if (!read_number(text, parts))
			return false;
		if (text->p == before)
			read_other(text, parts);
		if (text->p == before)
			return false;
	}
	return false;
}

/* The orders that separators and digits allow: what glibc's 361 locales have as d_fmt. */
static unsigned orders_of(const struct parts *parts, int now_year)
{
	unsigned now = (unsigned)(now_year % 100);

	if (parts->digits[0] == 4) /* "2026.21.11" is ce_RU, "2026.11.21." is lv_LV */
		return parts->slash || parts->dot_after ? DATE_YMD : DATE_YMD | DATE_YDM;
	if (!parts->slash)
		return DATE_DMY;
	if (parts->foreign)
		return DATE_YMD | DATE_DMY;
	if (parts->digits[2] < 4 &&
	    (parts->numbers[0] > 31 || (parts->numbers[0] == now && parts->numbers[2] != now)))
		return DATE_DMY | DATE_MDY | DATE_YMD;
	return DATE_DMY | DATE_MDY;
}

/* With a month by its name two numbers are left: of a year four digits stand there. */
static bool place_month(const struct parts *parts, struct date *date)
{
	bool year_first = parts->digits[0] == 4, year_last = parts->digits[1] == 4;

	date->month = parts->month;
	date->numbers[0] = parts->numbers[year_first ? 1 : 0];
	date->numbers[1] = (unsigned)parts->month + 1;
	date->numbers[2] = parts->numbers[year_first ? 0 : 1];
	date->orders = DATE_DMY;
	return parts->count == 2 && year_first != year_last;
}

static bool is_year_first(struct str text)
{
	return str_find(text, STR("\xe5\xb9\xb4")) < text.n ||
	       str_find(text, STR("\xeb\x85\x84")) < text.n;
}

bool date_read(struct str *text, int now_year, struct date *date)
{
	struct str whole = str_of(text->p, text->n < DATE_BYTES_MAX ? text->n : DATE_BYTES_MAX);
	struct parts parts;

	if (!read_parts(text, &parts))
		return false;
	if (parts.strange)
		return false;
	if (parts.month >= 0 && parts.count == 2)
		return place_month(&parts, date);
	/* of three numbers none is the day of a month that is not known */
	if (parts.count != 3 || parts.month >= 0 || parts.between)
		return false;
	date->month = -1;
	memcpy(date->numbers, parts.numbers, sizeof(date->numbers));
	date->orders = is_year_first(whole) ? DATE_YMD : orders_of(&parts, now_year);
	/* "2026-11-21": with dashes no locale has the day second */
	if (parts.digits[0] == 4 && memchr(whole.p, '-', whole.n < 5 ? whole.n : 5))
		date->orders = DATE_YMD;
	return true;
}

bool date_exists(unsigned year, unsigned month, unsigned day)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month >= 1 && month <= 12 && day >= 1 && year >= 1970 && year <= 9999 &&
	       day <= days[month - 1] + (unsigned)(month == 2 && leap);
}

/* Of two digits a year is %y of POSIX; Thailand's and Laos' count from 543 before Christ. */
static unsigned full_year(unsigned year)
{
	if (year < 100)
		return year + (year < 69 ? 2000 : 1900);
	return year >= 2400 && year < 3000 ? year - 543 : year;
}

static bool in_order(const struct date *date, unsigned order, unsigned ymd[3])
{
	const unsigned *n = date->numbers;
	unsigned year = order == DATE_YMD || order == DATE_YDM ? n[0] : n[2];
	unsigned month = order == DATE_MDY ? n[0] : order == DATE_YDM ? n[2] : n[1];
	unsigned day = order == DATE_DMY ? n[0] : order == DATE_YMD ? n[2] : n[1];

	ymd[0] = full_year(year);
	ymd[1] = month;
	ymd[2] = day;
	return date_exists(ymd[0], month, day);
}

int date_resolve(const struct date *date, unsigned allowed, int *ret_year, int *ret_month,
		 int *ret_day)
{
	unsigned first[3] = {0}, other[3];
	int result = 0;

	for (unsigned order = DATE_DMY; order <= DATE_YDM; order <<= 1) {
		if (!(date->orders & allowed & order) || !in_order(date, order, other))
			continue;
		if (result && memcmp(first, other, sizeof(first)) != 0)
			return -1;
		memcpy(first, other, sizeof(first));
		result = 1;
	}
	*ret_year = (int)first[0];
	*ret_month = (int)first[1] - 1;
	*ret_day = (int)first[2];
	return result;
}
