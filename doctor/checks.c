#include "doctor/checks.h"

#include "base/mem.h"
#include "doctor/hiding.h"

#include <linux/capability.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A container's start makes some hundred records at once; the kernel's default of 64 is too few. */
#define BACKLOG_WANTED 8192

/* Rotated files that hold less than this are gone before a timer or a person has read them. */
#define ROOM_WANTED_MS (24 * 3600 * 1000LL)

#define STORE_FREE_WANTED (64ULL << 20)

struct check {
	const char *id;
	void (*run)(const struct host *host, const char *id, struct health *health);
};

const char *finding_level_name(enum finding_level level)
{
	static const char *const names[] = {"ok", "warn", "fail"};

	return names[level];
}

/* Adds a finding; its text is completed by the caller. Valid until the next one. */
static struct health_finding *add(struct health *health, const char *id, enum finding_level level)
{
	health->all = mem_resize(health->all, (health->count + 1) * sizeof(*health->all));
	health->all[health->count] = (struct health_finding){.check = id, .level = level};
	health->of_level[level]++;
	return &health->all[health->count++];
}

#define FIND(level, ...) buf_format(&add(health, id, (level))->text, __VA_ARGS__)

static void mend(struct health *health, const char *command)
{
	if (command)
		buf_put_str(&health->all[health->count - 1].command, str_from(command));
}

/* What changes the audit of the kernel, which nobody can while it is locked. */
static void mend_audit(const struct host *host, struct health *health, const char *command)
{
	struct buf *text = &health->all[health->count - 1].text;

	if (host->audit.locked) {
		buf_format(text, "; audit is locked until reboot (auditctl -e 2): change %s first",
			   host->rules_file ? host->rules_file : "what sets it at boot");
		return;
	}
	if (!host->auditctl)
		buf_format(text, "; auditctl is not installed (package auditd or audit)");
	mend(health, command);
}

/* Where a part could not be read: a warning, and true. */
static bool unanswered(const struct host_answer *answer, const char *id, struct health *health)
{
	if (answer->code == 0)
		return false;
	FIND(FINDING_WARN, "not checked: %s", answer->why);
	return true;
}

static void check_kernel(const struct host *host, const char *id, struct health *health)
{
	if (host->major < 4 || (host->major == 4 && host->minor < 14))
		FIND(FINDING_FAIL,
		     "Linux %s has no SCMP_ACT_LOG: log-mode profiles need Linux 4.14 or later",
		     host->release);
	else
		FIND(FINDING_OK, "Linux %s", host->release);
}

static void check_boot(const struct host *host, const char *id, struct health *health)
{
	if (!host->has_cmdline) {
		FIND(FINDING_WARN, "not checked: the kernel command line cannot be read");
		return;
	}
	if (!host->boot_audit_off && host->audit_answer.code == -EPROTONOSUPPORT) {
		FIND(FINDING_FAIL, "the kernel was built without audit: no record is made");
		return;
	}
	if (!host->boot_audit_off) {
		FIND(FINDING_OK, "the kernel command line does not turn audit off");
		return;
	}
	const struct distribution *distribution = host->distribution;
	const char *command = host->can_edit_boot ? distribution->command : NULL;

	FIND(FINDING_FAIL,
	     "the kernel command line turns audit off (audit=0): no record is made%s%s",
	     command ? "" : "; ",
	     command              ? ""
	     : distribution->boot ? distribution->boot
				  : DISTRIBUTION_BOOT);
	mend(health, command);
}

