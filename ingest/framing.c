#include "ingest/framing.h"

#include "base/mem.h"
#include "base/scan.h"
#include "ingest/collector.h"
#include "ingest/envelope/envelope.h"
#include "ingest/header_logcat.h"
#include "ingest/journal.h"
#include "ingest/kernel_text.h"
#include "ingest/node.h"
#include "ingest/stamp.h"

#include <stdlib.h>
#include <time.h>

#define HALF_YEAR_MS (INT64_C(183) * 24 * 60 * 60 * 1000)

/* What a log's lines stand in; a log has one by itself. */
enum family {
	FAMILY_UNDECIDED,
	FAMILY_AUDITD, /* auditd's own file, or a copy of it */
	FAMILY_EXPORT, /* of the journal */
	FAMILY_HEADER, /* and the header's form */
};

/* What makes a line count that was not counted. */
static const char REMEDY_TRUST[] = "--trust-all counts such lines";
static const char REMEDY_MIXED[] =
	"--trust-all, or --mixed where several logs were joined, counts such lines";
static const char REMEDY_FRAMING[] = "use another --framing, or none, to read such lines";
static const char REMEDY_UNWRAP[] = "use another --unwrap, or none, to read such lines";
static const char REMEDY_NONE[] =
	"no option counts such lines: no record with a time could be read in them";

struct framing {
	struct framing_options options;
	struct framing *ahead; /* reads lines for framing_note_date() alone */
	struct envelope *envelope;
	struct journal journal;
	struct journal entry; /* of an envelope */
	struct buf unescaped;
	struct kernel_dates dates; /* orders: of the input at hand */
	bool dates_noted;          /* all of them were looked at */
	int64_t near_ms;           /* a stamp of the kernel's in the input; 0: none was seen */
	int64_t zone_ms;           /* by how much local times of the input are ahead of ours */
	unsigned family;           /* of the input at hand: FAMILY_HEADER + enum header_form */
	bool after_header;         /* of the kernel's in logcat -v long: its text comes */
	int64_t header_ms;
	bool known; /* some line of the input at hand stood in something */
	char host_label[NODE_LABEL_SIZE];
};

struct framing *framing_new(const struct framing_options *options)
{
	struct framing *framing = mem_new(1, sizeof(*framing));
	struct envelope_options envelope = {.name = options->unwrap, .mixed = options->mixed};

	framing->options = *options;
	framing->envelope = envelope_new(&envelope);
	framing_set_now(framing, options->now_ms);
	framing_set_host(framing, options->host);
	framing_restart(framing);
	return framing;
}

void framing_free(struct framing *framing)
{
	if (!framing)
		return;
	framing_free(framing->ahead);
	envelope_free(framing->envelope);
	journal_release(&framing->journal);
	journal_release(&framing->entry);
	buf_release(&framing->unescaped);
	free(framing);
}

void framing_set_host(struct framing *framing, struct str host)
{
	framing->options.host = node_label(host, framing->host_label);
}

void framing_set_now(struct framing *framing, int64_t now_ms)
{
	time_t now = (time_t)(now_ms / 1000);
	struct tm tm;

	localtime_r(&now, &tm);
	framing->dates.now_year = tm.tm_year + 1900;
	framing->options.now_ms = now_ms;
}

/* "type=... msg=audit(11/21/2026 23:04:54.062:148553) :": what is behind the parenthesis, unless it
 * is a stamp of the kernel's. */
static bool find_date(struct str line, struct str *ret_date)
{
	static const struct str before = {"msg=audit(", 10};
	size_t at = str_find(str_of(line.p, line.n < 512 ? line.n : 512), before);
	struct str rest;
	int64_t ms;
	uint32_t serial;

	if (at >= line.n || line.n - at <= before.n || at >= 512)
		return false;
	*ret_date = rest = str_skip(line, at + before.n);
	return !stamp_kernel(&rest, &ms, &serial);
}

