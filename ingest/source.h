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

#endif
