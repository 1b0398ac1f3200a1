#include "doctor/host.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/scan.h"
#include "correlate/running.h"
#include "doctor/hiding.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#define FILE_MAX      65536
#define PROBE_WAIT_MS 3000

/* Longer than this, nobody waits for printk's rate limit. Linux has 5 by default. */
#define PRINTK_SECONDS_MAX 15

/* The inode of the initial pid namespace (include/linux/proc_ns.h, PROC_PID_INIT_INO). */
#define INITIAL_PID_NAMESPACE 0xEFFFFFFCU

struct reader {
	const struct host_options *options;
	struct host *host;
	char proc[PATH_MAX];
};

static void answer(struct host_answer *ret_answer, int code, const struct err *err)
{
	ret_answer->code = code;
	if (code < 0)
		snprintf(ret_answer->why, sizeof(ret_answer->why), "%s",
			 err->code ? err->message : strerror(-code));
}

/* After a failure: a file that is not there is an answer. */
static void unread(struct host_answer *ret_answer, const char *path)
{
	if (errno == ENOENT || errno == ENOTDIR)
		return;
	ret_answer->code = -errno;
	snprintf(ret_answer->why, sizeof(ret_answer->why), "%.400s: %s", path, strerror(errno));
}

static bool read_proc(const struct reader *reader, const char *name, char *text, size_t size)
{
	char path[PATH_MAX + 256];

	snprintf(path, sizeof(path), "%s/%s", reader->proc, name);
	if (!file_read_text(path, text, size))
		return false;
	text[strcspn(text, "\n")] = '\0';
	return true;
}

static bool read_below_root(const struct reader *reader, const char *path, char *text, size_t size)
{
	char whole[PATH_MAX];

	snprintf(whole, sizeof(whole), "%s%s", reader->options->root ? reader->options->root : "",
		 path);
	return file_read_text(whole, text, size);
}

/* --- the kernel */

static void read_kernel(struct reader *reader)
{
	struct host *host = reader->host;
	char cmdline[4096];
	struct utsname name;

	uname(&name);
	if (!read_proc(reader, "sys/kernel/osrelease", host->release, sizeof(host->release)))
		snprintf(host->release, sizeof(host->release), "%s", name.release);
	(void)!sscanf(host->release, "%u.%u", &host->major, &host->minor);
	host->has_cmdline = read_proc(reader, "cmdline", cmdline, sizeof(cmdline));
	host->boot_audit_off = host->has_cmdline && hiding_is_off(cmdline);
	host->has_actions = read_proc(reader, "sys/kernel/seccomp/actions_logged",
				      host->actions_logged, sizeof(host->actions_logged));
}

static void read_distribution(struct reader *reader)
{
	char text[4096];

	if (!read_below_root(reader, "/etc/os-release", text, sizeof(text)) &&
	    !read_below_root(reader, "/usr/lib/os-release", text, sizeof(text)))
		text[0] = '\0';
	reader->host->distribution = distribution_of(text);
}

static bool is_below_root(const struct reader *reader, const char *path)
{
	char whole[PATH_MAX];

	snprintf(whole, sizeof(whole), "%s%s", reader->options->root ? reader->options->root : "",
		 path);
	return access(whole, F_OK) == 0;
}

/* The first of these that is there, or NULL. */
static const char *first_below_root(const struct reader *reader, const char *const *paths)
{
	while (*paths && !is_below_root(reader, *paths))
		paths++;
	return *paths;
}

/* What the commands of findings need. */
static void read_tools(struct reader *reader)
{
	static const char *const rules[] = {"/etc/audit/rules.d", "/etc/audit/audit.rules", NULL};
	static const char *const auditctl[] = {"/usr/sbin/auditctl", "/sbin/auditctl",
					       "/usr/bin/auditctl", "/bin/auditctl", NULL};
	static const struct {
		const char *path; /* is there with this init: sd_booted(3), openrc-run(8) */
		const char *start, *set_clock;
	} inits[] = {
		{"/run/systemd/system", "systemctl enable --now auditd",
		 "timedatectl set-ntp true"},
		{"/run/openrc", "rc-update add auditd && rc-service auditd start", NULL},
		{"/etc/init.d/auditd", "service auditd start", NULL},
	};
	struct host *host = reader->host;

	host->can_edit_boot =
		!host->distribution->needs || is_below_root(reader, host->distribution->needs);
	host->rules_file = first_below_root(reader, rules);
	host->auditctl = first_below_root(reader, auditctl);
	for (size_t i = 0; i < sizeof(inits) / sizeof(*inits) && !host->start; i++) {
		if (!is_below_root(reader, inits[i].path))
			continue;
		host->start = inits[i].start;
		host->set_clock = inits[i].set_clock;
	}
}

static void read_printk(struct reader *reader)
{
	char seconds[32], burst[32];

	reader->host->has_printk =
		read_proc(reader, "sys/kernel/printk_ratelimit", seconds, sizeof(seconds)) &&
		read_proc(reader, "sys/kernel/printk_ratelimit_burst", burst, sizeof(burst));
	if (!reader->host->has_printk)
		return;
	reader->host->printk_seconds = (unsigned)strtoul(seconds, NULL, 10);
	reader->host->printk_burst = (unsigned)strtoul(burst, NULL, 10);
}