/* "audit[7]: SECCOMP": journald's, whose only time is the header's. */
static bool needs_year(const struct framing *framing, struct str line)
{
	return !framing->near_ms && str_find(str_of(line.p, line.n < 128 ? line.n : 128),
					     STR("]: SECCOMP ")) < (line.n < 128 ? line.n : 128);
}

/* A header beside a stamp of the kernel's shows whose local time the input is in: zones differ by quarters of
 * an hour, and a line comes at once. */
static void note_zone(struct framing *framing, const struct header *header, int64_t stamp_ms)
{
	const int64_t quarter = 15 * 60 * 1000;
	int64_t ms, zone;

	if (header->clock != HEADER_BSD || !header_time(header, stamp_ms + HALF_YEAR_MS, &ms))
		return;
	zone = (ms - stamp_ms + (ms < stamp_ms ? -quarter : quarter) / 2) / quarter * quarter;
	if (llabs(zone) <= 14 * 4 * quarter && llabs(ms - stamp_ms - zone) <= 2000)
		framing->zone_ms = zone;
}

bool framing_wants_dates(const struct framing *framing, struct str line)
{
	struct str date;

	return !framing->dates_noted && (find_date(line, &date) || needs_year(framing, line));
}

/* Only the kernel's own lines show a year and a zone: whatever else writes to the log chooses its text. */
static void note_stamp(struct framing *framing, const struct line *line)
{
	struct framing_options options = framing->options;
	struct framed framed;

	options.trust_all = false;
	if (!framing->ahead)
		framing->ahead = framing_new(&options);
	if (line->number == 1)
		framing_restart(framing->ahead);
	framing_read(framing->ahead, line, &framed);
	do {
		if (!framed.has_serial ||
		    (framed.kind != FRAMED_RECORD && framed.kind != FRAMED_AUDIT))
			continue;
		framing->near_ms = framed.ms;
		framing->zone_ms = framing->ahead->zone_ms;
	} while (!framing->near_ms && framing_more(framing->ahead, &framed));
}

void framing_note_date(struct framing *framing, const struct line *line)
{
	struct str date;

	if (find_date(line->text, &date))
		stamp_dates(date, framing->dates.now_year, &framing->dates.orders);
	if (!framing->near_ms)
		note_stamp(framing, line);
}

bool framing_wants_year(const struct framing *framing)
{
	return !framing->near_ms;
}

void framing_dates_noted(struct framing *framing)
{
	framing->dates_noted = true;
	if (!framing->dates.orders) /* of several people, or none at all: each by itself */
		framing->dates.orders = DATE_ANY;
}

bool framing_is_inside(const struct framing *framing)
{
	return framing->journal.inside || envelope_is_inside(framing->envelope);
}

bool framing_is_known(const struct framing *framing)
{
	return framing->known || envelope_is_log(framing->envelope) ||
	       framing->family != FAMILY_UNDECIDED;
}

static bool is_plain_family(const struct framing *framing, unsigned family)
{
	return framing->family == family && envelope_is_none(framing->envelope) &&
	       !framing->journal.inside;
}

bool framing_is_auditd(const struct framing *framing)
{
	return is_plain_family(framing, FAMILY_AUDITD);
}

bool framing_is_syslog(const struct framing *framing)
{
	return is_plain_family(framing, FAMILY_HEADER + HEADER_SYSLOG);
}

static unsigned family_of_name(const char *name)
{
	static const struct {
		const char *name;
		unsigned family;
	} names[] = {
		{"auditd", FAMILY_AUDITD},
		{"export", FAMILY_EXPORT},
		{"kmsg", FAMILY_HEADER + HEADER_KMSG},
		{"dmesg", FAMILY_HEADER + HEADER_DMESG},
		{"syslog", FAMILY_HEADER + HEADER_SYSLOG},
		{"logcat", FAMILY_HEADER + HEADER_LOGCAT},
	};

	for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i].name) == 0)
			return names[i].family;
	return FAMILY_UNDECIDED;
}

