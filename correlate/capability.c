#include "correlate/capability.h"

#include <strings.h>

/* linux/capability.h; the index is the number. */
static const char *const names[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};

_Static_assert(sizeof(names) / sizeof(names[0]) == CAPABILITY_COUNT, "a name for each");

bool capability_from_name(struct str name, unsigned *ret_number)
{
	if (name.n > 4 && strncasecmp(name.p, "CAP_", 4) == 0)
		name = str_skip(name, 4);
	for (unsigned i = 0; i < CAPABILITY_COUNT; i++) {
		if (name.n != strlen(names[i]) || strncasecmp(name.p, names[i], name.n) != 0)
			continue;
		*ret_number = i;
		return true;
	}
	return false;
}
