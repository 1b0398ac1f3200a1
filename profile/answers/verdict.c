#include "profile/answers/judge.h"

#include "base/mem.h"
#include "ingest/action.h"
#include "ingest/arch.h"
#include "profile/answers/condition.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kernel's own bound on what ERRNO returns (kernel/seccomp.c: data > MAX_ERRNO). */
#define MAX_ERRNO 4095

/* seccomp(2): of several filters' actions the one first in this order is taken. */
static const uint32_t strictness[] = {
	SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO,
	SECCOMP_RET_USER_NOTIF,   SECCOMP_RET_TRACE,       SECCOMP_RET_LOG,  SECCOMP_RET_ALLOW,
};

#define ENOSYS_VALUE (SECCOMP_RET_ERRNO | ENOSYS)

static const char *const verdict_names[] = {
	[VERDICT_ALLOWED] = "allowed",   [VERDICT_CONDITIONAL] = "conditional",
	[VERDICT_LOGGED] = "logged",     [VERDICT_DENIED] = "denied",
	[VERDICT_BAD_ARCH] = "bad-arch", [VERDICT_ENOSYS] = "enosys",
};

const char *verdict_name(enum verdict_kind kind)
{
	return verdict_names[kind];
}

const char *verdict_value_text(uint32_t value, char text[VERDICT_VALUE_SIZE])
{
	uint32_t action = value & SECCOMP_RET_ACTION_FULL;
	const char *name = action_name(action);

	if (!name)
		snprintf(text, VERDICT_VALUE_SIZE, "0x%08x", value);
	else if (action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE)
		snprintf(text, VERDICT_VALUE_SIZE, "%s(%u)", name, value & SECCOMP_RET_DATA);
	else
		snprintf(text, VERDICT_VALUE_SIZE, "%s", name);
	return text;
}

/* An action that the kernel does not know kills the process, so it ranks with that. */
static size_t rank(uint32_t value)
{
	for (size_t i = 0; i < sizeof(strictness) / sizeof(strictness[0]); i++) {
		if (strictness[i] == (value & SECCOMP_RET_ACTION_FULL))
			return i;
	}
	return 0;
}

/* The stricter of two; of two errnos the one that is not ENOSYS, which breaks more programs. */
static bool stricter(uint32_t a, uint32_t b)
{
	if (rank(a) != rank(b))
		return rank(a) < rank(b);
	return b == ENOSYS_VALUE && a != ENOSYS_VALUE;
}

static int by_text(const void *a, const void *b)
{
	char text_a[VERDICT_VALUE_SIZE], text_b[VERDICT_VALUE_SIZE];

	return strcmp(verdict_value_text(*(const uint32_t *)a, text_a),
		      verdict_value_text(*(const uint32_t *)b, text_b));
}

static uint32_t *collect_values(const struct walk *walk, size_t *ret_count)
{
	uint32_t *values = mem_new(walk->path_count, sizeof(*values));
	size_t count = 0;

	for (size_t i = 0; i < walk->path_count; i++) {
		bool known = false;

		for (size_t j = 0; j < count && !known; j++)
			known = values[j] == walk->paths[i].value;
		if (!known)
			values[count++] = walk->paths[i].value;
	}
	qsort(values, count, sizeof(*values), by_text);
	*ret_count = count;
	return values;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, *(const char *const *)b);
}

static bool is_named(const struct judge *judge, uint32_t audit_arch, int64_t nr)
{
	char name[SYSCALL_NAME_SIZE];

	return judge->name_count > 0 && syscall_name(audit_arch, nr, name) &&
	       bsearch(name, judge->names, judge->name_count, sizeof(*judge->names), by_name);
}

static bool by_stub(const struct judge *judge, const struct verdict *verdict, uint32_t audit_arch,
		    int64_t nr)
{
	const struct filter_arch *arch = filter_arch(
		judge->filter, (uint32_t)nr & ARCH_X32_BIT && audit_arch == SCMP_ARCH_X86_64
				       ? SCMP_ARCH_X32
				       : audit_arch);
	bool s390 = audit_arch == SCMP_ARCH_S390 || audit_arch == SCMP_ARCH_S390X;

	if (!judge->filter->stub_count || !arch || !arch->has_last ||
	    verdict->reachable_count != 1 || verdict->reachable[0] != ENOSYS_VALUE)
		return false;
	/* where the default says ENOSYS too, the stub changes nothing */
	if (judge->rules->default_action == ENOSYS_VALUE)
		return false;
	return (uint32_t)nr > arch->last || (s390 && nr == 0);
}

