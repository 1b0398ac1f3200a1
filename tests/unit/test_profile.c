/*
 * Profiles: from documents to verdicts.
 *
 * What is expected here comes from the OCI runtime spec's config-linux.md, the sources of moby,
 * containers/common and runc as FACTS gives them, seccomp(2), an interpreter of classic BPF
 * written for this test alone, and the running kernel itself.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/answers/condition.h"
#include "profile/filter/filter.h"
#include "profile/answers/numbers.h"
#include "profile/source.h"
#include "tests/filters.h"
#include "tests/valgrind.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* last: it redefines things of the headers above */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define X86_64 AUDIT_ARCH_X86_64
#define I386   AUDIT_ARCH_I386
#define X32(n) (ARCH_X32_BIT | (n))

static const char *golden(const char *name, char path[256])
{
	const char *top = getenv("srcdir");

	snprintf(path, 256, "%s/tests/profiles/%s", top ? top : ".", name);
	return path;
}

/* Options of a test: an x86-64 host with Linux 5.10, so that results repeat everywhere. */
static struct profile_options test_options(void)
{
	struct profile_options options = profile_options_default();

	options.arch = SCMP_ARCH_X86_64;
	options.kernel_major = 5;
	options.kernel_minor = 10;
	return options;
}

static int load_file(const char *path, const struct profile_options *options,
		     struct profile **ret_profile, struct err *err)
{
	struct profile_source *source;
	int r = profile_source_acquire(path, &source, err);

	if (r < 0)
		return r;
	r = profile_load(source, options, ret_profile, err);
	profile_source_free(source);
	return r;
}

static struct profile *load(const char *name, const struct profile_options *options)
{
	struct err err = ERR_INIT;
	struct profile *profile = NULL;
	char path[256];

	if (load_file(golden(name, path), options, &profile, &err) < 0)
		fail_msg("%s", err.message);
	return profile;
}

static struct profile *load_text(const char *text, const struct profile_options *options,
				 struct err *err)
{
	char path[] = "/tmp/sclog-profile-XXXXXX";
	int fd = mkstemp(path);
	struct profile *profile = NULL;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	if (load_file(path, options, &profile, err) < 0)
		profile = NULL;
	unlink(path);
	return profile;
}

/* --- verdicts of golden profiles ------------------------------------------------------------ */

struct expected {
	const char *file;
	enum loader loader;
	enum runtime runtime;
	const char *caps; /* NULL: Docker's default */
	uint32_t audit_arch;
	int64_t nr;
	enum verdict_kind kind;
	enum verdict_origin origin;
	uint32_t action;
	int error; /* -1: the action has none */
};

#define ALLOW     SECCOMP_RET_ALLOW
#define REFUSE    SECCOMP_RET_ERRNO
#define DOCKER    LOADER_AUTO, RUNTIME_RUNC, NULL
#define ADMIN     LOADER_AUTO, RUNTIME_RUNC, "CAP_SYS_ADMIN,CAP_SYS_CHROOT"
#define NO_CAPS   LOADER_AUTO, RUNTIME_RUNC, ""
#define AUTO      LOADER_AUTO, RUNTIME_RUNC, NULL
#define CRUN      LOADER_AUTO, RUNTIME_CRUN, NULL
#define AS_OCI    LOADER_OCI, RUNTIME_RUNC, NULL
#define AS_DOCKER LOADER_DOCKER, RUNTIME_RUNC, NULL
#define AS_PODMAN LOADER_PODMAN, RUNTIME_RUNC, NULL
#define BY(what)  VERDICT_BY_##what
#define IS(what)  VERDICT_##what

/*
 * Numbers are of the kernel's syscall tables (arch/x86/entry/syscalls). oci.json names
 * exit_group, 231 on x86_64 and 252 on i386, and nothing above: the stub begins there. i386's
 * socket has two ways: socketcall (102), and 359, which libseccomp does not give as the number
 * of that name, so that runc's stub takes it.
 */
static const struct expected expectations[] = {
	{"oci.json", AUTO, X86_64, 0, IS(ALLOWED), BY(RULE), ALLOW, -1},
	{"oci.json", AUTO, X86_64, 110, IS(LOGGED), BY(RULE), SECCOMP_RET_LOG, -1},
	{"oci.json", AUTO, X86_64, 165, IS(DENIED), BY(RULE), REFUSE, 38},
	{"oci.json", AUTO, X86_64, 166, IS(DENIED), BY(RULE), REFUSE, 1},
	{"oci.json", AUTO, X86_64, 167, IS(DENIED), BY(RULE), REFUSE, 13},
	{"oci.json", AUTO, X86_64, 169, IS(DENIED), BY(RULE), SECCOMP_RET_KILL_PROCESS, -1},
	{"oci.json", AUTO, X86_64, 168, IS(DENIED), BY(RULE), SECCOMP_RET_KILL_THREAD, -1},
	{"oci.json", AUTO, X86_64, 163, IS(DENIED), BY(RULE), SECCOMP_RET_TRAP, -1},
	{"oci.json", AUTO, X86_64, 134, IS(DENIED), BY(RULE), SECCOMP_RET_TRACE, -1},
	{"oci.json", AUTO, X86_64, 135, IS(CONDITIONAL), BY(RULE), REFUSE, 13},
	{"oci.json", AUTO, X86_64, 41, IS(CONDITIONAL), BY(RULE), REFUSE, 13},
	{"oci.json", AUTO, X86_64, 2, IS(DENIED), BY(DEFAULT), REFUSE, 13},
	{"oci.json", AUTO, X86_64, 231, IS(ALLOWED), BY(RULE), ALLOW, -1},
	{"oci.json", AUTO, X86_64, 232, IS(ENOSYS), BY(STUB), REFUSE, 38},
	{"oci.json", CRUN, X86_64, 232, IS(DENIED), BY(DEFAULT), REFUSE, 13},
	{"oci.json", AUTO, X86_64, 100000, IS(ENOSYS), BY(STUB), REFUSE, 38},
	{"oci.json", AUTO, X86_64, -1, IS(DENIED), BY(DEFAULT), REFUSE, 13},
	{"oci.json", AUTO, X86_64, X32(0), IS(BAD_ARCH), BY(ARCH), SECCOMP_RET_KILL_THREAD, -1},
	{"oci.json", AUTO, I386, 3, IS(ALLOWED), BY(RULE), ALLOW, -1},
	{"oci.json", AUTO, I386, 253, IS(ENOSYS), BY(STUB), REFUSE, 38},
	{"oci.json", AUTO, I386, 102, IS(CONDITIONAL), BY(RULE), REFUSE, 13},
	{"oci.json", AUTO, I386, 359, IS(ENOSYS), BY(STUB), REFUSE, 38},
	{"oci.json", CRUN, I386, 359, IS(CONDITIONAL), BY(RULE), REFUSE, 13},
	{"oci.json", AUTO, I386, 5, IS(DENIED), BY(DEFAULT), REFUSE, 13},
	{"oci.json", AUTO, AUDIT_ARCH_AARCH64, 63, IS(BAD_ARCH), BY(ARCH), SECCOMP_RET_KILL_THREAD,
	 -1},

	{"docker.json", DOCKER, X86_64, 1, IS(ALLOWED), BY(RULE), ALLOW, -1},
	{"docker.json", DOCKER, I386, 4, IS(ALLOWED), BY(RULE), ALLOW, -1},
	{"docker.json", DOCKER, X86_64, 161, IS(ALLOWED), BY(RULE), ALLOW, -1},
	{"docker.json", NO_CAPS, X86_64, 161, IS(DENIED), BY(DEFAULT), REFUSE, 1},
	{"docker.json", DOCKER, X86_64, 165, IS(DENIED), BY(DEFAULT), REFUSE, 1},
	{"docker.json", ADMIN, X86_64, 165, IS(ALLOWED), BY(RULE), ALLOW, -1},
	{"docker.json", DOCKER, X86_64, 435, IS(DENIED), BY(RULE), REFUSE, 38},
	{"docker.json", ADMIN, X86_64, 435, IS(ALLOWED), BY(RULE), ALLOW, -1},
	{"docker.json", DOCKER, X86_64, 101, IS(ALLOWED), BY(RULE), ALLOW, -1},
	{"docker.json", DOCKER, X86_64, 312, IS(DENIED), BY(DEFAULT), REFUSE, 1},
	{"docker.json", DOCKER, X86_64, 158, IS(ALLOWED), BY(RULE), ALLOW, -1},
	{"docker.json", DOCKER, X86_64, 135, IS(ALLOWED), BY(RULE), ALLOW, -1},
	/* what is conditional applies always, archMap never */
	{"docker.json", AS_OCI, X86_64, 165, IS(ALLOWED), BY(RULE), ALLOW, -1},
	{"docker.json", AS_OCI, X86_64, 312, IS(ALLOWED), BY(RULE), ALLOW, -1},
	{"docker.json", AS_OCI, X86_64, 1, IS(DENIED), BY(DEFAULT), REFUSE, 1},
	{"docker.json", AS_OCI, I386, 3, IS(BAD_ARCH), BY(ARCH), SECCOMP_RET_KILL_THREAD, -1},
	/* containers/common passes minKernel over */
	{"docker.json", AS_PODMAN, X86_64, 312, IS(ALLOWED), BY(RULE), ALLOW, -1},

	{"podman.json", AUTO, X86_64, 2, IS(ENOSYS), BY(DEFAULT), REFUSE, 38},
	{"podman.json", AUTO, X86_64, 165, IS(DENIED), BY(RULE), REFUSE, 1},
	{"podman.json", AUTO, X86_64, 166, IS(DENIED), BY(RULE), REFUSE, 22},
	{"podman.json", AUTO, X86_64, 101, IS(ALLOWED), BY(RULE), ALLOW, -1},
	{"podman.json", AUTO, X86_64, 450, IS(ENOSYS), BY(STUB), REFUSE, 38},
	{"podman.json", AUTO, X86_64, X32(1), IS(ALLOWED), BY(RULE), ALLOW, -1},
	{"podman.json", AS_DOCKER, X86_64, 101, IS(ENOSYS), BY(DEFAULT), REFUSE, 38},
	/* moby does not know errno: errnoRet 1 counts */
	{"podman.json", AS_DOCKER, X86_64, 166, IS(DENIED), BY(RULE), REFUSE, 1},

	{"bundle.json", AUTO, X86_64, 3, IS(ALLOWED), BY(RULE), ALLOW, -1},
	{"bundle.json", AUTO, X86_64, 1, IS(DENIED), BY(DEFAULT), REFUSE, 1},
	{"bundle.json", AUTO, X86_64, 4, IS(ENOSYS), BY(STUB), REFUSE, 38},

	{"log-all.json", AUTO, X86_64, 0, IS(LOGGED), BY(DEFAULT), SECCOMP_RET_LOG, -1},
	{"log-all.json", AUTO, X86_64, 500, IS(LOGGED), BY(DEFAULT), SECCOMP_RET_LOG, -1},
	{"log-all.json", AUTO, I386, 1, IS(BAD_ARCH), BY(ARCH), SECCOMP_RET_KILL_THREAD, -1},
	/* a mixture of ALLOW and LOG refuses nothing */
	{"log-mode.json", AUTO, X86_64, 135, IS(LOGGED), BY(RULE), SECCOMP_RET_LOG, -1},
	{"log-mode.json", AUTO, X86_64, 400, IS(LOGGED), BY(DEFAULT), SECCOMP_RET_LOG, -1},

	{"off.json", AUTO, X86_64, 0, IS(ALLOWED), BY(DEFAULT), ALLOW, -1},
	{"off.json", AUTO, I386, 1, IS(ALLOWED), BY(DEFAULT), ALLOW, -1},

	/* getpriority (140) returns ENOSYS by a rule */
	{"kernel.json", AUTO, X86_64, 140, IS(DENIED), BY(RULE), REFUSE, 38},
	{"kernel.json", AUTO, X86_64, 110, IS(DENIED), BY(RULE), REFUSE, 4094},
};

