/*
 * What the kernel says of its audit: AUDIT_GET, which needs CAP_AUDIT_CONTROL and the initial pid
 * and user namespaces (kernel/audit.c, audit_netlink_ok()).
 */
#ifndef SCLOG_INGEST_STATUS_H
#define SCLOG_INGEST_STATUS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct audit_state {
	bool enabled;
	bool locked;  /* nobody can change audit's settings or rules until reboot (auditctl -e 2) */
	uint32_t pid; /* of the audit daemon, 0: none */
	uint32_t rate_limit, backlog_limit;
	uint32_t lost;    /* records dropped since boot: a running total that may be reset */
	uint32_t backlog; /* waiting now */
};

/* Asks once; waits at most a second. Returns 0, -EPERM without the capability, -ETIMEDOUT, or
 * another -errno. */
int audit_state_get(struct audit_state *ret_state, struct err *err);

#endif
