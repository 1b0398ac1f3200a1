/*
 * Exports and dumps: filters that come as programs, and the profiles made of them.
 *
 * Whether a profile made of a filter does what the filter does is asked of an interpreter of BPF
 * that belongs to the tests (tests/bpf.h), over sampled arguments. Whether a dump is a filter is
 * asked of the running kernel.
 */
#include "ingest/arch.h"
#include "profile/filter/filter.h"
#include "profile/filter/dump.h"
#include "profile/write/export.h"
#include "tests/filters.h"
#include "tests/valgrind.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* last: it redefines things of the headers above */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define HOST SCMP_ARCH_X86_64

/* Samples of arguments for every arch and number. */
#define SAMPLES 12

/* --- building -------------------------------------------------------------------------------- */

static int build(const char *bytes, size_t n, const struct profile_options *given,
		 struct filter *ret_filter, struct err *err)
{
	struct profile_options options = *given;
	struct built built;

	options.any_listener = true;
	int r = built_make(&built, str_of(bytes, n), &options, NULL, err);

	*ret_filter = built.filter;
	built.filter = (struct filter){0};
	built_release(&built);
	return r;
}

static bool build_file(const char *path, const struct profile_options *options,
		       struct filter *ret_filter)
{
	struct err err = ERR_INIT;
	FILE *file = fopen(path, "re");
	char *bytes = malloc(1U << 20);

	assert_non_null(bytes);
	if (!file) {
		free(bytes);
		return false;
	}
	size_t n = fread(bytes, 1, 1U << 20, file);

	fclose(file);
	if (build(bytes, n, options, ret_filter, &err) < 0)
		fail_msg("%s: %s", path, err.message);
	free(bytes);
	return true;
}

static struct filter copy_of(const struct sock_filter *program, size_t count)
{
	struct filter filter = {.count = count};

	filter.program = malloc(count * sizeof(*program));
	memcpy(filter.program, program, count * sizeof(*program));
	return filter;
}

/* --- comparing by the interpreter ------------------------------------------------------------ */

struct sampling {
	const struct filter *a, *b;
	struct bpf_constants constants;
	uint64_t seed;
	size_t compared, different;
	uint32_t first_arch, first_nr;
};

/* The data of actions that have none has no effect (kernel/seccomp.c, __seccomp_filter()). */
static uint32_t effect(uint32_t value)
{
	uint32_t action = value & SECCOMP_RET_ACTION_FULL;

	if (action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRAP ||
	    action == SECCOMP_RET_TRACE)
		return value;
	return action;
}

static void sample(struct sampling *sampling, uint32_t arch, uint32_t nr)
{
	struct seccomp_data data = {.nr = (int)nr, .arch = arch};

	for (int i = 0; i < SAMPLES; i++) {
		bpf_arguments(&sampling->constants, arch == AUDIT_ARCH_I386, &sampling->seed,
			      &data);
		sampling->compared++;
		if (effect(filter_run(sampling->a, &data)) ==
		    effect(filter_run(sampling->b, &data)))
			continue;
		if (sampling->different++ == 0) {
			sampling->first_arch = arch;
			sampling->first_nr = nr;
		}
	}
}

/* -1 to 600 on x86_64, x32 and i386, and an arch that is in no filter. */
static struct sampling compare_all(const struct filter *a, const struct filter *b)
{
	struct sampling sampling = {.a = a, .b = b, .seed = 88172645463325252ULL};

	filter_constants(&sampling.constants, a);
	filter_constants(&sampling.constants, b);
	for (int nr = -1; nr <= 600; nr++) {
		sample(&sampling, AUDIT_ARCH_X86_64, (uint32_t)nr);
		sample(&sampling, AUDIT_ARCH_I386, (uint32_t)nr);
		if (nr >= 0)
			sample(&sampling, AUDIT_ARCH_X86_64, ARCH_X32_BIT | (uint32_t)nr);
	}
	for (int nr = 0; nr < 10; nr++)
		sample(&sampling, AUDIT_ARCH_AARCH64, (uint32_t)nr);
	free(sampling.constants.all);
	return sampling;
}

