#include "profile/filter/live.h"

#include "base/mem.h"
#include "ingest/arch.h"

#include <dirent.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

/* How long to wait for a process to stop. The pauses between checks double. */
#define STOP_NS       5000000000
#define FIRST_WAIT_NS 20000
#define LAST_WAIT_NS  20000000

/* kernel/seccomp.c: the filters of a stack have at most MAX_INSNS_PER_PATH (32768) instructions
 * together, and each filter counts as four more. */
#define MAX_FILTERS (32768 / 5)

/* What /proc/PID/status says about a task. */
struct task_status {
	long group;   /* Tgid */
	long tracer;  /* TracerPid, 0 for none */
	long mode;    /* Seccomp: 0 off, 1 strict, 2 filter, 3 being killed */
	long filters; /* Seccomp_filters */
	bool has_mode, has_filters, is_zombie;
};

static bool status_number(const char *line, const char *name, long *ret_value)
{
	size_t n = strlen(name);

	if (strncmp(line, name, n) != 0 || line[n] != ':')
		return false;
	*ret_value = strtol(line + n + 1, NULL, 10);
	return true;
}

static int status_read(const char *path, struct task_status *ret_status)
{
	FILE *file = fopen(path, "re");
	char line[256];

	*ret_status = (struct task_status){0};
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "State:\tZ", 8) == 0 || strncmp(line, "State:\tX", 8) == 0)
			ret_status->is_zombie = true;
		else if (status_number(line, "Seccomp", &ret_status->mode))
			ret_status->has_mode = true;
		else if (status_number(line, "Seccomp_filters", &ret_status->filters))
			ret_status->has_filters = true;
		else if (!status_number(line, "Tgid", &ret_status->group))
			status_number(line, "TracerPid", &ret_status->tracer);
	}
	fclose(file);
	return 0;
}

static int task_status(pid_t pid, struct task_status *ret_status, struct err *err)
{
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	r = status_read(path, ret_status);
	if (r == -ENOENT || r == -ESRCH)
		return err_set(err, ESRCH, "process %d does not exist", pid);
	if (r < 0)
		return err_errno(err, -r, "cannot read %s", path);
	if (ret_status->is_zombie)
		return err_set(err, ESRCH, "process %d has ended (a zombie)", pid);
	if (!ret_status->has_mode)
		return err_set(err, EOPNOTSUPP, "this kernel has no seccomp: %s does not name it",
			       path);
	return 0;
}

/* Whether another thread has another mode or number of filters. */
static bool threads_differ(const struct task_status *mine)
{
	char path[sizeof("/proc//task//status") + 3 * sizeof(long) + NAME_MAX];
	struct task_status other;
	bool differ = false;
	struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%ld/task", mine->group);
	DIR *tasks = opendir(path);

	while (tasks && !differ && (entry = readdir(tasks))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%ld/task/%s/status", mine->group,
			 entry->d_name);
		differ = status_read(path, &other) == 0 && !other.is_zombie &&
			 (other.mode != mine->mode || other.filters != mine->filters);
	}
	if (tasks)
		closedir(tasks);
	return differ;
}

static int refuse_seize(pid_t pid, int code, const struct task_status *status, struct err *err)
{
	if (code == ESRCH)
		return err_set(err, ESRCH, "process %d ended just now", pid);
	if (code != EPERM)
		return err_errno(err, code, "cannot trace process %d", pid);
	if (status->tracer)
		return err_set(err, EPERM,
			       "process %d is traced by process %ld already (a debugger, "
			       "strace): a process can have only one tracer",
			       pid, status->tracer);
	return err_set(
		err, EPERM,
		"no permission to trace process %d: this needs root (CAP_SYS_PTRACE and "
		"CAP_SYS_ADMIN) on the host, kernel.yama.ptrace_scope below 3, and a process "
		"that is neither this one nor the kernel's",
		pid);
}

/* *ret_signal: a signal to deliver when the process is released, 0 for none. */
static int wait_stopped(pid_t pid, int *ret_signal, struct err *err)
{
	struct timespec pause = {.tv_nsec = FIRST_WAIT_NS};
	int status = 0;

	for (int64_t waited = 0; waited < STOP_NS; waited += pause.tv_nsec) {
		pid_t got = waitpid(pid, &status, __WALL | WNOHANG);

		if (got < 0 && errno != EINTR)
			return err_errno(err, errno, "cannot wait for process %d", pid);
		if (got == pid && !WIFSTOPPED(status))
			return err_set(err, ESRCH, "process %d ended just now", pid);
		if (got == pid) {
			*ret_signal = status >> 16 ? 0 : WSTOPSIG(status);
			return 0;
		}
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < LAST_WAIT_NS)
			pause.tv_nsec *= 2;
	}
	return err_set(err, ETIMEDOUT,
		       "process %d did not stop within %d seconds: it is in an uninterruptible "
		       "wait in the kernel (state D)",
		       pid, (int)(STOP_NS / 1000000000));
}

