#include "ingest/framing.h"

#include "base/mem.h"
#include "base/pattern.h"
#include "ingest/journal.h"
#include "ingest/node.h"
#include "ingest/stamp.h"

#include <stdlib.h>

enum { FRAME_KMSG }; /* the one whose text is escaped */

/*
 * One way in which a syslog daemon, journald or dmesg writes kernel text. Groups:
 * pri (of RFC 3164 or kmsg), facility (by name), iso or bsd (the header's time), host, tag,
 * text. The first row that matches reads the line.
 */
static const char *const frames[] = {
	/* "5,1234,711918371,-;text": /dev/kmsg (kernel: Documentation/ABI/testing/dev-kmsg) */
	[FRAME_KMSG] = "^(?<pri>\\d+),\\d+,\\d+,[^;]*;(?<text>.*)$",

	/*
	 * "[  711.918371] text"; dmesg -T: "[Sat Nov 21 23:01:34 2026] text"; -d adds " <    0.000012>"
	 * to either, or stands alone; -e, -H: "[Nov21 23:01] text", then "[  +0.000012] text". Before
	 * it, the facility of -x or the priority of -r.
	 */
	"^(?:(?<facility>[a-z0-9]+)\\s*:[a-z]+\\s*:\\s*|<(?<pri>\\d{1,3})>)?"
	"\\[\\s*(?:(?:\\+?\\d+\\.\\d{6}|\\w{3}[\\d\\ ]\\d\\ \\d\\d:\\d\\d"
	"|\\w{3}\\ \\w{3}\\ [\\d\\ ]\\d\\ \\d\\d:\\d\\d:\\d\\d\\ \\d{4})"
	"(?:\\ <\\s*\\d+\\.\\d{6}>)?|<\\s*\\d+\\.\\d{6}>)\\]\\ *"
	"(?:\\[\\s*[TC]\\d+\\]\\ *)?(?<text>.*)$",

	/* dmesg --time-format=iso: with a comma, as no syslog daemon writes it, and no host */
	"^(?:(?<facility>[a-z0-9]+)\\s*:[a-z]+\\s*:\\s*)?"
	"(?<iso>\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d,\\d{6}[-+]\\d\\d:\\d\\d)\\ "
	"(?:\\[\\s*[TC]\\d+\\]\\ *)?(?<text>(?:audit|kauditd_printk_skb|audit_printk_skb):\\ .*)$",

	/* RFC 3164 and what rsyslog, syslog-ng and journalctl make of it; RFC 3339 stamps too */
	"^(?:<(?<pri>\\d{1,3})>)?\\s*"
	"(?:(?<iso>\\d{4}-\\d\\d-\\d\\d[T\\ ]\\d\\d:\\d\\d:\\d\\d\\S*)"
	"|(?<bsd>\\S{1,16}\\ +\\S{1,16}\\ +" /* a month in any language, and a day */
	"\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d+)?(?:\\ \\d{4})?))\\s+"
	"(?<host>\\S+)\\s+(?:(?<facility>[a-z0-9]+)\\.[a-z]+\\s+)?"
	"(?<tag>[^\\s:\\[]+(?:\\[[^\\]]*\\])?):\\s*(?<text>.*)$",

	/* RFC 5424: "<5>1 STAMP HOST kernel - - - text" */
	"^<(?<pri>\\d{1,3})>1\\ (?<iso>\\S+)\\ (?<host>\\S+)\\ (?<tag>\\S+)\\ \\S+\\ \\S+\\ "
	"(?:-|\\[.*?\\](?=\\ ))\\ (?<text>.*)$",
};

#define FRAME_COUNT (sizeof(frames) / sizeof(frames[0]))

/* Before the kernel's words: printk's time and its caller (CONFIG_PRINTK_CALLER). */
static const char printk_prefix[] =
	"^\\s*(?:\\[\\s*\\d+\\.\\d{6}\\]\\s*)?(?:\\[\\s*[TC]\\d+\\]\\s*)?"
	"(?<text>.*)$";

struct framing {
	struct framing_options options;
	struct pattern *frames[FRAME_COUNT];
	struct pattern *printk;
	struct journal journal;
	struct buf unescaped;
	char host_label[NODE_LABEL_SIZE];
};

/* What a header says, before it is known whose text it is. */
struct header {
	struct str pri, facility, iso, bsd, host, tag, text;
};

