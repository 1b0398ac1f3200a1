#include "base/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdbool.h>

static const unsigned capabilities[] = {CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_AUDIT_CONTROL};

/* How many of them, from the first. */
static const size_t counts[] = {
	[PRIVILEGES_NONE] = 0,
	[PRIVILEGES_LOG] = 1,
	[PRIVILEGES_HELPER] = sizeof(capabilities) / sizeof(capabilities[0]),
};

int privileges_drop(enum privileges kept, struct err *err)
{
	bool has[sizeof(capabilities) / sizeof(capabilities[0])];

	if (capng_get_caps_process() < 0)
		return err_set(err, EPERM, "cannot ask for this process's capabilities");
	if (capng_have_capabilities(CAPNG_SELECT_CAPS) == CAPNG_NONE)
		return 0;
	for (size_t i = 0; i < counts[kept]; i++)
		has[i] = capng_have_capability(CAPNG_PERMITTED, capabilities[i]);
	bool may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);

	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < counts[kept]; i++)
		if (has[i])
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, capabilities[i]);
	if (capng_apply(may_bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) < 0)
		return err_set(err, EPERM, "cannot give up capabilities");
	return 0;
}
