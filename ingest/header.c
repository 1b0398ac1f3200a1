#include "ingest/header.h"

#include "base/scan.h"
#include "ingest/header_logcat.h"
#include "ingest/skip.h"
#include "ingest/stamp.h"

#include <strings.h>

/* dmesg's and Talos' times are shorter. */
#define BRACKET_MAX 80

/* As a weekday is abbreviated in any language: in ASCII by seven letters at most. Names of pods and ids of containers
 * are longer, or have a dash. */
static bool is_weekday(struct str word)
{
	bool is_ascii = true;

	for (size_t i = 0; i < word.n; i++) {
		is_ascii = is_ascii && !(word.p[i] & 0x80);
		if (strchr("-_/@=:", word.p[i]))
			return false;
	}
	return word.n > 0 && !is_digit(word.p[0]) && word.n <= (is_ascii ? 7 : SKIP_WORD_MAX);
}

/* A weekday before the time; BSD: OpenWrt; ISO: journalctl -o short-full, whose zone follows. */
static bool skip_with_weekday(struct str *text, struct header *header)
{
	struct str at = *text;
	struct str weekday = skip_word(&at), from;

	if (!is_weekday(weekday) || !skip_blanks(&at))
		return false;
	from = at;
	if (skip_iso(&at)) {
		struct str zone = at;

		header->clock = HEADER_ISO;
		if (skip_blanks(&zone) && str_eq(skip_word(&zone), STR("UTC")))
			at = zone;
		header->time = str_of(from.p, (size_t)(at.p - from.p));
		if (at.p != zone.p) { /* another zone: its time is taken for this host's */
			skip_blanks(&at);
			skip_word(&at);
		}
		*text = at;
		return true;
	}
	if (!skip_bsd(&at))
		return false;
	header->clock = skip_zone_and_year(&at) ? HEADER_NO_TIME : HEADER_BSD;
	header->time = str_of(from.p, (size_t)(at.p - from.p));
	*text = at;
	return true;
}

static bool skip_time(struct str *text, struct header *header)
{
	const char *from = text->p;

	if (skip_iso(text))
		header->clock = HEADER_ISO;
	else if (skip_unix(text))
		header->clock = HEADER_UNIX;
	else if (skip_bsd(text))
		header->clock = HEADER_BSD;
	else if (skip_tai(text))
		header->clock = HEADER_TAI;
	else if (skip_dated(text, '/') || skip_dated(text, '-') || skip_dated(text, ' ') ||
		 skip_epoch(text) || skip_clock(text)) /* GNOME's and KDE's log viewers */
		return true;
	else
		return skip_with_weekday(text, header);
	header->time = str_of(from, (size_t)(text->p - from));
	if (header->clock == HEADER_ISO)
		skip_zone_apart(text);
	else if (text->n && strchr("Z+-", text->p[0])) { /* "Nov 21 23:01:34Z" */
		skip_offset(text);
		header->clock = HEADER_NO_TIME;
	}
	return true;
}

/* "11:01:34 PM": half a day is not known from the clock alone. */
static bool is_half_day(struct str word)
{
	return word.n == 2 && strchr("AaPp", word.p[0]) && strchr("Mm", word.p[1]);
}

static bool is_one_of(struct str word, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == word.n && strncasecmp(*words, word.p, word.n) == 0)
			return true;
	return false;
}

static bool is_severity(struct str word)
{
	static const char *const words[] = {"emerg", "panic",   "alert",  "crit", "err",   "error",
					    "warn",  "warning", "notice", "info", "debug", NULL};

	return is_one_of(word, words);
}

static bool is_facility(struct str word)
{
	static const char *const words[] = {
		"kern",   "user",   "mail",   "daemon",   "auth",   "syslog", "lpr",
		"news",   "uucp",   "cron",   "authpriv", "ftp",    "local0", "local1",
		"local2", "local3", "local4", "local5",   "local6", "local7", NULL};

	return is_one_of(word, words);
}

