#include "profile/defaults/table.h"

#include <errno.h>

/*
 * Read in each release, and compared with it call by call: moby's profiles/seccomp (from 29.4.2 on
 * the module github.com/moby/profiles), containerd's contrib/seccomp, containers/common's
 * pkg/seccomp, and Podman's copy of the last.
 */

#define ALL "*"

/* clang-format off */
static const struct default_releases docker_releases[] = {
	{"20.10.0", "20.10.3", 'a'},
	{"20.10.4", "20.10.9", 'b'},
	{"20.10.10", "20.10.17", 'c'},
	{"20.10.18", "20.10.21", 'd'},
	{"20.10.22", "20.10.22", 'e'},
	{"20.10.23", "20.10.25", 'd'},
	{"20.10.26", "20.10.27", 'f'},
	{"23.0.0", "23.0.6", 'g'},
	{"23.0.7", "23.0.9", 'h'},
	{"23.0.10", "23.0.18", 'i'},
	{"24.0.0", "24.0.2", 'g'},
	{"24.0.3", "24.0.9", 'h'},
	{"25.0.0", "25.0.2", 'j'},
	{"25.0.3", "25.0.17", 'k'},
	{"26.0.0", "26.1.5", 'k'},
	{"27.0.1", "27.5.1", 'k'},
	{"28.0.0", "28.1.1", 'k'},
	{"28.2.0", "28.5.2", 'l'},
	{"29.0.0", "29.4.1", 'l'},
	{"29.4.2", "29.4.2", 'm'},
	{"29.4.3", "29.7.2", 'n'},
};

static const struct default_releases containerd_releases[] = {
	{"1.6.0", "1.6.6", 'a'},
	{"1.6.7", "1.6.8", 'b'},
	{"1.6.9", "1.6.15", 'c'},
	{"1.6.16", "1.6.21", 'd'},
	{"1.6.22", "1.6.27", 'e'},
	{"1.6.28", "1.6.39", 'f'},
	{"1.7.0", "1.7.2", 'g'},
	{"1.7.3", "1.7.12", 'h'},
	{"1.7.13", "1.7.31", 'i'},
	{"1.7.32", "1.7.34", 'j'},
	{"2.0.0", "2.0.8", 'k'},
	{"2.0.9", "2.0.11", 'l'},
	{"2.1.0", "2.1.9", 'm'},
	{"2.2.0", "2.2.3", 'n'},
	{"2.2.4", "2.2.7", 'o'},
	{"2.3.0", "2.3.0", 'n'},
	{"2.3.1", "2.3.4", 'o'},
};

static const struct default_releases podman_releases[] = {
	{"3.0.0", "3.0.2", 'a'},
	{"3.1.0", "3.1.2", 'b'},
	{"3.2.0", "3.2.3", 'c'},
	{"3.3.0", "3.3.1", 'e'},
	{"3.4.0", "3.4.7", 'f'},
	{"4.0.0", "4.0.3", 'g'},
	{"4.1.0", "4.1.1", 'h'},
	{"4.2.0", "4.9.5", 'i'},
	{"5.0.0", "5.1.2", 'j'},
	{"5.2.0", "5.4.2", 'k'},
	{"5.5.0", "5.7.1", 'l'},
	{"5.8.0", "5.8.2", 'm'},
};

static const struct default_releases common_releases[] = {
	{"0.33.2", "0.33.4", 'a'},
	{"0.34.0", "0.36.0", 'b'},
	{"0.37.0", "0.39.0", 'c'},
	{"0.40.0", "0.40.0", 'd'},
	{"0.40.1", "0.43.2", 'e'},
	{"0.44.0", "0.46.0", 'f'},
	{"0.47.0", "0.47.6", 'g'},
	{"0.48.0", "0.48.1", 'h'},
	{"0.49.0", "0.57.7", 'i'},
	{"0.58.0", "0.59.2", 'j'},
	{"0.60.0", "0.62.3", 'k'},
	{"0.63.0", "0.66.1", 'l'},
	{"0.67.0", "0.67.0", 'm'},
};

