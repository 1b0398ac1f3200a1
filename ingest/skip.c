#include "ingest/skip.h"

#include "base/scan.h"

#include <string.h>

bool skip_char(struct str *text, char c)
{
	if (text->n == 0 || text->p[0] != c)
		return false;
	*text = str_skip(*text, 1);
	return true;
}

bool skip_blanks(struct str *text)
{
	size_t n = 0;

	while (n < text->n && (text->p[n] == ' ' || text->p[n] == '\t'))
		n++;
	*text = str_skip(*text, n);
	return n > 0;
}

bool skip_digits(struct str *text, size_t min, size_t max)
{
	size_t n = 0;

	while (n < text->n && n < max && is_digit(text->p[n]))
		n++;
	*text = str_skip(*text, n);
	return n >= min;
}

struct str skip_word(struct str *text)
{
	size_t n = 0;

	while (n < text->n && text->p[n] != ' ' && text->p[n] != '\t')
		n++;
	struct str word = str_of(text->p, n);

	*text = str_skip(*text, n);
	return word;
}

/* A fraction of a second, where there is one. */
static void skip_fraction(struct str *text)
{
	struct str at = *text;

	if ((skip_char(&at, '.') || skip_char(&at, ',')) && skip_digits(&at, 1, 9))
		*text = at;
}

bool skip_clock(struct str *text)
{
	if (!skip_digits(text, 1, 2) || !skip_char(text, ':') || !skip_digits(text, 2, 2) ||
	    !skip_char(text, ':') || !skip_digits(text, 2, 2))
		return false;
	skip_fraction(text);
	return true;
}

void skip_offset(struct str *text)
{
	struct str at = *text;

	if (skip_char(&at, 'Z') || skip_char(&at, 'z')) {
		*text = at;
		return;
	}
	if (!skip_char(&at, '+') && !skip_char(&at, '-'))
		return;
	if (!skip_digits(&at, 2, 2))
		return;
	skip_char(&at, ':');
	skip_digits(&at, 0, 2);
	*text = at;
}

bool skip_iso(struct str *text)
{
	struct str at = *text;

	if (!skip_digits(&at, 4, 4) || !skip_char(&at, '-') || !skip_digits(&at, 2, 2) ||
	    !skip_char(&at, '-') || !skip_digits(&at, 2, 2) ||
	    (!skip_char(&at, 'T') && !skip_char(&at, ' ') && !skip_char(&at, '_')) ||
	    !skip_clock(&at))
		return false;
	skip_offset(&at);
	*text = at;
	return true;
}

static bool is_day(struct str word)
{
	return skip_digits(&word, 1, 2) && (word.n == 0 || str_eq(word, STR(".")));
}

bool skip_bsd(struct str *text)
{
	struct str at = *text, year = *text;
	bool has_day = false;

	if (skip_digits(&year, 4, 4) && skip_blanks(&year))
		at = year;
	for (int i = 0; i < 2; i++) {
		struct str word = skip_word(&at);

		if (word.n == 0 || word.n > SKIP_WORD_MAX || !skip_blanks(&at))
			return false;
		has_day = has_day || is_day(word);
	}
	if (!has_day || !skip_clock(&at))
		return false;
	struct str behind = at;

	if (skip_blanks(&behind) && skip_digits(&behind, 4, 4) &&
	    (behind.n == 0 || behind.p[0] == ' '))
		at = behind;
	*text = at;
	return true;
}

bool skip_zone_and_year(struct str *text)
{
	struct str at = *text;

	if (!skip_blanks(&at) || skip_word(&at).n > 5 || !skip_blanks(&at) ||
	    !skip_digits(&at, 4, 4) || at.n == 0 || at.p[0] != ' ')
		return false;
	*text = at;
	return true;
}

bool skip_unix(struct str *text)
{
	struct str at = *text;

	if (!skip_digits(&at, 9, 11) || !skip_char(&at, '.') || !skip_digits(&at, 3, 9) ||
	    at.n == 0 || at.p[0] != ' ')
		return false;
	*text = at;
	return true;
}

bool skip_dated(struct str *text, char between)
{
	struct str at = *text;
	size_t month_n;

	if (!skip_digits(&at, 1, 4) || !skip_char(&at, between))
		return false;
	month_n = str_chr(at, between);
	if (month_n == 0 || month_n == at.n || month_n > SKIP_WORD_MAX)
		return false;
	at = str_skip(at, month_n + 1);
	if (!skip_digits(&at, 2, 4) || !skip_blanks(&at) || !skip_clock(&at))
		return false;
	*text = at;
	return true;
}

bool skip_tai(struct str *text)
{
	size_t n = 1;

	if (!str_starts(*text, STR("@4000000")))
		return false;
	while (n < text->n && scan_hex_digit(text->p[n]) >= 0)
		n++;
	if ((n != 17 && n != 25) || n == text->n || text->p[n] != ' ')
		return false;
	*text = str_skip(*text, n);
	return true;
}

bool skip_epoch(struct str *text)
{
	struct str at = *text;

	if (!skip_digits(&at, 10, 13) || at.n == 0 || at.p[0] != ' ')
		return false;
	*text = at;
	return true;
}

void skip_zone_apart(struct str *text)
{
	struct str at = *text;

	if (skip_blanks(&at) && at.n > 5 && (at.p[0] == '+' || at.p[0] == '-') &&
	    is_digit(at.p[1])) {
		skip_offset(&at);
		*text = at;
	}
}
