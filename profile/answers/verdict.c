#include "profile/answers/verdict.h"

#include "ingest/action.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>

static const char *const verdict_names[] = {
	[VERDICT_ALLOWED] = "allowed",   [VERDICT_CONDITIONAL] = "conditional",
	[VERDICT_LOGGED] = "logged",     [VERDICT_DENIED] = "denied",
	[VERDICT_BAD_ARCH] = "bad-arch", [VERDICT_ENOSYS] = "enosys",
	[VERDICT_UNKNOWN] = "unknown",
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

const char *verdict_origin_name(enum verdict_origin origin)
{
	static const char *const names[] = {
		[VERDICT_BY_RULE] = "rule",     [VERDICT_BY_DEFAULT] = "default",
		[VERDICT_BY_STUB] = "stub",     [VERDICT_BY_ARCH] = "arch",
		[VERDICT_BY_KERNEL] = "kernel", [VERDICT_BY_NOTHING] = "nothing",
	};

	return names[origin];
}

bool verdict_is_fallback(const struct verdict *verdict)
{
	return verdict->origin == VERDICT_BY_STUB ||
	       (verdict->origin == VERDICT_BY_RULE && verdict->kind == VERDICT_DENIED &&
		verdict->has_errno && verdict->error == ENOSYS);
}
