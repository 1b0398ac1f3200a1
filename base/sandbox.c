#include "base/sandbox.h"

#include "base/landlock.h"
#include "base/own_filter.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where clone has its flags. */
#ifdef __s390__
#define CLONE 1
#else
#define CLONE 0
#endif
#define NAMESPACES                                                                     \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
/* Calls that stand for each other: by arch, release of the C library or of SQLite. Where a profile has
 * one of them, all are allowed. Each row ends with NULL. */
static const char *const relatives[][10] = {
	{"open", "openat"},
	{"stat", "lstat", "fstat", "newfstatat", "statx", "stat64", "lstat64", "fstat64", "fstatat64"},
	{"access", "faccessat", "faccessat2"},
	{"poll", "ppoll", "ppoll_time64"},
	{"select", "_newselect", "pselect6", "pselect6_time64"},
	{"read", "readv"},
	{"write", "writev"},
	{"pread64", "preadv", "preadv2"},
	{"pwrite64", "pwritev", "pwritev2"},
	{"lseek", "_llseek"},
	{"mmap", "mmap2"},
	{"fcntl", "fcntl64"},
	{"getdents", "getdents64"},
	{"unlink", "unlinkat"},
	{"rmdir", "unlinkat"},
	{"mkdir", "mkdirat"},
	{"rename", "renameat", "renameat2"},
	{"readlink", "readlinkat"},
	{"ftruncate", "ftruncate64"},
	{"fadvise64", "fadvise64_64", "arm_fadvise64_64"},
	{"fsync", "fdatasync"},
	{"statfs", "fstatfs", "statfs64", "fstatfs64"},
	{"chmod", "fchmod", "fchmodat", "fchmodat2"},
	{"chown", "fchown", "fchownat", "lchown", "chown32", "fchown32", "lchown32"},
	{"clock_gettime", "clock_gettime64", "gettimeofday", "time"},
	{"nanosleep", "clock_nanosleep", "clock_nanosleep_time64"},
	{"futex", "futex_time64"},
	{"rt_sigreturn", "sigreturn"},
	{"getuid", "geteuid", "getuid32", "geteuid32"},
	{"getgid", "getegid", "getgid32", "getegid32"},
	{"dup", "dup2", "dup3"},
	{"inotify_init", "inotify_init1"},
	{"getrlimit", "prlimit64", "ugetrlimit"},
	{"epoll_wait", "epoll_pwait", "epoll_pwait2"},
	{"recvfrom", "recvmsg", "recvmmsg", "recvmmsg_time64"},
	{"sendto", "sendmsg", "sendmmsg"},
};

/* What any program may need at any moment, whether or not it was seen; see the always set of
 * sclog-profile(1). */
static const char *const always[] = {
	"brk", "exit", "exit_group", "futex", "getpid", "gettid", "getrandom", "madvise", "mmap", "mprotect",
	"mremap", "munmap", "restart_syscall", "rseq", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
	"sched_yield", "sched_getaffinity", "set_robust_list", "sigaltstack", "tgkill", "clock_gettime", "read", "write", "close",
#ifdef __SANITIZE_ADDRESS__ /* LeakSanitizer traces the process at its end */
	"clone", "getdents64", "getppid", "kill", "open", "openat", "prctl", "ptrace", "readlink",
	"rt_sigtimedwait", "sched_yield", "wait4",
#endif
};

/* Calls of which one argument decides: `ioctl` can type into a terminal. A profile that has clone3 is
 * of a C library that starts threads with it; what it would start is behind a pointer, so it is
 * refused, and the library takes clone. */
static const struct rule {
	const char *name;
	unsigned argument;
	uint64_t mask, values[4];
	size_t count;
} limited[] = {
	{"clone3", CLONE, CLONE_THREAD | NAMESPACES, {CLONE_THREAD}, 1},
	{"clone", CLONE, NAMESPACES, {0}, 1},
	{"ioctl", 1, UINT32_MAX, {TCGETS, TIOCGWINSZ, FIONREAD}, 3},
	{"socket", 0, UINT32_MAX, {AF_UNIX, AF_NETLINK}, 2},
};
/* clang-format on */

static const char *const kind_names[] = {
	[SANDBOX_READ] = "sclog-read",     [SANDBOX_WRITE] = "sclog-write",
	[SANDBOX_FLEET] = "sclog-fleet",   [SANDBOX_WATCH] = "sclog-watch",
	[SANDBOX_HELPER] = "sclog-helper", [SANDBOX_DESCRIBER] = "sclog-describer",
};