static void say(const struct lints *sentences)
{
	for (size_t i = 0; i < sentences->count; i++)
		print_message("# %s\n", sentences->all[i].message);
}

static struct buf text_of(const struct export *export)
{
	struct buf text = {0};

	document_write(&export->document, false, &text);
	return text;
}

/* What the exported document builds to, under the runtime that it was proven for. */
static struct filter rebuild(const struct export *export)
{
	struct profile_options options = profile_options_default();
	struct err err = ERR_INIT;
	struct filter filter;

	options.loader = LOADER_OCI;
	options.runtime = export->runtime;
	options.arch = HOST;
	BUF_AUTO text = text_of(export);

	if (build(text.p, text.n, &options, &filter, &err) < 0)
		fail_msg("%s", err.message);
	return filter;
}

/* Exports twice: the bytes must be the same. */
static struct export export_of(struct filter *filter)
{
	struct err err = ERR_INIT;
	struct export export, again;

	if (export_filter(filter, NULL, HOST, &export, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(export_filter(filter, NULL, HOST, &again, &err), 0);
	BUF_AUTO text = text_of(&export), again_text = text_of(&again);

	assert_string_equal(text.p, again_text.p);
	export_release(&again);
	return export;
}

/* The profile does what the filter does, and says so. */
static void assert_same(struct filter *filter, const char *what)
{
	struct export export = export_of(filter);
	struct filter built = rebuild(&export);
	struct sampling sampling = compare_all(filter, &built);

	if (export.differences.count || sampling.different) {
		say(&export.differences);
		print_message("# %s\n", text_of(&export).p);
		fail_msg("%s: %zu of %zu samples differ (first: arch 0x%x number %d)", what,
			 sampling.different, sampling.compared, sampling.first_arch,
			 (int)sampling.first_nr);
	}
	filter_release(&built);
	export_release(&export);
}

/* --- profiles -------------------------------------------------------------------------------- */

static const char *const profiles[] = {
	"/usr/share/containers/seccomp.json", "share/runtime-default.json",
	"tests/profiles/bundle.json",         "tests/profiles/docker.json",
	"tests/profiles/kernel.json",         "tests/profiles/log-all.json",
	"tests/profiles/log-mode.json",       "tests/profiles/oci.json",
	"tests/profiles/operators.json",      "tests/profiles/podman.json",
};

static void profile_by_path(const char *name, enum runtime runtime, const char *caps_list)
{
	struct profile_options options = profile_options_default();
	struct err err = ERR_INIT;
	const char *top = getenv("srcdir");
	char path[256];
	struct filter filter;

	snprintf(path, sizeof(path), "%s%s%s",
		 name[0] == '/' ? ""
		 : top          ? top
				: ".",
		 name[0] == '/' ? "" : "/", name);
	options.arch = HOST;
	options.kernel_major = 6;
	options.runtime = runtime;
	assert_int_equal(caps_parse(caps_list, &options.caps, &err), 0);
	if (!build_file(path, &options, &filter)) {
		print_message("# %s is not here\n", path);
		return;
	}
	assert_same(&filter, name);
	filter_release(&filter);
}

static void test_profiles(void **state)
{
	if (under_valgrind())
		skip();
	static const char *const caps_lists[] = {"", "SYS_ADMIN", "ALL"};

	(void)state;
	for (size_t i = 0; i < COUNT(profiles); i++) {
		for (size_t j = 0; j < COUNT(caps_lists); j++)
			profile_by_path(profiles[i], RUNTIME_RUNC, caps_lists[j]);
		profile_by_path(profiles[i], RUNTIME_CRUN, "ALL");
	}
}

/* --- filters of libseccomp's ----------------------------------------------------------------- */

static struct filter export_context(scmp_filter_ctx context)
{
	FILE *file = tmpfile();
	struct sock_filter *program = malloc(BPF_MAXINSNS * sizeof(*program));

	assert_non_null(file);
	assert_int_equal(seccomp_export_bpf(context, fileno(file)), 0);
	rewind(file);
	size_t count = fread(program, sizeof(*program), BPF_MAXINSNS, file);

	fclose(file);
	struct filter filter = copy_of(program, count);

	free(program);
	return filter;
}

static uint32_t random_action(uint64_t *seed)
{
	static const uint32_t actions[] = {
		SCMP_ACT_ALLOW,     SCMP_ACT_LOG,         SCMP_ACT_ERRNO(1),
		SCMP_ACT_ERRNO(38), SCMP_ACT_ERRNO(13),   SCMP_ACT_TRAP,
		SCMP_ACT_TRACE(7),  SCMP_ACT_KILL_THREAD, SCMP_ACT_KILL_PROCESS};

	return actions[bpf_random(seed) % COUNT(actions)];
}

static struct scmp_arg_cmp random_compare(unsigned arg, bool wide, uint64_t *seed)
{
	static const uint64_t values[] = {0,       1,          2,          5,           8,
					  0x20000, 0x7e020000, 0xffffffff, 0x100000000, UINT64_MAX};
	static const enum scmp_compare ops[] = {SCMP_CMP_NE,       SCMP_CMP_LT, SCMP_CMP_LE,
						SCMP_CMP_EQ,       SCMP_CMP_GE, SCMP_CMP_GT,
						SCMP_CMP_MASKED_EQ};
	size_t range = wide ? COUNT(values) : 7;
	struct scmp_arg_cmp compare = {.arg = arg, .op = ops[bpf_random(seed) % COUNT(ops)]};

	/* "below 0" and the like are wild: they are always true, or never */
	compare.datum_a = values[wide ? bpf_random(seed) % range : 1 + bpf_random(seed) % 6];
	compare.datum_b = compare.datum_a & values[bpf_random(seed) % range];
	return compare;
}

/*
 * Rules that libseccomp refuses (they contradict an earlier one) are simply not there. `wild`:
 * several actions for one syscall under conditions that overlap. Which of them libseccomp then
 * takes depends on the arch (it sorts by halves of arguments), and no profile can say that.
 * Several rules with several args each are as bad: a way into one does not come back for another.
 */
static void add_random_rules(scmp_filter_ctx context, uint32_t standard, bool wild, uint64_t *seed)
{
	static const uint32_t tame[] = {SCMP_ACT_ALLOW, SCMP_ACT_LOG, SCMP_ACT_ERRNO(13)};
	size_t count = bpf_random(seed) % 120;

	for (size_t i = 0; i < count; i++) {
		struct scmp_arg_cmp compares[3];
		unsigned args =
			bpf_random(seed) % 3 ? 0 : 1 + bpf_random(seed) % (wild && i % 8 ? 1 : 3);
		uint32_t action = random_action(seed);
		/* few numbers with args, so that some get several rules */
		int nr = (int)(bpf_random(seed) % (!args ? 335 : wild ? 12 : 30));

		if (args && !wild) {
			action = tame[nr % 3];
			args = nr < 15 ? 1 : args;
			nr = nr < 15 ? nr : 15 + (int)i;
		}
		for (unsigned j = 0; j < args; j++)
			compares[j] = random_compare(j * 2 % 5, wild, seed);
		if (action != standard)
			(void)seccomp_rule_add_array(context, action, nr, args, compares);
	}
}

static struct filter random_filter(uint64_t *seed, bool wild, bool many_arches)
{
	uint32_t standard = random_action(seed);
	scmp_filter_ctx context = seccomp_init(standard);

	assert_non_null(context);
	if (many_arches) {
		seccomp_arch_add(context, SCMP_ARCH_X86);
		seccomp_arch_add(context, SCMP_ARCH_X32);
	}
	add_random_rules(context, standard, wild, seed);
	struct filter filter = export_context(context);

	seccomp_release(context);
	return filter;
}

/*
 * What an export claims must be so: without differences, none is found by sampling. And of what
 * libseccomp has built itself nearly all can be said in its own terms.
 */
static void test_random(void **state)
{
	if (under_valgrind())
		skip();
	uint64_t seed = 0x5eed5eed5eedULL;
	size_t told = 0;

	(void)state;
	for (int i = 0; i < 24; i++) {
		struct filter filter = random_filter(&seed, i % 2, i % 3 == 0);
		struct export export = export_of(&filter);
		struct filter built = rebuild(&export);
		struct sampling sampling = compare_all(&filter, &built);

		if (export.differences.count == 0 && sampling.different)
			fail_msg("filter %d: %zu samples differ and none is told (first: arch "
				 "0x%x number %d)",
				 i, sampling.different, sampling.first_arch,
				 (int)sampling.first_nr);
		if (i % 2 == 0 && export.differences.count) {
			say(&export.differences);
			fail_msg("filter %d cannot be said", i);
		}
		told += export.differences.count > 0;
		filter_release(&built);
		export_release(&export);
		filter_release(&filter);
	}
	print_message("# %zu of 12 wild filters cannot be said whole\n", told);
}

static void test_random_stacks(void **state)
{
	if (under_valgrind())
		skip();
	uint64_t seed = 0x57acc5ULL;

	(void)state;
	for (int i = 0; i < 12; i++) {
		struct filter stack = {0};

		for (int j = 0; j < 2 + i % 2; j++) {
			struct filter filter = random_filter(&seed, true, i % 3 == 0);

			filter_push(&stack, filter.program, filter.count);
		}
		struct export export = export_of(&stack);
		struct filter built = rebuild(&export);
		struct sampling sampling = compare_all(&stack, &built);

		if (export.differences.count == 0 && sampling.different)
			fail_msg("stack %d: %zu samples differ and none is told", i,
				 sampling.different);
		if (export.differences.count) {
			print_message("# stack %d:\n", i);
			say(&export.differences);
		}
		filter_release(&built);
		export_release(&export);
		filter_release(&stack);
	}
}

/* arg0 == 1 or arg1 == 2 is two comparisons, though their branches share nothing in the program. */
static void test_short(void **state)
{
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(1));
	size_t comparisons = 0;

	(void)state;
	assert_int_equal(seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(getpid), 1,
					  SCMP_A0(SCMP_CMP_EQ, 1)),
			 0);
	assert_int_equal(seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(getpid), 1,
					  SCMP_A1(SCMP_CMP_EQ, 2)),
			 0);
	struct filter filter = export_context(context);
	struct export export = export_of(&filter);

	for (size_t i = 0; i < export.document.rule_count; i++)
		comparisons += export.document.rules[i].arg_count;
	assert_int_equal(export.document.rule_count, 2);
	assert_int_equal(comparisons, 2);
	export_release(&export);
	filter_release(&filter);
	seccomp_release(context);
}

