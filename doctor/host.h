/*
 * A host as far as seccomp records are concerned: facts, read once, nothing decided
 * (doctor/checks.h decides) and nothing changed.
 *
 * What could not be read is known as such: each part has an error or a presence bit.
 */
#ifndef SCLOG_DOCTOR_HOST_H
#define SCLOG_DOCTOR_HOST_H

#include "correlate/container.h"
#include "doctor/distribution.h"
#include "doctor/probe.h"
#include "ingest/rules.h"
#include "ingest/status.h"

/* A part that the kernel or the file system may refuse: code is 0 where the facts are valid. */
struct host_answer {
	int code; /* negative errno */
	char why[512];
};

/* auditd.conf(5), as far as it decides how long records stay. */
struct host_auditd {
	struct host_answer answer;
	bool configured; /* the file is there */
	char log_file[512];
	uint64_t file_mb;     /* max_log_file */
	uint64_t files;       /* num_logs */
	char full_action[32]; /* max_log_file_action */
	/* What its log files hold now: bytes, and from the first record to the last. */
	uint64_t bytes;
	int64_t span_ms; /* 0: not known */
};

/* A container that runs now. */
struct host_container {
	struct container *container; /* coverage says whether its profile logs */
	bool confined;               /* some filter is in force: Seccomp: 2 in /proc/PID/status */
};

struct host {
	char release[128]; /* uname -r */
	unsigned major, minor;
	const struct distribution *distribution; /* by /etc/os-release or /usr/lib/os-release */
	bool can_edit_boot;                      /* the file that its command edits is there */
	const char *rules_file; /* the file or folder that loads audit rules at boot; NULL: none */
	bool auditctl;          /* is installed */
	const char *start;      /* starts auditd now and at boot; NULL: how is not known */
	const char *set_clock;  /* synchronises the clock; NULL: how is not known */
	bool has_cmdline;
	bool boot_audit_off; /* audit=0 or audit=off on the kernel's command line */
	bool has_actions;    /* kernel.seccomp.actions_logged could be read (Linux 4.14) */
	char actions_logged[256];
	struct host_answer audit_answer; /* AUDIT_GET */
	struct audit_state audit;
	char daemon[64];                 /* comm of the audit daemon; empty: none, or not known */
	struct host_answer rules_answer; /* AUDIT_LIST_RULES */
	struct hiding_rules rules;
	struct host_auditd auditd;
	bool journald;           /* systemd-journald runs */
	char journald_audit[32]; /* Audit= of journald.conf; empty where it is not set */
	bool has_printk;
	unsigned printk_seconds, printk_burst; /* printk_ratelimit, printk_ratelimit_burst */
	uint64_t caps;                         /* effective, bit N is capability N */
	bool initial_pid_namespace;
	struct host_answer containers_answer;
	bool sees_processes; /* /proc is the host's: of all its processes */
	struct host_container *containers;
	size_t container_count;
	struct host_answer clock_answer; /* adjtimex(2) */
	bool clock_synchronised;
	struct probe probe;
	/* The store that --db names. */
	char *store_path;
	bool store_there;
	struct host_answer store_answer;
	uint64_t store_bytes, store_free; /* of the file; of its file system */
};

struct host_options {
	const char *root;         /* NULL: /; files below it are read instead, as by tests */
	const char *proc_root;    /* NULL: ROOT/proc */
	const char *runtime_root; /* NULL: ROOT */
	const char *db;           /* NULL: the usual store */
	bool probe;               /* make a seccomp record and wait for it */
};

/* Asks the kernel: its audit, its clock, and the probe, which need sockets and a process. Never fails
 * as a whole; host_release() is due. */
void host_ask(const struct host_options *options, struct host *ret_host);

/* Reads what is in files, the containers' and the store's among them. It can be done in the sandbox. */
void host_read(const struct host_options *options, struct host *host);
void host_release(struct host *host);

#endif
