/* The checks of `sclog doctor` on made-up hosts, and audit rules in the kernel's own layout. */
#include "doctor/checks.h"

#include <errno.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A rule with room for strings behind it. */
union rule {
	struct audit_rule_data data;
	char room[sizeof(struct audit_rule_data) + 64];
};

static union rule exclude(uint32_t field, uint32_t op, uint32_t value)
{
	union rule rule = {0};

	rule.data.flags = AUDIT_FILTER_EXCLUDE;
	rule.data.action = AUDIT_ALWAYS;
	rule.data.field_count = 1;
	rule.data.fields[0] = field;
	rule.data.fieldflags[0] = op;
	rule.data.values[0] = value;
	return rule;
}

/* kernel/auditfilter.c: audit_comparator() against type 1326, for each operator. */
static void test_comparisons(void **state)
{
	static const struct {
		uint32_t op, value;
		bool hides;
	} cases[] = {
		{AUDIT_EQUAL, 1326, true},
		{AUDIT_EQUAL, 1325, false},
		{AUDIT_NOT_EQUAL, 1326, false},
		{AUDIT_NOT_EQUAL, 1300, true},
		{AUDIT_LESS_THAN, 1400, true}, /* Bottlerocket: msgtype<AVC */
		{AUDIT_LESS_THAN, 1326, false},
		{AUDIT_LESS_THAN_OR_EQUAL, 1326, true},
		{AUDIT_GREATER_THAN, 0, true}, /* Flatcar: msgtype>0 */
		{AUDIT_GREATER_THAN, 1326, false},
		{AUDIT_GREATER_THAN_OR_EQUAL, 1326, true},
		{AUDIT_GREATER_THAN_OR_EQUAL, 1327, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		union rule rule = exclude(AUDIT_MSGTYPE, cases[i].op, cases[i].value);
		struct hiding_rule hiding = {0};

		assert_int_equal(hiding_rule_read(&rule.data, sizeof(rule), &hiding),
				 cases[i].hides);
		buf_release(&hiding.text);
	}
}

static void test_texts(void **state)
{
	union rule rule = exclude(AUDIT_MSGTYPE, AUDIT_LESS_THAN, 1400);
	struct hiding_rule hiding;

	(void)state;
	assert_true(hiding_rule_read(&rule.data, sizeof(rule), &hiding));
	assert_string_equal(hiding.text.p, "always,exclude -F 'msgtype<AVC'");
	assert_false(hiding.some);
	buf_release(&hiding.text);

	/* with an exe of which each byte is somebody's choice */
	rule.data.field_count = 2;
	rule.data.fields[1] = AUDIT_EXE;
	rule.data.fieldflags[1] = AUDIT_EQUAL;
	rule.data.values[1] = 7;
	memcpy((char *)&rule.data + offsetof(struct audit_rule_data, buf), "/bin/'x", 7);
	assert_true(hiding_rule_read(&rule.data, sizeof(rule), &hiding));
	assert_string_equal(hiding.text.p, "always,exclude -F 'msgtype<AVC' -F 'exe=/bin/'\\''x'");
	assert_true(hiding.some);
	buf_release(&hiding.text);
}

/* Another list, a string longer than the message, more fields than there are: nothing. */
static void test_no_hiding(void **state)
{
	union rule rule = exclude(AUDIT_MSGTYPE, AUDIT_EQUAL, 1326);
	struct hiding_rule hiding;

	(void)state;
	rule.data.flags = AUDIT_FILTER_EXIT;
	assert_false(hiding_rule_read(&rule.data, sizeof(rule), &hiding));
	rule = exclude(AUDIT_EXE, AUDIT_EQUAL, UINT32_MAX);
	assert_false(hiding_rule_read(&rule.data, sizeof(rule), &hiding));
	rule = exclude(AUDIT_MSGTYPE, AUDIT_EQUAL, 1326);
	rule.data.field_count = AUDIT_MAX_FIELDS + 1;
	assert_false(hiding_rule_read(&rule.data, sizeof(rule), &hiding));
	assert_false(hiding_rule_read(&rule.data, 8, &hiding));
}

static char store_path[] = "/x/sclog.db";
static char rule_text[] = "always,exclude -F msgtype=SECCOMP";

/* A host on which all is well. */
static struct host good_host(void)
{
	struct host host = {
		.release = "6.18.0",
		.distribution = distribution_of("ID=debian\n"),
		.can_edit_boot = true,
		.rules_file = "/etc/audit/rules.d",
		.auditctl = true,
		.start = "systemctl enable --now auditd",
		.set_clock = "timedatectl set-ntp true",
		.major = 6,
		.minor = 18,
		.has_cmdline = true,
		.has_actions = true,
		.actions_logged = "kill_process kill_thread trap errno user_notif trace log",
		.audit = {.enabled = true, .pid = 7, .backlog_limit = 8192},
		.daemon = "auditd",
		.auditd = {.configured = true,
			   .file_mb = 8,
			   .files = 5,
			   .full_action = "ROTATE",
			   .bytes = 1 << 20,
			   .span_ms = 24 * 3600 * 1000},
		.has_printk = true,
		.printk_seconds = 5,
		.printk_burst = 10,
		.caps = UINT64_MAX,
		.initial_pid_namespace = true,
		.sees_processes = true,
		.clock_synchronised = true,
		.store_free = 1ULL << 40,
	};

	host.store_path = store_path;
	return host;
}

/* The level that a check comes to: its worst finding's; -1 without any. */
static int level_of(const struct host *host, const char *id, char command[256])
{
	struct health health;
	int worst = -1;

	health_check(host, &health);
	command[0] = '\0';
	for (size_t i = 0; i < health.count; i++) {
		if (strcmp(health.all[i].check, id) != 0 || (int)health.all[i].level <= worst)
			continue;
		worst = (int)health.all[i].level;
		if (health.all[i].command.n)
			snprintf(command, 256, "%s", health.all[i].command.p);
	}
	health_release(&health);
	return worst;
}

static void test_good_host(void **state)
{
	struct host host = good_host();
	char command[256];

	(void)state;
	for (size_t i = 0; health_check_id(i); i++) {
		if (level_of(&host, health_check_id(i), command) != FINDING_OK)
			fail_msg("%s is not ok on a good host", health_check_id(i));
	}
}

static void test_bad_hosts(void **state)
{
	struct hiding_rule rule = {.text = {.p = rule_text, .n = sizeof(rule_text) - 1}};
	struct host host;
	char command[256];

	(void)state;
#define EXPECT(change, id, level, mends)                                   \
	do {                                                               \
		host = good_host();                                        \
		change;                                                    \
		assert_int_equal(level_of(&host, (id), command), (level)); \
		assert_string_equal(command, (mends));                     \
	} while (0)

	EXPECT((host.major = 4, host.minor = 13), "kernel", FINDING_FAIL, "");
	EXPECT((host.major = 4, host.minor = 14), "kernel", FINDING_OK, "");
	EXPECT((host.rules.all = &rule, host.rules.count = 1), "rules", FINDING_FAIL,
	       "auditctl -d always,exclude -F msgtype=SECCOMP");
	rule.some = true;
	EXPECT((host.rules.all = &rule, host.rules.count = 1), "rules", FINDING_WARN,
	       "auditctl -d always,exclude -F msgtype=SECCOMP");
	EXPECT(host.rules_answer.code = -1, "rules", FINDING_WARN, "");
	EXPECT(host.audit.backlog_limit = 64, "backlog", FINDING_WARN, "auditctl -b 8192");
	EXPECT(host.audit.rate_limit = 100, "rate-limit", FINDING_WARN, "auditctl -r 0");
	EXPECT(host.audit.lost = 3, "lost", FINDING_WARN, "auditctl --reset-lost");
	EXPECT(host.audit.pid = 0, "daemon", FINDING_WARN, "systemctl enable --now auditd");
	EXPECT((host.audit.pid = 0, host.start = NULL), "daemon", FINDING_WARN, "");
	EXPECT((host.audit.rate_limit = 100, host.audit.locked = true), "rate-limit", FINDING_WARN,
	       "");
	EXPECT((host.audit.lost = 3, host.audit.locked = true), "lost", FINDING_WARN, "");
	EXPECT(host.audit_answer.code = -EPROTONOSUPPORT, "boot-audit", FINDING_FAIL, "");
	EXPECT(host.boot_audit_off = true, "boot-audit", FINDING_FAIL, host.distribution->command);
	EXPECT((host.boot_audit_off = true, host.can_edit_boot = false), "boot-audit", FINDING_FAIL,
	       "");
	EXPECT(host.audit.pid = 0, "printk", FINDING_WARN, "sysctl -w kernel.printk_ratelimit=0");
	EXPECT(strcpy(host.actions_logged, "errno trap"), "actions-logged", FINDING_FAIL,
	       "echo kill_process kill_thread trap errno user_notif trace log "
	       ">/proc/sys/kernel/seccomp/actions_logged");
	EXPECT(strcpy(host.actions_logged, "kill_process kill_thread trap log"), "actions-logged",
	       FINDING_WARN,
	       "echo kill_process kill_thread trap errno user_notif trace log "
	       ">/proc/sys/kernel/seccomp/actions_logged");
	EXPECT(host.caps = ~(1ULL << CAP_AUDIT_READ), "capabilities", FINDING_WARN, "");
	EXPECT(host.initial_pid_namespace = false, "namespaces", FINDING_WARN, "");
	EXPECT(host.clock_synchronised = false, "clock", FINDING_WARN, "timedatectl set-ntp true");
	EXPECT(host.store_answer.code = -1, "store", FINDING_FAIL, "");
	/* 40 MB at 1 MB in a day: 40 days; at 1 MB in half an hour: 20 hours, of which 24 need 9.6 MB
	 * in each of the five */
	EXPECT(host.auditd.span_ms = 1800 * 1000, "rotation", FINDING_WARN,
	       "sed -i 's/^max_log_file *=.*/max_log_file = 11/' /etc/audit/auditd.conf && pkill "
	       "-HUP -x auditd");
	EXPECT((host.auditd.configured = false, host.auditd.answer.code = -1), "rotation",
	       FINDING_WARN, "");
	EXPECT(host.sees_processes = false, "containers", FINDING_WARN, "");
	EXPECT(host.has_cmdline = false, "boot-audit", FINDING_WARN, "");
	EXPECT((host.probe.tried = true, host.probe.arrivals[PROBE_NETLINK].watched = true),
	       "probe", FINDING_FAIL, "");
	EXPECT((host.probe.tried = true, strcpy(host.probe.arrivals[PROBE_NETLINK].why, "refused")),
	       "probe", FINDING_WARN, "");
}

/* os-release(5): quotes, ID_LIKE, and the names that the distributions give themselves. */
static void test_distributions(void **state)
{
	static const struct {
		const char *text, *command, *boot, *rules;
	} cases[] = {
		{"NAME=\"Debian\"\nID=debian\n", "update-grub", NULL, NULL},
		{"ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "update-grub", NULL, NULL},
		{"ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"", "grubby", NULL, NULL},
		{"ID=rhel\nVARIANT_ID=coreos\n", NULL, "MachineConfig", "MachineConfig"},
		{"ID=\"rhcos\"\nID_LIKE=\"rhel fedora\"\n", NULL, "MachineConfig", "MachineConfig"},
		{"ID=fedora\nVARIANT_ID=server\n", "grubby", NULL, NULL},
		{"ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", "grub2-mkconfig", NULL, NULL},
		{"ID=flatcar\nID_LIKE=coreos\n", "/oem/grub.cfg", NULL, NULL},
		{"ID=bottlerocket\nVARIANT_ID=aws-k8s-1.31\n", NULL, "kernel-parameters",
		 "bootstrap container"},
		{"ID=talos\r\n", NULL, "extraKernelArgs", "boot"},
		{"ID=nixos\n", NULL, "boot loader", NULL},
		{"VERSION_ID=debian\nPRETTY_NAME='ID=debian'\n", NULL, "boot loader", NULL},
		{"", NULL, "boot loader", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct distribution *found = distribution_of(cases[i].text);

		assert_int_equal(found->command == NULL, cases[i].command == NULL);
		if (cases[i].command)
			assert_non_null(strstr(found->command, cases[i].command));
		else
			assert_non_null(strstr(found->boot, cases[i].boot));
		assert_int_equal(found->rules == NULL, cases[i].rules == NULL);
		if (cases[i].rules)
			assert_non_null(strstr(found->rules, cases[i].rules));
	}
}

static void test_containers(void **state)
{
	struct container container = {.id = STR("0123456789abcdef"), .coverage = COVERAGE_FULL};
	struct host_container running = {&container, true};
	struct host host = good_host();
	char command[256];

	(void)state;
	host.containers = &running;
	host.container_count = 1;
	assert_int_equal(level_of(&host, "containers", command), FINDING_OK);
	container.coverage = COVERAGE_PARTIAL;
	assert_int_equal(level_of(&host, "containers", command), FINDING_OK);
	container.coverage = COVERAGE_NONE;
	assert_int_equal(level_of(&host, "containers", command), FINDING_WARN);
	container.coverage = COVERAGE_UNKNOWN;
	assert_int_equal(level_of(&host, "containers", command), FINDING_WARN);
	container.coverage = COVERAGE_FULL;
	running.confined = false;
	assert_int_equal(level_of(&host, "containers", command), FINDING_WARN);
	container.runtime = STR("systemd"); /* ssh.service needs no profile */
	assert_int_equal(level_of(&host, "containers", command), FINDING_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comparisons),   cmocka_unit_test(test_texts),
		cmocka_unit_test(test_no_hiding),     cmocka_unit_test(test_good_host),
		cmocka_unit_test(test_bad_hosts),     cmocka_unit_test(test_containers),
		cmocka_unit_test(test_distributions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
