/*
 * What watch prints. Expected lines were written by hand: numbers are those of asm/unistd_64.h,
 * the time is date(1)'s for the stamp, values of a return are those of seccomp(2) and errno(3).
 */
#include "report/live.h"

#include "report/text.h"

#include <jansson.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/* 2026-11-21T23:01:34.454Z */
#define STAMP 1795302094454

struct made {
	struct record *record;
	struct container container;
	struct event event;
	struct live_line line;
};

static int setup(void **state)
{
	struct made *made = calloc(1, sizeof(*made));

	made->record = calloc(1, sizeof(*made->record));
	*made->record = (struct record){
		.ms = STAMP,
		.has_arch = true,
		.pid = 21073,
		.arch = AUDIT_ARCH_X86_64,
		.nr = 161,
		.code = SECCOMP_RET_LOG,
		.ip = 0x7fd256e08829,
		.comm = STR("nginx"),
		.exe = STR("/usr/sbin/nginx"),
	};
	made->container = (struct container){
		.id = STR("268887c643f8aabbccddeeff00112233445566778899aabbccddeeff00112233"),
		.name = STR("web"),
		.runtime = STR("docker"),
	};
	made->event = (struct event){
		.record = made->record,
		.container = &made->container,
		.attribution = ATTRIBUTION_CONTAINER,
		.trust = TRUST_KERNEL,
		.node = STR("worker-3"),
	};
	made->line = (struct live_line){.event = &made->event, .kind = LIVE_NEW};
	setenv("TZ", "UTC", 1);
	tzset();
	*state = made;
	return 0;
}

static int teardown(void **state)
{
	struct made *made = *state;

	free(made->record);
	free(made);
	return 0;
}

static void text_is(struct live *live, const struct made *made, const char *expected)
{
	BUF_AUTO buf = {0};

	live_put_text(live, &buf, &made->line);
	assert_string_equal(buf.p, expected);
}

static void test_text(void **state)
{
	struct made *made = *state;
	struct live live;

	live_init(&live, false, false);
	text_is(&live, made,
		"NEW  Nov 21 23:01:34  web             chroot (161)           x86_64  LOG    nginx\n");
	made->line.kind = LIVE_EVENT;
	made->record->nr = 0;
	made->record->code = SECCOMP_RET_KILL_THREAD;
	text_is(&live, made,
		"     Nov 21 23:01:34  web             read (0)               x86_64  KILL_THREAD  "
		"nginx\n");
	/* the column has grown */
	made->record->nr = -1;
	made->record->code = SECCOMP_RET_TRAP;
	text_is(&live, made,
		"     Nov 21 23:01:34  web             syscall_-1 (-1)        x86_64  TRAP         "
		"nginx\n");
}

static void test_text_whose(void **state)
{
	struct made *made = *state;
	struct live live;

	live_init(&live, false, false);
	made->container.name = STR("");
	text_is(&live, made,
		"NEW  Nov 21 23:01:34  268887c643f8    chroot (161)           x86_64  LOG    nginx\n");
	made->container.id = STR("redis");
	text_is(&live, made,
		"NEW  Nov 21 23:01:34  redis           chroot (161)           x86_64  LOG    nginx\n");
	made->event.container = NULL;
	made->event.attribution = ATTRIBUTION_HOST;
	text_is(&live, made,
		"NEW  Nov 21 23:01:34  (host)          chroot (161)           x86_64  LOG    nginx\n");
	made->event.attribution = ATTRIBUTION_UNATTRIBUTED;
	text_is(&live, made,
		"NEW  Nov 21 23:01:34  (unattributed)  chroot (161)           x86_64  LOG    nginx\n");
}

static void test_text_unknown(void **state)
{
	struct made *made = *state;
	struct live live;

	live_init(&live, false, false);
	made->record->has_arch = false;
	made->record->code = 0x7ffc1234;
	made->record->comm_null = true;
	text_is(&live, made,
		"NEW  Nov 21 23:01:34  web             - (161)                -       0x7ffc1234  "
		"/usr/sbin/nginx\n");
	made->record->exe_null = true;
	text_is(&live, made,
		"NEW  Nov 21 23:01:34  web             - (161)                -       0x7ffc1234  -\n");
}