static void check_expectation(const struct expected *expected)
{
	struct profile_options options = test_options();
	struct err err = ERR_INIT;

	options.loader = expected->loader;
	options.runtime = expected->runtime;
	if (expected->caps)
		assert_int_equal(caps_parse(expected->caps, &options.caps, &err), 0);
	struct profile *profile = load(expected->file, &options);
	struct verdict verdict = profile_judge(profile, expected->audit_arch, expected->nr);
	int error = verdict.has_errno ? verdict.error : -1;

	if (verdict.kind != expected->kind || verdict.origin != expected->origin ||
	    verdict.action != expected->action || error != expected->error)
		fail_msg("%s (loader %s) arch %x nr %lld: %s, origin %d, action %x, errno %d",
			 expected->file, loader_name(expected->loader), expected->audit_arch,
			 (long long)expected->nr, verdict_name(verdict.kind), verdict.origin,
			 verdict.action, error);
	profile_free(profile);
}

static void test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(expectations); i++)
		check_expectation(&expectations[i]);
}

static void test_fallback(void **state)
{
	static const struct {
		const char *file;
		int64_t nr;
		bool fallback;
	} cases[] = {
		{"oci.json", 165, true},    /* ENOSYS by a rule */
		{"oci.json", 400, true},    /* by the stub */
		{"oci.json", 2, false},     /* EACCES by the default */
		{"oci.json", 0, false},     /* allowed */
		{"podman.json", 2, false},  /* ENOSYS by the default */
		{"podman.json", 450, true}, /* by the stub, which answers as the default does */
		{"docker.json", 435, true},
	};
	struct profile_options options = test_options();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct profile *profile = load(cases[i].file, &options);
		struct verdict verdict = profile_judge(profile, X86_64, cases[i].nr);

		if (verdict_is_fallback(&verdict) != cases[i].fallback)
			fail_msg("%s nr %lld", cases[i].file, (long long)cases[i].nr);
		profile_free(profile);
	}
}

static void test_reachable(void **state)
{
	struct profile_options options = test_options();
	struct profile *profile = load("oci.json", &options);
	struct verdict verdict = profile_judge(profile, X86_64, 135);
	char text[VERDICT_VALUE_SIZE];
	static const char *const expected[] = {"ALLOW", "ERRNO(13)", "LOG"};

	(void)state;
	assert_int_equal(verdict.reachable_count, COUNT(expected));
	for (size_t i = 0; i < COUNT(expected); i++)
		assert_string_equal(verdict_value_text(verdict.reachable[i], text), expected[i]);
	verdict = profile_judge(profile, X86_64, 134);
	assert_int_equal(verdict.reachable_count, 1);
	assert_string_equal(verdict_value_text(verdict.reachable[0], text), "TRACE(7)");
	/* asking again gives the same memory */
	assert_ptr_equal(profile_judge(profile, X86_64, 134).reachable, verdict.reachable);
	profile_free(profile);
}

/* --- conditions in words -------------------------------------------------------------------- */

static void check_conditions(const char *file, uint32_t audit_arch, int64_t nr, const char *first,
			     const char *second)
{
	struct profile_options options = test_options();
	struct profile *profile = load(file, &options);
	struct verdict verdict = profile_judge(profile, audit_arch, nr);

	assert_int_equal(verdict.condition_count, 2);
	assert_string_equal(verdict.conditions[0], first);
	assert_string_equal(verdict.conditions[1], second);
	profile_free(profile);
}

static void test_conditions(void **state)
{
	static const char refused[] = "ERRNO(1) otherwise";

	(void)state;
	check_conditions("operators.json", X86_64, 8, "ALLOW when arg1 is at least 0x100000003",
			 refused);
	check_conditions("operators.json", X86_64, 77, "ALLOW when arg1 is at least 0xa", refused);
	check_conditions("operators.json", X86_64, 91, "ALLOW when arg1 is at most 0x1ff", refused);
	check_conditions("operators.json", X86_64, 95, "ALLOW when arg0 is at most 0x1ff", refused);
	check_conditions("operators.json", X86_64, 56, "ALLOW when arg0 & 0x7e020000 == 0x0",
			 refused);
	check_conditions("operators.json", I386, 120, "ALLOW when arg0 & 0x7e020000 == 0x0",
			 refused);
	check_conditions("operators.json", X86_64, 157, "ALLOW when arg0 is not 0xffffffffffffffff",
			 refused);
	/* all indexes differ: every arg must hold */
	check_conditions("operators.json", X86_64, 72, "ALLOW when arg1 is 0x1 and arg2 is not 0x0",
			 refused);
	/* an index repeated: any arg will do, so refused where none holds */
	check_conditions("operators.json", X86_64, 62,
			 "ALLOW when arg1 is 0x0 or 0xf, or arg0 is 0x1", refused);
	/* x32 arguments have 64 bits, of which libseccomp tests the low half */
	check_conditions("operators.json", X86_64, X32(95),
			 "ALLOW when arg0 & 0xffffffff is at most 0x1ff", refused);
}

/* arg0 from first to last, as a region. */
static region from_to(struct regions *regions, uint64_t first, uint64_t last)
{
	return region_and(
		regions, region_argument(regions, 0, UINT64_MAX, COMPARE_GE, first),
		region_not(regions, region_argument(regions, 0, UINT64_MAX, COMPARE_GT, last)));
}

static void check_words(struct regions *regions, region allowed, const char *words)
{
	diagram answer = diagram_choose(regions, allowed, diagram_value(regions, SECCOMP_RET_ALLOW),
					diagram_value(regions, SECCOMP_RET_ERRNO | 1));
	const uint32_t values[] = {SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 1};
	char **conditions;

	conditions_of(regions, answer, false, values, 2, &conditions);
	assert_string_equal(conditions[0], words);
	assert_string_equal(conditions[1], "ERRNO(1) otherwise");
	free(conditions[0]);
	free(conditions[1]);
	free(conditions);
}

static void test_range_words(void **state)
{
	struct regions regions;

	(void)state;
	regions_init(&regions);
	region apart = region_or(&regions, from_to(&regions, 5, 6), from_to(&regions, 9, 12));

	check_words(&regions, apart, "ALLOW when arg0 is 0x5 to 0x6 or 0x9 to 0xc");
	check_words(&regions, region_or(&regions, apart, from_to(&regions, 7, 8)),
		    "ALLOW when arg0 is 0x5 to 0xc");
	check_words(&regions, region_not(&regions, from_to(&regions, 4, 4)),
		    "ALLOW when arg0 is not 0x4");
	regions_release(&regions);
}

