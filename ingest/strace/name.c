#include "ingest/strace/strace_private.h"

#include "base/hash.h"
#include "base/mem.h"
#include "ingest/arch.h"

#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>

/* Answers that are kept, each at the place its hash gives it: a trace has some dozens of names. */
#define KEPT 1024

/* How libseccomp is asked for one takes long where the answer is no. */
struct answer {
	uint32_t token;
	bool known;
	size_t n;
	int64_t nr;
	char name[SYSCALL_NAME_SIZE];
};

struct strace_names {
	struct answer answers[KEPT];
};

/* The ABIs of one machine, in the order 64 bit, 32 bit, x32 (strace: arch_defs_.h). */
static const uint32_t families[][STRACE_FAMILY_MAX] = {
	{SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32},
	{SCMP_ARCH_AARCH64, SCMP_ARCH_ARM, 0},
	{SCMP_ARCH_PPC64, SCMP_ARCH_PPC, 0},
	{SCMP_ARCH_S390X, SCMP_ARCH_S390, 0},
};

size_t strace_family(uint32_t tokens[STRACE_FAMILY_MAX])
{
	uint32_t native = arch_native();

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		if (families[i][0] != native)
			continue;
		memcpy(tokens, families[i], sizeof(families[i]));
		return families[i][2] ? 3 : 2;
	}
	tokens[0] = native;
	return 1;
}

bool strace_mode(struct str word, uint32_t *ret_token)
{
	static const char *const words[STRACE_FAMILY_MAX] = {"64 bit", "32 bit", "x32"};
	uint32_t family[STRACE_FAMILY_MAX] = {0};
	size_t count = strace_family(family);

	/* a 32-bit machine's strace has no other mode to tell of */
	for (size_t i = 0; i < STRACE_FAMILY_MAX && i < count && count > 1; i++) {
		if (!str_eq(word, str_from(words[i])))
			continue;
		*ret_token = family[i];
		return true;
	}
	return false;
}

/* What strace before 4.15 called otherwise than the kernel does. */
static const struct {
	const char *old, *now;
} aliases[] = {
	{"_exit", "exit"},
	{"old_mmap", "mmap"},
	{"oldselect", "select"},
	{"oldumount", "umount"},
	{"old_getrlimit", "getrlimit"},
	{"pread", "pread64"},
	{"pwrite", "pwrite64"},
	{"siggetmask", "sgetmask"},
	{"sigsetmask", "ssetmask"},
	{"socket_subcall", "socketcall"},
	{"ipc_subcall", "ipc"},
};

/* The parts of socketcall(2) and ipc(2) (linux/net.h, linux/ipc.h), as strace decodes them. */
static const char *const socket_parts[] = {
	"socket",  "bind",    "connect", "listen",   "accept",     "getsockname", "getpeername",
	"send",    "recv",    "sendto",  "recvfrom", "socketpair", "shutdown",    "setsockopt",
	"sendmsg", "accept4", "recvmsg", "recvmmsg", "sendmmsg",   "getsockopt",
};
static const char *const ipc_parts[] = {
	"semop",  "semget", "semctl", "semtimedop", "msgsnd", "msgrcv",
	"msgget", "msgctl", "shmat",  "shmdt",      "shmget", "shmctl",
};

static bool is_among(const char *const *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

/* "socketcall" or "ipc" if that is the name of a part. */
static const char *whole_of(const char *name)
{
	if (is_among(socket_parts, sizeof(socket_parts) / sizeof(*socket_parts), name))
		return "socketcall";
	if (is_among(ipc_parts, sizeof(ipc_parts) / sizeof(*ipc_parts), name))
		return "ipc";
	return NULL;
}

/* "syscall_0x1b7"; before 4.22 "syscall_439", before 4.15 "SYS_439". The kernel shows a filter an
 * int. */
static bool spelled_number(uint32_t token, const char *name, int64_t *ret_nr)
{
	const char *digits = strncmp(name, "syscall_", 8) == 0 ? name + 8
			     : strncmp(name, "SYS_", 4) == 0   ? name + 4
							       : NULL;
	char *end;

	if (!digits || *digits < '0' || *digits > '9')
		return false;
	int32_t nr =
		(int32_t)(uint32_t)strtoull(digits, &end, strncmp(digits, "0x", 2) == 0 ? 16 : 10);

	if (*end)
		return false;
	*ret_nr = token == SCMP_ARCH_X32 && nr >= 0 ? nr | ARCH_X32_BIT : nr;
	return true;
}

/* x32's second table, of numbers that are meant for 64-bit callers. */
static bool wide_number(uint32_t token, const char *name, int64_t *ret_nr)
{
	char plain[SYSCALL_NAME_SIZE];
	const char *mark = strstr(name, "#64");

	if (token != SCMP_ARCH_X32 || !mark || mark[3])
		return false;
	snprintf(plain, sizeof(plain), "%.*s", (int)(mark - name), name);
	if (!syscall_number(SCMP_ARCH_X86_64, plain, ret_nr))
		return false;
	*ret_nr |= ARCH_X32_BIT;
	return true;
}

static bool find_number(uint32_t token, const char *name, int64_t *ret_nr)
{
	if (spelled_number(token, name, ret_nr) || wide_number(token, name, ret_nr) ||
	    syscall_number(token, name, ret_nr))
		return true;
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcmp(aliases[i].old, name) == 0)
			return syscall_number(token, aliases[i].now, ret_nr);
	const char *whole = whole_of(name);

	return whole && syscall_number(token, whole, ret_nr);
}

