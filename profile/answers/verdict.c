#include "profile/answers/verdict.h"

#include "ingest/action.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>

static const struct {
	const char *name;
	bool refuses, passes;
} kinds[] = {
	[VERDICT_ALLOWED] = {"allowed", .passes = true},
	[VERDICT_CONDITIONAL] = {"conditional", .passes = true},
	[VERDICT_LOGGED] = {"logged", .passes = true},
	[VERDICT_DENIED] = {"denied", .refuses = true},
	[VERDICT_BAD_ARCH] = {"bad-arch", .refuses = true},
	[VERDICT_ENOSYS] = {"enosys", .refuses = true},
	[VERDICT_UNKNOWN] = {"unknown", .refuses = false},
};

const char *verdict_name(enum verdict_kind kind)
{
	return kinds[kind].name;
}

bool verdict_refuses(enum verdict_kind kind)
{
	return kinds[kind].refuses;
}

bool verdict_passes(enum verdict_kind kind)
{
	return kinds[kind].passes;
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