/* include/uapi/asm-generic/unistd.h: 294 is kexec_file_load, and the next one is 424. */
static void test_hole_of_names(void **state)
{
	struct named_number *numbers;
	size_t count = numbers_named(SCMP_ARCH_AARCH64, &numbers);
	size_t i = 0;

	(void)state;
	while (i < count && numbers[i].nr <= 294)
		i++;
	assert_true(i > 0 && i < count);
	assert_string_equal(numbers[i - 1].name, "kexec_file_load");
	assert_string_equal(numbers[i].name, "pidfd_send_signal");
	assert_int_equal(numbers[i].nr, 424);
	free(numbers);
}

/* Whoever chooses a filter chooses how long a search takes: searches are counted, and carried out. */
static void test_search_effort(void **state)
{
	struct regions regions;
	uint64_t support[SUBJECTS];
	uint32_t *values;

	(void)state;
	regions_init(&regions);
	/* 64 nodes of one argument, and two leaves */
	region set = region_argument(&regions, 0, UINT64_MAX, COMPARE_GE, 0x5555555555555555);

	while (regions.effort > 0) {
		size_t before = regions.effort;

		assert_int_equal(diagram_values(&regions, set, &values), 2);
		free(values);
		assert_in_range(before - regions.effort, 1, 64);
		assert_false(regions.full);
	}
	diagram_support(&regions, set, support);
	assert_int_equal(support[SUBJECT_ARGUMENTS], UINT64_MAX);
	assert_int_equal(support[SUBJECT_POINTER], 0);
	assert_false(regions_step(&regions));
	regions_release(&regions);
}

/* --- what a loader refuses ------------------------------------------------------------------ */

static const struct {
	const char *text;
	const char *message; /* after the file's name */
	enum loader loader;
} refusals[] = {
	{"{\n\t\"defaultAction\": ,\n}", ":2:19: ", LOADER_AUTO},
	{"", ": empty", LOADER_AUTO},
	{"[]", ":1:1: not a seccomp profile", LOADER_AUTO},
	{"5", ":1:1: not a seccomp profile: neither JSON", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_NOPE\"}", ": defaultAction: unknown action 'SCMP_ACT_NOPE'",
	 LOADER_AUTO},
	{"{\"defaultAction\":7}", ": defaultAction: must be a string", LOADER_AUTO},
	/* seccomp_rule_add(3): the kernel's MAX_ERRNO and above is no errno */
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4095}",
	 ": defaultErrnoRet: libseccomp refuses the default action: the largest errno is 4094",
	 LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
	 "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":4096}]}",
	 ": syscalls[0].names[0]: libseccomp refuses the rule for 'read': the largest errno is 4094",
	 LOADER_AUTO},
	/* AUDIT_ARCH_S390X has no __AUDIT_ARCH_LE */
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_S390X\"]}",
	 ": architectures[0]: libseccomp refuses 'SCMP_ARCH_S390X' together with x86_64",
	 LOADER_AUTO},
	{"{\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
	 ": defaultAction: missing", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", ": defaultAction: no runtime", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":{}}", ": syscalls: must be an array",
	 LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[null]}",
	 ": syscalls[0]: must be an object", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[{\"names\":[\"read\"]}]}",
	 ": syscalls[0].action: missing", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[{\"names\":[\"read\"],"
	 "\"action\":\"ALLOW\"}]}",
	 ": syscalls[0].action: unknown action 'ALLOW'", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[{\"names\":[\"read\",1],"
	 "\"action\":\"SCMP_ACT_ALLOW\"}]}",
	 ": syscalls[0].names[1]: must be a string", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[{\"names\":[\"read\"],"
	 "\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1.5,\"op\":\"SCMP_CMP_EQ\"}]}]}",
	 ": syscalls[0].args[0].index: must be an integer", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[{\"names\":[\"read\"],"
	 "\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":6,\"op\":\"SCMP_CMP_EQ\"}]}]}",
	 ": syscalls[0].args[0].index: must be 0 to 5", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[{\"names\":[\"read\"],"
	 "\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"op\":\"EQ\"}]}]}",
	 ": syscalls[0].args[0].op: unknown operator 'EQ'", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[{\"names\":[\"read\"],"
	 "\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":-1,"
	 "\"op\":\"SCMP_CMP_EQ\"}]}]}",
	 ": syscalls[0].args[0].value: must not be negative", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[{\"names\":[\"read\"],"
	 "\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":18446744073709551616,"
	 "\"op\":\"SCMP_CMP_EQ\"}]}]}",
	 ":1:", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"archMap\":[{\"architecture\":"
	 "\"SCMP_ARCH_X86_64\"}],\"architectures\":[\"SCMP_ARCH_X86\"]}",
	 ": archMap: given together with 'architectures'", LOADER_DOCKER},
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"name\":\"read\",\"names\":"
	 "[\"write\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
	 ": syscalls[0].name: given together with 'names'", LOADER_DOCKER},
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"name\":\"read\",\"names\":"
	 "[\"write\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
	 ": syscalls[0].name: given together with 'names'", LOADER_PODMAN},
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"ENOPE\"}",
	 ": defaultErrno: unknown errno 'ENOPE'", LOADER_PODMAN},
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":"
	 "\"SCMP_ACT_ALLOW\",\"includes\":{\"minKernel\":\"4\"}}]}",
	 ": syscalls[0].includes.minKernel: must be a kernel version", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\","
	 "\"SCMP_ARCH_VAX\"]}",
	 ": architectures[1]: ", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_S390X\"]}",
	 ": architectures[0]: libseccomp refuses", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"flags\":[\"NOPE\"]}", ": flags[0]: unknown flag",
	 LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"write\"],\"action\":"
	 "\"SCMP_ACT_NOTIFY\"}]}",
	 ": syscalls[0].names[0]: runc refuses SCMP_ACT_NOTIFY for write", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":"
	 "\"SCMP_ACT_NOTIFY\"}]}",
	 ": syscalls[0].names[0]: runc refuses SCMP_ACT_NOTIFY without", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"\"],\"action\":"
	 "\"SCMP_ACT_ALLOW\"}]}",
	 ": syscalls[0].names[0]: runc refuses an empty name", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_NATIVE\"]}",
	 ": architectures[0]: ", LOADER_AUTO},
	{"{\"ociVersion\":\"1.0.2\",\"linux\":{\"seccomp\":{\"defaultAction\":\"X\"}}}",
	 ": linux.seccomp.defaultAction: unknown action 'X'", LOADER_AUTO},
	/* libseccomp takes errnos below 4095 */
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"write\"],\"action\":"
	 "\"SCMP_ACT_ERRNO\",\"errnoRet\":5000}]}",
	 ": syscalls[0].names[0]: libseccomp refuses the rule for 'write'", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":5000}",
	 ": libseccomp refuses the default action", LOADER_AUTO},
	{"{\"defaultAction\":\"SCMP_ACT_\x1b[31m\"}", ":1:", LOADER_AUTO},
	{"{\"defaultAction\":\"\\u001b[31m\"}", "unknown action '\\x1b[31m'", LOADER_AUTO},
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct profile_options options = test_options();
		struct err err = ERR_INIT;

		options.loader = refusals[i].loader;
		if (load_text(refusals[i].text, &options, &err))
			fail_msg("taken: %s", refusals[i].text);
		assert_int_not_equal(err.code, 0);
		if (!strstr(err.message, refusals[i].message))
			fail_msg("'%s' is not in '%s'", refusals[i].message, err.message);
	}
}

/* Tried with crun 1.8.1 and runc 1.1.5: which of the two starts a container under it. */
static void test_runtimes_differ(void **state)
{
	static const struct {
		const char *text;
		bool runc, crun;
	} cases[] = {
		{"{\"defaultAction\":\"SCMP_ACT_LOG\",\"defaultErrnoRet\":5}", true, false},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"umask\"],"
		 "\"action\":\"SCMP_ACT_LOG\",\"errnoRet\":0}]}",
		 true, false},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"umask\"],"
		 "\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":3}]}",
		 true, true},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"getpgid\"],"
		 "\"action\":\"SCMP_ACT_NOTIFY\"}]}",
		 false, true},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"\"],"
		 "\"action\":\"SCMP_ACT_LOG\"}]}",
		 false, true},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"x86_64\"]}", false,
		 true},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_NATIVE\"]}",
		 false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases) * 2; i++) {
		struct profile_options options = test_options();
		struct err err = ERR_INIT;
		bool expected = i % 2 ? cases[i / 2].crun : cases[i / 2].runc;

		options.runtime = i % 2 ? RUNTIME_CRUN : RUNTIME_RUNC;
		struct profile *profile = load_text(cases[i / 2].text, &options, &err);

		if ((profile != NULL) != expected)
			fail_msg("%s: %s", runtime_name(options.runtime), cases[i / 2].text);
		profile_free(profile);
	}
}

static void test_unreadable(void **state)
{
	struct profile_options options = test_options();
	struct profile *profile;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(load_file("/nonexistent/profile.json", &options, &profile, &err), -ENOENT);
	assert_string_equal(err.message,
			    "/nonexistent/profile.json: cannot open: No such file or directory");
	err_clear(&err);
	assert_int_equal(load_file("/tmp", &options, &profile, &err), -EISDIR);
	assert_string_equal(err.message, "/tmp: is a directory: give a file in it");
}

