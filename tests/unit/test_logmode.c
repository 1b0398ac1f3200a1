/*
 * The log-mode twin: a container under it is let do what its profile allows and what it refuses,
 * and each refusal is in the log.
 *
 * Both filters are run, number by number, by an interpreter of classic BPF that is this test's own
 * (linux/filter.h, kernel/seccomp.c), over arguments at and around every constant of the profile.
 * What the twin has to answer follows from what the profile answers, by the definition of a twin;
 * which text it has to be was written by hand.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "correlate/metadata.h"
#include "ingest/arch.h"
#include "profile/filter/filter.h"
#include "profile/twin/logmode.h"
#include "profile/source.h"
#include "profile/document/tree.h"
#include "tests/filters.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* last: it redefines things of the headers above */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define X86_64 AUDIT_ARCH_X86_64
#define I386   AUDIT_ARCH_I386

static struct profile_options test_options(void)
{
	struct profile_options options = profile_options_default();

	options.arch = SCMP_ARCH_X86_64;
	options.kernel_major = 5;
	options.kernel_minor = 10;
	return options;
}

static struct profile *load(struct str text, const struct profile_options *options)
{
	struct profile_source *source = profile_source_from_text("test", text);
	struct profile *profile = NULL;
	struct err err = ERR_INIT;

	if (profile_load(source, options, &profile, &err) < 0)
		fail_msg("%s\n%.*s", err.message, (int)text.n, text.p);
	profile_source_free(source);
	return profile;
}

static int make_twin(struct twin *twin, struct str text, const struct profile_options *options,
		     struct err *err)
{
	struct profile_source *source = profile_source_from_text("test", text);
	int r = twin_make(twin, source, options, false, err);

	profile_source_free(source);
	return r;
}

/* --- an interpreter of its own -------------------------------------------------------------- */

static uint32_t word_of(const struct seccomp_data *data, uint32_t offset)
{
	uint32_t word;

	memcpy(&word, (const char *)data + offset, sizeof(word));
	return word;
}

static bool jumps(uint16_t op, uint32_t a, uint32_t k)
{
	return op == BPF_JEQ ? a == k : op == BPF_JGT ? a > k : op == BPF_JGE ? a >= k : a & k;
}

/* What libseccomp writes and runc's stub has: loads, AND, jumps, returns. Sets *ret_depends if
 * it looked at an argument. */
static uint32_t run_depending(const struct filter *filter, const struct seccomp_data *data,
			      bool *ret_depends)
{
	uint32_t a = 0;

	for (size_t pc = 0;; pc++) {
		const struct sock_filter *insn = &filter->program[pc];

		assert_true(pc < filter->count);
		if (insn->code == (BPF_LD | BPF_W | BPF_ABS))
			a = word_of(data, insn->k);
		if (insn->code == (BPF_LD | BPF_W | BPF_ABS))
			*ret_depends |= insn->k >= offsetof(struct seccomp_data, args);
		else if (insn->code == (BPF_ALU | BPF_AND | BPF_K))
			a &= insn->k;
		else if (insn->code == (BPF_JMP | BPF_JA))
			pc += insn->k;
		else if (BPF_CLASS(insn->code) == BPF_JMP)
			pc += jumps(BPF_OP(insn->code), a, insn->k) ? insn->jt : insn->jf;
		else if (insn->code == (BPF_RET | BPF_K))
			return insn->k;
		else
			fail_msg("instruction %zu is none that libseccomp writes", pc);
	}
}

static uint32_t run_filter(const struct filter *filter, const struct seccomp_data *data)
{
	bool depends = false;

	return run_depending(filter, data, &depends);
}

/* --- the twin by its definition ------------------------------------------------------------- */

#define ARGUMENTS_MAX 4096

/* Constants of both filters, and what lies beside them. */
struct arguments {
	uint64_t all[ARGUMENTS_MAX];
	size_t count;
};

static void add_argument(struct arguments *arguments, uint64_t value)
{
	for (size_t i = 0; i < arguments->count; i++)
		if (arguments->all[i] == value)
			return;
	if (arguments->count < ARGUMENTS_MAX)
		arguments->all[arguments->count++] = value;
}

static bool tests_argument(const struct filter *filter, size_t at)
{
	while (at-- > 0)
		if (filter->program[at].code == (BPF_LD | BPF_W | BPF_ABS))
			return filter->program[at].k >= offsetof(struct seccomp_data, args);
	return false;
}

