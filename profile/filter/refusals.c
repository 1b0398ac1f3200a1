#include "profile/filter/refusals.h"

#include "profile/document/releases.h"
#include "profile/document/spelling.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>

struct refusing {
	const struct rules *rules;
	const struct profile_options *options;
	struct lints *lints;
	struct err *err;
};

/*
 * What only runc rejects. NOTIFY for write: its init passes the listener on with write(), which would
 * wait for that listener (libcontainer/seccomp, InitSeccomp).
 */
static int check_runc(const struct refusing *refusing, const struct rule *rule)
{
	const struct document *document = refusing->rules->document;
	const char *what = NULL;
	char place[PLACE_SIZE];

	if (!rule->name[0])
		what = "an empty name";
	else if (rule->action == SCMP_ACT_NOTIFY && strcmp(rule->name, "write") == 0)
		what = "SCMP_ACT_NOTIFY for write";
	else if (rule->action == SCMP_ACT_NOTIFY && !document->listener_path &&
		 !refusing->options->any_listener)
		what = "SCMP_ACT_NOTIFY without a listenerPath";
	if (!what)
		return 0;
	document_name_place(document, rule->document_rule, rule->document_name, place);
	return err_set(refusing->err, EINVAL, "%s: runc refuses %s", place, what);
}

/* crun rejects an errno on an action that takes none (src/libcrun/seccomp.c). */
static int check_crun(const struct refusing *refusing, uint32_t action, bool has_errno,
		      const char *place)
{
	if (!has_errno || spelling_has_number(action))
		return 0;
	return err_set(refusing->err, EINVAL,
		       "%s: crun refuses an errno with an action other than SCMP_ACT_ERRNO and "
		       "SCMP_ACT_TRACE",
		       place);
}

#define WAIT_KILLABLE "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"

/* Actions and flags that some releases reject, by their names in the document. */
static const struct by_release {
	enum runtime runtime;
	enum release_fact fact;
	const char *name; /* or a prefix */
} by_release[] = {
	{RUNTIME_RUNC, RUNC_NO_NOTIFY, "SCMP_ACT_NOTIFY"},
	{RUNTIME_RUNC, RUNC_NO_KILL_VARIANTS, "SCMP_ACT_KILL_"},
	{RUNTIME_RUNC, RUNC_NO_FLAGS, "SECCOMP_FILTER_FLAG_"},
	{RUNTIME_RUNC, RUNC_NO_WAIT_KILLABLE, WAIT_KILLABLE},
	{RUNTIME_CRUN, CRUN_NO_WAIT_KILLABLE, WAIT_KILLABLE},
};

/* NULL: that release accepts the name. */
static const struct by_release *find_refusal(const struct refusing *refusing, const char *name,
					     const struct version *version)
{
	for (size_t i = 0; name && i < sizeof(by_release) / sizeof(by_release[0]); i++)
		if (by_release[i].runtime == refusing->options->runtime &&
		    str_starts(str_from(name), str_from(by_release[i].name)) &&
		    release_fact_holds(by_release[i].fact, version))
			return &by_release[i];
	return NULL;
}

static int check_release(const struct refusing *refusing, const char *name, const char *place)
{
	const struct by_release *found =
		find_refusal(refusing, name, &refusing->options->runtime_version);

	if (!found)
		return 0;
	return err_set(refusing->err, EINVAL,
		       "%s: %s before %s refuses %s, so the container would not start", place,
		       runtime_name(found->runtime), release_fact_until(found->fact), name);
}

static int check_rule(const struct refusing *refusing, const struct rule *rule)
{
	const struct document *document = refusing->rules->document;
	const struct document_rule *from = &document->rules[rule->document_rule];
	bool by_name = from->errno_name && refusing->rules->loader == LOADER_PODMAN;
	char place[PLACE_SIZE];

	document_rule_place(document, rule->document_rule, place);
	if (refusing->options->runtime == RUNTIME_CRUN)
		return check_crun(refusing, rule->action, from->errno_ret.present || by_name,
				  place);
	strncat(place, ".action", sizeof(place) - strlen(place) - 1);
	int r = check_release(refusing, from->action_name, place);

	return r < 0 ? r : check_runc(refusing, rule);
}

static int check_default(const struct refusing *refusing)
{
	const struct document *document = refusing->rules->document;
	bool by_name = document->default_errno && refusing->rules->loader == LOADER_PODMAN;
	bool is_runc = refusing->options->runtime == RUNTIME_RUNC;
	char place[PLACE_SIZE];

	snprintf(place, sizeof(place), "%s%s", document->prefix,
		 is_runc ? "defaultAction" : "defaultErrnoRet");
	if (is_runc)
		return check_release(refusing, document->default_action, place);
	return check_crun(refusing, refusing->rules->default_action,
			  document->default_errno_ret.present || by_name, place);
}

/* No release is given: names what older ones reject. */
static void lint_flag(const struct refusing *refusing, const char *flag, const char *place)
{
	static const struct version oldest = {{0}, 1};
	const struct by_release *found = find_refusal(refusing, flag, &oldest);
	bool every = found && found->fact == RUNC_NO_FLAGS;

	if (found && every && strcmp(flag, WAIT_KILLABLE) == 0)
		lint_report(refusing->lints, LINT_FLAG_BY_RELEASE, 0, place,
			    "runc before %s refuses every flag, and before %s this one",
			    release_fact_until(found->fact),
			    release_fact_until(RUNC_NO_WAIT_KILLABLE));
	else if (found)
		lint_report(refusing->lints, LINT_FLAG_BY_RELEASE, 0, place,
			    "%s before %s refuses %s; later ones accept %s",
			    runtime_name(found->runtime), release_fact_until(found->fact),
			    every ? "every flag" : "this flag", flag);
}

static int check_flags(const struct refusing *refusing)
{
	static const char known[] = "SECCOMP_FILTER_FLAG_TSYNC|SECCOMP_FILTER_FLAG_LOG|"
				    "SECCOMP_FILTER_FLAG_SPEC_ALLOW|" WAIT_KILLABLE;
	const struct strings *flags = &refusing->rules->flags;
	char place[PLACE_SIZE], quoted[QUOTED_SIZE];
	int r = 0;

	for (size_t i = 0; r == 0 && i < flags->count; i++) {
		snprintf(place, sizeof(place), "%sflags[%zu]", refusing->rules->document->prefix,
			 i);
		if (!str_is_one_of(str_from(flags->all[i]), known, false))
			return err_set(refusing->err, EINVAL, "%s: unknown flag %s", place,
				       text_quote(flags->all[i], quoted));
		r = check_release(refusing, flags->all[i], place);
		if (r == 0 && !refusing->options->runtime_version.count)
			lint_flag(refusing, flags->all[i], place);
	}
	return r;
}

int refusals_check(const struct rules *rules, const struct profile_options *options,
		   struct lints *lints, struct err *err)
{
	const struct refusing refusing = {rules, options, lints, err};
	int r = check_flags(&refusing);

	if (r == 0)
		r = check_default(&refusing);
	for (size_t i = 0; r == 0 && i < rules->count; i++)
		r = check_rule(&refusing, &rules->all[i]);
	return r;
}
