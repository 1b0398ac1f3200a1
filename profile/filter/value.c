#include "profile/filter/value.h"

#include <stdbool.h>

uint32_t value_effect(uint32_t value)
{
	uint32_t action = value & SECCOMP_RET_ACTION_FULL, data = value & SECCOMP_RET_DATA;

	switch (action) {
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_TRACE:
		return value;
	case SECCOMP_RET_ERRNO:
		return action | (data < VALUE_ERRNO_MAX ? data : VALUE_ERRNO_MAX);
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_USER_NOTIF:
	case SECCOMP_RET_KILL_THREAD:
		return action;
	default:
		return SECCOMP_RET_KILL_PROCESS;
	}
}

enum pass value_pass(uint32_t value)
{
	switch (value & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		return PASS_ALLOWED;
	case SECCOMP_RET_LOG:
		return PASS_LOGGED;
	case SECCOMP_RET_TRACE:
		return PASS_TRACED;
	case SECCOMP_RET_USER_NOTIF:
		return PASS_ASKED;
	default:
		return PASS_REFUSED;
	}
}

uint32_t value_stricter(uint32_t newer, uint32_t older)
{
	bool stricter = (int32_t)(older & SECCOMP_RET_ACTION_FULL) <
			(int32_t)(newer & SECCOMP_RET_ACTION_FULL);

	return stricter ? older : newer;
}

uint32_t value_milder(uint32_t a, uint32_t b)
{
	a = value_effect(a);
	b = value_effect(b);
	int32_t action_a = (int32_t)(a & SECCOMP_RET_ACTION_FULL);
	int32_t action_b = (int32_t)(b & SECCOMP_RET_ACTION_FULL);

	return action_b > action_a || (action_b == action_a && b == VALUE_ENOSYS) ? b : a;
}

uint32_t value_strictest(const uint32_t *values, size_t count)
{
	uint32_t strictest = values[0];

	for (size_t i = 1; i < count; i++)
		if (value_milder(values[i], strictest) != value_effect(values[i]))
			strictest = values[i];
	return strictest;
}
