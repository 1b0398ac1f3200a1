#include "base/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

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
	"socketpair", "connect", "listen", "accept", "accept4",
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
/* What sends. */
static const char *const sending[] = {"socket", "bind", "sendto", "sendmsg", "sendmmsg"};
/* clang-format on */

static int refuse(scmp_filter_ctx filter, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int nr = seccomp_syscall_resolve_name(names[i]);
		int result = nr < 0 ? 0 : seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), nr, 0);

		if (result < 0)
			return result;
	}
	return 0;
}

/* Sockets of local kinds alone: every other family is refused. */
static int refuse_families(scmp_filter_ctx filter)
{
	int result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
				      SCMP_A0(SCMP_CMP_GT, AF_NETLINK));

	for (unsigned family = 0; family < AF_NETLINK && result == 0; family++)
		if (family != AF_UNIX)
			result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket),
						  1, SCMP_A0(SCMP_CMP_EQ, family));
	return result;
}

static int enter(bool watching, struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int result =
		filter ? refuse(filter, refused, sizeof(refused) / sizeof(refused[0])) : -ENOMEM;

	if (result == 0)
		result = watching ? refuse_families(filter)
				  : refuse(filter, sending, sizeof(sending) / sizeof(sending[0]));
	if (result == 0)
		result = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	if (result < 0)
		return err_errno(err, -result,
				 "cannot enter the sandbox: use --no-sandbox to run without "
				 "it");
	return 0;
}

int sandbox_enter(struct err *err)
{
	return enter(false, err);
}

int sandbox_enter_watching(struct err *err)
{
	return enter(true, err);
}