static void add_constants(struct arguments *arguments, const struct filter *filter)
{
	for (size_t i = 0; filter && i < filter->count; i++) {
		uint64_t k = filter->program[i].k;

		if (BPF_CLASS(filter->program[i].code) != BPF_JMP || !tests_argument(filter, i))
			continue;
		add_argument(arguments, k - 1);
		add_argument(arguments, k);
		add_argument(arguments, k + 1);
		add_argument(arguments, k << 32);
		add_argument(arguments, k << 32 | k);
		add_argument(arguments, ~k);
	}
}

static bool is_refusal(uint32_t value)
{
	uint32_t action = value & SECCOMP_RET_ACTION_FULL;

	return action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRAP ||
	       action == SECCOMP_RET_KILL_THREAD || action == SECCOMP_RET_KILL_PROCESS;
}

/* Names that a twin may log though its profile allows them; " " before and after each. */
static void check_answer(uint32_t first, uint32_t second, const struct seccomp_data *data,
			 const char *over)
{
	char name[SYSCALL_NAME_SIZE], word[SYSCALL_NAME_SIZE + 2];
	uint32_t wanted = is_refusal(first) ? SECCOMP_RET_LOG : first;

	if (second == wanted)
		return;
	syscall_name(data->arch, data->nr, name);
	snprintf(word, sizeof(word), " %s ", name);
	if (second != SECCOMP_RET_LOG || !strstr(over, word))
		fail_msg("%s (%d, arch %x, args %llx %llx): profile 0x%x, twin 0x%x", name,
			 data->nr, data->arch, data->args[0], data->args[1], first, second);
}

/* As the kernel shows it: 32-bit arches have 32-bit arguments. */
static void check_call(const struct filter *profile, const struct filter *twin, uint32_t arch,
		       uint32_t nr, const struct arguments *arguments, const char *over)
{
	uint64_t mask = arch == I386 ? UINT32_MAX : UINT64_MAX;
	struct seccomp_data none = {.nr = (int)nr, .arch = arch};
	bool depends = false;

	run_depending(profile, &none, &depends);
	run_depending(twin, &none, &depends);
	for (size_t i = 0; i < (depends ? arguments->count : 1); i++) {
		for (unsigned j = 0; j < 3; j++) {
			struct seccomp_data data = {.nr = (int)nr, .arch = arch};

			for (unsigned k = 0; k < 6; k++)
				data.args[k] =
					(j == 0 || j == k + 1 ? arguments->all[i] : 0) & mask;
			check_answer(run_filter(profile, &data), run_filter(twin, &data), &data,
				     over);
		}
	}
}

static void check_filters(const struct filter *profile, const struct filter *twin, const char *over)
{
	struct arguments *arguments = mem_new(1, sizeof(*arguments));

	add_argument(arguments, 0);
	add_constants(arguments, profile);
	add_constants(arguments, twin);
	for (size_t i = 0; i < profile->arch_count; i++) {
		uint32_t token = profile->arches[i].token;
		uint32_t bit = token == SCMP_ARCH_X32 ? ARCH_X32_BIT : 0;

		if (token != SCMP_ARCH_X86_64 && token != SCMP_ARCH_X86 && token != SCMP_ARCH_X32)
			continue;
		for (uint32_t nr = 0; nr <= 600; nr++)
			check_call(profile, twin, arch_audit(token), nr | bit, arguments, over);
		if (token != SCMP_ARCH_X32)
			check_call(profile, twin, arch_audit(token), UINT32_MAX, arguments, over);
	}
	free(arguments);
}

/* Makes the twin and proves it; `over` as for check_answer(). */
static void check_twin(struct str text, const struct profile_options *options, const char *over,
		       struct twin *ret_twin)
{
	struct err err = ERR_INIT;

	if (make_twin(ret_twin, text, options, &err) < 0)
		fail_msg("%s", err.message);
	struct profile *profile = load(text, options);
	/* who reads the profile reads the twin, though its shape may no longer tell who that is */
	struct profile_options same = *options;

	same.loader = profile_info(profile).loader;
	struct profile *twin = load(buf_str(&ret_twin->text), &same);

	if (profile_filter(profile))
		check_filters(profile_filter(profile), profile_filter(twin), over);
	profile_free(twin);
	profile_free(profile);
}

/* --- profiles of the other tests ------------------------------------------------------------ */

