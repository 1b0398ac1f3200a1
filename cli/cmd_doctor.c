#include "cli/command.h"
#include "cli/reading.h"
#include "report/health.h"

struct doctor_options {
	struct global_options global;
	const char *proc_root, *runtime_root;
	bool no_probe;
};

#define DOCTOR_FORMATS "text|json"

/* clang-format off */
static const struct option_row rows[] = {
	OPTION_TITLE("Host"),
	OPTION(TEXT, 0, "proc-root", "DIR", struct doctor_options, proc_root,
	       "the host's /proc, if sclog runs in a container"),
	OPTION(TEXT, 0, "runtime-root", "DIR", struct doctor_options, runtime_root,
	       "the host's /, if sclog runs in a container"),
	OPTION(FLAG, 0, "no-probe", NULL, struct doctor_options, no_probe,
	       "do not make a seccomp record to see where it arrives"),
	GLOBAL_OPTION_ROWS(DOCTOR_FORMATS),
};
/* clang-format on */

/* The worst level: 0 all is well, 1 warnings, 2 failures. */
static int exit_code(const struct health *health)
{
	if (health->of_level[FINDING_FAIL])
		return EXIT_TROUBLE;
	return health->of_level[FINDING_WARN] ? EXIT_DIFFERENCES : EXIT_FINE;
}

static int write_report(const struct health *health, const struct global_options *global)
{
	if (global->format && strcmp(global->format, "json") == 0)
		return health_write_json(health, stdout);
	return health_write_text(health, !global->quiet, reading_wants_colour(), stdout);
}

static int run(struct invocation *invocation, struct err *err)
{
	const struct doctor_options *given = invocation->options;
	const struct host_options options = {
		.root = given->runtime_root,
		/* as for watch: the host's /proc is a mount of its own */
		.proc_root = given->proc_root ? given->proc_root : "/proc",
		.db = given->global.db,
		.probe = !given->no_probe,
	};
	struct host host;
	struct health health;
	int result;

	invocation->looks_at_processes = true;
	host_ask(&options, &host);
	if (invocation_sandbox(invocation, err) < 0) {
		host_release(&host);
		return -EPERM;
	}
	host_read(&options, &host);
	health_check(&host, &health);
	result = write_report(&health, &given->global);
	result = result < 0 ? reading_output_failed(result, err) : exit_code(&health);
	health_release(&health);
	host_release(&host);
	return result;
}

const struct command command_doctor = {
	.name = "doctor",
	.summary = "whether this host logs what is needed, and how to fix it",
	.synopsis = "[OPTION...]",
	.description =
		"Checks the kernel, audit, its rules and daemons, the running containers and the "
		"store, and makes one real seccomp record to see where it arrives. Each problem is "
		"shown with the command that fixes it. doctor itself changes nothing.\n"
		"Exit status: 0 if all is well, 1 with warnings, 2 with failures.",
	.examples =
		{
			{"sclog doctor", "check this host, as root"},
			{"sclog doctor --quiet", "print problems only"},
			{"sclog doctor --format json", "for scripts"},
		},
	.table = {rows, sizeof(rows) / sizeof(*rows)},
	.options_size = sizeof(struct doctor_options),
	.sandbox = SANDBOX_READ,
	.no_files = "it checks this host",
	.run = run,
};