void framing_restart(struct framing *framing)
{
	journal_restart(&framing->journal);
	envelope_begin(framing->envelope);
	framing->family = family_of_name(framing->options.framing);
	framing->dates.orders = date_order_from_name(framing->options.date_order);
	framing->known = framing->after_header = false;
	framing->dates_noted = framing->options.date_order != NULL;
	framing->near_ms = framing->zone_ms = 0;
	if (framing->ahead)
		framing_restart(framing->ahead);
}

/* A header's host names a node only if it is not this host, written long or short. */
struct str framing_node(const struct framing *framing, struct str host)
{
	char label[NODE_LABEL_SIZE];

	if (host.n == 0 || str_eq(node_label(host, label), framing->options.host))
		return str_of(NULL, 0);
	return host;
}

static bool is_auditd(struct str text)
{
	return str_starts(text, STR("type=")) || str_starts(text, STR("node="));
}

/* "type=..." at the start of a line, after "node=NAME " perhaps: auditd's own framing. */
static void read_auditd(const struct framing *framing, struct framed *framed, struct str text)
{
	if (str_starts(text, STR("node="))) {
		struct str name = str_skip(text, 5);
		size_t n = str_chr(name, ' ');

		text = str_skip(name, n);
		if (!str_starts(text, STR(" type=")))
			return;
		framed->node = str_of(name.p, n);
		text = str_skip(text, 1);
	}
	framed->source = SOURCE_LOG;
	framed->trust = TRUST_KERNEL;
	kernel_text_read_auditd(str_skip(text, 5), &framing->dates, framed);
}

static void refuse_for(const struct framing *framing, struct framed *framed, struct str text,
		       enum framed_kind otherwise, const char *remedy)
{
	struct framed found = *framed;
	bool claims = kernel_text_claims(text), trust_all = framing->options.trust_all;
	bool is_found = (claims || trust_all) && kernel_text_find(text, &framing->dates, &found);

	if (is_found && trust_all)
		*framed = found;
	else
		framed->kind = claims ? FRAMED_UNTRUSTED : otherwise;
	framed->remedy = is_found ? remedy : REMEDY_NONE;
	if (claims || is_found)
		framed->trust = TRUST_TEXT;
}

static void refuse(const struct framing *framing, struct framed *framed, struct str text,
		   enum framed_kind otherwise)
{
	refuse_for(framing, framed, text, otherwise, REMEDY_TRUST);
}

/* The same for a line that would be the kernel's in a log of its own. */
static void refuse_other(const struct framing *framing, struct framed *framed, struct str text,
			 enum framed_kind otherwise)
{
	refuse_for(framing, framed, text, otherwise,
		   framing->options.framing ? REMEDY_FRAMING : REMEDY_MIXED);
}

/* When a header says, 0 if it does not; without a year the one that is nearest to the log's stamps. */
static int64_t time_of(const struct framing *framing, const struct header *header)
{
	int64_t latest = framing->options.now_ms + framing->zone_ms, ms;

	if (!header) /* it was a line of its own */
		return framing->header_ms;
	if (framing->near_ms && framing->near_ms + HALF_YEAR_MS < latest)
		latest = framing->near_ms + HALF_YEAR_MS;
	if (!header_time(header, latest, &ms))
		return 0;
	return header->clock == HEADER_BSD ? ms - framing->zone_ms : ms;
}

/* journald's audit transport as text: "audit[19499]: SECCOMP auid=...": no serial, and no time
 * but the header's. systemd before 219 had no names of types. */
static bool is_journald_audit(const struct header *header)
{
	return str_starts(header->tag, STR("audit[")) &&
	       (str_starts(header->text, STR("SECCOMP ")) ||
		str_starts(header->text, STR("<audit-1326> ")));
}

static void read_journald_audit(const struct framing *framing, struct framed *framed,
				const struct header *header)
{
	framed->source = SOURCE_JOURNAL;
	framed->fields = str_skip(header->text, str_chr(header->text, ' ') + 1);
	framed->ms = time_of(framing, header);
	framed->kind = framed->ms ? FRAMED_RECORD : FRAMED_UNSTAMPED;
}

