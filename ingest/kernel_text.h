/*
 * Kernel text: what the kernel's own words say, whatever stood around them.
 *
 * "type=1326 audit(STAMP:SERIAL): FIELDS" is a record; other types have a serial that shows that
 * nothing is missing there; notices say that something is. Nothing here says who wrote the words:
 * that is the framing's to know (framing.h).
 */
#ifndef SCLOG_INGEST_KERNEL_TEXT_H
#define SCLOG_INGEST_KERNEL_TEXT_H

#include "ingest/framing.h"

/* What dates of `ausearch -i` are read by. */
struct kernel_dates {
	unsigned orders; /* enum date_order */
	int now_year;
};

/* The kernel's words in its log, printk's prefix before them perhaps. Sets kind and what goes with
 * it; FRAMED_OTHER if they are nothing of ours. */
void kernel_text_read(struct str text, const struct kernel_dates *dates, struct framed *framed);

/* What follows "type=" in auditd's file. */
void kernel_text_read_auditd(struct str text, const struct kernel_dates *dates,
			     struct framed *framed);

/* True if the text claims to be a record or a notice, anywhere in it. */
bool kernel_text_claims(struct str text);

/* The first record, notice or other audit record anywhere in a text; false if there is none. */
bool kernel_text_find(struct str text, const struct kernel_dates *dates, struct framed *framed);

#endif
