#include "cli/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>

/* clang-format off */
/* What no command needs once its options are read. Names that this arch lacks are left out. */
static const char *const refused[] = {
	/* another program, another process */
	"execve", "execveat", "fork", "vfork", "process_vm_readv", "process_vm_writev",
	"process_madvise", "pidfd_getfd", "pidfd_send_signal", "kcmp",
#ifndef __SANITIZE_ADDRESS__ /* LeakSanitizer traces the process at its end */
	"ptrace",
#endif
	/* the network, and sockets of daemons */
	"socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "sendto",
	"sendmsg", "sendmmsg",
	/* file systems and namespaces */
	"mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "open_tree", "move_mount",
	"fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "name_to_handle_at",
	"open_by_handle_at", "mknod", "mknodat", "swapon", "swapoff",
	/* the kernel itself */
	"bpf", "perf_event_open", "init_module", "finit_module", "delete_module", "kexec_load",
	"kexec_file_load", "reboot", "syslog", "acct", "quotactl", "quotactl_fd", "userfaultfd",
	"io_uring_setup", "io_uring_enter", "io_uring_register", "iopl", "ioperm", "modify_ldt",
	"settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname",
	"setdomainname", "add_key", "request_key", "keyctl",
	/* who it is */
	"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups",
	"setfsuid", "setfsgid", "capset", "personality",
};
/* clang-format on */

static int add_rules(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		int nr = seccomp_syscall_resolve_name(refused[i]);
		int result = nr < 0 ? 0 : seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), nr, 0);

		if (result < 0)
			return result;
	}
	return 0;
}

int sandbox_enter(struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int result = filter ? add_rules(filter) : -ENOMEM;

	if (result == 0)
		result = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	if (result < 0)
		return err_errno(err, -result,
				 "cannot enter the sandbox: --no-sandbox runs without it");
	return 0;
}
