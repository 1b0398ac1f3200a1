#include "ingest/header_logcat.h"

#include "ingest/skip.h"

static bool is_number(struct str word)
{
	return word.n > 0 && skip_digits(&word, 1, 10) && word.n == 0;
}

/* The times of logcat: a day without a year, with one, seconds since the epoch or since boot. */
static bool skip_logcat_time(struct str *text, struct header *header)
{
	struct str at = *text, from = *text;

	if (skip_iso(&at)) {
		header->clock = HEADER_ISO;
	} else if (at = from, skip_unix(&at)) {
		header->clock = HEADER_UNIX;
	} else if (at = from, skip_digits(&at, 2, 2) && skip_char(&at, '-') &&
				      skip_digits(&at, 2, 2) && skip_blanks(&at) &&
				      skip_clock(&at)) {
		header->clock = HEADER_BSD;
	} else if (at = from, skip_blanks(&at),
		   !skip_digits(&at, 1, 10) || !skip_char(&at, '.') || !skip_digits(&at, 3, 9)) {
		return false;
	}
	header->time = str_of(from.p, (size_t)(at.p - from.p));
	skip_zone_apart(&at);
	*text = at;
	return skip_blanks(text);
}

static struct str trim_end(struct str text)
{
	while (text.n && text.p[text.n - 1] == ' ')
		text.n--;
	return text;
}

/* logcat -v brief, time and tag: "W/auditd  (  123): text", "W/auditd  : text". */
static bool read_logcat_tag(struct str text, struct header *header)
{
	if (text.n < 6 || !strchr("VDIWEF", text.p[0]) || text.p[1] != '/')
		return false;
	text = str_skip(text, 2);
	size_t colon = str_find(text, STR(": "));
	struct str tag = str_of(text.p, colon);
	size_t open = str_chr(tag, '(');

	if (colon == text.n || open == 0 || (open < tag.n && tag.p[tag.n - 1] != ')'))
		return false;
	header->tag = trim_end(str_of(tag.p, open));
	header->form = HEADER_LOGCAT;
	header->text = str_skip(text, colon + 2);
	return true;
}

/* logcat -v process: "W(    0) text  (auditd)". The kernel's process is 0. */
static bool read_logcat_process(struct str text, struct header *header)
{
	if (text.n < 6 || !strchr("VDIWEF", text.p[0]) || text.p[1] != '(')
		return false;
	text = str_skip(text, 2);
	skip_blanks(&text);
	bool is_kernel = str_starts(text, STR("0)"));

	if (!skip_digits(&text, 1, 10) || !skip_char(&text, ')') || !skip_char(&text, ' '))
		return false;
	header->form = HEADER_LOGCAT;
	header->tag = is_kernel ? STR("kernel") : str_of(text.p, 0);
	header->text = text;
	const char *open =
		text.n && text.p[text.n - 1] == ')' ? memrchr(text.p, '(', text.n) : NULL;

	if (!open || open < text.p + 2 || open[-1] != ' ' || open[-2] != ' ')
		return true;
	header->tag = str_of(open + 1, text.n - (size_t)(open - text.p) - 2);
	header->text.n = (size_t)(open - text.p) - 2;
	return true;
}

bool header_read_logcat_long(struct str text, struct header *header)
{
	struct str word;

	*header = (struct header){.form = HEADER_LOGCAT};
	if (!str_starts(text, STR("[ ")) || text.p[text.n - 1] != ']')
		return false;
	text = str_of(text.p + 2, text.n - 3);
	if (!skip_logcat_time(&text, header))
		return false;
	word = skip_word(&text);
	skip_blanks(&text);
	if (word.n < 2 || word.p[word.n - 1] != ':' || !is_number(str_of(word.p, word.n - 1)) ||
	    !is_number(skip_word(&text)) || !skip_blanks(&text))
		return false;
	if (text.n < 3 || !strchr("VDIWEF", text.p[0]) || text.p[1] != '/')
		return false;
	header->tag = trim_end(str_skip(text, 2));
	return true;
}

/* logcat -v threadtime: "11-21 23:01:34.454  1000  1000 W auditd  : text"; a user before. */
bool header_read_logcat(struct str text, struct header *header)
{
	struct str word, at = text;
	int numbers = 0;

	if (!skip_logcat_time(&at, header))
		return read_logcat_tag(text, header) || read_logcat_process(text, header);
	if (read_logcat_tag(at, header))
		return true;
	for (;;) {
		word = skip_word(&at);
		if (numbers == 4 || (!is_number(word) && !str_eq(word, STR("root"))))
			break;
		numbers++;
		if (!skip_blanks(&at))
			return false;
	}
	if (numbers < 2 || word.n != 1 || !strchr("VDIWEF", word.p[0]) || !skip_blanks(&at))
		return false;
	size_t colon = str_chr(at, ':');

	header->tag = trim_end(str_of(at.p, colon));
	at = str_skip(at, colon);
	if (!skip_char(&at, ':'))
		return false;
	skip_blanks(&at);
	header->form = HEADER_LOGCAT;
	header->text = at;
	return true;
}
