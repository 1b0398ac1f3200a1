/*
 * What a profile needs, by name: numbers as the kernel's tables have them (syscall_64.tbl,
 * syscall_32.tbl of arch/x86, asm/unistd.h of arm), names as libseccomp knows them, sub-arches as
 * moby's archMap has them (profiles/seccomp/default_linux.go).
 */
#include "profile/compose/needs.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array[0]))
#define X32_BIT      0x40000000
#define UNKNOWN_ARCH 0x12345678

#define NEEDS_AUTO __attribute__((cleanup(needs_release))) struct needs

static void assert_names(const struct needs *needs, const char *const *names, size_t count)
{
	assert_int_equal(needs->count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(needs->all[i].name, names[i]);
}

static void test_sorted_and_once(void **state)
{
	static const char *const want[] = {"close", "execve", "getpid", "read", "write"};
	static const int32_t observed[] = {59, 0, 3, 59, 39, 1, 0, 59};
	NEEDS_AUTO needs = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(observed); i++)
		needs_observe(&needs, AUDIT_ARCH_X86_64, observed[i]);
	assert_names(&needs, want, COUNT(want));
	for (size_t i = 0; i < needs.count; i++)
		assert_int_equal(needs.all[i].origins, NEED_OBSERVED);
	assert_int_equal(needs.arch_count, 1);
	assert_int_equal(needs.arches[0], SCMP_ARCH_X86_64);
	assert_int_equal(needs.unnamed_count, 0);
	assert_ptr_equal(needs_find(&needs, "execve"), &needs.all[1]);
	assert_null(needs_find(&needs, "exec"));
	assert_null(needs_find(&needs, "execveat"));
}

/* Enough of them for the array to grow, in falling order. */
static void test_many(void **state)
{
	NEEDS_AUTO needs = {0};
	size_t named = 0;

	(void)state;
	for (int32_t nr = 400; nr >= 0; nr--) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, nr);

		/* uretprobe and uprobe, which an older libseccomp does not know */
		named += name != NULL || nr == 335 || nr == 336;
		free(name);
		needs_observe(&needs, AUDIT_ARCH_X86_64, nr);
	}
	assert_true(named > 300);
	assert_int_equal(needs.count, named);
	for (size_t i = 1; i < needs.count; i++)
		assert_true(strcmp(needs.all[i - 1].name, needs.all[i].name) < 0);
}

/* x86-64's arch, bit 30: uname is 63 for both, x32's own execve is 520. */
static void test_x32(void **state)
{
	static const char *const want[] = {"execve", "uname"};
	NEEDS_AUTO needs = {0};

	(void)state;
	needs_observe(&needs, AUDIT_ARCH_X86_64, X32_BIT | 63);
	needs_observe(&needs, AUDIT_ARCH_X86_64, X32_BIT | 520);
	assert_names(&needs, want, COUNT(want));
	assert_int_equal(needs.arch_count, 1);
	assert_int_equal(needs.arches[0], SCMP_ARCH_X32);
}

/* One number, two calls; and the two that stand for many, which are names of their own. */
static void test_i386(void **state)
{
	static const char *const want[] = {"exit", "ipc", "socket", "socketcall", "write"};
	NEEDS_AUTO needs = {0};

	(void)state;
	needs_observe(&needs, AUDIT_ARCH_I386, 1);
	needs_observe(&needs, AUDIT_ARCH_X86_64, 1);
	needs_observe(&needs, AUDIT_ARCH_I386, 102);
	needs_observe(&needs, AUDIT_ARCH_I386, 117);
	needs_observe(&needs, AUDIT_ARCH_I386, 359);
	assert_names(&needs, want, COUNT(want));
	assert_int_equal(needs.arch_count, 2);
	assert_int_equal(needs.arches[0], SCMP_ARCH_X86);
	assert_int_equal(needs.arches[1], SCMP_ARCH_X86_64);
}

/* __ARM_NR_set_tls is 0x0f0005. */
static void test_arm_private(void **state)
{
	NEEDS_AUTO needs = {0};

	(void)state;
	needs_observe(&needs, AUDIT_ARCH_ARM, 0x0f0005);
	assert_non_null(needs_find(&needs, "set_tls"));
}

static void test_unnamed(void **state)
{
	static const struct unnamed want[] = {
		{UNKNOWN_ARCH, 0, 1},
		{AUDIT_ARCH_I386, -101, 1}, /* libseccomp's own for socket */
		{AUDIT_ARCH_X86_64, -1, 1},
		{AUDIT_ARCH_X86_64, 9999, 1},
	};
	NEEDS_AUTO needs = {0};

	(void)state;
	for (size_t i = COUNT(want); i-- > 0;) {
		needs_observe(&needs, want[i].audit_arch, want[i].nr);
		needs_observe(&needs, want[i].audit_arch, want[i].nr);
	}
	assert_int_equal(needs.count, 0);
	assert_int_equal(needs.unnamed_unlisted, 0);
	assert_int_equal(needs.unnamed_count, COUNT(want));
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_int_equal(needs.unnamed[i].audit_arch, want[i].audit_arch);
		assert_int_equal(needs.unnamed[i].nr, want[i].nr);
	}
	/* An arch that libseccomp does not know cannot be in a profile. */
	assert_int_equal(needs.arch_count, 2);
	assert_int_equal(needs.arches[0], SCMP_ARCH_X86_64);
	assert_int_equal(needs.arches[1], SCMP_ARCH_X86);
}

