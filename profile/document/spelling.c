#include "profile/document/spelling.h"

#include "base/sorted.h"
#include "ingest/arch.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

static const char arch_prefix[] = "SCMP_ARCH_";

static const struct action {
	const char *word;
	uint32_t action;
} actions[] = {
	{"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
	{"SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD}, /* read, never written */
	{"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
	{"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
	{"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0)},
	{"SCMP_ACT_TRACE", SCMP_ACT_TRACE(0)},
	{"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
	{"SCMP_ACT_LOG", SCMP_ACT_LOG},
	{"SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY},
};

static const char *const operators[] = {
	[SCMP_CMP_NE] = "SCMP_CMP_NE",
	[SCMP_CMP_LT] = "SCMP_CMP_LT",
	[SCMP_CMP_LE] = "SCMP_CMP_LE",
	[SCMP_CMP_EQ] = "SCMP_CMP_EQ",
	[SCMP_CMP_GE] = "SCMP_CMP_GE",
	[SCMP_CMP_GT] = "SCMP_CMP_GT",
	[SCMP_CMP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
};

bool spelling_read_action(const char *word, uint32_t *ret_action)
{
	const struct action *found =
		named_find(actions, sizeof(actions) / sizeof(actions[0]), sizeof(actions[0]), word);

	if (found)
		*ret_action = found->action;
	return found != NULL;
}

const char *spelling_of_action(uint32_t action)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (actions[i].action == (action & SECCOMP_RET_ACTION_FULL))
			return actions[i].word;
	return "SCMP_ACT_KILL_PROCESS";
}

bool spelling_has_number(uint32_t action)
{
	uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	return kind == SECCOMP_RET_ERRNO || kind == SECCOMP_RET_TRACE;
}

bool spelling_read_operator(const char *word, enum scmp_compare *ret_op)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (operators[i] && strcmp(operators[i], word) == 0) {
			*ret_op = (enum scmp_compare)i;
			return true;
		}
	}
	return false;
}

const char *spelling_of_operator(enum scmp_compare op)
{
	return operators[op];
}

uint32_t spelling_read_arch(const char *word, bool bare)
{
	const size_t prefix = sizeof(arch_prefix) - 1;
	bool has_prefix = strncmp(word, arch_prefix, prefix) == 0;
	char lower[32];
	size_t n = 0;

	if (!has_prefix && !bare)
		return 0;
	for (const char *p = has_prefix ? word + prefix : word; *p; p++) {
		if (n + 1 == sizeof(lower))
			return 0;
		lower[n++] = (char)tolower((unsigned char)*p);
	}
	lower[n] = '\0';
	return seccomp_arch_resolve_name(lower);
}

void spelling_put_arch(struct buf *to, uint32_t token)
{
	buf_put_str(to, str_from(arch_prefix));
	for (const char *p = arch_name(token); p && *p; p++)
		buf_put_char(to, (char)toupper((unsigned char)*p));
}

void spelling_put_string(struct buf *to, const char *string)
{
	json_t *value = string ? json_string(string) : NULL;
	char *dumped = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

	buf_put_str(to, str_from(dumped ? dumped : "\"\""));
	free(dumped);
	json_decref(value);
}

/* ENOTSUP is a second name of EOPNOTSUPP, and the C library returns only the first. */
bool spelling_read_errno(const char *name, uint64_t *ret_number)
{
	char *end;

	if (name[0] >= '0' && name[0] <= '9') {
		errno = 0;
		*ret_number = strtoull(name, &end, 10);
		return errno == 0 && !*end && *ret_number <= UINT32_MAX;
	}
	if (strcmp(name, "ENOTSUP") == 0)
		name = "EOPNOTSUPP";
	for (int i = 1; i < 4096; i++) {
		const char *known = strerrorname_np(i);

		if (known && strcmp(known, name) == 0) {
			*ret_number = (uint64_t)i;
			return true;
		}
	}
	return false;
}