static void check_actions(const struct host *host, const char *id, struct health *health)
{
	static const char *const refusals[] = {"errno", "trap", "kill_thread", "kill_process"};
	BUF_AUTO absent = {0};

	if (!host->has_actions) {
		FIND(FINDING_WARN, "kernel.seccomp.actions_logged cannot be read");
		return;
	}
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		if (!hiding_has_word(host->actions_logged, refusals[i]))
			buf_format(&absent, "%s%s", absent.n ? ", " : "", refusals[i]);
	}
	if (!hiding_has_word(host->actions_logged, "log"))
		FIND(FINDING_FAIL, "kernel.seccomp.actions_logged lacks \"log\": log-mode profiles "
				   "log nothing");
	else if (absent.n)
		FIND(FINDING_WARN,
		     "kernel.seccomp.actions_logged lacks %s: such refusals are not logged",
		     absent.p);
	else {
		FIND(FINDING_OK, "the kernel logs: %s", host->actions_logged);
		return;
	}
	mend(health, "echo kill_process kill_thread trap errno user_notif trace log "
		     ">/proc/sys/kernel/seccomp/actions_logged");
}

/* What loads a rule again at the next start. */
static void put_loader(const struct host *host, struct buf *text)
{
	if (host->distribution->rules)
		buf_format(text, " (%s)", host->distribution->rules);
	else if (host->rules_file && !host->audit.locked)
		buf_format(text, " (%s loads it again at the next boot: delete it there too)",
			   host->rules_file);
	else if (!host->rules_file)
		buf_format(text, " (there are no rules in /etc/audit: whatever added it may add "
				 "it again at the next boot)");
}

static void check_rules(const struct host *host, const char *id, struct health *health)
{
	if (unanswered(&host->rules_answer, id, health))
		return;
	for (size_t i = 0; i < host->rules.count; i++) {
		const struct hiding_rule *rule = &host->rules.all[i];

		BUF_AUTO command = {0};

		FIND(rule->some ? FINDING_WARN : FINDING_FAIL,
		     "an audit rule hides %s seccomp records from every source, without a trace: "
		     "-a %s",
		     rule->some ? "some" : "all", rule->text.p);
		put_loader(host, &health->all[health->count - 1].text);
		buf_format(&command, "auditctl -d %s", rule->text.p);
		mend_audit(host, health, command.p);
	}
	if (host->rules.count == 0)
		FIND(FINDING_OK, "no audit rule hides seccomp records");
}

static void check_backlog(const struct host *host, const char *id, struct health *health)
{
	char command[64];

	if (unanswered(&host->audit_answer, id, health))
		return;
	if (host->audit.backlog_limit == 0) {
		FIND(FINDING_OK, "no audit backlog limit");
		return;
	}
	if (host->audit.backlog_limit >= BACKLOG_WANTED) {
		FIND(FINDING_OK, "audit backlog limit %u", host->audit.backlog_limit);
		return;
	}
	FIND(FINDING_WARN,
	     "audit backlog limit %u: a burst of records is lost for auditd and the journal "
	     "(sclog watch reads netlink, which is not affected)",
	     host->audit.backlog_limit);
	snprintf(command, sizeof(command), "auditctl -b %d", BACKLOG_WANTED);
	mend_audit(host, health, command);
}

static void check_rate(const struct host *host, const char *id, struct health *health)
{
	if (unanswered(&host->audit_answer, id, health))
		return;
	if (host->audit.rate_limit == 0) {
		FIND(FINDING_OK, "no audit rate limit");
		return;
	}
	FIND(FINDING_WARN, "the audit rate limit drops what exceeds %u records per second",
	     host->audit.rate_limit);
	mend_audit(host, health, "auditctl -r 0");
}

static void check_lost(const struct host *host, const char *id, struct health *health)
{
	if (unanswered(&host->audit_answer, id, health))
		return;
	if (host->audit.lost == 0) {
		FIND(FINDING_OK, "the kernel has lost no record since boot");
		return;
	}
	FIND(FINDING_WARN,
	     "the kernel has lost %u audit records since boot or since its counter was reset",
	     host->audit.lost);
	if (!host->audit.locked)
		mend_audit(host, health, "auditctl --reset-lost");
}

