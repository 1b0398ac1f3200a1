#include "ingest/notice.h"

#include "base/scan.h"

struct form {
	struct str before; /* what the kernel's text begins with */
	bool counts;       /* a number follows */
	enum notice_kind kind;
};

/* kernel/audit.c: audit_log_lost(), kauditd_printk_skb(). */
static const struct form forms[] = {
	{{"kauditd_printk_skb: ", 20}, true, NOTICE_PRINTK},
	{{"audit_printk_skb: ", 18}, true, NOTICE_PRINTK},
	{{"audit: audit_lost=", 18}, true, NOTICE_LOST},
	{{"audit: audit_backlog=", 21}, false, NOTICE_BACKLOG},
	{{"audit: backlog limit exceeded", 29}, false, NOTICE_BACKLOG},
	{{"audit: rate limit exceeded", 26}, false, NOTICE_RATE},
	{{"audit: kauditd hold queue overflow", 34}, false, NOTICE_QUEUE},
	{{"audit: kauditd retry queue overflow", 35}, false, NOTICE_QUEUE},
};

#define FORM_COUNT (sizeof(forms) / sizeof(forms[0]))

static void keep(const struct form *form, struct str text, struct notice *notice)
{
	*notice = (struct notice){.kind = form->kind};
	if (form->counts)
		scan_decimal(text.p + form->before.n, text.p + text.n, 18, &notice->count);
}

bool notice_read(struct str text, struct notice *notice)
{
	for (size_t i = 0; i < FORM_COUNT; i++) {
		if (!str_starts(text, forms[i].before))
			continue;
		keep(&forms[i], text, notice);
		return true;
	}
	return false;
}

bool notice_find(struct str text, struct notice *notice)
{
	for (size_t i = 0; i < FORM_COUNT; i++) {
		size_t at = str_find(text, forms[i].before);

		if (at == text.n)
			continue;
		keep(&forms[i], str_skip(text, at), notice);
		return true;
	}
	return false;
}
