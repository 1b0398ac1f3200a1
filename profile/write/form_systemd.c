#include "profile/write/form_private.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/filter/unit.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>

/*
 * What systemd makes of the settings stands in profile/filter/unit.h, with its sources. Three things of it
 * decide how this is written:
 *
 * - The drop-in adds to what the unit has. An empty line starts each list over.
 * - A list to allow begins with @default, some sixty calls, whether the profile has them or not. So
 *   the group is put in by name, taken away again, and then the profile's own calls are listed.
 * - A word for a call that says what the default says keeps the unit from starting. Such rules are
 *   in no list of calls (form_calls_init()).
 */

#define LINE_COLUMNS 90

/* One setting's words, broken into lines; each line begins with the setting anew. */
struct lines {
	struct buf *to;
	const char *setting; /* "SystemCallFilter=~" */
	size_t columns;      /* of the line at hand, 0: none was begun */
};

static void put_word(struct lines *lines, const char *word)
{
	const size_t n = strlen(word);

	if (lines->columns && lines->columns + 1 + n > LINE_COLUMNS) {
		buf_put_char(lines->to, '\n');
		lines->columns = 0;
	}
	if (lines->columns == 0) {
		buf_put_str(lines->to, str_from(lines->setting));
		lines->columns = strlen(lines->setting);
	} else {
		buf_put_char(lines->to, ' ');
		lines->columns++;
	}
	buf_put_str(lines->to, str_from(word));
	lines->columns += n;
}

static void end_lines(struct lines *lines)
{
	if (lines->columns)
		buf_put_char(lines->to, '\n');
}

/* What each call gets is decided: no conditions are left, nor what systemd cannot say. */
struct drop_in {
	const struct form_writer *writer;
	struct form_calls calls;
};

static bool is_let_through(uint32_t action)
{
	return value_pass(action) >= PASS_LOGGED;
}

/* systemd refuses with an errno or with SCMP_ACT_KILL_PROCESS, which is stricter than these. */
static bool is_refusal(uint32_t action)
{
	return value_pass(action) == PASS_REFUSED;
}

/* Leaves out what libseccomp does not know, as the runtimes do. */
static void drop_unknown(struct drop_in *drop_in)
{
	struct form_calls *calls = &drop_in->calls;
	LISTING_AUTO unknown = {0};
	size_t kept = 0;

	for (size_t i = 0; i < calls->count; i++) {
		if (syscall_is_known(calls->all[i].name)) {
			calls->all[kept++] = calls->all[i];
			continue;
		}
		listing_add_safe(&unknown, calls->all[i].name);
		free(calls->all[i].conditions);
	}
	calls->count = kept;
	if (unknown.count)
		lint_note(drop_in->writer->notes, 0, "",
			  "left out because this libseccomp does not know them: %s",
			  listing_text(&unknown));
}

static bool is_conditional(const void *context, const struct form_call *call)
{
	(void)context;
	return !call->plain;
}