static void test_text_local_time(void **state)
{
	static const struct {
		int64_t ms;
		const char *zone, *expected;
	} cases[] = {
		{STAMP, "CET-1", "Nov 22 00:01:34"},
		{STAMP, "NST3:30", "Nov 21 19:31:34"},
		{0, "UTC", "Jan 01 00:00:00"},
		{-1, "UTC", "Dec 31 23:59:59"},
	};
	struct made *made = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		BUF_AUTO buf = {0};
		struct live live;

		setenv("TZ", cases[i].zone, 1);
		tzset();
		live_init(&live, false, false);
		made->record->ms = cases[i].ms;
		live_put_text(&live, &buf, &made->line);
		assert_memory_equal(buf.p + 5, cases[i].expected, 15);
	}
}

/* A container chooses its comm, and its author its name. */
static void test_text_hostile(void **state)
{
	struct made *made = *state;
	struct live live;

	live_init(&live, false, false);
	made->container.name = STR("a\nNEW\x1b]0;");
	made->record->comm = STR("\x1b[2J\xff\xe2\x80\xae");
	text_is(&live, made,
		"NEW  Nov 21 23:01:34  a\\nNEW\\x1b]0;   chroot (161)           x86_64  LOG    "
		"\\x1b[2J\\xff\\xe2\\x80\\xae\n");
}

/* What is longer than a column's limit moves its own line only. */
static void test_text_limit(void **state)
{
	struct made *made = *state;
	struct live live;

	live_init(&live, false, false);
	made->container.name = STR("a-name-of-thirty-three-columns-01");
	text_is(&live, made,
		"NEW  Nov 21 23:01:34  a-name-of-thirty-three-columns-01  chroot (161)           "
		"x86_64  LOG    nginx\n");
	made->container.name = STR("web");
	text_is(&live, made,
		"NEW  Nov 21 23:01:34  web             chroot (161)           x86_64  LOG    nginx\n");
	/* fifteen columns in sixteen bytes: columns are what is counted */
	made->container.name = STR("caf\xc3\xa9-au-lait-01");
	text_is(&live, made,
		"NEW  Nov 21 23:01:34  caf\xc3\xa9-au-lait-01  chroot (161)           x86_64  LOG    "
		"nginx\n");
	made->container.name = STR("web");
	text_is(&live, made,
		"NEW  Nov 21 23:01:34  web              chroot (161)           x86_64  LOG    nginx\n");
}

static const char *const conditions[] = {"ALLOW when arg0 is 0x0", "ERRNO(1) otherwise"};
static const uint32_t allow_or_errno[] = {SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 1};

static const struct verdict allowed = {.kind = VERDICT_ALLOWED, .action = SECCOMP_RET_ALLOW};
static const struct verdict logged = {.kind = VERDICT_LOGGED, .action = SECCOMP_RET_LOG};
static const struct verdict denied = {
	.kind = VERDICT_DENIED,
	.origin = VERDICT_BY_DEFAULT,
	.action = SECCOMP_RET_ERRNO,
	.has_errno = true,
	.error = 1,
};
static const struct verdict killed = {
	.kind = VERDICT_DENIED,
	.origin = VERDICT_BY_RULE,
	.action = SECCOMP_RET_KILL_PROCESS,
};
static const struct verdict bad_arch = {
	.kind = VERDICT_BAD_ARCH,
	.origin = VERDICT_BY_ARCH,
	.action = SECCOMP_RET_KILL_THREAD,
};
static const uint32_t errno_38[] = {SECCOMP_RET_ERRNO | 38};
static const struct verdict stub = {
	.kind = VERDICT_ENOSYS,
	.origin = VERDICT_BY_STUB,
	.action = SECCOMP_RET_ERRNO,
	.has_errno = true,
	.error = 38,
	.reachable = errno_38,
	.reachable_count = 1,
};
static const struct verdict conditional = {
	.kind = VERDICT_CONDITIONAL,
	.origin = VERDICT_BY_RULE,
	.action = SECCOMP_RET_ERRNO,
	.has_errno = true,
	.error = 1,
	.reachable = allow_or_errno,
	.reachable_count = 2,
	.conditions = conditions,
	.condition_count = 2,
};

