#include "ingest/strace/strace_private.h"

#include "base/scan.h"
#include "ingest/skip.h"

#define DAY_SECONDS 86400

static size_t read_number(struct str *text, unsigned most, uint64_t *ret_value)
{
	const char *end = scan_decimal(text->p, text->p + text->n, most, ret_value);
	size_t n = (size_t)(end - text->p);

	*text = str_skip(*text, n);
	return n;
}

/* ".123456": at most nine digits; as microseconds. Nothing is 0. */
static bool read_fraction(struct str *text, uint64_t *ret_us)
{
	uint64_t value = 0;

	*ret_us = 0;
	if (!skip_char(text, '.'))
		return true;
	size_t n = read_number(text, 9, &value);

	for (size_t i = n; i < 9; i++)
		value *= 10;
	*ret_us = value / 1000;
	return n > 0;
}

/* "<comm>" behind a pid; "<" and ">" inside it are escaped. */
static bool read_comm(struct str *text, struct strace_head *head)
{
	struct str rest = *text;

	if (!skip_char(&rest, '<'))
		return true;
	size_t n = str_chr(rest, '>');

	if (n == rest.n)
		return false;
	head->comm = str_of(rest.p, n);
	head->has_comm = true;
	*text = str_skip(rest, n + 1);
	return true;
}

/* "[pid  1234] " on standard error, "1234  " in a file. */
static void read_pid(struct str *text, struct strace_head *head)
{
	struct str rest = *text;
	bool bracket = str_starts(rest, STR("[pid "));
	struct strace_head found = *head;
	uint64_t pid;

	if (bracket) {
		rest = str_skip(rest, 5);
		skip_blanks(&rest);
	}
	if (read_number(&rest, 10, &pid) == 0 || pid > STRACE_PID_MAX || pid == 0 ||
	    !read_comm(&rest, &found) || (bracket && !skip_char(&rest, ']')) ||
	    !skip_char(&rest, ' '))
		return;
	skip_blanks(&rest);
	*head = found;
	head->pid = (uint32_t)pid;
	head->has_pid = true;
	*text = rest;
}

/* "[system_u:system_r:container_t:s0] " of --secontext. */
static void read_context(struct str *text)
{
	size_t n = 1;
	bool colon = false;

	if (text->n == 0 || text->p[0] != '[')
		return;
	while (n < text->n && text->p[n] != ']' && text->p[n] != ' ')
		colon |= text->p[n++] == ':';
	if (colon && n + 1 < text->n && text->p[n] == ']' && text->p[n + 1] == ' ')
		*text = str_skip(*text, n + 2);
}

static bool read_part(struct str *text, uint64_t most, uint64_t *ret_value)
{
	return read_number(text, 2, ret_value) == 2 && *ret_value <= most;
}

/* "07:02:47.015487 " */
static void read_clock(struct str *text, struct strace_head *head)
{
	struct str rest = *text;
	uint64_t hour, minute, second, us;

	if (rest.n < 9 || rest.p[2] != ':' || !read_part(&rest, 23, &hour) ||
	    !skip_char(&rest, ':') || !read_part(&rest, 59, &minute) || !skip_char(&rest, ':') ||
	    !read_part(&rest, 60, &second) || !read_fraction(&rest, &us) || !skip_char(&rest, ' '))
		return;
	head->clock = (uint32_t)((hour * 3600 + minute * 60 + second) % DAY_SECONDS);
	head->clock_ms = (uint32_t)(us / 1000);
	head->has_fraction = text->p[8] == '.';
	head->has_clock = true;
	*text = rest;
}

/* "1795331383.277113 ": nine digits and more, which no pid has. */
static void read_time(struct str *text, struct strace_head *head)
{
	struct str rest = *text;
	uint64_t seconds, us;
	size_t digits = read_number(&rest, 11, &seconds);

	if (digits < 9 || !read_fraction(&rest, &us) || !skip_char(&rest, ' '))
		return;
	head->ms = (int64_t)(seconds * 1000 + us / 1000);
	head->has_fraction = text->p[digits] == '.';
	head->has_time = true;
	*text = rest;
}

/* "     0.000123 ", behind another time "(+     0.000123) ". Without a fraction only blanks before
 * it tell it from a pid. */
static void read_relative(struct str *text, struct strace_head *head)
{
	struct str rest = *text;
	bool bracket = str_starts(rest, STR("(+"));
	bool blank = head->has_pid || (rest.n && rest.p[0] == ' ');
	uint64_t seconds, us;

	if (bracket)
		rest = str_skip(rest, 2);
	skip_blanks(&rest);
	if (read_number(&rest, 8, &seconds) == 0 ||
	    !(bracket || blank || (rest.n && rest.p[0] == '.')) || !read_fraction(&rest, &us) ||
	    (bracket && !skip_char(&rest, ')')) || !skip_char(&rest, ' '))
		return;
	head->relative_us = seconds * 1000000 + us;
	head->has_relative = true;
	*text = rest;
}

/* "[00007f59069ac89d] ", of 32 bits "[0804900d] ", of x32 as long as need be, "[????????] ". */
static bool read_ip(struct str *text, struct strace_head *head)
{
	uint64_t ip = 0;
	size_t n = 1;
	bool known = true;

	for (; n < text->n && n < 18; n++) {
		int digit = scan_hex_digit(text->p[n]);

		if (digit < 0 && text->p[n] != '?')
			break;
		known &= digit >= 0;
		ip = ip << 4 | (uint64_t)(digit & 15);
	}
	if (n < 9 || n > 17 || n + 1 >= text->n || text->p[n] != ']' || text->p[n + 1] != ' ')
		return false;
	head->ip_digits = known ? (unsigned)(n - 1) : 0;
	head->ip = known ? ip : 0;
	*text = str_skip(*text, n + 2);
	return true;
}

/* "[ 231] ", "[1073741863] ", "[???] ". Eight digits are those of a pointer: no number has them. */
static void read_nr(struct str *text, struct strace_head *head)
{
	struct str rest = str_skip(*text, 1);
	uint64_t nr = 0;

	skip_blanks(&rest);
	size_t n = read_number(&rest, 10, &nr), unknown = 0;

	for (; n == 0 && rest.n && rest.p[0] == '?'; unknown++)
		rest = str_skip(rest, 1);
	if (n == 8 || unknown >= 8 || !skip_char(&rest, ']') || !skip_char(&rest, ' '))
		return;
	head->has_nr = n > 0 && nr <= INT32_MAX;
	head->nr = (int64_t)nr;
	*text = rest;
}

void strace_head_read(struct str *text, struct strace_head *ret)
{
	*ret = (struct strace_head){.has_pid = false};
	read_pid(text, ret);
	read_context(text);
	read_clock(text, ret);
	if (!ret->has_clock)
		read_time(text, ret);
	read_relative(text, ret);
	if (text->n && text->p[0] == '[')
		read_nr(text, ret);
	if (text->n && text->p[0] == '[')
		read_ip(text, ret);
}