static void check_daemon(const struct host *host, const char *id, struct health *health)
{
	if (unanswered(&host->audit_answer, id, health))
		return;
	if (host->audit.pid)
		FIND(FINDING_OK, "%s receives the kernel's records", host->daemon);
	else if (host->auditd.configured)
		FIND(FINDING_WARN,
		     "auditd is installed but does not run: records go to the kernel log");
	else
		FIND(FINDING_OK,
		     "no audit daemon: records go to the kernel log and to sclog watch");
	if (!host->audit.pid && host->auditd.configured)
		mend(health, host->start);
}

static void check_rotation(const struct host *host, const char *id, struct health *health)
{
	const struct host_auditd *auditd = &host->auditd;
	uint64_t room = auditd->file_mb * (auditd->files ? auditd->files : 1) << 20;
	char command[160];

	if (unanswered(&auditd->answer, id, health))
		return;
	if (!auditd->configured) {
		FIND(FINDING_OK, "auditd is not installed: no rotation to check");
		return;
	}
	if (strcasecmp(auditd->full_action, "suspend") == 0) {
		FIND(FINDING_FAIL, "auditd stops writing when its file is full "
				   "(max_log_file_action = SUSPEND)");
		mend(health, "sed -i 's/^\\(max_log_file_action\\).*/\\1 = ROTATE/' "
			     "/etc/audit/auditd.conf && pkill -HUP -x auditd");
		return;
	}
	if (auditd->span_ms == 0 || auditd->bytes == 0 || room == 0 ||
	    strcasecmp(auditd->full_action, "rotate") != 0) {
		FIND(FINDING_OK, "auditd keeps %" PRIu64 " files of %" PRIu64 " MB",
		     auditd->files ? auditd->files : 1, auditd->file_mb);
		return;
	}
	double hours = (double)room / (double)auditd->bytes * (double)auditd->span_ms / 3600000.0;

	FIND(hours * 3600000.0 < (double)ROOM_WANTED_MS ? FINDING_WARN : FINDING_OK,
	     "auditd's files (%" PRIu64 " of %" PRIu64 " MB) hold %.1f hours at the rate that they "
	     "show",
	     auditd->files ? auditd->files : 1, auditd->file_mb, hours);
	if (health->all[health->count - 1].level != FINDING_WARN)
		return;
	snprintf(command, sizeof(command),
		 "sed -i 's/^max_log_file *=.*/max_log_file = %.0f/' /etc/audit/auditd.conf "
		 "&& pkill -HUP -x auditd",
		 (double)auditd->file_mb * (double)ROOM_WANTED_MS / 3600000.0 / hours + 1);
	mend(health, command);
}

static void check_journal(const struct host *host, const char *id, struct health *health)
{
	bool off = host->journald_audit[0] && strcasecmp(host->journald_audit, "no") == 0;

	if (!host->journald)
		FIND(FINDING_OK, "systemd-journald does not run");
	else
		FIND(FINDING_OK, "systemd-journald runs, Audit=%s%s",
		     host->journald_audit[0] ? host->journald_audit : "(not set)",
		     off ? ": it has audit records only through the kernel log" : "");
}

static void check_printk(const struct host *host, const char *id, struct health *health)
{
	if (host->audit_answer.code == 0 && host->audit.pid) {
		FIND(FINDING_OK, "records do not go through printk while %s runs", host->daemon);
		return;
	}
	if (host->audit_answer.code == -EPROTONOSUPPORT) {
		FIND(FINDING_OK, "no record is made that printk could drop");
		return;
	}
	if (!host->has_printk) {
		FIND(FINDING_WARN, "kernel.printk_ratelimit cannot be read");
		return;
	}
	if (host->printk_seconds == 0) {
		FIND(FINDING_OK, "printk has no rate limit");
		return;
	}
	FIND(FINDING_WARN,
	     "%s, the kernel log and syslog get at most %u records in %u seconds "
	     "(sclog watch reads netlink, which is not affected)",
	     host->audit_answer.code ? "if no auditd runs" : "without auditd", host->printk_burst,
	     host->printk_seconds);
	mend(health, "sysctl -w kernel.printk_ratelimit=0");
}