/* Android's logd gives the kernel's records tags of its own (system/logging, LogAudit.cpp), and
 * takes their seconds away. */
static bool is_kernel_tag(const struct header *header)
{
	if (header->form == HEADER_LOGCAT)
		return str_eq(header->tag, STR("auditd")) || str_eq(header->tag, STR("audit")) ||
		       str_eq(header->tag, STR("kernel"));
	return !header->tag.p || str_eq(header->tag, STR("kernel"));
}

/* The kernel's own words. A stamp that is there is the event's time; the header's serves where there
 * is none. */
static void read_kernel_text(const struct framing *framing, struct framed *framed, struct str text,
			     const struct header *header)
{
	kernel_text_read(text, &framing->dates, framed);
	if (framed->kind == FRAMED_NOTICE || (framed->kind == FRAMED_RECORD && framed->ms == 0))
		framed->ms = time_of(framing, header); /* of a notice perhaps not known: dmesg's */
	if (framed->kind == FRAMED_RECORD && framed->ms == 0)
		framed->kind = FRAMED_UNSTAMPED;
	if (framed->kind == FRAMED_OTHER)
		refuse(framing, framed, text, FRAMED_OTHER);
}

static void read_header(struct framing *framing, struct framed *framed, const struct header *header)
{
	framed->node = framing_node(framing, header->host);
	if (is_journald_audit(header) && !header->pri.p) {
		read_journald_audit(framing, framed, header);
		return;
	}
	if (!is_kernel_tag(header) || !header_is_kernel_facility(header)) {
		framed->ms = time_of(framing, header);
		refuse(framing, framed, header->text, FRAMED_OTHER);
		return;
	}
	read_kernel_text(framing, framed, header->text, header);
	if (framed->has_serial) {
		if (!framing->near_ms)
			note_zone(framing, header, framed->ms);
		framing->near_ms = framed->ms;
	}
}

/* "\x5c": /dev/kmsg writes backslashes so, and what is not printable (kernel/printk/printk.c,
 * msg_add_ext_text()); a program's name may hold the former. */
static struct str unescape_kmsg(struct framing *framing, struct str text)
{
	if (str_chr(text, '\\') == text.n)
		return text;
	buf_clear(&framing->unescaped);
	for (; text.n; text = str_skip(text, 1)) {
		bool escaped = text.n >= 4 && str_starts(text, STR("\\x"));
		int high = escaped ? scan_hex_digit(text.p[2]) : -1;
		int low = escaped ? scan_hex_digit(text.p[3]) : -1;

		char byte = text.p[0];

		if (high >= 0 && low >= 0) {
			byte = (char)(high << 4 | low);
			text = str_skip(text, 3);
		}
		buf_put_char(&framing->unescaped, byte);
	}
	return buf_str(&framing->unescaped);
}

/* The input's framing is decided by its first line that has one. True if this line's is that. */
static bool is_family(struct framing *framing, unsigned family)
{
	framing->known = true;
	if (framing->options.mixed)
		return true;
	if (framing->family == FAMILY_UNDECIDED)
		framing->family = family;
	return framing->family == family;
}

/* The line behind a header of logcat -v long. */
static void read_headed(struct framing *framing, struct framed *framed, struct str text)
{
	framing->after_header = false;
	framed->source = SOURCE_SYSLOG;
	read_kernel_text(framing, framed, text, NULL);
}