bool strace_name_is_known(struct str name)
{
	uint32_t family[STRACE_FAMILY_MAX] = {0};
	size_t count = strace_family(family);
	char text[SYSCALL_NAME_SIZE];
	int64_t nr;

	if (name.n == 0 || !str_copy(name, text, sizeof(text)))
		return false;
	for (size_t i = 0; i < count; i++)
		if (find_number(family[i], text, &nr))
			return true;
	return false;
}

struct strace_names *strace_names_new(void)
{
	return mem_new(1, sizeof(struct strace_names));
}

void strace_names_free(struct strace_names *names)
{
	free(names);
}

bool strace_number(struct strace_names *names, uint32_t token, struct str name, int64_t *ret_nr)
{
	struct answer *answer = &names->answers[(size_t)hash_bytes(token, name) % KEPT];

	if (name.n == 0 || name.n >= sizeof(answer->name))
		return false;
	if (answer->token != token || !str_eq(name, str_of(answer->name, answer->n))) {
		str_copy(name, answer->name, sizeof(answer->name));
		answer->n = name.n;
		answer->token = token;
		answer->known = find_number(token, answer->name, &answer->nr);
	}
	*ret_nr = answer->nr;
	return answer->known;
}

/* Whether -n's number is what this ABI has under the name, directly or by way of a whole. */
static bool agrees(struct strace_names *names, uint32_t token, struct str name, int64_t nr)
{
	char text[SYSCALL_NAME_SIZE];
	int64_t found;

	if (strace_number(names, token, name, &found) && found == nr)
		return true;
	if (!str_copy(name, text, sizeof(text)))
		return false;
	const char *whole = whole_of(text);

	return whole && strace_number(names, token, str_from(whole), &found) && found == nr;
}

/* The process's ABI first, then the others of the machine, until one agrees. */
static bool agree_on(struct strace_names *names, struct str name, int64_t nr, uint32_t *token)
{
	uint32_t family[STRACE_FAMILY_MAX] = {0};
	size_t count = strace_family(family);

	if (agrees(names, *token, name, nr))
		return true;
	for (size_t i = 0; i < count; i++) {
		if (!agrees(names, family[i], name, nr))
			continue;
		*token = family[i];
		return true;
	}
	return false;
}

/* strace writes a pointer of 32 bits with 8 digits, of 64 with 16, and of x32 with as many as it
 * needs from 8 on. */
static void prefer(const uint32_t *family, size_t count, unsigned ip_digits, uint32_t *token)
{
	if (ip_digits == 16)
		*token = family[0];
	else if (ip_digits > 8 && count > 2)
		*token = family[2];
	else if (ip_digits == 8 && count > 1 && *token == family[0])
		*token = family[1];
}

bool strace_number_of_call(struct strace_names *names, struct str name,
			   const struct strace_head *head, uint32_t *token, int64_t *ret_nr)
{
	uint32_t family[STRACE_FAMILY_MAX] = {0};
	size_t count = strace_family(family);

	if (head->has_nr && agree_on(names, name, head->nr, token)) {
		*ret_nr = head->nr;
		return true;
	}
	prefer(family, count, head->ip_digits, token);
	if (strace_number(names, *token, name, ret_nr))
		return true;
	for (size_t i = 0; i < count; i++) {
		if (!strace_number(names, family[i], name, ret_nr))
			continue;
		*token = family[i];
		return true;
	}
	return false;
}