/* An object in an object, deeper than any reader goes. */
static void test_deep_nesting(void **state)
{
	struct profile_options options = test_options();
	struct err err = ERR_INIT;
	BUF_AUTO text = {0};

	(void)state;
	for (size_t i = 0; i < 200000; i++)
		buf_put_str(&text, STR("{\"a\":"));
	assert_null(load_text(text.p, &options, &err));
	assert_non_null(strstr(err.message, "nested deeper than 64"));
}

static void test_too_large(void **state)
{
	struct profile_options options = test_options();
	struct profile *profile;
	struct err err = ERR_INIT;
	char path[] = "/tmp/sclog-profile-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, DOCUMENT_MAX_BYTES + 1), 0);
	close(fd);
	assert_int_equal(load_file(path, &options, &profile, &err), -EFBIG);
	unlink(path);
	assert_non_null(strstr(err.message, "larger than 64 MiB"));
}

static void test_conflict(void **state)
{
	struct profile_options options = test_options();
	struct profile *profile;
	struct err err = ERR_INIT;
	char path[256];

	(void)state;
	assert_int_equal(load_file(golden("conflict.json", path), &options, &profile, &err),
			 -EEXIST);
	assert_non_null(strstr(err.message, "syscalls[0].names[1] and syscalls[1].names[0]"));
	assert_non_null(strstr(err.message, "'personality'"));
	assert_non_null(strstr(err.message, "would not start"));
}

/* --- lint ----------------------------------------------------------------------------------- */

static bool has_lint(const struct profile *profile, const char *where, const char *message)
{
	size_t count;
	const struct lint *lint = profile_lint(profile, &count);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(lint[i].where, where) == 0 && strstr(lint[i].message, message))
			return true;
	}
	return false;
}

static void test_lint(void **state)
{
	struct profile_options options = test_options();
	struct profile *profile = load("docker.json", &options);
	size_t count;

	(void)state;
	assert_true(has_lint(profile, "syscalls[10].names[0]", "'no_such_call'"));
	profile_free(profile);
	options.loader = LOADER_OCI;
	profile = load("docker.json", &options);
	assert_true(has_lint(profile, "archMap", "ignored by loader oci"));
	assert_true(has_lint(profile, "syscalls[1].name", "ignored by loader oci"));
	assert_true(has_lint(profile, "syscalls[2].includes", "ignored by loader oci"));
	assert_true(has_lint(profile, "syscalls[4].excludes", "ignored by loader oci"));
	profile_free(profile);
	options.loader = LOADER_PODMAN;
	profile = load("docker.json", &options);
	assert_true(
		has_lint(profile, "syscalls[6].includes.minKernel", "ignored by loader podman"));
	profile_free(profile);
	options.loader = LOADER_DOCKER;
	profile = load("podman.json", &options);
	assert_true(has_lint(profile, "defaultErrno", "ignored by loader docker"));
	assert_true(has_lint(profile, "syscalls[2].errno", "ignored by loader docker"));
	profile_free(profile);
	options.loader = LOADER_AUTO;
	profile = load("bundle.json", &options);
	assert_true(has_lint(profile, "linux.seccomp.syscalls[0].names[2]", "'typo'"));
	profile_free(profile);
	profile = load("oci.json", &options);
	const struct lint *lint = profile_lint(profile, &count);

	assert_int_equal(count, 1); /* four rules cannot start a container */
	assert_string_equal(lint->id, "runtime-needs");
	profile_free(profile);
}

/* Two rules that let clone pass when arg0 compares so, and what that means. */
struct compared {
	const char *op;
	uint64_t value;
};

static bool compared_holds(const struct compared *rule, uint64_t arg)
{
	if (strcmp(rule->op, "LT") == 0)
		return arg < rule->value;
	if (strcmp(rule->op, "LE") == 0)
		return arg <= rule->value;
	return strcmp(rule->op, "GT") == 0 ? arg > rule->value : arg >= rule->value;
}

/* Whether the filter does what the two say, for values of arg0 whose halves are near theirs. */
static bool is_built_right(const struct profile *profile, const struct compared rules[2])
{
	const struct filter *filter = profile_filter(profile);
	const uint64_t near[] = {rules[0].value, rules[1].value};
	struct seccomp_data data = {.nr = __NR_clone, .arch = X86_64};

	for (unsigned i = 0; i < 2 * 2 * 3 * 3; i++) {
		uint32_t high = (uint32_t)(near[i & 1] >> 32) + i / 4 % 3 - 1;
		uint32_t low = (uint32_t)near[i >> 1 & 1] + i / 12 - 1;

		data.args[0] = (uint64_t)high << 32 | low;
		bool passes = compared_holds(&rules[0], data.args[0]) ||
			      compared_holds(&rules[1], data.args[0]);

		if ((bpf_run(filter->program, &data) == SECCOMP_RET_ALLOW) != passes)
			return false;
	}
	return true;
}

/* libseccomp 2.5.4 loses one of two such comparisons; where another does not, nothing is said. */
static void test_misbuilt(void **state)
{
	static const struct compared pairs[][2] = {
		{{"LE", 5}, {"LE", 0x100000005}},
		{{"LT", 5}, {"GE", 0x100000005}},
		{{"GT", 0x100000000}, {"LT", 5}},
		{{"LE", 0x100000005}, {"GT", 0x200000005}},
		{{"GT", 5}, {"GT", 0x100000005}},
		{{"LE", 5}, {"LE", 7}},
		{{"GE", 0x100000005}, {"GE", 0x200000005}},
		{{"GT", 5}, {"LT", 3}},
	};
	struct profile_options options = test_options();

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		BUF_AUTO text = {0};
		struct err err = ERR_INIT;

		buf_format(&text, "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [");
		for (size_t k = 0; k < 2; k++)
			buf_format(&text,
				   "%s{\"names\": [\"clone\"], \"action\": \"SCMP_ACT_ALLOW\", "
				   "\"args\": [{\"index\": 0, \"op\": \"SCMP_CMP_%s\", "
				   "\"value\": %" PRIu64 "}]}",
				   k ? ", " : "", pairs[i][k].op, pairs[i][k].value);
		buf_put_str(&text, STR("]}"));
		struct profile *profile = load_text(text.p, &options, &err);

		assert_non_null(profile);
		bool told = has_lint(profile, "syscalls[0].names[0]", "incorrectly");

		if (told == is_built_right(profile, pairs[i]))
			fail_msg("%s: %s", told ? "told" : "not told", text.p);
		profile_free(profile);
	}
}

/* Go takes members in any case and passes over what it does not know. */
static void test_members(void **state)
{
	static const char text[] =
		"{\"DefaultAction\":\"SCMP_ACT_ERRNO\",\"surprise\":1,\"architectures\":null,"
		"\"syscalls\":[{\"Names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":null,"
		"\"\\u001b\":2}]}";
	struct profile_options options = test_options();
	struct err err = ERR_INIT;
	struct profile *profile = load_text(text, &options, &err);

	(void)state;
	assert_non_null(profile);
	assert_int_equal(profile_judge(profile, X86_64, 0).kind, VERDICT_ALLOWED);
	assert_int_equal(profile_judge(profile, X86_64, 1).kind, VERDICT_DENIED);
	assert_true(has_lint(profile, "defaultAction", "'DefaultAction'"));
	assert_true(has_lint(profile, "'surprise'", "ignored"));
	assert_true(has_lint(profile, "syscalls[0].names", "'Names'"));
	assert_true(has_lint(profile, "syscalls[0].'\\x1b'", "ignored"));
	profile_free(profile);
}

static void test_info(void **state)
{
	static const struct {
		const char *file, *format, *action;
		enum loader loader;
	} cases[] = {
		{"oci.json", "oci", "SCMP_ACT_ERRNO", LOADER_OCI},
		{"docker.json", "docker", "SCMP_ACT_ERRNO", LOADER_DOCKER},
		{"podman.json", "podman", "SCMP_ACT_ERRNO", LOADER_PODMAN},
		{"bundle.json", "oci", "SCMP_ACT_ERRNO", LOADER_OCI},
		{"off.json", "oci", "", LOADER_OCI},
	};
	struct profile_options options = test_options();
	char path[256];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct profile *profile = load(cases[i].file, &options);
		struct profile_info info = profile_info(profile);

		assert_string_equal(info.source, golden(cases[i].file, path));
		assert_string_equal(info.format, cases[i].format);
		assert_string_equal(info.default_action, cases[i].action);
		assert_int_equal(info.loader, cases[i].loader);
		profile_free(profile);
	}
}