static void read_framed_text(struct framing *framing, struct framed *framed, struct str text)
{
	struct header header;

	framed->source = SOURCE_SYSLOG;
	if (header_read_logcat_long(text, &header)) {
		framing->after_header =
			is_family(framing, FAMILY_HEADER + HEADER_LOGCAT) && is_kernel_tag(&header);
		framing->header_ms = time_of(framing, &header);
		return;
	}
	if (!header_read(text, &header)) {
		refuse_for(framing, framed, text, FRAMED_UNKNOWN,
			   framing->options.unwrap ? REMEDY_UNWRAP : REMEDY_TRUST);
		return;
	}
	if (!is_family(framing, FAMILY_HEADER + header.form)) {
		refuse_other(framing, framed, text, FRAMED_OTHER);
		return;
	}
	if (header.form == HEADER_KMSG) {
		header.text = unescape_kmsg(framing, header.text);
		framed->trust = TRUST_KERNEL;
	}
	read_header(framing, framed, &header);
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
	framed->node = framing_node(framing, journal_value(journal, JOURNAL_HOSTNAME));
	if (!stamped)
		journal_number(journal, JOURNAL_TIME, &us);
	framed->ms = (int64_t)(us / 1000);
	if (entry_is_kernel(journal)) {
		kernel_text_read(message, &framing->dates, framed);
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
	    !str_starts(message, STR("SECCOMP ")))
		return;
	framed->fields = str_skip(message, sizeof("SECCOMP ") - 1);
	framed->kind = us ? FRAMED_RECORD : FRAMED_UNSTAMPED;
	/* What the journal holds was delivered, whatever syslog lost of it. */
	framed->full_stream = framed->has_serial;
}

static bool may_matter(struct str text)
{
	return str_find(text, STR("audit")) < text.n || str_find(text, STR("SECCOMP")) < text.n ||
	       str_starts(text, STR("Log: auid=")); /* of snappy-debug: the fields alone */
}

/* auditd's own line, after "node=NAME " perhaps. A line that only begins so decides nothing. */
static void read_auditd_line(struct framing *framing, struct framed *framed, struct str text)
{
	read_auditd(framing, framed, text);
	if (framed->kind != FRAMED_OTHER && !is_family(framing, FAMILY_AUDITD))
		refuse_other(framing, framed, text, FRAMED_OTHER);
	/* of `ausearch -i`, and of kernels that print no "msg=", others have made a text */
	if (framed->interpreted || !framed->full_stream)
		framed->trust = TRUST_TEXT;
}

/* A first entry that is whole decides; one that never ends is no export. */
static void read_export_line(struct framing *framing, struct framed *framed,
			     const struct line *line)
{
	if (!journal_export_line(&framing->journal, line))
		return;
	if (is_family(framing, FAMILY_EXPORT))
		framing_read_entry(framing, &framing->journal, framed);
	else
		refuse(framing, framed, journal_value(&framing->journal, JOURNAL_MESSAGE),
		       FRAMED_OTHER);
}

static enum framed_kind nothing_of(struct str text)
{
	return memchr(text.p, '\0', text.n) ? FRAMED_UNKNOWN : FRAMED_TEXT;
}

/* Lines that are not auditd's. Only those that mention audit are looked at closely, once it is
 * known what the input's lines stand in. */
static void read_other_framing(struct framing *framing, struct framed *framed,
			       const struct line *line)
{
	struct str text = line->text;

	if (journal_is_export(&framing->journal, text)) {
		read_export_line(framing, framed, line);
		return;
	}
	if (text.n && text.p[text.n - 1] == '\r')
		text.n--;
	if (may_matter(text) || framing->family == FAMILY_UNDECIDED)
		read_framed_text(framing, framed, text);
	if (!may_matter(text))
		framed->kind = nothing_of(text);
}

static void read_plain(struct framing *framing, const struct line *line, struct framed *framed)
{
	struct str text = line->text;

	if (journal_is_broken(&framing->journal, text))
		journal_restart(&framing->journal);
	if (envelope_is_one(framing->envelope))
		refuse_for(framing, framed, text,
			   nothing_of(text), /* the others have an envelope */
			   framing->options.unwrap ? REMEDY_UNWRAP : REMEDY_MIXED);
	else if (framing->after_header && text.n)
		read_headed(framing, framed, text);
	else if (is_auditd(text) && !framing->journal.inside)
		read_auditd_line(framing, framed, text);
	else if (text.n || framing->journal.inside)
		read_other_framing(framing, framed, line);
}

/* What stands in an envelope, as a line of its own; the kernel's bare words where whatever gave
 * them names no other program. */