static int allow(scmp_filter_ctx filter, const char *name)
{
	bool is_clone3 = strcmp(name, "clone3") == 0;
	int nr = seccomp_syscall_resolve_name(is_clone3 ? "clone" : name), result = 0;

	if (nr < 0) /* not of this arch */
		return 0;
	for (size_t i = 0; i < COUNT(limited); i++) {
		const struct rule *rule = &limited[i];

		if (strcmp(rule->name, name) != 0)
			continue;
		for (size_t k = 0; k < rule->count && result == 0; k++)
			result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, nr, 1,
						  SCMP_CMP(rule->argument, SCMP_CMP_MASKED_EQ,
							   rule->mask, rule->values[k]));
		return result;
	}
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, nr, 0);
}

static int allow_relatives(scmp_filter_ctx filter, const char *name)
{
	int result = 0;

	for (size_t i = 0; i < COUNT(relatives); i++) {
		bool is_one = false;

		for (const char *const *other = relatives[i]; *other && !is_one; other++)
			is_one = strcmp(*other, name) == 0;
		for (const char *const *other = relatives[i]; is_one && *other && result == 0;
		     other++)
			result = allow(filter, *other);
	}
	return result;
}

/* Other families of sockets, and what another resolver or TLS library than the recorded one calls. */
static int allow_network(scmp_filter_ctx filter)
{
	static const char *const names[] = {"bind", "getpeername", "recvmsg", "sendmmsg",
					    "shutdown"};
	static const int families[] = {AF_INET, AF_INET6};
	int nr = seccomp_syscall_resolve_name("socket"), result = 0;

	for (size_t i = 0; i < COUNT(families) && result == 0; i++)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, nr, 1,
					  SCMP_A0_32(SCMP_CMP_EQ, families[i]));
	for (size_t i = 0; i < COUNT(names) && result == 0; i++)
		result = allow(filter, names[i]);
	return result;
}

static int allow_recorded(scmp_filter_ctx filter, enum sandbox_kind kind)
{
	int result = 0;

	for (const char *const *name = own_filter[kind]; *name && result == 0; name++) {
		result = allow(filter, *name);
		if (result == 0)
			result = allow_relatives(filter, *name);
	}
	return result;
}

static int add_rules(scmp_filter_ctx filter, enum sandbox_kind kind)
{
	int result = 0;

	for (size_t i = 0; i < COUNT(always) && result == 0; i++)
		result = allow(filter, always[i]);
	if (result == 0)
		result = allow_recorded(filter, kind);
	if (result < 0 || kind != SANDBOX_FLEET)
		return result;
	/* it also writes a store, and enters another sandbox once it has what it asked for */
	result = allow_network(filter);
	if (result == 0)
		result = allow(filter, "seccomp");
	return result == 0 ? allow_recorded(filter, SANDBOX_WRITE) : result;
}

static int load_filter(enum sandbox_kind kind, bool recording)
{
	scmp_filter_ctx filter = seccomp_init(recording ? SCMP_ACT_LOG : SCMP_ACT_ERRNO(ENOSYS));
	int result = filter ? 0 : -ENOMEM;

	if (result == 0 && !recording)
		result = add_rules(filter, kind);
	if (result == 0)
		result = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	return result;
}

/* Opens the nearest folder that there is on the way to a path. */
static int open_nearest(const char *path)
{
	char *copy = realpath(path, NULL);

	if (!copy)
		copy = mem_copy(str_from(path));
	char *at = copy;
	int fd;

	while ((fd = open(at, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0 && strcmp(at, "/") != 0 &&
	       strcmp(at, ".") != 0)
		at = dirname(at);
	free(copy);
	return fd;
}

static int restrict_writing(const struct sandbox_options *options)
{
	const char *temporary[] = {getenv("SQLITE_TMPDIR"), getenv("TMPDIR"), "/var/tmp", "/tmp"};
	int folders[SANDBOX_WRITABLE_MAX + COUNT(temporary)];
	size_t count = 0;

	for (size_t i = 0; i < options->writable_count; i++)
		folders[count++] = open_nearest(options->writable[i]);
	for (size_t i = 0; i < COUNT(temporary) && options->kind < SANDBOX_WATCH; i++)
		if (temporary[i] && *temporary[i])
			folders[count++] = open(temporary[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
	size_t open_count = 0;

	for (size_t i = 0; i < count; i++)
		if (folders[i] >= 0)
			folders[open_count++] = folders[i];
	int result = landlock_enter(folders, open_count);

	for (size_t i = 0; i < open_count; i++)
		close(folders[i]);
	return result < 0 ? result : 0;
}

int sandbox_enter(const struct sandbox_options *options, struct err *err)
{
	const char *mode = getenv("SCLOG_SANDBOX");
	bool recording = mode && strcmp(mode, "record") == 0;
	int result = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;

	if (result == 0 && !options->looks_at_processes)
		result = restrict_writing(options);
	if (recording)
		prctl(PR_SET_NAME, kind_names[options->kind]);
	if (result == 0)
		result = load_filter(options->kind, recording);
	if (result < 0)
		return err_errno(err, -result,
				 "cannot enter the sandbox: use --no-sandbox to run without "
				 "it");
	return 0;
}