/* --- what OCI cannot say --------------------------------------------------------------------- */

#define LOAD(at)       BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (at))
#define IF(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), (yes), (no))
#define GIVE(value)    BPF_STMT(BPF_RET | BPF_K, (value))
#define NR             offsetof(struct seccomp_data, nr)
#define ARCH           offsetof(struct seccomp_data, arch)
#define IP             offsetof(struct seccomp_data, instruction_pointer)
#define ARG(i)         (offsetof(struct seccomp_data, args) + 8 * (i))

/* x86_64 only and no x32, as libseccomp does it (-1 passes); then what the test is about, for
 * number 39 (getpid). */
#define ON_GETPID(skip)                                                                        \
	LOAD(ARCH), IF(AUDIT_ARCH_X86_64, 1, 0), GIVE(SECCOMP_RET_KILL_THREAD), LOAD(NR),      \
		IF(UINT32_MAX, 2, 0), BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, ARCH_X32_BIT, 0, 1), \
		GIVE(SECCOMP_RET_KILL_THREAD), IF(39, 0, (skip))

static bool contains(const struct lints *sentences, const char *words)
{
	for (size_t i = 0; i < sentences->count; i++) {
		if (strstr(sentences->all[i].message, words))
			return true;
	}
	return false;
}

/* Exports; `difference` and `note` are words of a sentence that must be there, NULL for none. */
static void told(const struct sock_filter *program, size_t count, const char *difference,
		 const char *note)
{
	struct err err = ERR_INIT;
	struct filter filter = copy_of(program, count);

	assert_int_equal(dump_check(program, count, &err), 0);
	struct export export = export_of(&filter);
	struct filter built = rebuild(&export);
	struct sampling sampling = compare_all(&filter, &built);
	bool good = difference ? contains(&export.differences, difference)
			       : export.differences.count == 0 && sampling.different == 0;

	if (!good || (note && !contains(&export.notes, note))) {
		say(&export.differences);
		say(&export.notes);
		fail_msg("%zu differences; want '%s', '%s'", export.differences.count,
			 difference ? difference : "", note ? note : "");
	}
	filter_release(&built);
	export_release(&export);
	filter_release(&filter);
}

