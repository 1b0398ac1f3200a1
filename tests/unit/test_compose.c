/*
 * Compositions: the profile that lets through what is needed, alone and on top of others.
 *
 * What a composed profile has to answer is worked out here from its parts: each part's filter is
 * run by an interpreter of BPF that belongs to the tests (tests/bpf.h), over sampled arguments, and
 * a call passes if it does under one of the parts, or is needed. Filters of needs are built with
 * libseccomp right here; what happens in a process is asked of the running kernel.
 */
#include "ingest/arch.h"
#include "profile/compose/compose.h"
#include "profile/compose/check.h"
#include "profile/source.h"
#include "profile/filter/filter.h"
#include "tests/filters.h"
#include "tests/valgrind.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/net.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* last: it redefines things of the headers above */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define HOST         SCMP_ARCH_X86_64
#define ENOSYS_VALUE (SECCOMP_RET_ERRNO | ENOSYS)

/* Samples of arguments for every arch and number. */
#define SAMPLES 12

#define ARCHES                                                          \
	"\"architectures\": [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\", " \
	"\"SCMP_ARCH_X32\"], "
#define NATIVE       "\"architectures\": [\"SCMP_ARCH_X86_64\"], "
#define EPERM_ARCHES "{\"defaultAction\": \"SCMP_ACT_ERRNO\", " ARCHES "\"syscalls\": ["
#define EPERM_NATIVE "{\"defaultAction\": \"SCMP_ACT_ERRNO\", " NATIVE "\"syscalls\": ["
#define ALLOW(names) "{\"action\": \"SCMP_ACT_ALLOW\", \"names\": [" names "]}"
#define END          "]}"

/* --- making ---------------------------------------------------------------------------------- */

static struct profile_options options_for(enum runtime runtime)
{
	struct profile_options options = profile_options_default();

	options.arch = HOST;
	options.kernel_major = 6;
	options.runtime = runtime;
	return options;
}

static struct profile *load(const char *name, struct str text,
			    const struct profile_options *options)
{
	struct profile_source *source = profile_source_from_text(name, text);
	struct profile *profile = NULL;
	struct err err = ERR_INIT;

	if (profile_load(source, options, &profile, &err) < 0)
		fail_msg("%s\n%.*s", err.message, (int)text.n, text.p);
	profile_source_free(source);
	return profile;
}

/* NULL where the file is not on this machine. */
static struct profile *load_file(const char *path, const struct profile_options *options)
{
	const char *top = getenv("srcdir");
	struct profile_source *source;
	struct profile *profile;
	struct err err = ERR_INIT;
	char name[256];

	snprintf(name, sizeof(name), "%s%s%s",
		 path[0] == '/' ? ""
		 : top          ? top
				: ".",
		 path[0] == '/' ? "" : "/", path);
	if (profile_source_acquire(name, &source, &err) < 0)
		return NULL;
	if (profile_load(source, options, &profile, &err) < 0)
		fail_msg("%s", err.message);
	profile_source_free(source);
	return profile;
}

/* Names separated by spaces, each as if observed on the first of x86_64 and i386 that has it. */
static struct needs needs_of(const char *names)
{
	struct needs needs = {0};
	char *copy = strdup(names), *rest = NULL;

	for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
		int nr = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, name);
		uint32_t arch = AUDIT_ARCH_X86_64;

		if (nr < 0) {
			nr = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, name);
			arch = AUDIT_ARCH_I386;
		}
		assert_true(nr >= 0);
		needs_observe(&needs, arch, nr);
	}
	free(copy);
	return needs;
}

struct made {
	struct needs needs;
	struct profile *bases[4];
	struct composing composing;
	struct composed composed;
	struct profile *result;
};

static void made_release(struct made *made)
{
	profile_free(made->result);
	composed_release(&made->composed);
	for (size_t i = 0; i < made->composing.base_count; i++)
		profile_free(made->bases[i]);
	needs_release(&made->needs);
}

static void made_init(struct made *made, enum runtime runtime, const char *names)
{
	*made = (struct made){.needs = needs_of(names)};
	made->composing.options = options_for(runtime);
	made->composing.needs = &made->needs;
	made->composing.bases = made->bases;
}

static void add_base(struct made *made, const char *text)
{
	char name[16];

	snprintf(name, sizeof(name), "base%zu", made->composing.base_count + 1);
	made->bases[made->composing.base_count++] =
		load(name, str_from(text), &made->composing.options);
}