static void test_text_verdict(void **state)
{
	static const struct {
		const struct verdict *verdict;
		const char *expected;
	} cases[] = {
		{&allowed, "allowed"},
		{&logged, "logged"},
		{&denied, "refused: ERRNO EPERM"},
		{&killed, "refused: KILL_PROCESS"},
		{&bad_arch, "refused: KILL_THREAD, architecture not in the filter"},
		{&stub, "falls back: ERRNO ENOSYS"},
		{&conditional,
		 "conditional: allowed when arg0 is 0x0; otherwise refused with EPERM"},
		{NULL, "not checked: no architecture"},
	};
	struct made *made = *state;
	char expected[256];
	struct live live;

	live_init(&live, false, true);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		made->line.verdict = cases[i].verdict;
		snprintf(
			expected, sizeof(expected), "%s%s\n",
			"NEW  Nov 21 23:01:34  web             chroot (161)           x86_64  LOG    "
			"nginx            ",
			cases[i].expected);
		text_is(&live, made, expected);
	}
}

static void test_text_colour(void **state)
{
	struct made *made = *state;
	struct live live;

	live_init(&live, true, true);
	made->line.verdict = &denied;
	text_is(&live, made,
		"\x1b[1mNEW\x1b[0m  Nov 21 23:01:34  web             chroot (161)           x86_64  "
		"LOG    nginx            \x1b[31mrefused: ERRNO EPERM\x1b[0m\n");
	made->line.verdict = &allowed;
	made->line.kind = LIVE_EVENT;
	text_is(&live, made,
		"     Nov 21 23:01:34  web             chroot (161)           x86_64  LOG    "
		"nginx            allowed\n");
}

static void json_is(const struct made *made, bool judged, const char *expected)
{
	BUF_AUTO buf = {0};
	struct live live;

	live_init(&live, false, judged);
	live_put_json(&live, &buf, &made->line);
	assert_int_equal(buf.p[buf.n - 1], '\n');
	assert_int_equal(str_chr(buf_str(&buf), '\n'), buf.n - 1);
	json_t *got = json_loadb(buf.p, buf.n, 0, NULL), *want = json_loads(expected, 0, NULL);

	assert_non_null(want);
	if (!json_equal(got, want))
		fail_msg("%s", buf.p);
	json_decref(got);
	json_decref(want);
}

static void test_json(void **state)
{
	struct made *made = *state;

	json_is(made, false,
		"{\"container\":{\"id\":\"268887c643f8aabbccddeeff00112233445566778899aabbccddeeff"
		"00112233\",\"name\":\"web\",\"runtime\":\"docker\",\"image\":null,\"pod\":null,"
		"\"namespace\":null},\"attribution\":\"container\",\"node\":\"worker-3\","
		"\"comm\":\"nginx\",\"exe\":\"/usr/sbin/nginx\",\"arch\":\"x86_64\",\"nr\":161,"
		"\"syscall\":\"chroot\",\"action\":\"LOG\",\"refused\":false,\"count\":1,"
		"\"first\":\"2026-11-21T23:01:34.454Z\",\"last\":\"2026-11-21T23:01:34.454Z\","
		"\"pid\":21073,\"ip\":\"0x7fd256e08829\",\"source\":\"kernel\",\"trust\":\"kernel\",\"new\":true}");
	made->event.container = NULL;
	made->event.attribution = ATTRIBUTION_HOST;
	made->record->comm_null = true;
	made->record->has_arch = false;
	made->line.kind = LIVE_EVENT;
	json_is(made, true,
		"{\"container\":null,\"attribution\":\"host\",\"node\":\"worker-3\",\"comm\":null,"
		"\"exe\":\"/usr/sbin/nginx\",\"arch\":null,\"nr\":161,\"syscall\":null,"
		"\"action\":\"LOG\",\"refused\":false,\"count\":1,\"first\":\"2026-11-21T23:01:34.454Z\","
		"\"last\":\"2026-11-21T23:01:34.454Z\",\"pid\":21073,\"ip\":\"0x7fd256e08829\","
		"\"source\":\"kernel\",\"trust\":\"kernel\",\"new\":false,\"verdict\":null}");
}

