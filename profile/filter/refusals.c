#include "profile/filter/refusals.h"

#include "profile/document/releases.h"

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
 * What only runc refuses. Its init hands the listener over by write, which must not wait for
 * that listener (libcontainer/seccomp, InitSeccomp).
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

/* crun refuses an errno beside an action that has none (src/libcrun/seccomp.c). */
static int check_crun(const struct refusing *refusing, uint32_t action, bool has_errno,
		      const char *place)
{
	uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	if (!has_errno || kind == SECCOMP_RET_ERRNO || kind == SECCOMP_RET_TRACE)
		return 0;
	return err_set(refusing->err, EINVAL,
		       "%s: crun refuses an errno with an action other than SCMP_ACT_ERRNO and "
		       "SCMP_ACT_TRACE",
		       place);
}

/* What a release of runc refuses of the actions, by their names in the document. */
static int check_action(const struct refusing *refusing, const char *name, const char *place,
			const char *member)
{
	enum release_fact fact;

	if (name && strcmp(name, "SCMP_ACT_NOTIFY") == 0)
		fact = RUNC_NO_NOTIFY;
	else if (name && (strcmp(name, "SCMP_ACT_KILL_PROCESS") == 0 ||
			  strcmp(name, "SCMP_ACT_KILL_THREAD") == 0))
		fact = RUNC_NO_KILL_VARIANTS;
	else
		return 0;
	if (!release_fact_holds(fact, &refusing->options->runtime_version))
		return 0;
	return err_set(refusing->err, EINVAL,
		       "%s%s: runc before %s refuses %s, so the container would not start", place,
		       member, release_fact_until(fact), name);
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
	int r = check_action(refusing, from->action_name, place, ".action");

	return r < 0 ? r : check_runc(refusing, rule);
}

static int check_default(const struct refusing *refusing)
{
	const struct document *document = refusing->rules->document;
	bool by_name = document->default_errno && refusing->rules->loader == LOADER_PODMAN;
	char place[PLACE_SIZE];

	if (refusing->options->runtime == RUNTIME_RUNC)
		return check_action(refusing, document->default_action, document->prefix,
				    "defaultAction");
	snprintf(place, sizeof(place), "%sdefaultErrnoRet", document->prefix);
	return check_crun(refusing, refusing->rules->default_action,
			  document->default_errno_ret.present || by_name, place);
}

/* Why the runtime of that release refuses the flag, or NULL. */
static const enum release_fact *refusing_fact(const struct refusing *refusing, const char *flag,
					      const struct version *version)
{
	static const enum release_fact flags = RUNC_NO_FLAGS, runc = RUNC_NO_WAIT_KILLABLE,
				       crun = CRUN_NO_WAIT_KILLABLE;
	bool is_runc = refusing->options->runtime == RUNTIME_RUNC;
	const enum release_fact *wait = is_runc ? &runc : &crun;

	if (is_runc && release_fact_holds(flags, version))
		return &flags;
	if (strcmp(flag, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") == 0 &&
	    release_fact_holds(*wait, version))
		return wait;
	return NULL;
}

static int check_flag(const struct refusing *refusing, const char *flag, const char *place)
{
	static const struct version oldest = {{0}, 1};
	const char *runtime = runtime_name(refusing->options->runtime);
	const struct version *version = &refusing->options->runtime_version;
	const enum release_fact *fact = refusing_fact(refusing, flag, version);

	if (fact)
		return err_set(refusing->err, EINVAL,
			       "%s: %s before %s refuses %s, so the container would not start",
			       place, runtime, release_fact_until(*fact), flag);
	fact = version->count ? NULL : refusing_fact(refusing, flag, &oldest);
	if (fact && strcmp(flag, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") == 0 &&
	    refusing->options->runtime == RUNTIME_RUNC)
		lint_report(refusing->lints, LINT_FLAG_BY_RELEASE, 0, place,
			    "runc before %s refuses every flag, and before %s this one",
			    release_fact_until(*fact), release_fact_until(RUNC_NO_WAIT_KILLABLE));
	else if (fact)
		lint_report(refusing->lints, LINT_FLAG_BY_RELEASE, 0, place,
			    "%s before %s refuses %s; later ones accept %s", runtime,
			    release_fact_until(*fact),
			    *fact == RUNC_NO_FLAGS ? "every flag" : "this flag", flag);
	return 0;
}

static int check_flags(const struct refusing *refusing)
{
	static const char *const known[] = {
		"SECCOMP_FILTER_FLAG_TSYNC",
		"SECCOMP_FILTER_FLAG_LOG",
		"SECCOMP_FILTER_FLAG_SPEC_ALLOW",
		"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
	};
	const struct strings *flags = &refusing->rules->flags;
	char place[PLACE_SIZE], quoted[QUOTED_SIZE];
	int r = 0;

	for (size_t i = 0; r == 0 && i < flags->count; i++) {
		bool found = false;

		for (size_t j = 0; j < sizeof(known) / sizeof(known[0]); j++)
			found = found || strcmp(known[j], flags->all[i]) == 0;
		snprintf(place, sizeof(place), "%sflags[%zu]", refusing->rules->document->prefix,
			 i);
		if (!found)
			return err_set(refusing->err, EINVAL, "%s: unknown flag %s", place,
				       text_quote(flags->all[i], quoted));
		r = check_flag(refusing, flags->all[i], place);
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