static int refuse_filter(pid_t pid, int code, long at, struct err *err)
{
	switch (code) {
	case EACCES:
		if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0)
			return err_set(err, EACCES,
				       "the kernel shows filters only to a tracer without a "
				       "filter, but this program runs under one");
		return err_set(err, EACCES,
			       "the kernel shows filters only to a tracer with CAP_SYS_ADMIN in "
			       "the host's user namespace");
	case EINVAL:
	case EIO:
		return err_set(err, EOPNOTSUPP,
			       "this kernel cannot show the filters of process %d: it was built "
			       "without CONFIG_CHECKPOINT_RESTORE",
			       pid);
	case EMEDIUMTYPE:
		return err_set(err, EMEDIUMTYPE,
			       "filter %ld of process %d is not classic BPF, so the kernel cannot "
			       "show it",
			       at, pid);
	case ESRCH:
		return err_set(err, ESRCH, "process %d was killed while it was read", pid);
	default:
		return err_errno(err, code, "cannot read filter %ld of process %d", at, pid);
	}
}

/* Reads one filter. 0 if the stack has none at that index, 1 otherwise. */
static int read_filter(pid_t pid, long at, struct filter *stack, struct err *err)
{
	long count = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, (void *)at, NULL);

	if (count < 0 && errno == ENOENT)
		return 0;
	if (count < 0)
		return refuse_filter(pid, errno, at, err);
	struct sock_filter *program = mem_new((size_t)count, sizeof(*program));
	long again = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, (void *)at, program);

	if (again != count) {
		free(program);
		return refuse_filter(pid, again < 0 ? errno : EAGAIN, at, err);
	}
	if (filter_check(program, (size_t)count, err) < 0) {
		free(program);
		return err_prefix(err, "filter %ld of process %d", at, pid);
	}
	filter_push(stack, program, (size_t)count);
	return 1;
}

static int seize(pid_t pid, const struct task_status *status, struct filter *stack, struct err *err)
{
	int signal = 0;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		return refuse_seize(pid, errno, status, err);
	int r = ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0
			? refuse_seize(pid, errno, status, err)
			: wait_stopped(pid, &signal, err);

	int more = r == 0;

	for (long at = 0; more > 0 && at < MAX_FILTERS; at++)
		more = read_filter(pid, at, stack, err);
	/* deliver a signal that was pending when the process stopped */
	ptrace(PTRACE_DETACH, pid, NULL, (void *)(intptr_t)signal);
	return r < 0 ? r : more < 0 ? more : 0;
}

/* What strict mode allows on one arch: kernel/seccomp.c, mode1_syscalls[]. */
static scmp_filter_ctx strict_context(uint32_t token, const char *sigreturn)
{
	const char *const names[] = {"read", "write", "exit", sigreturn};
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_KILL_THREAD);
	int r = context ? filter_set_arch(context, token) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < sizeof(names) / sizeof(names[0]); i++)
		r = seccomp_rule_add(context, SCMP_ACT_ALLOW,
				     seccomp_syscall_resolve_name(names[i]), 0);
	if (r == 0)
		return context;
	seccomp_release(context);
	return NULL;
}

/* The host's arch and its 32-bit one, whose list has sigreturn (get_compat_mode1_syscalls()). x32
 * numbers have bit 30 set and are compared with the 32-bit list: none passes. */
static int add_strict(struct filter *stack, struct err *err)
{
	static const struct {
		uint32_t native, compat;
	} compats[] = {
		{SCMP_ARCH_X86_64, SCMP_ARCH_X86},
		{SCMP_ARCH_AARCH64, SCMP_ARCH_ARM},
		{SCMP_ARCH_S390X, SCMP_ARCH_S390},
		{SCMP_ARCH_PPC64, SCMP_ARCH_PPC},
	};
	uint32_t native = arch_native();
	scmp_filter_ctx context =
		strict_context(native, native == SCMP_ARCH_X86 ? "sigreturn" : "rt_sigreturn");
	struct filter strict = {0};
	int r = context ? 0 : -EINVAL;

	for (size_t i = 0; r == 0 && i < sizeof(compats) / sizeof(compats[0]); i++) {
		if (compats[i].native != native)
			continue;
		scmp_filter_ctx compat = strict_context(compats[i].compat, "sigreturn");

		r = compat ? seccomp_merge(context, compat) : -EINVAL;
	}
	if (r == 0)
		r = filter_export(context, &strict);
	seccomp_release(context);
	if (r < 0)
		return err_errno(err, -r, "libseccomp cannot build what strict mode allows");
	filter_push(stack, strict.program, strict.count);
	return 0;
}

int live_filters_get(pid_t pid, struct filter *ret_stack, bool *ret_threads_differ, struct err *err)
{
	struct task_status status;
	int r;

	*ret_stack = (struct filter){0};
	*ret_threads_differ = false;
	if (pid <= 0)
		return err_set(err, ESRCH, "%d is not a process id", pid);
	r = task_status(pid, &status, err);
	if (r < 0)
		return r;
	if (status.mode == SECCOMP_MODE_STRICT)
		r = add_strict(ret_stack, err);
	else if (status.mode != SECCOMP_MODE_DISABLED)
		r = seize(pid, &status, ret_stack, err);
	if (r < 0) {
		filter_release(ret_stack);
		return r;
	}
	*ret_threads_differ = threads_differ(&status);
	return 0;
}
