/*
 * The forms in which a profile comes, and what is wrong with them.
 *
 * Expected values come from the tools' own documents (the OCI runtime spec, the CRI's and Docker's
 * API, security-profiles-operator's types, systemd.exec(5)), the kernel's syscall tables, systemd's
 * own library, which builds the filters of a unit into a process here, and the kernel, which hands
 * them out again.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/document/document.h"
#include "profile/document/sections.h"
#include "profile/filter/unit.h"
#include "profile/source.h"
#include "tests/cost.h"

#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <jansson.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* last: it redefines things of the headers above */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define X86_64 AUDIT_ARCH_X86_64
#define I386   AUDIT_ARCH_I386
#define X32(n) (ARCH_X32_BIT | (n))

/* What systemd-analyze prints, in small: two groups, one of them inside of the other's list. */
static const char groups[] = "@default\n"
			     "    # System calls that are always permitted\n"
			     "    exit_group\n"
			     "    rt_sigreturn\n"
			     "\n"
			     "@basic-io\n"
			     "    # Basic IO\n"
			     "    read\n"
			     "    write\n"
			     "    lseek\n"
			     "\n"
			     "@outer\n"
			     "    # in groups\n"
			     "    @basic-io\n"
			     "    dup\n"
			     "\n"
			     "@known\n"
			     "    # All known system calls declared in the kernel\n"
			     "    chroot\n"
			     "    dup\n"
			     "    getpid\n"
			     "    getppid\n"
			     "    mount\n"
			     "    read\n"
			     "\n"
			     "# Ungrouped System Calls (known but not included in any group):\n"
			     "#   getxpid\n";

static struct profile_options test_options(void)
{
	struct profile_options options = profile_options_default();

	options.arch = SCMP_ARCH_X86_64;
	options.kernel_major = 5;
	options.kernel_minor = 10;
	return options;
}

static struct profile_source *source_of(const char *text)
{
	struct profile_source *source = profile_source_from_text("a", str_from(text));

	if (sections_recognise(buf_str(&source->text))) {
		source->kind = PROFILE_SOURCE_UNIT;
		buf_put_str(&source->groups.text, str_from(groups));
		source->groups.systemd_version = 255;
	}
	return source;
}

static struct profile_source *golden(const char *name)
{
	const char *top = getenv("srcdir");
	struct profile_source *source;
	struct err err = ERR_INIT;
	BUF_AUTO path = {0};

	buf_format(&path, "%s/tests/profiles/%s", top ? top : ".", name);
	FILE *file = fopen(path.p, "r");

	if (!file)
		fail_msg("%s", path.p);
	char *text = mem_new(1, 65536);
	size_t n = fread(text, 1, 65535, file);

	assert_true(n > 0);
	fclose(file);
	(void)err;
	source = source_of(text);
	free(text);
	free(source->name);
	source->name = mem_copy(str_from(name));
	return source;
}

static struct profile *load_source(struct profile_source *source,
				   const struct profile_options *options, struct err *err)
{
	struct profile *profile = NULL;
	int r = profile_load(source, options, &profile, err);

	profile_source_free(source);
	assert_true((r == 0) == (profile != NULL));
	assert_true((r == 0) == (err->code == 0));
	return profile;
}

static struct profile *load(const char *name)
{
	struct profile_options options = test_options();
	struct err err = ERR_INIT;
	struct profile *profile = load_source(golden(name), &options, &err);

	if (!profile)
		fail_msg("%s", err.message);
	return profile;
}

static struct profile *load_text(const char *text, struct err *err)
{
	struct profile_options options = test_options();

	return load_source(source_of(text), &options, err);
}

/* --- verdicts of every form ------------------------------------------------------------------ */

/*
 * Numbers are those of arch/x86/entry/syscalls: read 0, write 1, open 2, close 3, lseek 8,
 * dup 32, getpid 39, getppid 110, personality 135, chroot 161, mount 165, umount2 166, reboot
 * 169; on i386 read is 3.
 */