/* Linux 7.1, arch/x86/entry/syscalls/syscall_64.tbl: 424 to 471 are taken, without a gap. */
static void test_newer_than_libseccomp(void **state)
{
	NEEDS_AUTO needs = {0};
	size_t named = 471 - 424 + 1;

	(void)state;
	for (int32_t nr = 424; nr <= 480; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, nr);

		needs_observe(&needs, AUDIT_ARCH_X86_64, nr);
		named += nr > 471 && name;
		free(name);
	}
	assert_non_null(needs_find(&needs, "pidfd_send_signal"));
	assert_non_null(needs_find(&needs, "mseal"));
	assert_non_null(needs_find(&needs, "rseq_slice_yield"));
	assert_int_equal(needs.count, named);
	assert_int_equal(needs.unnamed_count, 480 - 424 + 1 - named);
}

static void test_unnamed_cap(void **state)
{
	NEEDS_AUTO needs = {0};

	(void)state;
	for (int32_t nr = 0; nr < NEEDS_UNNAMED_MAX + 3; nr++)
		needs_observe(&needs, UNKNOWN_ARCH, nr);
	needs_observe(&needs, UNKNOWN_ARCH, 0);
	assert_int_equal(needs.unnamed_count, NEEDS_UNNAMED_MAX);
	assert_int_equal(needs.unnamed_unlisted, 3);
}

/* The same log in another order: the same list, and as many that are not in it. */
static void test_unnamed_order(void **state)
{
	NEEDS_AUTO up = {0}, down = {0};
	int32_t count = NEEDS_UNNAMED_MAX + 100;

	(void)state;
	for (int32_t i = 0; i < 2 * count; i++) {
		needs_observe(&up, UNKNOWN_ARCH, i / 2);
		needs_observe(&down, UNKNOWN_ARCH, count - 1 - i % count);
	}
	assert_int_equal(up.unnamed_unlisted, 200);
	assert_int_equal(down.unnamed_unlisted, 200);
	assert_int_equal(up.unnamed_count, NEEDS_UNNAMED_MAX);
	assert_int_equal(down.unnamed_count, NEEDS_UNNAMED_MAX);
	for (int32_t i = 0; i < NEEDS_UNNAMED_MAX; i++) {
		assert_int_equal(up.unnamed[i].nr, i);
		assert_int_equal(down.unnamed[i].nr, i);
	}
}

static void test_arch_cap(void **state)
{
	NEEDS_AUTO needs = {0};

	(void)state;
	for (uint32_t token = 1; token <= NEEDS_ARCHES_MAX; token++)
		assert_true(needs_add_arch(&needs, token));
	assert_true(needs_add_arch(&needs, NEEDS_ARCHES_MAX));
	assert_false(needs_add_arch(&needs, NEEDS_ARCHES_MAX + 1));
	assert_int_equal(needs.arch_count, NEEDS_ARCHES_MAX);
}

/* moby's table, as it stands there. */
static const uint32_t sub_arches[][3] = {
	{SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32},
	{SCMP_ARCH_AARCH64, SCMP_ARCH_ARM},
	{SCMP_ARCH_MIPS64, SCMP_ARCH_MIPS, SCMP_ARCH_MIPS64N32},
	{SCMP_ARCH_MIPS64N32, SCMP_ARCH_MIPS, SCMP_ARCH_MIPS64},
	{SCMP_ARCH_MIPSEL64, SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64N32},
	{SCMP_ARCH_MIPSEL64N32, SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64},
	{SCMP_ARCH_S390X, SCMP_ARCH_S390},
	{SCMP_ARCH_RISCV64},
	/* no entry */
	{SCMP_ARCH_X86},
	{SCMP_ARCH_ARM},
	{SCMP_ARCH_MIPS},
	{SCMP_ARCH_PPC64},
	{SCMP_ARCH_PPC64LE},
};

static void test_sub_arches(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sub_arches); i++) {
		NEEDS_AUTO needs = {0};
		size_t want = 0;

		needs_add_arch(&needs, sub_arches[i][0]);
		needs_add_sub_arches(&needs);
		while (want < 3 && sub_arches[i][want]) {
			assert_true(want < needs.arch_count);
			assert_int_equal(needs.arches[want], sub_arches[i][want]);
			want++;
		}
		assert_int_equal(needs.arch_count, want);
		needs_add_sub_arches(&needs);
		assert_int_equal(needs.arch_count, want);
	}
}

