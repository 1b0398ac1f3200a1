/*
 * A probe: one real seccomp record, made here, and where it arrives.
 *
 * A child of this process installs a filter that answers getppid with SCMP_ACT_LOG, takes a random
 * name that nobody can guess, calls getppid once and ends. Each source that this host has is then
 * watched for that name. The record stays in the host's logs like any other.
 */
#ifndef SCLOG_DOCTOR_PROBE_H
#define SCLOG_DOCTOR_PROBE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum probe_source {
	PROBE_NETLINK, /* the audit multicast group */
	PROBE_FILE,    /* auditd's log */
	PROBE_KMSG,    /* /dev/kmsg */
	PROBE_SYSLOG,  /* what a syslog daemon writes of the kernel's log */
	PROBE_JOURNAL, /* systemd's */
	PROBE_SOURCES,
};

/* "netlink", "audit.log", "kmsg", "syslog", "journal" */
const char *probe_source_name(enum probe_source source);

struct probe_arrival {
	bool watched;  /* the source could be opened */
	char why[512]; /* else why not */
	bool arrived;
	uint32_t latency_ms; /* from the call until it was read here */
};

struct probe {
	bool tried;
	bool again; /* a second record was made: printk's limit may have dropped the first */
	int code;   /* negative errno: the record could not be made */
	char why[512];
	struct probe_arrival arrivals[PROBE_SOURCES];
};

struct probe_options {
	const char *audit, *syslog; /* logs that are watched; NULL for none */
	unsigned wait_ms;
	/* Where records go through printk: the window of its rate limit, which other messages may
	 * have used up. If /dev/kmsg has not brought the record, one more is made after the window.
	 * 0: no limit, or a daemon takes the records. */
	unsigned printk_window_ms;
};

/* Waits until each watched source has brought the record, at most wait_ms; once netlink or kmsg has, at
 * most PROBE_GRACE_MS longer, since a host need not have it in each. */
#define PROBE_GRACE_MS 1000
void probe_run(const struct probe_options *options, struct probe *ret_probe);

#endif