/* Docker's documented default set (docs: "Runtime privilege and Linux capabilities"). */
static void test_caps(void **state)
{
	static const char docker[] =
		"CAP_AUDIT_WRITE,CAP_CHOWN,CAP_DAC_OVERRIDE,CAP_FOWNER,CAP_FSETID,CAP_KILL,"
		"CAP_MKNOD,CAP_NET_BIND_SERVICE,CAP_NET_RAW,CAP_SETFCAP,CAP_SETGID,CAP_SETPCAP,"
		"CAP_SETUID,CAP_SYS_CHROOT";
	struct err err = ERR_INIT;
	caps set;

	(void)state;
	assert_int_equal(caps_parse(docker, &set, &err), 0);
	assert_int_equal(set, caps_docker_default);
	assert_int_equal(caps_parse("", &set, &err), 0);
	assert_int_equal(set, 0);
	/* numbers of linux/capability.h */
	assert_int_equal(caps_parse("sys_admin,BPF", &set, &err), 0);
	assert_true(set == (UINT64_C(1) << 21 | UINT64_C(1) << 39));
	assert_int_equal(caps_parse("all", &set, &err), 0);
	assert_true(set == (UINT64_C(1) << 41) - 1);
	assert_int_equal(caps_parse("chown,nope", &set, &err), -EINVAL);
	assert_string_equal(err.message, "unknown capability 'nope'");
}

/* --- the stub, byte for byte what a foreign host would have ---------------------------------- */

static void test_foreign_hosts(void **state)
{
	static const char text[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"exit\","
		"\"setup\"],\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[\"personality\"],"
		"\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":9,\"args\":[{\"index\":0,\"value\":"
		"4294967303,\"op\":\"SCMP_CMP_EQ\"}]}]}";
	static const struct {
		uint32_t token, audit_arch;
		int64_t nr;
		enum verdict_kind kind;
		enum verdict_origin origin;
	} cases[] = {
		/* arm64 (asm-generic/unistd.h): exit 93, personality 92 */
		{SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, 93, IS(ALLOWED), BY(RULE)},
		{SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, 92, IS(DENIED), BY(RULE)},
		{SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, 91, IS(DENIED), BY(DEFAULT)},
		{SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, 94, IS(ENOSYS), BY(STUB)},
		{SCMP_ARCH_AARCH64, X86_64, 60, IS(BAD_ARCH), BY(ARCH)},
		/* s390x (arch/s390/kernel/syscalls): exit 1, personality 136 */
		{SCMP_ARCH_S390X, AUDIT_ARCH_S390X, 1, IS(ALLOWED), BY(RULE)},
		{SCMP_ARCH_S390X, AUDIT_ARCH_S390X, 0, IS(ENOSYS), BY(STUB)},
		{SCMP_ARCH_S390X, AUDIT_ARCH_S390X, 136, IS(DENIED), BY(RULE)},
		{SCMP_ARCH_S390X, AUDIT_ARCH_S390X, 137, IS(ENOSYS), BY(STUB)},
	};
	struct profile_options options = test_options();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = ERR_INIT;

		options.arch = cases[i].token;
		struct profile *profile = load_text(text, &options, &err);

		if (!profile)
			fail_msg("%s", err.message);
		struct verdict verdict = profile_judge(profile, cases[i].audit_arch, cases[i].nr);

		if (verdict.kind != cases[i].kind || verdict.origin != cases[i].origin)
			fail_msg("arch %x nr %lld: %s by %d", cases[i].audit_arch,
				 (long long)cases[i].nr, verdict_name(verdict.kind),
				 verdict.origin);
		profile_free(profile);
	}
}

/* Both halves of a 64-bit value, in the big-endian order of the host. */
static void test_foreign_condition(void **state)
{
	static const char text[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"personality\"],"
		"\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":4294967303,"
		"\"op\":\"SCMP_CMP_EQ\"}]}]}";
	struct profile_options options = test_options();
	struct err err = ERR_INIT;

	(void)state;
	options.arch = SCMP_ARCH_S390X;
	struct profile *profile = load_text(text, &options, &err);

	assert_non_null(profile);
	struct verdict verdict = profile_judge(profile, AUDIT_ARCH_S390X, 136);

	assert_int_equal(verdict.kind, VERDICT_CONDITIONAL);
	assert_string_equal(verdict.conditions[0], "ALLOW when arg0 is 0x100000007");
	profile_free(profile);
}

/* --- the runtime default that the project ships ---------------------------------------------- */

static const char shipped[] = "../../share/runtime-default.json";

static void check_names(struct profile *profile, const char *const *names, size_t count,
			enum verdict_kind kind)
{
	for (size_t i = 0; i < count; i++) {
		int64_t nr = 0;

		assert_true(syscall_number(SCMP_ARCH_X86_64, names[i], &nr));
		if (profile_judge(profile, X86_64, nr).kind != kind)
			fail_msg("%s is not %s", names[i], verdict_name(kind));
	}
}

/* What Docker's documentation of its default profile says is blocked, and what is not. */
static void test_shipped(void **state)
{
	static const char *const blocked[] = {
		"acct",
		"add_key",
		"bpf",
		"clock_settime",
		"delete_module",
		"finit_module",
		"init_module",
		"io_uring_setup",
		"iopl",
		"kcmp",
		"kexec_load",
		"keyctl",
		"lookup_dcookie",
		"mbind",
		"mount",
		"move_pages",
		"open_by_handle_at",
		"perf_event_open",
		"pivot_root",
		"quotactl",
		"reboot",
		"request_key",
		"setns",
		"settimeofday",
		"swapoff",
		"swapon",
		"syslog",
		"umount2",
		"unshare",
		"userfaultfd",
		"uselib",
		"ustat",
	};
	static const char *const allowed[] = {
		"read",
		"openat",
		"mmap",
		"execve",
		"futex",
		"chroot",
		"ptrace",
		"connect",
		"epoll_wait",
		"rseq",
		"process_vm_readv",
		"pidfd_open",
	};
	static const char *const conditional[] = {"clone", "personality", "socket"};
	struct profile_options options = test_options();
	struct profile *profile = load(shipped, &options);

	(void)state;
	check_names(profile, blocked, COUNT(blocked), VERDICT_DENIED);
	check_names(profile, allowed, COUNT(allowed), VERDICT_ALLOWED);
	check_names(profile, conditional, COUNT(conditional), VERDICT_CONDITIONAL);
	struct verdict clone3 = profile_judge(profile, X86_64, 435);

	assert_true(verdict_is_fallback(&clone3));
	profile_free(profile);
}

/*
 * libseccomp 2.5.4 writes some returns of a big-endian filter in this machine's byte order: no
 * value may be reachable on s390x that the profile does not have.
 */
static void test_shipped_foreign(void **state)
{
	struct profile_options options = test_options();

	(void)state;
	options.arch = SCMP_ARCH_S390X;
	struct profile *profile = load(shipped, &options);

	for (int64_t nr = 0; nr < 500; nr++) {
		struct verdict verdict = profile_judge(profile, AUDIT_ARCH_S390X, nr);

		for (size_t i = 0; i < verdict.reachable_count; i++) {
			uint32_t value = verdict.reachable[i];

			if (value != SECCOMP_RET_ALLOW && value != (SECCOMP_RET_ERRNO | EPERM) &&
			    value != (SECCOMP_RET_ERRNO | ENOSYS))
				fail_msg("nr %lld can return 0x%08x", (long long)nr, value);
		}
	}
	profile_free(profile);
}

/* --- a second opinion: the interpreter of tests/bpf.h ---------------------------------------- */

/* A repeatable stream of numbers (xorshift64*, Vigna 2014). */
static uint64_t draw(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * UINT64_C(0x2545f4914f6cdd1d);
}

static uint32_t draw_below(uint64_t *seed, uint32_t n)
{
	return (uint32_t)(draw(seed) >> 33) % n;
}

/* --- random programs, every input tried ------------------------------------------------------ */

/* Three argument words, of which a program looks at three bits: 512 inputs are all there is. */
static const uint32_t tried_words[] = {16, 20, 24};

static uint16_t random_alu(uint64_t *seed)
{
	static const uint16_t ops[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR,
				       BPF_AND, BPF_LSH, BPF_RSH, BPF_NEG, BPF_XOR};
	uint16_t op = ops[draw_below(seed, COUNT(ops))];

	return BPF_ALU | op | (op != BPF_NEG && draw_below(seed, 2) ? BPF_X : BPF_K);
}

static struct sock_filter random_compute(uint64_t *seed)
{
	static const uint16_t moves[] = {
		BPF_MISC | BPF_TAX,      BPF_MISC | BPF_TXA, BPF_ST,           BPF_STX,
		BPF_LD | BPF_MEM,        BPF_LDX | BPF_MEM,  BPF_LD | BPF_IMM, BPF_LDX | BPF_IMM,
		BPF_LD | BPF_W | BPF_LEN};
	uint32_t k = 1 + draw_below(seed, 9);
	uint16_t code =
		draw_below(seed, 2) ? random_alu(seed) : moves[draw_below(seed, COUNT(moves))];

	return (struct sock_filter)BPF_STMT(code, k);
}

static struct sock_filter random_jump(uint64_t *seed, uint32_t left)
{
	static const uint16_t ops[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
	uint16_t code =
		BPF_JMP | ops[draw_below(seed, COUNT(ops))] | (draw_below(seed, 3) ? BPF_K : BPF_X);
	uint32_t reach = left < 6 ? left : 6;

	return (struct sock_filter)BPF_JUMP(code, draw_below(seed, 16),
					    (uint8_t)draw_below(seed, reach),
					    (uint8_t)draw_below(seed, reach));
}

/* The words are masked into memory 1 to 3 first; the rest computes and jumps on those. */
static size_t random_program(uint64_t *seed, struct sock_filter *program)
{
	size_t n = 0, length = 12 + draw_below(seed, 24);

	for (uint32_t i = 0; i < COUNT(tried_words); i++) {
		program[n++] =
			(struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, tried_words[i]);
		if (draw_below(seed, 4) == 0)
			program[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 29);
		program[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 7);
		program[n++] = (struct sock_filter)BPF_STMT(BPF_ST, i + 1);
	}
	while (n < length) {
		uint32_t left = (uint32_t)(length - n);

		if (draw_below(seed, 8) == 0)
			program[n++] = (struct sock_filter)BPF_STMT(
				BPF_RET | BPF_K, SECCOMP_RET_ERRNO | draw_below(seed, 4));
		else if (draw_below(seed, 2))
			program[n++] = random_jump(seed, left);
		else
			program[n++] = random_compute(seed);
	}
	program[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return n;
}

/* Every value of the bits that count: the low three, and the high three in case of a shift. */
static void try_all(const struct sock_filter *program, struct asking *asking, size_t round)
{
	bool *found = mem_new(asking->count, sizeof(*found));

	for (uint32_t i = 0; i < 512; i++) {
		for (uint32_t shifted = 0; shifted < 8; shifted++) {
			struct seccomp_data data = {.nr = 1, .arch = (__u32)X86_64};

			for (uint32_t j = 0; j < COUNT(tried_words); j++) {
				uint32_t bits = i >> (3 * j) & 7;
				uint32_t word = shifted >> j & 1 ? bits << 29 : bits;

				memcpy((char *)&data + tried_words[j], &word, sizeof(word));
			}
			uint32_t want = bpf_run(program, &data);
			uint32_t got = asking_value(asking, &data);

			if (got != want || !asking_has(asking, want))
				fail_msg("round %zu: 0x%x, not 0x%x", round, got, want);
			for (size_t j = 0; j < asking->count; j++)
				found[j] = found[j] || asking->values[j] == want;
		}
	}
	for (size_t i = 0; i < asking->count; i++)
		if (!found[i])
			fail_msg("round %zu: nothing returns 0x%x", round, asking->values[i]);
	free(found);
}

static size_t rounds_of(const char *variable, size_t usual)
{
	const char *rounds = getenv(variable);

	return rounds ? strtoul(rounds, NULL, 10) : usual;
}

static void test_random_programs(void **state)
{
	size_t rounds = rounds_of("SCLOG_TEST_PROGRAMS", 600);
	uint64_t seed = 42;

	(void)state;
	for (size_t round = 0; round < rounds; round++) {
		struct sock_filter program[64];
		struct err err = ERR_INIT;
		struct filter filter = {.program = program,
					.count = random_program(&seed, program)};
		struct asking asking;

		if (filter_check(program, filter.count, &err) < 0)
			fail_msg("round %zu: %s", round, err.message);
		asking_init(&asking, &filter);
		/* the limits are for monsters: these are none */
		assert_true(asking_call(&asking, X86_64, 1));
		try_all(program, &asking, round);
		asking_release(&asking);
	}
}

/* The number takes part in the computation, and any word does. */
static void test_random_numbers(void **state)
{
	uint64_t seed = 4242;
	size_t known = 0;

	(void)state;
	for (size_t round = 0; round < 300; round++) {
		struct sock_filter program[64];
		struct filter filter = {.program = program,
					.count = random_program(&seed, program)};
		struct asking asking;

		for (size_t i = 0; i < filter.count; i++)
			if (program[i].code == (BPF_LD | BPF_W | BPF_ABS))
				program[i].k = draw_below(&seed, 16) * 4;
		asking_init(&asking, &filter);
		for (size_t i = 0; i < 200; i++) {
			struct seccomp_data data = {.nr = (int)draw(&seed), .arch = (__u32)X86_64};

			data.instruction_pointer = draw(&seed);
			for (size_t j = 0; j < 6; j++)
				data.args[j] =
					draw(&seed) & (draw_below(&seed, 2) ? 7 : UINT64_MAX);
			if (!asking_call(&asking, X86_64, (uint32_t)data.nr))
				continue;
			known++;
			assert_int_equal(asking_value(&asking, &data), bpf_run(program, &data));
		}
		asking_release(&asking);
	}
	assert_int_equal(known, 300 * 200);
}

/* Arguments of a 32-bit process have no high half (syscall_get_arguments of arch/x86). */
static void test_high_half(void **state)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 20),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	};
	const struct filter filter = {.program = program, .count = COUNT(program)};
	struct asking asking;

	(void)state;
	asking_init(&asking, &filter);
	assert_true(asking_call(&asking, X86_64, 1));
	assert_true(asking_has(&asking, SECCOMP_RET_ALLOW) &&
		    asking_has(&asking, SECCOMP_RET_TRAP));
	assert_true(asking_call(&asking, I386, 1));
	assert_int_equal(asking.count, 1);
	assert_true(asking_has(&asking, SECCOMP_RET_ALLOW));
	asking_release(&asking);
}