static int check_actions(struct drop_in *drop_in)
{
	const struct form_writer *writer = drop_in->writer;
	LISTING_AUTO names = {0};
	const char *action = NULL;

	if (!is_let_through(writer->default_action) && !is_refusal(writer->default_action))
		return err_set(writer->err, EINVAL, "systemd has no %s",
			       spelling_of_action(writer->default_action));
	if ((writer->default_action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO &&
	    (value_effect(writer->default_action) & SECCOMP_RET_DATA) == 0)
		return err_set(writer->err, EINVAL,
			       "systemd cannot refuse with errno 0, which is the profile's "
			       "default");
	for (size_t i = 0; i < drop_in->calls.count; i++) {
		const struct form_call *call = &drop_in->calls.all[i];

		if (is_let_through(call->action) || is_refusal(call->action))
			continue;
		action = spelling_of_action(call->action);
		listing_add_safe(&names, call->name);
	}
	if (!action)
		return 0;
	return err_set(writer->err, EINVAL, "systemd has no %s: %s", action, listing_text(&names));
}

static bool is_killed_otherwise(uint32_t action)
{
	return (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_KILL_THREAD ||
	       (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRAP;
}

static void note_kills(const struct drop_in *drop_in)
{
	const struct form_writer *writer = drop_in->writer;
	LISTING_AUTO names = {0};

	if (is_killed_otherwise(writer->default_action))
		lint_note(writer->notes, 0, "SystemCallErrorNumber",
			  "systemd has no %s: unlisted calls kill the whole process",
			  spelling_of_action(writer->default_action));
	for (size_t i = 0; i < drop_in->calls.count; i++)
		if (is_killed_otherwise(drop_in->calls.all[i].action))
			listing_add_safe(&names, drop_in->calls.all[i].name);
	if (names.count)
		lint_note(writer->notes, 0, "SystemCallFilter",
			  "systemd has neither SCMP_ACT_KILL_THREAD nor SCMP_ACT_TRAP: these "
			  "kill the whole process: %s",
			  listing_text(&names));
}

/* --- lists */

/* Those for which the function is true. */
static bool put_calls(const struct drop_in *drop_in, const char *setting,
		      bool (*belongs)(uint32_t action))
{
	struct lines lines = {.to = drop_in->writer->text, .setting = setting};

	for (size_t i = 0; i < drop_in->calls.count; i++)
		if (belongs(drop_in->calls.all[i].action))
			put_word(&lines, drop_in->calls.all[i].name);
	end_lines(&lines);
	return lines.columns > 0;
}

static bool is_logged(uint32_t action)
{
	return (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_LOG;
}

static bool is_allowed(uint32_t action)
{
	return (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ALLOW;
}

/* "~name:EPERM", which refuses in either kind of list. */
static void put_refused(const struct drop_in *drop_in)
{
	struct lines lines = {.to = drop_in->writer->text, .setting = "SystemCallFilter=~"};

	for (size_t i = 0; i < drop_in->calls.count; i++) {
		const struct form_call *call = &drop_in->calls.all[i];
		BUF_AUTO word = {0};
		char text[16];

		if (!is_refusal(call->action))
			continue;
		if ((call->action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
			buf_format(&word, "%s:%s", call->name,
				   form_errno_text((value_effect(call->action) & SECCOMP_RET_DATA),
						   text));
		else
			buf_format(&word, "%s:kill", call->name);
		put_word(&lines, word.p);
	}
	end_lines(&lines);
}

static void put_filter(const struct drop_in *drop_in)
{
	const struct form_writer *writer = drop_in->writer;
	struct buf *to = writer->text;
	char text[16];

	buf_put_str(to, STR("SystemCallFilter=\n"));
	if (!is_let_through(writer->default_action)) {
		buf_put_str(to, STR("# systemd begins a list to allow with @default; here only "
				    "what the profile has counts.\n"
				    "SystemCallFilter=@default\nSystemCallFilter=~@default\n"));
		put_calls(drop_in, "SystemCallFilter=", is_let_through);
	}
	put_refused(drop_in);
	if ((writer->default_action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
		buf_format(
			to, "SystemCallErrorNumber=%s\n",
			form_errno_text((value_effect(writer->default_action) & SECCOMP_RET_DATA),
					text));
	else
		buf_put_str(to, STR("SystemCallErrorNumber=\n"));
}

static void put_log(const struct drop_in *drop_in)
{
	const struct form_writer *writer = drop_in->writer;

	buf_put_str(writer->text, STR("SystemCallLog=\n"));
	if (!is_logged(writer->default_action)) {
		put_calls(drop_in, "SystemCallLog=", is_logged);
		return;
	}
	if (put_calls(drop_in, "SystemCallLog=~", is_allowed))
		return;
	/* an empty list is none to systemd, whatever its sign */
	buf_put_str(writer->text, STR("SystemCallLog=@known\n"));
	lint_note(writer->notes, 0, "SystemCallLog",
		  "a call that this systemd does not know is allowed without logging");
}

/* --- the rest */

static const char *arch_text(const char *arch)
{
	const uint32_t token = arch_from_name(str_from(arch));

	if (strcmp(arch, "SCMP_ARCH_NATIVE") == 0)
		return unit_arch_name(SCMP_ARCH_NATIVE);
	return token ? unit_arch_name(token) : NULL;
}

/* An arch that is not listed is killed, as OCI's filters do it. */
static int put_arches(const struct form_writer *writer)
{
	struct lines lines = {.to = writer->text, .setting = "SystemCallArchitectures="};

	buf_put_str(writer->text, STR("SystemCallArchitectures=\n"));
	for (size_t i = 0; i < writer->made.architectures.count; i++) {
		const char *name = arch_text(writer->made.architectures.all[i]);

		if (!name)
			return err_quoted(writer->err, "architectures", "systemd does not know",
					  writer->made.architectures.all[i]);
		put_word(&lines, name);
	}
	if (writer->made.architectures.count == 0)
		put_word(&lines, "native");
	end_lines(&lines);
	return 0;
}

/* What the drop-in depends on, beyond its own words. */
static void note_rest(const struct drop_in *drop_in)
{
	const struct form_writer *writer = drop_in->writer;
	const bool lists_allowed = !is_let_through(writer->default_action);
	const struct form_call *execve = form_calls_find(&drop_in->calls, "execve");
	LISTING_AUTO names = {0};

	if (execve ? !is_let_through(execve->action) : lists_allowed)
		lint_add(writer->notes, 0, "SystemCallFilter",
			 "execve is not allowed, but systemd calls it under the filter: the "
			 "service will not start");
	if (writer->document->flags.count)
		lint_note(writer->notes, 0, "flags", "systemd has none; they are left out");
	/* there ENOSYS is what everything gets that is in no list (unit.h) */
	for (size_t i = 0; lists_allowed && i < drop_in->calls.count; i++)
		if (drop_in->calls.all[i].action == SCMP_ACT_ERRNO(ENOSYS))
			listing_add_safe(&names, drop_in->calls.all[i].name);
	if (names.count)
		lint_add(writer->notes, 0, "SystemCallFilter",
			 "systemd 255 and later may refuse to start the service (228/SECCOMP) if "
			 "a call has its own ENOSYS; remove these words there: %s",
			 listing_text(&names));
}

static int decide(struct drop_in *drop_in)
{
	int r;

	drop_unknown(drop_in);
	r = form_widen(drop_in->writer, &drop_in->calls, is_conditional, NULL,
		       "systemd has no conditions on arguments");
	return r < 0 ? r : check_actions(drop_in);
}

int form_write_systemd(struct form_writer *writer)
{
	struct drop_in drop_in = {.writer = writer};
	int r;

	form_calls_init(writer, &drop_in.calls);
	r = decide(&drop_in);
	if (r == 0) {
		form_put_comment(writer->text, "",
				 "A drop-in for a service: it takes the place of the unit's own "
				 "filters.");
		form_put_comments(writer);
		buf_put_str(writer->text, STR("[Service]\n"));
		r = put_arches(writer);
	}
	if (r == 0) {
		put_filter(&drop_in);
		put_log(&drop_in);
		note_kills(&drop_in);
		note_rest(&drop_in);
	}
	form_calls_release(&drop_in.calls);
	return r;
}