/* "kern.notice", "[kern.notice]". */
static bool take_priority(struct str word, struct header *header)
{
	if (word.n > 2 && word.p[0] == '[' && word.p[word.n - 1] == ']')
		word = str_of(word.p + 1, word.n - 2);
	size_t dot = str_chr(word, '.');

	if (dot == word.n || !is_facility(str_of(word.p, dot)) ||
	    !is_severity(str_skip(word, dot + 1)))
		return false;
	header->facility = str_of(word.p, dot);
	return true;
}

/* "audit:", "app[12]:". The colon ends the word; a host may hold some, but does not end so. */
static bool take_tag(struct str word, struct header *header)
{
	size_t open = str_chr(word, '['), colon = str_chr(word, ':');

	if (open > 0 && open < colon && word.p[word.n - 1] == ':') {
		header->tag = str_of(word.p, word.n - 1);
		/* the kernel has no process; some daemons and journalctl -o with-unit write one */
		if (str_eq(header->tag, STR("kernel[0]")) ||
		    str_eq(header->tag, STR("kernel[n/a]")))
			header->tag.n = open;
		return true;
	}
	if (colon == 0 || colon + 1 != word.n)
		return false;
	header->tag = str_of(word.p, colon);
	return true;
}

/* RFC 1123, addresses, and what rsyslog writes for none: "-" and "(none)" name no host. */
static bool is_host(struct str word)
{
	for (size_t i = 0; i < word.n; i++) {
		unsigned char c = (unsigned char)word.p[i];

		if (c <= ' ' || c == '"' || c == '\'' || c == '(' || c == ')' || c == '=' ||
		    c == '[' || c == ']' || c == '{' || c == '}' || c == 0x7f)
			return false;
	}
	return word.n > 0 && word.p[0] != '-' && word.p[word.n - 1] != ':';
}

/* syslog-ng's "s_sys@w1", "w1/relay": the source before the host, and who passed it on behind (long-hostnames(),
 * chain-hostnames()). */
static struct str origin_of(struct str word)
{
	size_t at = str_chr(word, '@');

	word = str_skip(word, at < word.n ? at + 1 : 0);
	return str_of(word.p, str_chr(word, '/'));
}

/* "w1 kernel audit: type=...": what came by RFC 5424, whose tags have no colon, in rsyslog's traditional form. */
static bool take_bare_tag(struct str word, struct str text, struct header *header)
{
	skip_blanks(&text);
	if (!str_eq(word, STR("kernel")) ||
	    (!str_starts(text, STR("audit: ")) && !str_starts(text, STR("["))))
		return false;
	header->tag = word;
	return true;
}

/* "kern.notice:", as socklog writes it instead of a tag. */
static bool take_priority_tag(struct str word, struct header *header)
{
	return word.n && word.p[word.n - 1] == ':' &&
	       take_priority(str_of(word.p, word.n - 1), header);
}

/* "[  711.918371] ": printk's time, where a console's or netconsole's lines have no tag. */
static bool is_printk_time(struct str text)
{
	if (!skip_char(&text, '['))
		return false;
	skip_blanks(&text);
	return skip_digits(&text, 1, 10) && skip_char(&text, '.') && skip_digits(&text, 6, 6) &&
	       skip_char(&text, ']');
}

/* Whose message it is, and the message, which end a header. */
static bool take_message(struct str text, bool any, struct header *header)
{
	static const struct str glued[] = {{"kernel:", 7},
					   {"[kernel]", 8}}; /* "kernel:[  711.918371]" */
	struct str at = text, word = skip_word(&text);

	for (size_t i = 0; i < sizeof(glued) / sizeof(glued[0]) && !header->tag.p; i++) {
		if (!str_starts(at, glued[i]))
			continue;
		header->tag = str_of(at.p + (at.p[0] == '['), 6);
		text = str_skip(at, glued[i].n);
	}
	if (is_printk_time(at))
		text = at;
	else if (!header->tag.p && !take_priority_tag(word, header) && !take_tag(word, header) &&
		 !(any && take_bare_tag(word, text, header)))
		return false;
	skip_blanks(&text);
	header->text = text;
	return true;
}

