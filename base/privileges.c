#include "base/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdbool.h>

/* /proc/PID/cgroup is anybody's to read, unless /proc is mounted with hidepid; DAC_READ_SEARCH
 * opens the runtimes' folders and rootless users' homes. */
static const unsigned kept[] = {CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_AUDIT_CONTROL};

int privileges_drop(struct err *err)
{
	bool has[sizeof(kept) / sizeof(kept[0])];

	if (capng_get_caps_process() < 0)
		return err_set(err, EPERM, "cannot ask for this process's capabilities");
	if (capng_have_capabilities(CAPNG_SELECT_CAPS) == CAPNG_NONE)
		return 0;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		has[i] = capng_have_capability(CAPNG_PERMITTED, kept[i]);
	bool may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);

	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (has[i])
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, kept[i]);
	if (capng_apply(may_bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) < 0)
		return err_set(err, EPERM, "cannot give up capabilities");
	return 0;
}
