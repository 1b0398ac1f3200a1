#include "profile/document/releases.h"

#include <errno.h>
#include <stdio.h>

/* clang-format off */
static const struct {
	const char *program, *until, *what, *source;
} facts[RELEASE_FACTS] = {
	[DOCKER_NO_RULE_ERRNO] = {"docker", "20.10.10",
		"ignores errnoRet of rules: the errno is EPERM",
		"moby, profiles/seccomp/seccomp_linux.go"},
	[DOCKER_NO_DEFAULT_ERRNO] = {"docker", "23.0.0",
		"ignores defaultErrnoRet: the errno is EPERM",
		"moby, profiles/seccomp/seccomp.go"},
	[DOCKER_PRIVILEGED_UNFILTERED] = {"docker", "27.0.0",
		"runs a privileged container without a filter, whatever its profile",
		"moby, daemon/seccomp_linux.go"},
	[RUNC_NO_NOTIFY] = {"runc", "1.1.0",
		"refuses SCMP_ACT_NOTIFY",
		"runc, libcontainer/seccomp/config.go"},
	[RUNC_NO_KILL_VARIANTS] = {"runc", "1.1.3",
		"refuses SCMP_ACT_KILL_PROCESS and SCMP_ACT_KILL_THREAD",
		"runc, libcontainer/seccomp/config.go"},
	[RUNC_S390_STUB_WITHOUT_ZERO] = {"runc", "1.1.3",
		"has no answer of its own for number 0 on s390 and s390x",
		"runc, libcontainer/seccomp/patchbpf"},
	[RUNC_STUB_LISTED_ONLY] = {"runc", "1.1.15",
		"has the ENOSYS stub only for architectures that the profile lists",
		"runc, libcontainer/seccomp/patchbpf"},
	[RUNC_NO_FLAGS] = {"runc", "1.2.0",
		"refuses every flag",
		"runc, libcontainer/specconv/spec_linux.go"},
	[RUNC_NO_WAIT_KILLABLE] = {"runc", "1.5.0",
		"refuses SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
		"runc, libcontainer/seccomp/config.go"},
	[CRUN_NO_WAIT_KILLABLE] = {"crun", "1.6",
		"refuses SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
		"crun, src/libcrun/seccomp.c"},
};

static const struct {
	const char *program, *first, *last;
} ranges[] = {
	{"docker", "20.10.0", "29.7.2"},
	{"podman", "3.0.0", "5.8.2"},
	{"runc", "1.0.0", "1.5.1"},
	{"crun", "1.0", "1.29.1"},
	{"libseccomp", "2.5.0", "2.6.1"},
};

/* libseccomp's src/syscalls.csv at each release, from 2.5.0 on. */
static const struct {
	const char *since, *names;
} additions[] = {
	{"2.5.2", " close_range epoll_pwait2 landlock_add_rule landlock_create_ruleset "
		  "landlock_restrict_self memfd_secret mount_setattr process_madvise quotactl_fd "},
	{"2.5.3", " process_mrelease "},
	{"2.5.4", " futex_waitv set_mempolicy_home_node "},
	{"2.5.5", " cachestat fchmodat2 futex_requeue futex_wait futex_wake map_shadow_stack "},
	{"2.5.6", " getxattrat listmount listxattrat lsm_get_self_attr lsm_list_modules "
		  "lsm_set_self_attr mseal removexattrat riscv_hwprobe setxattrat statmount "
		  "uretprobe "},
	{"2.6.0", " atomic_barrier atomic_cmpxchg_32 getpagesize "},
	{"2.6.1", " file_getattr file_setattr listns open_tree_attr rseq_slice_yield uprobe "},
};
/* clang-format on */

const char *release_fact_until(enum release_fact fact)
{
	return facts[fact].until;
}

bool release_fact_holds(enum release_fact fact, const struct version *version)
{
	return version->count > 0 && !version_at_least(version, facts[fact].until);
}

int release_parse(const char *program, struct str text, struct version *ret_version,
		  struct err *err)
{
	struct version last;

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (strcmp(ranges[i].program, program) != 0)
			continue;
		version_parse(str_from(ranges[i].last), &last);
		if (version_parse(text, ret_version) &&
		    version_at_least(ret_version, ranges[i].first) &&
		    (version_compare(ret_version, &last) <= 0 ||
		     version_matches(ret_version, ranges[i].last)))
			return 0;
		return err_set(err, EINVAL, "unknown release '%.*s' of %s; known are %s to %s",
			       (int)(text.n < 40 ? text.n : 40), text.p, program, ranges[i].first,
			       ranges[i].last);
	}
	return err_set(err, EINVAL, "%s takes no release", program);
}

bool libseccomp_has(const struct version *version, const char *name)
{
	char word[64];

	snprintf(word, sizeof(word), " %s ", name);
	for (size_t i = 0; version->count && i < sizeof(additions) / sizeof(additions[0]); i++)
		if (strstr(additions[i].names, word))
			return version_at_least(version, additions[i].since);
	return true;
}
