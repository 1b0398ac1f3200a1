/*
 * Explain: operands, which calls they are, and how two profiles stand to each other.
 *
 * Numbers are of the kernel's syscall tables (arch/x86/entry/syscalls); what two profiles let
 * through was worked out by hand from their rules.
 */
#include "cli/syscalls.h"
#include "ingest/arch.h"
#include "profile/source.h"

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* last: it redefines things of the headers above */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define X86_64 AUDIT_ARCH_X86_64
#define I386   AUDIT_ARCH_I386
#define X32(n) (ARCH_X32_BIT | (n))

static struct profile *load(const char *text)
{
	struct profile_options options = profile_options_default();
	struct profile_source *source = profile_source_from_text("test", str_from(text));
	struct profile *profile = NULL;
	struct err err = ERR_INIT;

	options.arch = SCMP_ARCH_X86_64;
	if (profile_load(source, &options, &profile, &err) < 0)
		fail_msg("%s", err.message);
	profile_source_free(source);
	return profile;
}

static const char three_arches[] =
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\","
	"\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],\"syscalls\":[{\"names\":[\"read\"],\"action\":"
	"\"SCMP_ACT_ALLOW\"}]}";

/* --- operands ------------------------------------------------------------------------------- */

struct expected_call {
	uint32_t arch;
	int64_t nr;
};

static const struct {
	const char *operand;
	size_t count;
	struct expected_call calls[8];
} operands[] = {
	{"chroot", 3, {{X86_64, 161}, {I386, 61}, {X86_64, X32(161)}}},
	{"socketcall", 1, {{I386, 102}}},
	{"0", 3, {{X86_64, 0}, {I386, 0}, {X86_64, X32(0)}}},
	{"0x3b", 3, {{X86_64, 59}, {I386, 59}, {X86_64, X32(59)}}},
	{"5-6",
	 6,
	 {{X86_64, 5}, {X86_64, 6}, {I386, 5}, {I386, 6}, {X86_64, X32(5)}, {X86_64, X32(6)}}},
	{"-1", 2, {{X86_64, -1}, {I386, -1}}},
	/* x32's own numbers are nobody else's */
	{"1073741824", 1, {{X86_64, X32(0)}}},
	/* i386 has no clone of that name alone: the pattern is for the whole name */
	{"clone[3]", 3, {{X86_64, 435}, {I386, 435}, {X86_64, X32(435)}}},
	/* libseccomp 2.5.4 cannot name it, the kernel can */
	{"fchmodat2", 3, {{X86_64, 452}, {I386, 452}, {X86_64, X32(452)}}},
};

static void test_operands(void **state)
{
	struct profile *profile = load(three_arches);
	struct arches arches = {0};

	(void)state;
	arches_of_profile(&arches, profile);
	assert_int_equal(arches.count, 3);
	for (size_t i = 0; i < COUNT(operands); i++) {
		struct explain_calls calls = {0};
		struct syscalls syscalls = {.arches = &arches,
					    .profiles = {profile, profile, profile},
					    .calls = &calls};
		struct err err = ERR_INIT;

		assert_int_equal(syscalls_add(&syscalls, operands[i].operand, &err), 0);
		if (calls.count != operands[i].count)
			fail_msg("'%s': %zu calls", operands[i].operand, calls.count);
		for (size_t j = 0; j < calls.count; j++) {
			assert_int_equal(calls.all[j].arch, operands[i].calls[j].arch);
			assert_int_equal(calls.all[j].nr, operands[i].calls[j].nr);
		}
		explain_calls_release(&calls);
	}
	profile_free(profile);
}

static void test_bad_operands(void **state)
{
	static const struct {
		const char *operand, *words;
	} bad[] = {
		{"mout", "did you mean mount?"}, {"chrot", "did you mean chroot?"},
		{"6-5", "ends before"},          {"0-4294967295", "more than"},
		{"12x", "not a syscall"},        {"", "not a syscall"},
		{"zz*", "not a syscall"},
	};
	struct profile *profile = load(three_arches);
	struct arches arches = {0};

	(void)state;
	arches_add(&arches, SCMP_ARCH_X86_64);
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct explain_calls calls = {0};
		struct syscalls syscalls = {
			.arches = &arches, .profiles = {profile}, .calls = &calls};
		struct err err = ERR_INIT;

		assert_true(syscalls_add(&syscalls, bad[i].operand, &err) < 0);
		if (!strstr(err.message, bad[i].words))
			fail_msg("'%s': %s", bad[i].operand, err.message);
		explain_calls_release(&calls);
	}
	profile_free(profile);
}