int framing_new(const struct framing_options *options, struct framing **ret_framing,
		struct err *err)
{
	struct framing *framing = mem_new(1, sizeof(*framing));
	int result = pattern_new(printk_prefix, &framing->printk, err);

	framing->options = *options;
	for (size_t i = 0; i < FRAME_COUNT && result == 0; i++)
		result = pattern_new(frames[i], &framing->frames[i], err);
	if (result < 0) {
		framing_free(framing);
		return result;
	}
	framing->options.host = node_label(options->host, framing->host_label);
	*ret_framing = framing;
	return 0;
}

void framing_free(struct framing *framing)
{
	if (!framing)
		return;
	for (size_t i = 0; i < FRAME_COUNT; i++)
		pattern_free(framing->frames[i]);
	pattern_free(framing->printk);
	journal_release(&framing->journal);
	buf_release(&framing->unescaped);
	free(framing);
}

void framing_set_now(struct framing *framing, int64_t now_ms)
{
	framing->options.now_ms = now_ms;
}

bool framing_is_inside(const struct framing *framing)
{
	return framing->journal.inside;
}

void framing_restart(struct framing *framing)
{
	journal_restart(&framing->journal);
}

/* A header's host names a node only if it is not this host, written long or short. */
static struct str node_of(const struct framing *framing, struct str host)
{
	char label[NODE_LABEL_SIZE];

	if (host.n == 0 || str_eq(node_label(host, label), framing->options.host))
		return str_of(NULL, 0);
	return host;
}

static bool starts_word(struct str text, struct str prefix, struct str *ret_rest)
{
	if (!str_starts(text, prefix))
		return false;
	*ret_rest = str_skip(text, prefix.n);
	return true;
}

/* After "type=": is it SECCOMP, by name, number or as auditd writes a type it does not know? */
static bool seccomp_type(struct str text, struct str *ret_rest)
{
	return starts_word(text, STR("SECCOMP "), ret_rest) ||
	       starts_word(text, STR("1326 "), ret_rest) ||
	       starts_word(text, STR("UNKNOWN[1326] "), ret_rest);
}

/* After the type: "msg=audit(...): " of auditd, "audit(...): " of the kernel. */
static void read_stamped(struct framed *framed, struct str text)
{
	struct str rest = text;

	framed->full_stream = starts_word(text, STR("msg="), &rest);
	framed->kind = FRAMED_UNSTAMPED;
	if (!starts_word(rest, STR("audit("), &rest))
		return;
	framed->fields = rest;
	if (stamp_kernel(&framed->fields, &framed->ms, &framed->serial)) {
		framed->kind = FRAMED_RECORD;
	} else if (stamp_interpreted(&framed->fields, &framed->ms, &framed->serial)) {
		framed->kind = FRAMED_RECORD;
		framed->interpreted = true;
	}
	framed->has_serial = framed->kind == FRAMED_RECORD;
}

/* A record of another type in auditd's file: its serial shows that nothing is missing there.
 * DAEMON_* records are auditd's own and have serials of their own. */
static void read_other_type(struct framed *framed, struct str text)
{
	struct str rest = str_skip(text, str_chr(text, ' '));

	framed->kind = FRAMED_OTHER;
	if (str_starts(text, STR("DAEMON_")) || !starts_word(rest, STR(" msg=audit("), &rest))
		return;
	if (stamp_kernel(&rest, &framed->ms, &framed->serial))
		framed->kind = FRAMED_AUDIT;
	framed->full_stream = true;
}

/* "type=..." at the start of a line, after "node=NAME " perhaps: auditd's own framing. */
static void read_auditd(struct framed *framed, struct str text)
{
	struct str rest = str_skip(text, 5);

	framed->source = SOURCE_LOG;
	framed->trust = TRUST_KERNEL;
	if (seccomp_type(rest, &rest))
		read_stamped(framed, rest);
	else
		read_other_type(framed, rest);
}

static void read_node_prefix(struct framed *framed, struct str text)
{
	struct str name = str_skip(text, 5);
	size_t n = str_chr(name, ' ');
	struct str rest = str_skip(name, n);

	framed->kind = FRAMED_OTHER;
	if (rest.n == 0 || !str_starts(rest, STR(" type=")))
		return;
	framed->node = str_of(name.p, n);
	read_auditd(framed, str_skip(rest, 1));
}

struct notice_form {
	struct str before; /* what the kernel's text begins with */
	struct str number; /* what a number follows, or nothing */
	enum framed_notice notice;
};

