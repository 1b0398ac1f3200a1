#include "ingest/kernel_text.h"

#include "ingest/skip.h"
#include "ingest/stamp.h"

static bool starts_word(struct str text, struct str prefix, struct str *ret_rest)
{
	if (!str_starts(text, prefix))
		return false;
	*ret_rest = str_skip(text, prefix.n);
	return true;
}

/* After "type=": is it SECCOMP, by name, number or as auditd writes a type it does not know? Before
 * Linux 3.8 it was one of ANOM_ABEND, with a reason (kernel/auditsc.c, audit_log_abend()); comm is
 * in quotes or hex, and so cannot hold the reason. */
static bool seccomp_type(struct str text, struct str *ret_rest)
{
	if (starts_word(text, STR("1701 "), ret_rest) ||
	    starts_word(text, STR("ANOM_ABEND "), ret_rest)) {
		struct str behind = str_skip(text, str_find(text, STR(" reason=\"seccomp\" sig=")));

		return str_find(behind, STR(" syscall=")) < behind.n;
	}
	return starts_word(text, STR("SECCOMP "), ret_rest) ||
	       starts_word(text, STR("1326 "), ret_rest) ||
	       starts_word(text, STR("UNKNOWN[1326] "), ret_rest);
}

/* "audit(0.0:787): ": Android's logd leaves the serial alone (system/logging, LogAudit.cpp); the
 * time is its header's. */
static bool read_bare_serial(struct framed *framed)
{
	struct str whole = framed->fields;
	char text[32] = "0.000";

	if (!starts_word(whole, STR("0.0:"), &whole))
		return false;
	size_t n = whole.n < 16 ? whole.n : 16;

	text[5] = ':';
	memcpy(text + 6, whole.p, n);
	struct str stamp = str_of(text, n + 6);

	if (!stamp_kernel(&stamp, &framed->ms, &framed->serial))
		return false;
	framed->fields = str_skip(whole, n - stamp.n);
	return true;
}

/* A date as `ausearch -i` writes it. One that is none by the order given is no other day. */
static enum framed_kind read_interpreted(struct framed *framed, const struct kernel_dates *dates)
{
	struct str whole = framed->fields;
	int found = stamp_interpreted(&framed->fields, dates->orders, dates->now_year, &framed->ms,
				      &framed->serial);
	uint32_t serial;
	int64_t ms;

	if (!found && dates->orders != DATE_ANY &&
	    stamp_interpreted(&whole, DATE_ANY, dates->now_year, &ms, &serial))
		found = -1;
	framed->interpreted = found != 0;
	return found > 0 ? FRAMED_RECORD : found < 0 ? FRAMED_AMBIGUOUS : FRAMED_UNSTAMPED;
}

/* After the type: "msg=audit(...): " of auditd, "audit(...): " of the kernel. */
static void read_stamped(struct str text, const struct kernel_dates *dates, struct framed *framed)
{
	struct str rest = text;

	framed->full_stream = starts_word(text, STR("msg="), &rest);
	framed->kind = FRAMED_UNSTAMPED;
	if (!starts_word(rest, STR("audit("), &rest))
		return;
	framed->fields = rest;
	if (stamp_kernel(&framed->fields, &framed->ms, &framed->serial) || read_bare_serial(framed))
		framed->kind = FRAMED_RECORD;
	else
		framed->kind = read_interpreted(framed, dates);
	framed->has_serial = framed->kind == FRAMED_RECORD;
}

/* A record of another type in auditd's file: its serial shows that nothing is missing there.
 * DAEMON_* records are auditd's own and have serials of their own. */
static void read_other_type(struct str text, struct framed *framed)
{
	struct str rest = str_skip(text, str_chr(text, ' '));

	framed->kind = FRAMED_OTHER;
	if (str_starts(text, STR("DAEMON_")) || !starts_word(rest, STR(" msg=audit("), &rest))
		return;
	if (stamp_kernel(&rest, &framed->ms, &framed->serial))
		framed->kind = FRAMED_AUDIT;
	framed->full_stream = true;
}

/* "1300 audit(...): ...": without auditd the kernel prints records of every type. */
static void read_other_kernel_type(struct str text, struct framed *framed)
{
	struct str rest = str_skip(text, str_chr(text, ' '));

	if (!starts_word(rest, STR(" audit("), &rest) ||
	    !stamp_kernel(&rest, &framed->ms, &framed->serial))
		return;
	framed->kind = FRAMED_AUDIT;
	framed->has_serial = true;
}