static void check_capabilities(const struct host *host, const char *id, struct health *health)
{
	static const struct {
		unsigned number;
		const char *name, *without;
	} needed[] = {
		{CAP_AUDIT_READ, "CAP_AUDIT_READ", "watch cannot read records from netlink"},
		{CAP_NET_ADMIN, "CAP_NET_ADMIN", "short processes are not attributed"},
		{CAP_SYS_PTRACE, "CAP_SYS_PTRACE", "bundles of running containers are not found"},
		{CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", "runtimes' files cannot be read"},
		{CAP_AUDIT_CONTROL, "CAP_AUDIT_CONTROL",
		 "the kernel's count of lost records and its rules cannot be read"},
	};
	bool all = true;

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		if (host->caps >> needed[i].number & 1)
			continue;
		FIND(FINDING_WARN, "%s is missing: %s", needed[i].name, needed[i].without);
		all = false;
	}
	if (all)
		FIND(FINDING_OK, "this process has every capability that sclog watch uses");
}

static void check_namespaces(const struct host *host, const char *id, struct health *health)
{
	const struct probe_arrival *netlink = &host->probe.arrivals[PROBE_NETLINK];

	if (!host->initial_pid_namespace) {
		FIND(FINDING_WARN,
		     "this is not the host's pid namespace: pids in records cannot be "
		     "looked up here (run the container with --pid=host)");
		return;
	}
	if (host->probe.tried && !netlink->watched && netlink->why[0] &&
	    host->audit_answer.code != -EPROTONOSUPPORT)
		FIND(FINDING_WARN, "%s", netlink->why);
	else
		FIND(FINDING_OK, "the host's pid namespace");
}

/* The name, or as much of the id as Docker shows: but a user's (ID@UID) whole, since its beginning
 * is as free as a name. */
static struct str container_label(const struct container *container)
{
	struct str id = container->id;

	if (container->name.n)
		return container->name;
	return id.n > 12 && str_chr(id, '@') == id.n ? str_of(id.p, 12) : id;
}

/* What no record can show of it, or NULL where its profile logs. */
static const char *container_trouble(const struct host_container *running)
{
	if (!running->confined)
		return "runs without a seccomp filter: nothing it does is logged";
	switch (running->container->coverage) {
	case COVERAGE_NONE:
		return "runs under a profile that refuses without logging";
	case COVERAGE_UNKNOWN:
		return "runs under a profile that cannot be read";
	default:
		return NULL;
	}
}

static void check_containers(const struct host *host, const char *id, struct health *health)
{
	size_t count = 0, good = 0;

	if (unanswered(&host->containers_answer, id, health))
		return;
	for (size_t i = 0; i < host->container_count; i++) {
		const struct host_container *running = &host->containers[i];
		struct str label = container_label(running->container);
		const char *trouble = container_trouble(running);

		if (container_is_service(running->container))
			continue; /* few have a filter, and none of them a profile */
		count++;
		good += !trouble;
		if (!trouble)
			continue;
		FIND(FINDING_WARN, "container %.*s %s; start it under a log-mode profile",
		     (int)(label.n > 200 ? 200 : label.n), label.p, trouble);
		mend(health, "sclog logmode -o twin.json PROFILE");
	}
	if (count == 0 && !host->sees_processes)
		FIND(FINDING_WARN, "not checked: the host's processes cannot be seen here");
	else if (count == 0)
		FIND(FINDING_OK, "no container runs");
	else if (good == count)
		FIND(FINDING_OK, "all %zu running containers run under profiles that log", good);
}