/* Composes twice, since the bytes must be the same, and loads what came out. */
static void make(struct made *made)
{
	struct err err = ERR_INIT;
	struct composed again;

	if (compose(&made->composing, &made->composed, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(compose(&made->composing, &again, &err), 0);
	assert_int_equal(again.document.n, made->composed.document.n);
	assert_memory_equal(again.document.p, made->composed.document.p, again.document.n);
	composed_release(&again);
	made->result = load("result", buf_str(&made->composed.document), &made->composing.options);
}

/* The message of the error that composing ends in. */
static struct err fails(struct made *made, int code)
{
	struct err err = ERR_INIT;
	int r = compose(&made->composing, &made->composed, &err);

	if (r != -code)
		fail_msg("%d where %d was expected: %s", r, -code, err.message);
	return err;
}

static const struct composed_name *find_name(const struct made *made, const char *name)
{
	for (size_t i = 0; i < made->composed.name_count; i++) {
		if (strcmp(made->composed.names[i].name, name) == 0)
			return &made->composed.names[i];
	}
	return NULL;
}

static void assert_kind(const struct made *made, const char *name, enum composed_kind kind)
{
	const struct composed_name *found = find_name(made, name);

	if (!found)
		fail_msg("%s is not told of", name);
	else
		assert_int_equal(found->kind, kind);
}

static bool is_noted(const struct made *made, const char *words)
{
	for (size_t i = 0; i < made->composed.notes.count; i++) {
		if (strstr(made->composed.notes.all[i].message, words))
			return true;
	}
	return false;
}

static bool says(const struct made *made, const char *words)
{
	return memmem(made->composed.document.p, made->composed.document.n, words, strlen(words));
}

/* --- asking ---------------------------------------------------------------------------------- */

static uint32_t answer_to(const struct filter *filter, uint32_t arch, uint32_t nr, uint64_t arg0,
			  uint64_t arg1)
{
	struct seccomp_data data = {.nr = (int)nr, .arch = arch, .args = {arg0, arg1}};

	return filter_run(filter, &data);
}

/* What the result answers to a syscall of x86_64. */
static uint32_t ask(const struct made *made, const char *name, uint64_t arg0, uint64_t arg1)
{
	int nr = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, name);

	return answer_to(profile_filter(made->result), AUDIT_ARCH_X86_64, (uint32_t)nr, arg0, arg1);
}

static bool lets_pass(uint32_t value)
{
	return (value & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ALLOW ||
	       (value & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_LOG;
}

/* Calls of socketcall and ipc on i386 (linux/net.h, linux/ipc.h): libseccomp opens them with the
 * names that they stand for. */
static const struct {
	int nr;
	uint32_t call;
	const char *name;
} members[] = {
	{102, SYS_SOCKET, "socket"}, {102, SYS_BIND, "bind"}, {102, SYS_CONNECT, "connect"},
	{102, SYS_SEND, "send"},     {102, SYS_RECV, "recv"}, {102, SYS_ACCEPT4, "accept4"},
	{117, 1, "semop"},           {117, 11, "msgsnd"},     {117, 23, "shmget"},
};

static bool is_granted(const struct made *made, const char *name)
{
	const struct composed_name *found = find_name(made, name);

	return needs_find(&made->needs, name) &&
	       (!found || found->kind == COMPOSED_ADDED || found->kind == COMPOSED_WIDENED);
}

/* A needed name, or a call of socketcall or ipc that is one. */
static bool is_needed(const struct made *made, const struct seccomp_data *data)
{
	uint32_t token = arch_token(data->arch, data->nr);
	char name[SYSCALL_NAME_SIZE];

	if (!filter_arch(profile_filter(made->result), token))
		return false;
	if (syscall_name(data->arch, data->nr, name) && is_granted(made, name))
		return true;
	for (size_t i = 0; i < COUNT(members); i++) {
		if (data->arch == AUDIT_ARCH_I386 && data->nr == members[i].nr &&
		    (uint32_t)data->args[0] == members[i].call && is_granted(made, members[i].name))
			return true;
	}
	return false;
}

struct sampling {
	const struct made *made;
	const struct filter *parts[4]; /* what else may pass */
	size_t part_count;
	struct bpf_constants constants;
	uint64_t seed;
	size_t compared, passed, hidden;
};

static void sample(struct sampling *sampling, uint32_t arch, uint32_t nr)
{
	struct seccomp_data data = {.nr = (int)nr, .arch = arch};
	const struct filter *result = profile_filter(sampling->made->result);

	for (int i = 0; i < SAMPLES; i++) {
		bool expected, may;

		bpf_arguments(&sampling->constants, arch == AUDIT_ARCH_I386, &sampling->seed,
			      &data);
		if (i % 2)
			data.args[0] = bpf_random(&sampling->seed) % 32;
		expected = is_needed(sampling->made, &data);
		may = expected;
		for (size_t j = 0; j < sampling->part_count; j++) {
			const struct filter *part = sampling->parts[j];

			expected = expected || lets_pass(filter_run(part, &data));
			/* what only runc's stub hides appears when something newer is needed */
			may = may || lets_pass(bpf_run(part->program + part->stub_count, &data));
		}
		sampling->compared++;
		sampling->passed += expected;
		sampling->hidden += may && !expected;
		bool passes = lets_pass(filter_run(result, &data));

		if (passes == expected || (passes && may))
			continue;
		print_message("# %.*s\n", (int)sampling->made->composed.document.n,
			      sampling->made->composed.document.p);
		fail_msg("arch 0x%x number %d (0x%llx, 0x%llx, 0x%llx) should %spass", arch,
			 (int)nr, data.args[0], data.args[1], data.args[2], expected ? "" : "not ");
	}
}

/* What passes is what passes under a part, or is needed: over sampled arguments. */
static size_t assert_union_of(const struct made *made, const struct filter *const *parts,
			      size_t part_count, bool x86)
{
	struct sampling sampling = {.made = made, .seed = 88172645463325252ULL};
	const struct filter *result = profile_filter(made->result);

	for (size_t i = 0; i < part_count; i++)
		sampling.parts[sampling.part_count++] = parts[i];
	for (size_t i = 0; i < part_count; i++)
		filter_constants(&sampling.constants, parts[i]);
	filter_constants(&sampling.constants, result);
	for (int nr = -1; nr <= 600; nr++) {
		sample(&sampling, AUDIT_ARCH_X86_64, (uint32_t)nr);
		if (x86)
			sample(&sampling, AUDIT_ARCH_I386, (uint32_t)nr);
		if (nr >= 0)
			sample(&sampling, AUDIT_ARCH_X86_64, ARCH_X32_BIT | (uint32_t)nr);
	}
	for (int nr = 0; nr < 10; nr++)
		sample(&sampling, AUDIT_ARCH_AARCH64, (uint32_t)nr);
	free(sampling.constants.all);
	/* 359 to 373 on i386, which socketcall leads to as well */
	assert_true(sampling.hidden <= 15 * SAMPLES);
	return sampling.passed;
}

static size_t assert_union(const struct made *made)
{
	const struct filter *parts[4];

	for (size_t i = 0; i < made->composing.base_count; i++)
		parts[i] = profile_filter(made->bases[i]);
	return assert_union_of(made, parts, made->composing.base_count, true);
}

/* --- the join of two filters ----------------------------------------------------------------- */

static struct filter filter_of(const struct sock_filter *program, size_t count)
{
	struct filter filter = {.count = count};

	filter.program = malloc(count * sizeof(*program));
	memcpy(filter.program, program, count * sizeof(*program));
	return filter;
}

/* seccomp(2), "Seccomp filters": in decreasing order of precedence; the mildest last. */
static const uint32_t by_precedence[] = {
	SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
	SECCOMP_RET_TRAP | 3,     SECCOMP_RET_ERRNO | EACCES,
	SECCOMP_RET_USER_NOTIF,   SECCOMP_RET_TRACE | 7,
	SECCOMP_RET_LOG,          SECCOMP_RET_ALLOW,
};

static uint32_t joined(uint32_t a, uint32_t b)
{
	const struct sock_filter programs[2][1] = {{{BPF_RET | BPF_K, 0, 0, a}},
						   {{BPF_RET | BPF_K, 0, 0, b}}};
	struct filter filters[2] = {filter_of(programs[0], 1), filter_of(programs[1], 1)};
	struct asking asking;

	filter_join(&filters[0], &filters[1]);
	asking_init(&asking, &filters[0]);
	assert_true(asking_call(&asking, AUDIT_ARCH_X86_64, 0));
	assert_int_equal(asking.count, 1);
	uint32_t value = asking.values[0];

	asking_release(&asking);
	filter_release(&filters[0]);
	filter_release(&filters[1]);
	return value;
}

static void test_join(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(by_precedence); i++) {
		for (size_t j = 0; j < COUNT(by_precedence); j++)
			assert_int_equal(joined(by_precedence[i], by_precedence[j]),
					 by_precedence[i > j ? i : j]);
	}
	assert_int_equal(joined(SECCOMP_RET_ERRNO | 1, SECCOMP_RET_ERRNO | 13),
			 SECCOMP_RET_ERRNO | 1);
	assert_int_equal(joined(SECCOMP_RET_ERRNO | 13, SECCOMP_RET_ERRNO | 1),
			 SECCOMP_RET_ERRNO | 13);
	assert_int_equal(joined(SECCOMP_RET_ERRNO | 1, ENOSYS_VALUE), ENOSYS_VALUE);
	assert_int_equal(joined(ENOSYS_VALUE, SECCOMP_RET_ERRNO | 1), ENOSYS_VALUE);
	assert_int_equal(joined(SECCOMP_RET_TRACE | 1, SECCOMP_RET_TRACE | 2),
			 SECCOMP_RET_TRACE | 1);
	/* the kernel ends the process for an action that it does not know */
	assert_int_equal(joined(0x7ffd0000, SECCOMP_RET_ERRNO | 1), SECCOMP_RET_ERRNO | 1);
	assert_int_equal(joined(0x00040000, 0x00010000), SECCOMP_RET_KILL_PROCESS);
}

/* The second program begins with registers of zero, whatever the first has left in them. */
static void test_join_registers(void **state)
{
	static const struct sock_filter first[] = {
		{BPF_LD | BPF_IMM, 0, 0, 5},
		{BPF_MISC | BPF_TAX, 0, 0, 0},
		{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS},
	};
	static const struct sock_filter second[] = {
		{BPF_JMP | BPF_JEQ | BPF_X, 0, 2, 0},
		{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0},
		{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
		{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS},
	};
	struct filter a = filter_of(first, COUNT(first)), b = filter_of(second, COUNT(second));
	struct asking asking;

	(void)state;
	filter_join(&a, &b);
	asking_init(&asking, &a);
	assert_true(asking_call(&asking, AUDIT_ARCH_X86_64, 0));
	assert_int_equal(asking.count, 1);
	assert_int_equal(asking.values[0], SECCOMP_RET_ALLOW);
	asking_release(&asking);
	filter_release(&a);
	filter_release(&b);
}

/* --- needs alone ----------------------------------------------------------------------------- */

/* The same list as libseccomp makes a filter of it. */
static struct filter listed(uint32_t standard, const char *const *names, size_t count, bool x86)
{
	scmp_filter_ctx context = seccomp_init(standard);
	FILE *file = tmpfile();
	struct sock_filter program[BPF_MAXINSNS];

	assert_non_null(context);
	assert_non_null(file);
	if (x86)
		assert_int_equal(seccomp_arch_add(context, SCMP_ARCH_X86), 0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(seccomp_rule_add(context, SCMP_ACT_ALLOW,
						  seccomp_syscall_resolve_name(names[i]), 0),
				 0);
	assert_int_equal(seccomp_export_bpf(context, fileno(file)), 0);
	seccomp_release(context);
	rewind(file);
	size_t n = fread(program, sizeof(program[0]), BPF_MAXINSNS, file);

	fclose(file);
	return filter_of(program, n);
}

static const char alone_json[] = "{\n"
				 "\t\"defaultAction\": \"SCMP_ACT_ERRNO\",\n"
				 "\t\"defaultErrnoRet\": 38,\n"
				 "\t\"architectures\": [\n"
				 "\t\t\"SCMP_ARCH_X86_64\",\n"
				 "\t\t\"SCMP_ARCH_X86\"\n"
				 "\t],\n"
				 "\t\"syscalls\": [\n"
				 "\t\t{\n"
				 "\t\t\t\"names\": [\n"
				 "\t\t\t\t\"exit_group\",\n"
				 "\t\t\t\t\"read\",\n"
				 "\t\t\t\t\"semop\",\n"
				 "\t\t\t\t\"socket\"\n"
				 "\t\t\t],\n"
				 "\t\t\t\"action\": \"SCMP_ACT_ALLOW\"\n"
				 "\t\t}\n"
				 "\t]\n"
				 "}\n";

static void test_alone(void **state)
{
	static const char *const names[] = {"socket", "read", "semop", "exit_group"};
	struct made made;

	(void)state;
	made_init(&made, RUNTIME_CRUN, "socket read semop exit_group");
	assert_true(needs_add_arch(&made.needs, SCMP_ARCH_X86));
	make(&made);
	assert_string_equal(made.composed.document.p, alone_json);
	assert_int_equal(made.composed.name_count, 0);
	assert_int_equal(made.composed.notes.count, 0);

	struct filter expected = listed(SCMP_ACT_ERRNO(ENOSYS), names, COUNT(names), true);
	const struct filter *parts[] = {&expected};

	assert_true(assert_union_of(&made, parts, 1, true) > 0);
	assert_int_equal(ask(&made, "mount", 0, 0), ENOSYS_VALUE);
	/* the default holds for what is not listed, i386 included */
	assert_int_equal(answer_to(profile_filter(made.result), AUDIT_ARCH_I386, 102, SYS_BIND, 0),
			 ENOSYS_VALUE);
	filter_release(&expected);
	made_release(&made);
}

static void test_alone_default(void **state)
{
	static const struct {
		uint32_t action, answer;
		const char *says;
	} cases[] = {
		{SECCOMP_RET_ERRNO | EPERM, SECCOMP_RET_ERRNO | EPERM, "\"defaultErrnoRet\": 1,"},
		{SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS, "SCMP_ACT_KILL_PROCESS"},
		{SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_THREAD, "SCMP_ACT_KILL_THREAD"},
		{SECCOMP_RET_TRAP, SECCOMP_RET_TRAP, "SCMP_ACT_TRAP"},
		{SECCOMP_RET_LOG, SECCOMP_RET_LOG, "SCMP_ACT_LOG"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct made made;

		made_init(&made, RUNTIME_CRUN, "read socket");
		assert_true(needs_add_arch(&made.needs, SCMP_ARCH_X86));
		made.composing.has_default = true;
		made.composing.default_action = cases[i].action;
		make(&made);
		assert_true(says(&made, cases[i].says));
		assert_int_equal(ask(&made, "read", 0, 0), SECCOMP_RET_ALLOW);
		assert_int_equal(ask(&made, "mount", 0, 0), cases[i].answer);
		made_release(&made);
	}
}

static void test_foreign(void **state)
{
	struct made made;

	(void)state;
	made_init(&made, RUNTIME_RUNC, "");
	made.composing.options.arch = 0;
	needs_observe(&made.needs, AUDIT_ARCH_AARCH64, 63); /* read */
	needs_observe(&made.needs, AUDIT_ARCH_S390X, 3);    /* read: another byte order */

	struct err err = fails(&made, EINVAL);

	assert_non_null(strstr(err.message, "SCMP_ARCH_S390X"));
	composed_release(&made.composed);
	needs_release(&made.needs);
	made_init(&made, RUNTIME_RUNC, "");
	made.composing.options.arch = 0;
	needs_observe(&made.needs, AUDIT_ARCH_AARCH64, 63);
	assert_int_equal(compose(&made.composing, &made.composed, &err), 0);
	assert_true(says(&made, "\"SCMP_ARCH_AARCH64\"\n"));
	assert_true(says(&made, "\"read\"\n"));
	made_release(&made);
}

/* Only 32-bit programs were seen, on a machine that is a 64-bit one all the same. */
static void test_companion(void **state)
{
	struct made made;

	(void)state;
	if (seccomp_arch_native() != SCMP_ARCH_X86_64)
		skip();
	made_init(&made, RUNTIME_RUNC, "");
	made.composing.options.arch = 0;
	needs_observe(&made.needs, AUDIT_ARCH_I386, 20); /* getpid */
	make(&made);
	assert_false(says(&made, "SCMP_ARCH_X86_64"));
	const struct filter *result = profile_filter(made.result);

	assert_int_equal(answer_to(result, AUDIT_ARCH_I386, 20, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_to(result, AUDIT_ARCH_X86_64, 1, 0, 0), ENOSYS_VALUE);
	assert_int_equal(answer_to(result, AUDIT_ARCH_AARCH64, 172, 0, 0), SECCOMP_RET_KILL_THREAD);
	made_release(&made);
}

/* A needed number of i386 that runc's stub would refuse: something newer has to be named. */
static void test_pin(void **state)
{
	struct made made;

	(void)state;
	made_init(&made, RUNTIME_RUNC, "");
	needs_observe(&made.needs, AUDIT_ARCH_I386, 362); /* connect, socketcall's call 3 */
	make(&made);
	const struct filter *result = profile_filter(made.result);

	assert_int_equal(answer_to(result, AUDIT_ARCH_I386, 362, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_to(result, AUDIT_ARCH_I386, 102, SYS_CONNECT, 0),
			 SECCOMP_RET_ALLOW);
	assert_int_equal(answer_to(result, AUDIT_ARCH_I386, 102, SYS_BIND, 0), ENOSYS_VALUE);
	assert_true(is_noted(&made, "so that runc's stub does not refuse connect"));
	made_release(&made);
}

/* --- on a base ------------------------------------------------------------------------------- */

/* What is so in moby's default for Docker's capabilities: see the text of the file. */
static void runtime_default(bool widen)
{
	struct made made;

	made_init(&made, RUNTIME_RUNC, "read openat clone clone3 personality socket bpf mount");
	made.composing.widen = widen;
	made.bases[made.composing.base_count++] =
		load_file("share/runtime-default.json", &made.composing.options);
	assert_non_null(made.bases[0]);
	make(&made);
	assert_int_equal(made.composed.name_count, 6);
	assert_kind(&made, "bpf", COMPOSED_ADDED);
	assert_kind(&made, "mount", COMPOSED_ADDED);
	assert_kind(&made, "clone", widen ? COMPOSED_WIDENED : COMPOSED_CONDITIONAL);
	assert_kind(&made, "personality", widen ? COMPOSED_WIDENED : COMPOSED_CONDITIONAL);
	assert_kind(&made, "socket", widen ? COMPOSED_WIDENED : COMPOSED_CONDITIONAL);
	assert_kind(&made, "clone3", widen ? COMPOSED_WIDENED : COMPOSED_FALLBACK);

	uint32_t refused = widen ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | EPERM;

	assert_int_equal(ask(&made, "bpf", 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&made, "clone3", 0, 0), widen ? SECCOMP_RET_ALLOW : ENOSYS_VALUE);
	assert_int_equal(ask(&made, "clone", 0x1200011, 0), SECCOMP_RET_ALLOW); /* fork */
	assert_int_equal(ask(&made, "clone", 0x10000011, 0), refused);          /* NEWUSER */
	assert_int_equal(ask(&made, "personality", PER_LINUX, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&made, "personality", ADDR_NO_RANDOMIZE, 0), refused);
	assert_int_equal(ask(&made, "socket", AF_INET, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&made, "socket", AF_VSOCK, 0), refused);
	assert_int_equal(ask(&made, "swapon", 0, 0), SECCOMP_RET_ERRNO | EPERM);
	if (!under_valgrind())
		assert_true(assert_union(&made) > 1000);
	made_release(&made);
}

static void test_runtime_default(void **state)
{
	(void)state;
	runtime_default(false);
	runtime_default(true);
}

static const char *const files[] = {
	"/usr/share/containers/seccomp.json",
	"share/runtime-default.json",
	"tests/profiles/bundle.json",
	"tests/profiles/docker.json",
	"tests/profiles/kernel.json",
	"tests/profiles/log-mode.json",
	"tests/profiles/oci.json",
	"tests/profiles/operators.json",
	"tests/profiles/podman.json",
	"tests/profiles/spo.json",
};

/* Bases of all kinds, whole: what they let pass stays, nothing but the needs comes. */
static void on_file(const char *path, enum runtime runtime, const char *names)
{
	struct made made;

	made_init(&made, runtime, names);
	made.bases[0] = load_file(path, &made.composing.options);
	made.composing.base_count = made.bases[0] != NULL;
	/* the interpreter asks the base itself, which has to know every arch that is asked about */
	if (made.bases[0] && filter_arch(profile_filter(made.bases[0]), SCMP_ARCH_X86)) {
		make(&made);
		assert_true(assert_union(&made) > 0);
	} else if (made.bases[0]) {
		make(&made);
		const struct filter *parts[] = {profile_filter(made.bases[0])};

		assert_true(assert_union_of(&made, parts, 1, false) > 0);
	}
	made_release(&made);
}

static void test_files(void **state)
{
	(void)state;
	if (under_valgrind())
		skip();
	for (size_t i = 0; i < COUNT(files); i++) {
		on_file(files[i], RUNTIME_RUNC, "");
		on_file(files[i], RUNTIME_RUNC, "read keyctl ptrace swapon socket clone3");
		on_file(files[i], RUNTIME_CRUN, "fchmod keyctl personality");
	}
}

static void test_logged(void **state)
{
	struct made made;

	(void)state;
	/* a log-mode twin: all that it logs is still to be added */
	made_init(&made, RUNTIME_RUNC, "read getppid mount");
	add_base(&made, "{\"defaultAction\": \"SCMP_ACT_LOG\", " NATIVE
			"\"syscalls\": [" ALLOW("\"read\"") END);
	make(&made);
	assert_int_equal(made.composed.name_count, 2);
	assert_kind(&made, "getppid", COMPOSED_ADDED);
	assert_kind(&made, "mount", COMPOSED_ADDED);
	assert_int_equal(ask(&made, "mount", 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&made, "swapon", 0, 0), SECCOMP_RET_LOG);
	made_release(&made);
}

/* seccomp(2): SECCOMP_RET_LOG is not SECCOMP_RET_ALLOW: where a twin logs what its condition does not
 * hold for, the call is allowed for some arguments only, as it is where the base refuses them. */
static void logged_for_some(bool widen)
{
	struct made made;

	made_init(&made, RUNTIME_RUNC, "read clone");
	made.composing.widen = widen;
	add_base(
		&made,
		"{\"defaultAction\": \"SCMP_ACT_LOG\", " NATIVE "\"syscalls\": [" ALLOW(
			"\"read\"") ","
				    "{\"names\": [\"clone\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": ["
				    "{\"index\": 0, \"op\": \"SCMP_CMP_LT\", \"value\": 16}]}" END);
	make(&made);
	assert_int_equal(made.composed.name_count, 1);
	assert_kind(&made, "clone", widen ? COMPOSED_WIDENED : COMPOSED_CONDITIONAL);
	assert_int_equal(ask(&made, "clone", 15, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&made, "clone", 16, 0), widen ? SECCOMP_RET_ALLOW : SECCOMP_RET_LOG);
	made_release(&made);
}

static void test_logged_for_some(void **state)
{
	(void)state;
	logged_for_some(false);
	logged_for_some(true);
}

static void test_asked(void **state)
{
	struct made made;

	(void)state;
	/* a listener or a tracer decides: that is no refusal to be overruled */
	made_init(&made, RUNTIME_RUNC, "mount uselib");
	add_base(&made,
		 "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"listenerPath\": \"/run/\\\"x\", "
		 "\"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"], " NATIVE "\"syscalls\": ["
		 "{\"names\": [\"mount\"], \"action\": \"SCMP_ACT_NOTIFY\"},"
		 "{\"names\": [\"uselib\"], \"action\": \"SCMP_ACT_TRACE\", \"errnoRet\": 7}]}");
	make(&made);
	assert_kind(&made, "mount", COMPOSED_CONDITIONAL);
	assert_kind(&made, "uselib", COMPOSED_CONDITIONAL);
	assert_int_equal(ask(&made, "mount", 0, 0), SECCOMP_RET_USER_NOTIF);
	assert_int_equal(ask(&made, "uselib", 0, 0), SECCOMP_RET_TRACE | 7);
	assert_true(says(&made, "\"listenerPath\": \"/run/\\\"x\""));
	assert_true(says(&made, "\"SECCOMP_FILTER_FLAG_LOG\""));
	made_release(&made);
}

static void test_deny_list(void **state)
{
	struct made made;

	(void)state;
	made_init(&made, RUNTIME_RUNC, "read mount");
	add_base(&made, "{\"defaultAction\": \"SCMP_ACT_ALLOW\", " ARCHES "\"syscalls\": ["
			"{\"names\": [\"mount\", \"swapon\"], \"action\": \"SCMP_ACT_ERRNO\"},"
			"{\"names\": [\"reboot\"], \"action\": \"SCMP_ACT_KILL_PROCESS\"},"
			"{\"names\": [\"kcmp\"], \"action\": \"SCMP_ACT_ERRNO\","
			" \"args\": [{\"index\": 2, \"value\": 3, \"op\": \"SCMP_CMP_GT\"}]}]}");
	make(&made);
	assert_int_equal(made.composed.name_count, 1);
	assert_kind(&made, "mount", COMPOSED_ADDED);
	assert_int_equal(ask(&made, "mount", 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&made, "swapon", 0, 0), SECCOMP_RET_ERRNO | EPERM);
	assert_int_equal(ask(&made, "reboot", 0, 0), SECCOMP_RET_KILL_PROCESS);
	assert_true(says(&made, "\"defaultAction\": \"SCMP_ACT_ALLOW\""));
	assert_true(assert_union(&made) > 1000);
	made_release(&made);
}

static void test_kill_default(void **state)
{
	struct made made;

	(void)state;
	made_init(&made, RUNTIME_RUNC, "mount");
	add_base(
		&made,
		"{\"defaultAction\": \"SCMP_ACT_KILL\", " ARCHES "\"syscalls\": [" ALLOW(
			"\"read\", \"clone3\"") ", "
						"{\"names\": [\"swapon\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 13}]}");
	make(&made);
	assert_int_equal(ask(&made, "mount", 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&made, "swapon", 0, 0), SECCOMP_RET_ERRNO | EACCES);
	assert_int_equal(ask(&made, "reboot", 0, 0), SECCOMP_RET_KILL_THREAD);
	assert_true(assert_union(&made) > 0);
	made_release(&made);
}

/* --- arches ---------------------------------------------------------------------------------- */

static void test_added_arch(void **state)
{
	struct made made;

	(void)state;
	made_init(&made, RUNTIME_RUNC, "read");
	needs_observe(&made.needs, AUDIT_ARCH_I386, 20); /* getpid */
	needs_observe(&made.needs, AUDIT_ARCH_X86_64, (int32_t)(ARCH_X32_BIT | 39));
	add_base(&made, EPERM_NATIVE ALLOW("\"read\", \"write\"") END);
	make(&made);
	assert_int_equal(made.composed.name_count, 1);
	assert_kind(&made, "getpid", COMPOSED_ADDED);
	assert_true(is_noted(&made, "base1 kills programs of x32 and x86"));

	const struct filter *result = profile_filter(made.result);

	/* arch/x86/entry/syscalls: i386 write is 4, unlink 10, getpid 20 */
	assert_int_equal(answer_to(result, AUDIT_ARCH_I386, 4, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_to(result, AUDIT_ARCH_I386, 20, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_to(result, AUDIT_ARCH_I386, 10, 0, 0), SECCOMP_RET_ERRNO | EPERM);
	assert_int_equal(answer_to(result, AUDIT_ARCH_X86_64, ARCH_X32_BIT | 1, 0, 0),
			 SECCOMP_RET_ALLOW);
	assert_int_equal(answer_to(result, AUDIT_ARCH_AARCH64, 63, 0, 0), SECCOMP_RET_KILL_THREAD);
	made_release(&made);
}

static void test_socketcall(void **state)
{
	struct made made;

	(void)state;
	/* observed without its first argument: the name socketcall, whatever it was for */
	made_init(&made, RUNTIME_RUNC, "read");
	needs_observe(&made.needs, AUDIT_ARCH_I386, 102);
	add_base(&made, EPERM_ARCHES ALLOW("\"read\", \"write\"") END);
	make(&made);
	assert_kind(&made, "socketcall", COMPOSED_ADDED);
	assert_true(assert_union(&made) > 0);
	made_release(&made);
	/* libseccomp opens call 1 of it for a socket of the base's, and nothing more */
	made_init(&made, RUNTIME_RUNC, "connect");
	add_base(&made, EPERM_ARCHES ALLOW("\"read\", \"socket\"") END);
	make(&made);
	const struct filter *result = profile_filter(made.result);

	assert_int_equal(answer_to(result, AUDIT_ARCH_I386, 102, SYS_SOCKET, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_to(result, AUDIT_ARCH_I386, 102, SYS_CONNECT, 0),
			 SECCOMP_RET_ALLOW);
	assert_int_equal(answer_to(result, AUDIT_ARCH_I386, 102, SYS_BIND, 0),
			 SECCOMP_RET_ERRNO | EPERM);
	assert_true(assert_union(&made) > 0);
	made_release(&made);
}

/*
 * On i386 a rule for socket opens number 359 as well, which libseccomp does not tell runc: below a
 * newer name it passes, above the newest runc's stub refuses it.
 */
static void test_hidden_number(void **state)
{
	struct made made;

	(void)state;
	made_init(&made, RUNTIME_RUNC, "clone3");
	add_base(&made, EPERM_ARCHES ALLOW("\"read\", \"socket\"") END);
	make(&made);
	assert_int_equal(answer_to(profile_filter(made.bases[0]), AUDIT_ARCH_I386, 359, 1, 0),
			 ENOSYS_VALUE);
	assert_int_equal(answer_to(profile_filter(made.result), AUDIT_ARCH_I386, 359, 1, 0),
			 SECCOMP_RET_ALLOW);
	made_release(&made);
}

/* --- merging --------------------------------------------------------------------------------- */

#define WITH_ARG(name, index, op, value)                                          \
	"{\"names\": [\"" name "\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [" \
	"{\"index\": " index ", \"op\": \"SCMP_CMP_" op "\", \"value\": " value "}]}"

static void test_alternatives(void **state)
{
	struct made made;

	(void)state;
	made_init(&made, RUNTIME_RUNC, "kcmp");
	add_base(&made, EPERM_ARCHES ALLOW("\"read\"") ", " WITH_ARG("kcmp", "0", "EQ", "5") END);
	add_base(&made, EPERM_ARCHES ALLOW("\"write\"") ", " WITH_ARG("kcmp", "1", "EQ", "7") END);
	make(&made);
	assert_kind(&made, "kcmp", COMPOSED_CONDITIONAL);
	/* either is enough: one rule with both args would ask for both */
	assert_int_equal(ask(&made, "kcmp", 5, 7), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&made, "kcmp", 5, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&made, "kcmp", 0, 7), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&made, "kcmp", 0, 0), SECCOMP_RET_ERRNO | EPERM);
	assert_int_equal(ask(&made, "read", 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&made, "write", 0, 0), SECCOMP_RET_ALLOW);
	assert_true(assert_union(&made) > 0);
	made_release(&made);
}

/* Two profiles with rules for kcmp, and what both together let pass. */
static void alternatives(const char *rule, const char *other)
{
	struct made made;
	char text[1024];

	made_init(&made, RUNTIME_RUNC, "");
	snprintf(text, sizeof(text), "%s%s%s", EPERM_ARCHES ALLOW("\"read\"") ", ", rule, END);
	add_base(&made, text);
	snprintf(text, sizeof(text), "%s%s%s", EPERM_ARCHES ALLOW("\"write\"") ", ", other, END);
	add_base(&made, text);
	make(&made);
	assert_true(assert_union(&made) > 0);
	made_release(&made);
}

#define MASKED(index, mask, value)                                                              \
	"{\"names\": [\"kcmp\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": " index \
	", \"op\": \"SCMP_CMP_MASKED_EQ\", \"value\": " mask ", \"valueTwo\": " value "}]}"

static void test_conditions(void **state)
{
	static const struct {
		const char *rule, *other;
	} cases[] = {
		{MASKED("0", "2114060288", "0"), MASKED("0", "15", "5")},
		{MASKED("0", "240", "16"), WITH_ARG("kcmp", "0", "EQ", "3")},
		{MASKED("1", "18446744073709551608", "8"), MASKED("0", "1", "1")},
		{WITH_ARG("kcmp", "0", "GT", "10"), WITH_ARG("kcmp", "0", "LT", "5")},
		{WITH_ARG("kcmp", "0", "GE", "4294967296"), WITH_ARG("kcmp", "1", "LE", "77")},
		{WITH_ARG("kcmp", "0", "NE", "40"), WITH_ARG("kcmp", "0", "NE", "41")},
		{WITH_ARG("kcmp", "2", "NE", "1"), WITH_ARG("kcmp", "2", "GT", "0")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		alternatives(cases[i].rule, cases[i].other);
}

/* Args of one rule hold together; where two are of one index, either is enough (runc, crun). */
static void test_and_or(void **state)
{
	static const char rule[] =
		"{\"names\": [\"kcmp\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": ["
		"{\"index\": 0, \"op\": \"SCMP_CMP_EQ\", \"value\": 1},"
		"{\"index\": 1, \"op\": \"SCMP_CMP_EQ\", \"value\": 2}]}";
	static const char either[] =
		"{\"names\": [\"kcmp\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": ["
		"{\"index\": 0, \"op\": \"SCMP_CMP_EQ\", \"value\": 8},"
		"{\"index\": 0, \"op\": \"SCMP_CMP_EQ\", \"value\": 9}]}";
	struct made made;

	(void)state;
	alternatives(rule, either);
	made_init(&made, RUNTIME_CRUN, "read");
	add_base(&made,
		 "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [" ALLOW("\"write\"") END);
	made.bases[made.composing.base_count++] =
		load("base2",
		     STR("{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": ["
			 "{\"names\": [\"kcmp\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": ["
			 "{\"index\": 0, \"op\": \"SCMP_CMP_EQ\", \"value\": 1},"
			 "{\"index\": 1, \"op\": \"SCMP_CMP_EQ\", \"value\": 2}]}]}"),
		     &made.composing.options);
	make(&made);
	assert_int_equal(ask(&made, "kcmp", 1, 2), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&made, "kcmp", 1, 3), SECCOMP_RET_ERRNO | EPERM);
	assert_int_equal(ask(&made, "kcmp", 0, 2), SECCOMP_RET_ERRNO | EPERM);
	made_release(&made);
}

#define ARG(index, op, value) \
	"{\"index\": " index ", \"op\": \"SCMP_CMP_" op "\", \"value\": " value "}"
#define KCMP(args) "{\"names\": [\"kcmp\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [" args "]}"

#define MASK(index, mask, value)                                                       \
	"{\"index\": " index ", \"op\": \"SCMP_CMP_MASKED_EQ\", \"value\": " mask ", " \
	"\"valueTwo\": " value "}"

/*
 * An export knows the filter alone, and for some unions finds no rules of which libseccomp makes
 * the same filter again. The rules as they were do.
 */
static void test_kept_rules(void **state)
{
	static const struct {
		const char *first, *second;
	} cases[] = {
		{EPERM_ARCHES KCMP(MASK("0", "37", "36")) END,
		 EPERM_ARCHES KCMP(ARG("0", "GT", "52")) END},
		{EPERM_ARCHES KCMP(ARG("0", "EQ", "21") ", " ARG("2", "EQ", "57")) ", " KCMP(
			 MASK("1", "29", "1")) END,
		 EPERM_ARCHES KCMP(ARG("1", "GT", "17")) ", " KCMP(
			 ARG("3", "EQ", "5") ", " ARG("3", "EQ", "6")) END},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct made made;

		made_init(&made, RUNTIME_RUNC, "clone3 mount kcmp");
		add_base(&made, cases[i].first);
		add_base(&made, cases[i].second);
		make(&made);
		assert_kind(&made, "kcmp", COMPOSED_CONDITIONAL);
		/* an export would have said "at least 53" */
		assert_true(says(&made, "SCMP_CMP_GT"));
		assert_int_equal(ask(&made, "clone3", 0, 0), SECCOMP_RET_ALLOW);
		assert_true(assert_union(&made) > 0);
		made_release(&made);
	}
}

/* What libseccomp itself does not build as it stands is refused, in words. */
static void test_tangled(void **state)
{
	struct made made;

	(void)state;
	made_init(&made, RUNTIME_RUNC, "");
	add_base(&made, EPERM_ARCHES KCMP(ARG("0", "GT", "10") ", " ARG("1", "GT", "100")) END);
	add_base(&made, EPERM_ARCHES KCMP(ARG("3", "GE", "9") ", " ARG("0", "NE", "3")) END);

	struct err err = ERR_INIT;
	int r = compose(&made.composing, &made.composed, &err);

	/* a libseccomp that does is as good */
	if (r < 0) {
		assert_int_equal(r, -EINVAL);
		assert_non_null(strstr(err.message, "kcmp"));
		assert_int_equal(made.composed.document.n, 0);
	} else {
		composed_release(&made.composed);
		make(&made);
		assert_true(assert_union(&made) > 0);
	}
	made_release(&made);
}

static void test_merged_defaults(void **state)
{
	struct made made;

	(void)state;
	made_init(&made, RUNTIME_CRUN, "");
	add_base(&made, EPERM_ARCHES ALLOW("\"read\", \"write\"") END);
	add_base(&made, "{\"defaultAction\": \"SCMP_ACT_LOG\", " ARCHES "\"syscalls\": ["
			"{\"names\": [\"swapon\", \"write\"], \"action\": \"SCMP_ACT_KILL\"}]}");
	make(&made);
	assert_true(
		is_noted(&made, "the default action of base1 is ERRNO(1), that of base2 is LOG"));
	assert_int_equal(ask(&made, "read", 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&made, "write", 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&made, "mount", 0, 0), SECCOMP_RET_LOG);
	assert_int_equal(ask(&made, "swapon", 0, 0), SECCOMP_RET_ERRNO | EPERM);
	assert_true(assert_union(&made) > 1000);
	made_release(&made);
}

/* A base that falls back and one that does not know the call: programs of the first still do. */
static void test_merged_fallback(void **state)
{
	static const char falls_back[] = EPERM_NATIVE ALLOW(
		"\"read\"") ", {\"names\": [\"clone3\"], "
			    "\"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 38}" END;
	struct made made;

	(void)state;
	for (int order = 0; order < 2; order++) {
		made_init(&made, RUNTIME_RUNC, "clone3");
		for (int i = 0; i < 2; i++)
			add_base(&made,
				 i == order ? falls_back : EPERM_NATIVE ALLOW("\"openat2\"") END);
		make(&made);
		assert_kind(&made, "clone3", COMPOSED_FALLBACK);
		assert_int_equal(ask(&made, "clone3", 0, 0), ENOSYS_VALUE);
		made_release(&made);
	}
}

/*
 * A rule of an OCI profile is one for all arches, and a stub begins elsewhere on each: what a merge
 * gives a name on one arch it has on all. Where the stub hid a rule, that rule appears, and no other.
 */
static void test_merged_arches(void **state)
{
	static const int i386_socket = 359, process_madvise = 440;
	struct made made;

	(void)state;
	made_init(&made, RUNTIME_RUNC, "");
	add_base(&made,
		 EPERM_ARCHES ALLOW("\"read\"") ", " WITH_ARG("socket", "0", "NE", "40") END);
	add_base(&made, EPERM_ARCHES ALLOW("\"statx\"") END);
	make(&made);

	const struct filter *first = profile_filter(made.bases[0]),
			    *result = profile_filter(made.result);

	assert_int_equal(answer_to(first, AUDIT_ARCH_I386, i386_socket, AF_INET, 0), ENOSYS_VALUE);
	assert_int_equal(answer_to(result, AUDIT_ARCH_I386, i386_socket, AF_INET, 0),
			 SECCOMP_RET_ALLOW);
	assert_false(lets_pass(answer_to(result, AUDIT_ARCH_I386, i386_socket, AF_VSOCK, 0)));
	made_release(&made);
	/* execveat is 322 on x86_64, below what the first base's stub answers, and 545 on x32 */
	made_init(&made, RUNTIME_RUNC, "");
	add_base(&made, EPERM_ARCHES ALLOW("\"execveat\", \"close_range\"") END);
	add_base(&made, EPERM_ARCHES ALLOW("\"execveat\", \"epoll_pwait2\"") END);
	make(&made);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(answer_to(profile_filter(made.bases[i]), AUDIT_ARCH_X86_64,
					   ARCH_X32_BIT | process_madvise, 0, 0),
				 SECCOMP_RET_ERRNO | EPERM);
	assert_int_equal(ask(&made, "process_madvise", 0, 0), ENOSYS_VALUE);
	assert_int_equal(answer_to(profile_filter(made.result), AUDIT_ARCH_X86_64,
				   ARCH_X32_BIT | process_madvise, 0, 0),
			 ENOSYS_VALUE);
	made_release(&made);
}

static const char *const random_names[] = {"kcmp",        "prctl", "ioctl", "fcntl",
					   "personality", "clone", "mmap",  "madvise"};

/* A rule: without args, or with one or two comparisons of different arguments. */
static void put_random_rule(struct buf *text, uint64_t *seed)
{
	static const char *const ops[] = {"NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"};
	const char *name = random_names[bpf_random(seed) % COUNT(random_names)];
	unsigned args = bpf_random(seed) % 4 ? 1 + bpf_random(seed) % 8 / 6 : 0;

	buf_format(text, "{\"names\": [\"%s\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [", name);
	for (unsigned i = 0; i < args; i++) {
		/* "below 0" and its like are always true, or never */
		uint64_t value = 1 + bpf_random(seed) % 60;
		/* inequalities of several args are what libseccomp cannot take many of */
		const char *op = ops[args > 1 ? 3 : bpf_random(seed) % COUNT(ops)];

		buf_format(text,
			   "%s{\"index\": %u, \"op\": \"SCMP_CMP_%s\", \"value\": %u, "
			   "\"valueTwo\": %u}",
			   i ? ", " : "", i ? 2 : bpf_random(seed) % 2, op, (unsigned)value,
			   (unsigned)(value & bpf_random(seed)));
	}
	buf_put_str(text, STR("]}, "));
}

static void add_random(struct made *made, uint64_t *seed)
{
	BUF_AUTO text = {0};

	buf_put_str(&text, STR(EPERM_ARCHES));
	for (unsigned i = 1 + bpf_random(seed) % 6; i > 0; i--)
		put_random_rule(&text, seed);
	buf_put_str(&text, STR(ALLOW("\"read\"") END));
	add_base(made, text.p);
}

/* Random profiles merged, and a need: what passes is what one of them lets pass, or is needed. */
static void test_random(void **state)
{
	uint64_t seed = 0x5ca1ab1e5eed1234ULL;
	size_t made_count = 0, rounds = under_valgrind() ? 2 : 60;

	(void)state;
	for (size_t i = 0; i < rounds; i++) {
		struct err err = ERR_INIT;
		struct made made;

		made_init(&made, i % 2 ? RUNTIME_RUNC : RUNTIME_CRUN,
			  i % 3 ? "getpid" : "getpid prctl");
		made.composing.widen = i % 4 == 0;
		for (size_t j = 2 + i % 2; j > 0; j--)
			add_random(&made, &seed);
		if (compose(&made.composing, &made.composed, &err) == 0) {
			composed_release(&made.composed);
			make(&made);
			assert_true(assert_union(&made) > 0);
			made_count++;
		} else if (err.code != EINVAL) {
			fail_msg("round %zu: %s", i, err.message);
		}
		made_release(&made);
	}
	print_message("# %zu of %zu could be said in OCI\n", made_count, rounds);
	assert_true(made_count * 20 >= rounds * 19);
}

/* --- default actions ------------------------------------------------------------------------- */

static void test_new_default(void **state)
{
	/* swapon's refusal is on purpose; mount's is overruled by what follows it */
	static const char base[] = EPERM_ARCHES ALLOW(
		"\"read\", \"clone3\"") ", "
					"{\"names\": [\"swapon\", \"reboot\"], \"action\": \"SCMP_ACT_ERRNO\"},"
					"{\"names\": [\"acct\"], \"action\": \"SCMP_ACT_KILL_PROCESS\"},"
					"{\"names\": [\"mount\"], \"action\": \"SCMP_ACT_ERRNO\"},"
					"{\"names\": [\"syslog\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 38}, " WITH_ARG(
						"syslog", "0", "EQ",
						"4") ", " WITH_ARG("mount", "0", "EQ", "4") END;
	static const uint32_t actions[] = {ENOSYS_VALUE, SECCOMP_RET_KILL_PROCESS,
					   SECCOMP_RET_ERRNO | EACCES};

	(void)state;
	for (size_t i = 0; i < COUNT(actions); i++) {
		struct made made;

		made_init(&made, RUNTIME_RUNC, "getpid");
		made.composing.has_default = true;
		made.composing.default_action = actions[i];
		add_base(&made, base);
		make(&made);
		assert_int_equal(ask(&made, "getpid", 0, 0), SECCOMP_RET_ALLOW);
		assert_int_equal(ask(&made, "umount2", 0, 0), actions[i]);
		assert_int_equal(ask(&made, "swapon", 0, 0), SECCOMP_RET_ERRNO | EPERM);
		assert_int_equal(ask(&made, "reboot", 0, 0), SECCOMP_RET_ERRNO | EPERM);
		assert_int_equal(ask(&made, "acct", 0, 0), SECCOMP_RET_KILL_PROCESS);
		assert_int_equal(ask(&made, "mount", 4, 0), SECCOMP_RET_ALLOW);
		assert_int_equal(ask(&made, "mount", 5, 0), actions[i]);
		/* ENOSYS always: as a default it would leave the rule with args in force */
		assert_int_equal(ask(&made, "syslog", 4, 0), ENOSYS_VALUE);
		assert_true(assert_union(&made) > 0);
		made_release(&made);
	}
}

static void test_logging_default(void **state)
{
	struct made made;

	(void)state;
	made_init(&made, RUNTIME_RUNC, "getpid");
	made.composing.has_default = true;
	made.composing.default_action = SECCOMP_RET_LOG;
	add_base(&made,
		 EPERM_ARCHES ALLOW("\"read\", \"socket\"") ", {\"names\": [\"mount\"], "
							    "\"action\": \"SCMP_ACT_KILL\"}" END);
	make(&made);
	assert_int_equal(ask(&made, "getpid", 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&made, "umount2", 0, 0), SECCOMP_RET_LOG);
	assert_int_equal(ask(&made, "mount", 0, 0), SECCOMP_RET_KILL_THREAD);
	made_release(&made);
	/* what the base lets pass stays */
	made_init(&made, RUNTIME_RUNC, "getpid");
	made.composing.has_default = true;
	made.composing.default_action = ENOSYS_VALUE;
	add_base(&made, "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": []}");
	assert_non_null(strstr(fails(&made, EINVAL).message, "base1: its default action is ALLOW"));
	made_release(&made);
}

/* runc's stub begins behind the newest name: what it has answered so far keeps ENOSYS. */
static void test_stub(void **state)
{
	struct made made;

	(void)state;
	/* statx is 332, pidfd_open 434, clone3 435 on x86_64; rseq, 334, repeats the default */
	made_init(&made, RUNTIME_RUNC, "clone3");
	add_base(&made,
		 EPERM_NATIVE ALLOW("\"read\", \"statx\"") ", {\"names\": [\"rseq\"], "
							   "\"action\": \"SCMP_ACT_ERRNO\"}" END);
	make(&made);
	assert_int_equal(ask(&made, "clone3", 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&made, "pidfd_open", 0, 0), ENOSYS_VALUE);
	assert_int_equal(ask(&made, "openat2", 0, 0), ENOSYS_VALUE);
	assert_int_equal(ask(&made, "rseq", 0, 0), SECCOMP_RET_ERRNO | EPERM);
	assert_int_equal(ask(&made, "mount", 0, 0), SECCOMP_RET_ERRNO | EPERM);
	assert_true(is_noted(&made, "get explicit ENOSYS rules"));
	made_release(&made);
	/* without a newer name the stub begins where it did */
	made_init(&made, RUNTIME_RUNC, "getpid");
	add_base(&made,
		 EPERM_NATIVE ALLOW("\"read\", \"statx\"") ", {\"names\": [\"rseq\"], "
							   "\"action\": \"SCMP_ACT_ERRNO\"}" END);
	make(&made);
	assert_int_equal(ask(&made, "rseq", 0, 0), SECCOMP_RET_ERRNO | EPERM);
	assert_int_equal(ask(&made, "pidfd_open", 0, 0), ENOSYS_VALUE);
	made_release(&made);
	/* crun has no stub */
	made_init(&made, RUNTIME_CRUN, "clone3");
	add_base(&made, EPERM_NATIVE ALLOW("\"read\", \"statx\"") END);
	make(&made);
	assert_int_equal(ask(&made, "pidfd_open", 0, 0), SECCOMP_RET_ERRNO | EPERM);
	made_release(&made);
}

/* --- errors ---------------------------------------------------------------------------------- */

/* A profile that is a program, as a live filter is. */
static struct profile *load_program(const struct sock_filter *program, size_t count,
				    const struct profile_options *options)
{
	struct profile_source *source = profile_source_from_text("program", STR(""));
	struct profile *profile = NULL;
	struct err err = ERR_INIT;
	struct filter copy = filter_of(program, count);

	source->kind = PROFILE_SOURCE_FILTERS;
	filter_push(&source->filter, copy.program, copy.count);
	if (profile_load(source, options, &profile, &err) < 0)
		fail_msg("%s", err.message);
	profile_source_free(source);
	return profile;
}

#define LOAD(field)                                                                  \
	{                                                                            \
		BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, field) \
	}
#define IS(k, jt, jf)                                \
	{                                            \
		BPF_JMP | BPF_JEQ | BPF_K, jt, jf, k \
	}
#define GIVE(k)                          \
	{                                \
		BPF_RET | BPF_K, 0, 0, k \
	}

static void test_programs(void **state)
{
	static const struct sock_filter plain[] = {
		LOAD(arch),
		IS(AUDIT_ARCH_X86_64, 0, 4),
		LOAD(nr),
		IS(0, 1, 0),
		IS(60, 0, 1),
		GIVE(SECCOMP_RET_ALLOW),
		GIVE(SECCOMP_RET_KILL_THREAD),
	};
	/* number 400 has no name on x86_64, so no profile can let it pass */
	static const struct sock_filter nameless[] = {
		LOAD(arch),
		IS(AUDIT_ARCH_X86_64, 0, 4),
		LOAD(nr),
		IS(0, 1, 0),
		IS(400, 0, 1),
		GIVE(SECCOMP_RET_ALLOW),
		GIVE(SECCOMP_RET_KILL_THREAD),
	};
	struct made made;

	(void)state;
	made_init(&made, RUNTIME_CRUN, "getpid");
	made.bases[made.composing.base_count++] =
		load_program(plain, COUNT(plain), &made.composing.options);
	make(&made);
	assert_int_equal(ask(&made, "read", 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&made, "exit", 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&made, "getpid", 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&made, "write", 0, 0), SECCOMP_RET_KILL_THREAD);
	made_release(&made);
	made_init(&made, RUNTIME_CRUN, "getpid");
	made.bases[made.composing.base_count++] =
		load_program(nameless, COUNT(nameless), &made.composing.options);
	assert_non_null(strstr(fails(&made, EINVAL).message, "400"));
	made_release(&made);
}

static void test_errors(void **state)
{
	struct made made;

	(void)state;
	made_init(&made, RUNTIME_RUNC, "");
	assert_non_null(strstr(fails(&made, EINVAL).message, "no syscall is needed"));
	made_release(&made);
	made_init(&made, RUNTIME_RUNC, "read");
	add_base(&made, "{}");
	assert_non_null(strstr(fails(&made, EINVAL).message, "base1 is not a filter"));
	made_release(&made);
}

/* --- the self-check -------------------------------------------------------------------------- */

/* Asks whether a document holds what a composition of the base and the needs has to hold. */
static int check(const struct made *made, const char *document, struct err *err)
{
	enum fate fates[8] = {FATE_ALLOWED};
	struct lints notes = {0};
	const struct check checked = {.options = made->composing.options,
				      .needs = &made->needs,
				      .fates = fates,
				      .wanted = profile_filter(made->result),
				      .notes = &notes};

	for (size_t i = 0; i < made->needs.count; i++)
		fates[i] = is_granted(made, made->needs.all[i].name) ? FATE_ALLOWED : FATE_LEFT;
	int r = check_document(&checked, str_from(document), err);

	lint_release(&notes);
	return r;
}

/* The check is handed documents that are not what was asked for. */
static void test_check(void **state)
{
	static const struct {
		const char *document, *what; /* NULL: as it has to be */
	} cases[] = {
		{EPERM_ARCHES ALLOW("\"read\", \"mount\"") ", " WITH_ARG("kcmp", "0", "EQ", "5")
			 END,
		 NULL},
		{EPERM_ARCHES ALLOW("\"read\"") ", " WITH_ARG("kcmp", "0", "EQ", "5") END,
		 "mount, number 165 on x86_64, is needed but refused"},
		{EPERM_ARCHES ALLOW("\"mount\"") ", " WITH_ARG("kcmp", "0", "EQ", "5") END,
		 "read, number 0 on x86_64, is allowed by a base, but now refused"},
		{EPERM_ARCHES ALLOW("\"read\", \"mount\", \"swapon\"") ", " WITH_ARG("kcmp", "0",
										     "EQ", "5") END,
		 "swapon, number 167 on x86_64, is allowed, but neither needed"},
		{EPERM_ARCHES ALLOW("\"read\", \"mount\", \"kcmp\"") END,
		 "kcmp, number 312 on x86_64, is allowed, but neither needed"},
		{EPERM_ARCHES ALLOW("\"read\", \"mount\"") ", " WITH_ARG("kcmp", "0", "GE", "5")
			 END,
		 "kcmp, number 312 on x86_64, is allowed, but neither needed"},
		{EPERM_ARCHES ALLOW("\"read\", \"mount\"") ", " WITH_ARG("kcmp", "1", "EQ", "5")
			 END,
		 "kcmp, number 312 on x86_64, is allowed, but neither needed"},
		{EPERM_ARCHES ALLOW("\"read\", \"mount\", \"socketcall\"") ", " WITH_ARG(
			 "kcmp", "0", "EQ", "5") END,
		 "socketcall, number 102 on x86, is allowed, but"},
		{"{\"defaultAction\": \"SCMP_ACT_LOG\", " ARCHES
		 "\"syscalls\": [" ALLOW("\"read\", \"mount\"") END,
		 "is allowed, but neither needed"},
	};
	struct made made;

	(void)state;
	made_init(&made, RUNTIME_RUNC, "mount kcmp");
	add_base(&made, EPERM_ARCHES ALLOW("\"read\"") ", " WITH_ARG("kcmp", "0", "EQ", "5") END);
	make(&made);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = ERR_INIT;
		int r = check(&made, cases[i].document, &err);

		if (r != (cases[i].what ? -EPROTO : 0))
			fail_msg("case %zu: %d %s", i, r, err.message);
		if (cases[i].what && !strstr(err.message, cases[i].what))
			fail_msg("case %zu: %s", i, err.message);
	}
	made_release(&made);
}

/* x32 has x86_64's AUDIT_ARCH, and nobody listed it. */
static void test_check_arches(void **state)
{
	static const char *const arches[] = {"X32", "X86", "ARM"};
	struct made made;

	(void)state;
	made_init(&made, RUNTIME_RUNC, "mount");
	add_base(&made, EPERM_NATIVE ALLOW("\"read\"") END);
	make(&made);
	for (size_t i = 0; i < COUNT(arches); i++) {
		struct err err = ERR_INIT;
		BUF_AUTO text = {0};

		buf_format(&text,
			   "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": "
			   "[\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_%s\"], \"syscalls\": [" ALLOW(
				   "\"read\", \"mount\"") END,
			   arches[i]);
		assert_int_equal(check(&made, text.p, &err), -EPROTO);
		assert_non_null(strstr(err.message, "on an architecture that it does not list"));
	}
	made_release(&made);
}

/* --- the kernel ------------------------------------------------------------------------------ */

struct call {
	long nr;
	unsigned long args[3];
	int error; /* 0: passes */
};

static bool has_kernel(void)
{
	return !under_valgrind() && seccomp_arch_native() == SCMP_ARCH_X86_64;
}

/* Not _exit(): a sanitizer looks for leaks there, with calls that the filter refuses. */
static void leave(int status)
{
	for (;;)
		(void)syscall(SYS_exit_group, status);
}

/* Runs the calls under the filter, in a child; its status is the first that went otherwise. */
static int run_under(const struct filter *filter, const struct call *calls, size_t count)
{
	struct sock_fprog program = {.len = (unsigned short)filter->count,
				     .filter = filter->program};
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
			leave(100);
		for (size_t i = 0; i < count; i++) {
			long r = syscall(calls[i].nr, calls[i].args[0], calls[i].args[1],
					 calls[i].args[2]);

			if ((r < 0 ? errno : 0) != calls[i].error)
				leave((int)i + 1);
		}
		leave(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_kernel(void **state)
{
	static const struct call calls[] = {
		{SYS_getpriority, {PRIO_PROCESS, 0, 0}, 0}, /* needed */
		{SYS_getppid, {0}, 0},                      /* of the first base */
		{SYS_getuid, {0}, 0},                       /* of the second */
		{SYS_getgid, {0}, EPERM},                   /* of none */
		{SYS_personality, {0xffffffff, 0, 0}, 0},   /* asks which */
		{SYS_personality, {PER_LINUX32, 0, 0}, EPERM},
		{SYS_socket, {AF_UNIX, SOCK_STREAM, 0}, 0}, /* first base: the family */
		{SYS_socket, {AF_INET, SOCK_DGRAM, 0}, 0},  /* second base: the type */
		{SYS_socket, {AF_INET, SOCK_STREAM, 0}, EPERM},
		{SYS_clone3, {0, 0, 0}, ENOSYS},
		{SYS_sethostname, {0, 0, 0}, EPERM},
	};
	struct made made;

	(void)state;
	if (!has_kernel())
		skip();
	made_init(&made, RUNTIME_RUNC, "getpriority personality clone3");
	add_base(
		&made,
		EPERM_NATIVE ALLOW("\"exit_group\", \"getppid\"") ", " WITH_ARG(
			"personality", "0", "EQ",
			"4294967295") ", " WITH_ARG("socket", "0", "EQ",
						    "1") ", {\"names\": [\"clone3\"], "
							 "\"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 38}" END);
	add_base(&made, EPERM_NATIVE ALLOW("\"exit_group\", \"getuid\"") ", " WITH_ARG(
				"socket", "1", "EQ", "2") END);
	make(&made);
	assert_int_equal(run_under(profile_filter(made.result), calls, COUNT(calls)), 0);
	made_release(&made);
}

/* The list alone, loaded into the kernel by libseccomp's filter and by ours: the same. */
static void test_kernel_alone(void **state)
{
	static const char *const names[] = {"exit_group", "getppid", "socket", "getpriority"};
	static const struct call calls[] = {
		{SYS_getppid, {0}, 0},
		{SYS_socket, {AF_UNIX, SOCK_STREAM, 0}, 0},
		{SYS_getpriority, {PRIO_PROCESS, 0, 0}, 0},
		{SYS_getuid, {0}, ENOSYS},
		{SYS_personality, {0xffffffff, 0, 0}, ENOSYS},
	};
	struct made made;

	(void)state;
	if (!has_kernel())
		skip();
	made_init(&made, RUNTIME_RUNC, "exit_group getppid socket getpriority");
	make(&made);
	struct filter expected = listed(SCMP_ACT_ERRNO(ENOSYS), names, COUNT(names), false);

	assert_int_equal(run_under(&expected, calls, COUNT(calls)), 0);
	assert_int_equal(run_under(profile_filter(made.result), calls, COUNT(calls)), 0);
	filter_release(&expected);
	made_release(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_join_registers),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_alone_default),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_companion),
		cmocka_unit_test(test_pin),
		cmocka_unit_test(test_runtime_default),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_logged),
		cmocka_unit_test(test_logged_for_some),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_deny_list),
		cmocka_unit_test(test_kill_default),
		cmocka_unit_test(test_added_arch),
		cmocka_unit_test(test_socketcall),
		cmocka_unit_test(test_hidden_number),
		cmocka_unit_test(test_alternatives),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_and_or),
		cmocka_unit_test(test_kept_rules),
		cmocka_unit_test(test_tangled),
		cmocka_unit_test(test_merged_defaults),
		cmocka_unit_test(test_merged_fallback),
		cmocka_unit_test(test_merged_arches),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_new_default),
		cmocka_unit_test(test_logging_default),
		cmocka_unit_test(test_stub),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_check_arches),
		cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_kernel_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