void kernel_text_read_auditd(struct str text, const struct kernel_dates *dates,
			     struct framed *framed)
{
	struct str rest;

	if (seccomp_type(text, &rest))
		read_stamped(rest, dates, framed);
	else
		read_other_type(text, framed);
}

/* "[  711.918371] ", "[   T55] ": printk's time, and its caller (CONFIG_PRINTK_CALLER). */
static void skip_bracket(struct str *text)
{
	struct str at = *text, inner;

	skip_blanks(&at);
	size_t end = str_chr(at, ']');

	if (!skip_char(&at, '[') || end > 24 || end > at.n)
		return;
	inner = str_of(at.p, end - 1);
	skip_blanks(&inner);
	if (!skip_char(&inner, 'T'))
		skip_char(&inner, 'C');
	if (inner.n == 0)
		return;
	while (skip_digits(&inner, 1, SIZE_MAX) || skip_char(&inner, '.'))
		;
	if (inner.n == 0)
		*text = str_skip(at, end);
}

/* "000: ": the processor, as kernels with PREEMPT_RT print it before Linux 5.15. */
static void skip_processor(struct str *text)
{
	struct str at = *text;

	if (skip_digits(&at, 3, 3) && str_starts(at, STR(": ")))
		*text = str_skip(at, 2);
}

static bool read_notice(struct str text, struct framed *framed)
{
	if (!notice_read(text, &framed->notice))
		return false;
	framed->kind = FRAMED_NOTICE;
	return true;
}

void kernel_text_read(struct str text, const struct kernel_dates *dates, struct framed *framed)
{
	struct str rest;

	skip_bracket(&text);
	skip_bracket(&text);
	skip_blanks(&text);
	skip_processor(&text);
	if (read_notice(text, framed))
		return;
	framed->kind = FRAMED_OTHER;
	starts_word(text, STR("audit: "), &text);
	if (!starts_word(text, STR("type="), &text))
		return;
	if (seccomp_type(text, &rest))
		read_stamped(rest, dates, framed);
	else
		read_other_kernel_type(text, framed);
	framed->full_stream = framed->has_serial;
}

bool kernel_text_claims(struct str text)
{
	/* of the kernel, of journald before systemd 219, in mail's quoted-printable, of laurel, of go-audit, and the
	 * fields alone */
	static const struct str words[] = {
		{"type=1326 ", 10},         {"type=SECCOMP ", 13},  {"type=UNKNOWN[1326] ", 19},
		{"SECCOMP auid=", 13},      {"type=3D1326 ", 12},   {"type=3DSECCOMP ", 15},
		{"<audit-1326> auid=", 18}, {"\"SECCOMP\":{", 11},  {"\"type\":1326,", 12},
		{" compat=0 ip=0x", 15},    {" compat=1 ip=0x", 15}};
	struct notice notice;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_find(text, words[i]) < text.n)
			return true;
	return notice_find(text, &notice);
}

/* "type=... msg=audit(...)", "type=... audit(...)". */
static bool read_any_type(struct str text, const struct kernel_dates *dates, struct framed *framed)
{
	struct str rest;

	if (seccomp_type(text, &rest)) {
		read_stamped(rest, dates, framed);
		framed->full_stream = framed->has_serial;
		return framed->kind == FRAMED_RECORD;
	}
	read_other_type(text, framed);
	if (framed->kind == FRAMED_OTHER)
		read_other_kernel_type(text, framed);
	framed->full_stream = true;
	return framed->kind == FRAMED_AUDIT;
}

bool kernel_text_find(struct str text, const struct kernel_dates *dates, struct framed *framed)
{
	struct framed found = *framed;

	for (struct str at = text; at.n;) {
		size_t n = str_find(at, STR("type="));

		if (n == at.n)
			break;
		at = str_skip(at, n + 5);
		found = *framed;
		if (!read_any_type(at, dates, &found))
			continue;
		*framed = found;
		return true;
	}
	size_t bare = str_find(text, STR("SECCOMP auid="));

	if (bare < text.n && framed->ms) { /* journald's: the time is the header's */
		framed->fields = str_skip(text, bare + sizeof("SECCOMP ") - 1);
		framed->kind = FRAMED_RECORD;
		return true;
	}
	if (!notice_find(text, &framed->notice))
		return false;
	framed->kind = FRAMED_NOTICE;
	return true;
}