/*
 * A rule decided if one names the syscall, or if the answer is not the default's: on i386 a rule
 * for `socket` opens socketcall too.
 */
static enum verdict_origin origin_of(const struct judge *judge, const struct verdict *verdict,
				     uint32_t audit_arch, int64_t nr)
{
	if (!filter_arch(judge->filter, arch_token(audit_arch, nr)))
		return VERDICT_BY_ARCH;
	if (by_stub(judge, verdict, audit_arch, nr))
		return VERDICT_BY_STUB;
	if (verdict->reachable_count != 1 ||
	    verdict->reachable[0] != judge->rules->default_action ||
	    is_named(judge, audit_arch, nr))
		return VERDICT_BY_RULE;
	return VERDICT_BY_DEFAULT;
}

/*
 * A mixture of ALLOW and LOG lets everything through, so it is `logged`: what a log-mode profile
 * still has to learn. Any mixture of those with a refusal depends on the arguments.
 */
static enum verdict_kind kind_of(const struct verdict *verdict)
{
	bool passes = false, refuses = false, logs = false;

	for (size_t i = 0; i < verdict->reachable_count; i++) {
		uint32_t action = verdict->reachable[i] & SECCOMP_RET_ACTION_FULL;

		logs = logs || action == SECCOMP_RET_LOG;
		if (action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG)
			passes = true;
		else
			refuses = true;
	}
	if (verdict->origin == VERDICT_BY_ARCH && !passes)
		return VERDICT_BAD_ARCH;
	if (passes && refuses)
		return VERDICT_CONDITIONAL;
	if (passes)
		return logs ? VERDICT_LOGGED : VERDICT_ALLOWED;
	if (verdict->origin == VERDICT_BY_RULE || verdict->reachable_count != 1)
		return VERDICT_DENIED;
	return verdict->reachable[0] == ENOSYS_VALUE ? VERDICT_ENOSYS : VERDICT_DENIED;
}

static void set_action(struct verdict *verdict)
{
	uint32_t worst = verdict->reachable[0];

	for (size_t i = 1; i < verdict->reachable_count; i++) {
		if (stricter(verdict->reachable[i], worst))
			worst = verdict->reachable[i];
	}
	uint32_t data = worst & SECCOMP_RET_DATA;

	verdict->action = worst & SECCOMP_RET_ACTION_FULL;
	verdict->has_errno = verdict->action == SECCOMP_RET_ERRNO;
	if (verdict->has_errno)
		verdict->error = (uint16_t)(data < MAX_ERRNO ? data : MAX_ERRNO);
}

struct verdict verdict_of(const struct judge *judge, const struct walk *walk, uint32_t audit_arch,
			  int64_t nr)
{
	struct verdict verdict = {0};

	verdict.reachable = collect_values(walk, &verdict.reachable_count);
	verdict.origin = origin_of(judge, &verdict, audit_arch, nr);
	verdict.kind = kind_of(&verdict);
	set_action(&verdict);
	if (verdict.reachable_count > 1) {
		char **conditions;

		verdict.condition_count =
			conditions_of(walk, judge->filter->big_endian, &conditions);
		verdict.conditions = (const char *const *)conditions;
	}
	return verdict;
}

struct verdict verdict_unfiltered(void)
{
	uint32_t *allow = mem_new(1, sizeof(*allow));

	*allow = SECCOMP_RET_ALLOW;
	return (struct verdict){.kind = VERDICT_ALLOWED,
				.origin = VERDICT_BY_DEFAULT,
				.action = SECCOMP_RET_ALLOW,
				.reachable = allow,
				.reachable_count = 1};
}

bool verdict_is_fallback(const struct verdict *verdict)
{
	return verdict->origin == VERDICT_BY_STUB ||
	       (verdict->origin == VERDICT_BY_RULE && verdict->kind == VERDICT_DENIED &&
		verdict->has_errno && verdict->error == ENOSYS);
}