static struct str read_golden(const char *path, struct buf *bytes)
{
	const char *top = getenv("srcdir");
	char whole[512];

	snprintf(whole, sizeof(whole), "%s/%s", top ? top : ".", path);
	FILE *in = fopen(path[0] == '/' ? path : whole, "r");

	if (!in)
		return STR("");
	for (size_t n = 1; n > 0;) {
		n = fread(buf_reserve(bytes, 65536), 1, 65536, in);
		bytes->n += n;
	}
	fclose(in);
	return buf_str(bytes);
}

static const struct golden {
	const char *path;
	enum coverage coverage;
	const char *over;
} goldens[] = {
	/* 359 is i386's second way to socket, which runc's stub refuses there */
	{"tests/profiles/oci.json", COVERAGE_NONE, " socket socketcall "}, /* TRACE stays */
	{"tests/profiles/docker.json", COVERAGE_PARTIAL, ""},
	{"tests/profiles/podman.json", COVERAGE_PARTIAL, ""},
	{"tests/profiles/kernel.json", COVERAGE_NONE, ""},
	{"tests/profiles/operators.json", COVERAGE_PARTIAL, ""},
	{"share/runtime-default.json", COVERAGE_PARTIAL, ""},
	{"/usr/share/containers/seccomp.json", COVERAGE_PARTIAL, ""},
};

static void check_golden(const struct golden *golden, const char *list, enum runtime runtime)
{
	struct profile_options options = test_options();
	struct err err = ERR_INIT;
	BUF_AUTO bytes = {0};
	struct str text = read_golden(golden->path, &bytes);
	struct twin twin;

	if (text.n == 0)
		return; /* that package is not installed */
	options.runtime = runtime;
	if (list)
		assert_int_equal(caps_parse(list, &options.caps, &err), 0);
	check_twin(text, &options, golden->over, &twin);
	assert_int_equal(metadata_coverage(buf_str(&twin.text)), golden->coverage);
	/* crun refuses an errno that no action takes: it has to go (profile/filter/filter.c, check_crun) */
	options.runtime = RUNTIME_CRUN;
	profile_free(load(buf_str(&twin.text), &options));
	twin_release(&twin);
}

static void test_goldens(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(goldens); i++) {
		check_golden(&goldens[i], NULL, RUNTIME_RUNC);
		check_golden(&goldens[i], "CAP_SYS_ADMIN", RUNTIME_RUNC);
		check_golden(&goldens[i], "", RUNTIME_RUNC);
	}
	check_golden(&goldens[1], NULL, RUNTIME_CRUN);
}

/* --- what libseccomp would swallow ---------------------------------------------------------- */

#define ARG(op, value) "\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_" op "\",\"value\":" value "}]"
#define RULE(name, action, more) \
	"{\"names\":[\"" name "\"],\"action\":\"SCMP_ACT_" action "\"" more "}"
#define PROFILE(default_action, rules)                                          \
	"{\"defaultAction\":\"SCMP_ACT_" default_action "\",\"architectures\":" \
	"[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],\"syscalls\":[" rules "]}"
/* so that the stub begins above everything asked here but the newest numbers */
#define NEWEST ",{\"names\":[\"landlock_restrict_self\"],\"action\":\"SCMP_ACT_ALLOW\"}"