static void ask_audit(struct host *host)
{
	struct err err = ERR_INIT;

	answer(&host->audit_answer, audit_state_get(&host->audit, &err), &err);
	err_clear(&err);
	answer(&host->rules_answer, hiding_rules_get(&host->rules, &err), &err);
}

static void read_daemon(struct reader *reader)
{
	struct host *host = reader->host;
	char name[64];

	if (host->audit_answer.code < 0 || host->audit.pid == 0)
		return;
	snprintf(name, sizeof(name), "%u/comm", host->audit.pid);
	if (!read_proc(reader, name, host->daemon, sizeof(host->daemon)))
		snprintf(host->daemon, sizeof(host->daemon), "pid %u", host->audit.pid);
}

static void read_self(struct reader *reader)
{
	char status[4096];
	const char *at;
	struct stat namespace;

	/* this process's own, wherever the host's /proc is */
	if (file_read_text("/proc/self/status", status, sizeof(status)) &&
	    (at = strstr(status, "\nCapEff:")))
		reader->host->caps = strtoull(at + 8, NULL, 16);
	reader->host->initial_pid_namespace = stat("/proc/self/ns/pid", &namespace) == 0 &&
					      namespace.st_ino == INITIAL_PID_NAMESPACE;
}

/* --- the daemons */

/* The value of `key = value` in a configuration text; the last one counts, as for the daemons. */
static bool setting(const char *text, const char *key, char *value, size_t size)
{
	size_t key_n = strlen(key);
	bool found = false;

	for (const char *line = text; *line;) {
		const char *end = line + strcspn(line, "\n"), *at = line + strspn(line, " \t");
		const char *sign = at + key_n;

		if (strncasecmp(at, key, key_n) == 0) {
			sign += strspn(sign, " \t");
			if (*sign == '=') {
				sign += 1 + strspn(sign + 1, " \t");
				snprintf(value, size, "%.*s", (int)strcspn(sign, " \t\r\n"), sign);
				found = true;
			}
		}
		line = *end ? end + 1 : end;
	}
	return found;
}

/* The stamp of the first, or else the last record in a piece of an audit log; 0 if there is none. */
static int64_t stamp_in(const char *text, size_t n, bool last)
{
	struct str rest = str_of(text, n), mark = STR("audit(");
	int64_t found = 0;

	for (;;) {
		size_t at = str_find(rest, mark);
		uint64_t seconds;

		if (at == rest.n)
			return found;
		rest = str_skip(rest, at + mark.n);
		if (scan_decimal(rest.p, rest.p + rest.n, 10, &seconds) == rest.p + 10)
			found = (int64_t)seconds * 1000;
		if (found && !last)
			return found;
	}
}