/* After the time: a host, a facility, a severity, each perhaps missing, and the message. */
static bool take_words(struct str text, struct header *header)
{
	bool any = false;

	for (int i = 0; i < 4; i++) {
		skip_blanks(&text);
		if (take_message(text, any, header))
			return true;
		struct str word = skip_word(&text);

		if (word.n == 0)
			return false;
		if (i == 0 && is_half_day(word)) {
			header->clock = HEADER_NO_TIME;
			continue;
		}
		if (take_priority(word, header) || is_severity(word) || str_eq(word, STR("UTC")))
			continue;
		if (any)
			return false;
		any = true;
		if (is_host(word))
			header->host = origin_of(word);
	}
	return false;
}

static bool read_kmsg(struct str text, struct header *header)
{
	struct str at = text;

	if (!skip_digits(&at, 1, 5))
		return false;
	header->pri = str_of(text.p, (size_t)(at.p - text.p));
	if (!skip_char(&at, ',') || !skip_digits(&at, 1, 20) || !skip_char(&at, ',') ||
	    !skip_digits(&at, 1, 20) || !skip_char(&at, ',') || str_chr(at, ';') == at.n)
		return false;
	header->form = HEADER_KMSG;
	header->text = str_skip(at, str_chr(at, ';') + 1);
	return true;
}

/* "<5>"; blanks may follow. */
static bool read_priority(struct str *text, struct header *header)
{
	struct str at = *text;

	if (!skip_char(&at, '<'))
		return true;
	const char *from = at.p;

	if (!skip_digits(&at, 1, 3))
		return false;
	header->pri = str_of(from, (size_t)(at.p - from));
	if (!skip_char(&at, '>'))
		return false;
	*text = at;
	return true;
}

/* dmesg -x: "kern  :notice: ". */
static void read_decoded(struct str *text, struct header *header)
{
	struct str at = *text;
	size_t n = 0;

	while (n < at.n && n < 10 && ((at.p[n] >= 'a' && at.p[n] <= 'z') || is_digit(at.p[n])))
		n++;
	struct str facility = str_of(at.p, n);

	at = str_skip(at, n);
	skip_blanks(&at);
	if (!is_facility(facility) || !skip_char(&at, ':'))
		return;
	n = str_chr(at, ':');
	struct str severity = str_of(at.p, n);

	while (severity.n && severity.p[severity.n - 1] == ' ')
		severity.n--;
	if (n == at.n || !is_severity(severity))
		return;
	at = str_skip(at, n + 1);
	skip_blanks(&at);
	header->facility = facility;
	*text = at;
}

/* "711.918371", "+0,000012", "<    0.000012>", "711.918371 <    0.000012>", "Nov21 23:01",
 * "Sa Nov 21 23:01:34 2026": digits around a point, a comma or a colon. */
static bool is_dmesg_time(struct str text, struct header *header)
{
	bool any = false;

	if (memchr(text.p, '@', text.n)) /* a prompt: "[root@10.0.0.1 ~]# " */
		return false;
	for (size_t i = 1; i + 1 < text.n && !any; i++)
		any = is_digit(text.p[i - 1]) && strchr(".,:", text.p[i]) &&
		      is_digit(text.p[i + 1]);
	if (!any)
		return false;
	struct str at = text;

	skip_blanks(&at);
	if (skip_with_weekday(&at, header))
		return true;
	header->clock = HEADER_NO_TIME;
	return true;
}

/* journalctl -o short-monotonic and short-delta: behind the brackets host and tag, which dmesg
 * does not have. A kernel's own "usb 1-1:" reads as those; that is no record either way. */
static void read_monotonic(struct header *header)
{
	struct header words = *header;

	if (take_words(header->text, &words) &&
	    (str_eq(words.tag, STR("kernel")) ||
	     (words.host.n && str_starts(words.tag, STR("audit[")))))
		*header = words;
}