static const struct {
	const char *file;
	uint32_t arch;
	int64_t nr;
	enum verdict_kind kind;
	uint32_t action;
	int error; /* -1: the action has none */
} expectations[] = {
	{"spo.yaml", X86_64, 0, VERDICT_ALLOWED, SECCOMP_RET_ALLOW, -1},
	{"spo.yaml", X86_64, 3, VERDICT_ALLOWED, SECCOMP_RET_ALLOW, -1},
	{"spo.yaml", I386, 3, VERDICT_ALLOWED, SECCOMP_RET_ALLOW, -1},
	{"spo.yaml", X86_64, 2, VERDICT_DENIED, SECCOMP_RET_ERRNO, 1},
	{"spo.yaml", X86_64, 110, VERDICT_LOGGED, SECCOMP_RET_LOG, -1},
	{"spo.yaml", X86_64, 165, VERDICT_DENIED, SECCOMP_RET_ERRNO, 38},
	{"spo.yaml", X86_64, 166, VERDICT_DENIED, SECCOMP_RET_ERRNO, 1},
	{"spo.yaml", X86_64, 135, VERDICT_CONDITIONAL, SECCOMP_RET_ERRNO, 1},
	{"spo.yaml", X86_64, 169, VERDICT_DENIED, SECCOMP_RET_KILL_PROCESS, -1},
	{"spo.json", X86_64, 0, VERDICT_ALLOWED, SECCOMP_RET_ALLOW, -1},
	{"spo.json", X86_64, 1, VERDICT_DENIED, SECCOMP_RET_ERRNO, 1},
	{"spo-merged.yaml", X86_64, 0, VERDICT_ALLOWED, SECCOMP_RET_ALLOW, -1},
	{"spo-merged.yaml", X86_64, 3, VERDICT_ALLOWED, SECCOMP_RET_ALLOW, -1},
	{"spo-merged.yaml", X86_64, 1, VERDICT_DENIED, SECCOMP_RET_ERRNO, 1},
	{"crictl.json", X86_64, 0, VERDICT_ALLOWED, SECCOMP_RET_ALLOW, -1},
	{"crictl.json", I386, 3, VERDICT_ALLOWED, SECCOMP_RET_ALLOW, -1},
	/* mount by --cap-add SYS_ADMIN, chroot lost with --cap-drop SYS_CHROOT */
	{"docker-inspect.json", X86_64, 165, VERDICT_ALLOWED, SECCOMP_RET_ALLOW, -1},
	{"docker-inspect.json", X86_64, 161, VERDICT_DENIED, SECCOMP_RET_ERRNO, 1},
	{"docker-inspect.json", X86_64, 135, VERDICT_CONDITIONAL, SECCOMP_RET_ERRNO, 1},
	{"docker-inspect.json", I386, 3, VERDICT_ALLOWED, SECCOMP_RET_ALLOW, -1},
	/* @default and @basic-io, less lseek and mount; chroot by its own errno */
	{"allow.service", X86_64, 0, VERDICT_ALLOWED, SECCOMP_RET_ALLOW, -1},
	{"allow.service", X86_64, 231, VERDICT_ALLOWED, SECCOMP_RET_ALLOW, -1},
	{"allow.service", X86_64, 110, VERDICT_LOGGED, SECCOMP_RET_LOG, -1},
	{"allow.service", X86_64, 161, VERDICT_DENIED, SECCOMP_RET_ERRNO, 13},
	{"allow.service", X86_64, 165, VERDICT_DENIED, SECCOMP_RET_ERRNO, 1},
	{"allow.service", X86_64, 39, VERDICT_DENIED, SECCOMP_RET_ERRNO, 1},
	/* in no @known of this systemd's, which is a 255 */
	{"allow.service", X86_64, 8, VERDICT_ENOSYS, SECCOMP_RET_ERRNO, 38},
	{"allow.service", X86_64, 1000, VERDICT_ENOSYS, SECCOMP_RET_ERRNO, 38},
	{"allow.service", I386, 3, VERDICT_ALLOWED, SECCOMP_RET_ALLOW, -1},
	{"allow.service", X86_64, X32(0), VERDICT_ALLOWED, SECCOMP_RET_ALLOW, -1},
	{"allow.service", I386, 61, VERDICT_DENIED, SECCOMP_RET_ERRNO, 13},
	/* the first list was reset, mount taken out again */
	{"deny.service", X86_64, 0, VERDICT_ALLOWED, SECCOMP_RET_ALLOW, -1},
	{"deny.service", X86_64, 165, VERDICT_ALLOWED, SECCOMP_RET_ALLOW, -1},
	{"deny.service", X86_64, 161, VERDICT_DENIED, SECCOMP_RET_ERRNO, 38},
	{"deny.service", X86_64, 169, VERDICT_DENIED, SECCOMP_RET_KILL_PROCESS, -1},
	{"deny.service", X86_64, 166, VERDICT_DENIED, SECCOMP_RET_ERRNO, 13},
	{"deny.service", X86_64, 1000, VERDICT_ALLOWED, SECCOMP_RET_ALLOW, -1},
	{"deny.service", I386, 3, VERDICT_BAD_ARCH, SECCOMP_RET_KILL_THREAD, -1},
	{"deny.service", X86_64, X32(0), VERDICT_BAD_ARCH, SECCOMP_RET_KILL_THREAD, -1},
};

static void test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(expectations); i++) {
		struct profile *profile = load(expectations[i].file);
		struct verdict verdict =
			profile_judge(profile, expectations[i].arch, expectations[i].nr);
		int error = verdict.has_errno ? verdict.error : -1;

		if (verdict.kind != expectations[i].kind ||
		    verdict.action != expectations[i].action || error != expectations[i].error)
			fail_msg("%s arch %x nr %lld: %s, action %x, errno %d",
				 expectations[i].file, expectations[i].arch,
				 (long long)expectations[i].nr, verdict_name(verdict.kind),
				 verdict.action, error);
		profile_free(profile);
	}
}

