#include "profile/write/form_private.h"

#include "base/mem.h"
#include "base/sorted.h"
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
	size_t columns;      /* of the current line; 0: there is none */
};

static void put_word(struct lines *lines, const char *word)
{
	const size_t n = strlen(word);

	if (lines->columns && lines->columns + 1 + n > LINE_COLUMNS) {
		buf_put_char(lines->to, '\n');
		lines->columns = 0;
	}
	buf_format(lines->to, "%s%s", lines->columns ? " " : lines->setting, word);
	lines->columns += n + (lines->columns ? 1 : strlen(lines->setting));
}

/* Returns whether there were any words. */
static bool end_lines(const struct lines *lines)
{
	buf_put_str(lines->to, lines->columns ? STR("\n") : STR(""));
	return lines->columns > 0;
}

/* --- what systemd cannot say */

/* Leaves out what libseccomp does not know, as the runtimes do. */
static void drop_unknown(const struct form_writer *writer, struct form_calls *calls)
{
	LISTING_AUTO unknown = {0};
	size_t kept = 0;

	for (size_t i = 0; i < calls->count; i++) {
		if (syscall_is_known(calls->all[i].name)) {
			calls->all[kept++] = calls->all[i];
			continue;
		}
		listing_add_safe(&unknown, calls->all[i].name);
		cover_release(&calls->all[i].conditions);
	}
	calls->count = kept;
	if (unknown.count)
		lint_note(writer->notes, 0, "",
			  "left out because this libseccomp does not know them: %s",
			  listing_text(&unknown));
}

static bool is_conditional(const void *context, const struct form_call *call)
{
	(void)context;
	return !call->plain;
}

/* systemd logs, allows, and refuses with an errno or with SCMP_ACT_KILL_PROCESS. */
static bool is_expressible(uint32_t action)
{
	return value_passes(action) || value_pass(action) == PASS_REFUSED;
}

static int check_actions(const struct form_writer *writer, const struct form_calls *calls)
{
	uint32_t action = writer->rules.default_action;
	LISTING_AUTO names = {0};

	if (!is_expressible(action))
		return err_set(writer->err, EINVAL, "systemd has no %s",
			       spelling_of_action(action));
	if (value_is(action, SECCOMP_RET_ERRNO) && value_data(action) == 0)
		return err_set(writer->err, EINVAL,
			       "systemd cannot refuse with errno 0, which is the profile's "
			       "default");
	for (size_t i = 0; i < calls->count; i++)
		if (!is_expressible(calls->all[i].action)) {
			action = calls->all[i].action;
			listing_add_safe(&names, calls->all[i].name);
		}
	return names.count ? err_set(writer->err, EINVAL, "systemd has no %s: %s",
				     spelling_of_action(action), listing_text(&names))
			   : 0;
}

static bool is_killed_otherwise(uint32_t action)
{
	return value_is(action, SECCOMP_RET_KILL_THREAD) || value_is(action, SECCOMP_RET_TRAP);
}

/* What is stricter, and what the drop-in depends on beyond its own words. */
static void note_limits(const struct form_writer *writer, const struct form_calls *calls)
{
	const bool lists_allowed = !value_passes(writer->rules.default_action);
	const struct form_call *execve =
		named_find(calls->all, calls->count, sizeof(*calls->all), "execve");
	LISTING_AUTO killed = {0};
	LISTING_AUTO absent = {0};

	for (size_t i = 0; i < calls->count; i++) {
		if (is_killed_otherwise(calls->all[i].action))
			listing_add_safe(&killed, calls->all[i].name);
		/* there ENOSYS is what everything gets that is in no list (unit.h) */
		if (lists_allowed && calls->all[i].action == SCMP_ACT_ERRNO(ENOSYS))
			listing_add_safe(&absent, calls->all[i].name);
	}
	if (is_killed_otherwise(writer->rules.default_action))
		lint_note(writer->notes, 0, "SystemCallErrorNumber",
			  "systemd has no %s: unlisted calls kill the whole process",
			  spelling_of_action(writer->rules.default_action));
	if (killed.count)
		lint_note(writer->notes, 0, "SystemCallFilter",
			  "systemd has neither SCMP_ACT_KILL_THREAD nor SCMP_ACT_TRAP: these "
			  "kill the whole process: %s",
			  listing_text(&killed));
	if (execve ? !value_passes(execve->action) : lists_allowed)
		lint_add(writer->notes, 0, "SystemCallFilter",
			 "execve is not allowed, but systemd calls it under the filter: the "
			 "service will not start");
	if (writer->document->flags.count)
		lint_note(writer->notes, 0, "flags", "systemd has none; they are left out");
	if (absent.count)
		lint_add(writer->notes, 0, "SystemCallFilter",
			 "systemd 255 and later may refuse to start the service (228/SECCOMP) if "
			 "a call has its own ENOSYS; remove these words there: %s",
			 listing_text(&absent));
}

