#include "correlate/event.h"

const char *attribution_name(enum attribution attribution)
{
	static const char *const names[] = {
		[ATTRIBUTION_CONTAINER] = "container",
		[ATTRIBUTION_HOST] = "host",
		[ATTRIBUTION_UNATTRIBUTED] = "unattributed",
	};

	return names[attribution];
}

const char *unattributed_name(enum unattributed reason)
{
	static const char *const names[] = {
		[UNATTRIBUTED_NONE] = "",
		[UNATTRIBUTED_LOG_ALONE] = "a log alone does not name containers",
		[UNATTRIBUTED_PROCESS_GONE] = "process gone",
		[UNATTRIBUTED_NO_LIFETIME] = "no lifetime on file",
		[UNATTRIBUTED_BEFORE_WATCH] = "logged before watch started",
	};

	return names[reason];
}

const char *phase_name(enum phase phase)
{
	static const char *const names[] = {
		[PHASE_APPLICATION] = "application",
		[PHASE_SETUP] = "setup",
		[PHASE_EXEC] = "exec",
	};

	return names[phase];
}

enum phase phase_of(const struct record *record)
{
	if (!str_eq(record->exe, STR("/")))
		return PHASE_APPLICATION;
	return str_starts(record->comm, STR("runc:[")) || str_eq(record->comm, STR("crun"))
		       ? PHASE_SETUP
		       : PHASE_APPLICATION;
}