#define TOLD(program, difference, note) told(program, COUNT(program), difference, note)

static void test_inexpressible(void **state)
{
	static const struct sock_filter pointer[] = {
		ON_GETPID(3),
		LOAD(IP),
		IF(7, 0, 1),
		GIVE(SECCOMP_RET_ERRNO | 1),
		GIVE(SECCOMP_RET_ALLOW),
	};
	static const struct sock_filter trap_data[] = {
		ON_GETPID(1),
		GIVE(SECCOMP_RET_TRAP | 3),
		GIVE(SECCOMP_RET_ALLOW),
	};
	static const struct sock_filter bad_arch[] = {
		LOAD(ARCH),
		IF(AUDIT_ARCH_X86_64, 1, 0),
		GIVE(SECCOMP_RET_ERRNO | 22),
		GIVE(SECCOMP_RET_ALLOW),
	};
	static const struct sock_filter unnamed[] = {
		LOAD(ARCH),
		IF(AUDIT_ARCH_X86_64, 1, 0),
		GIVE(SECCOMP_RET_KILL_THREAD),
		LOAD(NR),
		/* a number between x86_64's two ranges */
		IF(370, 0, 1),
		GIVE(SECCOMP_RET_ERRNO | 1),
		GIVE(SECCOMP_RET_ALLOW),
	};

	(void)state;
	TOLD(pointer, "x86_64: getpid: the filter answers ERRNO(1) or ALLOW", "getpid");
	TOLD(trap_data, "x86_64: getpid: the filter answers TRAP with data 3, the profile TRAP",
	     NULL);
	TOLD(bad_arch,
	     "any other architecture: the filter answers ERRNO(22), the profile KILL_THREAD", NULL);
	TOLD(unnamed, "x86_64: number 370: the filter answers ERRNO(1), the profile ALLOW", NULL);
}