/* RET A: what is returned is an argument under a mask, and all of it where the mask is all. */
static void test_returned_register(void **state)
{
	static const uint32_t allow_or_log[] = {SECCOMP_RET_LOG, SECCOMP_RET_ALLOW};
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x00030000),
		BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_LOG),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	const struct filter filter = {.program = program, .count = COUNT(program)};
	struct asking asking;

	(void)state;
	/* 0x7ffc0000 to 0x7fff0000: LOG, two that nobody knows, which kill, and ALLOW */
	asking_init(&asking, &filter);
	assert_true(asking_call(&asking, X86_64, 1));
	for (size_t i = 0; i < COUNT(allow_or_log); i++)
		assert_true(asking_has(&asking, allow_or_log[i]));
	assert_int_equal(asking.count, 3);
	asking_release(&asking);

	/* every action, told by the argument alone */
	program[1].k = UINT32_MAX;
	program[2].k = 0;
	asking_init(&asking, &filter);
	assert_true(asking_call(&asking, X86_64, 1));
	for (uint32_t i = 0; i < 2000; i++) {
		uint64_t seed = i + 1;
		struct seccomp_data data = {.nr = 1, .arch = (__u32)X86_64};
		static const uint32_t actions[] = {0x80000000, 0,          0x00030000, 0x00050000,
						   0x7fc00000, 0x7ff00000, 0x7ffc0000, 0x7fff0000};

		data.args[0] = i % 2 ? actions[i / 2 % COUNT(actions)] : (uint32_t)draw(&seed);
		uint32_t want = bpf_run(program, &data) & SECCOMP_RET_ACTION_FULL;

		assert_int_equal(value_effect(asking_value(&asking, &data)) &
					 SECCOMP_RET_ACTION_FULL,
				 value_effect(want) & SECCOMP_RET_ACTION_FULL);
	}
	asking_release(&asking);
}

/* The product of two arguments: nobody can tell, and it has to be said soon. */
static void test_limits(void **state)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 24),
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_X, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x12345677, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	};
	const struct filter filter = {.program = program, .count = COUNT(program)};
	struct asking asking;

	(void)state;
	asking_init(&asking, &filter);
	assert_false(asking_call(&asking, X86_64, 1));
	assert_false(asking_call(&asking, X86_64, 2));
	/* what was met does not hold up what is easy */
	program[3] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 7);
	assert_true(asking_call(&asking, I386, 1));
	assert_int_equal(asking.count, 2);
	asking_release(&asking);
}

/* --- random profiles, arguments near what the filter tests ----------------------------------- */

static const char *const drawn_names[] = {"read", "personality", "clone", "socket", "ioctl"};

static const char *const drawn_actions[] = {"SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_ERRNO",
					    "SCMP_ACT_TRAP", "SCMP_ACT_KILL_PROCESS"};

static const char *const drawn_ops[] = {"SCMP_CMP_NE",       "SCMP_CMP_LT", "SCMP_CMP_LE",
					"SCMP_CMP_EQ",       "SCMP_CMP_GE", "SCMP_CMP_GT",
					"SCMP_CMP_MASKED_EQ"};

static uint64_t draw_value(uint64_t *seed)
{
	static const uint64_t values[] = {0,
					  1,
					  8,
					  0x20008,
					  0x7e020000,
					  0xffffffff,
					  0x100000000,
					  0x500000008,
					  0x7fffffffffffffff,
					  0x8000000000000000,
					  UINT64_MAX};

	if (draw_below(seed, 4) == 0)
		return draw(seed) & 0xf0000000f;
	return values[draw_below(seed, COUNT(values))];
}

static void put_random_rule(struct buf *text, uint64_t *seed)
{
	uint32_t args = draw_below(seed, 4);

	buf_format(text, "{\"names\":[\"%s\"],\"action\":\"%s\",\"errnoRet\":%u,\"args\":[",
		   drawn_names[draw_below(seed, COUNT(drawn_names))],
		   drawn_actions[draw_below(seed, COUNT(drawn_actions))], draw_below(seed, 3));
	for (uint32_t i = 0; i < args; i++) {
		uint64_t mask = draw_value(seed);

		buf_format(text, "%s{\"index\":%u,\"op\":\"%s\",\"value\":%llu,\"valueTwo\":%llu}",
			   i ? "," : "", draw_below(seed, 3),
			   drawn_ops[draw_below(seed, COUNT(drawn_ops))], (unsigned long long)mask,
			   (unsigned long long)(mask & draw_value(seed)));
	}
	buf_put_str(text, STR("]}"));
}