/* kernel/audit.c: audit_log_lost(), kauditd_printk_skb(); FACTS: how losses show. */
static const struct notice_form notice_forms[] = {
	{{"kauditd_printk_skb: ", 20}, {"kauditd_printk_skb: ", 20}, FRAMED_NOTICE_PRINTK},
	{{"audit_printk_skb: ", 18}, {"audit_printk_skb: ", 18}, FRAMED_NOTICE_PRINTK},
	{{"audit: audit_lost=", 18}, {"audit: audit_lost=", 18}, FRAMED_NOTICE_LOST},
	{{"audit: audit_backlog=", 21}, {"", 0}, FRAMED_NOTICE_BACKLOG},
	{{"audit: backlog limit exceeded", 29}, {"", 0}, FRAMED_NOTICE_BACKLOG},
	{{"audit: rate limit exceeded", 26}, {"", 0}, FRAMED_NOTICE_RATE},
	{{"audit: kauditd hold queue overflow", 34}, {"", 0}, FRAMED_NOTICE_QUEUE},
	{{"audit: kauditd retry queue overflow", 35}, {"", 0}, FRAMED_NOTICE_QUEUE},
};

static bool read_notice(struct framed *framed, struct str text)
{
	for (size_t i = 0; i < sizeof(notice_forms) / sizeof(notice_forms[0]); i++) {
		const struct notice_form *form = &notice_forms[i];

		if (!str_starts(text, form->before))
			continue;
		framed->notice = form->notice;
		struct str number = str_skip(text, form->number.n);

		for (size_t at = 0; form->number.n && at < number.n && at < 18 &&
				    number.p[at] >= '0' && number.p[at] <= '9';
		     at++)
			framed->count = framed->count * 10 + (uint64_t)(number.p[at] - '0');
		framed->kind = FRAMED_NOTICE;
		return true;
	}
	return false;
}

/* "1300 audit(...): ...": without auditd the kernel prints records of every type. */
static void read_other_kernel_type(struct framed *framed, struct str text)
{
	struct str rest = str_skip(text, str_chr(text, ' '));

	if (!starts_word(rest, STR(" audit("), &rest) ||
	    !stamp_kernel(&rest, &framed->ms, &framed->serial))
		return;
	framed->kind = FRAMED_AUDIT;
	framed->has_serial = true;
}

/* The kernel's own words, printk's prefix taken off. */
static void read_kernel_text(struct framing *framing, struct framed *framed, struct str text)
{
	if (pattern_match(framing->printk, text))
		text = pattern_group(framing->printk, "text");
	if (read_notice(framed, text))
		return;
	struct str rest = text;

	starts_word(text, STR("audit: "), &rest);
	framed->kind = FRAMED_OTHER;
	if (!starts_word(rest, STR("type="), &rest))
		return;
	if (seccomp_type(rest, &rest))
		read_stamped(framed, rest);
	else
		read_other_kernel_type(framed, rest);
	framed->full_stream = framed->has_serial;
}

/* Does text claim to hold a SECCOMP record, wherever in it? */
static bool claims(struct str text)
{
	return str_find(text, STR("type=1326 ")) < text.n ||
	       str_find(text, STR("type=SECCOMP ")) < text.n ||
	       str_find(text, STR("SECCOMP auid=")) < text.n;
}

/* With --trust-all: the first thing in the line that reads as a stamped record is one. */
static void read_anywhere(struct framed *framed, struct str text)
{
	while (text.n) {
		size_t at = str_find(text, STR("type="));
		struct str rest;

		if (at == text.n)
			return;
		text = str_skip(text, at + 5);
		if (!seccomp_type(text, &rest))
			continue;
		struct framed found = *framed;

		read_stamped(&found, rest);
		if (found.kind == FRAMED_RECORD) {
			*framed = found;
			return;
		}
	}
}

static void refuse(const struct framing *framing, struct framed *framed, struct str text,
		   enum framed_kind otherwise)
{
	framed->kind = otherwise;
	if (!claims(text))
		return;
	framed->kind = FRAMED_UNTRUSTED;
	framed->trust = TRUST_TEXT;
	if (framing->options.trust_all)
		read_anywhere(framed, text);
}

/* Facility 0 is the kernel's (RFC 5424, 6.2.1); whoever writes to /dev/kmsg or sends a message
 * with another one is user space. */