/* Whether records are to be expected on a source of this host. */
static bool is_expected(const struct host *host, enum probe_source source)
{
	if (source == PROBE_NETLINK)
		return true;
	bool daemon = host->audit_answer.code == 0 && host->audit.pid;

	if (source == PROBE_FILE)
		return daemon && strcmp(host->daemon, "auditd") == 0;
	return source == PROBE_KMSG && !daemon;
}

static void check_probe(const struct host *host, const char *id, struct health *health)
{
	bool anywhere = false, watched = false;

	if (!host->probe.tried) {
		FIND(FINDING_OK, "not tried (--no-probe)");
		return;
	}
	if (host->probe.code < 0) {
		FIND(FINDING_WARN, "%s", host->probe.why);
		return;
	}
	for (unsigned i = 0; i < PROBE_SOURCES; i++) {
		const struct probe_arrival *arrival = &host->probe.arrivals[i];
		const char *name = probe_source_name(i);

		anywhere = anywhere || arrival->arrived;
		watched = watched || arrival->watched;
		if (arrival->arrived)
			FIND(FINDING_OK, "a real record arrived on %s after %u ms", name,
			     arrival->latency_ms);
		else if (is_expected(host, i) && arrival->watched)
			FIND(FINDING_WARN, "a real record did not arrive on %s%s", name,
			     i == PROBE_KMSG && host->probe.again
				     ? ", and neither did a second one: printk's rate limit may "
				       "drop them"
				     : "");
		else if (is_expected(host, i) && arrival->why[0])
			FIND(FINDING_WARN, "%s was not watched: %s", name, arrival->why);
		else if (arrival->watched)
			FIND(FINDING_OK,
			     "a real record did not arrive on %s: this host's records do not go there",
			     name);
	}
	if (!anywhere && watched)
		FIND(FINDING_FAIL, "a real record did not arrive anywhere: see the other failures");
}

static void check_store(const struct host *host, const char *id, struct health *health)
{
	if (host->store_answer.code < 0)
		FIND(FINDING_FAIL, "%s", host->store_answer.why);
	else if (host->store_free && host->store_free < STORE_FREE_WANTED)
		FIND(FINDING_WARN, "%s: %" PRIu64 " MB are free on its file system",
		     host->store_path, host->store_free >> 20);
	else if (host->store_there)
		FIND(FINDING_OK, "%s: %.1f MB, readable", host->store_path,
		     (double)host->store_bytes / 1048576.0);
	else
		FIND(FINDING_OK, "%s: does not exist yet; watch and ingest create it",
		     host->store_path);
}

static void check_clock(const struct host *host, const char *id, struct health *health)
{
	if (unanswered(&host->clock_answer, id, health))
		return;
	if (host->clock_synchronised) {
		FIND(FINDING_OK, "the clock is synchronised");
		return;
	}
	FIND(FINDING_WARN,
	     "the clock is not synchronised: times of several nodes cannot be compared");
	mend(health, host->set_clock);
}

static const struct check checks[] = {
	{"kernel", check_kernel},
	{"boot-audit", check_boot},
	{"actions-logged", check_actions},
	{"rules", check_rules},
	{"backlog", check_backlog},
	{"rate-limit", check_rate},
	{"lost", check_lost},
	{"daemon", check_daemon},
	{"rotation", check_rotation},
	{"journal", check_journal},
	{"printk", check_printk},
	{"capabilities", check_capabilities},
	{"namespaces", check_namespaces},
	{"containers", check_containers},
	{"probe", check_probe},
	{"store", check_store},
	{"clock", check_clock},
};

const char *health_check_id(size_t i)
{
	return i < sizeof(checks) / sizeof(*checks) ? checks[i].id : NULL;
}

void health_check(const struct host *host, struct health *ret_health)
{
	*ret_health = (struct health){0};
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++)
		checks[i].run(host, checks[i].id, ret_health);
}

void health_release(struct health *health)
{
	for (size_t i = 0; i < health->count; i++) {
		buf_release(&health->all[i].text);
		buf_release(&health->all[i].command);
	}
	free(health->all);
}