static const struct trap {
	const char *profile;
	const char *over; /* may be logged though allowed */
} traps[] = {
	/* the first unconditional rule wins, and the twin would drop it */
	{PROFILE("ERRNO",
		 RULE("mount", "ERRNO", ",\"errnoRet\":38") "," RULE("mount", "ALLOW", "") NEWEST),
	 ""},
	{PROFILE("ERRNO",
		 RULE("mount", "ALLOW", "") "," RULE("mount", "ERRNO", ",\"errnoRet\":38") NEWEST),
	 ""},
	/* an unconditional rule beats every conditional one, before or behind it */
	{PROFILE("ERRNO",
		 RULE("mount", "ALLOW", "," ARG("EQ", "5")) "," RULE("mount", "KILL", "") NEWEST),
	 ""},
	{PROFILE("ERRNO",
		 RULE("mount", "TRAP", "," ARG("EQ", "5")) "," RULE("mount", "ALLOW", "") NEWEST),
	 ""},
	/* two refusals come to the same action, and to the default's */
	{PROFILE("KILL_PROCESS",
		 RULE("mount", "ERRNO", "," ARG("EQ", "1")) "," RULE(
			 "mount", "ERRNO",
			 ",\"errnoRet\":38," ARG("EQ", "2")) "," RULE("mount", "ALLOW",
								      "," ARG("EQ", "3")) NEWEST),
	 ""},
	{PROFILE("ALLOW", RULE("mount", "ERRNO", "," ARG("EQ", "1")) "," RULE(
				  "mount", "ERRNO", ",\"errnoRet\":38," ARG("EQ", "2")) NEWEST),
	 ""},
	{PROFILE("ALLOW",
		 RULE("mount", "ERRNO", "," ARG("GE", "8")) "," RULE("chroot", "KILL", "") "," RULE(
			 "chroot", "LOG", "") "," RULE("bpf", "LOG", "")),
	 ""},
	/* conditions that overlap */
	{PROFILE("ERRNO",
		 RULE("personality", "ALLOW", "," ARG("GE", "3")) "," RULE(
			 "personality", "ERRNO", ",\"errnoRet\":38," ARG("EQ", "5")) NEWEST),
	 ""},
	{PROFILE("LOG", RULE("personality", "ALLOW", "," ARG("GE", "3")) "," RULE(
				"personality", "KILL", "," ARG("EQ", "5")) NEWEST),
	 ""},
	/* libseccomp 2.5.4 loses part of these two once both say LOG */
	{PROFILE("ALLOW", RULE("mount", "ERRNO", ",\"errnoRet\":38," ARG("GE", "1")) "," RULE(
				  "mount", "ERRNO", ",\"errnoRet\":13," ARG("GT", "8589934599"))),
	 ""},
	/* a refusal of what stands for the whole family on i386 */
	{PROFILE("ERRNO", RULE("socketcall", "ERRNO", ",\"errnoRet\":38") "," RULE(
				  "socket", "ALLOW", "") "," RULE("connect", "ALLOW", "") NEWEST),
	 " socket connect socketcall "},
	/* what is left as it is */
	{PROFILE("ERRNO",
		 RULE("mount", "TRACE", ",\"errnoRet\":7") "," RULE("bpf", "LOG", "") "," RULE(
			 "chroot", "ERRNO", ",\"errnoRet\":1") NEWEST),
	 ""},
};

static void test_traps(void **state)
{
	struct profile_options options = test_options();

	(void)state;
	for (size_t i = 0; i < COUNT(traps); i++) {
		for (unsigned j = 0; j < 2; j++) {
			struct twin twin;

			options.runtime = j ? RUNTIME_CRUN : RUNTIME_RUNC;
			/* crun refuses nothing of these: TRACE and ERRNO alone have an errno */
			check_twin(str_from(traps[i].profile), &options, traps[i].over, &twin);
			/* where more is logged than was refused, a note says so */
			if (traps[i].over[0])
				assert_true(twin.notes.count > 0);
			twin_release(&twin);
		}
	}
}

/* The check above can fail: changing actions alone lets the first trap through. */
static void test_naive_twin_fails(void **state)
{
	static const char naive[] =
		PROFILE("LOG", RULE("mount", "LOG", "") "," RULE("mount", "ALLOW", "") NEWEST);
	struct profile_options options = test_options();
	struct profile *profile = load(str_from(traps[0].profile), &options);
	struct profile *twin = load(STR(naive), &options);
	struct seccomp_data data = {.nr = 165, .arch = X86_64};

	(void)state;
	assert_true(is_refusal(run_filter(profile_filter(profile), &data)));
	assert_int_equal(run_filter(profile_filter(twin), &data), SECCOMP_RET_ALLOW);
	profile_free(twin);
	profile_free(profile);
}

/* --- its text ------------------------------------------------------------------------------- */

