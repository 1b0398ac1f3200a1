#include "report/risk.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* By name. */
static const struct risk {
	const char *name, *why;
} risks[] = {
	{"acct", "makes the kernel write a file as processes exit"},
	{"add_key", "keyrings are shared by all containers of a user"},
	{"bpf", "runs programs in the kernel"},
	{"clock_settime", "sets the host's clock"},
	{"create_module", "loads code into the kernel"},
	{"delete_module", "removes kernel modules of the host"},
	{"finit_module", "loads code into the kernel"},
	{"fsconfig", "mounts file systems"},
	{"fsmount", "mounts file systems"},
	{"init_module", "loads code into the kernel"},
	{"io_uring_enter", "its file and network operations bypass the filter"},
	{"io_uring_register", "its file and network operations bypass the filter"},
	{"io_uring_setup", "its file and network operations bypass the filter"},
	{"ioperm", "accesses hardware ports"},
	{"iopl", "accesses hardware ports"},
	{"kcmp", "compares addresses of kernel objects"},
	{"kexec_file_load", "boots another kernel"},
	{"kexec_load", "boots another kernel"},
	{"keyctl", "keyrings are shared by all containers of a user"},
	{"mount", "mounts file systems"},
	{"mount_setattr", "changes mounts"},
	{"move_mount", "mounts file systems"},
	{"open_by_handle_at", "opens the host's files from inside the container"},
	{"perf_event_open", "watches other processes and the kernel"},
	{"pivot_root", "changes the root file system"},
	{"process_vm_readv", "reads the memory of other processes"},
	{"process_vm_writev", "writes the memory of other processes"},
	{"ptrace", "controls other processes"},
	{"quotactl", "changes disk quotas of the host"},
	{"reboot", "restarts or stops the host"},
	{"request_key", "keyrings are shared by all containers of a user"},
	{"setns", "enters namespaces of the host or of other containers"},
	{"settimeofday", "sets the host's clock"},
	{"swapoff", "changes the host's swap"},
	{"swapon", "changes the host's swap"},
	{"syslog", "reads the kernel log, which may reveal addresses"},
	{"umount2", "removes mounts"},
	{"unshare", "a user namespace exposes more of the kernel to attacks"},
	{"userfaultfd", "can stall the kernel at a page fault; used by exploits"},
};

static int compare(const void *name, const void *risk)
{
	return strcmp(name, ((const struct risk *)risk)->name);
}

const char *risk_of(const char *syscall)
{
	const struct risk *risk =
		bsearch(syscall, risks, sizeof(risks) / sizeof(*risks), sizeof(*risks), compare);

	return risk ? risk->why : NULL;
}