static void test_info(void **state)
{
	static const struct {
		const char *file, *format, *action;
		enum loader loader;
		enum runtime runtime;
	} cases[] = {
		{"spo.yaml", "spo", "SCMP_ACT_ERRNO", LOADER_OCI, RUNTIME_RUNC},
		{"crictl.json", "oci", "SCMP_ACT_ERRNO", LOADER_OCI, RUNTIME_RUNC},
		{"docker-inspect.json", "docker", "SCMP_ACT_ERRNO", LOADER_DOCKER, RUNTIME_RUNC},
		{"allow.service", "systemd", "SCMP_ACT_ERRNO", LOADER_SYSTEMD, RUNTIME_NONE},
		{"deny.service", "systemd", "SCMP_ACT_ALLOW", LOADER_SYSTEMD, RUNTIME_NONE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct profile *profile = load(cases[i].file);
		struct profile_info info = profile_info(profile);

		assert_string_equal(info.source, cases[i].file);
		assert_string_equal(info.format, cases[i].format);
		assert_string_equal(info.default_action, cases[i].action);
		assert_int_equal(info.loader, cases[i].loader);
		assert_int_equal(info.runtime, cases[i].runtime);
		profile_free(profile);
	}
}

/* --- what is said, and where ----------------------------------------------------------------- */

static void put_lints(const struct profile *profile, struct buf *all)
{
	size_t count;
	const struct lint *lint = profile_lint(profile, &count);

	for (size_t i = 0; i < count; i++) {
		BUF_AUTO place = {0};

		lint_put_place(&lint[i], &place);
		buf_format(all, "%s|%.*s|%s\n", lint_level_name(lint[i].level),
			   place.n ? (int)place.n - 2 : 0, place.n ? place.p : "", lint[i].message);
	}
}

static void test_lint_of_forms(void **state)
{
	static const struct {
		const char *file, *start, *part;
	} cases[] = {
		{"spo.yaml", "warning|spec.syscalls[3].errnoRet (line 26)|", "uses EPERM"},
		{"spo.yaml", "warning|spec.syscalls[5].names[1] (line 34)|", "'no_such_call'"},
		{"spo-merged.yaml", "info|spec.baseProfileName (line 8)|",
		 "merged by the operator"},
		{"docker-inspect.json",
		 "warning|HostConfig.SecurityOpt: syscalls[1].names[0] (line 11)|",
		 "allows mount: high-risk"},
		{"allow.service", "warning|line 14|", "'no_such_call'"},
		{"deny.service", "warning|line 9|", "PrivateDevices= installs another filter"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct profile *profile = load(cases[i].file);
		BUF_AUTO all = {0};

		put_lints(profile, &all);
		const char *line = all.p ? strstr(all.p, cases[i].start) : NULL;
		const char *part = line ? strstr(line, cases[i].part) : NULL;

		if (!part || part > strchr(line, '\n'))
			fail_msg("%s: no '%s...%s' in:\n%s", cases[i].file, cases[i].start,
				 cases[i].part, all.p);
		profile_free(profile);
	}
}

#define SPEC(rest) "apiVersion: security-profiles-operator.x-k8s.io/v1\nkind: SeccompProfile\n" rest

/* A text, and what its error says. Lines and columns are counted by hand. */
static const struct {
	const char *text, *message;
} refusals[] = {
	{"hello\n", "a:1:1: not a seccomp profile: neither JSON"},
	{"# nothing\n---\n", "empty: not a seccomp profile"},
	{"a: b\na: c\n", "a:2:1: duplicate key 'a'"},
	{"a: [1, 2\nb: 3\n", "a:2:"},
	{"a: *nope\n", "a:1:4: unknown anchor 'nope'"},
	{"a: &x [1, *x]\n", "a:1:11: this alias refers to a value that contains it: 'x'"},
	{"? [a]\n: b\n", "a:1:3: a key must be a string"},
	{"a: !!binary aGk=\n", "a:1:4: this tag has no meaning"},
	{"a: !!int word\n", "a:1:4: does not match its tag"},
	{"a: !<custom> {}\n", "a:1:4: this tag has no meaning"},
	{"a: \"\\0\"\n", "a:1:4: a NUL byte"},
	{"<<: 5\na: b\n", "a:1:1: only a mapping can be merged"},
	{"a: \x80\n", "a:1:"},
	{SPEC("spec:\n  defaultAction: SCMP_ACT_NOPE\n"),
	 "a:4:18: spec.defaultAction: unknown action 'SCMP_ACT_NOPE'"},
	{SPEC("spec:\n  defaultAction: yes\n"), "a:4:18: spec.defaultAction: must be a string"},
	{SPEC("spec:\n  defaultAction: SCMP_ACT_LOG\n  syscalls:\n  - names: [read, 5]\n"
	      "    action: SCMP_ACT_ALLOW\n"),
	 "a:6:19: spec.syscalls[0].names[1]: must be a string"},
	{SPEC("spec:\n  defaultAction: SCMP_ACT_LOG\n  syscalls:\n  - names: [read]\n"
	      "    action: SCMP_ACT_ERRNO\n    errnoRet: '5'\n"),
	 "a:8:15: spec.syscalls[0].errnoRet: must be an integer"},
	{SPEC("spec:\n  defaultAction: SCMP_ACT_LOG\n  syscalls:\n  - names: [read]\n"
	      "    action: SCMP_ACT_ERRNO\n    errnoRet: -1\n"),
	 "a:8:15: spec.syscalls[0].errnoRet: must not be negative"},
	/* two rules of which the container would not start; the first is named by line */
	{SPEC("spec:\n  defaultAction: SCMP_ACT_ERRNO\n  syscalls:\n"
	      "  - {names: [personality], action: SCMP_ACT_ALLOW, args: [&a {index: 0, value: 8, "
	      "op: SCMP_CMP_EQ}]}\n"
	      "  - {names: [personality], action: SCMP_ACT_LOG, args: [*a]}\n"),
	 "a:6:14: spec.syscalls[0].names[0] and spec.syscalls[1].names[0] give 'personality'"},
	{"apiVersion: apps/v1\nkind: Deployment\nspec: {}\n",
	 "1:1: no seccomp profile: a Kubernetes object of kind 'Deployment'"},
	{"{\"something\":\"else\"}", "1:1: not a seccomp profile: the text"},
	{SPEC("spec: 5\n"), "a:3:7: spec: must be an object"},
	{SPEC("metadata: {}\n"), "spec: missing"},
	{SPEC("spec: {baseProfileName: runc, defaultAction: SCMP_ACT_LOG}\n"),
	 "a:3:25: spec.baseProfileName: the operator merges 'runc'"},
	{SPEC("spec: {}\n"), "a:3:7: spec.defaultAction: missing"},
	{SPEC("spec: {defaultAction: SCMP_ACT_LOG}\n---\n") SPEC("spec: {}\n"),
	 "2 profiles: choose one with --select NAME: 1, 2"},
	{"a: 1\n---\nb: 1\n", "1:1: not a seccomp profile: the text"},
	{"kind: List\nitems: [{}, {}]\n", "1:1: not a seccomp profile: the text"},
	{"[{\"HostConfig\":{},\"Name\":\"/web\"},{\"HostConfig\":{},\"Id\":\"ab\"}]",
	 "2 profiles: choose one with --select NAME: web, ab"},
	{"[{\"HostConfig\":{\"SecurityOpt\":null}}]",
	 "HostConfig.SecurityOpt: no profile was given to this container"},
	{"[{\"HostConfig\":{\"SecurityOpt\":[\"seccomp=builtin\"]}}]",
	 "HostConfig.SecurityOpt: no profile was given to this container"},
	{"[{\"OCIConfigPath\":\"/x/config.json\",\"HostConfig\":{\"SecurityOpt\":[]}}]",
	 "as it was resolved, it is in /x/config.json"},
	{"[{\"HostConfig\":{\"SecurityOpt\":[\"seccomp=/etc/p.json\"]}}]",
	 "the profile is the file '/etc/p.json'"},
	{"[{\"HostConfig\":{\"SecurityOpt\":[\"seccomp={\\\"a\\\":}\"]}}]",
	 "HostConfig.SecurityOpt: 1:6:"},
	{"[{\"HostConfig\":{\"SecurityOpt\":\"x\"}}]", "HostConfig.SecurityOpt: must be an array"},
	{"[{\"HostConfig\":5}]", "HostConfig: must be an object"},
	{"{\"status\":{},\"info\":{}}", "info.runtimeSpec: missing"},
	{"{\"status\":{},\"info\":{\"runtimeSpec\":{\"linux\":5}}}",
	 "info.runtimeSpec.linux: must be an object"},
	{"{\"linux\":{\"seccomp\":[]}}", "linux.seccomp: must be an object"},
	{"[Install]\nSystemCallFilter=read\n", "a:1:1: not a systemd unit with a filter"},
	{"SystemCallFilter=read\n", "a:1:1: not a systemd unit with a filter"},
	{"[Service]\nSystemCallFilter=read\nSystemCallFilter=~mount:ENOSYS\n",
	 "a:3:1: mount has the same action as unlisted calls"},
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct err err = ERR_INIT;

		if (load_text(refusals[i].text, &err))
			fail_msg("taken: %s", refusals[i].text);
		if (!strstr(err.message, refusals[i].message))
			fail_msg("'%s' is not in '%s'", refusals[i].message, err.message);
	}
}

/* Without systemd-analyze a unit that names no group, and allows nothing, can still be judged. */
static void test_groups_unknown(void **state)
{
	static const struct {
		const char *text;
		bool taken;
	} cases[] = {
		{"[Service]\nSystemCallFilter=~mount\n", true},
		{"[Service]\nSystemCallFilter=~@basic-io\n", false},
		{"[Service]\nSystemCallFilter=read\n", false}, /* and @default, whatever that is */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct profile_options options = test_options();
		struct profile_source *source = source_of(cases[i].text);
		struct err err = ERR_INIT;

		buf_clear(&source->groups.text);
		err_set(&source->groups.failed, ENOENT, "there is no such program");
		struct profile *profile = load_source(source, &options, &err);

		assert_int_equal(profile != NULL, cases[i].taken);
		if (!profile)
			assert_non_null(strstr(err.message, "a:2:1: the contents of '@"));
		if (!profile)
			assert_non_null(strstr(err.message, "there is no such program"));
		profile_free(profile);
	}
}

static void test_no_filter(void **state)
{
	static const char *const texts[] = {
		"{\"ociVersion\":\"1.0.2\",\"linux\":{}}",
		"{\"status\":{},\"info\":{\"runtimeSpec\":{\"linux\":{}}}}",
		"[{\"HostConfig\":{\"SecurityOpt\":[\"seccomp=unconfined\"]}}]",
		"[{\"HostConfig\":{\"Privileged\":true}}]",
		"[Service]\nExecStart=/bin/true\n",
		"[Service]\nSystemCallFilter=read\nSystemCallFilter=\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct err err = ERR_INIT;
		struct profile *profile = load_text(texts[i], &err);
		size_t count;

		if (!profile)
			fail_msg("%s: %s", texts[i], err.message);
		assert_int_equal(profile_judge(profile, X86_64, 165).kind, VERDICT_ALLOWED);
		assert_null(profile_filter(profile));
		profile_lint(profile, &count);
		assert_true(count > 0);
		profile_free(profile);
	}
}

static void test_which_are_units(void **state)
{
	static const struct {
		const char *text;
		bool unit;
	} cases[] = {
		{"[Service]\n", true},
		{"\xef\xbb\xbf# c\n\n; d\n[Service]\nA=b", true},
		{"  [X-Mine]  \r\n", true},
		{"SystemCallFilter=read", true},
		{"[{\"HostConfig\": {}}]", false},
		{"[]", false},
		{"{\"a\":\"b=c\"}", false},
		{"a: b=c\n", false},
		{"---\na: b\n", false},
		{"", false},
		{"# only\n", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (sections_recognise(str_from(cases[i].text)) != cases[i].unit)
			fail_msg("%s", cases[i].text);
	}
}

/* --- advice ---------------------------------------------------------------------------------- */

#define RULE(names, rest) "{\"names\":[" names "],\"action\":" rest "}"
#define OCI(action, rules)                                                           \
	"{\"defaultAction\":\"" action "\",\"architectures\":[\"SCMP_ARCH_X86_64\"," \
	"\"SCMP_ARCH_X86\"],\"syscalls\":[" rules "]}"

static void test_advice(void **state)
{
	static const struct {
		const char *text, *line; /* NULL: nothing at all is said */
	} cases[] = {
		{OCI("SCMP_ACT_ERRNO",
		     RULE("\"read\",\"statx\",\"_llseek\"", "\"SCMP_ACT_ALLOW\"")),
		 "warning|defaultAction|refuses capget, capset, chdir, close, "},
		{OCI("SCMP_ACT_ALLOW", RULE("\"execve\"", "\"SCMP_ACT_KILL\"")),
		 "warning|syscalls[0].names[0]|refuses execve, which runc or crun calls"},
		{OCI("SCMP_ACT_ERRNO", RULE("\"read\",\"bpf\",\"mount\"", "\"SCMP_ACT_ALLOW\"")),
		 "warning|syscalls[0]|allows bpf, mount: high-risk"},
		{OCI("SCMP_ACT_ERRNO", RULE("\"read\",\"bpf\"", "\"SCMP_ACT_ALLOW\"")),
		 "warning|syscalls[0].names[1]|allows bpf: high-risk"},
		{OCI("SCMP_ACT_ALLOW", RULE("\"read\"", "\"SCMP_ACT_LOG\"")),
		 "warning|defaultAction|allows "},
		/* let through to be logged is what somebody looks at */
		{OCI("SCMP_ACT_LOG", RULE("\"read\"", "\"SCMP_ACT_ALLOW\"")), NULL},
		{OCI("SCMP_ACT_ALLOW", RULE("\"clone3\"", "\"SCMP_ACT_ERRNO\"")),
		 "warning|syscalls[0].names[0]|refuses clone3 on x86_64, x86 with an errno that is not ENOSYS"},
		{"{\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[]}}}",
		 "warning|linux.seccomp.defaultAction|allows "},
		{"{\"defaultAction\":\"SCMP_ACT_LOG\"}",
		 "warning|architectures|x86 (i386) is not in the filter: its programs get "
		 "KILL_THREAD"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = ERR_INIT;
		struct profile *profile = load_text(cases[i].text, &err);
		BUF_AUTO all = {0};

		if (!profile)
			fail_msg("%s", err.message);
		put_lints(profile, &all);
		if (!cases[i].line && all.n)
			fail_msg("%s\n%s", cases[i].text, all.p);
		if (cases[i].line && (!all.n || !strstr(all.p, cases[i].line)))
			fail_msg("%s\n%s", cases[i].text, all.n ? all.p : "nothing");
		profile_free(profile);
	}
}

/* Docker says of its default that none of these is in it. */
static void test_no_risk_in_the_default(void **state)
{
	struct profile *profile = load("../../share/runtime-default.json");
	BUF_AUTO all = {0};

	(void)state;
	put_lints(profile, &all);
	if (all.n && (strstr(all.p, "high-risk") || strstr(all.p, "ENOSYS")))
		fail_msg("%s", all.p);
	profile_free(profile);
}

/* --- too much -------------------------------------------------------------------------------- */

/* Nine lines of nine aliases each stand for more values than there is memory. */
static void test_laughs(void **state)
{
	BUF_AUTO text = {0};
	struct err err = ERR_INIT;

	(void)state;
	buf_format(&text, "a0: &a0 lol\n");
	for (int i = 1; i < 10; i++)
		buf_format(&text, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i,
			   i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	assert_null(load_text(text.p, &err));
	assert_int_equal(err.code, E2BIG);
	assert_non_null(strstr(err.message, "more than 500000 values"));
}

static void test_depth(void **state)
{
	BUF_AUTO text = {0}, indented = {0}, json = {0};
	struct err err = ERR_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_put_char(&text, i ? '[' : 'a');
	text.p[1] = ':';
	text.p[2] = ' ';
	assert_null(load_text(text.p, &err));
	assert_int_equal(err.code, E2BIG);
	err_clear(&err);
	for (int i = 0; i < 200; i++)
		buf_format(&indented, "%*sa:\n", i, "");
	assert_null(load_text(indented.p, &err));
	assert_non_null(strstr(err.message, "nested deeper than 64"));
	err_clear(&err);
	for (int i = 0; i < 100000; i++)
		buf_put_char(&json, '[');
	assert_null(load_text(json.p, &err));
	assert_non_null(strstr(err.message, "nested deeper than 64"));
}

/* Refused before any of it takes memory: each of these would be some 200 bytes as a value. */
static void test_large(void **state)
{
	static const char *const parts[] = {"{},", "1,", "\"a\",", "- {}\n"};
	const size_t size = 5U << 20;

	(void)state;
	for (size_t i = 0; i < COUNT(parts); i++) {
		BUF_AUTO text = {0};
		struct err err = ERR_INIT;
		double begin = cost_now();

		if (parts[i][0] != '-')
			buf_put_char(&text, '[');
		while (text.n < size)
			buf_put_str(&text, str_from(parts[i]));
		assert_null(load_text(text.p, &err));
		assert_int_equal(err.code, E2BIG);
		assert_non_null(strstr(err.message, "more than 500000 values"));
		double cost = cost_since(begin);

		print_message("# part %zu: %.1f loops\n", i, cost);
		assert_true(cost < 20000);
	}
}

/* A profile may be large: one with 50 MiB of comment is read. */
static void test_large_string(void **state)
{
	const size_t size = 5U << 20;
	BUF_AUTO text = {0};
	struct err err = ERR_INIT;

	(void)state;
	buf_put_str(&text, STR("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"comment\":\""));
	memset(buf_reserve(&text, size), 'x', size);
	text.n += size;
	buf_put_str(&text, STR("\"}"));
	struct profile *profile = load_text(text.p, &err);

	assert_non_null(profile);
	profile_free(profile);
}

/* Before 255 what is not listed is refused alike, known or not. */
static void test_systemd_252(void **state)
{
	struct profile_options options = test_options();
	struct profile_source *source = golden("allow.service");
	struct err err = ERR_INIT;

	(void)state;
	source->groups.systemd_version = 252;
	struct profile *profile = load_source(source, &options, &err);

	assert_non_null(profile);
	assert_int_equal(profile_judge(profile, X86_64, 1000).kind, VERDICT_DENIED);
	assert_int_equal(profile_judge(profile, X86_64, 1000).error, EPERM);
	assert_int_equal(profile_judge(profile, X86_64, 8).error, EPERM);
	profile_free(profile);
}

static void many_rules(struct buf *text, unsigned names, bool conditional)
{
	buf_put_str(text, STR("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":["));
	for (unsigned i = 0; i < 10000; i++) {
		char name[SYSCALL_NAME_SIZE];

		syscall_name(X86_64, i % names, name);
		buf_format(text, "%s{\"names\":[\"%s\"],\"action\":\"SCMP_ACT_ALLOW\"",
			   i ? "," : "", name);
		if (conditional)
			buf_format(text,
				   ",\"args\":[{\"index\":0,\"value\":%u,"
				   "\"op\":\"SCMP_CMP_EQ\"}]",
				   i);
		buf_put_char(text, '}');
	}
	buf_put_str(text, STR("]}"));
}

/* As many rules as no profile has: those with conditions have no room in any filter. */
static void test_many_rules(void **state)
{
	BUF_AUTO plain = {0}, conditional = {0};
	struct err err = ERR_INIT;
	double begin = cost_now();

	(void)state;
	many_rules(&conditional, 300, true);
	assert_null(load_text(conditional.p, &err));
	assert_int_equal(err.code, E2BIG);
	assert_non_null(strstr(err.message, "syscalls[4096]: more than 4096 conditions"));
	err_clear(&err);
	many_rules(&plain, 300, false);
	struct profile *profile = load_text(plain.p, &err);

	assert_non_null(profile);
	assert_int_equal(profile_judge(profile, X86_64, 299).kind, VERDICT_ALLOWED);
	profile_free(profile);
	double cost = cost_since(begin);

	print_message("# rules: %.1f loops\n", cost);
	assert_true(cost < 60000);
}

/* --- every field of the wrong type ----------------------------------------------------------- */

static const char *const valid[] = {
	OCI("SCMP_ACT_ERRNO",
	    RULE("\"read\",\"write\"",
		 "\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":1,\"valueTwo\":2,\"op\":"
		 "\"SCMP_CMP_MASKED_EQ\"}],\"includes\":{\"caps\":[\"CAP_KILL\"],\"arches\":"
		 "[\"amd64\"],\"minKernel\":\"4.8\"},\"excludes\":{},\"comment\":\"c\"") "," RULE("\"mount\"",
												  "\"SCMP_ACT_ERRNO\",\"errnoRet\":5,\"errno\":\"EIO\"")),
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"ENOSYS\",\"defaultErrnoRet\":38,"
	"\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":"
	"[\"SCMP_ARCH_X86\"]}],\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"listenerPath\":\"/x\","
	"\"syscalls\":[{\"name\":\"read\",\"action\":\"SCMP_ACT_ALLOW\"}]}",
	"{\"ociVersion\":\"1.0\",\"process\":{\"capabilities\":{\"bounding\":[\"CAP_KILL\"]}},"
	"\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\"}}}",
	"{\"status\":{},\"info\":{\"runtimeSpec\":{\"linux\":{\"seccomp\":{\"defaultAction\":"
	"\"SCMP_ACT_LOG\",\"syscalls\":[]}}}}}",
	"[{\"HostConfig\":{\"CapAdd\":[\"ALL\"],\"CapDrop\":[\"KILL\"],\"Privileged\":false,"
	"\"SecurityOpt\":[\"seccomp={\\\"defaultAction\\\":\\\"SCMP_ACT_LOG\\\"}\"]}}]",
	"{\"apiVersion\":\"security-profiles-operator.x-k8s.io/v1\",\"kind\":\"SeccompProfile\","
	"\"metadata\":{\"annotations\":{\"syscalls\":\"[]\"}},\"spec\":{\"disabled\":false,"
	"\"baseProfileName\":\"b\",\"defaultAction\":\"SCMP_ACT_LOG\",\"architectures\":"
	"[\"SCMP_ARCH_X86_64\"],\"syscalls\":[{\"names\":[\"read\"],\"action\":"
	"\"SCMP_ACT_ALLOW\",\"errnoRet\":1}]}}",
	"{\"kind\":\"List\",\"items\":[{\"kind\":\"SeccompProfile\",\"spec\":{\"defaultAction\":"
	"\"SCMP_ACT_LOG\"}}]}",
};

/* One value of every type, and some that are odd. */
static const char *const odd[] = {
	"null",
	"true",
	"5",
	"-1",
	"1.5",
	"\"\"",
	"\"text\"",
	"[]",
	"{}",
	"[[]]",
	"[null]",
	"{\"a\":1}",
	"18446744073709551615",
	"99999999999999999999999",
	"\"\\u007f0\"",
	"[\"SCMP_ACT_ALLOW\"]",
	"\"SCMP_ACT_NOTIFY\"",
	"{\"names\":5}",
	"[{}]",
};

static size_t changed, refused_count;

/* JSON is YAML (YAML 1.2, 1.3), so each text is tried as both. */
static void try_text(const char *text)
{
	for (int yaml = 0; yaml < 2; yaml++) {
		struct err err = ERR_INIT;
		BUF_AUTO copy = {0};

		buf_format(&copy, "%s%s", yaml ? "---\n" : "", text);
		struct profile *profile = load_text(copy.p, &err);

		changed++;
		refused_count += profile == NULL;
		if (!profile && !strchr(err.message, ':'))
			fail_msg("%s: %s", text, err.message);
		profile_free(profile);
	}
}

/* Puts each odd value in the place of each value of the tree, one at a time. */
static void mutate(json_t *root, json_t *at)
{
	const char *key;
	size_t index;
	json_t *value;
	void *next;

	if (json_is_array(at)) {
		json_array_foreach(at, index, value) {
			json_t *kept = json_incref(value);

			for (size_t i = 0; i < COUNT(odd); i++) {
				json_t *other = json_loads(odd[i], JSON_DECODE_ANY, NULL);

				if (!other)
					continue;
				json_array_set_new(at, index, other);
				char *text = json_dumps(root, 0);

				try_text(text);
				free(text);
			}
			json_array_set(at, index, kept);
			mutate(root, kept);
			json_decref(kept);
		}
	}
	json_object_foreach_safe(at, next, key, value)
	{
		json_t *kept = json_incref(value);

		for (size_t i = 0; i < COUNT(odd); i++) {
			json_t *other = json_loads(odd[i], JSON_DECODE_ANY, NULL);

			if (!other)
				continue;
			json_object_set_new(at, key, other);
			char *text = json_dumps(root, 0);

			try_text(text);
			free(text);
		}
		json_object_set(at, key, kept);
		mutate(root, kept);
		json_decref(kept);
	}
}

static void test_wrong_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(valid); i++) {
		struct err err = ERR_INIT;
		json_t *root = json_loads(valid[i], 0, NULL);
		struct profile *profile = load_text(valid[i], &err);

		if (!root || !profile)
			fail_msg("%s: %s", valid[i], err.message);
		profile_free(profile);
		mutate(root, root);
		json_decref(root);
	}
	assert_true(changed > 2000);
	assert_true(refused_count > changed / 3);
}

/* Every prefix of every text, and every byte of it changed. */
static void test_cut_and_spoilt(void **state)
{
	static const char *const files[] = {"spo.yaml", "allow.service", "deny.service",
					    "docker-inspect.json"};
	static const char bytes[] = "\"{}[]:,&*!#\n \\~=@-\x80";

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct profile_source *source = golden(files[i]);
		char *text = mem_copy(buf_str(&source->text));
		size_t n = strlen(text);

		profile_source_free(source);
		for (size_t at = 1; at < n; at++) {
			char kept = text[at];
			struct err err = ERR_INIT;

			text[at] = at % 2 ? '\0' : bytes[at % (sizeof(bytes) - 1)];
			profile_free(load_text(text, &err));
			text[at] = kept;
		}
		free(text);
	}
}

/* --- systemd's own library ------------------------------------------------------------------- */

#if defined(__x86_64__)

struct library {
	void *handle;
	void *(*hashmap_new)(const void *ops);
	int (*parse)(const char *name, int error, void *filter, int flags, const char *unit,
		     const char *file, unsigned line);
	int (*parse_word)(const char *in, char **name, int *error);
	int (*load)(uint32_t default_action, void *filter, uint32_t action, bool log_missing);
	int (*restrict_archs)(void *archs);
	int (*parse_archs)(char **names, void **ret_archs);
};

/* From systemd's seccomp-util.h: SeccompParseFlags. */
enum { PARSE_INVERT = 1, PARSE_ALLOW_LIST = 2, PARSE_PERMISSIVE = 8 };

static bool open_library(struct library *library)
{
	glob_t found;

	if (glob("/usr/lib/*/systemd/libsystemd-shared-252.so", 0, NULL, &found) != 0)
		return false;
	library->handle = dlopen(found.gl_pathv[0], RTLD_NOW | RTLD_LOCAL);
	globfree(&found);
	if (!library->handle)
		return false;
	*(void **)&library->hashmap_new = dlsym(library->handle, "_hashmap_new");
	*(void **)&library->parse = dlsym(library->handle, "seccomp_parse_syscall_filter");
	*(void **)&library->parse_word = dlsym(library->handle, "parse_syscall_and_errno");
	*(void **)&library->load = dlsym(library->handle, "seccomp_load_syscall_filter_set_raw");
	*(void **)&library->restrict_archs = dlsym(library->handle, "seccomp_restrict_archs");
	*(void **)&library->parse_archs = dlsym(library->handle, "parse_syscall_archs");
	return library->hashmap_new && library->parse && library->parse_word && library->load &&
	       library->restrict_archs && library->parse_archs;
}

/* A unit as its settings; `lines` are values of SystemCallFilter= (of SystemCallLog=). */
struct unit_case {
	const char *filter[4];
	const char *log[2];
	const char *errno_name; /* NULL: kill */
	int error;
	const char *arches;
};

static const struct unit_case units[] = {
	{.filter = {"@system-service"}, .errno_name = "EPERM", .error = EPERM},
	{.filter = {"@system-service"}},
	{.filter = {"@system-service", "~@privileged @resources"},
	 .errno_name = "EPERM",
	 .error = EPERM,
	 .arches = "native"},
	{.filter = {"~@clock @module:EACCES mount:kill"}, .errno_name = "ENOSYS", .error = ENOSYS},
	{.filter = {"~@mount"}, .arches = "x86 x86-64"},
	{.filter = {"@basic-io", "~write:EACCES read", "socket"},
	 .errno_name = "EIO",
	 .error = EIO},
	{.filter = {"read write close openat"}, .errno_name = "ENOSYS", .error = ENOSYS},
	{.log = {"~@basic-io"}},
	{.log = {"@process"}, .filter = {"~@swap"}},
	{.filter = {"@known"}, .errno_name = "EPERM", .error = EPERM},
};

/* config_parse_syscall_filter() is not to be had without a manager: its loop over the words. */
static void *library_list(const struct library *library, const char *const *lines, size_t count,
			  bool filters, bool *ret_allow)
{
	void *filter = NULL;

	for (size_t i = 0; i < count && lines[i]; i++) {
		bool inverted = lines[i][0] == '~';
		char *copy = strdup(lines[i] + inverted), *rest = copy;

		if (!filter) {
			filter = library->hashmap_new(NULL);
			*ret_allow = !inverted;
			if (filters && *ret_allow)
				library->parse("@default", -1, filter,
					       PARSE_PERMISSIVE | PARSE_ALLOW_LIST, NULL, NULL, 0);
		}
		for (char *word; (word = strsep(&rest, " ")) != NULL;) {
			char *name;
			int error;

			assert_int_equal(library->parse_word(word, &name, &error), 0);
			library->parse(name, error, filter,
				       PARSE_PERMISSIVE | (inverted ? PARSE_INVERT : 0) |
					       (*ret_allow ? PARSE_ALLOW_LIST : 0),
				       NULL, NULL, 0);
			free(name);
		}
		free(copy);
	}
	return filter;
}

/* What exec_child() of systemd does, in its order. */
static int apply(const struct library *library, const struct unit_case *unit)
{
	uint32_t negative =
		unit->errno_name ? SCMP_ACT_ERRNO((unsigned)unit->error) : SCMP_ACT_KILL_PROCESS;
	bool allow = false, log_allow = false;
	void *log = library_list(library, unit->log, COUNT(unit->log), false, &log_allow);
	void *filter = library_list(library, unit->filter, COUNT(unit->filter), true, &allow);
	int r = 0;

	if (unit->arches) {
		char *copy = strdup(unit->arches), *rest = copy, *names[8];
		void *archs;
		size_t n = 0;

		while ((names[n] = strsep(&rest, " ")) != NULL)
			n++;
		r = library->parse_archs(names, &archs);
		if (r == 0)
			r = library->restrict_archs(archs);
		free(copy);
	}
	if (r == 0 && log)
		r = library->load(log_allow ? SCMP_ACT_ALLOW : SCMP_ACT_LOG, log,
				  log_allow ? SCMP_ACT_LOG : SCMP_ACT_ALLOW, false);
	if (r == 0 && filter)
		r = library->load(allow ? negative : SCMP_ACT_ALLOW, filter,
				  allow ? SCMP_ACT_ALLOW : negative, false);
	return r;
}

/* A process that puts itself under the unit's filters, says so in shared memory, and waits. */
static pid_t start(const struct library *library, const struct unit_case *unit, volatile int *done)
{
	static const struct rlimit no_core = {0, 0};
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)signal(SIGSYS, SIG_DFL);
		setrlimit(RLIMIT_CORE, &no_core);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		*done = apply(library, unit) < 0 ? -1 : 1;
		/* the filters let this process do nothing: neither write nor exit, so it turns */
		for (;;)
			__asm__ volatile("pause");
	}
	return pid;
}

static unsigned filters_of(pid_t pid)
{
	char path[64], line[256];
	unsigned count = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *file = fopen(path, "r");

	while (file && fgets(line, sizeof(line), file))
		(void)sscanf(line, "Seccomp_filters: %u", &count);
	if (file)
		fclose(file);
	return count;
}

/* A busy machine may take its time; that it never comes is a failure. */
static void wait_for_filters(pid_t pid, const volatile int *done)
{
	for (int i = 0; i < 60000 && !*done; i++)
		usleep(1000);
	assert_int_equal(*done, 1);
	assert_true(filters_of(pid) > 0);
}

static void compare(struct profile *unit, struct profile *live, size_t which, uint32_t arch,
		    int64_t nr)
{
	struct verdict ours = profile_judge(unit, arch, nr);
	struct verdict kernels = profile_judge(live, arch, nr);
	bool same = ours.reachable_count == kernels.reachable_count;

	for (size_t i = 0; same && i < ours.reachable_count; i++)
		same = ours.reachable[i] == kernels.reachable[i];
	for (size_t i = 0; same && i < ours.condition_count; i++)
		same = strcmp(ours.conditions[i], kernels.conditions[i]) == 0;
	if (!same)
		fail_msg("unit %zu arch %x nr %lld: %s %x %d, the live filter %s %x %d", which,
			 arch, (long long)nr, verdict_name(ours.kind), ours.action, ours.error,
			 verdict_name(kernels.kind), kernels.action, kernels.error);
}

static void write_unit(const struct unit_case *unit, struct buf *text)
{
	buf_put_str(text, STR("[Service]\n"));
	for (size_t i = 0; i < COUNT(unit->filter) && unit->filter[i]; i++)
		buf_format(text, "SystemCallFilter=%s\n", unit->filter[i]);
	for (size_t i = 0; i < COUNT(unit->log) && unit->log[i]; i++)
		buf_format(text, "SystemCallLog=%s\n", unit->log[i]);
	if (unit->errno_name)
		buf_format(text, "SystemCallErrorNumber=%s\n", unit->errno_name);
	if (unit->arches)
		buf_format(text, "SystemCallArchitectures=%s\n", unit->arches);
}

static struct profile *load_unit(const struct unit_case *unit)
{
	const struct profile_options options = profile_options_default();
	char path[] = "/tmp/sclog-unit-XXXXXX";
	struct profile_source *source = NULL;
	struct err err = ERR_INIT;
	BUF_AUTO text = {0};
	int fd = mkstemp(path);

	write_unit(unit, &text);
	assert_true(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n);
	close(fd);
	int r = profile_source_acquire(path, &source, &err);

	unlink(path);
	if (r < 0)
		fail_msg("%s", err.message);
	assert_int_equal(source->kind, PROFILE_SOURCE_UNIT);
	struct profile *profile = load_source(source, &options, &err);

	if (!profile)
		fail_msg("%s", err.message);
	return profile;
}

static void check_unit(const struct library *library, size_t which)
{
	const struct profile_options options = profile_options_default();
	struct profile *unit = load_unit(&units[which]);
	struct profile_source *source = NULL;
	struct err err = ERR_INIT;
	volatile int *done = mmap(NULL, sizeof(*done), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char name[32];
	int status;

	assert_true(done != MAP_FAILED);
	pid_t pid = start(library, &units[which], done);

	snprintf(name, sizeof(name), "pid:%d", (int)pid);
	wait_for_filters(pid, done);
	int r = profile_source_acquire(name, &source, &err);

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	munmap((void *)(size_t)done, sizeof(*done));
	if (r < 0)
		fail_msg("%s", err.message);
	struct profile *live = load_source(source, &options, &err);

	if (!live)
		fail_msg("%s", err.message);
	for (int64_t nr = -1; nr <= 600; nr++) {
		compare(unit, live, which, X86_64, nr);
		compare(unit, live, which, I386, nr);
		if (nr >= 0)
			compare(unit, live, which, X86_64, X32(nr));
	}
	profile_free(live);
	profile_free(unit);
}

/* What libseccomp does not take of systemd, a unit is refused for. */
static void check_refused(const struct library *library)
{
	static const struct unit_case unit = {
		.filter = {"@basic-io", "~write:EIO"}, .errno_name = "EIO", .error = EIO};
	struct err err = ERR_INIT;
	BUF_AUTO text = {0};
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int r = apply(library, &unit);

		_exit(r == -EACCES ? 42 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	write_unit(&unit, &text);
	struct profile_options options = test_options();
	struct profile_source *source = source_of(text.p);

	source->groups.systemd_version = 252;
	assert_null(load_source(source, &options, &err));
	assert_non_null(strstr(err.message, "the unit would fail to start"));
}

/*
 * Needs root, systemd 252 with its private library, and libseccomp of the same version in both.
 * Zero differences between what is said of a unit and what the kernel holds after systemd's own
 * code has built and loaded that unit's filters.
 */
static void test_systemd(void **state)
{
	struct library library;

	(void)state;
	if (geteuid() != 0 || getenv("LD_PRELOAD") || !open_library(&library)) {
		print_message("# skip: needs root and systemd 252's library, no valgrind\n");
		skip();
	}
	for (size_t i = 0; i < COUNT(units); i++)
		check_unit(&library, i);
	check_refused(&library);
}

#else

static void test_systemd(void **state)
{
	(void)state;
	skip();
}

#endif

/* --- where they come from -------------------------------------------------------------------- */

static void test_names(void **state)
{
	struct profile_source *source = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(profile_source_interrupts("pid:1"));
	assert_false(profile_source_interrupts("./pid:1"));
	assert_string_equal(profile_source_container("container:web"), "web");
	assert_null(profile_source_container("web"));
	assert_int_equal(profile_source_acquire("pid:x", &source, &err), -EINVAL);
	assert_string_equal(err.message, "pid:x: 'x' is not a process id");
	err_clear(&err);
	assert_int_equal(profile_source_acquire("bpf:/nonexistent", &source, &err), -ENOENT);
	assert_non_null(strstr(err.message, "/nonexistent"));
}

/* A containers.conf names Podman's default; CONTAINERS_CONF names the containers.conf. */
static void test_podman_default(void **state)
{
	char folder[] = "/tmp/sclog-podman-XXXXXX";
	struct profile_options options = test_options();
	struct profile_source *source = NULL;
	struct err err = ERR_INIT;
	BUF_AUTO conf = {0}, profile_path = {0};

	(void)state;
	assert_non_null(mkdtemp(folder));
	buf_format(&conf, "%s/containers.conf", folder);
	buf_format(&profile_path, "%s/p.json", folder);
	FILE *file = fopen(conf.p, "w");

	fprintf(file,
		"seccomp_profile = \"/wrong\"\n[engine]\nseccomp_profile = \"/wrong\"\n"
		"[containers]\n#seccomp_profile = \"/wrong\"\n  seccomp_profile = \"%s\" # mine\n",
		profile_path.p);
	fclose(file);
	file = fopen(profile_path.p, "w");
	fputs("{\"defaultAction\":\"SCMP_ACT_LOG\"}", file);
	fclose(file);
	setenv("CONTAINERS_CONF", conf.p, 1);
	int r = profile_source_acquire("podman-default", &source, &err);

	unsetenv("CONTAINERS_CONF");
	unlink(conf.p);
	unlink(profile_path.p);
	rmdir(folder);
	if (r < 0)
		fail_msg("%s", err.message);
	struct profile *profile = load_source(source, &options, &err);

	assert_non_null(profile);
	assert_int_equal(profile_info(profile).loader, LOADER_PODMAN);
	assert_string_equal(profile_info(profile).source, "podman-default");
	assert_string_equal(profile_info(profile).default_action, "SCMP_ACT_LOG");
	profile_free(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_lint_of_forms),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_groups_unknown),
		cmocka_unit_test(test_no_filter),
		cmocka_unit_test(test_which_are_units),
		cmocka_unit_test(test_advice),
		cmocka_unit_test(test_no_risk_in_the_default),
		cmocka_unit_test(test_laughs),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_large_string),
		cmocka_unit_test(test_systemd_252),
		cmocka_unit_test(test_many_rules),
		cmocka_unit_test(test_wrong_types),
		cmocka_unit_test(test_cut_and_spoilt),
		cmocka_unit_test(test_systemd),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_podman_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
