/*
 * Where records come from.
 */
#ifndef SCLOG_INGEST_SOURCE_H
#define SCLOG_INGEST_SOURCE_H

/* Which way a record came; the store keeps it beside the observation, by these numbers. */
enum source_kind {
	SOURCE_LOG,    /* audit.log and its copies */
	SOURCE_SYSLOG, /* kernel text in syslog, dmesg or kmsg */
	SOURCE_JOURNAL,
	SOURCE_NETLINK,
	SOURCE_STRACE,
};

const char *source_kind_name(enum source_kind kind);

/*
 * Whether others than the kernel could have written a record. It belongs to the channel, not to the
 * line: kernel is what came by netlink, /dev/kmsg, auditd's own file, or the journal with its
 * trusted fields; text is any log into which a local user can write a line. The store keeps it by
 * these numbers; what nobody said is text.
 */
enum trust {
	TRUST_TEXT,
	TRUST_KERNEL,
};

const char *trust_name(enum trust trust);

#endif