static void put_random_profile(struct buf *text, uint64_t *seed)
{
	uint32_t rules = 1 + draw_below(seed, 6);

	buf_clear(text);
	buf_format(text,
		   "{\"defaultAction\":\"%s\",\"architectures\":[\"SCMP_ARCH_X86_64\","
		   "\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],\"syscalls\":[",
		   drawn_actions[draw_below(seed, COUNT(drawn_actions))]);
	for (uint32_t i = 0; i < rules; i++) {
		buf_format(text, "%s", i ? "," : "");
		put_random_rule(text, seed);
	}
	buf_put_str(text, STR("]}"));
}

/* The values that the rules of one syscall compare with. */
struct pool {
	uint64_t values[64];
	uint32_t count;
};

static void pool_fill(struct pool *pool, const struct rules *rules, const char *name)
{
	pool->count = 0;
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->all[i];

		if (strcmp(rule->name, name) != 0)
			continue;
		for (size_t j = 0; j < rule->arg_count; j++) {
			pool->values[pool->count++] = rule->args[j].value;
			pool->values[pool->count++] = rule->args[j].value_two;
		}
	}
	pool->values[pool->count++] = 0;
}

/* Numbers near those values, or with their bits set or clear. */
static uint64_t draw_near(uint64_t *seed, const struct pool *pool)
{
	uint64_t a = pool->values[draw_below(seed, pool->count)];
	uint64_t b = pool->values[draw_below(seed, pool->count)];

	switch (draw_below(seed, 8)) {
	case 0:
		return a + 1;
	case 1:
		return a - 1;
	case 2:
		return a | draw(seed);
	case 3:
		return a & draw(seed);
	case 4:
		return (a & b) | (draw(seed) & ~b);
	case 5:
		return (a & UINT32_MAX) | (b & ~(uint64_t)UINT32_MAX);
	default:
		return a;
	}
}

static struct seccomp_data draw_call(uint64_t *seed, const struct pool *pool, uint32_t arch,
				     uint32_t nr)
{
	struct seccomp_data data = {.nr = (int)nr, .arch = arch};

	for (size_t i = 0; i < 6; i++) {
		data.args[i] = draw_near(seed, pool);
		/* a 32-bit process has no high halves */
		if (arch != X86_64)
			data.args[i] &= UINT32_MAX;
	}
	return data;
}

static void check_call(uint64_t *seed, const struct filter *filter, const struct pool *pool,
		       struct asking *asking, uint32_t arch, uint32_t nr, const char *text)
{
	assert_true(asking_call(asking, arch, nr));
	bool *found = mem_new(asking->count, sizeof(*found));
	size_t missing = asking->count;

	for (size_t i = 0; i < 300 || (missing > 0 && i < 300000); i++) {
		struct seccomp_data data = draw_call(seed, pool, arch, nr);
		uint32_t want = bpf_run(filter->program, &data);

		if (asking_value(asking, &data) != want)
			fail_msg("arch %x nr %x: 0x%x, not 0x%x\n%s", arch, nr,
				 asking_value(asking, &data), want, text);
		for (size_t j = 0; j < asking->count; j++) {
			missing -= !found[j] && asking->values[j] == want;
			found[j] = found[j] || asking->values[j] == want;
		}
	}
	if (missing)
		fail_msg("arch %x nr %x: a value is found that no call gives\n%s", arch, nr, text);
	free(found);
}

static void check_profile(uint64_t *seed, struct buf *text, size_t *built)
{
	static const uint32_t arches[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32};
	struct profile_options options = test_options();
	struct document document;
	struct lints lints = {0};
	struct rules rules;
	struct filter filter;
	struct asking asking;
	struct pool pool;
	struct err err = ERR_INIT;

	assert_int_equal(document_parse(buf_str(text), NULL, &document, &lints, &err), 0);
	assert_int_equal(rules_resolve(&document, &options, &rules, &lints, &err), 0);
	int r = filter_build(&rules, &options, &filter, &lints, &err);

	asking_init(&asking, &filter);
	for (size_t i = 0; r == 0 && i < COUNT(arches); i++) {
		for (size_t j = 0; j < COUNT(drawn_names); j++) {
			int nr = seccomp_syscall_resolve_name_arch(arches[i], drawn_names[j]);

			pool_fill(&pool, &rules, drawn_names[j]);
			check_call(seed, &filter, &pool, &asking, arch_audit(arches[i]),
				   (uint32_t)nr, text->p);
		}
	}
	asking_release(&asking);
	*built += r == 0;
	if (r < 0 && r != -EEXIST)
		fail_msg("%s\n%s", err.message, text->p);
	filter_release(&filter);
	rules_release(&rules);
	document_release(&document);
	lint_release(&lints);
}

static void test_random_profiles(void **state)
{
	size_t count = rounds_of("SCLOG_TEST_ROUNDS", 150), built = 0;
	uint64_t seed = 7;
	BUF_AUTO text = {0};

	(void)state;
	for (size_t i = 0; i < count; i++) {
		put_random_profile(&text, &seed);
		check_profile(&seed, &text, &built);
	}
	/* conflicting rules are refused; most profiles have none */
	assert_true(built > count / 2);
}

/* So many rules of six masked args for ioctl, each with a bit of its own, and two more. */
static struct profile *load_masked(unsigned count)
{
	struct profile_options options = test_options();
	struct err err = ERR_INIT;
	BUF_AUTO text = {0};

	buf_put_str(&text, STR("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":["
			       "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}"));
	for (unsigned i = 0; i < count; i++) {
		buf_put_str(
			&text,
			STR(",{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["));
		for (unsigned j = 0; j < 6; j++)
			buf_format(&text,
				   "%s{\"index\":%u,\"value\":%u,\"valueTwo\":%u,"
				   "\"op\":\"SCMP_CMP_MASKED_EQ\"}",
				   j ? "," : "", j, 0x10001U << i % 15 | (i + 1), i + 1);
		buf_put_str(&text, STR("]}"));
	}
	buf_put_str(&text,
		    STR(",{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_KILL_PROCESS\","
			"\"args\":[{\"index\":0,\"value\":2147483648,\"valueTwo\":2147483648,"
			"\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
			"{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_TRAP\","
			"\"args\":[{\"index\":1,\"value\":18446744073709551615,"
			"\"op\":\"SCMP_CMP_GT\"}]}]}"));
	struct profile *profile = load_text(text.p, &options, &err);

	if (!profile)
		fail_msg("%s", err.message);
	return profile;
}

/*
 * What can be returned is known though nobody would list for which arguments: KILL_PROCESS wants a
 * bit that no other rule looks at; TRAP wants an argument above the largest there is, and is out
 * of reach.
 */
static void test_many_masks(void **state)
{
	struct profile *profile = load_masked(8);
	struct verdict verdict = profile_judge(profile, X86_64, 16);
	static const char *const expected[] = {"ALLOW", "ERRNO(1)", "KILL_PROCESS"};
	char value[VERDICT_VALUE_SIZE];

	(void)state;
	assert_int_equal(verdict.kind, VERDICT_CONDITIONAL);
	assert_int_equal(verdict.reachable_count, COUNT(expected));
	for (size_t i = 0; i < COUNT(expected); i++)
		assert_string_equal(verdict_value_text(verdict.reachable[i], value), expected[i]);
	assert_int_equal(verdict.action, SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(verdict.condition_count, 3);
	profile_free(profile);
}

/* Beyond the limits nothing is claimed of that call, and all others are told as ever. */
static void test_too_many_masks(void **state)
{
	struct profile *profile = load_masked(40);
	struct verdict verdict = profile_judge(profile, X86_64, 16);

	(void)state;
	assert_int_equal(verdict.kind, VERDICT_UNKNOWN);
	assert_int_equal(verdict.origin, VERDICT_BY_NOTHING);
	assert_int_equal(verdict.reachable_count, 0);
	assert_int_equal(verdict.condition_count, 1);
	assert_non_null(strstr(verdict.conditions[0], "cannot tell"));
	assert_int_equal(profile_judge(profile, X86_64, 0).kind, VERDICT_ALLOWED);
	assert_int_equal(profile_judge(profile, X86_64, 1).kind, VERDICT_DENIED);
	profile_free(profile);
}

/* kernel/seccomp.c, seccomp_uprobe_exception(): Linux 6.14 shows these to no filter. */
static void test_uprobes(void **state)
{
	struct profile_options options = test_options();
	struct err err = ERR_INIT;
	static const char text[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[]}";

	(void)state;
	for (unsigned minor = 13; minor <= 14; minor++) {
		options.kernel_major = 6;
		options.kernel_minor = minor;
		struct profile *profile = load_text(text, &options, &err);

		assert_non_null(profile);
		for (int64_t nr = 334; nr <= 337; nr++) {
			struct verdict verdict = profile_judge(profile, X86_64, nr);
			bool passes = minor == 14 && (nr == 335 || nr == 336);

			assert_int_equal(verdict.kind == VERDICT_ALLOWED, passes);
			assert_int_equal(verdict.origin == VERDICT_BY_KERNEL, passes);
			assert_int_not_equal(profile_judge(profile, I386, nr).origin,
					     VERDICT_BY_KERNEL);
		}
		profile_free(profile);
	}
}

/* --- the kernel's own answer ----------------------------------------------------------------- */

#if defined(__x86_64__)

static void build_golden(const char *name, struct filter *filter)
{
	struct profile_options options = test_options();
	struct document document;
	struct lints lints = {0};
	struct rules rules;
	struct err err = ERR_INIT;
	char path[256], bytes[8192];
	int fd = open(golden(name, path), O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, bytes, sizeof(bytes));

	assert_true(n > 0);
	close(fd);
	assert_int_equal(document_parse(str_of(bytes, (size_t)n), NULL, &document, &lints, &err),
			 0);
	assert_int_equal(rules_resolve(&document, &options, &rules, &lints, &err), 0);
	assert_int_equal(filter_build(&rules, &options, filter, &lints, &err), 0);
	rules_release(&rules);
	document_release(&document);
	lint_release(&lints);
}

/* What became of one call made under a filter. */
struct answer {
	bool refused; /* the kernel did not take the filter */
	int signal;   /* that ended the process, 0 for none */
	long result;  /* else what the call returned, -errno for an error */
};

static long call_i386(long nr, long arg)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(arg) : "memory", "cc");
	return result;
}

