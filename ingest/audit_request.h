/*
 * One question to the kernel's audit over netlink, and its answers.
 *
 * Needs CAP_AUDIT_CONTROL and the initial pid and user namespaces (kernel/audit.c,
 * audit_netlink_ok()).
 */
#ifndef SCLOG_INGEST_AUDIT_REQUEST_H
#define SCLOG_INGEST_AUDIT_REQUEST_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* In errors with EPROTONOSUPPORT: NETLINK_AUDIT is not registered (kernel/audit.c, audit_init()). */
#define AUDIT_NONE "the kernel has no audit: booted with audit=0, or built without it"

/*
 * Called for each answer of the type that was asked for; the payload lives until it returns.
 * Returns 0 for "more answers follow", 1 for "that was all", or a negative errno.
 */
typedef int audit_answer_fn(void *context, const char *payload, size_t n, struct err *err);

/*
 * Sends a request without data (AUDIT_GET, AUDIT_LIST_RULES) and hands out the answers until one
 * is the last, or until the kernel says that there are no more. Waits at most a second in all.
 * `about` names the subject in errors. Returns 0, -EPERM without the capability, -ETIMEDOUT,
 * -EPROTONOSUPPORT if the kernel has no audit, or another -errno.
 */
int audit_request(uint16_t type, const char *about, audit_answer_fn *answer, void *context,
		  struct err *err);

#endif