/* --- settings */

/* Those with an action from `strictest` to `mildest`; true if there are any. */
static bool put_calls(const struct form_writer *writer, const struct form_calls *calls,
		      const char *setting, enum pass strictest, enum pass mildest)
{
	struct lines lines = {.to = writer->text, .setting = setting};

	for (size_t i = 0; i < calls->count; i++) {
		const struct form_call *call = &calls->all[i];
		enum pass pass = value_pass(call->action);
		BUF_AUTO word = {0};
		char text[16];

		if (pass < strictest || pass > mildest)
			continue;
		buf_put_str(&word, str_from(call->name));
		if (value_is(call->action, SECCOMP_RET_ERRNO))
			buf_format(&word, ":%s", form_errno_text(value_data(call->action), text));
		else if (pass == PASS_REFUSED)
			buf_put_str(&word, STR(":kill"));
		put_word(&lines, word.p);
	}
	return end_lines(&lines);
}

static void put_filter(const struct form_writer *writer, const struct form_calls *calls)
{
	struct buf *to = writer->text;
	char text[16];

	buf_put_str(to, STR("SystemCallFilter=\n"));
	if (!value_passes(writer->rules.default_action)) {
		buf_put_str(to, STR("# systemd begins a list to allow with @default; here only "
				    "what the profile has counts.\n"
				    "SystemCallFilter=@default\nSystemCallFilter=~@default\n"));
		put_calls(writer, calls, "SystemCallFilter=", PASS_LOGGED, PASS_ALLOWED);
	}
	/* "~name:EPERM", which refuses in either kind of list */
	put_calls(writer, calls, "SystemCallFilter=~", PASS_REFUSED, PASS_REFUSED);
	buf_format(to, "SystemCallErrorNumber=%s\n",
		   value_is(writer->rules.default_action, SECCOMP_RET_ERRNO)
			   ? form_errno_text(value_data(writer->rules.default_action), text)
			   : "");
	buf_put_str(to, STR("SystemCallLog=\n"));
	if (value_pass(writer->rules.default_action) != PASS_LOGGED) {
		put_calls(writer, calls, "SystemCallLog=", PASS_LOGGED, PASS_LOGGED);
	} else if (!put_calls(writer, calls, "SystemCallLog=~", PASS_ALLOWED, PASS_ALLOWED)) {
		/* an empty list is none to systemd, whatever its sign */
		buf_put_str(to, STR("SystemCallLog=@known\n"));
		lint_note(writer->notes, 0, "SystemCallLog",
			  "a call that this systemd does not know is allowed without logging");
	}
}

/* An arch that is not listed is killed, as OCI's filters do it. */
static int put_arches(const struct form_writer *writer)
{
	const struct strings *arches = &writer->made.architectures;
	struct lines lines = {.to = writer->text, .setting = "SystemCallArchitectures="};

	buf_put_str(writer->text, STR("SystemCallArchitectures=\n"));
	for (size_t i = 0; i < arches->count; i++) {
		bool native = strcmp(arches->all[i], "SCMP_ARCH_NATIVE") == 0;
		uint32_t token = arch_from_name(str_from(arches->all[i]));
		const char *name = native  ? unit_arch_name(SCMP_ARCH_NATIVE)
				   : token ? unit_arch_name(token)
					   : NULL;

		if (!name)
			return err_quoted(writer->err, "architectures", "systemd does not know",
					  arches->all[i]);
		put_word(&lines, name);
	}
	if (arches->count == 0)
		put_word(&lines, "native");
	end_lines(&lines);
	return 0;
}

int form_write_systemd(struct form_writer *writer)
{
	struct form_calls calls;
	int r;

	form_calls_init(writer, &calls);
	drop_unknown(writer, &calls);
	r = form_widen(writer, &calls, is_conditional, NULL,
		       "systemd has no conditions on arguments");
	if (r == 0)
		r = check_actions(writer, &calls);
	if (r == 0) {
		form_put_comment(writer->text, "",
				 "A drop-in for a service: it takes the place of the unit's own "
				 "filters.");
		form_put_comments(writer);
		buf_put_str(writer->text, STR("[Service]\n"));
		r = put_arches(writer);
	}
	if (r == 0) {
		put_filter(writer, &calls);
		note_limits(writer, &calls);
	}
	form_calls_release(&calls);
	return r;
}
