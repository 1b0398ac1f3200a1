#include "ingest/arch.h"

#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/*
 * Names beside tokens. The first row of a token has libseccomp's name; the others are what
 * uname(2), Go and people call the same machine.
 */
struct arch_row {
	uint32_t token;
	const char *name;
};

static const struct arch_row arches[] = {
	{SCMP_ARCH_X86_64, "x86_64"},
	{SCMP_ARCH_X86, "x86"},
	{SCMP_ARCH_X32, "x32"},
	{SCMP_ARCH_AARCH64, "aarch64"},
	{SCMP_ARCH_ARM, "arm"},
	{SCMP_ARCH_MIPS, "mips"},
	{SCMP_ARCH_MIPS64, "mips64"},
	{SCMP_ARCH_MIPS64N32, "mips64n32"},
	{SCMP_ARCH_MIPSEL, "mipsel"},
	{SCMP_ARCH_MIPSEL64, "mipsel64"},
	{SCMP_ARCH_MIPSEL64N32, "mipsel64n32"},
	{SCMP_ARCH_PPC, "ppc"},
	{SCMP_ARCH_PPC64, "ppc64"},
	{SCMP_ARCH_PPC64LE, "ppc64le"},
	{SCMP_ARCH_S390, "s390"},
	{SCMP_ARCH_S390X, "s390x"},
	{SCMP_ARCH_PARISC, "parisc"},
	{SCMP_ARCH_PARISC64, "parisc64"},
	{SCMP_ARCH_RISCV64, "riscv64"},
#ifdef SCMP_ARCH_LOONGARCH64
	{SCMP_ARCH_LOONGARCH64, "loongarch64"},
#endif
#ifdef SCMP_ARCH_M68K
	{SCMP_ARCH_M68K, "m68k"},
#endif
#ifdef SCMP_ARCH_SH
	{SCMP_ARCH_SH, "sh"},
	{SCMP_ARCH_SHEB, "sheb"},
#endif
	{SCMP_ARCH_X86_64, "amd64"},
	{SCMP_ARCH_X86, "i386"},
	{SCMP_ARCH_X86, "i486"},
	{SCMP_ARCH_X86, "i586"},
	{SCMP_ARCH_X86, "i686"},
	{SCMP_ARCH_X86, "386"},
	{SCMP_ARCH_AARCH64, "arm64"},
	{SCMP_ARCH_ARM, "armeb"},
	{SCMP_ARCH_ARM, "armv7l"},
	{SCMP_ARCH_ARM, "armhf"},
	{SCMP_ARCH_PPC64LE, "powerpc64le"},
};

#define ARCH_ROWS (sizeof(arches) / sizeof(arches[0]))

/*
 * Syscalls newer than libseccomp 2.5.4. From 424 on a number means the same on every arch
 * (kernel: scripts/syscall.tbl and arch/.../syscall.tbl), MIPS adding its ABI's offset.
 * Complete up to Linux 7.1.
 */
#define SHARED_FIRST 424

static const char *const shared_names[] = {
	"pidfd_send_signal",
	"io_uring_setup",
	"io_uring_enter",
	"io_uring_register",
	"open_tree",
	"move_mount",
	"fsopen",
	"fsconfig",
	"fsmount",
	"fspick",
	"pidfd_open",
	"clone3",
	"close_range",
	"openat2",
	"pidfd_getfd",
	"faccessat2",
	"process_madvise",
	"epoll_pwait2",
	"mount_setattr",
	"quotactl_fd",
	"landlock_create_ruleset",
	"landlock_add_rule",
	"landlock_restrict_self",
	"memfd_secret",
	"process_mrelease",
	"futex_waitv",
	"set_mempolicy_home_node",
	"cachestat",
	"fchmodat2",
	"map_shadow_stack",
	"futex_wake",
	"futex_wait",
	"futex_requeue",
	"statmount",
	"listmount",
	"lsm_get_self_attr",
	"lsm_set_self_attr",
	"lsm_list_modules",
	"mseal",
	"setxattrat",
	"getxattrat",
	"listxattrat",
	"removexattrat",
	"open_tree_attr",
	"file_getattr",
	"file_setattr",
	"listns",
	"rseq_slice_yield",
};

#define SHARED_COUNT ((int64_t)(sizeof(shared_names) / sizeof(shared_names[0])))

/* Numbers that only one arch has. */
static const struct own_number {
	uint32_t token;
	int64_t nr;
	const char *name;
} own_numbers[] = {
	{SCMP_ARCH_X86_64, 335, "uretprobe"},
	{SCMP_ARCH_X86_64, 336, "uprobe"},
	{SCMP_ARCH_X32, ARCH_X32_BIT + 335, "uretprobe"},
	{SCMP_ARCH_X32, ARCH_X32_BIT + 336, "uprobe"},
	{SCMP_ARCH_RISCV64, 258, "riscv_hwprobe"},
};

#define OWN_COUNT (sizeof(own_numbers) / sizeof(own_numbers[0]))