static const struct {
	const char *profile, *twin;
} texts[] = {
	{"{ \"syscalls\": [ {\"names\":[\"read\"],\n\t\"action\":\"SCMP_ACT_ALLOW\"} ],\n"
	 "  \"defaultErrnoRet\": 1, \"defaultAction\":\"SCMP_ACT_ERRNO\" }\n",
	 "{ \"syscalls\": [ {\"names\":[\"read\"],\n\t\"action\":\"SCMP_ACT_ALLOW\"} ],"
	 " \"defaultAction\":\"SCMP_ACT_LOG\" }\n"},
	/* numbers past 2^63 and unknown members stay; neighbours go together */
	{"{\"x\":[1e3,{}],\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"action\":"
	 "\"SCMP_ACT_ERRNO\",\"errnoRet\":1,\"errno\":\"EPERM\",\"names\":[\"prctl\"],\"args\":[{"
	 "\"index\":0,\"value\":18446744073709551615,\"op\":\"SCMP_CMP_EQ\"}]}]}",
	 "{\"x\":[1e3,{}],\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"action\":"
	 "\"SCMP_ACT_LOG\",\"names\":[\"prctl\"],\"args\":[{"
	 "\"index\":0,\"value\":18446744073709551615,\"op\":\"SCMP_CMP_EQ\"}]}]}"},
	{"{\"syscalls\":[{\"errnoRet\":1,\"errno\":\"EPERM\",\"action\":\"SCMP_ACT_ERRNO\",\"names\""
	 ":[\"bpf\"]}],\"defaultAction\":\"SCMP_ACT_ALLOW\"}",
	 "{\"syscalls\":[{\"action\":\"SCMP_ACT_LOG\",\"names\""
	 ":[\"bpf\"]}],\"defaultAction\":\"SCMP_ACT_ALLOW\"}"},
	/* a bundle stays a bundle */
	{"{\"ociVersion\":\"1.0.2\",\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_KILL\"}}}",
	 "{\"ociVersion\":\"1.0.2\",\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\"}}}"},
	/* YAML, with its comments and quotes */
	{"apiVersion: security-profiles-operator.x-k8s.io/v1beta1\nkind: SeccompProfile\n"
	 "metadata: {name: a}\nspec:\n  defaultAction: SCMP_ACT_ERRNO # all\n  architectures:\n"
	 "  - SCMP_ARCH_X86_64\n  syscalls:\n  - action: 'SCMP_ACT_ALLOW'\n    names: [read, write]\n"
	 "  - action: \"SCMP_ACT_ERRNO\"\n    errnoRet: 38\n    names:\n    - clone3 # \303\244\n",
	 "apiVersion: security-profiles-operator.x-k8s.io/v1beta1\nkind: SeccompProfile\n"
	 "metadata: {name: a}\nspec:\n  defaultAction: SCMP_ACT_LOG # all\n  architectures:\n"
	 "  - SCMP_ARCH_X86_64\n  syscalls:\n  - action: 'SCMP_ACT_ALLOW'\n    names: [read, write]\n"
	 "  - action: \"SCMP_ACT_LOG\"\n    names:\n    - clone3 # \303\244\n"},
};

static void test_texts(void **state)
{
	struct profile_options options = test_options();

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct err err = ERR_INIT;
		struct twin twin;

		if (make_twin(&twin, str_from(texts[i].profile), &options, &err) < 0)
			fail_msg("%s", err.message);
		buf_put_char(&twin.text, '\0');
		assert_string_equal(twin.text.p, texts[i].twin);
		twin_release(&twin);
	}
}

static void test_refused(void **state)
{
	static const char *const broken[] = {
		"{\"ociVersion\":\"1.0.2\",\"linux\":{}}", /* no filter */
		"{\"defaultAction\":\"SCMP_ACT_NO\"}",
		"{\"defaultAction\":",
		/* the container would not start */
		PROFILE("ALLOW", RULE("read", "LOG", "," ARG("EQ", "1")) "," RULE(
					 "read", "ERRNO", "," ARG("EQ", "1"))),
	};
	struct profile_options options = test_options();

	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		struct err err = ERR_INIT;
		struct twin twin;

		assert_true(make_twin(&twin, str_from(broken[i]), &options, &err) < 0);
		assert_true(err.message[0]);
		twin_release(&twin);
	}
}

/* Notes that have these words; the profile's archs are those that the note is about. */
static const struct {
	const char *profile, *words;
} notes[] = {
	{PROFILE("ERRNO", RULE("mount", "TRACE", "")), "SCMP_ACT_TRACE stays"},
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\"]}",
	 "x86 and x32"},
	{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86_64\"]}",
	 "refuses nothing"},
};

static void test_notes(void **state)
{
	struct profile_options options = test_options();

	(void)state;
	for (size_t i = 0; i < COUNT(notes); i++) {
		struct err err = ERR_INIT;
		struct twin twin;
		bool found = false;

		assert_int_equal(make_twin(&twin, str_from(notes[i].profile), &options, &err), 0);
		for (size_t j = 0; j < twin.notes.count; j++)
			found = found || strstr(twin.notes.all[j].message, notes[i].words);
		if (!found)
			fail_msg("no note has '%s'", notes[i].words);
		twin_release(&twin);
	}
}