static void test_json_verdict(void **state)
{
	static const struct {
		const struct verdict *verdict;
		const char *expected;
	} cases[] = {
		{&allowed, "{\"verdict\":\"allowed\",\"action\":\"ALLOW\",\"errno\":null,"
			   "\"conditions\":[]}"},
		{&denied, "{\"verdict\":\"denied\",\"action\":\"ERRNO\",\"errno\":1,"
			  "\"conditions\":[]}"},
		{&bad_arch, "{\"verdict\":\"bad-arch\",\"action\":\"KILL_THREAD\",\"errno\":null,"
			    "\"conditions\":[]}"},
		{&conditional, "{\"verdict\":\"conditional\",\"action\":\"ERRNO\",\"errno\":1,"
			       "\"conditions\":[\"ALLOW when arg0 is 0x0\","
			       "\"ERRNO(1) otherwise\"]}"},
	};
	struct made *made = *state;
	struct live live;

	live_init(&live, false, true);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		BUF_AUTO buf = {0};

		made->line.verdict = cases[i].verdict;
		live_put_json(&live, &buf, &made->line);
		json_t *got = json_loadb(buf.p, buf.n, 0, NULL);
		json_t *want = json_loads(cases[i].expected, 0, NULL);

		assert_true(json_equal(json_object_get(got, "verdict"), want));
		json_decref(got);
		json_decref(want);
	}
}

static void test_status(void **state)
{
	static const struct live_status quiet = {.waiting = 300000, .source = "netlink"},
					busy = {
						.records_per_second = 190213.7,
						.events = 1234567,
						.fresh = 12,
						.containers = 1,
						.lost = 3,
						.waiting = 12300000,
						.trouble = "disk\nfull",
						.source = "netlink, audit.log",
					};
	static const struct {
		const struct live_status *status;
		size_t columns;
		const char *expected;
	} cases[] = {
		{&quiet, 80, "0 records/s  0 events  0 new  0 containers  netlink"},
		{&quiet, 51, "0 records/s  0 events  0 new  0 containers  netlink"},
		{&quiet, 50, "0 records/s  0 events  0 new  0 containers"},
		{&quiet, 41, "0 records/s  0 events  0 new"},
		{&quiet, 18, "0 records/s  0 new"},
		{&quiet, 17, "0 new"},
		{&quiet, 4, ""}, /* a number that is cut is another number */
		{&quiet, 0, ""},
		{&busy, 200,
		 "disk\\nfull  3 lost  190214 records/s  1234567 events  12 new  1 container  "
		 "12.3 MB waiting  netlink, audit.log"},
		{&busy, 80,
		 "disk\\nfull  3 lost  190214 records/s  1234567 events  12 new  "
		 "12.3 MB waiting"},
		{&busy, 18, "disk\\nfull  3 lost"},
		{&busy, 12, "disk\\nfull"},
		{&busy, 5, "disk\\"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		BUF_AUTO buf = {0};

		live_status_put(&buf, cases[i].status, cases[i].columns);
		assert_string_equal(buf.p ? buf.p : "", cases[i].expected);
	}
}

/* Wide characters take two columns: never one more than asked for. */
static void test_status_wide(void **state)
{
	static const struct live_status status = {.trouble = "\xe6\xbc\xa2\xe5\xad\x97 x"};
	static const size_t bytes[] = {0, 0, 3, 3, 6, 7, 8, 8};

	(void)state;
	for (size_t columns = 0; columns < sizeof(bytes) / sizeof(*bytes); columns++) {
		BUF_AUTO buf = {0};

		live_status_put(&buf, &status, columns);
		assert_true(text_width(buf_str(&buf)) <= columns);
		assert_int_equal(buf.n, bytes[columns]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text_whose, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text_local_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text_hostile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text_verdict, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text_colour, setup, teardown),
		cmocka_unit_test_setup_teardown(test_json, setup, teardown),
		cmocka_unit_test_setup_teardown(test_json_verdict, setup, teardown),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_status_wide),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