static bool facility_is_kernel(const struct header *header)
{
	if (header->pri.p) {
		long pri = 0;

		for (size_t i = 0; i < header->pri.n && i < 9; i++)
			pri = pri * 10 + (header->pri.p[i] - '0');
		if (header->pri.n > 9 || pri >> 3 != 0)
			return false;
	}
	return !header->facility.p || str_eq(header->facility, STR("kern"));
}

static bool header_time(const struct framing *framing, const struct header *header, int64_t *ret_ms)
{
	if (header->iso.p)
		return stamp_iso(header->iso, ret_ms);
	return header->bsd.p && stamp_bsd(header->bsd, framing->options.now_ms, ret_ms);
}

/* journald's audit transport as text: "audit[19499]: SECCOMP auid=...": no serial, and no time
 * but the header's. */
static bool is_journald_audit(const struct header *header)
{
	return str_starts(header->tag, STR("audit[")) && str_starts(header->text, STR("SECCOMP "));
}

static void read_journald_audit(const struct framing *framing, struct framed *framed,
				const struct header *header)
{
	framed->source = SOURCE_JOURNAL;
	framed->fields = str_skip(header->text, sizeof("SECCOMP ") - 1);
	framed->kind = header_time(framing, header, &framed->ms) ? FRAMED_RECORD : FRAMED_UNSTAMPED;
}

static struct header header_of(const struct pattern *pattern)
{
	return (struct header){
		.pri = pattern_group(pattern, "pri"),
		.facility = pattern_group(pattern, "facility"),
		.iso = pattern_group(pattern, "iso"),
		.bsd = pattern_group(pattern, "bsd"),
		.host = pattern_group(pattern, "host"),
		.tag = pattern_group(pattern, "tag"),
		.text = pattern_group(pattern, "text"),
	};
}

static void read_header(struct framing *framing, struct framed *framed, const struct header *header)
{
	framed->node = node_of(framing, header->host);
	if (is_journald_audit(header) && !header->pri.p) {
		read_journald_audit(framing, framed, header);
		return;
	}
	if ((header->tag.p && !str_eq(header->tag, STR("kernel"))) || !facility_is_kernel(header)) {
		refuse(framing, framed, header->text, FRAMED_OTHER);
		return;
	}
	read_kernel_text(framing, framed, header->text);
	if (framed->kind == FRAMED_NOTICE && !header_time(framing, header, &framed->ms))
		framed->ms = 0; /* not known: dmesg counts from boot */
	/* A stamp that is there is the event's time; the header's serves where there is none. */
	if (framed->kind == FRAMED_OTHER)
		refuse(framing, framed, header->text, FRAMED_OTHER);
}

/* "\x5c": /dev/kmsg writes backslashes so, and what is not printable (kernel/printk/printk.c,
 * msg_add_ext_text()); a program's name may hold the former. */
static bool take_escaped(struct str *text, char *ret_c)
{
	static const char digits[] = "0123456789abcdef";
	const char *high, *low;

	if (text->n < 4 || text->p[0] != '\\' || text->p[1] != 'x' || !text->p[2] || !text->p[3])
		return false;
	high = strchr(digits, text->p[2]);
	low = strchr(digits, text->p[3]);
	if (!high || !low)
		return false;
	*ret_c = (char)((high - digits) << 4 | (low - digits));
	*text = str_skip(*text, 4);
	return true;
}

static struct str unescape_kmsg(struct framing *framing, struct str text)
{
	if (str_chr(text, '\\') == text.n)
		return text;
	buf_clear(&framing->unescaped);
	while (text.n) {
		struct str plain = str_of(text.p, str_chr(text, '\\'));
		char c = '\\';

		buf_put_str(&framing->unescaped, plain);
		text = str_skip(text, plain.n);
		if (!text.n)
			break;
		if (!take_escaped(&text, &c))
			text = str_skip(text, 1);
		buf_put_char(&framing->unescaped, c);
	}
	return buf_str(&framing->unescaped);
}

static void read_framed_text(struct framing *framing, struct framed *framed, struct str text)
{
	framed->source = SOURCE_SYSLOG;
	for (size_t i = 0; i < FRAME_COUNT; i++) {
		if (!pattern_match(framing->frames[i], text))
			continue;
		struct header header = header_of(framing->frames[i]);

		if (i == FRAME_KMSG) {
			header.text = unescape_kmsg(framing, header.text);
			framed->trust = TRUST_KERNEL;
		}
		read_header(framing, framed, &header);
		return;
	}
	refuse(framing, framed, text, FRAMED_UNKNOWN);
}