/* What looks like nothing that libseccomp would build, and can be said all the same. */
static void test_expressible(void **state)
{
	/* arg0 from 5 to 1000, by its low half alone */
	static const struct sock_filter range[] = {
		ON_GETPID(4),
		LOAD(ARG(0)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 5, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 1000, 1, 0),
		GIVE(SECCOMP_RET_ERRNO | 1),
		GIVE(SECCOMP_RET_ALLOW),
	};
	/* some bit of a mask, kept in a memory slot, or arg1's high half */
	static const struct sock_filter bits[] = {
		ON_GETPID(8),
		LOAD(ARG(0)),
		BPF_STMT(BPF_ST, 3),
		LOAD(ARG(1) + 4),
		IF(9, 3, 0),
		BPF_STMT(BPF_LDX | BPF_MEM, 3),
		BPF_STMT(BPF_MISC | BPF_TXA, 0),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x7e020000, 0, 1),
		GIVE(SECCOMP_RET_ERRNO | 13),
		GIVE(SECCOMP_RET_ALLOW),
	};
	static const struct sock_filter notify[] = {
		ON_GETPID(1),
		GIVE(SECCOMP_RET_USER_NOTIF),
		GIVE(SECCOMP_RET_ALLOW),
	};
	/* arg0 + 5 is 7 where arg0 is 2, and only the low half is looked at */
	static const struct sock_filter computes[] = {
		ON_GETPID(5),
		LOAD(ARG(0)),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 5),
		IF(7, 0, 2),
		GIVE(SECCOMP_RET_ERRNO | 1),
		GIVE(SECCOMP_RET_ALLOW),
		GIVE(SECCOMP_RET_ALLOW),
	};
	static const struct sock_filter errno_beyond[] = {
		ON_GETPID(1),
		GIVE(SECCOMP_RET_KILL_PROCESS | 77), /* data without effect */
		GIVE(SECCOMP_RET_ALLOW | 5),
	};

	(void)state;
	TOLD(range, NULL, NULL);
	TOLD(computes, NULL, NULL);
	TOLD(bits, NULL, NULL);
	TOLD(notify, NULL, "listenerPath");
	TOLD(errno_beyond, NULL, NULL);
}