static bool read_dmesg(struct str text, struct header *header)
{
	read_decoded(&text, header);
	if (!skip_char(&text, '['))
		return false;
	size_t n = str_chr(str_of(text.p, text.n < BRACKET_MAX ? text.n : BRACKET_MAX), ']');

	if (n == text.n || n == BRACKET_MAX || !is_dmesg_time(str_of(text.p, n), header))
		return false;
	header->form = HEADER_DMESG;
	text = str_skip(text, n + 1);
	skip_blanks(&text);
	header->text = text;
	read_monotonic(header);
	return true;
}

/* dmesg --time-format=iso: with a comma, as no syslog daemon writes it by itself, and no host. */
static bool read_dmesg_iso(struct str text, struct header *header)
{
	struct str at = text;

	read_decoded(&at, header);
	struct str from = at;

	if (!skip_iso(&at) || at.n == 0 || at.p[0] != ' ' || from.n < 20 || from.p[19] != ',')
		return false;
	header->form = HEADER_DMESG;
	header->clock = HEADER_ISO;
	header->time = str_of(from.p, (size_t)(at.p - from.p));
	skip_blanks(&at);
	header->text = at;
	read_monotonic(header);
	return true;
}

/* Talos (talosctl dmesg): "10.1.1.2: kern:  notice: [2026-11-21T23:01:34.454925566Z]: text". */
static bool read_talos(struct str text, struct header *header)
{
	struct str at = text, host = skip_word(&at), facility, severity, from;

	if (host.n < 2 || host.p[host.n - 1] != ':' || !skip_blanks(&at))
		return false;
	host.n--;
	if (is_facility(host))
		host = str_of(NULL, 0);
	else
		text = at;
	facility = skip_word(&text);
	skip_blanks(&text);
	severity = skip_word(&text);
	skip_blanks(&text);
	if (facility.n < 2 || severity.n < 2 || !skip_char(&text, '['))
		return false;
	facility.n--;
	severity.n--;
	from = text;
	if (!is_facility(facility) || !is_severity(severity) || !skip_iso(&text))
		return false;
	header->time = str_of(from.p, (size_t)(text.p - from.p));
	if (!skip_char(&text, ']') || !skip_char(&text, ':'))
		return false;
	skip_blanks(&text);
	header->form = HEADER_DMESG;
	header->clock = HEADER_ISO;
	header->host = host.n && is_host(host) ? host : str_of(NULL, 0);
	header->facility = facility;
	header->text = text;
	return true;
}

/* RFC 5424, 6.3: "-", or elements in brackets, in whose quotes a bracket may stand. */
static bool skip_structured(struct str *text)
{
	bool quoted = false;

	if (skip_char(text, '-'))
		return true;
	if (!text->n || text->p[0] != '[')
		return false;
	for (size_t i = 1; i < text->n; i++) {
		if (text->p[i] == '\\')
			i++;
		else if (text->p[i] == '"')
			quoted = !quoted;
		else if (text->p[i] == ']' && !quoted &&
			 (i + 1 == text->n || text->p[i + 1] != '[')) {
			*text = str_skip(*text, i + 1);
			return true;
		}
	}
	return false;
}

/* RFC 5424: "<5>1 STAMP HOST kernel - - - text"; templates leave the version away. */
static bool read_rfc5424(struct str text, struct header *header)
{
	struct str words[5], version = text;

	if (skip_char(&version, '1') && skip_blanks(&version))
		text = version;
	for (int i = 0; i < 5; i++) {
		words[i] = skip_word(&text);
		if (words[i].n == 0 || !skip_blanks(&text))
			return false;
	}
	struct str time = words[0];

	bool has_time = skip_iso(&time) && !time.n;

	if (!has_time && (!header->pri.p || !str_eq(words[0], STR("-"))))
		return false;
	if (!skip_structured(&text) || (text.n && !skip_blanks(&text)))
		return false;
	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_skip(text, 3);
	header->form = HEADER_SYSLOG;
	header->clock = has_time ? HEADER_ISO : HEADER_NO_TIME;
	header->time = words[0];
	header->host = is_host(words[1]) ? words[1] : str_of(NULL, 0);
	header->tag = words[2];
	header->text = text;
	return true;
}