#define RELEASES(table) table, sizeof(table) / sizeof(table[0])

const struct default_program default_programs[] = {
	{"docker", DEFAULT_DOCKER, LOADER_DOCKER, 1, RELEASES(docker_releases),
	 .errno_ret = "ghijklmn", .error = EPERM, .riscv64 = "ghijklmn", .loongarch64 = "mn"},
	{"containerd", DEFAULT_CONTAINERD, LOADER_DOCKER, 2, RELEASES(containerd_releases),
	 .riscv64 = "bcdefghijklmno", .loongarch64 = "mno"},
	{"podman", DEFAULT_PODMAN, LOADER_PODMAN, 1, RELEASES(podman_releases),
	 .errno_ret = "defghijklm", .errno_name = "ghijklm", .error = ENOSYS},
	{"containers-common", DEFAULT_PODMAN, LOADER_PODMAN, 1, RELEASES(common_releases),
	 .errno_ret = "defghijklm", .errno_name = "ghijklm", .error = ENOSYS},
};

const size_t default_program_count = sizeof(default_programs) / sizeof(default_programs[0]);

/* In the order of the rules: of two without arguments for one name the first one counts. */
const struct default_rule default_rules[] = {
	{.podman = "defghijklm", .error = EPERM,
	 .names = "bdflush io_pgetevents kexec_file_load kexec_load migrate_pages move_pages "
		  "nfsservctl nice oldfstat oldlstat oldolduname oldstat olduname "
		  "pciconfig_iobase pciconfig_read pciconfig_write sgetmask ssetmask swapoff "
		  "swapon sysfs uselib userfaultfd ustat vm86 vm86old vmsplice"},
	{.podman = "defghij", .error = EPERM,
	 .names = "swapcontext"},
	{.podman = "klm", .error = EPERM,
	 .names = "cachestat futex_requeue futex_wait futex_waitv futex_wake io_pgetevents_time64 "
		  "map_shadow_stack syscall"},
	{.podman = "d", .error = EPERM,
	 .names = "clone3 io_uring_enter io_uring_register io_uring_setup membarrier pkey_alloc "
		  "pkey_free pkey_mprotect rseq"},
	{.docker = ALL, .containerd = ALL, .podman = ALL,
	 .names = "_llseek _newselect accept accept4 access adjtimex alarm bind brk capget capset "
		  "chdir chmod chown chown32 clock_adjtime clock_adjtime64 clock_getres "
		  "clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep "
		  "clock_nanosleep_time64 close connect copy_file_range creat dup dup2 dup3 "
		  "epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_wait "
		  "epoll_wait_old eventfd eventfd2 execve execveat exit exit_group faccessat "
		  "faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark fchdir fchmod "
		  "fchmodat fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr "
		  "flock fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 "
		  "fsync ftruncate ftruncate64 futex futimesat get_robust_list get_thread_area "
		  "getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 getgid "
		  "getgid32 getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid "
		  "getppid getpriority getrandom getresgid getresgid32 getresuid getresuid32 "
		  "getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid "
		  "getuid32 getxattr inotify_add_watch inotify_init inotify_init1 "
		  "inotify_rm_watch io_cancel io_destroy io_getevents io_setup io_submit ioctl "
		  "ioprio_get ioprio_set ipc kill lchown lchown32 lgetxattr link linkat listen "
		  "listxattr llistxattr lremovexattr lseek lsetxattr lstat lstat64 madvise "
		  "memfd_create mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap "
		  "mmap2 mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend "
		  "mq_unlink mremap msgctl msgget msgrcv msgsnd msync munlock munlockall munmap "
		  "nanosleep newfstatat open openat openat2 pause pidfd_open pidfd_send_signal "
		  "pipe pipe2 poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 "
		  "pselect6 pselect6_time64 pwrite64 pwritev pwritev2 read readahead readlink "
		  "readlinkat readv recv recvfrom recvmmsg recvmsg remap_file_pages removexattr "
		  "rename renameat renameat2 restart_syscall rmdir rt_sigaction rt_sigpending "
		  "rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait "
		  "rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min "
		  "sched_getaffinity sched_getattr sched_getparam sched_getscheduler "
		  "sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam "
		  "sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop "
		  "send sendfile sendfile64 sendmmsg sendmsg sendto set_robust_list "
		  "set_thread_area set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid "
		  "setgid32 setgroups setgroups32 setitimer setpgid setpriority setregid "
		  "setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 "
		  "setrlimit setsid setsockopt setuid setuid32 setxattr shmat shmctl shmdt shmget "
		  "shutdown sigaltstack signalfd signalfd4 sigreturn socketpair splice stat "
		  "stat64 statfs statfs64 statx symlink symlinkat sync sync_file_range syncfs "
		  "sysinfo tee tgkill time timer_create timer_delete timer_getoverrun "
		  "timer_gettime timer_gettime64 timer_settime timerfd_create timerfd_gettime "
		  "timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate "
		  "truncate64 ugetrlimit umask uname unlink unlinkat utime utimensat "
		  "utimensat_time64 utimes vfork wait4 waitid waitpid write writev"},
	{.docker = ALL, .containerd = ALL, .podman = "defghijklm",
	 .names = "futex_time64 mq_timedreceive_time64 mq_timedsend_time64 recvmmsg_time64 "
		  "rt_sigtimedwait_time64 sched_rr_get_interval_time64 semtimedop_time64 "
		  "timer_settime64"},
	{.docker = ALL, .containerd = ALL, .podman = "efghijklm",
	 .names = "rseq"},
	{.docker = ALL, .containerd = ALL, .podman = "hijklm",
	 .names = "membarrier sigprocmask"},
	{.docker = ALL, .containerd = ALL,
	 .names = "io_pgetevents io_pgetevents_time64 vmsplice"},
	{.docker = "abcdefghijkln", .containerd = ALL, .podman = ALL,
	 .names = "socketcall"},
	{.docker = "bcdefghijklmn", .containerd = ALL, .podman = ALL,
	 .names = "close_range epoll_pwait2"},
	{.docker = "defghijklmn", .containerd = ALL, .podman = "fghijklm",
	 .names = "memfd_secret"},
	{.docker = "defghijklmn", .containerd = ALL, .podman = "hijklm",
	 .names = "process_mrelease"},
	{.docker = "defghijklmn", .containerd = ALL, .podman = "ijklm",
	 .names = "landlock_add_rule landlock_create_ruleset landlock_restrict_self"},
	{.docker = "defghijklmn", .containerd = ALL,
	 .names = "futex_waitv"},
	{.docker = "abcdefghi", .containerd = "abcdefghij",
	 .names = "io_uring_enter io_uring_register io_uring_setup"},
	{.docker = "ghijklmn", .containerd = "defghijklmno", .podman = "efghijklm",
	 .names = "pkey_alloc pkey_free pkey_mprotect"},
	{.docker = "fhijklmn", .containerd = "efhijklmno", .podman = ALL,
	 .names = "name_to_handle_at"},
	{.docker = "iklmn", .containerd = "fijklmno", .podman = "jklm",
	 .names = "fchmodat2"},
	{.docker = "iklmn", .containerd = "fijklmno",
	 .names = "cachestat futex_requeue futex_wait futex_wake map_shadow_stack"},
	{.docker = "abcdf", .containerd = "abcdef",
	 .names = "socket"},
	{.docker = "lmn", .containerd = "no",
	 .names = "getxattrat listmount listxattrat mseal removexattrat setxattrat statmount "
		  "uretprobe"},
	{.docker = "lmn",
	 .names = "riscv_hwprobe"},
	{.containerd = "no",
	 .names = "lsm_get_self_attr lsm_list_modules lsm_set_self_attr"},
	{.podman = ALL,
	 .names = "clone fsconfig fsmount fsopen fspick mount move_mount open_tree pidfd_getfd "
		  "pivot_root reboot syslog umount umount2 unshare"},
	{.podman = "bcdefghijklm",
	 .names = "keyctl"},
	{.podman = "cdefghijklm",
	 .names = "setns"},
	{.podman = "efghijklm",
	 .names = "clone3 get_mempolicy mbind set_mempolicy"},
	{.podman = "defghij",
	 .names = "readdir"},
	{.podman = "hijklm",
	 .names = "mount_setattr process_vm_readv process_vm_writev ptrace signal"},
	{.podman = "hij",
	 .names = "sigaction sigpending sigsuspend syscall timerfd"},
	{.podman = "lm",
	 .names = "fanotify_init"},
	{.docker = ALL, .containerd = "bcdefghijklmno", .kernel = "4.8",
	 .names = "ptrace"},
	{.docker = "ghijklmn", .containerd = "ghijklmno", .kernel = "4.8",
	 .names = "process_vm_readv process_vm_writev"},
	{.docker = "eghijkl", .containerd = "ghikmn", .args = {{0, "NE", 40}},
	 .names = "socket"},
	{.docker = "m", .error = ENOSYS,
	 .names = "socketcall"},
	{.docker = "mn", .containerd = "jlo", .args = {{0, "LT", 38}},
	 .names = "socket"},
	{.docker = "mn", .containerd = "jlo", .args = {{0, "EQ", 39}},
	 .names = "socket"},
	{.docker = "mn", .containerd = "jlo", .args = {{0, "GT", 40}},
	 .names = "socket"},
	{.docker = ALL, .containerd = ALL, .podman = ALL, .args = {{0, "EQ", 0}},
	 .names = "personality"},
	{.docker = ALL, .containerd = ALL, .podman = ALL, .args = {{0, "EQ", 8}},
	 .names = "personality"},
	{.docker = ALL, .containerd = ALL, .podman = ALL, .args = {{0, "EQ", 0x20000}},
	 .names = "personality"},
	{.docker = ALL, .containerd = ALL, .podman = ALL, .args = {{0, "EQ", 0x20008}},
	 .names = "personality"},
	{.docker = ALL, .containerd = ALL, .podman = ALL, .args = {{0, "EQ", 0xffffffff}},
	 .names = "personality"},
	{.docker = ALL, .containerd = ALL, .podman = ALL, .arch = "ppc64le",
	 .names = "sync_file_range2"},
	{.docker = "ghijklmn", .containerd = ALL, .podman = "klm", .arch = "ppc64le",
	 .names = "swapcontext"},
	{.docker = ALL, .containerd = ALL, .podman = ALL, .arch = "arm arm64",
	 .names = "arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls "
		  "sync_file_range2"},
	{.containerd = ALL, .arch = "amd64",
	 .names = "arch_prctl modify_ldt"},
	{.containerd = ALL, .arch = "x86",
	 .names = "modify_ldt"},
	{.docker = ALL, .podman = ALL, .arch = "amd64 x32",
	 .names = "arch_prctl"},
	{.docker = ALL, .podman = ALL, .arch = "amd64 x32 x86",
	 .names = "modify_ldt"},
	{.docker = ALL, .containerd = ALL, .podman = ALL, .arch = "s390 s390x",
	 .names = "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr"},
	{.docker = "ghijklmn", .containerd = "bcdefghijklmno", .podman = "klm", .arch = "riscv64",
	 .names = "riscv_flush_icache"},
	{.containerd = "no", .arch = "riscv64",
	 .names = "riscv_hwprobe"},
	{.docker = ALL, .containerd = ALL, .podman = ALL, .cap = "DAC_READ_SEARCH",
	 .names = "open_by_handle_at"},
	{.podman = "defghijklm", .error = EPERM, .without_cap = "DAC_READ_SEARCH",
	 .names = "open_by_handle_at"},
	{.docker = ALL, .containerd = ALL, .podman = ALL, .cap = "SYS_ADMIN",
	 .names = "bpf lookup_dcookie quotactl setdomainname sethostname setns"},
	{.docker = ALL, .containerd = ALL, .podman = "abcdefghijk", .cap = "SYS_ADMIN",
	 .names = "fanotify_init"},
	{.docker = ALL, .containerd = ALL, .podman = "abcdefghij", .cap = "SYS_ADMIN",
	 .names = "perf_event_open"},
	{.docker = ALL, .containerd = ALL, .podman = "a", .cap = "SYS_ADMIN",
	 .names = "clone mount umount umount2 unshare"},
	{.docker = ALL, .containerd = ALL, .cap = "SYS_ADMIN",
	 .names = "syslog"},
	{.docker = "bcdefghijklmn", .containerd = ALL, .cap = "SYS_ADMIN",
	 .names = "fsconfig fsmount fsopen fspick move_mount open_tree"},
	{.docker = "cdefghijklmn", .containerd = ALL, .cap = "SYS_ADMIN",
	 .names = "clone3"},
	{.docker = "defghijklmn", .containerd = ALL, .podman = "klm", .cap = "SYS_ADMIN",
	 .names = "quotactl_fd"},
	{.docker = "defghijklmn", .containerd = ALL, .cap = "SYS_ADMIN",
	 .names = "mount_setattr"},
	{.docker = "abcdeg", .containerd = "abcdg", .podman = "a", .cap = "SYS_ADMIN",
	 .names = "name_to_handle_at"},
	{.docker = "lmn", .cap = "SYS_ADMIN",
	 .names = "lsm_get_self_attr lsm_list_modules lsm_set_self_attr"},
	{.podman = "a", .without_cap = "SYS_ADMIN", .not_arch = "s390 s390x", .args = {{0,
	 "MASKED_EQ", 0x7c020000}},
	 .names = "clone"},
	{.podman = "a", .without_cap = "SYS_ADMIN", .arch = "s390 s390x", .args = {{1,
	 "MASKED_EQ", 0x7c020000}},
	 .names = "clone"},
	{.podman = "defghijklm", .error = EPERM, .without_cap = "SYS_ADMIN",
	 .names = "lookup_dcookie perf_event_open quotactl setdomainname sethostname setns"},
	{.podman = "defghijk", .error = EPERM, .without_cap = "SYS_ADMIN",
	 .names = "fanotify_init"},
	{.podman = "defghij", .error = EPERM, .without_cap = "SYS_ADMIN",
	 .names = "bpf"},
	{.podman = "klm", .error = EPERM, .without_cap = "SYS_ADMIN",
	 .names = "quotactl_fd"},
	{.docker = ALL, .containerd = ALL, .without_cap = "SYS_ADMIN", .not_arch = "s390 s390x",
	 .args = {{0, "MASKED_EQ", 0x7e020000}},
	 .names = "clone"},
	{.docker = ALL, .containerd = ALL, .without_cap = "SYS_ADMIN", .arch = "s390 s390x",
	 .args = {{1, "MASKED_EQ", 0x7e020000}},
	 .names = "clone"},
	{.docker = "cdefghijklmn", .containerd = ALL, .error = ENOSYS, .without_cap = "SYS_ADMIN",
	 .names = "clone3"},
	{.docker = ALL, .containerd = ALL, .podman = "a", .cap = "SYS_BOOT",
	 .names = "reboot"},
	{.docker = ALL, .containerd = ALL, .podman = ALL, .cap = "SYS_CHROOT",
	 .names = "chroot"},
	{.podman = "defghijklm", .error = EPERM, .without_cap = "SYS_CHROOT",
	 .names = "chroot"},
	{.docker = ALL, .containerd = ALL, .podman = ALL, .cap = "SYS_MODULE",
	 .names = "delete_module finit_module init_module"},
	{.podman = ALL, .cap = "SYS_MODULE",
	 .names = "query_module"},
	{.podman = "defghijklm", .error = EPERM, .without_cap = "SYS_MODULE",
	 .names = "delete_module finit_module init_module query_module"},
	{.docker = ALL, .containerd = ALL, .podman = ALL, .cap = "SYS_PACCT",
	 .names = "acct"},
	{.podman = "defghijklm", .error = EPERM, .without_cap = "SYS_PACCT",
	 .names = "acct"},
	{.docker = ALL, .containerd = ALL, .podman = ALL, .cap = "SYS_PTRACE",
	 .names = "kcmp"},
	{.docker = ALL, .containerd = ALL, .podman = "abcdefg", .cap = "SYS_PTRACE",
	 .names = "process_vm_readv process_vm_writev ptrace"},
	{.docker = ALL, .containerd = ALL, .cap = "SYS_PTRACE",
	 .names = "pidfd_getfd"},
	{.docker = "bcdefghijklmn", .containerd = ALL, .podman = ALL, .cap = "SYS_PTRACE",
	 .names = "process_madvise"},
	{.podman = "defghijklm", .error = EPERM, .without_cap = "SYS_PTRACE",
	 .names = "kcmp process_madvise"},
	{.podman = "defg", .error = EPERM, .without_cap = "SYS_PTRACE",
	 .names = "process_vm_readv process_vm_writev ptrace"},
	{.docker = ALL, .containerd = ALL, .podman = ALL, .cap = "SYS_RAWIO",
	 .names = "ioperm iopl"},
	{.podman = "defghijklm", .error = EPERM, .without_cap = "SYS_RAWIO",
	 .names = "ioperm iopl"},
	{.docker = ALL, .containerd = ALL, .podman = ALL, .cap = "SYS_TIME",
	 .names = "clock_settime settimeofday stime"},
	{.docker = "ghijklmn", .containerd = "bcdefghijklmno", .podman = ALL, .cap = "SYS_TIME",
	 .names = "clock_settime64"},
	{.podman = "defghijklm", .error = EPERM, .without_cap = "SYS_TIME",
	 .names = "clock_settime clock_settime64 settimeofday stime"},
	{.docker = ALL, .containerd = ALL, .podman = ALL, .cap = "SYS_TTY_CONFIG",
	 .names = "vhangup"},
	{.podman = "defghijklm", .error = EPERM, .without_cap = "SYS_TTY_CONFIG",
	 .names = "vhangup"},
	{.podman = "m", .error = EPERM, .args = {{0, "EQ", 40}},
	 .names = "socket"},
	{.podman = ALL, .error = EINVAL, .without_cap = "AUDIT_WRITE", .args = {{0, "EQ", 16},
	 {2, "EQ", 9}},
	 .names = "socket"},
	{.podman = "abcdefghijkl", .without_cap = "AUDIT_WRITE", .args = {{2, "NE", 9}},
	 .names = "socket"},
	{.podman = "m", .without_cap = "AUDIT_WRITE", .args = {{0, "EQ", 16}, {2, "NE", 9}},
	 .names = "socket"},
	{.podman = ALL, .without_cap = "AUDIT_WRITE", .args = {{0, "NE", 16}},
	 .names = "socket"},
	{.podman = "abcdefghijkl", .cap = "AUDIT_WRITE",
	 .names = "socket"},
	{.podman = "m", .cap = "AUDIT_WRITE", .args = {{0, "NE", 40}},
	 .names = "socket"},
	{.podman = "klm", .error = EPERM, .without_cap = "SYS_ADMIN BPF",
	 .names = "bpf perf_event_open"},
	{.docker = ALL, .containerd = "defghijklmno", .podman = "abcd", .cap = "SYS_NICE",
	 .names = "get_mempolicy mbind set_mempolicy"},
	{.docker = "iklmn", .containerd = "fijklmno", .cap = "SYS_NICE",
	 .names = "set_mempolicy_home_node"},
	{.podman = "a", .cap = "SYS_NICE",
	 .names = "name_to_handle_at"},
	{.podman = "d", .error = EPERM, .without_cap = "SYS_NICE",
	 .names = "get_mempolicy mbind set_mempolicy"},
	{.docker = ALL, .containerd = ALL, .cap = "SYSLOG",
	 .names = "syslog"},
	{.docker = "ghijklmn", .containerd = "cdefghijklmno", .podman = "klm", .cap = "BPF",
	 .names = "bpf"},
	{.docker = "ghijklmn", .containerd = "cdefghijklmno", .podman = "klm", .cap = "PERFMON",
	 .names = "perf_event_open"},
};

/* clang-format on */

const size_t default_rule_count = sizeof(default_rules) / sizeof(default_rules[0]);