static void read_inner(struct framing *framing, const struct envelope_item *item,
		       struct framed *framed)
{
	struct header header;

	framed->source = SOURCE_SYSLOG;
	if (is_auditd(item->text)) {
		read_auditd(framing, framed, item->text);
	} else if (header_read(item->text, &header)) {
		framing->known = true;
		if (header.form == HEADER_KMSG)
			header.text = unescape_kmsg(framing, header.text);
		read_header(framing, framed, &header);
	} else {
		kernel_text_read(item->text, &framing->dates, framed);
		if (framed->kind == FRAMED_OTHER)
			refuse(framing, framed, item->text, nothing_of(item->text));
	}
}

static void read_journal_item(struct framing *framing, const struct envelope_item *item,
			      struct framed *framed)
{
	static const struct {
		enum envelope_value from;
		enum journal_field to;
	} fields[] = {
		{ENVELOPE_TRANSPORT, JOURNAL_TRANSPORT},
		{ENVELOPE_AUDIT_TYPE, JOURNAL_AUDIT_TYPE},
		{ENVELOPE_AUDIT_ID, JOURNAL_AUDIT_ID},
		{ENVELOPE_SOURCE_TIME, JOURNAL_SOURCE_TIME},
		{ENVELOPE_TIME, JOURNAL_TIME},
		{ENVELOPE_NODE, JOURNAL_HOSTNAME},
		{ENVELOPE_FACILITY, JOURNAL_FACILITY},
	};

	journal_clear(&framing->entry);
	journal_put(&framing->entry, JOURNAL_MESSAGE, item->text);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (item->values[fields[i].from].p)
			journal_put(&framing->entry, fields[i].to, item->values[fields[i].from]);
	framing_read_entry(framing, &framing->entry, framed);
}

static void read_event(struct framing *framing, const struct envelope_item *item,
		       struct framed *framed)
{
	struct collected collected;

	framed->source = SOURCE_LOG;
	framed->kind = FRAMED_UNREADABLE;
	if (!collector_read(item, &framing->unescaped, &collected))
		return;
	framed->kind = collected.ms ? FRAMED_RECORD : FRAMED_UNSTAMPED;
	framed->fields = buf_str(&framing->unescaped);
	framed->has_serial = collected.has_serial;
	framed->serial = collected.serial;
	framed->ms = collected.ms;
	framed->owner = (struct framed_owner){
		.pod = item->values[ENVELOPE_POD],
		.namespace = item->values[ENVELOPE_NAMESPACE],
		.container = item->values[ENVELOPE_CONTAINER],
		.id = item->values[ENVELOPE_CONTAINER_ID],
		.image = item->values[ENVELOPE_IMAGE],
	};
}

static struct str node_of(const struct envelope_item *item)
{
	struct str node = item->values[ENVELOPE_NODE];
	size_t colon = str_chr(node, ':');

	/* "w1:9100", Prometheus' instance */
	if (colon < node.n && str_chr(str_skip(node, colon + 1), ':') == node.n - colon - 1)
		node.n = colon;
	if (node.n)
		return node;
	if (item->values[ENVELOPE_AGENT].n)
		return item->values[ENVELOPE_AGENT];
	struct str source = node_in(item->values[ENVELOPE_SOURCE], false);

	return source.n ? source : node_in(item->values[ENVELOPE_STREAM], true);
}

static void read_item(struct framing *framing, const struct envelope_item *item,
		      struct framed *framed)
{
	const struct line line = {.text = item->text, .ended = true};

	framing->known |= item->event || item->container || item->values[ENVELOPE_TRANSPORT].p ||
			  item->values[ENVELOPE_PROGRAM].p;
	if (item->broken)
		framed->kind = kernel_text_claims(item->text) ? FRAMED_BROKEN : FRAMED_OTHER;
	else if (item->event && (!item->container || framing->options.trust_all))
		read_event(framing, item, framed);
	else if (item->cleaned)
		read_plain(framing, &line, framed);
	else if (item->container)
		refuse(framing, framed, item->text, FRAMED_OTHER);
	else if (item->values[ENVELOPE_TRANSPORT].p)
		read_journal_item(framing, item, framed);
	else if (envelope_is_kernels(item->values))
		read_inner(framing, item, framed);
	else
		refuse(framing, framed, item->text, FRAMED_OTHER);
	struct str node = framing_node(framing, node_of(item));