/* dmesg -t, with a priority perhaps: the kernel's words. */
static bool read_bare(struct str text, struct header *header)
{
	read_decoded(&text, header);
	bool has_priority = header->pri.p || header->facility.p;

	if (str_starts(text, STR("kernel: ")))
		text = str_skip(text, 8);
	if (is_printk_time(text)) {
		text = str_skip(text, str_chr(text, ']') + 1);
		skip_blanks(&text);
	}
	if (!str_starts(text, STR("audit: ")) && (!has_priority || !str_starts(text, STR("type="))))
		return false;
	header->form = HEADER_DMESG;
	header->text = text;
	return true;
}

static bool read_syslog(struct str text, struct header *header)
{
	skip_blanks(&text);
	header->form = HEADER_SYSLOG;
	return skip_time(&text, header) && skip_blanks(&text) && take_words(text, header);
}

/* Each begins anew: what an attempt before it found is forgotten. */
static bool attempt(bool (*read)(struct str, struct header *), struct str text, struct str pri,
		    struct header *header)
{
	*header = (struct header){.pri = pri};
	return read(text, header);
}

bool header_read(struct str text, struct header *header)
{
	struct header before = {0};

	if (text.n == 0 || text.p[0] == ' ' || text.p[0] == '\t')
		return false; /* the further lines of a message are indented */
	if (attempt(read_kmsg, text, str_of(NULL, 0), header))
		return true;
	if (!read_priority(&text, &before))
		return false;
	if (before.pri.p && attempt(read_rfc5424, text, before.pri, header))
		return true;
	return attempt(read_dmesg, text, before.pri, header) ||
	       attempt(read_dmesg_iso, text, before.pri, header) ||
	       attempt(header_read_logcat, text, before.pri, header) ||
	       attempt(read_syslog, text, before.pri, header) ||
	       attempt(read_talos, text, before.pri, header) ||
	       attempt(read_bare, text, before.pri, header) ||
	       attempt(read_rfc5424, text, before.pri, header);
}

static bool unix_time(struct str text, int64_t *ret_ms)
{
	int64_t ms = 0;
	size_t dot = str_chr(text, '.');

	for (size_t i = 0; i < dot + 4 && i < text.n; i++)
		if (i != dot)
			ms = ms * 10 + (text.p[i] - '0');
	*ret_ms = ms;
	return true;
}

/* Seconds since 1970 TAI and 2^62; multilog and svlogd add ten, and know of no leap second since. */
static bool tai_time(struct str text, int64_t *ret_ms)
{
	uint64_t seconds = 0, ns = 0;

	for (size_t i = 1; i < 17; i++)
		seconds = seconds << 4 | (uint64_t)scan_hex_digit(text.p[i]);
	for (size_t i = 17; i < text.n; i++)
		ns = ns << 4 | (uint64_t)scan_hex_digit(text.p[i]);
	seconds -= (UINT64_C(1) << 62) + 10;
	*ret_ms = (int64_t)(seconds * 1000 + ns / 1000000);
	return seconds < UINT32_MAX * UINT64_C(64) && ns < 1000000000;
}

bool header_time(const struct header *header, int64_t now_ms, int64_t *ret_ms)
{
	switch (header->clock) {
	case HEADER_ISO:
		return stamp_iso(header->time, ret_ms);
	case HEADER_BSD:
		return stamp_bsd(header->time, now_ms, ret_ms);
	case HEADER_UNIX:
		return unix_time(header->time, ret_ms);
	case HEADER_TAI:
		return tai_time(header->time, ret_ms);
	case HEADER_NO_TIME:
		break;
	}
	return false;
}

bool header_is_kernel_facility(const struct header *header)
{
	unsigned long pri = 0;

	for (size_t i = 0; i < header->pri.n; i++)
		pri = pri * 10 + (unsigned long)(header->pri.p[i] - '0');
	if (header->pri.p && (header->pri.n > 9 || pri >> 3 != 0))
		return false;
	return !header->facility.p || str_eq(header->facility, STR("kern"));
}