static void test_sorted_arches(void **state)
{
	static const uint32_t all[] = {
		SCMP_ARCH_X86_64, SCMP_ARCH_S390X, SCMP_ARCH_PPC64LE,
		SCMP_ARCH_ARM,    SCMP_ARCH_X32,   SCMP_ARCH_AARCH64,
	};
	static const uint32_t by_name[] = {
		SCMP_ARCH_AARCH64, SCMP_ARCH_ARM, SCMP_ARCH_PPC64LE,
		SCMP_ARCH_S390X,   SCMP_ARCH_X32, SCMP_ARCH_X86_64,
	};
	uint32_t host = seccomp_arch_native();
	NEEDS_AUTO needs = {0};
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++)
		needs_add_arch(&needs, all[i]);
	needs_add_arch(&needs, host);
	needs_sort_arches(&needs);
	assert_int_equal(needs.arches[at++], host);
	for (size_t i = 0; i < COUNT(by_name); i++)
		if (by_name[i] != host)
			assert_int_equal(needs.arches[at++], by_name[i]);
	assert_int_equal(needs.arch_count, at);
}

static bool known_to_an_arch(const char *name)
{
	static const uint32_t tokens[] = {
		SCMP_ARCH_X86_64,  SCMP_ARCH_X86,   SCMP_ARCH_X32,   SCMP_ARCH_AARCH64,
		SCMP_ARCH_ARM,     SCMP_ARCH_MIPS,  SCMP_ARCH_PPC64, SCMP_ARCH_S390,
		SCMP_ARCH_RISCV64, SCMP_ARCH_S390X,
	};

	for (size_t i = 0; i < COUNT(tokens); i++)
		if (seccomp_syscall_resolve_name_arch(tokens[i], name) >= 0)
			return true;
	return false;
}

static void test_always_sets(void **state)
{
	(void)state;
	for (int set = 0; set < ALWAYS_COUNT; set++) {
		size_t count;
		const struct always_call *calls = always_calls((enum always)set, &count);

		assert_true(count > 0);
		for (size_t i = 0; i < count; i++) {
			if (!known_to_an_arch(calls[i].name))
				fail_msg("%s: libseccomp has no such name", calls[i].name);
			if (i > 0 && strcmp(calls[i - 1].name, calls[i].name) >= 0)
				fail_msg("%s is not in order", calls[i].name);
			assert_true(calls[i].why && calls[i].why[0]);
		}
	}
}

/* sigreturn is i386's and not x86-64's; rt_sigreturn is everybody's. */
static void test_always_by_arch(void **state)
{
	NEEDS_AUTO needs = {0};

	(void)state;
	needs_add_always(&needs, ALWAYS_PROGRAM);
	assert_int_equal(needs.count, 0);
	needs_observe(&needs, AUDIT_ARCH_X86_64, 15);
	needs_add_always(&needs, ALWAYS_PROGRAM);
	assert_null(needs_find(&needs, "sigreturn"));
	assert_int_equal(needs_find(&needs, "rt_sigreturn")->origins, NEED_OBSERVED | NEED_PROGRAM);
	assert_int_equal(needs_find(&needs, "exit_group")->origins, NEED_PROGRAM);
	needs_add_arch(&needs, SCMP_ARCH_X86);
	needs_add_always(&needs, ALWAYS_PROGRAM);
	assert_int_equal(needs_find(&needs, "sigreturn")->origins, NEED_PROGRAM);
	needs_add_always(&needs, ALWAYS_SETUP);
	assert_int_equal(needs_find(&needs, "execve")->origins, NEED_SETUP);
	for (size_t i = 0; i < needs.count; i++)
		assert_true(
			seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, needs.all[i].name) >=
				0 ||
			seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, needs.all[i].name) >= 0);
}

static void test_empty(void **state)
{
	struct needs needs = {0};

	(void)state;
	needs_add_sub_arches(&needs);
	needs_sort_arches(&needs);
	assert_null(needs_find(&needs, "read"));
	assert_int_equal(needs.count + needs.arch_count + needs.unnamed_count, 0);
	needs_release(&needs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sorted_and_once),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_x32),
		cmocka_unit_test(test_i386),
		cmocka_unit_test(test_arm_private),
		cmocka_unit_test(test_unnamed),
		cmocka_unit_test(test_newer_than_libseccomp),
		cmocka_unit_test(test_unnamed_cap),
		cmocka_unit_test(test_unnamed_order),
		cmocka_unit_test(test_arch_cap),
		cmocka_unit_test(test_sub_arches),
		cmocka_unit_test(test_sorted_arches),
		cmocka_unit_test(test_always_sets),
		cmocka_unit_test(test_always_by_arch),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
