#include "profile/document/releases.h"

#include <errno.h>
#include <limits.h>
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
	[DOCKER_NO_FLAGS] = {"docker", "23.0.0",
		"ignores flags",
		"moby, profiles/seccomp/seccomp.go"},
	[DOCKER_PRIVILEGED_UNFILTERED] = {"docker", "27.0.0",
		"runs a privileged container without a filter, whatever its profile",
		"moby, daemon/seccomp_linux.go"},
	[PODMAN_NO_FLAGS] = {"podman", "4.1.0",
		"ignores flags",
		"containers/common, pkg/seccomp/seccomp_linux.go"},
	[RUNC_NO_NOTIFY] = {"runc", "1.1.0",
		"refuses SCMP_ACT_NOTIFY",
		"runc, libcontainer/seccomp/config.go"},
	[RUNC_NO_KILL_VARIANTS] = {"runc", "1.1.3",
		"refuses SCMP_ACT_KILL_PROCESS and SCMP_ACT_KILL_THREAD",
		"runc, libcontainer/seccomp/config.go"},
	[RUNC_S390_STUB_WITHOUT_ZERO] = {"runc", "1.1.3",
		"has no special result for number 0 on s390 and s390x",
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

/* Each series of releases by its last one: 1.1.15 stands for 1.1.0 to 1.1.15 (tags of each project). */
static const struct {
	const char *program, *series;
} known[] = {
	{"docker", "20.10.27 23.0.18 24.0.9 25.0.17 26.0.2 26.1.5 27.0.3 27.1.2 27.2.1 27.3.1 27.4.1 "
		   "27.5.1 28.0.4 28.1.1 28.2.2 28.3.3 28.4.0 28.5.2 29.0.4 29.1.5 29.2.1 29.3.1 29.4.3 "
		   "29.5.3 29.6.2 29.7.2"},
	{"podman", "3.0.2 3.1.2 3.2.3 3.3.1 3.4.7 4.0.3 4.1.1 4.2.1 4.3.1 4.4.4 4.5.1 4.6.2 4.7.2 4.8.3 "
		   "4.9.5 5.0.3 5.1.2 5.2.5 5.3.2 5.4.2 5.5.2 5.6.2 5.7.1 5.8.2"},
	{"runc", "1.0.3 1.1.15 1.2.9 1.3.6 1.4.3 1.5.1"},
	{"crun", "1.0 1.1 1.2 1.3 1.4.5 1.5 1.6 1.7.2 1.8.7 1.9.2 1.10 1.11.2 1.12 1.13 1.14.4 1.15 1.16.1 "
		 "1.17 1.18.2 1.19.1 1.20 1.21 1.22 1.23.1 1.24 1.25.1 1.26 1.27.1 1.28 1.29.1"},
	{"libseccomp", "2.5.6 2.6.1"},
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

/* Without a patch level (crun 1.20) the last release's is 0. */
static bool is_known(const struct version *version, const char *series)
{
	struct str left = str_from(series), one;

	while (str_next(&left, ' ', &one)) {
		struct version last = {0};
		bool same = version_parse(one, &last);

		for (unsigned i = 0; i < 2 && i < version->count; i++)
			same = same && version->parts[i] == last.parts[i];
		if (same && (version->count < VERSION_PARTS || version->parts[2] <= last.parts[2]))
			return true;
	}
	return false;
}

int release_parse(const char *program, struct str text, struct version *ret_version,
		  struct err *err)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].program, program) != 0)
			continue;
		if (version_parse(text, ret_version) && is_known(ret_version, known[i].series))
			return 0;
		return err_set(
			err, EINVAL,
			"unknown release '%.*s' of %s; known releases, the last of each series: %s",
			(int)(text.n < 40 ? text.n : 40), text.p, program, known[i].series);
	}
	return err_set(err, EINVAL, "%s has no releases: remove the @", program);
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

/* --- versions */

/* A longer number is not a version's. */
#define DIGITS_MAX 6

bool version_parse(struct str text, struct version *ret_version)
{
	struct version version = {.count = 0};

	if (text.n && text.p[0] == 'v')
		text = str_skip(text, 1);
	for (;;) {
		unsigned *part = &version.parts[version.count++];
		size_t n = 0;

		for (; n < text.n && is_digit(text.p[n]); n++)
			*part = *part * 10 + (unsigned)(text.p[n] - '0');
		text = str_skip(text, n);
		if (n == 0 || n > DIGITS_MAX)
			return false;
		if (text.n == 0 || text.p[0] != '.' || version.count == VERSION_PARTS)
			break;
		text = str_skip(text, 1);
	}
	if (text.n && (text.p[0] == '\0' || !strchr("+-~", text.p[0])))
		return false;
	*ret_version = version;
	return true;
}

static unsigned part_of(const struct version *version, unsigned i)
{
	return i < version->count ? version->parts[i] : UINT_MAX;
}

int version_compare(const struct version *a, const struct version *b)
{
	for (unsigned i = 0; i < VERSION_PARTS; i++)
		if (part_of(a, i) != part_of(b, i))
			return part_of(a, i) < part_of(b, i) ? -1 : 1;
	return 0;
}

bool version_at_least(const struct version *version, const char *release)
{
	struct version other;

	return version_parse(str_from(release), &other) && version_compare(version, &other) >= 0;
}

bool version_matches(const struct version *version, const char *release)
{
	struct version other;

	if (!version_parse(str_from(release), &other))
		return false;
	for (unsigned i = 0; i < version->count; i++)
		if (version->parts[i] != part_of(&other, i))
			return false;
	return true;
}