/* --- the stub -------------------------------------------------------------------------------- */

static const char with_stub[] =
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\"],"
	"\"syscalls\":[{\"names\":[\"read\",\"openat2\"],\"action\":\"SCMP_ACT_ALLOW\"},"
	"{\"names\":[\"faccessat2\"],\"action\":\"SCMP_ACT_ERRNO\"}]}";

/*
 * 437 is openat2, 439 faccessat2 (asm/unistd_64.h), refused like the default, and named all the
 * same: runc's stub begins above it, so the export must name it too.
 */
static void test_stub(void **state)
{
	struct profile_options options = profile_options_default();
	struct err err = ERR_INIT;
	struct filter filter;

	(void)state;
	options.loader = LOADER_OCI;
	options.arch = HOST;
	assert_int_equal(build(with_stub, sizeof(with_stub) - 1, &options, &filter, &err), 0);
	struct export export = export_of(&filter);

	assert_int_equal(filter.arch_count, 1);
	assert_true(filter.arches[0].has_last);
	assert_int_equal(filter.arches[0].last, 439);
	assert_int_equal(export.runtime, RUNTIME_RUNC);
	assert_int_equal(export.differences.count, 0);
	BUF_AUTO text = text_of(&export);

	assert_non_null(strstr(text.p, "faccessat2"));
	assert_null(strstr(text.p, "38"));
	export_release(&export);
	filter_release(&filter);
}

/* --- dumps ----------------------------------------------------------------------------------- */

static void refused(const void *bytes, size_t n, const char *words)
{
	struct filter stack;
	struct err err = ERR_INIT;

	if (dump_parse(bytes, n, &stack, &err) == 0 || !strstr(err.message, words))
		fail_msg("'%s', want '%s'", err.message, words);
	assert_int_equal(stack.part_count, 0);
	filter_release(&stack);
}

static void test_bad_dumps(void **state)
{
	static const struct sock_filter jump[] = {IF(1, 9, 0), GIVE(0), GIVE(0)};
	static const struct sock_filter open_end[] = {GIVE(0), LOAD(NR)};
	static const struct sock_filter odd_load[] = {LOAD(2), GIVE(0)};
	static const struct sock_filter beyond[] = {LOAD(64), GIVE(0)};
	static const struct sock_filter memory[] = {LOAD(NR), IF(1, 0, 1), BPF_STMT(BPF_ST, 3),
						    BPF_STMT(BPF_LD | BPF_MEM, 3), GIVE(0)};
	static const unsigned char turned[] = {0, 0x20, 0, 0, 0,    0,    0, 0,
					       0, 6,    0, 0, 0x7f, 0xff, 0, 0};
	struct filter stack;
	struct err err = ERR_INIT;
	char *large = calloc(4097, 8);

	(void)state;
	refused("", 0, "empty");
	refused(jump, 7, "not a multiple");
	refused(large, 4097 * 8, "4096");
	refused(jump, sizeof(jump), "instruction 0");
	refused(open_end, sizeof(open_end), "return");
	refused(odd_load, sizeof(odd_load), "instruction 0");
	refused(beyond, sizeof(beyond), "instruction 0");
	refused(memory, sizeof(memory), "instruction 3");
	refused(turned, sizeof(turned), "byte order");
	free(large);
	assert_int_equal(dump_read("/nonexistent", &stack, &err), -ENOENT);
	assert_non_null(strstr(err.message, "/nonexistent"));
	err_clear(&err);
	assert_int_equal(dump_read("/", &stack, &err), -EISDIR);
}

/* Whether the kernel takes the program. The child lives on without a syscall: what it may still
 * do is up to the program. */
static bool kernel_takes(struct sock_filter *program, size_t count, volatile int *answer)
{
	struct sock_fprog prog = {.len = (unsigned short)count, .filter = program};

	*answer = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		*answer = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) == 0 ? 1 : 2;
		for (;;)
			;
	}
	/* a busy machine may let the child wait */
	for (int i = 0; i < 300000 && *answer == 0; i++)
		usleep(50);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_true(*answer != 0);
	return *answer == 1;
}