uint32_t arch_token(uint32_t audit_arch, int64_t nr)
{
	if (audit_arch == SCMP_ARCH_X86_64 && nr > 0 && (nr & ARCH_X32_BIT))
		return SCMP_ARCH_X32;
	return audit_arch;
}

uint32_t arch_audit(uint32_t token)
{
	return token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token;
}

const char *arch_name(uint32_t token)
{
	for (size_t i = 0; i < ARCH_ROWS; i++)
		if (arches[i].token == token)
			return arches[i].name;
	return NULL;
}

uint32_t arch_from_name(struct str name)
{
	static const struct str prefix = {"SCMP_ARCH_", 10};

	if (name.n > prefix.n && strncasecmp(name.p, prefix.p, prefix.n) == 0)
		name = str_skip(name, prefix.n);
	if (name.n == 6 && strncasecmp(name.p, "native", 6) == 0)
		return arch_native();
	for (size_t i = 0; i < ARCH_ROWS; i++)
		if (name.n == strlen(arches[i].name) &&
		    strncasecmp(name.p, arches[i].name, name.n) == 0)
			return arches[i].token;
	return 0;
}

uint32_t arch_native(void)
{
	return seccomp_arch_native();
}

const uint32_t *arch_all(void)
{
	static const uint32_t tokens[] = {
		SCMP_ARCH_X86_64,
		SCMP_ARCH_X86,
		SCMP_ARCH_X32,
		SCMP_ARCH_AARCH64,
		SCMP_ARCH_ARM,
		SCMP_ARCH_MIPS,
		SCMP_ARCH_MIPS64,
		SCMP_ARCH_MIPS64N32,
		SCMP_ARCH_MIPSEL,
		SCMP_ARCH_MIPSEL64,
		SCMP_ARCH_MIPSEL64N32,
		SCMP_ARCH_PPC,
		SCMP_ARCH_PPC64,
		SCMP_ARCH_PPC64LE,
		SCMP_ARCH_S390,
		SCMP_ARCH_S390X,
		SCMP_ARCH_PARISC,
		SCMP_ARCH_PARISC64,
		SCMP_ARCH_RISCV64,
#ifdef SCMP_ARCH_LOONGARCH64
		SCMP_ARCH_LOONGARCH64,
#endif
#ifdef SCMP_ARCH_M68K
		SCMP_ARCH_M68K,
#endif
#ifdef SCMP_ARCH_SH
		SCMP_ARCH_SH,
		SCMP_ARCH_SHEB,
#endif
		0,
	};

	return tokens;
}

uint32_t arch_first_number(uint32_t token)
{
	switch (token) {
	case SCMP_ARCH_X32:
		return ARCH_X32_BIT;
	case SCMP_ARCH_MIPS:
	case SCMP_ARCH_MIPSEL:
		return 4000;
	case SCMP_ARCH_MIPS64:
	case SCMP_ARCH_MIPSEL64:
		return 5000;
	case SCMP_ARCH_MIPS64N32:
	case SCMP_ARCH_MIPSEL64N32:
		return 6000;
	default:
		return 0;
	}
}

/*
 * memfd_secret was never wired up on most arches, and the table of 31-bit s390 ends with Linux 6.18
 * (libseccomp 2.6.1: src/syscalls.csv).
 */
static bool has_shared(uint32_t token, const char *name)
{
	if (strcmp(name, "memfd_secret") == 0)
		return token == SCMP_ARCH_X86_64 || token == SCMP_ARCH_X86 ||
		       token == SCMP_ARCH_X32 || token == SCMP_ARCH_AARCH64 ||
		       token == SCMP_ARCH_RISCV64 || token == SCMP_ARCH_S390 ||
		       token == SCMP_ARCH_S390X;
	if (strcmp(name, "listns") == 0 || strcmp(name, "rseq_slice_yield") == 0)
		return token != SCMP_ARCH_S390;
	return arch_name(token) != NULL;
}

static const char *newer_name(uint32_t token, int64_t nr)
{
	int64_t index = nr - arch_first_number(token) - SHARED_FIRST;

	for (size_t i = 0; i < OWN_COUNT; i++)
		if (own_numbers[i].token == token && own_numbers[i].nr == nr)
			return own_numbers[i].name;
	if (index < 0 || index >= SHARED_COUNT || !has_shared(token, shared_names[index]))
		return NULL;
	return shared_names[index];
}

static bool newer_number(uint32_t token, const char *name, int64_t *ret_nr)
{
	for (size_t i = 0; i < OWN_COUNT; i++) {
		if (own_numbers[i].token != token || strcmp(own_numbers[i].name, name) != 0)
			continue;
		*ret_nr = own_numbers[i].nr;
		return true;
	}
	for (int64_t i = 0; i < SHARED_COUNT; i++) {
		if (strcmp(shared_names[i], name) != 0 || !has_shared(token, name))
			continue;
		*ret_nr = arch_first_number(token) + SHARED_FIRST + i;
		return true;
	}
	return false;
}

