/*
 * /dev/kmsg: the kernel's log as it is written, on hosts that have nothing else. Where no auditd
 * runs, audit records come this way, at most 10 in 5 seconds (printk's limit).
 *
 * The kernel numbers its lines from 0 at each boot and keeps the newest in a ring; each open file
 * has a place of its own in it (kernel: Documentation/ABI/testing/dev-kmsg). Any process that may
 * write to /dev/kmsg puts lines there, too, but never with the kernel's facility: framing.h tells
 * them apart.
 */
#ifndef SCLOG_INGEST_KMSG_H
#define SCLOG_INGEST_KMSG_H

#include "base/err.h"
#include "ingest/line.h"

struct kmsg;

#define KMSG_PATH "/dev/kmsg"

/*
 * cursor: what kmsg_cursor() gave in an earlier run, empty for everything that the ring holds;
 * one of another boot counts as empty. from_now skips what is there, unless there is a cursor to
 * go on from. Needs CAP_SYSLOG where kernel.dmesg_restrict is set.
 */
int kmsg_open(const char *path, struct str cursor, bool from_now, struct kmsg **ret_kmsg,
	      struct err *err);
void kmsg_close(struct kmsg *kmsg);

/* To be polled for POLLIN. */
int kmsg_fd(const struct kmsg *kmsg);

/*
 * The next line, as framing_read() takes it ("5,1234,711918371,-;audit: ..."): without the
 * properties that follow it, its escapes (\x5c) as they are. Lives until the next call. Returns 1,
 * 0 if there is none now, or -errno.
 *
 * *ret_lost: lines that the ring dropped between the last line, or the cursor, and this one; 0 if
 * it returns no line. They may have been anything, most of them not audit's. What was dropped
 * before a first look is not counted.
 */
int kmsg_next(struct kmsg *kmsg, struct line *ret_line, uint64_t *ret_lost, struct err *err);

/* "BOOT_ID SEQUENCE" behind the last line, or behind what was skipped; empty if nothing was there.
 * Borrowed until the next call. */
struct str kmsg_cursor(struct kmsg *kmsg);

#endif
