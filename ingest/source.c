#include "ingest/source.h"

const char *source_kind_name(enum source_kind kind)
{
	static const char *const names[] = {
		[SOURCE_LOG] = "log",         [SOURCE_SYSLOG] = "syslog",
		[SOURCE_JOURNAL] = "journal", [SOURCE_NETLINK] = "netlink",
		[SOURCE_STRACE] = "strace",
	};

	return names[kind];
}

const char *trust_name(enum trust trust)
{
	return trust == TRUST_KERNEL ? "kernel" : "text";
}
