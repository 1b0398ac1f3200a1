#include "ingest/action.h"

#include <linux/seccomp.h>
#include <strings.h>

struct action {
	uint32_t code;
	const char *name; /* SCMP_ACT_*, without the prefix */
	const char *word; /* as `ausearch -i` prints it (auparse, interpret.c) */
};

static const struct action actions[] = {
	{SECCOMP_RET_KILL_PROCESS, "KILL_PROCESS", "kill-process"},
	{SECCOMP_RET_KILL_THREAD, "KILL_THREAD", "kill-thread"},
	{SECCOMP_RET_KILL_THREAD, "KILL", "kill"},
	{SECCOMP_RET_TRAP, "TRAP", "trap"},
	{SECCOMP_RET_ERRNO, "ERRNO", "errno"},
	{SECCOMP_RET_USER_NOTIF, "NOTIFY", "user-notify"},
	{SECCOMP_RET_USER_NOTIF, "USER_NOTIF", "user-notif"},
	{SECCOMP_RET_TRACE, "TRACE", "trace"},
	{SECCOMP_RET_LOG, "LOG", "log"},
	{SECCOMP_RET_ALLOW, "ALLOW", "allow"},
};

static bool same(struct str a, const char *b)
{
	return a.n == strlen(b) && strncasecmp(a.p, b, a.n) == 0;
}

const char *action_name(uint32_t code)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (actions[i].code == code)
			return actions[i].name;
	return NULL;
}

bool action_from_name(struct str name, uint32_t *ret_code)
{
	static const struct str prefix = {"SCMP_ACT_", 9};

	if (name.n > prefix.n && strncasecmp(name.p, prefix.p, prefix.n) == 0)
		name = str_skip(name, prefix.n);
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (same(name, actions[i].name) || same(name, actions[i].word)) {
			*ret_code = actions[i].code;
			return true;
		}
	}
	return false;
}

/* The kernel kills for an action that it does not know (__seccomp_filter()). */
bool action_refuses(uint32_t code)
{
	uint32_t action = code & SECCOMP_RET_ACTION_FULL;

	return action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG &&
	       action != SECCOMP_RET_TRACE && action != SECCOMP_RET_USER_NOTIF;
}