/* --- parts of a text, left out and replaced ------------------------------------------------- */

static void remove_and_compare(const char *text, const char *members, const char *wanted)
{
	struct err err = ERR_INIT;
	struct tree tree;
	BUF_AUTO out = {0};

	if (tree_read(&tree, str_from(text), &err) < 0)
		fail_msg("%s", err.message);
	for (; *members; members++) {
		const char name[] = {*members, '\0'};
		struct node *node = node_member(tree.documents[0], name);

		assert_non_null(node);
		node_remove(node);
	}
	tree_write(&tree, &out);
	buf_put_char(&out, '\0');
	assert_string_equal(out.p, wanted);
	tree_release(&tree);
}

static void test_removing(void **state)
{
	static const char json[] = "{ \"a\": 1, \"b\":[2,{}] ,\"c\" : \"3\\\"}\" }";
	static const char yaml[] = "a: 1 # one\nb:\n- 2\n- {}\nc: '3'\n";

	(void)state;
	remove_and_compare(json, "", json);
	remove_and_compare(json, "a", "{ \"b\":[2,{}] ,\"c\" : \"3\\\"}\" }");
	remove_and_compare(json, "b", "{ \"a\": 1 ,\"c\" : \"3\\\"}\" }");
	remove_and_compare(json, "c", "{ \"a\": 1, \"b\":[2,{}] }");
	remove_and_compare(json, "ab", "{ \"c\" : \"3\\\"}\" }");
	remove_and_compare(json, "bc", "{ \"a\": 1 }");
	remove_and_compare(json, "abc", "{  }");
	remove_and_compare(yaml, "", yaml);
	remove_and_compare(yaml, "a", "b:\n- 2\n- {}\nc: '3'\n");
	remove_and_compare(yaml, "b", "a: 1\nc: '3'\n");
	remove_and_compare(yaml, "c", "a: 1 # one\nb:\n- 2\n- {}\n");
}

/* --- two filters at once -------------------------------------------------------------------- */

static uint32_t pair_of(uint32_t first, uint32_t second, const void *context)
{
	(void)context;
	return (first == SECCOMP_RET_ALLOW) * 2U + (second == SECCOMP_RET_ALLOW);
}

/* The pairs that prctl (157) gets, as bits. */
static unsigned pairs(const struct profile *first, const struct profile *second)
{
	struct comparing comparing;
	diagram sides[2];
	uint32_t *values;
	unsigned bits = 0;

	comparing_init(&comparing, profile_filter(first), profile_filter(second));
	for (size_t i = 0; i < 2; i++)
		sides[i] = answers_call(&comparing.answers[i], X86_64, 157);
	size_t count = diagram_values(
		&comparing.regions,
		answers_join(&comparing.regions, sides[0], sides[1], pair_of, NULL), &values);

	for (size_t i = 0; i < count; i++)
		bits |= 1U << values[i];
	free(values);
	comparing_release(&comparing);
	return bits;
}

/* The first allows arg0 above 9, the second below 20, the third from 10 on. */
static void test_pairs(void **state)
{
	struct profile_options options = test_options();
	struct profile *first =
		load(STR(PROFILE("ERRNO", RULE("prctl", "ALLOW", "," ARG("GT", "9")))), &options);
	struct profile *second =
		load(STR(PROFILE("KILL", RULE("prctl", "ALLOW", "," ARG("LT", "20")))), &options);
	struct profile *same =
		load(STR(PROFILE("KILL", RULE("prctl", "ALLOW", "," ARG("GE", "10")))), &options);

	(void)state;
	/* up to 9, from 10 to 19, from 20 on; never is it refused by both */
	assert_int_equal(pairs(first, second), 1U << 1 | 1U << 2 | 1U << 3);
	assert_int_equal(pairs(first, same), 1U << 0 | 1U << 3);
	profile_free(same);
	profile_free(second);
	profile_free(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goldens),          cmocka_unit_test(test_traps),
		cmocka_unit_test(test_naive_twin_fails), cmocka_unit_test(test_texts),
		cmocka_unit_test(test_refused),          cmocka_unit_test(test_notes),
		cmocka_unit_test(test_removing),         cmocka_unit_test(test_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
