#include "cli/command.h"
#include "cli/judging.h"
#include "report/message.h"
#include "cli/output.h"
#include "profile/twin/logmode.h"
#include "profile/source.h"

#include <errno.h>
#include <stdio.h>

struct logmode_options {
	struct global_options global;
	struct profile_options_given judging;
	const char *output;
	bool force, enforce;
};

/* clang-format off */
static const struct option_row rows[] = {
	OPTION_TITLE("Mode"),
	OPTION(FLAG, 0, "enforce", NULL, struct logmode_options, enforce,
	       "PROFILE itself, still refusing, with SECCOMP_FILTER_FLAG_LOG: each refusal is "
	       "logged"),
	OPTION_TITLE("Output"),
	OPTION(TEXT, 'o', "output", "FILE", struct logmode_options, output,
	       "write FILE atomically"),
	OPTION(FLAG, 0, "force", NULL, struct logmode_options, force,
	       "replace an existing file"),
	OPTION_TITLE("Profile: the filters for which the twin is checked"),
	PROFILE_LOADING_ROWS(struct logmode_options, judging),
	GLOBAL_OPTION_ROWS("text|json"),
};
/* clang-format on */

static void warn(const struct lints *notes, const char *source)
{
	for (size_t i = 0; i < notes->count; i++) {
		const struct lint *note = &notes->all[i];
		BUF_AUTO place = {0};

		lint_put_place(note, &place);
		message_warning("%s: %s%s", source, place.n ? place.p : "", note->message);
	}
}

static int write_twin(const struct twin *twin, const struct logmode_options *given, struct err *err)
{
	BUF_AUTO text = {0};

	buf_put_str(&text, buf_str(&twin->text));
	if (text.n && text.p[text.n - 1] != '\n')
		buf_put_char(&text, '\n');
	return output_write(given->output ? given->output : "-", given->force, buf_str(&text), err);
}

static int make(const struct judges *judges, const struct logmode_options *given, struct err *err)
{
	const char *label = profile_source_label(judges->source->name);
	struct twin twin;
	int r = twin_make(&twin, judges->source, &judges->options, given->enforce, err);

	if (r < 0)
		profile_source_prefix(err, judges->source->name);
	else if (!given->global.quiet)
		warn(&twin.notes, label);
	if (r == 0)
		r = write_twin(&twin, given, err);
	twin_release(&twin);
	return r;
}

static int check(const struct invocation *invocation, struct err *err)
{
	if (invocation->operand_count == 1)
		return 0;
	return err_set(err, EINVAL, "%s",
		       invocation->operand_count ? "give only one PROFILE"
						 : "PROFILE is required: a file, or a name such as "
						   "docker or runtime-default");
}

static int run(struct invocation *invocation, struct err *err)
{
	const struct logmode_options *given = invocation->options;
	struct profile_options_given judging = given->judging;
	struct judges judges = {0};

	judging.profile = invocation->operands[0];
	int r = judges_init(&judges, &judging, err);

	invocation->misused = r < 0;
	if (r < 0)
		return r;
	judges.db = invocation->global->db;
	invocation->output = given->output;
	invocation->looks_at_processes = judges_look_at_processes(&judges);
	r = judges_acquire(&judges, err);
	if (r == 0)
		r = invocation_sandbox(invocation, err);
	if (r == 0)
		r = judges_look_up(&judges, err);
	if (r == 0)
		r = make(&judges, given, err);
	judges_release(&judges);
	return r;
}

const struct command command_logmode = {
	.name = "logmode",
	.summary = "write a profile's log-mode twin: refused calls are logged",
	.synopsis = "[OPTION...] PROFILE",
	.examples =
		{
			{"sclog logmode web.json -o web-log.json",
			 "write a profile that logs every call that web.json refuses"},
			{"sclog logmode --enforce --runtime crun web.json -o web-enforce.json",
			 "write web.json with its refusals logged, for crun"},
			{"sclog logmode --loader docker web.json",
			 "read web.json as Docker does, and print the result"},
		},
	.description =
		"Writes PROFILE with every SCMP_ACT_ERRNO, SCMP_ACT_TRAP and SCMP_ACT_KILL* "
		"changed to SCMP_ACT_LOG. A container under it may do what PROFILE refuses, "
		"and each such call is logged. Nothing else changes, unless libseccomp would "
		"then allow a refused call without logging it; warnings tell where. With --enforce the "
		"refusals stay, and each is logged: this needs crun, or runc 1.2 or later.\nExit "
		"status: 0, or 2 on error.",
	.table = {rows, sizeof(rows) / sizeof(*rows)},
	.options_size = sizeof(struct logmode_options),
	.sandbox = SANDBOX_READ,
	.check = check,
	.run = run,
};