/*
 * The kernel transport is all that journald read from /dev/kmsg, where user space may write, too;
 * the kernel keeps its own facility for itself (kernel/printk/printk.c, devkmsg_write()), and
 * journald notes it. An export may lack it.
 */
static bool entry_is_kernel(const struct journal *journal)
{
	struct str facility = journal_value(journal, JOURNAL_FACILITY);

	return str_eq(journal_value(journal, JOURNAL_TRANSPORT), STR("kernel")) &&
	       (!facility.p || str_eq(facility, STR("0")));
}

/* A journal entry: _TRANSPORT is journald's own word on where it came from. */
void framing_read_entry(struct framing *framing, const struct journal *journal,
			struct framed *framed)
{
	struct str transport = journal_value(journal, JOURNAL_TRANSPORT);
	struct str message = journal_value(journal, JOURNAL_MESSAGE);
	uint64_t us = 0, serial = 0, type = 0;
	bool stamped = journal_number(journal, JOURNAL_SOURCE_TIME, &us);

	*framed = (struct framed){
		.kind = FRAMED_OTHER, .source = SOURCE_JOURNAL, .trust = TRUST_KERNEL};
	framed->node = node_of(framing, journal_value(journal, JOURNAL_HOSTNAME));
	if (!stamped)
		journal_number(journal, JOURNAL_TIME, &us);
	framed->ms = (int64_t)(us / 1000);
	if (entry_is_kernel(journal)) {
		read_kernel_text(framing, framed, message);
		return;
	}
	if (!str_eq(transport, STR("audit"))) {
		refuse(framing, framed, message, FRAMED_OTHER);
		return;
	}
	framed->has_serial = journal_number(journal, JOURNAL_AUDIT_ID, &serial) &&
			     serial <= UINT32_MAX && stamped;
	framed->serial = (uint32_t)serial;
	if (!journal_number(journal, JOURNAL_AUDIT_TYPE, &type) || type != 1326 ||
	    !starts_word(message, STR("SECCOMP "), &framed->fields))
		return;
	framed->kind = us ? FRAMED_RECORD : FRAMED_UNSTAMPED;
	/* What the journal holds was delivered, whatever syslog lost of it. */
	framed->full_stream = framed->has_serial;
}

static bool may_matter(struct str text)
{
	return str_find(text, STR("audit")) < text.n || str_find(text, STR("SECCOMP")) < text.n;
}

/* In JSON the words may be hidden: a message that is no UTF-8 comes as numbers. */
static bool json_may_matter(struct str text)
{
	return may_matter(text) || str_find(text, STR("\"MESSAGE\":[")) < text.n ||
	       str_find(text, STR("\"MESSAGE\" : [")) < text.n;
}

/* Lines that are not auditd's. Only those that mention audit are looked at closely. */
static void read_other_framing(struct framing *framing, struct framed *framed,
			       const struct line *line)
{
	struct str text = line->text;

	if (journal_is_export(&framing->journal, text)) {
		framed->kind = FRAMED_OTHER;
		if (journal_export_line(&framing->journal, line))
			framing_read_entry(framing, &framing->journal, framed);
		return;
	}
	if (text.n && text.p[text.n - 1] == '\r')
		text.n--;
	if (text.n && text.p[0] == '{') {
		framed->kind = FRAMED_OTHER;
		if (!json_may_matter(text))
			return;
		if (journal_json(&framing->journal, text))
			framing_read_entry(framing, &framing->journal, framed);
		else
			refuse(framing, framed, text, FRAMED_UNKNOWN);
		return;
	}
	if (may_matter(text))
		read_framed_text(framing, framed, text);
	else
		framed->kind = memchr(text.p, '\0', text.n) ? FRAMED_UNKNOWN : FRAMED_TEXT;
}

void framing_read(struct framing *framing, const struct line *line, struct framed *framed)
{
	struct str text = line->text;

	*framed = (struct framed){.kind = FRAMED_OTHER};
	if (journal_is_broken(&framing->journal, text))
		journal_restart(&framing->journal);
	/* copytruncate leaves a hole of zeros before the first line */
	while (text.n && text.p[0] == '\0' && !framing->journal.inside)
		text = str_skip(text, 1);
	if (str_starts(text, STR("type=")) && !framing->journal.inside)
		read_auditd(framed, text);
	else if (str_starts(text, STR("node=")) && !framing->journal.inside)
		read_node_prefix(framed, text);
	else if (line->text.n || framing->journal.inside)
		read_other_framing(framing, framed, line);
}
