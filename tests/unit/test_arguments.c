/*
 * Arguments as names. The values are those of the kernel's headers: which the test compiles too, so
 * that here they are written as numbers by hand, from socket(2), clone(2), personality(2) and
 * include/uapi/linux.
 */
#include "report/arguments.h"

#include <linux/audit.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_conditions(void **state)
{
	static const struct {
		const char *syscall, *condition, *expected;
	} cases[] = {
		{"socket", "ALLOW when arg0 is neither 0x26 nor 0x28",
		 "ALLOW when arg0 is neither AF_ALG nor AF_VSOCK"},
		{"socket", "ALLOW when arg0 is 0x1, 0x2 or 0xa and arg1 is 0x2",
		 "ALLOW when arg0 is AF_UNIX, AF_INET or AF_INET6 and arg1 is 0x2"},
		{"clone", "ALLOW when arg0 & 0x7e020000 == 0x0",
		 "ALLOW when arg0 & (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | "
		 "CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET) == 0"},
		{"unshare", "ERRNO(1) when arg0 & 0x10000000 != 0x0",
		 "ERRNO(1) when arg0 & CLONE_NEWUSER != 0"},
		{"personality", "ALLOW when arg0 is 0x0, 0x8, 0x20000, 0x20008 or 0xffffffff",
		 "ALLOW when arg0 is PER_LINUX, PER_LINUX32, UNAME26, PER_LINUX32 | UNAME26 or "
		 "0xffffffff"},
		{"prctl", "ALLOW when arg0 is 0x26", "ALLOW when arg0 is PR_SET_NO_NEW_PRIVS"},
		{"mprotect", "ERRNO(1) when arg2 & 0x4 == 0x4",
		 "ERRNO(1) when arg2 & PROT_EXEC == PROT_EXEC"},
		/* x32: an int, which the mask alone says */
		{"personality", "ALLOW when arg0 & 0xffffffff is 0x0, 0x8 or 0xffffffff",
		 "ALLOW when arg0 is PER_LINUX, PER_LINUX32 or 0xffffffff"},
		{"socket",
		 "ALLOW when arg0 & 0xffffffff is neither 0x26 nor 0x28 and arg1 & 0xffffffff is 0x2",
		 "ALLOW when arg0 is neither AF_ALG nor AF_VSOCK and arg1 & 0xffffffff is 0x2"},
		{"read", "ALLOW when arg0 & 0xffffffff is 0x28",
		 "ALLOW when arg0 & 0xffffffff is 0x28"},
		/* ends of ranges are no values */
		{"socket", "ALLOW when arg0 is at most 0x1 or 0x26 to 0x28",
		 "ALLOW when arg0 is at most 0x1 or 0x26 to 0x28"},
		/* without a name, of another call, of another argument, of no argument */
		{"socket", "ALLOW when arg0 is 0x3e7", "ALLOW when arg0 is 0x3e7"},
		{"read", "ALLOW when arg0 is 0x28", "ALLOW when arg0 is 0x28"},
		{"socket", "ALLOW when arg2 is 0x28", "ALLOW when arg2 is 0x28"},
		{"socket", "ALLOW when arg0 is 0x100000028", "ALLOW when arg0 is 0x100000028"},
		{"socket", "ALLOW when the instruction pointer is 0x28",
		 "ALLOW when the instruction pointer is 0x28"},
		{"clone", "ERRNO(1) otherwise", "ERRNO(1) otherwise"},
		/* a letter that is none, an escape sequence, nothing */
		{"socket", "arg0 is 0xzz \033[31m", "arg0 is 0xzz \\x1b[31m"},
		{"socket", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		BUF_AUTO buf = {0};

		arguments_put(&buf, cases[i].syscall, cases[i].condition);
		assert_string_equal(buf.p ? buf.p : "", cases[i].expected);
	}
}

/* Numbers of errno: asm-generic/errno.h. */
static void test_outcomes(void **state)
{
	static const struct {
		const char *conditions[2], *expected;
	} cases[] = {
		{{"ALLOW when arg0 is 0x1", "ERRNO(1) otherwise"},
		 "allowed when arg0 is AF_UNIX; otherwise refused with EPERM"},
		{{"ERRNO(38) when arg0 is 0x28", "LOG otherwise"},
		 "refused with ENOSYS when arg0 is AF_VSOCK; otherwise logged"},
		{{"KILL_PROCESS when arg0 is 0x1", "TRACE(7) otherwise"},
		 "KILL_PROCESS when arg0 is AF_UNIX; otherwise TRACE(7)"},
		/* no outcome */
		{{"too many conditions", "ERRNO(x) otherwise"},
		 "too many conditions; otherwise ERRNO(x)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct verdict verdict = {.conditions = cases[i].conditions,
						.condition_count = 2};
		BUF_AUTO buf = {0};

		arguments_put_conditions(&buf, AUDIT_ARCH_X86_64, 41, &verdict);
		assert_string_equal(buf.p, cases[i].expected);
	}
}

/* A value that has two names would be shown by whichever comes first. */
static void test_values_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < argument_field_count; i++) {
		const struct argument_field *field = &argument_fields[i];

		for (size_t k = 0; k < field->count; k++)
			for (size_t j = 0; j < k; j++)
				if (field->all[j].value == field->all[k].value)
					fail_msg("%s and %s", field->all[j].name,
						 field->all[k].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_values_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