static struct sock_filter random_instruction(uint64_t *seed, size_t left)
{
	static const uint16_t codes[] = {
		BPF_LD | BPF_W | BPF_ABS,
		BPF_LD | BPF_W | BPF_ABS,
		BPF_LD | BPF_MEM,
		BPF_LDX | BPF_MEM,
		BPF_ST,
		BPF_STX,
		BPF_LD | BPF_IMM,
		BPF_LDX | BPF_IMM,
		BPF_LD | BPF_W | BPF_LEN,
		BPF_LDX | BPF_W | BPF_LEN,
		BPF_ALU | BPF_AND | BPF_K,
		BPF_ALU | BPF_DIV | BPF_K,
		BPF_ALU | BPF_DIV | BPF_X,
		BPF_ALU | BPF_MOD | BPF_K,
		BPF_ALU | BPF_LSH | BPF_K,
		BPF_ALU | BPF_NEG,
		BPF_ALU | BPF_XOR | BPF_X,
		BPF_JMP | BPF_JA,
		BPF_JMP | BPF_JEQ | BPF_K,
		BPF_JMP | BPF_JSET | BPF_X,
		BPF_RET | BPF_A,
		BPF_RET | BPF_K,
		BPF_MISC | BPF_TAX,
		BPF_LD | BPF_H | BPF_ABS,
		BPF_LDX | BPF_B | BPF_MSH,
		BPF_RET | BPF_X,
		0xffff,
	};
	/* the rare ones near the end are tried rarely, so that some programs get through */
	size_t range = bpf_random(seed) % 8 ? 23 : COUNT(codes);
	uint32_t k = bpf_random(seed) % 12 ? bpf_random(seed) % 16 * 4 : bpf_random(seed) % 70;
	uint16_t code = codes[bpf_random(seed) % range];

	if (BPF_CLASS(code) == BPF_ST || BPF_CLASS(code) == BPF_STX || BPF_MODE(code) == BPF_MEM)
		k = bpf_random(seed) % 10 ? bpf_random(seed) % 3 : k;
	if (code == (BPF_JMP | BPF_JA))
		k = (uint32_t)(bpf_random(seed) % (left + 1));
	return (struct sock_filter){.code = code,
				    .jt = (uint8_t)(bpf_random(seed) % (left + 1)),
				    .jf = (uint8_t)(bpf_random(seed) % (left + 1)),
				    .k = k};
}

/* Every program that the kernel takes is a dump, and none that it refuses. */
static void test_as_kernel(void **state)
{
	volatile int *answer =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const char *preloaded = getenv("LD_PRELOAD");
	uint64_t seed = 0xd0d0cafeULL;
	size_t taken = 0;

	(void)state;
	/* which knows no seccomp(2) */
	if (preloaded && strstr(preloaded, "vgpreload"))
		skip();
	assert_true(answer != MAP_FAILED);
	for (int i = 0; i < 300; i++) {
		struct sock_filter program[12];
		size_t count = 1 + bpf_random(&seed) % COUNT(program);
		struct err err = ERR_INIT;

		for (size_t j = 0; j < count; j++)
			program[j] = random_instruction(&seed, count - 1 - j);
		if (bpf_random(&seed) % 16)
			program[count - 1] = (struct sock_filter)GIVE(SECCOMP_RET_ALLOW);
		bool takes = kernel_takes(program, count, answer);

		if (takes != (dump_check(program, count, &err) == 0))
			fail_msg("program %d: the kernel %s it; %s", i, takes ? "takes" : "refuses",
				 err.message);
		taken += takes;
	}
	print_message("# the kernel takes %zu of 300\n", taken);
	assert_in_range(taken, 50, 250);
	munmap((void *)(uintptr_t)answer, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_profiles),      cmocka_unit_test(test_random),
		cmocka_unit_test(test_random_stacks), cmocka_unit_test(test_short),
		cmocka_unit_test(test_inexpressible), cmocka_unit_test(test_expressible),
		cmocka_unit_test(test_stub),          cmocka_unit_test(test_bad_dumps),
		cmocka_unit_test(test_as_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