/* Not _exit(): a sanitizer looks for leaks there, with calls that the filter refuses. */
static void leave(long status)
{
	for (;;)
		(void)syscall(SYS_exit_group, status);
}

static void call_in_child(const struct filter *filter, int out, bool i386, long nr, long arg)
{
	struct sock_fprog program = {.len = (unsigned short)filter->count,
				     .filter = filter->program};
	const struct rlimit no_core = {0, 0};

	/* cmocka catches these, and would go on testing in the child; a kernel that cannot do an
	 * i386 call answers int 0x80 with SIGSEGV */
	(void)signal(SIGSYS, SIG_DFL);
	(void)signal(SIGSEGV, SIG_DFL);
	(void)setrlimit(RLIMIT_CORE, &no_core);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		leave(99);
	long result = i386 ? call_i386(nr, arg) : syscall(nr, arg, 0, 0);

	if (!i386 && result == -1)
		result = -errno;
	if (write(out, &result, sizeof(result)) != sizeof(result))
		leave(98);
	leave(0);
}

static struct answer call_under(const struct filter *filter, bool i386, long nr, long arg)
{
	struct answer answer = {0};
	int ends[2], status;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = fork();

	if (pid == 0)
		call_in_child(filter, ends[1], i386, nr, arg);
	assert_true(pid > 0);
	close(ends[1]);
	ssize_t n = read(ends[0], &answer.result, sizeof(answer.result));

	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	answer.refused = WIFEXITED(status) && WEXITSTATUS(status) == 99;
	answer.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	if (!answer.refused && !answer.signal)
		assert_int_equal(n, sizeof(answer.result));
	return answer;
}

/*
 * What a filter's return value makes of a call (seccomp(2)): with no tracer TRACE gives ENOSYS,
 * TRAP and both KILLs end a single-threaded process with SIGSYS.
 */
static bool agrees(uint32_t value, const struct answer *answer, long allowed_result)
{
	long error = value & SECCOMP_RET_DATA;

	switch (value & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
		return !answer->signal && answer->result == allowed_result;
	case SECCOMP_RET_ERRNO:
		return !answer->signal && answer->result == -(error < 4095 ? error : 4095);
	case SECCOMP_RET_TRACE:
		return !answer->signal && answer->result == -ENOSYS;
	default:
		return answer->signal == SIGSYS;
	}
}

static const struct {
	long nr, arg;
	const char *value; /* the verdict's, worked out from the profile by hand */
} calls[] = {
	{SYS_getuid, 0, "ALLOW"},
	{SYS_getpid, 0, "ERRNO(77)"},
	{SYS_getppid, 0, "ERRNO(4094)"},
	{SYS_getgid, 0, "LOG"},
	{SYS_getegid, 0, "TRACE(1)"},
	{SYS_geteuid, 0, "TRAP"},
	{SYS_gettid, 0, "KILL_PROCESS"},
	{SYS_getpgrp, 0, "KILL_THREAD"},
	{SYS_getpriority, 0, "ERRNO(38)"},
	{SYS_getsid, 0, "ERRNO(1)"},     /* named nowhere */
	{SYS_getrandom, 0, "ERRNO(38)"}, /* above exit_group, so the stub's */
	{SYS_personality, 0xffffffff, "ALLOW"},
	{SYS_personality, 0, "ERRNO(1)"},
	{SYS_personality, -1L, "ERRNO(1)"}, /* 0xffffffffffffffff */
	{SYS_umask, 0x12, "ERRNO(1)"},
	{SYS_umask, 0x02, "ERRNO(55)"},
	{SYS_umask, 0xe2, "ERRNO(55)"},
	{SYS_umask, 0x10, "ALLOW"},
	{SYS_umask, 0x00, "ERRNO(1)"},
};

/* The call without a filter: what it returns when it is let through. */
static long call_plain(long nr, long arg)
{
	long result;
	mode_t mask;

	switch (nr) {
	case SYS_umask:
		mask = umask(0);
		umask(mask);
		return (long)mask;
	case SYS_getuid:
	case SYS_getgid:
	case SYS_personality:
		result = syscall(nr, arg);
		return result;
	default:
		return -1;
	}
}

/*
 * For each call three must agree: the value worked out by hand, the kernel under this very
 * filter, and the walk, which must hold the value among those it can reach.
 */
static void test_kernel(void **state)
{
	struct profile_options options = test_options();
	struct profile *profile;
	struct filter filter;
	char text[VERDICT_VALUE_SIZE];

	(void)state;
	if (under_valgrind())
		skip();
	profile = load("kernel.json", &options);
	build_golden("kernel.json", &filter);
	for (size_t i = 0; i < COUNT(calls); i++) {
		struct answer answer = call_under(&filter, false, calls[i].nr, calls[i].arg);
		struct verdict verdict = profile_judge(profile, X86_64, calls[i].nr);
		bool reachable = false;

		if (answer.refused) {
			filter_release(&filter);
			profile_free(profile);
			skip();
		}
		for (size_t j = 0; j < verdict.reachable_count; j++) {
			uint32_t value = verdict.reachable[j];

			if (strcmp(verdict_value_text(value, text), calls[i].value) != 0)
				continue;
			reachable = true;
			if (!agrees(value, &answer, call_plain(calls[i].nr, calls[i].arg)))
				fail_msg("nr %ld arg %lx: %s, but the kernel gave %ld, signal %d",
					 calls[i].nr, calls[i].arg, calls[i].value, answer.result,
					 answer.signal);
		}
		if (!reachable)
			fail_msg("nr %ld: the walk does not reach %s", calls[i].nr, calls[i].value);
	}
	filter_release(&filter);
	profile_free(profile);
}

/* An i386 call is killed where the filter knows x86_64 alone, and judged where it knows both. */
static void test_kernel_i386(void **state)
{
	struct profile_options options = test_options();
	struct filter filter = {.count = 0};
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const long i386_getpid = 20, i386_getppid = 64;

	(void)state;
	if (under_valgrind())
		skip();
	filter.program = &allow;
	filter.count = 1;
	struct answer answer = call_under(&filter, true, i386_getpid, 0);

	if (answer.refused || answer.signal || answer.result < 0)
		skip(); /* a kernel without CONFIG_IA32_EMULATION */
	build_golden("kernel.json", &filter);
	answer = call_under(&filter, true, i386_getpid, 0);
	filter_release(&filter);
	assert_int_equal(answer.signal, SIGSYS);

	struct profile *profile = load("kernel.json", &options);

	assert_int_equal(profile_judge(profile, I386, i386_getpid).kind, VERDICT_BAD_ARCH);
	profile_free(profile);

	build_golden("oci.json", &filter);
	answer = call_under(&filter, true, i386_getpid, 0);
	assert_int_equal(answer.signal, 0);
	assert_int_equal(answer.result, -13);
	answer = call_under(&filter, true, i386_getppid, 0);
	assert_int_equal(answer.result, getpid());
	filter_release(&filter);
	profile = load("oci.json", &options);
	assert_int_equal(profile_judge(profile, I386, i386_getpid).error, 13);
	assert_int_equal(profile_judge(profile, I386, i386_getppid).kind, VERDICT_LOGGED);
	profile_free(profile);
}

#else

static void test_kernel(void **state)
{
	(void)state;
	skip(); /* the golden filter is for x86_64 */
}

static void test_kernel_i386(void **state)
{
	(void)state;
	skip();
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_fallback),
		cmocka_unit_test(test_reachable),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_range_words),
		cmocka_unit_test(test_hole_of_names),
		cmocka_unit_test(test_search_effort),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_runtimes_differ),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_deep_nesting),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_conflict),
		cmocka_unit_test(test_lint),
		cmocka_unit_test(test_misbuilt),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_foreign_hosts),
		cmocka_unit_test(test_foreign_condition),
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_shipped_foreign),
		cmocka_unit_test(test_random_programs),
		cmocka_unit_test(test_high_half),
		cmocka_unit_test(test_random_numbers),
		cmocka_unit_test(test_returned_register),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_random_profiles),
		cmocka_unit_test(test_many_masks),
		cmocka_unit_test(test_too_many_masks),
		cmocka_unit_test(test_uprobes),
		cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_kernel_i386),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
