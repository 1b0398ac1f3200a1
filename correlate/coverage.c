#include "correlate/json.h"
#include "correlate/metadata.h"

/* What a rule's syscalls mean for the log (kernel/seccomp.c, seccomp_log()). */
enum effect {
	EFFECT_PASSES = 1 << 0,   /* let through, not logged */
	EFFECT_LOGGED = 1 << 1,   /* let through and logged */
	EFFECT_REFUSED = 1 << 2,  /* refused; logged only with SECCOMP_FILTER_FLAG_LOG */
	EFFECT_KILLED = 1 << 3,   /* logged, but nothing comes after it */
	EFFECT_RECORDED = 1 << 4, /* refused and logged */
};

static const struct {
	const char *action;
	enum effect effect;
} effects[] = {
	{"SCMP_ACT_ALLOW", EFFECT_PASSES},        {"SCMP_ACT_LOG", EFFECT_LOGGED},
	{"SCMP_ACT_ERRNO", EFFECT_REFUSED},       {"SCMP_ACT_TRAP", EFFECT_REFUSED},
	{"SCMP_ACT_TRACE", EFFECT_REFUSED}, /* ENOSYS without a tracer */
	{"SCMP_ACT_NOTIFY", EFFECT_PASSES}, /* a supervisor answers in the kernel's stead */
	{"SCMP_ACT_KILL", EFFECT_KILLED},         {"SCMP_ACT_KILL_THREAD", EFFECT_KILLED},
	{"SCMP_ACT_KILL_PROCESS", EFFECT_KILLED},
};

/* 0 for an action that is not known. */
static unsigned effect_of(const json_t *object, const char *key, bool flag_log)
{
	const char *action = json_string_value(json_object_get(object, key));

	for (size_t i = 0; action && i < sizeof(effects) / sizeof(effects[0]); i++) {
		if (strcmp(action, effects[i].action) != 0)
			continue;
		return effects[i].effect == EFFECT_REFUSED && flag_log ? EFFECT_RECORDED
								       : effects[i].effect;
	}
	return 0;
}

static bool has_flag_log(const json_t *seccomp)
{
	const json_t *flags = json_object_get(seccomp, "flags");

	for (size_t i = 0; i < json_array_size(flags); i++) {
		const char *flag = json_string_value(json_array_get(flags, i));

		if (flag && strcmp(flag, "SECCOMP_FILTER_FLAG_LOG") == 0)
			return true;
	}
	return false;
}

static bool names_a_syscall(const json_t *rule)
{
	return json_array_size(json_object_get(rule, "names")) > 0 ||
	       json_string_length(json_object_get(rule, "name")) > 0;
}

/* All effects that the profile has; false if there is one that is not known. */
static bool collect(const json_t *seccomp, unsigned *ret_effects)
{
	const json_t *rules = json_object_get(seccomp, "syscalls");
	bool flag_log = has_flag_log(seccomp);
	unsigned all = effect_of(seccomp, "defaultAction", flag_log);

	if (!all)
		return false;
	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *rule = json_array_get(rules, i);
		unsigned effect = effect_of(rule, "action", flag_log);

		if (!names_a_syscall(rule))
			continue;
		if (!effect)
			return false;
		all |= effect;
	}
	*ret_effects = all;
	return true;
}

enum coverage metadata_coverage(struct str seccomp)
{
	unsigned all = 0;

	if (seccomp.n == 0)
		return COVERAGE_NONE;

	json_auto_t *root = json_read(seccomp);

	if (!json_is_object(root) || !collect(root, &all))
		return COVERAGE_UNKNOWN;
	if (all & (EFFECT_REFUSED | EFFECT_KILLED) || !(all & (EFFECT_LOGGED | EFFECT_RECORDED)))
		return COVERAGE_NONE;
	return all == EFFECT_LOGGED ? COVERAGE_FULL : COVERAGE_PARTIAL;
}
