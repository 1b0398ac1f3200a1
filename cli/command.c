#include "cli/command.h"

#include "base/mem.h"
#include "fleet/fleet.h"
#include "store/store.h"

int invocation_sandbox(struct invocation *invocation, struct err *err)
{
	if (invocation->sandboxed || invocation->global->no_sandbox)
		return 0;
	invocation->sandboxed = true;
	const char *db = invocation->global->db;
	MEM_AUTO char *usual = db ? NULL : store_default_path();
	struct sandbox_options options = {
		.kind = invocation->uses_fleet ? SANDBOX_FLEET : invocation->command->sandbox,
		.looks_at_processes = invocation->looks_at_processes};

	if (!fleet_is_url(db))
		options.writable[options.writable_count++] = db ? db : usual;
	if (invocation->output)
		options.writable[options.writable_count++] = invocation->output;

	if (usual && invocation->command->sandbox == SANDBOX_WRITE)
		store_make_directories(usual);
	return sandbox_enter(&options, err);
}

int invocation_leave_fleet(struct invocation *invocation, struct err *err)
{
	if (invocation->uses_fleet)
		invocation->uses_fleet = invocation->sandboxed = false;
	return invocation_sandbox(invocation, err);
}
