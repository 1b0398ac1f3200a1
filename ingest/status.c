#include "ingest/status.h"

#include "ingest/audit_request.h"

#include <errno.h>
#include <libaudit.h>
#include <stddef.h>
#include <string.h>

/* All that is asked for stood in struct audit_status before its first extension: older kernels
 * send less behind it, newer ones more. */
#define STATUS_MIN (offsetof(struct audit_status, backlog) + sizeof(uint32_t))

static int read_status(void *context, const char *payload, size_t n, struct err *err)
{
	struct audit_state *ret_state = context;
	struct audit_status status = {0};

	if (n < STATUS_MIN)
		return err_set(err, EPROTO, "audit status: the kernel's answer is too short");
	memcpy(&status, payload, n < sizeof(status) ? n : sizeof(status));
	*ret_state = (struct audit_state){
		.enabled = status.enabled != 0,
		.locked = status.enabled == 2, /* AUDIT_LOCKED of kernel/audit.h */
		.pid = status.pid,
		.rate_limit = status.rate_limit,
		.backlog_limit = status.backlog_limit,
		.lost = status.lost,
		.backlog = status.backlog,
	};
	return 1;
}

int audit_state_get(struct audit_state *ret_state, struct err *err)
{
	return audit_request(AUDIT_GET, "audit status", read_status, ret_state, err);
}