static void test_hosts(void **state)
{
	(void)state;
	assert_int_equal(arch_host(SCMP_ARCH_X32), SCMP_ARCH_X86_64);
	assert_int_equal(arch_host(SCMP_ARCH_ARM), SCMP_ARCH_AARCH64);
	assert_int_equal(arch_host(SCMP_ARCH_RISCV64), SCMP_ARCH_RISCV64);
}

/* --- one profile against another ------------------------------------------------------------ */

#define ONE(rules)                                                                        \
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\"]," \
	"\"syscalls\":[{\"names\":[\"exit_group\"],\"action\":\"SCMP_ACT_ALLOW\"}" rules "]}"
#define RULE(name, action) ",{\"names\":[\"" name "\"],\"action\":\"SCMP_ACT_" action "\"}"
#define WHEN(name, op, value)                                                              \
	",{\"names\":[\"" name "\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0," \
	"\"op\":\"SCMP_CMP_" op "\",\"value\":" value "}]}"

static const struct {
	const char *first, *second;
	enum explain_relation relation;
} comparisons[] = {
	{ONE(RULE("read", "ALLOW")), ONE(RULE("read", "ALLOW")), EXPLAIN_EQUAL},
	/* the same in other words */
	{ONE(WHEN("prctl", "GT", "9")), ONE(WHEN("prctl", "GE", "10")), EXPLAIN_EQUAL},
	{ONE(""), ONE(RULE("read", "ALLOW")), EXPLAIN_SUBSET},
	{ONE(RULE("read", "ALLOW")), ONE(""), EXPLAIN_SUPERSET},
	{ONE(RULE("read", "ALLOW")), ONE(RULE("write", "ALLOW")), EXPLAIN_OVERLAP},
	{ONE(RULE("read", "KILL")), ONE(""), EXPLAIN_SAME},
	{ONE(RULE("read", "LOG")), ONE(RULE("read", "ALLOW")), EXPLAIN_SAME},
	/* conditions: 12 and more lies within 10 and more */
	{ONE(WHEN("prctl", "GE", "12")), ONE(WHEN("prctl", "GE", "10")), EXPLAIN_SUBSET},
	{ONE(WHEN("prctl", "GE", "10")), ONE(WHEN("prctl", "LT", "20")), EXPLAIN_OVERLAP},
	{ONE(WHEN("prctl", "GE", "10")), ONE(RULE("prctl", "ALLOW")), EXPLAIN_SUBSET},
	{"{}", ONE(""), EXPLAIN_SUPERSET}, /* no filter at all */
	{"{}", "{}", EXPLAIN_EQUAL},
};

static void test_comparisons(void **state)
{
	FILE *nowhere = fopen("/dev/null", "w");

	(void)state;
	assert_non_null(nowhere);
	for (size_t i = 0; i < COUNT(comparisons); i++) {
		struct profile *first = load(comparisons[i].first);
		struct profile *second = load(comparisons[i].second);
		struct explain_calls calls = {0};
		struct arches arches = {0};
		struct syscalls syscalls = {.arches = &arches, .calls = &calls};
		const struct explain_writing writing = {.profile = first, .calls = &calls};
		enum explain_relation relation;

		arches_of_profile(&arches, first);
		arches_of_profile(&arches, second);
		syscalls_add_compared(&syscalls, first, second);
		assert_int_equal(explain_write_comparison(&writing, second, nowhere, &relation), 0);
		if (relation != comparisons[i].relation)
			fail_msg("comparison %zu: %d, not %d", i, relation,
				 comparisons[i].relation);
		explain_calls_release(&calls);
		profile_free(second);
		profile_free(first);
	}
	fclose(nowhere);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operands),
		cmocka_unit_test(test_bad_operands),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_comparisons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
