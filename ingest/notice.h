/*
 * Notice: a line in which the kernel says that records were lost.
 */
#ifndef SCLOG_INGEST_NOTICE_H
#define SCLOG_INGEST_NOTICE_H

#include "base/str.h"

#include <stdint.h>

enum notice_kind {
	NOTICE_PRINTK,  /* kauditd_printk_skb: N callbacks suppressed */
	NOTICE_LOST,    /* audit: audit_lost=N */
	NOTICE_BACKLOG, /* audit: backlog limit exceeded */
	NOTICE_RATE,    /* audit: rate limit exceeded */
	NOTICE_QUEUE,   /* audit: kauditd hold|retry queue overflow */
};

struct notice {
	enum notice_kind kind;
	uint64_t count; /* the number that the line gives, or 0 */
};

/* Reads the kernel's own words, without anything before them. False: they are no notice. */
bool notice_read(struct str text, struct notice *ret_notice);

/* The first notice anywhere in a text; false if there is none. */
bool notice_find(struct str text, struct notice *ret_notice);

#endif