static void read_log(const char *path, struct host_auditd *auditd, int64_t *first, int64_t *last)
{
	MEM_AUTO char *text = mem_new(1, FILE_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat meta;

	if (fd < 0)
		return;
	if (fstat(fd, &meta) == 0 && S_ISREG(meta.st_mode)) {
		ssize_t n = pread(fd, text, FILE_MAX, 0);
		int64_t begin = n > 0 ? stamp_in(text, (size_t)n, false) : 0, end;

		n = pread(fd, text, FILE_MAX,
			  meta.st_size > FILE_MAX ? meta.st_size - FILE_MAX : 0);
		end = n > 0 ? stamp_in(text, (size_t)n, true) : 0;
		auditd->bytes += (uint64_t)meta.st_size;
		*first = begin && (!*first || begin < *first) ? begin : *first;
		*last = end > *last ? end : *last;
	}
	close(fd);
}

static void read_auditd(struct reader *reader)
{
	struct host_auditd *auditd = &reader->host->auditd;
	MEM_AUTO char *text = mem_new(1, FILE_MAX);
	char value[64];

	snprintf(auditd->log_file, sizeof(auditd->log_file), "/var/log/audit/audit.log");
	auditd->configured = read_below_root(reader, "/etc/audit/auditd.conf", text, FILE_MAX);
	if (!auditd->configured) {
		unread(&auditd->answer, "/etc/audit/auditd.conf");
		return;
	}
	/* auditd.conf(5): the defaults of auditd 3 */
	auditd->file_mb =
		setting(text, "max_log_file", value, sizeof(value)) ? strtoull(value, NULL, 10) : 8;
	auditd->files =
		setting(text, "num_logs", value, sizeof(value)) ? strtoull(value, NULL, 10) : 0;
	setting(text, "log_file", auditd->log_file, sizeof(auditd->log_file));
	setting(text, "max_log_file_action", auditd->full_action, sizeof(auditd->full_action));
}

static void read_auditd_logs(struct reader *reader)
{
	struct host_auditd *auditd = &reader->host->auditd;
	char path[PATH_MAX];
	int64_t first = 0, last = 0;

	for (unsigned i = 0; i < 100 && auditd->configured && i <= auditd->files; i++) {
		snprintf(path, sizeof(path), i ? "%s%s.%u" : "%s%s",
			 reader->options->root ? reader->options->root : "", auditd->log_file, i);
		read_log(path, auditd, &first, &last);
	}
	auditd->span_ms = last > first ? last - first : 0;
}

static void read_journald(struct reader *reader)
{
	MEM_AUTO char *text = mem_new(1, FILE_MAX);
	char socket[PATH_MAX];

	snprintf(socket, sizeof(socket), "%s/run/systemd/journal/stdout",
		 reader->options->root ? reader->options->root : "");
	reader->host->journald = access(socket, F_OK) == 0;
	if (read_below_root(reader, "/etc/systemd/journald.conf", text, FILE_MAX))
		setting(text, "Audit", reader->host->journald_audit,
			sizeof(reader->host->journald_audit));
}

/* --- the containers */

static void add_container(void *context, const struct container *container, bool confined)
{
	struct host *host = context;

	host->containers = mem_resize(host->containers,
				      (host->container_count + 1) * sizeof(*host->containers));
	host->containers[host->container_count++] =
		(struct host_container){container_copy(container), confined};
}

static void read_containers(struct reader *reader)
{
	const struct metadata_options options = {
		.proc_root = reader->proc,
		.runtime_root = reader->options->runtime_root ? reader->options->runtime_root
							      : reader->options->root,
	};
	struct err err = ERR_INIT;
	int r = running_each(&options, add_container, reader->host, &err);
	char name[16];

	/* no other pid namespace has the kernel's threads */
	reader->host->sees_processes =
		read_proc(reader, "2/comm", name, sizeof(name)) && strcmp(name, "kthreadd") == 0;
	answer(&reader->host->containers_answer, r, &err);
}

/* --- the store and the clock */

static void read_store(struct reader *reader)
{
	struct host *host = reader->host;
	struct err err = ERR_INIT;
	struct store *store = NULL;
	struct stat meta;
	struct statvfs space;
	MEM_AUTO char *folder = NULL;

	host->store_path = reader->options->db ? mem_copy(str_from(reader->options->db))
					       : store_default_path();
	folder = mem_copy(str_from(host->store_path));
	if (statvfs(dirname(folder), &space) == 0)
		host->store_free = (uint64_t)space.f_bavail * space.f_frsize;
	host->store_there = stat(host->store_path, &meta) == 0;
	if (!host->store_there) {
		unread(&host->store_answer, host->store_path);
		return;
	}
	host->store_bytes = (uint64_t)meta.st_size;
	answer(&host->store_answer, store_open(host->store_path, STORE_READ, NULL, &store, &err),
	       &err);
	store_close(store);
}

static void ask_clock(struct host *host)
{
	struct timex state = {0};
	struct err err = ERR_INIT;
	int r = adjtimex(&state);

	answer(&host->clock_answer, r < 0 ? -errno : 0, &err);
	host->clock_synchronised = r >= 0 && r != TIME_ERROR && !(state.status & STA_UNSYNC);
}

static struct reader reader_of(const struct host_options *options, struct host *host)
{
	struct reader reader = {.options = options, .host = host};

	if (options->proc_root)
		snprintf(reader.proc, sizeof(reader.proc), "%s", options->proc_root);
	else
		snprintf(reader.proc, sizeof(reader.proc), "%s/proc",
			 options->root ? options->root : "");
	return reader;
}

/* Where Debian's and Red Hat's syslog daemons write what the kernel logs; NULL: neither is there. */
static const char *syslog_path(void)
{
	static const char *const paths[] = {"/var/log/syslog", "/var/log/messages"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (access(paths[i], F_OK) == 0)
			return paths[i];
	return NULL;
}

static void run_probe(struct host *host)
{
	bool through_printk = host->audit_answer.code == 0 && host->audit.pid == 0;
	struct probe_options options = {
		.audit = host->auditd.configured ? host->auditd.log_file : NULL,
		.syslog = syslog_path(),
		.wait_ms = PROBE_WAIT_MS,
	};

	if (through_printk && host->printk_seconds <= PRINTK_SECONDS_MAX)
		options.printk_window_ms = host->printk_seconds * 1000;
	probe_run(&options, &host->probe);
}

void host_ask(const struct host_options *options, struct host *ret_host)
{
	*ret_host = (struct host){0};

	struct reader reader = reader_of(options, ret_host);

	ask_audit(ret_host);
	ask_clock(ret_host);
	read_auditd(&reader);
	read_printk(&reader);
	if (options->probe)
		run_probe(ret_host);
}

void host_read(const struct host_options *options, struct host *host)
{
	struct reader reader = reader_of(options, host);

	read_kernel(&reader);
	read_distribution(&reader);
	read_tools(&reader);
	read_daemon(&reader);
	read_self(&reader);
	read_auditd_logs(&reader);
	read_journald(&reader);
	read_containers(&reader);
	read_store(&reader);
}

void host_release(struct host *host)
{
	hiding_rules_release(&host->rules);
	for (size_t i = 0; i < host->container_count; i++)
		container_free(host->containers[i].container);
	free(host->containers);
	free(host->store_path);
}