	if (item->further && node.n && framed->node.n && !str_eq(node, framed->node) &&
	    framed->kind == FRAMED_RECORD)
		refuse(framing, framed, item->text, FRAMED_OTHER);
	if (!framed->node.n)
		framed->node = node;
	framed->text = item->text;
	if (item->wrapped)
		framed->trust = TRUST_TEXT;
}

/* Without a framing, too: with trust_all, or in an envelope. */
static void note_known(struct framing *framing, const struct framed *framed)
{
	framing->known |= framed->kind != FRAMED_OTHER && framed->kind != FRAMED_TEXT &&
			  framed->kind != FRAMED_UNKNOWN;
}

bool framing_more(struct framing *framing, struct framed *framed)
{
	struct envelope_item item;

	if (!envelope_next(framing->envelope, &item))
		return false;
	*framed = (struct framed){.kind = FRAMED_OTHER};
	read_item(framing, &item, framed);
	note_known(framing, framed);
	return true;
}

/* What stands between two lines that were joined, "\n" as it was pasted, too. */
static struct str skip_between(struct str text)
{
	static const struct str marks[] = {{" ", 1}, {"\t", 1}, {"\r", 1}, {"\\n", 2}, {"\\r", 2}};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (!str_starts(text, marks[i]))
			continue;
		text = str_skip(text, marks[i].n);
		i = SIZE_MAX;
	}
	return text;
}

/* A line by itself, of the same node: what another program's tag stands before is that program's. */
static bool read_joined_line(struct framing *framing, struct str text, struct framed *framed)
{
	const struct envelope_item item = {.text = skip_between(text)};
	struct framed found = {.kind = FRAMED_OTHER};

	read_inner(framing, &item, &found);
	if (found.kind != FRAMED_RECORD ||
	    (found.node.n && framed->node.n && !str_eq(found.node, framed->node)))
		return false;
	if (!found.node.n)
		found.node = framed->node;
	found.text = item.text;
	found.trust = TRUST_TEXT;
	*framed = found;
	return true;
}

bool framing_read_joined(struct framing *framing, struct str text, struct framed *framed)
{
	if (read_joined_line(framing, text, framed))
		return true;
	bool is_found = kernel_text_find(text, &framing->dates, framed);

	framed->remedy = is_found ? REMEDY_TRUST : REMEDY_NONE;
	return is_found && framing->options.trust_all && framed->kind == FRAMED_RECORD;
}

bool framing_end(struct framing *framing, struct framed *framed)
{
	*framed = (struct framed){.kind = FRAMED_OTHER};
	if (envelope_end(framing->envelope))
		return framing_more(framing, framed);
	if (!journal_end(&framing->journal) || !is_family(framing, FAMILY_EXPORT))
		return false;
	framed->text = journal_value(&framing->journal, JOURNAL_MESSAGE);
	framing_read_entry(framing, &framing->journal, framed);
	return true;
}

void framing_read(struct framing *framing, const struct line *line, struct framed *framed)
{
	struct line plain = *line;

	*framed = (struct framed){.kind = FRAMED_OTHER};
	/* copytruncate leaves a hole of zeros before the first line */
	while (plain.text.n && plain.text.p[0] == '\0' && !framing->journal.inside)
		plain.text = str_skip(plain.text, 1);
	if (!framing->journal.inside &&
	    envelope_line(framing->envelope, plain.text, plain.part, plain.more)) {
		framing_more(framing, framed);
		return;
	}
	framed->text = plain.text;
	if (plain.part) /* of a line that is no JSON after all */
		return;
	read_plain(framing, &plain, framed);
	note_known(framing, framed);
}
