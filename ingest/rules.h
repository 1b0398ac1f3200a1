/*
 * Audit rules that keep seccomp records (type 1326) from everybody.
 *
 * A rule of the list "exclude" drops a record before it gets a serial: no source sees it, no gap
 * shows, and the kernel's count of lost records does not grow (kernel/audit.c, audit_log_start();
 * measured on Linux 6.18: 100 of 100 records were missing from the multicast group too). Only the
 * list of rules tells.
 */
#ifndef SCLOG_INGEST_RULES_H
#define SCLOG_INGEST_RULES_H

#include "base/buf.h"
#include "base/err.h"

#include <linux/audit.h>
#include <stdbool.h>

/* One such rule. */
struct hiding_rule {
	struct buf
		text; /* as auditctl -l prints it, without its "-a": "always,exclude -F msgtype=SECCOMP" */
	bool some; /* it has further conditions (uid, exe ...): it hides some records only */
};

struct hiding_rules {
	struct hiding_rule *all;
	size_t count;
};

/* Asks the kernel. Returns 0, -EPERM without CAP_AUDIT_CONTROL, or another -errno.
 * hiding_rules_release() is due in any case. */
int hiding_rules_get(struct hiding_rules *ret_rules, struct err *err);
void hiding_rules_release(struct hiding_rules *rules);

/*
 * Whether one rule, as AUDIT_LIST_RULES gives it, hides records of type 1326. n: its bytes, strings
 * behind it included; a malformed one hides nothing.
 */
bool hiding_rule_read(const struct audit_rule_data *rule, size_t n, struct hiding_rule *ret_rule);

#endif