/* libseccomp's name, to be freed. NULL is none of it, not that there was no memory for it. */
static char *name_of(uint32_t token, int64_t nr)
{
	errno = 0;

	char *name = seccomp_syscall_resolve_num_arch(token, (int)nr);

	if (!name && errno == ENOMEM)
		mem_fail("the name of a system call");
	return name;
}

bool syscall_name(uint32_t audit_arch, int64_t nr, char name[SYSCALL_NAME_SIZE])
{
	uint32_t token = arch_token(audit_arch, nr);
	/* libseccomp gives its own pseudo numbers (all negative) names: none of them is real. */
	char *found = nr >= 0 && arch_name(token) ? name_of(token, nr) : NULL;
	const char *known = found ? found : newer_name(token, nr);

	if (known)
		*stpncpy(name, known, SYSCALL_NAME_SIZE - 1) = '\0';
	else
		snprintf(name, SYSCALL_NAME_SIZE, "syscall_%lld", (long long)nr);
	free(found);
	return known != NULL;
}

/*
 * Where an arch once had one call for all of sockets or of System V IPC, libseccomp gives a pseudo
 * number for the name, though the arch has a real one as well by now (i386: socket is 359).
 */
static bool direct_number(uint32_t token, const char *name, int64_t *ret_nr)
{
	int64_t first = arch_first_number(token);

	for (int64_t nr = first; nr < first + SHARED_FIRST + SHARED_COUNT; nr++) {
		char *found = name_of(token, nr);
		bool is = found && strcmp(found, name) == 0;

		free(found);
		if (is) {
			*ret_nr = nr;
			return true;
		}
	}
	return false;
}

bool syscall_number(uint32_t token, const char *name, int64_t *ret_nr)
{
	int nr = seccomp_syscall_resolve_name_arch(token, name);

	if (nr >= 0) {
		*ret_nr = nr;
		return true;
	}
	if (nr != __NR_SCMP_ERROR && direct_number(token, name, ret_nr))
		return true;
	return newer_number(token, name, ret_nr);
}

bool syscall_is_known(const char *name)
{
	return seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

bool syscall_is_multiplexer(const char *name)
{
	return strcmp(name, "socketcall") == 0 || strcmp(name, "ipc") == 0;
}

/*
 * libseccomp's number for such a name is below zero and tells which it is (seccomp-syscalls.h:
 * __PNR_socket, -101, is call 1 of socketcall, __PNR_semop, -201, call 1 of ipc). On arches without
 * the call the same numbers stand for nothing.
 */
const char *syscall_multiplexer(uint32_t token, const char *name, uint32_t *ret_call)
{
	int nr = seccomp_syscall_resolve_name_arch(token, name);
	int first = nr > __PNR_semop ? __PNR_socket : __PNR_semop;
	const char *family = nr > __PNR_semop ? "socketcall" : "ipc";
	int64_t ignored;

	if (nr > __PNR_socket || nr < __PNR_shmctl || !syscall_number(token, family, &ignored))
		return NULL;
	*ret_call = (uint32_t)(first - nr) + 1;
	return family;
}

/* moby: profiles/seccomp/default_linux.go, arches(), and what it leaves out. A host's own row is the first
 * in which one of its arches stands. */
static const struct {
	uint32_t token;
	uint32_t subs[3];
} families[] = {
	{SCMP_ARCH_X86_64, {SCMP_ARCH_X86, SCMP_ARCH_X32}},
	{SCMP_ARCH_AARCH64, {SCMP_ARCH_ARM}},
	{SCMP_ARCH_MIPS64, {SCMP_ARCH_MIPS, SCMP_ARCH_MIPS64N32}},
	{SCMP_ARCH_MIPS64N32, {SCMP_ARCH_MIPS, SCMP_ARCH_MIPS64}},
	{SCMP_ARCH_MIPSEL64, {SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64N32}},
	{SCMP_ARCH_MIPSEL64N32, {SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64}},
	{SCMP_ARCH_S390X, {SCMP_ARCH_S390}},
	{SCMP_ARCH_PPC64, {SCMP_ARCH_PPC}},
	{SCMP_ARCH_PARISC64, {SCMP_ARCH_PARISC}},
};

#define FAMILY_COUNT (sizeof(families) / sizeof(families[0]))

const uint32_t *arch_companions(uint32_t token)
{
	static const uint32_t none;

	for (size_t i = 0; i < FAMILY_COUNT; i++)
		if (families[i].token == token)
			return families[i].subs;
	return &none;
}

const uint32_t *arch_subs(uint32_t token)
{
	bool is_mobys = token != SCMP_ARCH_PPC64 && token != SCMP_ARCH_PARISC64;

	return arch_companions(is_mobys ? token : 0);
}

uint32_t arch_host(uint32_t token)
{
	for (size_t i = 0; i < FAMILY_COUNT; i++)
		if (families[i].token == token || families[i].subs[0] == token ||
		    families[i].subs[1] == token)
			return families[i].token;
	return token;
}
